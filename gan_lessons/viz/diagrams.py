"""Small drawings of who hands what to whom: nodes, arrows and plates on an empty canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gan_lessons._validation import check_positive
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import Role, check_role, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Place = tuple[float, float]

_SHADE = 0.22  # opacity of an observed node's filling
_GAP = 9.0  # points between a plate's edge and its words


def plot_canvas(width: float, height: float, ax: Axes | None = None) -> Axes:
    """Make empty axes on which one unit is one inch or, on a smaller figure, the same everywhere.

    Parameters
    ----------
    width, height
        Size of the drawing in its own units, from (0, 0) at the lower left.
    ax
        Axes to clear; a new figure of that size in inches where None.

    Returns
    -------
    Axes
    """
    width, height = check_positive(width, "width"), check_positive(height, "height")
    ax = axes_or_new(ax, width, height)
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.set_axis_off()
    return ax


def plot_node(
    place: Place,
    text: str,
    role: Role,
    ax: Axes,
    shape: str = "circle",
    size: float = 0.3,
    observed: bool = False,
) -> Axes:
    """Draw a node with its symbol: a circle for a random variable, a box for a function.

    Parameters
    ----------
    place
        Centre, in units of the canvas.
    text
        The symbol.
    role
        Whose it is; decides the colour.
    ax
        Axes made by ``plot_canvas``.
    shape
        ``"circle"``, ``"box"``, or ``"none"`` for a bare symbol (a parameter, a number).
    size
        Radius of the circle; half the height of the box, which is half as wide again.
    observed
        Whether the node is shaded, as what is observed is in graphical models.

    Returns
    -------
    Axes
    """
    check_role(role)
    check_positive(size, "size")
    if shape not in ("circle", "box", "none"):
        raise ValueError(f"shape must be 'circle', 'box' or 'none', got {shape!r}.")
    with style():
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Circle, FancyBboxPatch

        face = to_rgba(role.color, _SHADE) if observed else "white"
        if shape == "circle":
            circle = Circle(
                place, size, facecolor=face, edgecolor=role.color, linewidth=1.8, zorder=3
            )
            ax.add_patch(circle)
        elif shape == "box":
            corner = (place[0] - 1.5 * size, place[1] - size)
            box = FancyBboxPatch(
                corner,
                3 * size,
                2 * size,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor=face,
                edgecolor=role.color,
                linewidth=1.8,
                zorder=3,
            )
            ax.add_patch(box)
        ax.text(*place, text, ha="center", va="center", color=role.color, fontsize=14, zorder=4)
    return ax


def plot_arrow(start: Place, end: Place, ax: Axes, bend: float = 0.0, dashed: bool = False) -> Axes:
    """Draw an arrow from one place to another.

    Parameters
    ----------
    start, end
        Where it begins, and where its tip is, in units of the canvas.
    ax
        Axes made by ``plot_canvas``.
    bend
        How much it is curved: 0 is straight; the sign says to which side.
    dashed
        Whether the line is dashed.

    Returns
    -------
    Axes
    """
    with style():
        ax.annotate(
            "",
            xy=end,
            xytext=start,
            arrowprops={
                "arrowstyle": "-|>,head_width=0.25,head_length=0.5",
                "color": "#444444",
                "linewidth": 1.5,
                "linestyle": (0, (4, 3)) if dashed else "-",
                "shrinkA": 0,
                "shrinkB": 0,
                "connectionstyle": f"arc3,rad={bend}",
            },
            zorder=2,
        )
    return ax


def plot_plate(corner: Place, width: float, height: float, text: str, ax: Axes) -> Axes:
    """Draw a plate: what stands in it is repeated, once for each sample.

    Parameters
    ----------
    corner
        Lower left corner, in units of the canvas.
    width, height
        Its size, positive.
    text
        How often, written into the lower right corner.
    ax
        Axes made by ``plot_canvas``.

    Returns
    -------
    Axes
    """
    width, height = check_positive(width, "width"), check_positive(height, "height")
    with style():
        from matplotlib.patches import Rectangle

        ax.add_patch(
            Rectangle(corner, width, height, facecolor="none", edgecolor="#767676", linewidth=1.2)
        )
        ax.annotate(
            text,
            xy=(corner[0] + width, corner[1]),
            xytext=(-_GAP, _GAP / 2),
            textcoords="offset points",
            ha="right",
            va="bottom",
            color="#444444",
            fontsize=12,
        )
    return ax
