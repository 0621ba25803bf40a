"""Direct labels: words at the end of a line instead of a legend, kept apart from each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> NDArray[np.float64]:
    """Return positions as near to the wanted ones as a least gap in [low, high] allows.

    Neighbours that are too close become a block around their mean (pool adjacent violators), so
    the order stays and the sum of squared moves is as small as it can be.
    """
    positions = np.asarray(wanted, dtype=np.float64)
    count = len(positions)
    if count == 0:
        return positions
    gap = min(gap, (high - low) / max(count - 1, 1))
    order = np.argsort(positions, kind="stable")
    targets = positions[order] - gap * np.arange(count)
    blocks: list[list[float]] = []  # [mean, size]
    for target in targets:
        blocks.append([float(target), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * size) / (before[1] + size)
            before[1] += size
    levels = np.concatenate([np.full(int(size), mean) for mean, size in blocks])
    levels = np.clip(levels, low, high - gap * (count - 1))
    result = np.empty(count)
    result[order] = levels + gap * np.arange(count)
    return result


def label_line_ends(
    ax: Axes, x: float, ends: Sequence[float], labels: Sequence[str], colors: Sequence[str]
) -> None:
    """Write each label to the right of the axes at its line's last height, without overlap.

    Call it last: the limits of the vertical axis must be final.
    """
    low, high = ax.get_ylim()
    to_axes = ax.transData.transform
    bottom, top = to_axes((x, low))[1], to_axes((x, high))[1]
    heights = [(to_axes((x, end))[1] - bottom) / (top - bottom) for end in ends]
    figure = ax.get_figure(root=True)
    inches = 0.72 * float(figure.get_size_inches()[1]) if figure else 2.0  # about the axes' height
    gap = 0.19 / inches
    for height, label, color in zip(spread(heights, gap, 0.0, 1.0), labels, colors, strict=True):
        ax.annotate(
            label,
            xy=(1.0, float(height)),
            xycoords="axes fraction",
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            ha="left",
            color=color,
            annotation_clip=False,
        )


def roomy_top(ax: Axes, share: float = 0.22) -> None:
    """Leave room for words above what is drawn."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + share * (high - low))
