"""Chapter 9: balls around samples, and the table of metrics against failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, to_array, to_column
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import CRITIC, LATENT, MODEL, Role, check_role, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEN, UNSEEN = 0.8, 0.3  # shares of repetitions


def plot_balls(centres: Numbers, radii: Numbers, role: Role, ax: Axes | None = None) -> Axes:
    """Draw a tinted disc around each point of the plane, and the outline of their union.

    Parameters
    ----------
    centres, radii
        Shapes (n, 2) and (n,); radii are zero or positive.
    role
        Whose samples the centres are.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shapes do not fit, or a radius is negative.
    """
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    check_role(role)
    middles, sizes = to_array(centres, "centres", (2,)), to_column(radii, "radii")
    if middles.shape != (len(sizes), 2):
        raise ValueError(
            f"centres must have shape (n, 2) with a radius each, got {middles.shape} for "
            f"{len(sizes)} radii."
        )
    if sizes.min() < 0:
        raise ValueError(f"radii must not be negative, got a smallest of {sizes.min():.4g}.")
    ax = axes_or_new(ax, 4.0, 4.0)
    for width, tint in ((1.6, 0.55), (0.0, 0.14)):  # first outlines, then discs that cover them
        color = tuple(1 - tint * (1 - part) for part in _rgb(role.color))
        circles = [
            Circle(tuple(c), r) for c, r in zip(middles.tolist(), sizes.tolist(), strict=True)
        ]
        drawn = PatchCollection(circles, facecolor=color, edgecolor=color, linewidth=width)
        drawn.set_zorder(0.5)
        ax.add_collection(drawn)
    ax.set_aspect("equal")
    ax.autoscale_view()
    return ax


def plot_verdicts(
    share: Numbers,
    away: Numbers,
    rows: Sequence[str],
    columns: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Draw the table of metrics (rows) against failures (columns), the verdict in each cell.

    A cell is seen where ``share`` is at least 0.8: then it shows ``away``, green where the metric
    calls the failed sample worse than real ones, hatched orange where it calls it better. At most
    0.3 is unseen, a dot; between them it shows the share.

    Parameters
    ----------
    share
        How often the metric left the range of real samples: (rows, columns), 0 to 1.
    away
        How far, in standard deviations of real samples, positive for worse: (rows, columns).
    rows, columns
        Names of metrics and of failures.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shapes do not fit.
    """
    from matplotlib.patches import Rectangle

    shares, distances = to_array(share, "share", (2,)), to_array(away, "away", (2,))
    for values, name in ((shares, "share"), (distances, "away")):
        if values.shape != (len(rows), len(columns)):
            raise ValueError(
                f"{name} must have shape ({len(rows)}, {len(columns)}), got {values.shape}."
            )
    ax = axes_or_new(ax, 6.4, 0.34 * len(rows) + 0.9)
    with style():
        for i, j in np.ndindex(*shares.shape):
            color, hatch, text, weight = _cell(float(shares[i, j]), float(distances[i, j]))
            face = (*_rgb(color), 0.22) if hatch is not None else (0, 0, 0, 0.035)
            box = Rectangle((j - 0.46, i - 0.42), 0.92, 0.84, facecolor=face, edgecolor="none")
            if hatch:
                box.set(hatch=hatch, edgecolor=(*_rgb(color), 0.4), linewidth=0)
            ax.add_patch(box)
            ax.text(j, i, text, ha="center", va="center_baseline", color=color, fontweight=weight)
        ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
        ax.set_xticks(range(len(columns)), list(columns))
        ax.set_yticks(range(len(rows)), list(rows))
        ax.xaxis.tick_top()
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax


def _cell(share: float, away: float) -> tuple[str, str | None, str, str]:
    """Return colour, hatch (None: no tint), text and weight of a verdict."""
    if share >= SEEN:
        role = CRITIC if away > 0 else MODEL
        sign = "+" if away > 0 else "\N{MINUS SIGN}"
        return role.color, "" if away > 0 else "///", f"{sign}{abs(away):.0f}", "bold"
    if share <= UNSEEN:
        return LATENT.color, None, "\N{MIDDLE DOT}", "normal"
    return LATENT.color, None, f"{share:.0%}", "normal"


def _rgb(color: str) -> tuple[float, float, float]:
    """Return a hexadecimal colour as three numbers from 0 to 1."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue
