"""Chapter 16: a net around the modes of one domain, carried to the other while G learns."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from gan_lessons.experiments.cycle_layouts import LAYOUTS
from gan_lessons.experiments.cycle_plane import (
    LAYOUT,
    CyclePlaneConfig,
    PlaneFilm,
    PlaneNet,
    plane_net,
    recorded_films,
)
from gan_lessons.viz import LATENT, MODEL, SERIES, new_figure, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: One look for each mode of a, which its points keep wherever they go.
ROLES = (SERIES[0], SERIES[2], SERIES[4])
LIMITS = (2.15, 1.35)
#: Moments of the films that are shown, in steps.
STEPS = (0, 20, 40, 70, 120, 200, 500)


@cache
def _material() -> tuple[dict[str, PlaneFilm], PlaneNet, float]:
    """Return the films by the reader's names, the net in domain a, and the modes' deviation."""
    config = CyclePlaneConfig()
    films = {words_for(name): film for name, film in recorded_films().items()}
    return films, plane_net(config), config.points.std


def words_for(name: str) -> str:
    """Return how the page calls the film "way, seed"."""
    return f"seed {name.split(', ')[1]}"


def _draw_domain(ax: Axes, which: str, std: float) -> None:
    """Draw circles of three standard deviations around a domain's modes, and its name."""
    from matplotlib.patches import Circle

    centres = torch.tensor(getattr(LAYOUTS[LAYOUT], which))
    for k, (x, y) in enumerate(centres.tolist()):
        dashes = "-" if which == "a" else "--"
        ax.add_patch(
            Circle((x, y), 3 * std, fill=False, color="#777777", linewidth=1.0, linestyle=dashes)
        )
        below = -1 if which == "a" else 1
        ax.text(x, y + below * 0.48, f"{which}{k}", ha="center", va="center", color="#444444")


def _draw_points(ax: Axes, points: torch.Tensor, filled: bool) -> None:
    """Draw the points of each mode in its colour and shape, hollow where they have come back."""
    width, height = LIMITS
    edge = torch.tensor([width - 0.04, height - 0.04])
    for role, cloud in zip(ROLES, points, strict=True):
        ax.plot(
            *cloud.clamp(-edge, edge).T,
            color=role.color,
            marker=role.marker,
            markersize=4.5,
            markerfacecolor=role.color if filled else "none",
            markeredgewidth=0.9,
            linestyle="none",
        )


def _draw_map(settings: Settings) -> tuple[Figure, str]:
    """Draw the net in domain a, where G takes it, and what comes back."""
    films, net, std = _material()
    run, step = str(settings["run"]), int(settings["step"])
    film = films[run]
    k = film.times.index(step)
    now, found = film.nets[k], film.found[k]
    figure, ax = new_figure(6.4, 4.3)
    with style():
        for line in net.lines:
            ax.plot(*line.T, color=LATENT.color, linewidth=0.5, alpha=0.5)
        for line in now.lines:
            ax.plot(*line.T, color=MODEL.color, linewidth=0.9)
        for which in "ab":
            _draw_domain(ax, which, std)
        _draw_points(ax, now.again, filled=False)
        _draw_points(ax, now.points, filled=True)
        width, height = LIMITS
        ax.set(xlim=(-width, width), ylim=(-height, height), xticks=[], yticks=[], aspect="equal")
        for spine in ax.spines.values():
            spine.set_visible(False)
    goes = ", ".join(f"a{i} to b{j}" for i, j in enumerate(found.sent))
    return figure, (
        f"{run[0].upper()}{run[1:]}, step {step}: most points go from {goes}. Of the mode that "
        f"fares worst, {found.share:.0%} arrive; there and back, points are off by "
        f"{found.cycle:.2g} standard deviations on average."
    )


def explore_plane_map() -> Explorer:
    """Watch a map of the plane learn to carry three modes to three others, run by run.

    The runs are recorded (``gan_lessons/experiments/cycle_plane.py``), those of the chapter's table
    by way and seed: two that found different bijections, and one that failed.

    Returns
    -------
    Explorer
        With a choice of the run and a slider over training.
    """
    return explore(
        _draw_map,
        [
            Slider("step", "Step", STEPS, "{:d}", default=STEPS[-1]),
            Choice("run", "Run", tuple(_material()[0])),
        ],
        "Which of the right maps is found?",
        "Below, domain a with a fine grey net; orange, where G takes that net. Filled marks are "
        "points that G has translated, each in the look of the mode it came from; hollow ones are "
        "the same points after F has taken them back. What leaves the picture stands on its edge.",
    )
