"""Ways of training below each other, each with its interval: an ablation as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, check_labels, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import LATENT, SERIES, add_legend, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_intervals(
    series: Mapping[str, Numbers],
    labels: Sequence[str],
    references: Mapping[str, float] | None = None,
    xlabel: str = "",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw one row per way of training: for each series a marker in its interval.

    Parameters
    ----------
    series
        For each name, such as a direction, rows (k, 3): value, lower and upper end.
    labels
        The rows' names (k,); the first stands on top.
    references
        Values at which a vertical line with its name stands: a baseline, a bound.
    xlabel
        What the horizontal axis is.
    log
        Whether it is logarithmic; then all ends are above 0.
    ax
        Axes to draw into; a new figure, as high as the rows need, where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, a value lies outside its interval, or a logarithm does not exist.
    """
    if not isinstance(series, Mapping):
        kind = type(series).__name__
        raise TypeError(f"series must be a mapping of names to rows (k, 3), got {kind}.")
    if not series or len(series) > len(SERIES):
        raise ValueError(f"series must hold 1 to {len(SERIES)} kinds, got {len(series)}.")
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise TypeError(f"labels must be strings in a tuple, one for each row, got {labels!r}.")
    check_labels(list(labels), len(labels))
    lines = _check_references({} if references is None else references, log)
    tables = {name: to_array(rows, f"series[{name!r}]", (2,)) for name, rows in series.items()}
    for name, table in tables.items():
        if table.shape != (len(labels), 3):
            raise ValueError(
                f"series[{name!r}] must have shape ({len(labels)}, 3), one row per label, got "
                f"{table.shape}."
            )
        if ((table[:, 0] < table[:, 1]) | (table[:, 0] > table[:, 2])).any():
            raise ValueError(f"series[{name!r}] must be rows (value, low, high).")
        if log and table.min() <= 0:
            raise ValueError(
                f"series[{name!r}] must be above 0 where log is True, got {table.min():.3g}; take "
                "the interval of the logarithms."
            )
    ax = axes_or_new(ax, 6.4, 1.1 + 0.36 * len(labels))
    rows, roles = np.arange(len(labels)), SERIES[: len(tables)]
    shifts = (np.arange(len(tables)) - (len(tables) - 1) / 2) * 0.27
    with style():
        for place, (word, value) in enumerate(lines.items()):
            ax.axvline(value, color=LATENT.color, linestyle=(0, (2 + 3 * place, 2)), linewidth=1.2)
            above = ("data", "axes fraction")
            ax.annotate(word, (value, 1.01), xycoords=above, ha="center", color=LATENT.color)
        for role, shift, (name, table) in zip(roles, shifts, tables.items(), strict=True):
            value, low, high = table.T
            ax.hlines(rows + shift, low, high, color=role.color, linewidth=1.8)
            ax.plot(
                value,
                rows + shift,
                color=role.color,
                marker=role.marker,
                linestyle="none",
                label=name,
            )
        if log:
            from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
            ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(ylim=(len(labels) - 0.4, -0.6), xlabel=xlabel)
        ax.set_yticks(rows, list(labels))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x", color="#e4e4e4", linewidth=0.6)
        ax.set_axisbelow(True)
    return add_legend(ax) if len(tables) > 1 else ax


def _check_references(references: object, log: bool) -> dict[str, float]:
    """Return finite places of vertical lines by their names; with ``log`` they are above 0."""
    if not isinstance(references, Mapping):
        kind = type(references).__name__
        raise TypeError(f"references must be a mapping of names to numbers, got {kind}.")
    lines = {}
    for word, value in references.items():
        lines[word] = float(to_array(value, f"references[{word!r}]", (0,)))
        if log and lines[word] <= 0:
            raise ValueError(
                f"references[{word!r}] must be above 0 where log is True, got {lines[word]:.3g}."
            )
    return lines
