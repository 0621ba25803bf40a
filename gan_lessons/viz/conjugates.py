"""A convex function and its Fenchel conjugate: the highest line of a slope, and where it starts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan_lessons._validation import check_positive
from gan_lessons.viz.figure import new_figure
from gan_lessons.viz.style import CRITIC, MODEL, SERIES, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVE = SERIES[4]
_PALE = "#b5b5b5"


def _values(function: Callable[[Tensor], Tensor], points: NDArray[np.float64]) -> NDArray:
    """Return a function's values as an array, NaN where they are not finite."""
    values = np.asarray(function(torch.from_numpy(points)).detach(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def plot_conjugate(
    f: Callable[[Tensor], Tensor],
    conjugate: Callable[[Tensor], Tensor],
    slope: float,
    ratio: float | None = None,
    u_max: float = 4.0,
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    r"""Draw f with its highest line of a slope below it, and the conjugate at that slope.

    The line is u t - f*(t), and so it starts at height -f*(t). Where f*(t) is infinite no line of
    slope t stays below f, and none is drawn.

    Parameters
    ----------
    f, conjugate
        A convex function on u > 0 and its Fenchel conjugate, both elementwise on tensors, such as
        ``divergence.f`` and ``divergence.conjugate`` of any FDivergence.
    slope
        The slope t.
    ratio
        A density ratio p/q at which the gap between f and the line is marked; none where None.
    u_max
        Right end of the left panel.
    axes
        Two Axes to draw into; a new figure where None.

    Returns
    -------
    tuple
        Both Axes: that of f and that of the conjugate.

    Raises
    ------
    ValueError
        If the slope is not finite, or ratio or u_max is not positive.
    """
    if not math.isfinite(slope):
        raise ValueError(f"slope must be finite, got {slope}.")
    check_positive(u_max, "u_max")
    left, right = new_figure(columns=2)[1] if axes is None else axes
    u = np.linspace(0.0, u_max, 601)
    height = _values(f, u)
    (value,) = conjugate(torch.tensor([slope], dtype=torch.float64)).tolist()
    bottom = float(np.nanmin(height))
    top = float(np.nanmax(height[u >= 0.04 * u_max]))
    room = top - bottom
    with style():
        left.axhline(0, color=_PALE, linewidth=0.9)
        left.plot(u, height, color=_CURVE.color)
        floor = bottom - 0.55 * room
        if math.isfinite(value):  # the start of the line, if it is not far down
            floor = max(min(floor, -value - 0.1 * room), bottom - 1.2 * room)
        left.set(xlim=(-0.02 * u_max, u_max), ylim=(floor, top + 0.08 * room))
        left.set(xlabel="$u = p/q$", title="$f(u)$ and a line below")
        if math.isfinite(value):
            left.plot(u, slope * u - value, color=CRITIC.color, linestyle=CRITIC.linestyle)
            if -value > floor:
                _mark_start(left, -value, slope)
            if ratio is not None:
                _draw_gap(left, f, slope * ratio - value, ratio)
        _draw_conjugate(right, f, conjugate, slope, value)
    return left, right


def _mark_start(ax: Axes, height: float, slope: float) -> None:
    """Mark where the line starts, at u = 0."""
    ax.plot(0, height, CRITIC.marker, color=CRITIC.color, clip_on=False, zorder=5)
    ax.annotate(
        "$-f^*(t)$",
        (0, height),
        xytext=(4, -20) if slope < 0 else (9, -6),
        textcoords="offset points",
        va="top",
        color=CRITIC.color,
    )


def _draw_gap(ax: Axes, f: Callable[[Tensor], Tensor], low: float, ratio: float) -> None:
    """Mark what a line is short of f at one ratio."""
    check_positive(ratio, "ratio")
    (high,) = f(torch.tensor([ratio], dtype=torch.float64)).tolist()
    ax.plot([ratio, ratio], [low, high], color=MODEL.color, linewidth=3)
    ax.plot(ratio, high, "o", color=_CURVE.color, zorder=5)


def _draw_conjugate(
    ax: Axes,
    f: Callable[[Tensor], Tensor],
    conjugate: Callable[[Tensor], Tensor],
    slope: float,
    value: float,
) -> None:
    """Draw the conjugate around the slope of f at 1, with one slope marked."""
    beside = torch.tensor([1 - 1e-4, 1 + 1e-4], dtype=torch.float64)
    middle = float((f(beside)[1] - f(beside)[0]) / 2e-4)
    low, high = min(middle - 1.6, slope - 0.2), max(middle + 1.4, slope + 0.2)
    t = np.linspace(low, high, 601)
    heights = _values(conjugate, t)
    finite = np.isfinite(heights)
    shown = heights[finite & (t < middle + 1.4)]
    span = max(float(np.quantile(shown, 0.97) - shown.min()), 0.5)
    floor, roof = float(shown.min()) - 0.12 * span, float(shown.min()) + 1.15 * span
    if math.isfinite(value):
        roof = max(roof, value + 0.1 * span)
    ax.set(xlim=(low, high), ylim=(floor, roof), xlabel="$t$", title="$f^*(t)$")
    ax.plot(t, heights, color=_CURVE.color)
    if not finite[-1]:
        end = float(t[finite][-1])
        ax.axvspan(end, high, color="#e6e6e6", linewidth=0)
        ax.annotate(
            r"$\infty$", ((end + high) / 2, (floor + roof) / 2), ha="center", color="#474747"
        )
    ax.axvline(slope, color=CRITIC.color, linestyle=":", linewidth=1.4)
    if math.isfinite(value):
        ax.plot(slope, value, CRITIC.marker, color=CRITIC.color, zorder=5)
