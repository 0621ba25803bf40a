"""Chapter 12: the table of tricks, and a slider over the weight of the R1 penalty."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan_lessons.experiments.mode_film import Film, load_films
from gan_lessons.experiments.mode_runs import LAWS, Runs
from gan_lessons.experiments.mode_store import stored_runs
from gan_lessons.experiments.modes_laptop import setting_of
from gan_lessons.experiments.trick_list import GAMMAS, OBJECTIVES_AND_PENALTIES, TRICKS
from gan_lessons.experiments.tricks import Effect
from gan_lessons.viz import DATA, MODEL, new_figure
from gan_lessons.widgets.controls import Slider
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.frames import Settings
from gan_lessons.widgets.sortable import Cell, SortableTable, Tone, sortable_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    "trick",
    "verdict",
    "misplaced, points",
    "99% interval",
    "seeds",
    "all modes",
    "without it",
    "time",
    "half",
    "proposed by",
)
#: The seeds of the slider's outcomes; the films show the first of them.
SEEDS = tuple(range(1000, 1016))
MOMENTS = (200, 600, 1000)
SHOWN = 4
TONES: dict[str, Tone] = {"helps": "good", "hurts": "bad"}
_FIRST_HALF = frozenset(trick.name for trick in OBJECTIVES_AND_PENALTIES)


def half_of(name: str) -> str:
    """Return in which half of the chapter a trick stands: ``"objective"`` or ``"practice"``."""
    return "objective" if name in _FIRST_HALF else "practice"


def trick_table(effects: Sequence[Effect], caption: str) -> SortableTable:
    """Make the table of tricks against the baseline, which sorts by any column.

    Parameters
    ----------
    effects
        From ``stored_effects`` or ``run_trick``, in the order of the rows.
    caption
        What the table is.

    Returns
    -------
    SortableTable
        Misplaced samples in percentage points, trick less baseline; how many runs have all modes
        at the end, with the trick and without; CPU time of a step over the baseline's.
    """
    return sortable_table(caption, COLUMNS, [_row(effect) for effect in effects])


def _row(effect: Effect) -> list[Cell]:
    """Return one trick's cells."""
    value, low, high = (100 * part for part in effect.misplaced)
    done, before = effect.trick_complete.value, effect.baseline_complete.value
    source = TRICKS[effect.name].source if effect.name in TRICKS else ""
    return [
        Cell(effect.name),
        Cell(effect.verdict, tone=TONES.get(effect.verdict, "")),
        Cell(_signed(value), value),
        Cell(f"{_signed(low)} to {_signed(high)}", low),
        Cell(f"{effect.seeds}", effect.seeds),
        Cell(f"{done:.0%}", done),
        Cell(f"{before:.0%}", before),
        Cell(f"{effect.cost:.1f}", effect.cost),
        Cell(half_of(effect.name)),
        Cell(source or "\N{EN DASH}"),
    ]


def _signed(value: float) -> str:
    """Return a number to one decimal with its sign, a true minus."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def explore_r1_gamma() -> Explorer:
    """Turn up the R1 penalty and see samples of four runs and the outcomes of sixteen.

    Returns
    -------
    Explorer
        With sliders for gamma and for the moment; its pictures come from stored runs.
    """
    return explore(
        _draw_gamma,
        [
            Slider("gamma", "\N{GREEK SMALL LETTER GAMMA}", (0.0, *GAMMAS), "{:g}", default=0.0),
            Slider("step", "Step", MOMENTS, default=1000),
        ],
        "How much R1?",
        "Above, 80 samples of each of four runs, with circles of three standard deviations. "
        "Below, sixteen runs for each gamma; a line is their mean. Find the gamma that misplaces "
        "fewest samples, and one that is too much.",
    )


@cache
def _gamma_runs() -> dict[float, tuple[Film, Runs]]:
    """Return film and outcomes of each gamma from the store."""
    films, found = load_films(), {}
    for gamma in (0.0, *GAMMAS):
        name = f"R1, gamma {gamma:g}" if gamma else "baseline"
        runs = stored_runs(setting_of(name), SEEDS)
        if runs is None:
            raise FileNotFoundError(f"the store has no runs of {name!r}; run: make experiments")
        found[gamma] = films[f"{name} (slider)"], runs
    return found


def _draw_gamma(settings: Settings) -> tuple[Figure, str]:
    """Draw the runs of one gamma, and where their outcomes stand among those of all gammas."""
    gamma, step = float(settings["gamma"]), int(settings["step"])
    stored = _gamma_runs()
    film, runs = stored[gamma]
    moment, at = film.times.index(step), runs.times.index(step)
    figure, _ = new_figure(6.4, 4.1)
    figure.clear()
    layout = figure.add_gridspec(2, SHOWN, height_ratios=(1.0, 1.2))
    for i in range(SHOWN):
        ax = figure.add_subplot(layout[0, i])
        _add_ring(ax)
        cloud = film.samples[moment, i].T
        ax.plot(*cloud, marker=".", markersize=3.5, linestyle="none", color=MODEL.color)
        ax.set(xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), xticks=[], yticks=[], aspect="equal")
        ax.spines[:].set_visible(False)
        ax.set_title(f"{int(film.modes[moment, i])} of 8 modes", fontsize="medium")
    columns = {one: pair[1].outcomes.misplaced[at].numpy() for one, pair in stored.items()}
    _add_outcomes(figure.add_subplot(layout[1, :]), columns, gamma)
    shares, complete = columns[gamma], int((runs.outcomes.modes[at] == 8).sum())
    return figure, (
        f"With gamma {gamma:g} after {step} steps, {shares.mean():.0%} of the samples are "
        f"misplaced in the mean of 16 seeds (from {shares.min():.0%} to {shares.max():.0%}), and "
        f"{complete} of the 16 runs have all 8 modes."
    )


def _add_ring(ax: Axes) -> None:
    """Draw the modes as circles of three standard deviations."""
    from matplotlib.patches import Circle

    law = LAWS["ring"]
    for mean, std in zip(law.means.tolist(), law.stds.tolist(), strict=True):
        ax.add_patch(Circle(tuple(mean), 3 * std, fill=False, edgecolor=DATA.color, linewidth=0.8))


def _add_outcomes(ax: Axes, columns: dict[float, NDArray[np.float64]], gamma: float) -> None:
    """Draw a column of dots for each gamma, that of the present one in front."""
    for place, (one, shares) in enumerate(columns.items()):
        across = place + 0.4 * (np.arange(len(shares)) / (len(shares) - 1) - 0.5)
        here = one == gamma
        color, size = (MODEL.color, 4.5) if here else ("#b4b4b4", 3.0)
        ax.plot(across, shares, MODEL.marker, color=color, markersize=size)
        width = 2.4 if here else 1.5
        ax.hlines(shares.mean(), place - 0.32, place + 0.32, color=color, linewidth=width)
    ax.set_xticks(range(len(columns)), [f"{one:g}" for one in columns])
    ax.set(ylim=(0, 1), yticks=[0, 0.5, 1], xlabel=r"$\gamma$", ylabel="misplaced")
