"""Mark a student's function: each check asks several questions and says what came instead.

``check_<name>(student_function)`` returns a ``Report`` that prints one line per question.
"""

from gan_lessons.checks.dynamics import (
    check_dirac_eigenvalues,
    check_r1_step_size_limit,
    check_xy_step_matrix,
)
from gan_lessons.checks.report import Finding, Report, examine
from gan_lessons.checks.two_sample import check_mmd2_unbiased

__all__ = [
    "Finding",
    "Report",
    "check_dirac_eigenvalues",
    "check_mmd2_unbiased",
    "check_r1_step_size_limit",
    "check_xy_step_matrix",
    "examine",
]
