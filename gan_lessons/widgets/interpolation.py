"""Chapter 15: from one real digit to another, through pixels and through codes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gan_lessons.experiments.bigan_interpolation import WAYS, Paths, recorded_paths
from gan_lessons.viz import DATA, LATENT, MODEL, SERIES, image_grid, new_figure, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

ROLES = dict(zip(WAYS, (LATENT, SERIES[4], MODEL), strict=True))


@cache
def _paths() -> Paths:
    """Return what is stored, read once."""
    return recorded_paths()


def _draw_image(ax: Axes, image: Tensor, title: str, color: str) -> None:
    """Draw one image with its name above."""
    image_grid(image[None], columns=1, ax=ax)
    ax.set_title(title, color=color, fontsize=11)


def _draw_distances(ax: Axes, stored: Paths, pair: str, k: int) -> None:
    """Draw each way's distance to the nearest training image, with the position marked."""
    with style():
        ax.axhline(stored.real, color=DATA.color, linewidth=1.2)
        ax.text(1.02, stored.real, "real", color=DATA.color, va="bottom")
        for name, path in stored.ways[pair].items():
            role = ROLES[name]
            ax.plot(stored.positions, path.distances, color=role.color, ls=role.linestyle)
            at = stored.positions[k], path.distances[k]
            ax.plot(*at, color=role.color, marker=role.marker, markersize=10, ls="none")
        ax.set(
            xlim=(-0.03, 1.1),
            ylim=(0.8, 3.6),
            xlabel="position between the two",
            ylabel="to nearest\ntraining digit",
            xticks=[0, 0.5, 1],
        )


def explore_interpolation() -> Explorer:
    """Walk from one held-out digit to another, by pixels, by a VAE's codes and by BiGAN's.

    The ways are recorded (``gan_lessons/experiments/bigan_interpolation.py``).

    Returns
    -------
    Explorer
        With a slider for the position and a choice of the two digits.
    """
    stored = _paths()
    positions = stored.positions

    def draw(settings: Settings) -> tuple[Figure, str]:
        pair, share = str(settings["pair"]), float(settings["position"])
        k, paths = positions.index(share), stored.ways[pair]
        figure, axes = new_figure(6.4, 3.6, rows=2, columns=5)
        first, last = pair.split(" to ")
        row = [("first", stored.ends[pair][0], DATA.color)]
        row += [(name, paths[name].images[k], ROLES[name].color) for name in WAYS]
        row += [("last", stored.ends[pair][1], DATA.color)]
        for ax, (title, image, color) in zip(axes[0], row, strict=True):
            _draw_image(ax, image, title, color)
        grid = axes[1, 0].get_gridspec()
        for ax in axes[1]:
            ax.remove()
        _draw_distances(figure.add_subplot(grid[1, :]), stored, pair, k)
        told = ", ".join(f"{name} {paths[name].distances[k]:.1f}" for name in WAYS)
        return figure, (
            f"On the way from {first} to {last}, position {share:.2f}: what the blend of "
            f"pixels, the VAE and BiGAN show there. To the nearest training digit: {told}."
        )

    return explore(
        draw,
        [
            Slider("position", "Position", positions, "{:.2f}", default=positions[3]),
            Choice("pair", "Digits", tuple(stored.ways)),
        ],
        "Between two real digits",
        "Both ends are held-out digits (blue). Between them: their pixels blended, and what VAE "
        "and BiGAN make of blended codes. Below, how far each picture is from the nearest digit of "
        "the training set.",
    )
