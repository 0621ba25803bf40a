"""Chapter 10: eight seeds of one setting, side by side, while they train."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gan_lessons.experiments.mode_film import Film, load_films
from gan_lessons.experiments.mode_runs import LAWS
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, new_figure, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: What is shown: a name in the store and how the page calls it.
FILMS = {
    "baseline": "non-saturating",
    "saturating": "saturating",
    "the recipe": "recipe of chapter 12",
}
TIMES = (0, 50, 100, 150, 200, 300, 400, 600, 800, 1000)


@cache
def films() -> dict[str, Film]:
    """Return the recorded films."""
    return load_films()


def frame(setting: str, step: int) -> tuple[Tensor, list[int]]:
    """Return samples (8, n, 2) and modes reached at one moment of a film."""
    film = films()[next(name for name, words in FILMS.items() if words == setting)]
    moment = film.times.index(step)
    return film.samples[moment], [int(m) for m in film.modes[moment]]


def _draw_one(ax: Axes, samples: Tensor, seed: int, modes: int) -> None:
    """Draw one seed's samples over the ring, with the number of modes above."""
    ring = LAWS["ring"]
    k = len(ring.means)
    with style():
        ax.plot(
            *ring.means.T,
            color=DATA.color,
            marker="o",
            markersize=9,
            markerfacecolor="none",
            markeredgewidth=1.0,
            linestyle="none",
        )
        ax.plot(
            *samples.T, color=MODEL.color, marker=MODEL.marker, markersize=2.2, linestyle="none"
        )
        ax.set(xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=[], yticks=[])
        ax.set_aspect("equal")
        color = CRITIC.color if modes == k else LATENT.color
        ax.set_title(f"{modes} of {k}", color=color, fontweight="bold", pad=3)
        ax.set_xlabel(f"seed {seed}", fontsize=10.5, labelpad=2)
        for spine in ax.spines.values():
            spine.set_visible(False)


def _draw_film(settings: Settings) -> tuple[Figure, str]:
    """Draw eight seeds at one moment."""
    words, step = str(settings["setting"]), int(settings["step"])
    samples, modes = frame(words, step)
    seeds = films()["baseline"].seeds
    figure, axes = new_figure(6.4, 4.0, rows=2, columns=4)
    for ax, one, seed, reached in zip(axes.flat, samples, seeds, modes, strict=True):
        _draw_one(ax, torch.as_tensor(one), seed, reached)
    counts = ", ".join(str(m) for m in modes)
    complete = sum(m == 8 for m in modes)
    return figure, (
        f"{words.capitalize()}, step {step:,}. The eight seeds reach {counts} of 8 modes; "
        f"{complete} of 8 runs are complete."
    )


def explore_eight_seeds() -> Explorer:
    """Watch eight seeds learn the ring side by side, their modes counted.

    The runs are recorded (``gan_lessons/experiments/mode_film.py``): the first eight held-out
    seeds, none picked. 80 samples of each are drawn, the modes are counted in 2,500.

    Returns
    -------
    Explorer
        With a choice of the setting and a slider over training.
    """
    return explore(
        _draw_film,
        [
            Choice("setting", "Training", tuple(FILMS.values())),
            Slider("step", "Step", TIMES, "{:,}", default=400),
        ],
        "Eight seeds, one setting",
        "Blue circles reach three standard deviations around the modes; orange points are "
        "generated, those outside drawn on the edge. The number says how many modes 2,500 samples "
        "reach.",
    )
