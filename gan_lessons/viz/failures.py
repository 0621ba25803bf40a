"""Chapter 10: where a discriminator pushes samples, and how failed runs were called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import CRITIC, LATENT, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A push of WEAKEST or less is drawn as a dot, of STRONGEST or more as the longest arrow.
WEAKEST, STRONGEST = 1e-3, 1e1


def plot_push(places: Numbers, push: Numbers, ax: Axes | None = None) -> Axes:
    """Draw where samples are pushed: arrows whose length grows with the logarithm of the push.

    Strengths from 0.001 to 10 are told apart, each factor of ten by as much again; at most 0.001
    is a dot.

    Parameters
    ----------
    places, push
        A square lattice of places and the push there, both (m, 2).
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shapes are not (m, 2), or all places are one.
    """
    where, moves = to_array(places, "places", (2,)), to_array(push, "push", (2,))
    if where.shape != moves.shape or where.shape[1] != 2:
        raise ValueError(
            f"places and push must both have shape (m, 2), got {where.shape} and {moves.shape}."
        )
    ticks = np.unique(where[:, 0])
    if len(ticks) < 2:
        raise ValueError("places must form a lattice, got the same first coordinate everywhere.")
    gap = float(np.diff(ticks).min())
    strength = np.linalg.norm(moves, axis=1)
    seen = strength > WEAKEST
    share = np.log(strength[seen] / WEAKEST) / np.log(STRONGEST / WEAKEST)
    arrows = moves[seen] / strength[seen, None] * np.minimum(share, 1.0)[:, None] * gap
    ax = axes_or_new(ax, 4.2, 4.0)
    with style():
        if seen.any():
            ax.quiver(
                *where[seen].T,
                *arrows.T,
                color=CRITIC.color,
                pivot="tail",
                angles="xy",
                scale_units="xy",
                scale=1.0,
                width=0.008,
                headwidth=4.0,
                headlength=4.5,
                headaxislength=4.0,
            )
        ax.plot(*where[~seen].T, color=CRITIC.color, marker=".", linestyle="none", markersize=2.5)
        ax.set_aspect("equal", adjustable="box")
    return ax


def plot_confusion(
    counts: Numbers, rows: Sequence[str], columns: Sequence[str], ax: Axes | None = None
) -> Axes:
    """Draw a table of counts: what things are (rows) against what they are called (columns).

    A cell whose row and column have one name is right: green. The others are misses: hatched
    orange. Cells without a count stay empty.

    Parameters
    ----------
    counts
        How often, whole numbers, (rows, columns).
    rows, columns
        Names of what things are, and of what they may be called.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shape does not fit, or a count is negative.
    """
    from matplotlib.patches import Rectangle

    table = to_array(counts, "counts", (2,))
    if table.shape != (len(rows), len(columns)):
        raise ValueError(
            f"counts must have shape ({len(rows)}, {len(columns)}), got {table.shape}."
        )
    if table.min() < 0:
        raise ValueError(f"counts must not be negative, got {table.min():g}.")
    ax = axes_or_new(ax, 6.4, 0.36 * len(rows) + 1.4)
    with style():
        for i, j in np.ndindex(*table.shape):
            right, count = rows[i] == columns[j], int(table[i, j])
            role = CRITIC if right else MODEL
            pale = "#f6f6f6" if count == 0 else role.color + "2e"
            box = Rectangle((j - 0.46, i - 0.43), 0.92, 0.86, facecolor=pale, edgecolor="none")
            if count and not right:
                box.set(hatch=role.hatch, edgecolor=role.color + "55", linewidth=0)
            ax.add_patch(box)
            if count:
                weight = "bold" if right else "normal"
                ax.text(
                    *(j, i, str(count)),
                    ha="center",
                    va="center_baseline",
                    color=role.color,
                    fontweight=weight,
                )
        ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        ax.set_xticks(range(len(columns)), list(columns), rotation=38, ha="left")
        ax.set_yticks(range(len(rows)), list(rows))
        ax.xaxis.tick_top()
        ax.tick_params(length=0, colors=LATENT.color)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax
