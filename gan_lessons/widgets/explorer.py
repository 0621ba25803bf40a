"""One drawing function, three ways to see it: live, as a player on a page, a still on paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gan_lessons.viz.figure import Picture, show
from gan_lessons.widgets.controls import Choice, Control, Slider
from gan_lessons.widgets.frames import (
    MAXIMUM_BYTES,
    Draw,
    Frames,
    all_settings,
    default_settings,
    draw_checked,
    make_frames,
)
from gan_lessons.widgets.live import Live, has_ipywidgets, in_kernel
from gan_lessons.widgets.player import player_html

FRAME_BYTES = MAXIMUM_BYTES - 30_000  # the rest is for words, style and script
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Explorer:
    """An interactive figure; Jupyter shows it as the last line of a cell. Made by ``explore``.

    Attributes
    ----------
    draw
        The pure drawing function.
    controls
        What the reader may move.
    title, description
        What the figure is, and what to try.
    """

    draw: Draw
    controls: tuple[Control, ...]
    title: str
    description: str

    @cached_property
    def frames(self) -> Frames:
        """Every setting's picture, compressed; drawn once."""
        return make_frames(self.draw, self.controls, FRAME_BYTES)

    @cached_property
    def html(self) -> str:
        """The player for a static page."""
        text = player_html(self.frames, self.controls, self.title, self.description)
        weight = len(text.encode())
        if weight > MAXIMUM_BYTES:
            raise ValueError(
                f"the player weighs {weight / 1000:.0f} kB, at most {MAXIMUM_BYTES / 1000:.0f} kB "
                "are allowed; shorten the alt texts or take fewer values."
            )
        return text

    @cached_property
    def still(self) -> Picture:
        """The default setting as a picture, for paper."""
        figure, alt = draw_checked(self.draw, default_settings(self.controls))
        return show(figure, alt)

    @property
    def text(self) -> str:
        """Title, description and what the default setting shows."""
        stop = "" if self.title[-1] in "?!" else "."
        return f"{self.title}{stop} {self.description} {self.still.alt}"

    def live(self) -> Live:
        """Return new ipywidgets controls and picture, each setting computed when asked for."""
        return Live(self)

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the player, the still and the words; in a kernel, the live widgets too."""
        data, metadata = self.still._repr_mimebundle_()
        data = {"text/plain": self.text, "text/html": self.html, "image/png": data["image/png"]}
        if in_kernel() and has_ipywidgets():
            view = self.live().view
            data[WIDGET_VIEW] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": view.model_id,
            }
        return data, metadata


def explore(
    draw: Draw | Callable[..., Any],
    controls: Sequence[Control],
    title: str,
    description: str,
) -> Explorer:
    """Make an interactive figure from one drawing function.

    Parameters
    ----------
    draw
        ``draw(settings) -> (Figure, sentence)``: a pure function of the settings, a mapping from
        the controls' names to their values. The sentence says what this very picture shows; it is
        alt text and caption. Randomness comes from a generator seeded inside.
    controls
        ``Slider`` and ``Choice`` objects; at most 120 combinations of values.
    title
        What the figure is.
    description
        What to move, and what to look for.

    Returns
    -------
    Explorer
        To be shown by Jupyter.

    Raises
    ------
    TypeError
        If ``draw`` is not a function, ``controls`` not a list of controls, or a text no string.
    ValueError
        If there is no control, two share a name, title or description is empty, or there are too
        many frames; in a kernel also where frames are too heavy.
    """
    if not callable(draw):
        raise TypeError(f"draw must be a function of the settings, got {type(draw).__name__}.")
    if not isinstance(controls, list | tuple):
        raise TypeError(f"controls must be a list of controls, got {type(controls).__name__}.")
    for control in controls:
        if not isinstance(control, Slider | Choice):
            raise TypeError(f"controls must be Slider or Choice, got {type(control).__name__}.")
    controls = tuple(controls)
    names = [control.name for control in controls]
    if not controls or len(set(names)) != len(names):
        raise ValueError(f"controls must be one or more of different names, got {names}.")
    for text, name in ((title, "title"), (description, "description")):
        if not isinstance(text, str):
            raise TypeError(f"{name} must be a str, got {type(text).__name__}.")
        if not text.strip().rstrip("."):
            raise ValueError(f"{name} must not be empty, got {text!r}.")
    explorer = Explorer(draw, controls, title.strip().rstrip("."), description.strip())
    all_settings(controls)
    if in_kernel():
        # IPython swallows errors of a representation: draw now, so that they fail the cell
        _ = explorer.html
    return explorer
