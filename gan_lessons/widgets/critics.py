"""Chapter 11: plans that move mass, three critics for one pair of laws, a penalty's weight."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import (
    f_divergence,
    maximum_mean_discrepancy,
    mmd_critic,
    total_variation_critic,
    wasserstein1,
    wasserstein_critic,
)
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, new_figure, plot_transport
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HUMPS = Mixture([0.5, 0.5], [-1.5, 1.5], [0.4, 0.4])
MEANS = (-3.0, -1.0, 0.0, 1.0, 3.0)
WIDTHS = (0.2, 1.5)
PLANS = ("the cheapest", "each to each", "crossed")
MASSES = 10

SHIFTS = (0.5, 1.0, 2.0, 3.0, 4.0, 6.0)
PAIRS = ("equal widths", "a wide model", "a model of two humps")
BANDWIDTH = 1.0
PLACES = torch.linspace(-5.0, 9.0, 281, dtype=torch.float64)

WEIGHTS = (0.1, 0.3, 1.0, 10.0, 100.0)
MODELS = ("1 away", "3 away", "two humps")
VIEW = torch.linspace(-2.8, 4.4, 289, dtype=torch.float64)


def make_plan(mean: float, width: float, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return 10 equal masses of two humps and of N(mean, width^2), and a plan between them."""
    levels = (torch.arange(MASSES, dtype=torch.float64) + 0.5) / MASSES
    x, y = HUMPS.quantile(levels), Normal(mean, width).quantile(levels)
    if kind == "the cheapest":  # the first to the first; other plans may cost as little
        return x, y, torch.eye(MASSES, dtype=torch.float64) / MASSES
    if kind == "each to each":
        return x, y, torch.full((MASSES, MASSES), 1 / MASSES**2, dtype=torch.float64)
    return x, y, torch.eye(MASSES, dtype=torch.float64).flip(1) / MASSES


def _draw_plan(settings: Settings) -> tuple[Figure, str]:
    """Draw the masses in two rows, and the plan as lines."""
    mean, width, kind = float(settings["mean"]), float(settings["width"]), str(settings["plan"])
    x, y, plan = make_plan(mean, width, kind)
    cost = float((plan * (x[:, None] - y).abs()).sum())
    figure, ax = new_figure(6.4, 2.9)
    plot_transport(x, y, plan, ax=ax)
    ax.set(xlim=(-7.2, 7.2), xlabel="place", title=f"{kind}: cost {cost:.2f}")
    law = f"10 masses of N({mean:g}, {width:g}^2)"
    return figure, (
        f"The plan is {kind}. Lines lead from 10 masses of two humps, above, to {law}, below. "
        f"The mean way is {cost:.2f}; the cheapest plan costs {float(transport_cost(x, y)):.2f}."
    )


def transport_cost(x: Tensor, y: Tensor) -> Tensor:
    """Return W1 of equal masses on the line, which are in order."""
    return (x - y).abs().mean()


def explore_transport_plan() -> Explorer:
    """Move the model and choose a plan that carries the data's mass to it.

    Returns
    -------
    Explorer
        With sliders for the model's mean and width and a choice of the plan.
    """
    return explore(
        _draw_plan,
        [
            Choice("plan", "Plan", PLANS),
            Slider("mean", "Mean of the model", MEANS, "{:g}", default=1.0),
            Slider("width", "Width of the model", WIDTHS, "{:g}", default=1.5),
        ],
        "Who goes where?",
        "Each of 10 equal masses of the data travels to the model. The cheapest plan here "
        "sends the first to the first and the last to the last. Find a model for which the crossed "
        "plan is no dearer than the others.",
    )


class Critics(NamedTuple):
    """Three critics at ``PLACES``, and the distances that they reach."""

    total_variation: Tensor
    mmd: Tensor
    wasserstein: Tensor
    distances: tuple[float, float, float]


