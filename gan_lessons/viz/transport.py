"""Where the mass goes: a transport plan as lines between two samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gan_lessons.viz._arrays import Numbers, to_array
from gan_lessons.viz.figure import new_figure
from gan_lessons.viz.style import DATA, LATENT, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_transport(x: Numbers, y: Numbers, plan: Numbers, ax: Axes | None = None) -> Axes:
    """Draw two samples and a line for each pair that exchanges mass, the wider the more.

    Samples on the line stand in two rows, x above y; samples in the plane where they are.

    Parameters
    ----------
    x, y
        Samples (n,) and (m,), or (n, d) and (m, d) with d = 1 or 2.
    plan
        Mass (n, m) sent from each x to each y, not negative.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the shapes do not fit, or a mass is negative.
    """
    x, y = (to_array(part, name, (1, 2)) for part, name in ((x, "x"), (y, "y")))
    x, y = (part[:, None] if part.ndim == 1 else part for part in (x, y))
    masses = to_array(plan, "plan", (2,))
    if x.shape[1] != y.shape[1] or x.shape[1] > 2:
        raise ValueError(f"x and y must have 1 or 2 features, got {x.shape[1]} and {y.shape[1]}.")
    if masses.shape != (len(x), len(y)):
        raise ValueError(f"plan must have shape ({len(x)}, {len(y)}), got {masses.shape}.")
    if masses.min() < 0:
        raise ValueError(f"plan must not be negative, got a smallest mass of {masses.min():.4g}.")
    on_line = x.shape[1] == 1
    if on_line:
        x = np.column_stack([x, np.ones(len(x))])
        y = np.column_stack([y, np.zeros(len(y))])
    if ax is None:
        _, ax = new_figure(height=2.4 if on_line else 4.0)
    largest = masses.max()
    with style():
        for i, j in zip(*np.nonzero(masses > 1e-6 * largest), strict=True):
            share = float(masses[i, j] / largest)
            ax.plot(
                [x[i, 0], y[j, 0]],
                [x[i, 1], y[j, 1]],
                color=LATENT.color,
                linewidth=0.4 + 1.1 * share,
                alpha=0.35 + 0.4 * share,
                zorder=1,
            )
        for role, points in ((DATA, x), (MODEL, y)):
            ax.plot(
                points[:, 0],
                points[:, 1],
                color=role.color,
                marker=role.marker,
                linestyle="none",
                markersize=6,
                zorder=2,
                label=role.label,
            )
        if on_line:
            ax.set(ylim=(-0.25, 1.25), yticks=[0, 1], yticklabels=["model", "data"])
            for tick, role in zip(ax.get_yticklabels(), (MODEL, DATA), strict=True):
                tick.set_color(role.color)
    return ax
