"""The divergences of the book, each with its slope, Fenchel conjugate and output activation."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lessons.divergences import integrands
from gan_lessons.divergences.conjugates import below, log_lambert
from gan_lessons.divergences.definition import FDivergence

__all__ = ["F_DIVERGENCES", "get_divergence"]

_LOG_2 = math.log(2)
_LINE = (-math.inf, math.inf)


def _xlogx(u: Tensor) -> Tensor:
    """Return u log u, 0 at 0."""
    return torch.xlogy(u, u)


def _jeffrey_conjugate(t: Tensor) -> Tensor:
    """Return u - 1 + log u at the u > 0 with log u + 1 - 1/u = t."""
    y = log_lambert(1 - t)  # y = -log u
    return torch.expm1(-y) - y


KL = FDivergence(
    "Kullback-Leibler",
    f=_xlogx,
    f_prime=lambda u: u.log() + 1,
    conjugate=lambda t: (t - 1).exp(),
    conjugate_domain=_LINE,
    activation=lambda v: v,
    conjugate_of_activation=lambda v: (v - 1).exp(),
    integrand=integrands.kullback_leibler,
)

REVERSE_KL = FDivergence(
    "reverse Kullback-Leibler",
    f=lambda u: -u.log(),
    f_prime=lambda u: -1 / u,
    conjugate=below(0.0, lambda t: -1 - (-t).log()),
    conjugate_domain=(-math.inf, 0.0),
    activation=lambda v: -(-v).exp(),
    conjugate_of_activation=lambda v: v - 1,
    integrand=integrands.reverse_kullback_leibler,
)

JENSEN_SHANNON = FDivergence(
    "Jensen-Shannon",
    f=lambda u: (_xlogx(u) - (u + 1) * ((u + 1) / 2).log()) / 2,
    f_prime=lambda u: (2 * u / (u + 1)).log() / 2,
    conjugate=below(_LOG_2 / 2, lambda t: -(2 - (2 * t).exp()).clamp(min=0).log() / 2),
    conjugate_domain=(-math.inf, _LOG_2 / 2),
    activation=lambda v: (_LOG_2 + logsigmoid(v)) / 2,
    conjugate_of_activation=lambda v: -(_LOG_2 + logsigmoid(-v)) / 2,
    integrand=integrands.jensen_shannon,
)

JEFFREY = FDivergence(
    "Jeffrey",
    f=lambda u: (u - 1) * u.log(),
    f_prime=lambda u: u.log() + 1 - 1 / u,
    conjugate=_jeffrey_conjugate,
    conjugate_domain=_LINE,
    activation=lambda v: v,
    conjugate_of_activation=_jeffrey_conjugate,
    integrand=integrands.jeffrey,
)


def _pearson_conjugate(t: Tensor) -> Tensor:
    """Return t^2/4 + t where the best u = 1 + t/2 is >= 0, else -f(0) = -1."""
    v = t.clamp(min=-2)
    return v * v / 4 + v


PEARSON = FDivergence(
    "Pearson chi-squared",
    f=lambda u: (u - 1).square(),
    f_prime=lambda u: 2 * (u - 1),
    conjugate=_pearson_conjugate,
    conjugate_domain=_LINE,
    activation=lambda v: v,
    conjugate_of_activation=_pearson_conjugate,
    integrand=integrands.pearson,
)

NEYMAN = FDivergence(
    "Neyman chi-squared",
    f=lambda u: (1 - u).square() / u,
    f_prime=lambda u: 1 - u.pow(-2),
    conjugate=below(1.0, lambda t: 2 - 2 * (1 - t).sqrt()),
    conjugate_domain=(-math.inf, 1.0),
    activation=lambda v: -torch.expm1(-v),
    conjugate_of_activation=lambda v: -2 * torch.expm1(-v / 2),
    integrand=integrands.neyman,
)

SQUARED_HELLINGER = FDivergence(
    "squared Hellinger",
    f=lambda u: (u.sqrt() - 1).square(),
    f_prime=lambda u: 1 - u.rsqrt(),
    conjugate=below(1.0, lambda t: t / (1 - t)),
    conjugate_domain=(-math.inf, 1.0),
    activation=lambda v: -torch.expm1(-v),
    conjugate_of_activation=lambda v: torch.expm1(v),
    integrand=integrands.squared_hellinger,
)

TOTAL_VARIATION = FDivergence(
    "total variation",
    f=lambda u: (u - 1).abs() / 2,
    f_prime=lambda u: (u - 1).sign() / 2,
    # Below -1/2 the best u is 0, and f* = -f(0).
    conjugate=below(0.5, lambda t: t.clamp(min=-0.5)),
    conjugate_domain=(-math.inf, 0.5),
    activation=lambda v: (v / 2).tanh() / 2,
    conjugate_of_activation=lambda v: (v / 2).tanh() / 2,
    integrand=integrands.total_variation,
)

GAN = FDivergence(
    "original GAN",
    f=lambda u: _xlogx(u) - (u + 1) * (u + 1).log() + 2 * _LOG_2,
    f_prime=lambda u: (u / (u + 1)).log(),
    conjugate=below(0.0, lambda t: -(-torch.expm1(t)).log() - 2 * _LOG_2),
    conjugate_domain=(-math.inf, 0.0),
    activation=logsigmoid,
    conjugate_of_activation=lambda v: -logsigmoid(-v) - 2 * _LOG_2,
    integrand=integrands.twice_jensen_shannon,
)

#: The divergences of the book. "jensen-shannon" is the usual one, at most log 2: half of what the
#: f-GAN paper calls JS. "gan" is V + log 4 = 2 JSD at the optimal discriminator.
F_DIVERGENCES: dict[str, FDivergence] = {
    "kl": KL,
    "reverse-kl": REVERSE_KL,
    "jensen-shannon": JENSEN_SHANNON,
    "jeffrey": JEFFREY,
    "pearson": PEARSON,
    "neyman": NEYMAN,
    "squared-hellinger": SQUARED_HELLINGER,
    "total-variation": TOTAL_VARIATION,
    "gan": GAN,
}


def get_divergence(divergence: str | FDivergence) -> FDivergence:
    """Return the divergence of that key, or the divergence itself.

    Parameters
    ----------
    divergence
        A key of ``F_DIVERGENCES``, or an FDivergence.

    Returns
    -------
    FDivergence

    Raises
    ------
    ValueError
        If the key is not in ``F_DIVERGENCES``; the message lists the keys.
    TypeError
        If it is neither a key nor an FDivergence.
    """
    if isinstance(divergence, FDivergence):
        return divergence
    if not isinstance(divergence, str):
        raise TypeError(
            f"divergence must be a key of F_DIVERGENCES or an FDivergence, "
            f"got {type(divergence).__name__}."
        )
    if divergence not in F_DIVERGENCES:
        raise ValueError(
            f"divergence must be one of {', '.join(F_DIVERGENCES)}, got {divergence!r}."
        )
    return F_DIVERGENCES[divergence]
