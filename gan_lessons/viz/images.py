"""Batches of images as crisp grids; alone, or each above its nearest neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gan_lessons._validation import check_count
from gan_lessons.viz._arrays import Numbers, check_labels, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import DATA, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def check_images(images: Numbers, name: str) -> NDArray[np.float64]:
    """Return images (n, 1 or 3, h, w) in [-1, 1] as (n, h, w, 3) in [0, 1]."""
    array = to_array(images, name, (4,))
    if array.shape[1] not in (1, 3):
        raise ValueError(f"{name} must have shape (n, 1 or 3, h, w), got {array.shape}.")
    low, high = float(array.min()), float(array.max())
    if low < -1.001 or high > 1.001:
        raise ValueError(
            f"{name} must lie in [-1, 1], got {low:.3g} to {high:.3g}; "
            f"if they are in [0, 1] or [0, 255], scale them."
        )
    colored = np.repeat(array, 3, axis=1) if array.shape[1] == 1 else array
    return np.clip((colored.transpose(0, 2, 3, 1) + 1) / 2, 0, 1)


def tile(images: NDArray[np.float64], columns: int, gap: int) -> NDArray[np.float64]:
    """Lay (n, h, w, 3) images out row by row on white, with a gap of pixels between them."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    canvas = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, 3))
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas


def _draw(ax: Axes, canvas: NDArray[np.float64]) -> None:
    """Show pixels as sharp squares, without an axis."""
    ax.imshow(canvas, interpolation="nearest")
    ax.set_axis_off()


def _fitting(canvas: NDArray[np.float64], ax: Axes | None, extra: float = 0.0) -> Axes:
    """Return axes; those of a new figure have the shape of the canvas."""
    height, width = canvas.shape[:2]
    inches = min(6.4, max(2.0, width / 25))
    return axes_or_new(ax, inches, max(0.8, inches * height / width + extra))


def image_grid(images: Numbers, columns: int = 8, gap: int = 1, ax: Axes | None = None) -> Axes:
    """Draw images row by row, each pixel a sharp square.

    Parameters
    ----------
    images
        (n, c, h, w) in [-1, 1], c 1 or 3.
    columns
        Images in a row.
    gap
        White pixels between images.
    ax
        Axes to draw into; where None a new figure of fitting shape.

    Returns
    -------
    Axes
    """
    array = check_images(images, "images")
    columns = min(check_count(columns, "columns"), len(array))
    canvas = tile(array, columns, check_count(gap, "gap", minimum=0))
    ax = _fitting(canvas, ax)
    with style():
        _draw(ax, canvas)
    return ax


def image_pairs(
    samples: Numbers,
    neighbours: Numbers,
    columns: int = 8,
    labels: tuple[str, str] = ("sample", "nearest in training set"),
    ax: Axes | None = None,
) -> Axes:
    """Draw each sample above its nearest neighbour: does the model memorise?

    Parameters
    ----------
    samples, neighbours
        (n, c, h, w) in [-1, 1], the i-th neighbour belonging to the i-th sample.
    columns
        Pairs in a row.
    labels
        What the upper and the lower image are.
    ax
        Axes to draw into; where None a new figure of fitting shape.

    Returns
    -------
    Axes
    """
    check_labels(labels, 2)
    upper, lower = check_images(samples, "samples"), check_images(neighbours, "neighbours")
    if upper.shape != lower.shape:
        raise ValueError(
            f"samples and neighbours must have the same shape, got {upper.shape} and {lower.shape}."
        )
    columns = min(check_count(columns, "columns"), len(upper))
    frame = max(1, upper.shape[1] // 16)
    pairs = np.concatenate(
        [_framed(upper, MODEL.color, frame), _framed(lower, DATA.color, frame)], 1
    )
    canvas = tile(pairs, columns, 2 * frame)
    ax = _fitting(canvas, ax, extra=0.35)
    with style():
        _draw(ax, canvas)
        for label, color, place, side in zip(
            labels, (MODEL.color, DATA.color), (0.0, 1.0), ("left", "right"), strict=True
        ):
            word = f"above: {label}" if side == "left" else f"below: {label}"
            ax.annotate(
                word,
                xy=(place, 1.0),
                xycoords="axes fraction",
                xytext=(0, 5),
                textcoords="offset points",
                ha=side,
                color=color,
            )
    return ax


def _framed(images: NDArray[np.float64], color: str, width: int) -> NDArray[np.float64]:
    """Put a coloured frame around each image."""
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    count, height, wide, _ = images.shape
    framed = np.broadcast_to(rgb, (count, height + 2 * width, wide + 2 * width, 3)).copy()
    framed[:, width:-width, width:-width] = images
    return framed


def describe_images(images: Numbers, what: str, columns: int = 8) -> str:
    """Compose alt text for ``image_grid``: how many, how large, and ``what`` they show.

    Parameters
    ----------
    images
        (n, 1 or 3, h, w) in [-1, 1].
    what
        What one sees, as a phrase.
    columns
        Images in a row.

    Returns
    -------
    str
    """
    array = to_array(images, "images", (4,))
    count, _, height, width = array.shape
    rows = -(-count // columns)
    return (
        f"Grid of {count} images of {width} by {height} pixels in {rows} "
        f"row{'s' if rows > 1 else ''}: {what.strip().rstrip('.')}."
    )
