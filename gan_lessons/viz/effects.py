"""Chapter 12: the effects of many tricks with their intervals, below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, check_labels, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import CRITIC, LATENT, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_effects(
    effects: Numbers,
    labels: Sequence[str],
    narrow: float = 0.0,
    xlabel: str = "effect",
    ax: Axes | None = None,
) -> Axes:
    """Draw one row per trick: its effect as a marker, the interval as a bar; a forest plot.

    An interval below 0 is drawn as a green square, one above 0 as an orange triangle, one that
    holds 0 as a grey diamond.

    Parameters
    ----------
    effects
        (k, 3): value, lower and upper end of the interval; the first row stands on top.
    labels
        The rows' names (k,).
    narrow
        Half the width of a grey band about 0; none where 0.
    xlabel
        What the horizontal axis is.
    ax
        Axes to draw into; a new figure, as high as the rows need, where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If shapes do not fit, a value lies outside its interval, or ``narrow`` is negative.
    """
    numbers = to_array(effects, "effects", (2,))
    if numbers.shape != (len(labels), 3):
        raise ValueError(
            f"effects must have shape ({len(labels)}, 3), one row per label, got {numbers.shape}."
        )
    check_labels(labels, len(labels))
    value, low, high = numbers.T
    if ((value < low) | (value > high)).any():
        raise ValueError("effects must be rows (value, low, high) in this order: low <= value.")
    if not narrow >= 0:
        raise ValueError(f"narrow must not be negative, got {narrow}.")
    ax = axes_or_new(ax, 6.4, 0.8 + 0.235 * len(labels))
    rows = np.arange(len(labels))
    with style():
        if narrow > 0:
            ax.axvspan(-narrow, narrow, color="#ececec", linewidth=0)
        ax.axvline(0, color="#777777", linewidth=1)
        for role, which in (
            (CRITIC, high < 0),
            (MODEL, low > 0),
            (LATENT, (low <= 0) & (high >= 0)),
        ):
            ax.hlines(rows[which], low[which], high[which], color=role.color, linewidth=1.6)
            ax.plot(
                value[which],
                rows[which],
                color=role.color,
                marker=role.marker,
                markersize=5.5,
                linestyle="none",
            )
        ax.set(ylim=(len(labels) - 0.4, -0.6), xlabel=xlabel)
        ax.set_yticks(rows, list(labels), fontsize="small")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x", color="#e4e4e4", linewidth=0.6)
        ax.set_axisbelow(True)
    return ax
