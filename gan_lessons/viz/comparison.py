"""Two samples beside each other, and the p-values of many tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, check_labels, check_level, to_column
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import DATA, LATENT, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_two_samples(
    x: Numbers, y: Numbers, labels: tuple[str, str] = ("x", "y"), ax: Axes | None = None
) -> Axes:
    """Draw two one-dimensional samples as two rows of points, with their means as ticks.

    Parameters
    ----------
    x, y
        Samples (n,) and (m,).
    labels
        The rows' names.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    check_labels(labels, 2)
    ax = axes_or_new(ax, 6.4, 1.9)
    with style():
        for height, role, sample, label in ((1, DATA, x, labels[0]), (0, MODEL, y, labels[1])):
            points = to_column(sample, label)
            ax.plot(
                points,
                np.full(len(points), height),
                color=role.color,
                marker=role.marker,
                markersize=8,
                alpha=0.5,
                markeredgewidth=0,
                linestyle="none",
            )
            mean = float(points.mean())
            ax.plot([mean, mean], [height - 0.33, height + 0.33], color=role.color)
            ax.annotate(
                "mean",
                (mean, height + 0.33),
                xytext=(4, -2),
                textcoords="offset points",
                color=role.color,
                fontsize="small",
            )
        ax.set_ylim(-0.55, 1.6)
        ax.set_yticks([1, 0], list(labels))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    return ax


def plot_p_values(p_values: Numbers, level: float = 0.05, ax: Axes | None = None) -> Axes:
    """Draw the histogram of many tests' p-values, with the rejected part filled.

    Parameters
    ----------
    p_values
        p-values (n,) in (0, 1].
    level
        The tests' level; the bars have this width.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If a p-value is not in (0, 1], or the level not strictly between 0 and 1.
    """
    level = check_level(level)
    values = to_column(p_values, "p_values")
    if ((values <= 0) | (values > 1)).any():
        raise ValueError(f"p_values must lie in (0, 1], got {values.min():g} to {values.max():g}.")
    ax = axes_or_new(ax, 3.2, 2.5)
    bins = max(1, round(1 / level))
    with style():
        # p-values are multiples of 1 / (1 + B): bars are closed on the right, so that p = level
        # falls into the first.
        index = np.clip(np.ceil(np.round(values * bins, 5)).astype(int) - 1, 0, bins - 1)
        shares = np.bincount(index, minlength=bins) / len(values)
        places = (np.arange(bins) + 0.5) / bins
        width = 0.92 / bins
        ax.bar(places[1:], shares[1:], width=width, color="#d0d0d0")
        ax.bar(places[:1], shares[:1], width=width, color=MODEL.color, hatch=MODEL.hatch)
        ax.axhline(1 / bins, color=LATENT.color, linewidth=1.2, linestyle=":")
        ax.annotate(
            f"rejected: {shares[0]:.1%}",
            (0.1, 0.93),
            xycoords="axes fraction",
            va="center",
            color=MODEL.color,
        )
        ax.set(xlim=(0, 1), xlabel="p-value", ylabel="share of tests")
        ax.set_ylim(0, max(0.14, 1.18 * float(shares.max())))
    return ax