def make_pair(shift: float, pair: str) -> tuple[Normal, Normal | Mixture]:
    """Return the data law N(0, 0.7^2) and a model whose mean is ``shift``."""
    p = Normal(0.0, 0.7)
    if pair == "a wide model":
        return p, Normal(shift, 1.4)
    if pair == "a model of two humps":
        return p, Mixture([0.5, 0.5], [shift - 1.2, shift + 1.2], [0.4, 0.4])
    return p, Normal(shift, 0.7)


def compute_critics(shift: float, pair: str) -> Critics:
    """Return the best bounded, smooth and 1-Lipschitz functions for a pair of laws."""
    p, q = make_pair(shift, pair)
    potential = wasserstein_critic(p, q, PLACES)
    return Critics(
        total_variation_critic(p, q, PLACES),
        mmd_critic(p, q, PLACES, BANDWIDTH),
        potential - potential.mean(),
        (
            f_divergence("total-variation", p, q, 1e-6),
            maximum_mean_discrepancy(p, q, BANDWIDTH),
            wasserstein1(p, q),
        ),
    )


def _draw_critics(settings: Settings) -> tuple[Figure, str]:
    """Draw the laws, and the three critics below each other."""
    shift, pair = float(settings["shift"]), str(settings["pair"])
    p, q = make_pair(shift, pair)
    found = compute_critics(shift, pair)
    figure, axes = new_figure(6.4, 5.4, rows=4, sharex=True)
    for role, law in ((DATA, p), (MODEL, q)):
        density = law.log_prob(PLACES[:, None]).exp()
        axes[0].plot(PLACES, density, color=role.color, linestyle=role.linestyle)
        axes[0].fill_between(PLACES, density, color=role.color, alpha=0.12)
    axes[0].set(yticks=[], ylabel="density", ylim=(0, 0.62), xlim=(-5, 9))
    names = ("TV", "MMD", "$W_1$")
    limits = (0.65, 0.95, 7.8)
    for ax, name, values, limit, distance in zip(
        axes[1:], names, found[:3], limits, found.distances, strict=True
    ):
        _critic_row(ax, values, limit, f"{name} {distance:.2f}")
    axes[-1].set_xlabel("$x$")
    tv, mmd, w1 = found.distances
    return figure, (
        f"Data N(0, 0.7^2), model with mean {shift:g}, {pair}. Total variation {tv:.2f}, by a step "
        f"function; MMD {mmd:.2f}, by a smooth one that fades away from both laws; W1 {w1:.2f}, by "
        f"one of slope 1."
    )


def _critic_row(ax: Axes, values: Tensor, limit: float, label: str) -> None:
    """Draw one critic with what it is worth."""
    ax.axhline(0, color="#bbbbbb", linewidth=1)
    ax.plot(PLACES, values, color=CRITIC.color, linewidth=2)
    ax.annotate(
        label, (0.985, 0.95), xycoords="axes fraction", ha="right", va="top", color=CRITIC.color
    )
    ax.set(ylim=(-limit, limit), yticks=[0])


def explore_critics() -> Explorer:
    """Move the model and see the best bounded, smooth and 1-Lipschitz critic of the same pair.

    Returns
    -------
    Explorer
        With a slider for the model's mean and a choice of its shape.
    """
    return explore(
        _draw_critics,
        [
            Slider("shift", "Mean of the model", SHIFTS, "{:g}", default=2.0),
            Choice("pair", "Model", PAIRS),
        ],
        "Three critics of one pair",
        "Above, data (blue) and model (orange, dashed); below, the best function of each class and "
        "the distance it reaches (the MMD with bandwidth 1). Move the model away and watch which "
        "critic still has a slope under it.",
    )


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
    parts = (q.weights, q.means[:, 0], q.stds) if isinstance(q, Mixture) else None
    one = torch.ones(1, dtype=torch.float64)
    weights, means, stds = parts or (one, q.location, one * q.std)
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
