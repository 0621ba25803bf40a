"""Figures from arrays: matplotlib Axes in, Axes out, and alt text with every figure.

``new_figure`` and ``show`` frame every figure of the book; the functions between them draw.
"""

from gan_lessons.viz.figure import Picture, new_figure, show
from gan_lessons.viz.style import CRITIC, DATA, LATENT, MODEL, SERIES, Role, style

__all__ = [
    "CRITIC",
    "DATA",
    "LATENT",
    "MODEL",
    "SERIES",
    "Picture",
    "Role",
    "new_figure",
    "show",
    "style",
]
