"""Chapter 8: samples over training, and what each remedy changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor

from gan_lessons.experiments.digits_gan import unpack_images
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.viz import CRITIC, DATA, MODEL, image_grid, new_figure, style
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 8
SHOWN = 32
RECORD = "digits_gan"


class Curve(NamedTuple):
    """One recorded run: steps, distances, and the samples (n, 1, h, w) at each step."""

    steps: tuple[int, ...]
    distances: tuple[float, ...]
    samples: tuple[Tensor, ...]


@cache
def recorded_curves() -> tuple[dict[str, Curve], float]:
    """Return the first seed's run of each remedy, and the mean distance of real to real images."""
    record = load_recorded(RECORD)
    results: dict[str, Any] = record["results"]
    size = record["config"]["base"]["image_size"]
    step, distance = (results["columns"].index(name) for name in ("step", "frechet"))
    curves = {
        name: Curve(
            tuple(int(row[step]) for row in runs[0]),
            tuple(row[distance] for row in runs[0]),
            tuple(unpack_images(text, size) for text in results["frames"][name]),
        )
        for name, runs in results["runs"].items()
    }
    return curves, sum(results["floor"]) / len(results["floor"])


def _draw_distance(
    ax: Axes, curve: Curve, now: int, floor: float, limits: tuple[float, float]
) -> None:
    """Draw the distance over steps, the floor, and where we are."""
    with style():
        ax.axhline(floor, color=DATA.color, linewidth=1.2)
        ax.plot(curve.steps, curve.distances, color=CRITIC.color, linestyle="-")
        place = curve.steps.index(now)
        ax.plot([now], [curve.distances[place]], color=MODEL.color, marker="o", markersize=10)
        ax.set(xscale="log", yscale="log", ylim=limits, xlabel="step", ylabel="Fréchet distance")
        ax.text(curve.steps[0], floor * 1.08, "real", color=DATA.color, va="bottom")


def explore_training() -> Explorer:
    """Move through training: the samples at each step, without and with the remedies.

    The runs are recorded (``gan_lessons/experiments/digits_gan.py``); the samples of one run come
    from the same latent vectors at each step.

    Returns
    -------
    Explorer
        With a slider for the step and a choice of the remedy.
    """
    curves, floor = recorded_curves()
    heights = [value for curve in curves.values() for value in curve.distances]
    limits = (0.8 * floor, 1.15 * max(heights))
    kept = {name: curves[name] for name in ("plain", "R1 and shifts")}
    steps = kept["plain"].steps

    def draw(settings: Settings) -> tuple[Figure, str]:
        name, now = str(settings["remedy"]), int(settings["step"])
        curve = kept[name]
        place = curve.steps.index(now)
        figure, (left, right) = new_figure(6.4, 2.6, columns=2, width_ratios=(1.35, 1.0))
        image_grid(curve.samples[place][:SHOWN], columns=COLUMNS, ax=left)
        _draw_distance(right, curve, now, floor, limits)
        best = curve.steps[min(range(len(steps)), key=curve.distances.__getitem__)]
        return figure, (
            f"Training {name}, step {now}: {SHOWN} generated digits at a Fréchet distance of "
            f"{curve.distances[place]:.3g} from held-out digits; real digits reach {floor:.2g}. "
            f"This run is nearest at step {best}."
        )

    return explore(
        draw,
        [
            Slider("step", "Step", steps, "{:d}"),
            Choice("remedy", "Training", tuple(kept)),
        ],
        "Digits over training",
        "Left, what the same latent vectors become; right, the distance to held-out digits. Move "
        "through the steps, then do it again with both remedies.",
    )


def explore_samples(snapshots: Mapping[int, Tensor] | Sequence[tuple[int, Tensor]]) -> Explorer:
    """Move through the snapshots of a run of your own.

    Parameters
    ----------
    snapshots
        For each step, samples (n, 1 or 3, h, w) in [-1, 1], of one shape at every step.

    Returns
    -------
    Explorer
        With a slider for the step.
    """
    pictures = dict(snapshots)
    if len(pictures) < 2:
        raise ValueError(f"snapshots must hold at least 2 steps, got {len(pictures)}.")

    def draw(settings: Settings) -> tuple[Figure, str]:
        now = int(settings["step"])
        images = pictures[now]
        rows = -(-min(len(images), 40) // 10)
        figure, ax = new_figure(6.4, 0.64 * rows + 0.1)
        image_grid(images[:40], columns=10, ax=ax)
        return figure, f"What {min(len(images), 40)} latent vectors have become after step {now}."

    return explore(
        draw,
        [Slider("step", "Step", tuple(pictures), "{:d}")],
        "The run you have just seen, step by step",
        "Each place keeps its latent vector. Move the slider and follow one place.",
    )
