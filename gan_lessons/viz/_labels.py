"""Direct labels: words at the end of a line instead of a legend, kept apart from each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan_lessons.viz.style import Role

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
    ax: Axes, x: float, ends: Sequence[float], labels: Sequence[str], roles: Sequence[Role]
) -> None:
    """Write each label, after its line's marker, right of the axes at the line's last height.

    Call it last: the limits of the vertical axis must be final.
    """
    from matplotlib.lines import Line2D
    from matplotlib.transforms import ScaledTranslation

    figure = ax.get_figure(root=True)
    assert figure is not None
    bottom, top = ax.transData.transform([(x, end) for end in ax.get_ylim()])[:, 1]
    heights = (ax.transData.transform([(x, end) for end in ends])[:, 1] - bottom) / (top - bottom)
    inches = 0.72 * float(figure.get_size_inches()[1])  # about the height of the axes
    aside = ax.transAxes + ScaledTranslation(13 / 72, 0, figure.dpi_scale_trans)
    places = spread(heights, 0.19 / inches, 0.0, 1.0)
    for height, label, role in zip(places, labels, roles, strict=True):
        if role.marker:
            ax.add_artist(
                Line2D(
                    [1.0],
                    [float(height)],
                    color=role.color,
                    marker=role.marker,
                    linestyle="none",
                    transform=aside,
                    clip_on=False,
                )
            )
        ax.annotate(
            label,
            xy=(1.0, float(height)),
            xycoords="axes fraction",
            xytext=(22, 0),
            textcoords="offset points",
            va="center",
            ha="left",
            color=role.color,
            annotation_clip=False,
        )
