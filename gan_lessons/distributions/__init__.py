"""Known laws: each can be sampled, and its log-density is exact.

``Normal``, ``Uniform`` and ``Mixture`` live on the line or in d dimensions; ``ring`` and ``grid``
are the mixtures on which mode collapse is measured; ``moons``, ``spiral`` and ``checkerboard`` are
shapes in the plane. Laws on the line also give what quadrature needs: ``support``,
``breakpoints``, ``cdf`` and ``quantile``. ``linear_interpolation`` and ``spherical_interpolation``
are walks between latent vectors.
"""

from gan_lessons.distributions.base import Distribution, UnivariateDistribution
from gan_lessons.distributions.interpolation import linear_interpolation, spherical_interpolation
from gan_lessons.distributions.mixture import Mixture, grid, ring
from gan_lessons.distributions.normal import Normal
from gan_lessons.distributions.shapes import Checkerboard, checkerboard, moons, spiral
from gan_lessons.distributions.uniform import Uniform

__all__ = [
    "Checkerboard",
    "Distribution",
    "Mixture",
    "Normal",
    "Uniform",
    "UnivariateDistribution",
    "checkerboard",
    "grid",
    "linear_interpolation",
    "moons",
    "ring",
    "spherical_interpolation",
    "spiral",
]
