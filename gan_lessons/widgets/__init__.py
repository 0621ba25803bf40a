"""Figures a reader moves: ``explore_<idea>()`` for each idea of the book, and how to make one.

``explore(draw, controls, title, description)`` turns one drawing function into a live widget, a
player for the static page and a still for paper.
"""

from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.convergence import explore_dirac_gan
from gan_lessons.widgets.critics import explore_critics, explore_transport_plan
from gan_lessons.widgets.explorer import Explorer, explore
from gan_lessons.widgets.f_gan import explore_bound, explore_conjugate
from gan_lessons.widgets.failures import explore_eight_seeds
from gan_lessons.widgets.image_gan import explore_samples, explore_training
from gan_lessons.widgets.interpolation import explore_interpolation
from gan_lessons.widgets.jensen_shannon import explore_parallel_lines
from gan_lessons.widgets.latent_plane import explore_latent_plane
from gan_lessons.widgets.likelihood import explore_noise_share, explore_windows
from gan_lessons.widgets.measuring import explore_failures, explore_precision_recall
from gan_lessons.widgets.minimax import explore_logit_losses, explore_push_forward
from gan_lessons.widgets.optimal_discriminator import explore_optimal_discriminator
from gan_lessons.widgets.penalty import explore_penalty_weight
from gan_lessons.widgets.plane_map import explore_plane_map
from gan_lessons.widgets.sortable import Cell, SortableTable, sortable_table
from gan_lessons.widgets.training import explore_gan_steps
from gan_lessons.widgets.translation import explore_cycle_weight, explore_translation_steps
from gan_lessons.widgets.tricks import explore_r1_gamma, trick_table
from gan_lessons.widgets.two_sample import explore_null_distribution
from gan_lessons.widgets.witness import explore_witness

__all__ = [
    "Cell",
    "Choice",
    "Explorer",
    "Slider",
    "SortableTable",
    "explore",
    "explore_bound",
    "explore_conjugate",
    "explore_critics",
    "explore_cycle_weight",
    "explore_dirac_gan",
    "explore_eight_seeds",
    "explore_failures",
    "explore_gan_steps",
    "explore_interpolation",
    "explore_latent_plane",
    "explore_logit_losses",
    "explore_noise_share",
    "explore_null_distribution",
    "explore_optimal_discriminator",
    "explore_parallel_lines",
    "explore_penalty_weight",
    "explore_plane_map",
    "explore_precision_recall",
    "explore_push_forward",
    "explore_r1_gamma",
    "explore_samples",
    "explore_training",
    "explore_translation_steps",
    "explore_transport_plan",
    "explore_windows",
    "explore_witness",
    "sortable_table",
    "trick_table",
]
