"""The optimal discriminator, and the value of the game for any discriminator."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from gan_lessons._validation import check_positive
from gan_lessons.distributions import Distribution, UnivariateDistribution
from gan_lessons.divergences.exact import expectation_difference, jensen_shannon
from gan_lessons.divergences.laws import check_law

__all__ = ["gan_value", "optimal_discriminator", "optimal_logits", "optimal_value"]


def optimal_logits(p: Distribution, q: Distribution, x: Tensor, prior: float = 0.5) -> Tensor:
    r"""Logit of the optimal discriminator: the log density ratio, moved by the log prior odds.

    .. math:: h^*(x) = \log p(x) - \log q(x) + \log \frac{\pi}{1 - \pi}

    Where only p has mass this is plus infinity, where only q has mass minus infinity. Where neither
    has, the value V does not depend on D(x) and nothing is optimal: the result is NaN, which plots
    leave blank.

    Parameters
    ----------
    p, q : Distribution
        Data law and model law, of one dimension d.
    x : Tensor, (n,) or (n, d)
        Points.
    prior : float
        Share pi of real samples among those the discriminator sees, in (0, 1).

    Returns
    -------
    Tensor, (n,)

    References
    ----------
    Goodfellow et al. (2014), proposition 1, for pi = 1/2.
    """
    check_positive(prior, "prior")
    if prior >= 1:
        raise ValueError(f"prior must lie strictly between 0 and 1, got {prior}.")
    log_p = check_law(p, "p").log_prob(x)
    log_q = check_law(q, "q").log_prob(x)
    return log_p - log_q + math.log(prior / (1 - prior))


def optimal_discriminator(
    p: Distribution, q: Distribution, x: Tensor, prior: float = 0.5
) -> Tensor:
    r"""Probability that x is real, by the best of all discriminators.

    .. math:: D^*(x) = \frac{\pi p(x)}{\pi p(x) + (1 - \pi) q(x)}

    It is 1 where only p has mass, 0 where only q has, and NaN where neither has.

    Parameters
    ----------
    p, q, x, prior
        As for :func:`optimal_logits`.

    Returns
    -------
    Tensor, (n,), in [0, 1]

    References
    ----------
    Goodfellow et al. (2014), eq. 2, for pi = 1/2.
    """
    return torch.sigmoid(optimal_logits(p, q, x, prior))


def gan_value(
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    logits_fn: Callable[[Tensor], Tensor],
    tolerance: float = 1e-10,
) -> float:
    r"""Value of the game for a given discriminator, by quadrature.

    .. math:: V = E_{x \sim p} \log D(x) + E_{x \sim q} \log(1 - D(x)), \qquad
        D(x) = \sigma(h(x))

    Parameters
    ----------
    p, q : UnivariateDistribution
        Data law and model law, one-dimensional.
    logits_fn : callable, (n, 1) -> (n,)
        The logits h. x comes in float64: wrap a float32 network as ``lambda x: net(x.float())``,
        and raise the tolerance to 1e-6.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, |V|)``.

    Returns
    -------
    float
        At most :func:`optimal_value`; minus infinity where D is certain and wrong.

    Raises
    ------
    TypeError
        If ``logits_fn`` is not a function.

    References
    ----------
    Goodfellow et al. (2014), eq. 1.
    """
    return expectation_difference(logsigmoid, lambda h: logsigmoid(-h), logits_fn, p, q, tolerance)


def optimal_value(
    p: UnivariateDistribution, q: UnivariateDistribution, tolerance: float = 1e-10
) -> float:
    r"""Value of the game at the optimal discriminator: from -log 4 (p = q) to 0 (disjoint).

    .. math:: V(G, D^*) = 2 \, \mathrm{JSD}(p, q) - \log 4

    Parameters
    ----------
    p, q
        Laws on the line.
    tolerance
        Wanted relative error of the quadrature.

    Returns
    -------
    float
        In nats.

    References
    ----------
    Goodfellow et al. (2014), eq. 6.
    """
    return 2 * jensen_shannon(p, q, tolerance) - math.log(4)
