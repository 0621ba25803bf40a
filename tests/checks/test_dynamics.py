import cmath

import numpy as np
import pytest

from gan_lessons.checks import (
    check_dirac_eigenvalues,
    check_r1_step_size_limit,
    check_xy_step_matrix,
)


def xy_matrix(method, h):
    return {
        "simultaneous": [[1, -h], [h, 1]],
        "alternating": [[1, -h], [h, 1 - h * h]],
        "extragradient": [[1 - h * h, -h], [h, 1 - h * h]],
    }[method]


def roots(slope, gamma):
    """Numpy's eigenvalues of the Jacobian: another road to the same numbers."""
    return np.linalg.eigvals(np.array([[0, slope], [-slope, -gamma]]))


def limit(slope, gamma):
    root = cmath.sqrt(gamma**2 - 4 * slope**2)
    return 4 / (gamma + root.real) if root.real else gamma / slope**2


@pytest.mark.parametrize("seed", [None, 3])
def test_right_functions_pass(seed):
    assert check_xy_step_matrix(xy_matrix, seed).passed
    assert check_dirac_eigenvalues(roots, seed).passed
    assert check_dirac_eigenvalues(lambda s, g: roots(s, g)[::-1].copy(), seed).passed
    assert check_r1_step_size_limit(limit, seed).passed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda m, h: xy_matrix("simultaneous", h), "took the simultaneous step"),
        (lambda m, h: xy_matrix(m, -h), "the two players' signs were exchanged"),
        (lambda m, h: np.transpose(xy_matrix(m, h)), "--"),
        (lambda m, h: [[1 - h * h, -h], [h, 1]] if m == "alternating" else xy_matrix(m, h), "--"),
        (lambda m, h: np.eye(3), "the shape was (3, 3)"),
        (lambda m, h: None, "it raised"),
    ],
)
def test_wrong_matrices_fail(wrong, said):
    report = check_xy_step_matrix(wrong)
    assert not report.passed
    assert said in str(report)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda s, g: -roots(s, g), "the sign is turned"),
        (lambda s, g: roots(s, 0), "instead of"),
        (lambda s, g: roots(s, g / 2), "instead of"),
        (lambda s, g: roots(2 * s, g), "instead of"),
        (lambda s, g: roots(s, g).real, "instead of"),
        (lambda s, g: roots(s, g)[0], "two eigenvalues are wanted"),
    ],
)
def test_wrong_eigenvalues_fail(wrong, said):
    report = check_dirac_eigenvalues(wrong)
    assert not report.passed
    assert said in str(report)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda s, g: g / s**2, "the distance still grows"),  # forgets the real eigenvalues
        (lambda s, g: g / s, "the distance still shrinks"),
        (lambda s, g: 2 / g, "the distance still"),
        (lambda s, g: 1.01 * limit(s, g), "is near, exact is"),
        (lambda s, g: 0.0, "it raised ValueError"),
    ],
)
def test_wrong_limits_fail(wrong, said):
    report = check_r1_step_size_limit(wrong)
    assert not report.passed
    assert said in str(report)
