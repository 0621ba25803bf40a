"""Chapter 16: rows of images with their names, and where the modes of one domain go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from gan_lessons._validation import check_count, check_positive
from gan_lessons.viz._arrays import Numbers, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.images import check_images, tile
from gan_lessons.viz.style import DATA, LATENT, MODEL, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def image_rows(rows: Mapping[str, Numbers], gap: int = 1, ax: Axes | None = None) -> Axes:
    """Draw rows of images below each other, each with its name at the left.

    Images of one column belong together: before, translated, the truth, back again.

    Parameters
    ----------
    rows
        For each name images (n, 1 or 3, h, w) in [-1, 1]; n, h and w are the same in all rows.
    gap
        White pixels between images.
    ax
        Axes to draw into; where None a new figure of fitting shape.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If there is no row, or a row is no batch of images of the first one's number and size.
    """
    if not isinstance(rows, Mapping) or not rows:
        raise ValueError("rows must be a mapping of one or more names to images (n, c, h, w).")
    gap = check_count(gap, "gap", minimum=0)
    arrays = {name: check_images(images, f"rows[{name!r}]") for name, images in rows.items()}
    wanted = next(iter(arrays.values())).shape
    for name, array in arrays.items():
        if array.shape != wanted:
            count, height, width, _ = wanted
            raise ValueError(
                f"rows[{name!r}] must hold {count} images of {width} by {height} pixels as the "
                f"first row, got {array.shape[0]} of {array.shape[2]} by {array.shape[1]}."
            )
    columns, height, width, _ = wanted
    canvas = tile(np.concatenate([*arrays.values()]), columns, gap)
    inches = min(5.1, max(1.5, canvas.shape[1] / 25))
    # 1.3 in are for the names
    ax = axes_or_new(ax, inches + 1.3, max(0.6, inches * canvas.shape[0] / canvas.shape[1]))
    with style():
        ax.imshow(canvas, interpolation="nearest")
        middles = [k * (height + gap) + (height - 1) / 2 for k in range(len(arrays))]
        ax.set_yticks(middles, list(arrays))
        ax.set_xticks([])
        ax.set_anchor("E")
        ax.tick_params(axis="y", length=0, pad=5, labelcolor="#222222")
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax


def plot_mode_map(
    a: Numbers,
    b: Numbers,
    sent: Sequence[int],
    std: float = 0.0,
    names: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the modes of two domains in one plane, and an arrow from each of a to where it goes.

    Modes of a are blue discs, of b orange triangles. An arrow to a mode of b that another arrow
    reaches too is grey and dotted: such a map has no way back.

    Parameters
    ----------
    a, b
        Centres (k, 2) and (m, 2).
    sent
        For each mode of a the number of a mode of b (k,).
    std
        Standard deviation of every mode: circles show three of them; none where 0.
    names
        Whether each mode carries its number.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or ``sent`` names a mode that there is not.
    """
    start, end = to_array(a, "a", (2,)), to_array(b, "b", (2,))
    for centres, name in ((start, "a"), (end, "b")):
        if centres.shape[1] != 2:
            raise ValueError(f"{name} must have shape (k, 2), got {centres.shape}.")
    if not isinstance(sent, Iterable):
        raise TypeError(f"sent must be a tuple of whole numbers, got {type(sent).__name__}.")
    goals = [check_count(goal, f"sent[{i}]", 0) for i, goal in enumerate(sent)]
    if len(goals) != len(start) or max(goals) >= len(end):
        raise ValueError(
            f"sent must be {len(start)} numbers from 0 to {len(end) - 1}, one for each mode of a, "
            f"got {tuple(goals)}."
        )
    radius = 3 * check_positive(std, "std", allow_zero=True)
    ax = axes_or_new(ax, 4.0, 3.2)
    from matplotlib.patches import Circle

    size = 15 if names else 7
    with style():
        for centres, role in ((start, DATA), (end, MODEL)):
            for k, place in enumerate(centres):
                if radius:
                    ax.add_patch(Circle(place, radius, facecolor=role.color, alpha=0.15))
                ax.plot(*place, color=role.color, marker=role.marker, markersize=size, zorder=3)
                if names:
                    down = -2 if role is MODEL else 0  # a triangle's middle is low
                    ax.annotate(
                        str(k),
                        place,
                        xytext=(0, down),
                        textcoords="offset points",
                        color="white",
                        fontsize=10,
                        ha="center",
                        va="center",
                        zorder=4,
                    )
        for i, goal in enumerate(goals):
            alone = goals.count(goal) == 1
            ax.annotate(
                "",
                xy=end[goal],
                xytext=start[i],
                zorder=2,
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": "#222222" if alone else LATENT.color,
                    "linestyle": "-" if alone else ":",
                    "linewidth": 1.4,
                    "shrinkA": 0.55 * size,
                    "shrinkB": 0.6 * size,
                },
            )
        both = np.concatenate([start, end])
        room = max(radius, 0.12 * float(np.ptp(both, axis=0).max())) * 1.15
        (left, low), (right, high) = both.min(0) - room, both.max(0) + room
        ax.set(xlim=(left, right), ylim=(low, high), xticks=[], yticks=[], aspect="equal")
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax
