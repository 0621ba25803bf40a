"""The Wasserstein-1 distance of two known laws on the line."""

import torch
from torch import Tensor

from gan_lessons.distributions import UnivariateDistribution
from gan_lessons.divergences.quadrature import integrate_over_laws, value_or_warning

__all__ = ["wasserstein1"]


def wasserstein1(
    p: UnivariateDistribution, q: UnivariateDistribution, tolerance: float = 1e-10
) -> float:
    r"""Wasserstein-1 (earth mover's) distance of two laws on the line.

    .. math:: W_1(p, q) = \int | F_p(x) - F_q(x) | \, dx

    the area between the distribution functions; unlike the Jensen-Shannon divergence it tells how
    far apart disjoint laws are.

    Parameters
    ----------
    p, q : UnivariateDistribution
        One-dimensional laws; their order does not matter.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, value)``.

    Returns
    -------
    float
        In the unit of x; infinite where a tail is too heavy for a mean.

    References
    ----------
    Vallender (1974); for critics, Arjovsky et al. (2017), eq. 1.
    """

    def gap(x: Tensor) -> Tensor:
        difference = (p.cdf(x) - q.cdf(x)).abs()
        # Far out both are 1 up to rounding, which must not be summed over an infinite tail.
        return torch.where(difference < 1e-15, torch.zeros_like(x), difference)

    return value_or_warning(integrate_over_laws(gap, p, q, tolerance), tolerance)
