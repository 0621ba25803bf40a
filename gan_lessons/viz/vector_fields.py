"""Games in the plane: their vector fields, their paths, and where their eigenvalues must lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gan_lessons._validation import check_count, check_positive
from gan_lessons.viz._arrays import Numbers, to_array
from gan_lessons.viz.figure import axes_or_new
from gan_lessons.viz.style import CRITIC, LATENT, MODEL, SERIES, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PALE = "#b5b5b5"
_POINTS = SERIES[3:] + SERIES[:1]  # apart from the colours of the two regions


def plot_vector_field(
    points: Numbers,
    directions: Numbers,
    labels: tuple[str, str],
    length: float = 0.053,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw the direction of a vector field at many points, as grey arrows of one length.

    Parameters
    ----------
    points, directions
        Places (n, 2) and the field there (n, 2); where the field is zero, no arrow is drawn.
    labels
        What the two axes are.
    length
        How long an arrow is, as a share of the width of the axes.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    places, field = to_array(points, "points", (2,)), to_array(directions, "directions", (2,))
    if places.shape != field.shape or places.shape[1] != 2:
        raise ValueError(
            f"points and directions must both have shape (n, 2), got {places.shape} "
            f"and {field.shape}."
        )
    ax = axes_or_new(ax, 4.2, 4.0)
    speed = np.linalg.norm(field, axis=1)
    moving = speed > 0
    with style():
        unit = field[moving] / speed[moving, None]
        ax.quiver(
            places[moving, 0],
            places[moving, 1],
            unit[:, 0],
            unit[:, 1],
            color=_PALE,
            pivot="mid",
            scale=1 / check_positive(length, "length"),
            width=0.11 * length,
            headwidth=4,
        )
        ax.plot([0], [0], color=LATENT.color, marker="+", markersize=11, markeredgewidth=2)
        ax.set_aspect("equal")
        ax.set_xlabel(labels[0])
        ax.set_ylabel(labels[1], rotation=0, labelpad=8)
    return ax


def inside(path: object, limit: float, name: str = "path") -> NDArray[np.float64]:
    """Return a path up to its first point beyond a square, that point drawn back to its edge.

    Parameters
    ----------
    path
        Points (steps + 1, 2); a path that diverges may end in infinity or NaN.
    limit
        Half the side of the square around (0, 0).
    name
        What the path is called in an error.

    Returns
    -------
    ndarray
        (k, 2), finite, all within the square.
    """
    check_positive(limit, "limit")
    tame = path.detach().cpu().numpy() if hasattr(path, "detach") else path
    array = np.asarray(tame, dtype=np.float64)
    points = to_array(np.where(np.isfinite(array), array, 1e300), name, (2,))
    if points.shape[1] != 2:
        raise ValueError(f"{name} must have shape (steps + 1, 2), got {points.shape}.")
    beyond = np.flatnonzero(np.abs(points).max(axis=1) > limit)
    if len(beyond) == 0:
        return points
    first = int(beyond[0])
    if first == 0:
        raise ValueError(f"{name} must start within the limit {limit:g}, got {points[0]}.")
    last, out = points[first - 1], points[first]
    step = np.clip(out, -1e12, 1e12) - last
    moves = step != 0
    room = (np.sign(step[moves]) * limit - last[moves]) / step[moves]
    return np.vstack([points[:first], last + min(1.0, float(room.min())) * step])


def plot_paths(
    paths: Mapping[str, ArrayLike],
    limit: float,
    columns: int = 1,
    dots: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw paths in the plane from a dot at their start, cut off where they leave a square.

    Parameters
    ----------
    paths
        For each label the points (steps + 1, 2); diverged ones may end in infinity or NaN.
    limit
        Half the side of the square that is shown.
    columns
        Columns of the legend above the picture; 0 for no legend.
    dots
        Whether each step is a small dot.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    if not paths or len(paths) > len(SERIES):
        raise ValueError(f"paths must hold 1 to {len(SERIES)} paths, got {len(paths)}.")
    check_count(columns, "columns", minimum=0)
    ax = axes_or_new(ax, 4.2, 4.0)
    with style():
        for role, (label, path) in zip(SERIES, paths.items(), strict=False):
            points = inside(path, limit, f"paths[{label!r}]")
            ax.plot(
                points[:, 0],
                points[:, 1],
                color=role.color,
                linestyle="-" if dots else role.linestyle,
                linewidth=1.0 if dots else 1.7,
                marker="." if dots else "",
                markersize=4,
                label=label,
            )
            ax.plot(*points[0], color=role.color, marker=role.marker, markersize=7)
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
        ax.set_aspect("equal")
        if columns:
            ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
    return ax


def plot_stability(
    eigenvalues: Mapping[str, ArrayLike], limits: tuple[float, float], ax: Axes | None = None
) -> Axes:
    r"""Draw step size times eigenvalue, and the regions in which a method converges locally.

    Simultaneous steps multiply by :math:`1 + z`, extragradient by :math:`1 + z + z^2` with
    :math:`z = h \lambda`; each region is where that factor is smaller than 1.

    Parameters
    ----------
    eigenvalues
        For each label the complex numbers z (k,).
    limits
        The real axis from limits[0] to limits[1]; the imaginary axis is from -1.6 to 1.6.
    ax
        Axes to draw into; a new figure where None.

    Returns
    -------
    Axes
    """
    if not eigenvalues or len(eigenvalues) > len(_POINTS):
        raise ValueError(f"eigenvalues must hold 1 to {len(_POINTS)} sets, got {len(eigenvalues)}.")
    ax = axes_or_new(ax, 6.4, 3.8)
    real, imaginary = np.meshgrid(np.linspace(*limits, 300), np.linspace(-1.6, 1.6, 300))
    z = real + 1j * imaginary
    regions = ((1 + z, MODEL, "simultaneous"), (1 + z + z**2, CRITIC, "extragradient"))
    with style():
        ax.axhline(0, color=_PALE, linewidth=1)
        ax.axvline(0, color=_PALE, linewidth=1)
        for factor, role, label in regions:
            size = np.abs(factor)
            ax.contourf(real, imaginary, size, levels=[0, 1], colors=[role.color], alpha=0.13)
            ax.contour(
                real, imaginary, size, levels=[1], colors=[role.color], linestyles=[role.linestyle]
            )
            ax.plot([], [], color=role.color, linestyle=role.linestyle, label=label)
        for role, (label, values) in zip(_POINTS, eigenvalues.items(), strict=False):
            points = np.atleast_1d(np.asarray(values, dtype=np.complex128))
            ax.plot(
                points.real,
                points.imag,
                color=role.color,
                marker=role.marker,
                markersize=8,
                linestyle="none",
                label=label,
            )
        ax.set_aspect("equal")
        ax.set(xlabel=r"real part of $h \lambda$", ylabel=r"imaginary part of $h \lambda$")
        ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return ax
