"""Divergences between two known laws on the line, by quadrature."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons._validation import check_same_shape, check_tensor
from gan_lessons.distributions import UnivariateDistribution
from gan_lessons.divergences.catalogue import get_divergence
from gan_lessons.divergences.definition import FDivergence
from gan_lessons.divergences.integrands import Integrand, from_f
from gan_lessons.divergences.quadrature import Integral, integrate_over_laws, value_or_warning

__all__ = ["divergence_on_grid", "f_divergence", "f_divergence_with_error", "jensen_shannon"]


def _integrand_of(divergence: FDivergence) -> Integrand:
    """Return the stable integrand, or the one built from f."""
    return divergence.integrand or from_f(divergence.f)


def f_divergence_with_error(
    divergence: str | FDivergence,
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    tolerance: float = 1e-10,
) -> Integral:
    """f-divergence of two laws on the line, with the estimated error of the quadrature.

    The formula is that of `f_divergence`.

    Parameters
    ----------
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence.
    p, q
        Laws on the line.
    tolerance
        Wanted relative error of the quadrature.

    Returns
    -------
    Integral
        (value, error, evaluations) in nats; infinity comes with the error 0.

    Raises
    ------
    ValueError
        As `f_divergence`.
    """
    integrand = _integrand_of(get_divergence(divergence))

    def density(x: Tensor) -> Tensor:
        return integrand(p.log_prob(x), q.log_prob(x))

    value, error, evaluations = integrate_over_laws(density, p, q, tolerance)
    # Never negative by Jensen's inequality: what is below zero is rounding, or no f-divergence.
    if value < -max(error, tolerance):
        raise ValueError(
            f"The f-divergence came out negative, {value:.6g} with an error of {error:.1e}: f must "
            f"be convex, and the densities of p and q must integrate to one."
        )
    return Integral(max(value, 0.0), error, evaluations)


def f_divergence(
    divergence: str | FDivergence,
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    tolerance: float = 1e-10,
) -> float:
    r"""f-divergence of two laws on the line.

    .. math:: D_f(p \| q) = \int q(x) \, f\!\left( \frac{p(x)}{q(x)} \right) dx

    where q(x) = 0 < p(x), the integrand is p(x) lim f(u)/u, and where p(x) = 0 < q(x) it is
    q(x) f(0): either may be infinite, and so may the integral because of its tails.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own.
    p, q : UnivariateDistribution
        Data law and model law, one-dimensional.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, value)``.

    Returns
    -------
    float
        In nats (for the divergences that have logarithms). Above about 1e308 it is infinity. A
        mode of width s at x is known to no more digits than x +- 1e-16 |x| leaves of it: expect
        relative errors of 1e-16 |x| / s.

    Raises
    ------
    ValueError
        If the key is unknown, a law is not one-dimensional, a mode is too narrow beside its
        distance from 0 for float64, or the integral is clearly negative (f is not convex, or a
        density does not integrate to one).

    Warns
    -----
    RuntimeWarning
        If the estimated error stays above the tolerance.

    References
    ----------
    Nowozin et al. (2016), eq. 2.
    """
    return value_or_warning(f_divergence_with_error(divergence, p, q, tolerance), tolerance)


def jensen_shannon(
    p: UnivariateDistribution, q: UnivariateDistribution, tolerance: float = 1e-10
) -> float:
    r"""Jensen-Shannon divergence of two laws on the line, between 0 and log 2.

    .. math:: \mathrm{JSD}(p, q) = \tfrac12 \mathrm{KL}(p \| m) + \tfrac12 \mathrm{KL}(q \| m),
        \qquad m = \tfrac12 (p + q)

    Parameters
    ----------
    p, q : UnivariateDistribution
        One-dimensional laws; their order does not matter.
    tolerance : float
        Wanted accuracy.

    References
    ----------
    Lin (1991), eq. 4.1 with equal weights; Goodfellow et al. (2014), eq. 6.
    """
    # Above log 2 there is only rounding.
    return min(f_divergence("jensen-shannon", p, q, tolerance), math.log(2))


def divergence_on_grid(
    divergence: str | FDivergence, log_p: Tensor, log_q: Tensor, weights: Tensor
) -> Tensor:
    r"""f-divergence from log-densities on a grid, differentiable in both.

    .. math:: \sum_i w_i \, q(x_i) \, f\!\left( \frac{p(x_i)}{q(x_i)} \right)

    For gradients with respect to a parameter of the model, which the exact value, a float, has not.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own.
    log_p, log_q : Tensor, (n,)
        Finite log-densities at the grid points.
    weights : Tensor, (n,)
        Weights of the rule: the spacing, for equally spaced points. The grid must cover both laws.

    Returns
    -------
    Tensor, scalar
    """
    for value, name in ((log_p, "log_p"), (log_q, "log_q"), (weights, "weights")):
        check_tensor(value, name)
        check_same_shape(value, log_p, name, "log_p")
    return (weights * _integrand_of(get_divergence(divergence))(log_p, log_q)).sum()


def expectation_difference(
    real: Callable[[Tensor], Tensor],
    fake: Callable[[Tensor], Tensor],
    outputs: Callable[[Tensor], Tensor],
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    tolerance: float,
) -> float:
    """Return E_p real(h(x)) + E_q fake(h(x)) for h = outputs, a network or function of x (n, 1)."""
    if not callable(outputs):
        raise TypeError(
            f"The function of x must map points (n, 1) to (n,), such as a network, got "
            f"{type(outputs).__name__}."
        )

    def density(x: Tensor) -> Tensor:
        h = outputs(x.unsqueeze(1)).detach().to(torch.float64)
        if h.numel() != x.numel():
            raise ValueError(
                f"The function of x must return (n,) for x of shape (n, 1) with n = {x.numel()}, "
                f"got {tuple(h.shape)}."
            )
        h = h.reshape(-1)
        total = torch.zeros_like(x)
        for law, of_output in ((p, real), (q, fake)):
            mass = law.log_prob(x).exp()
            # Where a law has no mass its term is 0, whatever the function says there.
            total = total + torch.where(mass == 0, torch.zeros_like(x), mass * of_output(h))
        return total

    return value_or_warning(integrate_over_laws(density, p, q, tolerance), tolerance)
