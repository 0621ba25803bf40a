"""Figures from arrays: matplotlib Axes in, Axes out, and alt text with every figure.

``new_figure`` and ``show`` frame every figure of the book; the functions between them draw, and the
``describe_*`` functions write alt text from the same numbers.
"""

from gan_lessons.viz.comparison import plot_p_values, plot_two_samples
from gan_lessons.viz.conjugates import plot_conjugate
from gan_lessons.viz.effects import plot_effects
from gan_lessons.viz.failures import plot_confusion, plot_push
from gan_lessons.viz.figure import Picture, new_figure, show
from gan_lessons.viz.history import describe_history, plot_history
from gan_lessons.viz.images import describe_images, image_grid, image_pairs
from gan_lessons.viz.intervals import plot_intervals
from gan_lessons.viz.measuring import plot_balls, plot_verdicts
from gan_lessons.viz.samples import plot_density, plot_histogram, scatter
from gan_lessons.viz.seeds import plot_seeds
from gan_lessons.viz.style import CRITIC, DATA, LATENT, MODEL, SERIES, Role, add_legend, style
from gan_lessons.viz.testing import describe_null, describe_power, plot_null, plot_power
from gan_lessons.viz.translation import image_rows, plot_mode_map
from gan_lessons.viz.transport import plot_transport
from gan_lessons.viz.updates import plot_update
from gan_lessons.viz.vector_fields import plot_paths, plot_stability, plot_vector_field

__all__ = [
    "CRITIC",
    "DATA",
    "LATENT",
    "MODEL",
    "SERIES",
    "Picture",
    "Role",
    "add_legend",
    "describe_history",
    "describe_images",
    "describe_null",
    "describe_power",
    "image_grid",
    "image_pairs",
    "image_rows",
    "new_figure",
    "plot_balls",
    "plot_confusion",
    "plot_conjugate",
    "plot_density",
    "plot_effects",
    "plot_histogram",
    "plot_history",
    "plot_intervals",
    "plot_mode_map",
    "plot_null",
    "plot_p_values",
    "plot_paths",
    "plot_power",
    "plot_push",
    "plot_seeds",
    "plot_stability",
    "plot_transport",
    "plot_two_samples",
    "plot_update",
    "plot_vector_field",
    "plot_verdicts",
    "scatter",
    "show",
    "style",
]
