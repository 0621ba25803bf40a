"""One colour code through the whole book: who is drawn decides colour, line and marker.

The colours keep a contrast of at least 4.5 : 1 to white (so they also serve as text) and stay
apart for readers with any common kind of colour blindness; line and marker say the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gan_lessons._validation import check_count
from gan_lessons.viz._optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLE_FILE = Path(__file__).with_name("book.mplstyle")


class Role(NamedTuple):
    """How one party of the game is drawn.

    Parameters
    ----------
    label
        What the party is called in a figure's labels.
    color
        Hexadecimal colour, dark enough for text on white.
    linestyle, marker, hatch
        The same distinction without colour.
    """

    label: str
    color: str
    linestyle: str
    marker: str
    hatch: str


DATA = Role("data", "#0072B2", "-", "o", "")
MODEL = Role("model", "#B84A00", "--", "^", "///")
CRITIC = Role("critic", "#00785A", "-.", "s", "...")
LATENT = Role("latent", "#474747", ":", "D", "")

# For curves that belong to no party (five tests, three learning rates): told apart twice.
SERIES = (
    Role("series 1", "#0072B2", "-", "o", ""),
    Role("series 2", "#B84A00", "--", "^", ""),
    Role("series 3", "#00785A", "-.", "s", ""),
    Role("series 4", "#474747", ":", "D", ""),
    Role("series 5", "#8E3B7A", (0, (5, 1, 1, 1, 1, 1)), "v", ""),  # type: ignore[arg-type]
    Role("series 6", "#5B5400", (0, (1, 1)), "P", ""),  # type: ignore[arg-type]
)


def check_role(role: object) -> Role:
    """Return ``role`` if it is one."""
    if not isinstance(role, Role):
        raise TypeError(f"role must be a Role, such as viz.DATA or viz.MODEL, got {role!r}.")
    return role


@cache
def _parameters() -> dict[str, Any]:
    """Read the style file once."""
    matplotlib = require("matplotlib", "plots")
    return dict(matplotlib.rc_params_from_file(STYLE_FILE, use_default_template=False))


@contextmanager
def style() -> Iterator[None]:
    """Draw in the book's style inside ``with style():``, and leave matplotlib as it was.

    The functions of this folder do so themselves; use it around your own calls, such as
    ``ax.plot``, so that widths and letters agree.
    """
    matplotlib = require("matplotlib", "plots")
    with matplotlib.rc_context(_parameters()):
        yield


def add_legend(ax: Axes, location: str = "best", columns: int = 1) -> Axes:
    """Add a legend in the book's style, where direct labels do not fit.

    Parameters
    ----------
    ax
        Axes whose curves have labels.
    location
        As in ``Axes.legend``: ``"upper right"``, ``"best"``.
    columns
        Number of columns.

    Returns
    -------
    Axes
    """
    with style():
        handles, labels = ax.get_legend_handles_labels()
        options: dict[str, Any] = {"loc": location, "ncols": check_count(columns, "columns")}
        ax.legend(handles, labels, **options)
    return ax
