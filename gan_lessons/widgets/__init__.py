"""Figures a reader moves: ``explore_<idea>()`` for each idea of the book, and how to make one.

``explore(draw, controls, title, description)`` turns one drawing function into a live widget, a
player for the static page and a still for paper.
"""

from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.convergence import explore_dirac_gan
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.two_sample import explore_null_distribution
from gan_lessons.widgets.witness import explore_witness

__all__ = [
    "Choice",
    "Explorer",
    "Slider",
    "explore",
    "explore_dirac_gan",
    "explore_null_distribution",
    "explore_witness",
]
