"""Chapter 11: plans that move mass, and three critics for one pair of laws."""

from __future__ import annotations

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
from gan_lessons.viz import CRITIC, DATA, MODEL, new_figure, plot_transport
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
