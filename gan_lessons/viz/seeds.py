"""Curves with their spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_lessons.viz._arrays import Numbers, to_array, to_column
from gan_lessons.viz._labels import label_line_ends
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import SERIES, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_seeds(
    steps: Numbers,
    runs: Mapping[str, Numbers],
    ylabel: str = "",
    xlabel: str = "step",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw, for each kind of run, the mean over seeds as a line and all seeds as a band.

    Parameters
    ----------
    steps
        Where the runs were measured (k,).
    runs
        For each label the values (seeds, k); the band goes from the lowest to the highest seed.
    ylabel, xlabel
        What the axes are.
    log
        Whether both axes are logarithmic.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    places = to_column(steps, "steps")
    if not runs or len(runs) > len(SERIES):
        raise ValueError(f"runs must hold 1 to {len(SERIES)} kinds, got {len(runs)}.")
    tables = {label: to_array(table, f"runs[{label!r}]", (2,)) for label, table in runs.items()}
    for label, table in tables.items():
        if table.shape[1] != len(places):
            raise ValueError(
                f"runs[{label!r}] must have shape (seeds, {len(places)}), got {table.shape}."
            )
    ax = axes_or_new(ax)
    roles = SERIES[: len(tables)]
    with style():
        for role, table in zip(roles, tables.values(), strict=True):
            ax.fill_between(
                places, table.min(0), table.max(0), color=role.color, alpha=0.14, linewidth=0
            )
            ax.plot(
                places,
                table.mean(0),
                color=role.color,
                linestyle=role.linestyle,
                marker=role.marker,
            )
        if log:
            ax.set_xscale("log")
            ax.set_yscale("log")
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        ends = [float(table[:, -1].mean()) for table in tables.values()]
        label_line_ends(ax, float(places[-1]), ends, list(tables), list(roles))
    return ax
