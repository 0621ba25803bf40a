"""Checks for the exercises of chapter 2."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.two_sample import mmd2_biased, mmd2_unbiased


def check_mmd2_unbiased(
    student_function: Callable[[Tensor, Tensor, float], object], seed: int | None = None
) -> Report:
    """Mark a student's unbiased estimate of the squared MMD with the Gaussian kernel.

    Parameters
    ----------
    student_function
        A function of x (n, d), y (m, d) and the bandwidth that returns a number.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    x = torch.randn(7, 2, generator=rng, dtype=torch.float64)
    y = 1.5 + 0.5 * torch.randn(11, 2, generator=rng, dtype=torch.float64)

    def number(a: Tensor, b: Tensor, bandwidth: float) -> float:
        return float(student_function(a, b, bandwidth))  # type: ignore[arg-type]

    def by_hand() -> bool | str:
        # x = {0, 2}, y = {0, 2}, bandwidth 1: xx = yy = e^-2, xy = (1 + e^-2) / 2.
        points = torch.tensor([[0.0], [2.0]], dtype=torch.float64)
        wanted = float(torch.exp(torch.tensor(-2.0, dtype=torch.float64)) - 1)
        came = number(points, points, 1.0)
        return abs(came - wanted) < 1e-6 or f"it gave {came:.6f}, by hand it is {wanted:.6f}"

    def unequal_sizes() -> bool | str:
        wanted, came = float(mmd2_unbiased(x, y, 0.8)), number(x, y, 0.8)
        if abs(came - wanted) < 1e-6:
            return True
        if abs(came - float(mmd2_biased(x, y, 0.8))) < 1e-6:
            return "this is the biased estimate: leave out a point with itself"
        return f"it gave {came:.6f} instead of {wanted:.6f}"

    def bandwidth() -> bool | str:
        far = number(x, x + 1.0, 50.0)
        wanted = (mmd2_unbiased(x, x + 1.0, 50.0), mmd2_biased(x, x + 1.0, 50.0))
        if min(abs(far - float(value)) for value in wanted) < 1e-6:
            return True  # another question asks which of the two it is
        return f"at bandwidth 50 it gave {far:.6f}; the exponent is -|x - y|^2 / (2 bandwidth^2)"

    def symmetric() -> bool | str:
        return abs(number(x, y, 0.8) - number(y, x, 0.8)) < 1e-9 or "x and y cannot be swapped"

    return examine(
        ("two points each, worked by hand", by_hand),
        ("samples of unequal size in two dimensions", unequal_sizes),
        ("the bandwidth enters as it should", bandwidth),
        ("the same number when x and y are swapped", symmetric),
    )
