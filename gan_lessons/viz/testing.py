"""Pictures of a statistical test: its null distribution, and its power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons._validation import check_count, check_positive
from gan_lessons.viz._arrays import (
    Numbers,
    check_equal_length,
    check_level,
    to_array,
    to_band,
    to_column,
    to_shares,
)
from gan_lessons.viz._labels import label_line_ends
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import LATENT, MODEL, SERIES, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def check_p_value(p_value: float) -> float:
    """Return a p-value in (0, 1]."""
    number = check_positive(p_value, "p_value")
    if number > 1:
        raise ValueError(f"p_value must be at most 1, got {p_value}.")
    return number


def plot_null(
    null: Numbers,
    statistic: float,
    p_value: float,
    name: str = "statistic",
    bins: int = 30,
    limits: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the null distribution, what was observed, and the tail whose share is the p-value.

    Parameters
    ----------
    null
        Statistics of the permutations (b,).
    statistic
        The statistic observed.
    p_value
        The p-value, written into the picture.
    name
        What the statistic is called on the axis.
    bins
        Number of bins of the histogram.
    limits
        Ends of the horizontal axis, to compare several pictures; what is drawn fits where None.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If an argument is no finite number, the p-value not in (0, 1], or the limits do not rise.
    """
    values = to_column(null, "null")
    observed = float(to_array(statistic, "statistic", (0,)))
    p_value = check_p_value(p_value)
    check_count(bins, "bins")
    if limits is not None:
        ends = to_column(limits, "limits")
        if len(ends) != 2 or ends[0] >= ends[1]:
            raise ValueError(f"limits must be two rising numbers (left, right), got {limits}.")
    ax = axes_or_new(ax)
    with style():
        low, high = float(values.min()), float(values.max())
        step = (high - low) / bins or max(abs(high - observed), 1.0) / bins
        # one edge lies exactly on the statistic, so that exactly the tail is shaded, ties included
        first = int(np.floor((low - observed) / step))
        last = int(np.floor((high - observed) / step)) + 1
        edges = observed + step * np.arange(first, last + 1)
        edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)
        counts, edges = np.histogram(values, edges)
        inside = np.arange(first, last) >= 0
        wide = np.diff(edges)
        ax.bar(edges[:-1], counts, wide, align="edge", color="#c4c4c4", edgecolor="white", lw=0.6)
        ax.bar(
            edges[:-1][inside],
            counts[inside],
            wide[inside],
            align="edge",
            color=MODEL.color,
            edgecolor="white",
            hatch="///",
            lw=0.6,
        )
        top = 1.42 * float(counts.max())
        ax.set_ylim(0, top)
        ax.plot([observed, observed], [0, 0.84 * top], color=MODEL.color)
        ax.plot([observed], [0.84 * top], color=MODEL.color, marker="v")
        left, right = limits or (min(low, observed), max(high, observed))
        margin = 0.0 if limits else max(0.04 * (right - left), step)
        ax.set_xlim(left - margin, right + margin)
        beyond = observed > left + 0.5 * (right - left)
        ax.annotate(
            f"p-value {p_value:.2g}",
            xy=(observed, 0.84 * top),
            xytext=(6 if beyond else -6, 9),
            textcoords="offset points",
            ha="right" if beyond else "left",
            color=MODEL.color,
            fontweight="bold",
        )
        ax.set_xlabel(name)
        ax.set_ylabel("permutations")
    return ax


def describe_null(null: Numbers, statistic: float, p_value: float, name: str = "statistic") -> str:
    """Compose alt text for ``plot_null`` from its numbers.

    Parameters
    ----------
    null
        The statistic under every permutation (B,).
    statistic, p_value
        As observed.
    name
        What the statistic is.

    Returns
    -------
    str
    """
    values = to_column(null, "null")
    beyond = int((values >= float(statistic)).sum())
    return (
        f"Histogram of the {name} under {len(values)} permutations, from {values.min():.3g} to "
        f"{values.max():.3g}; the observed value {float(statistic):.3g} is reached by {beyond} of "
        f"them, p-value {p_value:.2g}."
    )


def plot_power(
    sizes: Numbers,
    power: Mapping[str, Numbers],
    intervals: Mapping[str, tuple[Numbers, Numbers]] | None = None,
    level: float | None = 0.05,
    xlabel: str = "sample size",
    ax: Axes | None = None,
) -> Axes:
    """Draw the power of several tests against sample size or dimension.

    Parameters
    ----------
    sizes
        (k,) positive numbers for the horizontal, logarithmic axis.
    power
        For each test's name the shares of rejections (k,).
    intervals
        For each name the lower and upper ends of confidence intervals, (k,) each.
    level
        The test's level, drawn as a line; none where None.
    xlabel
        What ``sizes`` are.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If a size is not positive, a power not in [0, 1], the level not in (0, 1), the lengths
        differ, or an interval belongs to no test or has its ends exchanged.
    """
    places = to_column(sizes, "sizes")
    if not power or len(power) > len(SERIES):
        raise ValueError(f"power must hold 1 to {len(SERIES)} tests, got {len(power)}.")
    if (places <= 0).any():
        raise ValueError(f"sizes must be positive for a logarithmic axis, got {places.min():g}.")
    if level is not None:
        level = check_level(level)
    curves = {name: to_shares(values, f"power[{name!r}]") for name, values in power.items()}
    bands = {name: to_band(ends, name, curves) for name, ends in (intervals or {}).items()}
    ax = axes_or_new(ax, 6.4, 3.6)
    with style():
        for role, (name, values) in zip(SERIES, curves.items(), strict=False):
            check_equal_length(places, values, f"sizes and power[{name!r}]")
            if name in bands:
                ax.fill_between(places, *bands[name], color=role.color, alpha=0.13, linewidth=0)
            ax.plot(places, values, color=role.color, linestyle=role.linestyle, marker=role.marker)
        ax.set_xscale("log")
        ax.set_xticks(places, [f"{place:g}" for place in places])
        ax.minorticks_off()
        ax.set_ylim(0, 1.04)
        ax.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        ax.set_xlabel(xlabel)
        ax.set_ylabel("power")
        roles = list(SERIES[: len(curves)])
        ends = [float(values[-1]) for values in curves.values()]
        names = list(curves)
        if level is not None:
            ax.axhline(level, color=LATENT.color, linewidth=1.2, linestyle=":")
            names, ends = [*names, f"level {level:g}"], [*ends, level]
            roles.append(LATENT._replace(marker=""))
        label_line_ends(ax, float(places[-1]), ends, names, roles)
    return ax


def describe_power(
    sizes: Numbers, power: Mapping[str, Numbers], xlabel: str = "sample size"
) -> str:
    """Compose alt text for ``plot_power`` from its numbers.

    Parameters
    ----------
    sizes
        (k,), the horizontal axis.
    power
        For each test's name the shares of rejections (k,).
    xlabel
        What ``sizes`` are.

    Returns
    -------
    str
    """
    places = to_column(sizes, "sizes")
    parts = []
    for name, values in power.items():
        curve = to_shares(values, f"power[{name!r}]")
        parts.append(f"{name} from {100 * curve[0]:.0f} % to {100 * curve[-1]:.0f} %")
    return f"Power against {xlabel}, {places[0]:g} to {places[-1]:g}: {'; '.join(parts)}."
