"""Mark a student's function: each check asks several questions and says what came instead.

``check_<name>(student_function)`` returns a ``Report`` that prints one line per question.
"""

from gan_lessons.checks.bigan import check_joint_discriminator
from gan_lessons.checks.convolution import check_output_sizes
from gan_lessons.checks.critics import check_critic_loss, check_gradient_penalty
from gan_lessons.checks.dynamics import (
    check_dirac_eigenvalues,
    check_r1_step_size_limit,
    check_xy_step_matrix,
)
from gan_lessons.checks.encoders import check_gaussian_kl
from gan_lessons.checks.f_divergence import check_f_divergence
from gan_lessons.checks.f_gan import check_conjugate, check_tight_critic
from gan_lessons.checks.failures import check_mode_report
from gan_lessons.checks.jensen_shannon import (
    check_generator_gradients,
    check_jensen_shannon,
)
from gan_lessons.checks.likelihood import check_parzen_log_likelihood
from gan_lessons.checks.metrics import check_inception_score, check_precision_recall
from gan_lessons.checks.objectives import (
    check_discriminator_loss,
    check_generator_loss_non_saturating,
    check_generator_loss_saturating,
)
from gan_lessons.checks.optimal_discriminator import (
    check_optimal_discriminator,
    check_smoothed_discriminator,
)
from gan_lessons.checks.r3gan import check_r3gan_loss
from gan_lessons.checks.report import Finding, Report, examine
from gan_lessons.checks.training import check_discriminator_sgd_step, check_gan_step
from gan_lessons.checks.translation import check_cycle_loss, check_image_pool
from gan_lessons.checks.two_sample import check_mmd2_unbiased

__all__ = [
    "Finding",
    "Report",
    "check_conjugate",
    "check_critic_loss",
    "check_cycle_loss",
    "check_dirac_eigenvalues",
    "check_discriminator_loss",
    "check_discriminator_sgd_step",
    "check_f_divergence",
    "check_gan_step",
    "check_gaussian_kl",
    "check_generator_gradients",
    "check_generator_loss_non_saturating",
    "check_generator_loss_saturating",
    "check_gradient_penalty",
    "check_image_pool",
    "check_inception_score",
    "check_jensen_shannon",
    "check_joint_discriminator",
    "check_mmd2_unbiased",
    "check_mode_report",
    "check_optimal_discriminator",
    "check_output_sizes",
    "check_parzen_log_likelihood",
    "check_precision_recall",
    "check_r1_step_size_limit",
    "check_r3gan_loss",
    "check_smoothed_discriminator",
    "check_tight_critic",
    "check_xy_step_matrix",
    "examine",
]
