"""Chapter 14: lines below a convex function, and a critic that closes the bound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import F_DIVERGENCES, FDivergence, complete, f_divergence
from gan_lessons.networks import MLPDiscriminator
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, new_figure, plot_conjugate
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SLOPES = (-0.7, 0.0, 0.2, 0.8)  # beside f'(1), so that they mean the same for every f
RATIO = 2.0

P = Mixture([0.4, 0.6], [-1.5, 1.5], [0.8, 1.0])
Q = Normal(0.3, 1.2)
GRID = torch.linspace(-8.5, 9.0, 281, dtype=torch.float64)
FILMED = ("kl", "reverse-kl", "jensen-shannon", "pearson")
MOMENTS = (0, 15, 40, 80, 180, 500)


class Line(NamedTuple):
    """The highest line of slope t below f: its t, f*(t), and what it is short of f at ``RATIO``."""

    slope: float
    conjugate: float
    gap: float


def supporting_line(divergence: FDivergence, beside: float) -> Line:
    """Return the line whose slope is ``beside`` more than that of f at 1."""
    full = complete(divergence)
    assert full.conjugate is not None
    assert full.f_prime is not None
    near = torch.tensor([1.0, RATIO], dtype=torch.float64)
    t = full.f_prime(near[:1]) + beside
    value = float(full.conjugate(t))
    return Line(float(t), value, float(full.f(near[1:]) - (RATIO * t - value)))


def explore_conjugate(divergences: Mapping[str, FDivergence] | None = None) -> Explorer:
    """Move a line below a convex f and see where it starts: that is the Fenchel conjugate.

    Parameters
    ----------
    divergences
        What to choose from, at least two by name, your own among them; those of the book where
        None.

    Returns
    -------
    Explorer
        With a choice of the divergence and a slider for the slope of the line.
    """
    chosen = dict(F_DIVERGENCES if divergences is None else divergences)

    def draw(settings: Settings) -> tuple[Figure, str]:
        divergence = complete(chosen[str(settings["divergence"])])
        assert divergence.conjugate is not None
        line = supporting_line(divergence, float(settings["slope"]))
        figure, axes = new_figure(6.4, 2.9, columns=2)
        plot_conjugate(
            divergence.f, divergence.conjugate, line.slope, ratio=RATIO, axes=(axes[0], axes[1])
        )
        name = f"{divergence.name}: t = {line.slope:.3g}"
        if math.isinf(line.conjugate):
            return figure, (
                f"{name} is beyond the domain of f*: every line of this slope crosses f somewhere "
                f"on the right, and f*(t) is infinite."
            )
        return figure, (
            f"{name}, and f*(t) = {line.conjugate:.3f}: the line starts at {-line.conjugate:.3f}. "
            f"Where p/q = 2 it is {line.gap:.3f} below f: the orange piece."
        )

    return explore(
        draw,
        [
            Choice("divergence", "Divergence", tuple(chosen)),
            Slider("slope", "Slope t, less f'(1)", SLOPES, "{:g}", default=0.0),
        ],
        "The highest line of slope t below f",
        "Left, f with the highest line of slope t that stays below it. Right, f*: minus the height "
        "at which that line starts. The orange piece is what the bound loses at a place where "
        "p/q = 2 if the critic says t there. Make it small; then look for a slope without a line.",
    )


class Film(NamedTuple):
    """A critic on the way to the best one, at ``GRID``.

    Parameters
    ----------
    critics : dict
        T at the moments.
    bounds : list of float
        The bound before each step and after the last.
    best : Tensor (n,)
        f'(p/q).
    divergence : float
        What the bound rises to.
    """

    critics: dict[int, Tensor]
    bounds: list[float]
    best: Tensor
    divergence: float


@cache
def train_critic(key: str) -> Film:
    """Train a small network's T = g_f(V) on the exact bound, a sum over ``GRID``."""
    divergence = F_DIVERGENCES[key]
    g, f_star = divergence.activation, divergence.conjugate_of_activation
    assert g is not None
    assert f_star is not None
    assert divergence.f_prime is not None
    step = float(GRID[1] - GRID[0])
    log_p, log_q = P.log_prob(GRID), Q.log_prob(GRID)
    p, q = log_p.exp() * step, log_q.exp() * step
    rng = torch.Generator().manual_seed(3)
    network = MLPDiscriminator(1, 32, 2, activation="tanh", rng=rng).double()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3, betas=(0.9, 0.999))
    critics, bounds = {}, []
    for number in range(MOMENTS[-1] + 1):
        raw = network(GRID[:, None])
        bound = (p * g(raw)).sum() - (q * f_star(raw)).sum()
        bounds.append(float(bound.detach()))
        if number in MOMENTS:
            critics[number] = g(raw).detach()
        optimizer.zero_grad()
        (-bound).backward()
        optimizer.step()
    best = divergence.f_prime((log_p - log_q).exp())
    return Film(critics, bounds, best, f_divergence(divergence, P, Q))


def _draw_film(settings: Settings) -> tuple[Figure, str]:
    """Draw the critic beside the best one, and the bound on its way up."""
    key, moment = str(settings["divergence"]), int(settings["step"])
    film = train_critic(key)
    figure, (top, bottom) = new_figure(6.4, 4.2, rows=2)
    inside = (GRID >= -3.6) & (GRID <= 4.6)
    view, best = GRID[inside], film.best[inside]
    low, high = float(best.quantile(0.12)), float(best.max())
    floor, roof = low - 0.55 * (high - low), high + 0.25 * (high - low)
    for role, law in ((DATA, P), (MODEL, Q)):
        height = law.log_prob(view).exp() * (roof - floor)
        top.fill_between(view, floor, floor + height, color=role.color, alpha=0.2, linewidth=0)
    top.plot(view, best, color=LATENT.color, linestyle=":", linewidth=2.8)
    top.plot(view, film.critics[moment][inside], color=CRITIC.color, linewidth=2)
    top.set(xlim=(-3.6, 4.6), ylim=(floor, roof), xlabel="$x$", ylabel="$T(x)$")
    shown = film.bounds[: moment + 1]
    bottom.axhline(film.divergence, color=LATENT.color, linestyle=":", linewidth=2.8)
    bottom.plot(range(len(shown)), shown, color=CRITIC.color, linewidth=2)
    lowest = max(min(film.bounds), -1.2 * film.divergence)
    bottom.plot(moment, max(shown[-1], lowest), CRITIC.marker, color=CRITIC.color)
    bottom.set(
        xlim=(-8, MOMENTS[-1] + 8),
        ylim=(lowest - 0.1 * film.divergence, 1.15 * film.divergence),
        xlabel="updates of the critic",
        ylabel="bound",
    )
    share = shown[-1] / film.divergence
    return figure, (
        f"{F_DIVERGENCES[key].name}, after {moment} updates: the bound is {shown[-1]:.3f}, the "
        f"divergence {film.divergence:.3f}. "
        + (f"The critic has {share:.0%} of it." if share > 0 else "It is worth nothing yet.")
    )


def explore_bound() -> Explorer:
    """Watch a critic T approach f'(p/q) while the bound rises to the divergence.

    Returns
    -------
    Explorer
        With a choice of the divergence and a slider for the updates.
    """
    return explore(
        _draw_film,
        [
            Choice("divergence", "Divergence", FILMED),
            Slider("step", "Updates", MOMENTS, "{}", default=40),
        ],
        "A critic closes the bound",
        "Above, the critic T(x) (green) and the best one, f'(p/q) (dotted), over data (blue) and "
        "model (orange). Below, the bound on its way up to the divergence (dotted). Step forward.",
    )
