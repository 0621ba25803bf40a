"""The live side of an explorer: ipywidgets in a kernel, every setting computed on demand.

Only what ipywidgets 7.7 and 8 have in common is used.
"""

from __future__ import annotations

import html
import sys
from typing import TYPE_CHECKING, Any

from gan_lessons.viz._optional import require
from gan_lessons.viz.figure import render_png, size_of
from gan_lessons.widgets.controls import Slider
from gan_lessons.widgets.frames import draw_checked

if TYPE_CHECKING:
    from gan_lessons.widgets.explorer import Explorer


def in_kernel() -> bool:
    """Say whether a Jupyter kernel is running, without importing IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def has_ipywidgets() -> bool:
    """Say whether ipywidgets can be imported."""
    try:
        require("ipywidgets", "widgets")
    except ImportError:
        return False
    return True


class Live:
    """The widgets of one explorer.

    Attributes
    ----------
    controls
        The ipywidgets control of each name; set ``.value`` to move it.
    image
        The ``ipywidgets.Image``; ``.value`` holds the PNG.
    caption
        The sentence below the picture.
    view
        All of it, for ``IPython.display.display``.
    error
        The exception of the last drawing, None where it went well.
    """

    def __init__(self, explorer: Explorer) -> None:
        widgets = require("ipywidgets", "widgets")
        self._explorer = explorer
        self.error: Exception | None = None
        self.controls: dict[str, Any] = {}
        wide = {"description_width": "initial"}
        for control in explorer.controls:
            kind = widgets.SelectionSlider if isinstance(control, Slider) else widgets.Dropdown
            self.controls[control.name] = kind(
                options=list(zip(control.labels, control.values, strict=True)),
                value=control.values[control.start],
                description=control.label,
                style=wide,
            )
        self.image = widgets.Image(format="png")
        self.image.layout.max_width = "100%"
        self.caption = widgets.HTML()
        heading = widgets.HTML(
            f"<b>{html.escape(explorer.title)}</b><br>{html.escape(explorer.description)}"
        )
        self.view = widgets.VBox([heading, *self.controls.values(), self.image, self.caption])
        self._draw()
        for widget in self.controls.values():
            widget.observe(self._changed, names="value")

    def settings(self) -> dict[str, Any]:
        """Return what the controls say now."""
        return {name: widget.value for name, widget in self.controls.items()}

    def _changed(self, change: object) -> None:
        """Draw again after a control moved."""
        self._draw()

    def _draw(self) -> None:
        """Draw the present setting; an error is shown, kept in ``error`` and raised again."""
        try:
            figure, alt = draw_checked(self._explorer.draw, self.settings())
            png, (width, _) = render_png(figure), size_of(figure)
        except Exception as error:
            self.error = error
            text = html.escape(f"{type(error).__name__}: {error}")
            self.caption.value = f'<b style="color:#b00020">{text}</b>'
            raise
        self.error = None
        self.image.width = str(width)
        self.image.value = png
        self.caption.value = html.escape(alt)
