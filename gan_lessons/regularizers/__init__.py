"""What keeps a discriminator smooth: penalties on its gradient, input noise, bounded weights.

A tour: ``penalties`` has the three gradient penalties (two-point ``gradient_penalty`` of WGAN-GP,
``r1_penalty`` on real and ``r2_penalty`` on generated samples), all as unweighted batch means:
the weights live in the config, where the loss adds ``r1_gamma / 2 * r1_penalty`` and
``gp_weight * gradient_penalty``. ``noise`` blurs both laws with ``instance_noise``; ``spectral``
divides each weight matrix by its largest singular value; ``lipschitz`` has ``lipschitz_bound``, how
steep a network can be at most, and ``clip_weights``, the oldest and crudest way to bound it.
"""

from gan_lessons.regularizers.lipschitz import clip_weights, lipschitz_bound
from gan_lessons.regularizers.noise import instance_noise
from gan_lessons.regularizers.penalties import (
    gradient_penalty,
    input_gradient,
    interpolate,
    r1_penalty,
    r2_penalty,
)
from gan_lessons.regularizers.spectral import spectral_norm

__all__ = [
    "clip_weights",
    "gradient_penalty",
    "input_gradient",
    "instance_noise",
    "interpolate",
    "lipschitz_bound",
    "r1_penalty",
    "r2_penalty",
    "spectral_norm",
]
