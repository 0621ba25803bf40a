"""The two updates of a GAN as a picture: which way values go, and which way gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gan_lessons.viz.style import CRITIC, DATA, LATENT, MODEL, Role, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Y, _HALF, _TALL = 0.0, 0.62, 0.34  # centre, half width and half height of a box
_PLACES = {"z": 0.0, "$G_\\theta$": 2.1, "fake": 4.4, "$D_\\phi$": 7.0, "loss": 9.3}


def plot_update(player: str, ax: Axes) -> Axes:
    """Draw one update: values from left to right, gradients (below) from right to left.

    Parameters
    ----------
    player
        Who moves: "D", with the fakes cut off, or "G", with gradients through D.
    ax
        Axes to draw into.

    Returns
    -------
    Axes
    """
    if player not in ("D", "G"):
        raise ValueError(f"player must be 'D' or 'G', got {player!r}.")
    roles = (LATENT, MODEL, MODEL, CRITIC, LATENT)
    with style():
        names = list(_PLACES)
        for left, right in zip(names, names[1:], strict=False):
            _arrow(ax, _PLACES[left] + _HALF, _PLACES[right] - _HALF, _Y, "#777777", "-")
        for (name, x), role in zip(_PLACES.items(), roles, strict=True):
            moves = (player == "D") == (role is CRITIC) and name.startswith("$")
            _box(ax, x, _Y, name, role, moves)
        if player == "D":
            _box(ax, 4.4, 1.05, "real", DATA, False)
            _arrow(ax, 4.4 + _HALF, 7.0 - _HALF, 1.05, "#777777", "-", end=0.25)
            _gradient(ax, 9.3, 7.0, CRITIC)
            ax.plot([5.65, 5.65], [-0.85, 0.3], color="#000000", linewidth=2.2)
            ax.text(5.65, -1.25, "detach", ha="center", va="center")
            text, role = "D's update", CRITIC
        else:
            _gradient(ax, 9.3, 2.1, MODEL)
            text, role = "G's update", MODEL
        ax.text(-0.62, 1.05, text, color=role.color, ha="left", va="center", fontweight="bold")
    ax.set(xlim=(-0.75, 10.05), ylim=(-1.5, 1.5))
    ax.axis("off")
    return ax


def _box(ax: Axes, x: float, y: float, name: str, role: Role, moves: bool) -> None:
    """Draw a box; that of the player who moves is filled."""
    from matplotlib.patches import FancyBboxPatch

    ax.add_patch(
        FancyBboxPatch(
            (x - _HALF, y - _TALL),
            2 * _HALF,
            2 * _TALL,
            boxstyle="round,pad=0,rounding_size=0.15",
            facecolor=role.color if moves else "white",
            edgecolor=role.color,
            linewidth=1.8,
        )
    )
    ax.text(x, y, name, ha="center", va="center", color="white" if moves else role.color)


def _arrow(
    ax: Axes, start: float, stop: float, y: float, color: str, line: str, end: float | None = None
) -> None:
    """Draw an arrow from (start, y) to (stop, y), or to the height ``end``."""
    ax.annotate(
        "",
        (stop, y if end is None else end),
        (start, y),
        arrowprops={"arrowstyle": "-|>", "color": color, "linestyle": line, "linewidth": 1.6},
    )


def _gradient(ax: Axes, start: float, stop: float, role: Role) -> None:
    """Draw the way of the gradients, under the boxes, ending below the player who moves."""
    low = -0.62
    ax.plot([start, start, stop], [-_TALL, low, low], color=role.color, linestyle="--")
    ax.annotate(
        "",
        (stop, -_TALL),
        (stop, low - 0.02),
        arrowprops={"arrowstyle": "-|>", "color": role.color, "linewidth": 1.8},
    )
    ax.text(8.15, low - 0.1, "gradient", color=role.color, ha="center", va="top")
