"""Checks for the exercises of chapter 13."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from gan_lessons.checks.report import Report, examine, seeded


def check_gaussian_kl(
    student_function: Callable[[Tensor, Tensor], Tensor], seed: int | None = None
) -> Report:
    """Mark a student's KL of diagonal Gaussians from N(0, I), in nats.

    Parameters
    ----------
    student_function
        A function of means and log-variances, each (n, z_dim), that returns (n,).
    seed
        Seed of the random Gaussians; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    mean, log_variance = 1.5 * torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)

    def prior() -> bool | str:
        zero = torch.zeros(4, 2, dtype=torch.float64)
        came = student_function(zero, zero).abs().max().item()
        return came < 1e-12 or f"it gave {came:.4f} for N(0, I) itself"

    def shape() -> bool | str:
        came = tuple(student_function(mean, log_variance).shape)
        return came == (6,) or f"it gave shape {came} for six samples: sum over coordinates only"

    def by_hand() -> bool | str:
        came = float(
            student_function(torch.tensor([[1.0]]), torch.tensor([[math.log(0.25)]])).sum()
        )
        wanted = 0.5 * (1 + 0.25 - 1 + math.log(4))
        if abs(came - 0.5 * (1 + 0.25 - 1 + 2 * math.log(4))) < 1e-4:
            return "it takes the second argument for log of the std; it is log of the variance"
        return abs(came - wanted) < 1e-4 or f"it gave {came:.4f}, by hand it is {wanted:.4f}"

    def library() -> bool | str:
        q = Normal(mean, (log_variance / 2).exp())
        wanted = kl_divergence(q, Normal(torch.zeros_like(mean), torch.ones_like(mean))).sum(1)
        came = student_function(mean, log_variance)
        off = (came - wanted).abs().max().item()
        return off < 1e-9 or f"it is off by up to {off:.4f} nats"

    return examine(
        ("the prior itself has KL 0", prior),
        ("one number for each sample", shape),
        ("mean 1 and standard deviation 1/2, by hand", by_hand),
        ("random Gaussians, against torch.distributions", library),
    )
