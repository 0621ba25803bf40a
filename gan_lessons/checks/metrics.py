"""Checks for the exercises of chapter 9."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.metrics import inception_score, precision_recall


def check_inception_score(
    student_function: Callable[[Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's Inception Score.

    Parameters
    ----------
    student_function
        A function of class probabilities (n, n_classes), rows with sum 1, that returns a number.
    seed
        Seed of the random probabilities; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    uneven = torch.randn(40, 5, generator=rng, dtype=torch.float64).mul(2).softmax(1)

    def number(p: Tensor) -> float:
        return float(student_function(p.clone()))  # type: ignore[arg-type]

    def one_of_each() -> bool | str:
        came = number(torch.eye(4, dtype=torch.float64).repeat(3, 1))
        if abs(came - 4) < 1e-6:
            return True
        if math.isnan(came):
            return "it gave NaN: 0 log 0 is 0, use torch.xlogy"
        if abs(came - math.log(4)) < 1e-6:
            return "it gave log 4: the exponential is missing"
        return f"it gave {came:.6f} instead of 4"

    def all_alike() -> bool | str:
        came = number(torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).repeat(6, 1))
        return abs(came - 1) < 1e-6 or f"it gave {came:.6f} instead of 1"

    def general() -> bool | str:
        wanted, came = inception_score(uneven).mean, number(uneven)
        if abs(came - wanted) < 1e-6:
            return True
        mean = uneven.mean(0)
        other = float((mean * (mean / uneven).log()).sum(1).mean().exp())
        if abs(came - other) < 1e-6:
            return "it is the KL of the mean from each row: the arguments are the wrong way round"
        return f"it gave {came:.6f} instead of {wanted:.6f}"

    return examine(
        ("sure of each sample, four classes alike: 4", one_of_each),
        ("the same answer for every sample: 1", all_alike),
        ("random probabilities", general),
    )


def check_precision_recall(
    student_function: Callable[[Tensor, Tensor, int], object], seed: int | None = None
) -> Report:
    """Mark a student's precision and recall by k-nearest-neighbour balls.

    Parameters
    ----------
    student_function
        A function of x (n, d) real, y (m, d) generated and k that returns two numbers.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    x = torch.randn(40, 2, generator=rng, dtype=torch.float64)
    y = 0.6 * torch.randn(25, 2, generator=rng, dtype=torch.float64) + 0.5
    line = torch.arange(5, dtype=torch.float64)[:, None]

    def numbers(a: Tensor, b: Tensor, k: int) -> tuple[float, float]:
        answer: Any = student_function(a, b, k)
        first, second = answer
        return float(first), float(second)

    def compare(a: Tensor, b: Tensor, k: int) -> bool | str:
        wanted, came = precision_recall(a, b, k), numbers(a, b, k)
        if max(abs(c - w) for c, w in zip(came, wanted, strict=True)) < 1e-9:
            return True
        said = f"it gave ({came[0]:.4f}, {came[1]:.4f}) instead of " + (
            f"({wanted[0]:.4f}, {wanted[1]:.4f})"
        )
        if max(abs(c - w) for c, w in zip(came, reversed(wanted), strict=True)) < 1e-9:
            return f"{said}: they are swapped"
        fewer = precision_recall(a, b, k - 1) if k > 1 else None
        if fewer and max(abs(c - w) for c, w in zip(came, fewer, strict=True)) < 1e-9:
            return f"{said}: a point is not its own neighbour"
        return said

    def by_hand() -> bool | str:
        # Real points 0 to 4 have radius 1 for k = 1; generated ones at 2.5 and 9 have radius 6.5.
        return compare(line, torch.tensor([[2.5], [9.0]], dtype=torch.float64), 1)

    def one_mode() -> bool | str:
        two = torch.cat([x[:20], x[:20] + 50])
        return compare(two, x[20:], 3)

    return examine(
        ("five points on a line, worked by hand", by_hand),
        ("a model with one of two modes: precise, without recall", one_mode),
        ("samples of unequal size, k = 2", lambda: compare(x, y, 2)),
        ("k = 5", lambda: compare(x, y, 5)),
    )
