"""Numbers from known densities: how far apart two laws are, and what the best discriminator sees.

An ``FDivergence`` is a convex f with its conjugate; ``F_DIVERGENCES`` holds those of the book.
``f_divergence``, ``jensen_shannon`` and ``wasserstein1`` measure two laws on the line by adaptive
quadrature, and the functions that reach an integral probability metric are ``wasserstein_critic``
and its kin; ``optimal_discriminator`` and ``gan_value`` are the game played on densities;
``variational_bound`` is what an f-GAN estimates from samples; ``losses_at_optimum`` and
``divergence_on_grid`` show by gradient what the generator minimises, and ``fit_gaussian`` finds the
normal law nearest to a mixture.
"""

from gan_lessons.divergences.alpha import alpha_divergence
from gan_lessons.divergences.catalogue import F_DIVERGENCES, get_divergence
from gan_lessons.divergences.conjugates import numerical_conjugate
from gan_lessons.divergences.critics import (
    critic_value,
    total_variation_critic,
    wasserstein_critic,
)
from gan_lessons.divergences.definition import FDivergence, complete
from gan_lessons.divergences.discriminator import (
    gan_value,
    optimal_discriminator,
    optimal_logits,
    optimal_value,
)
from gan_lessons.divergences.exact import (
    divergence_on_grid,
    f_divergence,
    f_divergence_with_error,
    jensen_shannon,
)
from gan_lessons.divergences.gaussian_fit import GaussianFit, Minimum, fit_gaussian
from gan_lessons.divergences.generator import GeneratorLosses, losses_at_optimum
from gan_lessons.divergences.mean_embedding import maximum_mean_discrepancy, mmd_critic
from gan_lessons.divergences.quadrature import Integral, integrate, integrate_over_laws
from gan_lessons.divergences.variational import exact_variational_bound, variational_bound
from gan_lessons.divergences.wasserstein import wasserstein1

__all__ = [
    "F_DIVERGENCES",
    "FDivergence",
    "GaussianFit",
    "GeneratorLosses",
    "Integral",
    "Minimum",
    "alpha_divergence",
    "complete",
    "critic_value",
    "divergence_on_grid",
    "exact_variational_bound",
    "f_divergence",
    "f_divergence_with_error",
    "fit_gaussian",
    "gan_value",
    "get_divergence",
    "integrate",
    "integrate_over_laws",
    "jensen_shannon",
    "losses_at_optimum",
    "maximum_mean_discrepancy",
    "mmd_critic",
    "numerical_conjugate",
    "optimal_discriminator",
    "optimal_logits",
    "optimal_value",
    "total_variation_critic",
    "variational_bound",
    "wasserstein1",
    "wasserstein_critic",
]
