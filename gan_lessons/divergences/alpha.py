"""The alpha-divergences, which join reverse KL to KL and go beyond both."""

import math

import torch

from gan_lessons.divergences import integrands
from gan_lessons.divergences.conjugates import below
from gan_lessons.divergences.definition import FDivergence

__all__ = ["alpha_divergence"]

_LINE = (-math.inf, math.inf)


def alpha_divergence(alpha: float) -> FDivergence:
    r"""Alpha-divergence, the family that joins reverse KL (alpha = 0) to KL (alpha = 1).

    .. math:: f(u) = \frac{u^\alpha - \alpha u - (1 - \alpha)}{\alpha (\alpha - 1)}

    alpha = 2 is half of Pearson's, alpha = -1 half of Neyman's, and alpha = 1/2 twice the squared
    Hellinger divergence. With g_f(v) = f'(e^v) the raw score v estimates log(p/q), and
    f*(g_f(v)) = (e^{alpha v} - 1) / alpha.

    Parameters
    ----------
    alpha : float
        Any finite number; within 1e-8 of 0 and 1 the limit is taken.

    References
    ----------
    Amari (1985); Cressie and Read (1984).
    """
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise TypeError(f"alpha must be a number, got {type(alpha).__name__}.")
    if not math.isfinite(alpha):
        raise ValueError(f"alpha must be finite, got {alpha}; 0 and 1 give reverse KL and KL.")
    a = float(alpha)
    if abs(a - 1) < 1e-8:
        return FDivergence(
            "alpha = 1",
            f=lambda u: torch.xlogy(u, u) - u + 1,
            f_prime=torch.log,
            conjugate=torch.expm1,
            conjugate_domain=_LINE,
            activation=lambda v: v,
            conjugate_of_activation=torch.expm1,
            integrand=integrands.kullback_leibler,
        )
    if abs(a) < 1e-8:
        return FDivergence(
            "alpha = 0",
            f=lambda u: u - 1 - u.log(),
            f_prime=lambda u: 1 - 1 / u,
            conjugate=below(1.0, lambda t: -torch.log1p(-t)),
            conjugate_domain=(-math.inf, 1.0),
            activation=lambda v: -torch.expm1(-v),
            conjugate_of_activation=lambda v: v,
            integrand=integrands.reverse_kullback_leibler,
        )
    b = a - 1
    scale = max(1.0, abs(a), abs(b))
    # Where 1 + (alpha - 1) t < 0 with alpha > 1, the best u is 0; with alpha < 1, f* is infinite.
    high = math.inf if b > 0 else -1 / b
    return FDivergence(
        f"alpha = {a:g}",
        f=lambda u: (u.pow(a) - a * u + b) / (a * b),
        f_prime=lambda u: (u.pow(b) - 1) / b,
        conjugate=below(high, lambda t: ((1 + b * t).clamp(min=0).pow(a / b) - 1) / a),
        conjugate_domain=(-math.inf, high),
        activation=lambda v: torch.expm1(b * v / scale) / b,
        conjugate_of_activation=lambda v: torch.expm1(a * v / scale) / a,
        integrand=integrands.alpha_power(a),
    )
