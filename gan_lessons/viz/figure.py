"""Figures without pyplot: made in the book's style, shown once, always with alt text."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gan_lessons._validation import check_count, check_positive
from gan_lessons.viz._optional import require
from gan_lessons.viz.style import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 100  # on the page; stored pictures have twice as many, for sharp screens
MINIMUM_ALT = 20


def new_figure(
    width: float = 6.4,
    height: float = 3.2,
    rows: int = 1,
    columns: int = 1,
    *,
    sharex: bool = False,
    sharey: bool = False,
    width_ratios: tuple[float, ...] | None = None,
) -> tuple[Figure, Any]:
    """Make an empty figure in the book's style, outside pyplot so that nothing shows twice.

    Parameters
    ----------
    width, height
        Size in inches; the page shows 100 pixels per inch, and 6.4 in fill the text column.
    rows, columns
        How many axes.
    sharex, sharey
        Whether the axes share their scales.
    width_ratios
        Relative widths of the columns, equal by default.

    Returns
    -------
    tuple
        The ``Figure``, and one ``Axes`` or, with several, a numpy array of them: (rows, columns),
        or one-dimensional where either is 1.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    width, height = check_positive(width, "width"), check_positive(height, "height")
    check_count(rows, "rows")
    check_count(columns, "columns")
    require("matplotlib.figure", "plots")
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(
            rows, columns, sharex=sharex, sharey=sharey, width_ratios=width_ratios
        )
    return figure, axes


def check_alt(alt: object) -> str:
    """Return alt text if it says something: a sentence of at least 20 characters."""
    if not isinstance(alt, str):
        raise TypeError(f"alt must be a str, got {type(alt).__name__}; say what the figure shows.")
    words = " ".join(alt.split())
    if len(words) < MINIMUM_ALT:
        raise ValueError(
            f"alt must be a sentence of at least {MINIMUM_ALT} characters, got {words!r}; "
            "say what a reader who cannot see the figure should know."
        )
    return words


def figure_of(figure_or_axes: object) -> Figure:
    """Return the figure of a Figure, of Axes or of an array of Axes."""
    require("matplotlib.figure", "plots")
    from matplotlib.figure import Figure

    first = figure_or_axes
    if hasattr(first, "flat"):  # an array of axes
        first = next(iter(first.flat), None)
    if isinstance(first, Figure):
        return first
    figure = getattr(first, "figure", None)
    if not isinstance(figure, Figure):
        raise TypeError(
            f"figure_or_axes must be a matplotlib Figure or Axes, got "
            f"{type(figure_or_axes).__name__}."
        )
    return figure


def render_png(figure: Figure, scale: float = 2.0) -> bytes:
    """Return the figure as PNG, without the version of matplotlib that would change its bytes."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH * scale, metadata={"Software": None})
    return buffer.getvalue()


def size_of(figure: Figure) -> tuple[int, int]:
    """Return width and height on the page, in CSS pixels."""
    width, height = figure.get_size_inches()
    return round(float(width) * DOTS_PER_INCH), round(float(height) * DOTS_PER_INCH)


@dataclass(frozen=True)
class Picture:
    """A finished figure: its PNG at double resolution and the words for who cannot see it."""

    png: bytes = field(repr=False)
    alt: str
    width: int
    height: int

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what Jupyter stores: the picture, its size on the page, and the alt text."""
        size = {"width": self.width, "height": self.height}
        return {"image/png": self.png, "text/plain": self.alt}, {"image/png": size}


def show(figure_or_axes: Figure | Axes | Any, alt: str) -> Picture:
    """Finish a figure: the last line of a cell.

    Parameters
    ----------
    figure_or_axes
        What to show, or any of its axes.
    alt
        One or two sentences that say what the figure shows, for readers who do not see it.

    Returns
    -------
    Picture
        Jupyter shows it; ``.png`` holds the bytes, equal for equal figures, ``.alt`` the words.

    Raises
    ------
    ValueError
        If ``alt`` has fewer than 20 characters.
    TypeError
        If there is no figure to show, or ``alt`` is no string.
    """
    words = check_alt(alt)
    figure = figure_of(figure_or_axes)
    width, height = size_of(figure)
    return Picture(render_png(figure), words, width, height)


def axes_or_new(ax: Axes | None, width: float = 6.4, height: float = 3.2) -> Axes:
    """Return the axes given, or those of a new figure."""
    if ax is not None:
        return ax
    return new_figure(width, height)[1]
