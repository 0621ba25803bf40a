"""Curves over training steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan_lessons.viz._arrays import Numbers, check_equal_length, to_column
from gan_lessons.viz._labels import label_line_ends
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import SERIES, Role, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_history(
    steps: Numbers,
    values: Mapping[str, Numbers],
    roles: Mapping[str, Role] | None = None,
    ylabel: str = "",
    xlabel: str = "step",
    ax: Axes | None = None,
) -> Axes:
    """Draw quantities over training, each named at the end of its line.

    Parameters
    ----------
    steps
        (k,) steps at which the values were taken.
    values
        For each label the values (k,).
    roles
        For a label, whose quantity it is; others take the colours in turn.
    ylabel, xlabel
        What the axes are.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    places = to_column(steps, "steps")
    if not values or len(values) > len(SERIES):
        raise ValueError(f"values must hold 1 to {len(SERIES)} curves, got {len(values)}.")
    unknown = set(roles or {}) - set(values)
    if unknown:
        raise ValueError(f"roles names no curve of values: {sorted(unknown)}.")
    curves = {label: to_column(series, f"values[{label!r}]") for label, series in values.items()}
    given = dict(roles or {})
    free = iter([s for s in SERIES if s.color not in {role.color for role in given.values()}])
    chosen = [given[label] if label in given else next(free) for label in curves]
    ax = axes_or_new(ax)
    with style():
        for role, (label, series) in zip(chosen, curves.items(), strict=True):
            check_equal_length(places, series, f"steps and values[{label!r}]")
            ax.plot(
                places,
                series,
                color=role.color,
                linestyle=role.linestyle,
                marker=role.marker,
                markevery=max(1, len(places) // 8),
            )
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        ends = [float(series[-1]) for series in curves.values()]
        label_line_ends(ax, float(places[-1]), ends, list(curves), chosen)
    return ax


def describe_history(steps: Numbers, values: Mapping[str, Numbers], xlabel: str = "step") -> str:
    """Compose alt text for ``plot_history`` from first, lowest, highest and last values.

    Parameters
    ----------
    steps
        Steps (k,).
    values
        For each curve's name its values (k,).
    xlabel
        What ``steps`` count.

    Returns
    -------
    str
    """
    places = to_column(steps, "steps")
    parts = []
    for label, series in values.items():
        curve = to_column(series, f"values[{label!r}]")
        parts.append(
            f"{label} goes from {curve[0]:.3g} to {curve[-1]:.3g} "
            f"(lowest {curve.min():.3g}, highest {curve.max():.3g})"
        )
    return f"Curves over {xlabel} {places[0]:g} to {places[-1]:g}: {'; '.join(parts)}."
