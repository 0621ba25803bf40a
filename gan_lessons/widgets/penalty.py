"""Chapter 11: what the weight of a gradient penalty does to the best critic."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import wasserstein1, wasserstein_critic
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, new_figure
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WEIGHTS = (0.1, 0.3, 1.0, 10.0, 100.0)
MODELS = ("1 away", "3 away", "two humps")
VIEW = torch.linspace(-2.8, 4.4, 289, dtype=torch.float64)


class Penalised(NamedTuple):
    """The best critic under a gradient penalty, at ``VIEW``, and what it says.

    Parameters
    ----------
    values, slopes : Tensor (n,)
        The critic and its derivative; NaN where no interpolated point lies.
    potential : Tensor (n,)
        The best 1-Lipschitz function.
    says, truth : float
        Mean score of the data minus that of the model, and W1.
    """

    values: Tensor
    slopes: Tensor
    potential: Tensor
    says: float
    truth: float


def penalty_pair(pair: str) -> tuple[Normal, Normal | Mixture]:
    """Return the data law N(0, 0.4^2) and a model."""
    p = Normal(0.0, 0.4)
    if pair == "two humps":
        return p, Mixture([0.5, 0.5], [-1.5, 1.5], [0.4, 0.4])
    return p, Normal(1.0 if pair == "1 away" else 3.0, 0.4)


def interpolate_density(p: Normal, q: Normal | Mixture, x: Tensor, n: int = 400) -> Tensor:
    """Return the density at x of u X + (1 - u) Y with u uniform: where the penalty looks."""
    u = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    one = torch.ones(1, dtype=torch.float64)
    if isinstance(q, Mixture):
        weights, means, stds = q.weights, q.means[:, 0], q.stds
    else:
        weights, means, stds = one, q.location, one * q.std
    total = torch.zeros_like(x)
    for weight, mean, std in zip(weights, means, stds, strict=True):
        centre = u * p.location + (1 - u) * mean
        width = ((u * p.std) ** 2 + ((1 - u) * std) ** 2).sqrt()
        z = (x[:, None] - centre) / width
        total = total + weight * (torch.exp(-(z**2) / 2) / width).mean(1)
    return total / math.sqrt(2 * math.pi)


@cache
def compute_penalised(weight: float, pair: str) -> Penalised:
    r"""Maximise E_p f - E_q f - weight * GP over all functions on the line, exactly.

    With m = F_q - F_p and the density r of the interpolated points the sum of the three is the
    integral of m f' - weight r (abs(f') - 1)^2, which each f'(x) maximises alone:
    f' = sign(m) (1 + abs(m) / (2 weight r)).
    """
    p, q = penalty_pair(pair)
    m, r = q.cdf(VIEW) - p.cdf(VIEW), interpolate_density(p, q, VIEW)
    seen = r > 2e-3
    slopes = m.sign() * (1 + m.abs() / (2 * weight * r.clamp(min=2e-3)))
    step = float(VIEW[1] - VIEW[0])
    values = torch.where(seen, slopes, torch.zeros_like(slopes)).cumsum(0) * step
    middle = int(VIEW.abs().argmin())
    says = float((m * slopes)[seen].sum()) * step
    nothing = torch.full_like(slopes, math.nan)
    return Penalised(
        torch.where(seen, values - values[middle], nothing),
        torch.where(seen, slopes, nothing),
        wasserstein_critic(p, q, VIEW),
        says,
        wasserstein1(p, q),
    )


def _draw_penalty(settings: Settings) -> tuple[Figure, str]:
    """Draw the penalised critic beside the exact one, and its slope."""
    weight, pair = float(settings["weight"]), str(settings["pair"])
    found = compute_penalised(weight, pair)
    p, q = penalty_pair(pair)
    figure, (top, bottom) = new_figure(6.4, 4.4, rows=2, sharex=True)
    for role, law in ((DATA, p), (MODEL, q)):
        density = law.log_prob(VIEW[:, None]).exp()
        top.fill_between(VIEW, -4.4, -4.4 + 1.5 * density, color=role.color, alpha=0.3)
    top.plot(VIEW, found.potential, color=LATENT.color, linestyle=":", linewidth=2.5)
    top.plot(VIEW, found.values, color=CRITIC.color, linewidth=2)
    top.set(ylim=(-4.4, 2.2), xlim=(-2.8, 4.4), ylabel="critic $f$", yticks=[-4, -2, 0, 2])
    top.set_title(f"$f$ says {found.says:.2f}, $W_1$ is {found.truth:.2f}", color=CRITIC.color)
    bottom.axhline(1, color=LATENT.color, linestyle=":", linewidth=2.5)
    bottom.plot(VIEW, found.slopes.abs(), color=CRITIC.color, linewidth=2)
    bottom.set(ylim=(0, 4.2), ylabel="slope $|f'|$", xlabel="$x$", yticks=[0, 1, 2, 3, 4])
    return figure, (
        f"Penalty of weight {weight:g}, model {pair}. The best critic says {found.says:.2f} "
        f"where W1 is {found.truth:.2f}; the dotted lines are the exact potential and slope 1."
    )


def explore_penalty_weight() -> Explorer:
    """Change the weight of the gradient penalty and see the critic's slope.

    Returns
    -------
    Explorer
        With a slider for the weight and a choice of the model.
    """
    return explore(
        _draw_penalty,
        [
            Slider("weight", "Weight of the penalty", WEIGHTS, "{:g}", default=1.0),
            Choice("pair", "Model", MODELS),
        ],
        "What does the weight of the penalty do?",
        "Above, data (blue), model (orange) and two critics: dotted the best 1-Lipschitz function; "
        "green the best of all functions where slopes other than 1 cost something. Below, its "
        "slope.",
    )
