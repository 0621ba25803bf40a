"""Chapter 4: two densities, the optimal discriminator, its logit and their divergence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Normal
from gan_lessons.divergences import jensen_shannon, optimal_discriminator, optimal_logits
from gan_lessons.viz import CRITIC, DATA, MODEL, new_figure
from gan_lessons.widgets.controls import Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEANS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
WIDTHS = (0.5, 1.0, 1.5, 2.0)
DATA_LAW = Normal(0.0, 1.0)
PLACES = torch.linspace(-4.0, 6.0, 201, dtype=torch.float64)


class OptimalView(NamedTuple):
    """Both densities, D* and its logit at ``PLACES``, each (n,), and the JSD in nats."""

    data: Tensor
    model: Tensor
    probability: Tensor
    logit: Tensor
    divergence: float


def compute_view(mean: float, width: float) -> OptimalView:
    """Compare N(0, 1), the data, with N(mean, width^2), the model."""
    model = Normal(mean, width)
    return OptimalView(
        DATA_LAW.log_prob(PLACES).exp(),
        model.log_prob(PLACES).exp(),
        optimal_discriminator(DATA_LAW, model, PLACES),
        optimal_logits(DATA_LAW, model, PLACES),
        jensen_shannon(DATA_LAW, model),
    )


def indifference_points(view: OptimalView) -> list[float]:
    """Return where D* crosses 1/2 between the places, by linear interpolation of the logit."""
    h = view.logit
    crossing = (h[:-1].sign() * h[1:].sign() < 0).nonzero().flatten()
    share = h[crossing] / (h[crossing] - h[crossing + 1])
    points = PLACES[crossing] + share * (PLACES[crossing + 1] - PLACES[crossing])
    exact = PLACES[h == 0] if not bool((h == 0).all()) else PLACES[:0]
    return sorted([*points.tolist(), *exact.tolist()])


def _draw_densities(ax: Axes, view: OptimalView, mean: float) -> None:
    """Draw both laws with their names above the summits."""
    for role, density, place in ((DATA, view.data, 0.0), (MODEL, view.model, mean)):
        ax.plot(PLACES, density, color=role.color, linestyle=role.linestyle)
        aside = -6 if role is DATA else 6
        ax.annotate(
            role.label,
            (place, float(density.max())),
            xytext=(aside, 2),
            textcoords="offset points",
            ha="right" if role is DATA else "left",
            color=role.color,
        )
    ax.set(ylim=(0, 0.92), yticks=[], ylabel="density")


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw densities above, D* in the middle, the log density ratio below."""
    mean, width = float(settings["mean"]), float(settings["width"])
    view = compute_view(mean, width)
    figure, (top, middle, bottom) = new_figure(6.4, 4.8, rows=3, sharex=True)
    _draw_densities(top, view, mean)
    top.set_title(f"JSD = {view.divergence:.3f} nats of at most 0.693", fontsize=12)
    for ax, values, level in ((middle, view.probability, 0.5), (bottom, view.logit, 0.0)):
        ax.axhline(level, color="#bbbbbb", linewidth=1)
        ax.plot(PLACES, values, color=CRITIC.color)
    middle.set(ylim=(-0.06, 1.06), yticks=[0, 0.5, 1], ylabel="$D^*(x)$")
    bottom.set(ylim=(-6, 6), yticks=[-5, 0, 5], ylabel=r"$\log\,p/q$", xlabel="$x$", xlim=(-4, 6))
    points = indifference_points(view)
    for point in points:
        middle.plot(point, 0.5, color=CRITIC.color, marker=CRITIC.marker)
        bottom.plot(point, 0.0, color=CRITIC.color, marker=CRITIC.marker)
    if mean == 0 and width == 1:
        where = "it is one half everywhere, and the log-ratio is 0"
    else:
        shape = "a straight line" if width == 1 else "a parabola"
        listed = " and ".join(f"{point:.2f}" for point in points)
        where = f"it is one half at x = {listed}; the log-ratio is {shape}"
    return figure, (
        f"Data N(0, 1), model with mean {mean:g} and standard deviation {width:g}. D* at the "
        f"model's mean is {float(torch.sigmoid(_logit_at(mean, width))):.3f}; {where}. "
        f"JSD = {view.divergence:.4f} nats."
    )


def _logit_at(mean: float, width: float) -> Tensor:
    """Return the optimal logit at the model's mean."""
    place = torch.tensor([mean], dtype=torch.float64)
    return optimal_logits(DATA_LAW, Normal(mean, width), place)


def explore_optimal_discriminator() -> Explorer:
    """Move the model's mean and width and see D*, the log density ratio and the JSD follow.

    Returns
    -------
    Explorer
        With sliders for the model's mean and standard deviation; the data are N(0, 1).
    """
    return explore(
        _draw,
        [
            Slider("mean", "Mean of the model", MEANS, "{:g}", default=1.5),
            Slider("width", "Width of the model", WIDTHS, "{:g}", default=1.0),
        ],
        "What the best discriminator says",
        "Above, the two densities; in the middle, the optimal discriminator; below, its logit, the "
        "log density ratio. Squares mark where it cannot decide. Find the setting in which it "
        "knows nothing, and one in which it is one half at two places.",
    )
