"""Checks for the exercises of chapter 11."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from gan_lessons.checks.report import Report, examine, seeded

Critic = Callable[[Tensor], Tensor]


def check_critic_loss(
    student_function: Callable[[Tensor, Tensor], object], seed: int | None = None
) -> Report:
    """Mark a student's loss of a Wasserstein critic, to be minimised.

    Parameters
    ----------
    student_function
        A function of the scores of real samples (n,) and of fake samples (m,) that returns a
        number: the mean fake score minus the mean real score.
    seed
        Seed of the random scores; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    real = 3 * torch.randn(7, generator=rng, dtype=torch.float64) + 2
    fake = 3 * torch.randn(11, generator=rng, dtype=torch.float64) - 1

    def number(a: Tensor, b: Tensor) -> float:
        return float(student_function(a, b))  # type: ignore[arg-type]

    def by_hand() -> bool | str:
        came = number(torch.tensor([3.0, 5.0]), torch.tensor([-1.0, 0.0]))
        if abs(came - 4.5) < 1e-6:
            return "it gave +4.5, by hand it is -4.5: this critic would lower real scores"
        return abs(came + 4.5) < 1e-6 or f"it gave {came:.4f}, by hand it is -4.5"

    def spread() -> bool | str:
        wanted, came = float(fake.mean() - real.mean()), number(real, fake)
        return abs(came - wanted) < 1e-9 or f"it gave {came:.4f} instead of {wanted:.4f}"

    def no_squashing() -> bool | str:
        came = number(torch.tensor([100.0]), torch.tensor([-100.0]))
        return abs(came + 200) < 1e-3 or (
            f"for scores of 100 and -100 it gave {came:.4g} instead of -200: scores are no logits"
        )

    def constant() -> bool | str:
        moved = number(real + 5, fake + 5) - number(real, fake)
        return abs(moved) < 1e-9 or f"5 added to all scores changed it by {moved:.4f}"

    return examine(
        ("scores of 3 and 5 against -1 and 0, by hand", by_hand),
        ("samples of unequal size", spread),
        ("no logistic function in between", no_squashing),
        ("a constant added to the critic changes nothing", constant),
    )


def check_gradient_penalty(
    student_function: Callable[[Critic, Tensor, Tensor, torch.Generator], Tensor],
    seed: int | None = None,
) -> Report:
    """Mark a student's two-sided gradient penalty with target 1, without its weight.

    Parameters
    ----------
    student_function
        A function of a critic ((n, d) to (n,)), real and fake samples (n, d) and a
        torch.Generator that returns a scalar tensor.
    seed
        Seed of the random samples; 0 where None.

    Returns
    -------
    Report
        Passed, or what came instead.
    """
    rng = seeded(seed)
    n = 400
    real = torch.randn(n, 2, generator=rng)
    fake = real + torch.tensor([3.0, 4.0])  # every way is 5 long

    def linear() -> bool | str:
        for slope in ([0.3, 0.4], [3.0, 4.0]):
            w = torch.tensor(slope)
            size, critic = float(w.norm()), partial(torch.mv, vec=w)
            came = float(student_function(critic, real, fake, rng).detach())
            if abs(came - (size - 1) ** 2) > 1e-4:
                return f"for slope {size:g} it gave {came:.4f}, not {(size - 1) ** 2:g}"
        return True

    def each_norm() -> bool | str:
        # real = fake, so that the points are known, and the gradient of |x|^2 / 2 is x.
        wanted = float((real.norm(dim=1) - 1).square().mean())
        came = float(
            student_function(lambda x: x.square().sum(1) / 2, real, real.clone(), rng).detach()
        )
        return abs(came - wanted) < 1e-4 or (
            f"it gave {came:.4f} instead of {wanted:.4f}: one norm for each sample, then the mean"
        )

    def places() -> Tensor:
        """Return where on its segment each point lay: 0 at the fake sample, 1 at the real one."""
        seen: list[Tensor] = []

        def watched(x: Tensor) -> Tensor:
            seen.append(x.detach().clone())
            return x.sum(1)

        student_function(watched, real, fake, rng)
        way = real - fake
        share = ((seen[-1] - fake) * way).sum(1) / way.square().sum(1)
        if float((fake + share[:, None] * way - seen[-1]).abs().max()) > 1e-3:
            raise ValueError("the points do not lie on the lines from each fake to its real sample")
        return share

    def between() -> bool | str:
        share = places()
        outside = float(((share < -1e-4) | (share > 1 + 1e-4)).float().mean())
        return outside == 0 or (
            f"{outside:.0%} of the points lie beyond the ends: draw the weights from rand, "
            f"not from randn"
        )

    def spread() -> bool | str:
        share = places()
        if float(share.std()) < 1e-4:
            return "all samples got one and the same weight; draw one for each"
        # Under U[0, 1] the mean of 400 is 0.5 +- 0.014, the standard deviation 0.29 +- 0.007.
        mean, std = float(share.mean()), float(share.std())
        good = abs(mean - 0.5) < 0.075 and abs(std - 0.2887) < 0.04
        return good or f"the weights have mean {mean:.2f} and standard deviation {std:.2f}"

    def trains() -> bool | str:
        scale = torch.tensor(2.0, requires_grad=True)
        penalty = student_function(lambda x: scale * x[:, 0], real, fake, rng)
        if not penalty.requires_grad:
            return "no gradient reaches the critic's weights; use create_graph=True"
        (slope,) = torch.autograd.grad(penalty, scale)
        return abs(float(slope) - 2) < 1e-4 or f"its derivative is {float(slope):.4f}, not 2"

    return examine(
        ("linear critics, whose slope is known", linear),
        ("one norm for each sample", each_norm),
        ("points between each real and fake sample", between),
        ("a weight for each sample, uniform on [0, 1]", spread),
        ("the critic can be trained by it", trains),
    )
