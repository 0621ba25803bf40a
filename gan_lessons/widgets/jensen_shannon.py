"""Chapter 5: two parallel lines, their Jensen-Shannon divergence and their distance."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Normal
from gan_lessons.divergences import jensen_shannon
from gan_lessons.viz import DATA, MODEL, SERIES, new_figure
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHIFTS = tuple(i / 4 for i in range(-4, 5))
NOISES = (0.0, 0.1, 0.3)
POINTS = 50  # of each law in the picture
JSD_ROLE, W1_ROLE = SERIES[2], SERIES[4]


class LineDistances(NamedTuple):
    """What separates two parallel lines: in nats, and in the unit of the shift."""

    jensen_shannon: float
    wasserstein1: float


@cache
def line_distances(shift: float, noise: float) -> LineDistances:
    """Compare the laws of (0, U) and (shift, U), U uniform, blurred sideways by N(0, noise^2).

    The second coordinates agree, so both numbers are those of the first coordinates: of two points
    without noise, of two normal laws with it.
    """
    if noise == 0:
        return LineDistances(math.log(2) if shift else 0.0, abs(shift))
    return LineDistances(jensen_shannon(Normal(0.0, noise), Normal(shift, noise)), abs(shift))


def jensen_shannon_slope(shift: float, noise: float, step: float = 1e-4) -> float:
    """Return the central difference of the JSD in the shift; NaN at the jump of two lines."""
    if noise == 0:
        return 0.0 if shift else math.nan
    ahead, behind = (line_distances(shift + d, noise).jensen_shannon for d in (step, -step))
    return (ahead - behind) / (2 * step)


def _cloud(place: float, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return points of a blurred line; the same for each shift."""
    rng = torch.Generator().manual_seed(seed)
    heights = torch.rand(POINTS, generator=rng)
    return place + noise * torch.randn(POINTS, generator=rng), heights


def _draw_lines(ax: Axes, shift: float, noise: float) -> None:
    """Draw both laws in the plane."""
    for seed, (role, place) in enumerate(((DATA, 0.0), (MODEL, shift))):
        if noise:
            ax.plot(
                *_cloud(place, noise, seed),
                color=role.color,
                marker=role.marker,
                markersize=3.5,
                markeredgewidth=0,
                alpha=0.7,
                linestyle="none",
            )
        else:
            ax.plot([place, place], [0, 1], color=role.color, linestyle=role.linestyle, linewidth=3)
        ax.annotate(
            role.label,
            (place, 1.05 if role is DATA else -0.15),
            ha="center",
            color=role.color,
            annotation_clip=False,
        )
    ax.set(xlim=(-1.75, 1.75), ylim=(-0.2, 1.2), yticks=[0, 1], xticks=[-1, 0, 1])
    ax.set(xlabel="first coordinate")
    ax.set_ylabel("second", labelpad=-4)


def _draw_curves(ax: Axes, shift: float, noise: float) -> None:
    """Draw both numbers against the shift, marked at the present one."""
    places = [i / 32 for i in range(-32, 33)]
    jsd = [line_distances(place, noise).jensen_shannon for place in places]
    if noise:
        ax.plot(places, jsd, color=JSD_ROLE.color)
    else:  # a jump: two level pieces, an open circle and a dot
        for piece in ([-1, 0], [0, 1]):
            ax.plot(piece, [math.log(2)] * 2, color=JSD_ROLE.color)
        ax.plot(0, math.log(2), color=JSD_ROLE.color, marker="o", markerfacecolor="white")
        ax.plot(0, 0, color=JSD_ROLE.color, marker="o", markersize=5)
    ax.plot(places, [abs(place) for place in places], color=W1_ROLE.color, linestyle="--")
    here = line_distances(shift, noise)
    for value, role in zip(here, (JSD_ROLE, W1_ROLE), strict=True):
        ax.plot(shift, value, color=role.color, marker=role.marker, markersize=10)
    ax.set(xlim=(-1.08, 1.08), ylim=(-0.06, 1.12), xlabel=r"shift $\theta$", xticks=[-1, 0, 1])
    ax.set_yticks([0, math.log(2), 1], ["0", r"$\log 2$", "1"])
    # Beside the level piece, or below the slope, where the noise makes one.
    ax.annotate("JSD", (-0.38, 0.73) if noise < 0.2 else (-0.75, 0.2), color=JSD_ROLE.color)
    ax.annotate("$W_1$", (0.6, 0.9), color=W1_ROLE.color)


def _draw(settings: Settings) -> tuple[Figure, str]:
    """Draw the plane on the left, both numbers on the right."""
    shift, noise = float(settings["shift"]), float(settings["noise"])
    figure, (left, right) = new_figure(6.4, 2.9, columns=2, width_ratios=(1, 1.15))
    _draw_lines(left, shift, noise)
    _draw_curves(right, shift, noise)
    here, slope = line_distances(shift, noise), jensen_shannon_slope(shift, noise)
    word = "has no slope here: it jumps" if math.isnan(slope) else f"has the slope {slope:.3f}"
    blur = f"blurred by noise of {noise:g}" if noise else "without noise"
    return figure, (
        f"Shift {shift:g}, lines {blur}: JSD = {here.jensen_shannon:.4f} nats and {word}; "
        f"W1 = {here.wasserstein1:.3f}."
    )


def explore_parallel_lines() -> Explorer:
    """Shift one of two parallel lines: the JSD jumps and is flat, the distance W1 is not.

    Returns
    -------
    Explorer
        With a slider for the shift and a choice of sideways noise on both lines.
    """
    return explore(
        _draw,
        [
            Slider("shift", "Shift", SHIFTS, "{:g}", default=0.5),
            Choice("noise", "Noise on both", NOISES, "{:g}"),
        ],
        "Two parallel lines",
        "Left, both laws in the plane; right, the JSD (solid) and the distance W1 (dashed) "
        "against the shift. Without noise, move the shift through 0 and watch the JSD. Then add "
        "noise.",
    )
