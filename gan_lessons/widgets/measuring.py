"""Chapter 9: precision and recall as balls in the plane, and what each metric sees of a failure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from gan_lessons.distributions import Mixture, ring
from gan_lessons.experiments.image_failures import SEVERITIES, Split, spoil
from gan_lessons.experiments.metric_failures import METRICS, FailuresConfig, digit_parts, split_pool
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.metrics import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    nearest_neighbours,
    precision_recall,
)
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, image_grid, new_figure, plot_balls, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RECORD = "metric_failures"
SIZE = 64  # samples of each law
MODES = (2, 4, 8)
WIDTHS = {"narrow": 0.3, "right": 1.0, "wide": 2.5}
NEIGHBOURS = (1, 3, 8)
UNITS = {
    "blur": "a blur of {} pixels",
    "noise": "noise of standard deviation {}",
    "shift": "a share of {} moved by one pixel",
    "dropped classes": "{} of ten classes missing",
    "few copies": "only {} training images, over and over",
}
SEEN = 0.8  # share of repetitions outside the range of real images


class Rings(NamedTuple):
    """Samples in the plane (n, 2), and what is measured of them."""

    x: Tensor
    y: Tensor
    quality: PrecisionRecall
    variety: DensityCoverage


def compare_rings(modes: int, width: float, k: int) -> Rings:
    """Compare a ring of eight modes with a model that has the first ``modes`` of them.

    The same random numbers make every setting.
    """
    data = ring(8, std=0.09)
    x = data.sample(SIZE, torch.Generator().manual_seed(2))
    chosen = data.means[:modes]
    model = Mixture(torch.full((modes,), 1 / modes), chosen, torch.full((modes,), 0.09 * width))
    y = model.sample(SIZE, torch.Generator().manual_seed(3))
    return Rings(x, y, precision_recall(x, y, k), density_coverage(x, y, k))


def radii(points: Tensor, k: int) -> Tensor:
    """Return each point's distance to its k-th nearest other one, (n,)."""
    return nearest_neighbours(points, points, k + 1).distances[:, k]


def _draw_balls(ax: Axes, centres: Tensor, others: Tensor, k: int, real: bool) -> None:
    """Draw the balls of one sample and the points of the other."""
    own, guest = (DATA, MODEL) if real else (MODEL, DATA)
    plot_balls(centres, radii(centres, k), own, ax=ax)
    with style():
        ax.plot(
            others[:, 0],
            others[:, 1],
            color=guest.color,
            marker=guest.marker,
            linestyle="none",
            markersize=3.5,
        )
        ax.set(xlim=(-1.85, 1.85), ylim=(-1.85, 1.85), xticks=[], yticks=[])
        for spine in ax.spines.values():
            spine.set_visible(False)


def _draw_rings(settings: Settings) -> tuple[Figure, str]:
    """Draw real balls with generated points, and generated balls with real points."""
    modes, k = int(settings["modes"]), int(settings["k"])
    name = str(settings["width"])
    x, y, quality, variety = compare_rings(modes, WIDTHS[name], k)
    figure, (left, right) = new_figure(6.4, 3.1, columns=2)
    _draw_balls(left, x, y, k, real=True)
    _draw_balls(right, y, x, k, real=False)
    left.set_title(f"precision {quality.precision:.2f}", color=MODEL.color)
    right.set_title(f"recall {quality.recall:.2f}", color=DATA.color)
    return figure, (
        f"A model with {modes} of 8 modes, {name} width, k = {k}: {quality.precision:.0%} of its "
        f"points lie in balls of real points, {quality.recall:.0%} of the real points in its "
        f"balls. Density {variety.density:.2f}, coverage {variety.coverage:.2f}."
    )


def explore_precision_recall() -> Explorer:
    """Take modes from a model, or give it another width, and see the balls miss.

    Returns
    -------
    Explorer
        With a slider for the modes, a choice of the width and one of k.
    """
    return explore(
        _draw_rings,
        [
            Slider("modes", "Modes of the model", MODES, "{:d}", default=4),
            Choice("width", "Its width", tuple(WIDTHS), default="right"),
            Choice("k", "k", NEIGHBOURS, default=3),
        ],
        "Which points lie in whose balls?",
        "Left, balls around real points and the generated points (orange triangles); right, balls "
        "around generated points and the real ones (blue). Take modes away, then make the model "
        "narrow or wide.",
    )


@cache
def recorded_cells() -> dict[str, dict[str, list[float]]]:
    """Return, for each failure and severity and each metric, share seen and distance."""
    results: dict[str, Any] = load_recorded(RECORD)["results"]
    cells: dict[str, dict[str, list[float]]] = results["cells"]
    return cells


@cache
def _first_split() -> Split:
    """Return the first of the recorded splits."""
    config = FailuresConfig(**load_recorded(RECORD)["config"])
    return split_pool(digit_parts(config)[1], config.n, 0)


def _draw_scale(ax: Axes, cell: dict[str, list[float]]) -> None:
    """Draw how far each metric is from real images, in standard deviations."""
    with style():
        ax.axvspan(-2, 2, color=LATENT.color, alpha=0.13, linewidth=0)
        for height, name in enumerate(METRICS):
            share, away = cell[name]
            role = LATENT if share < SEEN else CRITIC if away > 0 else MODEL
            face = "none" if share < SEEN else role.color
            ax.plot([0, away], [height] * 2, color=role.color, linewidth=1, linestyle="-")
            ax.plot(away, height, marker=role.marker, color=role.color, markerfacecolor=face)
        ax.set_xscale("symlog", linthresh=4, linscale=1.3)
        ax.set(xlim=(-120, 260), ylim=(len(METRICS) - 0.4, -0.6))
        ax.set_yticks(range(len(METRICS)), list(METRICS))
        marks = (-50, -10, -2, 2, 10, 50)
        ax.set_xticks(marks, [str(mark) for mark in marks])
        ax.minorticks_off()
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("better  <  real  >  worse")


def _draw_failure(settings: Settings) -> tuple[Figure, str]:
    """Draw spoilt digits and what each metric makes of them."""
    failure, level = str(settings["failure"]), int(settings["level"])
    severity = SEVERITIES[failure][level - 1]
    cell = recorded_cells()[f"{failure} {severity:g}"]
    images = spoil(failure, severity, _first_split())
    figure, (left, right) = new_figure(6.4, 3.6, columns=2, width_ratios=(1.0, 1.75))
    image_grid(images[:32], columns=4, ax=left)
    _draw_scale(right, cell)
    blind = [name for name, (share, _) in cell.items() if share < SEEN]
    said = ", ".join(blind) if blind else "none of them"
    return figure, f"Digits with {UNITS[failure].format(f'{severity:g}')}. Not seeing it: {said}."


def explore_failures() -> Explorer:
    """Spoil real digits little by little and see which metric notices first.

    The verdicts are recorded (``gan_lessons/experiments/metric_failures.py``).

    Returns
    -------
    Explorer
        With a choice of the failure and a slider for how severe it is.
    """
    return explore(
        _draw_failure,
        [
            Choice("failure", "Failure", tuple(SEVERITIES)),
            Slider("level", "How severe", (1, 2, 3, 4), "{:d}", default=3),
        ],
        "Which metric notices first?",
        "Left, real digits spoilt on purpose; right, each metric's distance from what real digits "
        "give, in standard deviations. A filled mark has left the range of real digits in at least "
        "eight of ten repetitions.",
    )
