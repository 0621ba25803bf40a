"""Laws and samples: densities, histograms and points in the plane, each in its party's colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gan_lessons._validation import check_count
from gan_lessons.viz._arrays import Numbers, check_equal_length, to_array, to_column
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import Role, check_role, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_density(
    x: Numbers,
    density: Numbers,
    role: Role,
    label: str | None = None,
    fill: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw a density as a curve with its name beside the summit.

    Parameters
    ----------
    x, density
        Places (n,) and values of the density there (n,).
    role
        Whose law it is: ``DATA``, ``MODEL``, ``CRITIC`` or ``LATENT``.
    label
        The name; that of the role where None, none where empty.
    fill
        Whether the area below is tinted.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If ``role`` is not a Role, the lengths differ, or a value is not a finite number or
        negative.
    """
    check_role(role)
    places, values = to_column(x, "x"), to_column(density, "density")
    check_equal_length(places, values, "x and density")
    if values.min() < -1e-9 * abs(values).max():  # less is rounding
        raise ValueError(f"density must not be negative, got {values.min():g}; take exp(log_prob).")
    ax = axes_or_new(ax)
    with style():
        ax.plot(places, values, color=role.color, linestyle=role.linestyle)
        if fill:
            ax.fill_between(places, values, color=role.color, alpha=0.15, linewidth=0)
        ax.set_ylim(0, max(ax.get_ylim()[1], 1.18 * float(values.max())))
        text = role.label if label is None else label
        if text:
            # left laws are named on their left, right ones on their right
            summit = int(values.argmax())
            right = places[summit] >= (places[0] + places[-1]) / 2
            half = values >= 0.85 * values.max()
            edge = np.flatnonzero(half)[-1 if right else 0]
            ax.annotate(
                text,
                xy=(float(places[edge]), float(values[edge])),
                xytext=(7 if right else -7, 5),
                textcoords="offset points",
                ha="left" if right else "right",
                color=role.color,
            )
    return ax


def plot_histogram(
    samples: Numbers,
    role: Role,
    bins: int | Numbers = 30,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a sample on the line as a histogram of area one.

    Parameters
    ----------
    samples
        (n,) or (n, 1).
    role
        Whose sample it is.
    bins
        Number of bins, or their edges; give the same edges to two histograms that are compared.
    label
        The name in the legend; that of the role where None.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    check_role(role)
    values = to_column(samples, "samples")
    count = check_count(bins, "bins") if isinstance(bins, int) else 0
    edges = np.histogram_bin_edges(values, count) if count else to_column(bins, "bins")
    borders = edges.tolist()
    ax = axes_or_new(ax)
    with style():
        ax.hist(
            values, bins=borders, density=True, color=role.color, alpha=0.25, edgecolor="none"
        )  # a tint, and an outline that stays visible where two histograms overlap
        ax.hist(
            values,
            bins=borders,
            density=True,
            histtype="step",
            color=role.color,
            linestyle=role.linestyle,
            linewidth=2.0,
            label=role.label if label is None else label,
        )
        ax.set_ylabel("density")
    return ax


def scatter(
    samples: Numbers,
    role: Role,
    label: str | None = None,
    size: float = 14.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw points of the plane with the party's colour and marker, both axes to one scale.

    Parameters
    ----------
    samples
        (n, 2).
    role
        Whose sample it is.
    label
        The name in the legend; that of the role where None.
    size
        Area of a marker in square points.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    check_role(role)
    points = to_array(samples, "samples", (2,))
    if points.shape[1] != 2:
        raise ValueError(f"samples must have shape (n, 2), got {points.shape}.")
    ax = axes_or_new(ax, 4.2, 4.0)
    with style():
        ax.scatter(
            points[:, 0],
            points[:, 1],
            s=size,
            color=role.color,
            marker=role.marker,
            alpha=0.6,
            linewidths=0,
            label=role.label if label is None else label,
        )
        ax.set_aspect("equal", adjustable="datalim")
        ax.set_xlabel("$x_1$")
        ax.set_ylabel("$x_2$", rotation=0, labelpad=10)
    return ax
