"""Checks for the exercises of chapter 10."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded
from gan_lessons.distributions import Mixture, ring
from gan_lessons.metrics import mode_coverage


def check_mode_report(
    student_function: Callable[[Tensor, Tensor, float], object], seed: int | None = None
) -> Report:
    """Mark a student's count of modes: modes reached, share of high quality, KL to uniform.

    Parameters
    ----------
    student_function
        A function of samples (n, 2), the modes' means (k, 2) and their standard deviation that
        returns three numbers: modes with at least one sample within three standard deviations,
        the share of such samples, and the KL divergence, in nats, of the shares of nearest modes
        from the uniform law.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    law = ring(8, std=0.05)

    def numbers(samples: Tensor, mixture: Mixture) -> tuple[float, float, float]:
        answer: Any = student_function(
            samples.clone(), mixture.means.clone(), float(mixture.stds[0])
        )
        modes, quality, kl = answer
        return float(modes), float(quality), float(kl)

    def compare(samples: Tensor, mixture: Mixture = law) -> bool | str:
        wanted, came = mode_coverage(samples, mixture), numbers(samples, mixture)
        said = f"instead of ({wanted[0]}, {wanted[1]:.4f}, {wanted[2]:.4f})"
        if all(abs(c - w) < 1e-5 for c, w in zip(came, wanted, strict=True)):
            return True
        why = _why(came, wanted, _turned_round(samples, mixture))
        return f"it gave ({came[0]:g}, {came[1]:.4f}, {came[2]:.4f}) {said}{why}"

    def two_modes() -> bool | str:
        return compare(law.means[torch.tensor([0, 0, 0, 3])].float())

    def between() -> bool | str:
        # Nearest modes are all eight, but nobody is within three standard deviations of any.
        return compare(0.5 * law.means.float())

    def the_data() -> bool | str:
        return compare(law.sample(400, rng))

    def blurred() -> bool | str:
        wide = ring(8, std=0.15).sample(300, rng)
        return compare(wide[wide[:, 0] > -0.6])

    def another_law() -> bool | str:
        means = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
        third = torch.full((3,), 1 / 3)
        samples = Mixture(third, means, torch.full((3,), 0.9)).sample(200, rng)
        return compare(samples, Mixture(third, means, torch.full((3,), 0.5)))

    return examine(
        ("two of eight modes: 2, 1 and KL = log 8 - H(3/4, 1/4)", two_modes),
        ("samples half way to the middle: 0 modes, 0 of high quality, KL 0", between),
        ("samples of the data law", the_data),
        ("blurred samples, a mode missing", blurred),
        ("three modes elsewhere, of another width", another_law),
    )


def _turned_round(samples: Tensor, mixture: Mixture) -> float:
    """Return KL(uniform || shares), infinite where a mode has no share."""
    k = len(mixture.means)
    nearest = torch.cdist(samples.double(), mixture.means.double()).argmin(1)
    q = torch.bincount(nearest, minlength=k).double() / len(samples)
    return float(-(k * q).log().mean())


def _why(
    came: tuple[float, float, float], wanted: tuple[int, float, float], turned_round: float
) -> str:
    """Return a guess at what went wrong, or nothing."""
    modes, quality, kl = came
    if math.isnan(kl):
        return ": 0 log 0 is 0, use torch.xlogy"
    if kl == turned_round or abs(kl - turned_round) < 1e-5:
        return ": that is KL(uniform || shares), infinite where a mode is missing"
    if wanted[2] > 0 and abs(kl - wanted[2] / math.log(2)) < 1e-5:
        return ": that KL is in bits, the book has nats"
    if modes > wanted[0] and abs(quality - wanted[1]) < 1e-5:
        return ": a mode counts when a sample lies within three standard deviations of it"
    if abs(quality - wanted[1]) < 1e-5 and modes == wanted[0]:
        return ": the shares are of all samples, each at its nearest mode"
    return ""
