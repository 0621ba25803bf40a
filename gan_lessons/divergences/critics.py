"""Integral probability metrics of known laws, and the functions that reach them.

A class of functions F makes a distance: the supremum over f in F of E_p f - E_q f. The function
that reaches it is the optimal critic: high on p, low on q, in every class.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from gan_lessons._validation import check_samples
from gan_lessons.distributions import Distribution, UnivariateDistribution
from gan_lessons.divergences.exact import expectation_difference
from gan_lessons.divergences.laws import check_law, check_univariate

__all__ = [
    "critic_value",
    "total_variation_critic",
    "wasserstein_critic",
]

_PARTS = 64  # of each stretch between two breakpoints, to find where F_p and F_q cross
_ROUNDS = 60  # of bisection


def critic_value(
    p: UnivariateDistribution,
    q: UnivariateDistribution,
    critic: Callable[[Tensor], Tensor],
    tolerance: float = 1e-8,
) -> float:
    r"""Mean score of the data minus mean score of the model, by quadrature.

    .. math:: E_{x \sim p} f(x) - E_{x \sim q} f(x)

    Parameters
    ----------
    p, q : UnivariateDistribution
        Data law and model law, one-dimensional.
    critic : callable, (n, 1) -> (n,)
        The function f. x comes in float64: wrap a float32 network as ``lambda x: net(x.float())``,
        and raise the tolerance to 1e-5.
    tolerance : float
        Wanted accuracy, relative to ``max(1e-2, |value|)``.

    Returns
    -------
    float
        For a 1-Lipschitz f at most ``wasserstein1(p, q)``; for abs(f) <= 1/2 at most the total
        variation.

    References
    ----------
    Müller (1997), definition 2.1.
    """
    return expectation_difference(lambda f: f, lambda f: -f, critic, p, q, tolerance)


def total_variation_critic(p: Distribution, q: Distribution, x: Tensor) -> Tensor:
    r"""Best of all functions between -1/2 and 1/2; it reaches the total variation.

    .. math:: f^*(x) = \tfrac12 \operatorname{sign}(p(x) - q(x)), \qquad
        E_p f^* - E_q f^* = \tfrac12 \int |p - q|

    Authors who bound the functions by 1 get twice this number.

    Parameters
    ----------
    p, q : Distribution
        Data law and model law, of one dimension d.
    x : Tensor, (n,) or (n, d)
        Points.

    Returns
    -------
    Tensor, (n,)
        0 where both densities are equal, also where both are 0.

    References
    ----------
    Sriperumbudur et al. (2012), section 1.
    """
    log_p, log_q = check_law(p, "p").log_prob(x), check_law(q, "q").log_prob(x)
    return ((log_p > log_q).to(log_p) - (log_p < log_q).to(log_p)) / 2


def wasserstein_critic(
    p: UnivariateDistribution, q: UnivariateDistribution, x: Tensor, at_zero: float = 0.0
) -> Tensor:
    r"""Best of all 1-Lipschitz functions on the line; it reaches the Wasserstein-1 distance.

    .. math:: f^*(x) = \int_0^x \operatorname{sign}\big(F_q(t) - F_p(t)\big) \, dt

    Where F_q > F_p the mass of q must travel to the right, and f rises with slope 1. Where both
    are equal nothing travels; any slope up to 1 would do, and 0 is taken.

    Parameters
    ----------
    p, q : UnivariateDistribution
        One-dimensional laws.
    x : Tensor, (n,) or (n, 1)
        Points.
    at_zero : float
        Value of f at 0; a constant changes nothing but the picture.

    Returns
    -------
    Tensor, (n,)

    References
    ----------
    Villani (2009), particular case 5.16.
    """
    check_univariate(p, "p")
    check_univariate(q, "q")
    points = check_samples(x, "x", minimum=1)
    if points.shape[1] != 1:
        raise ValueError(f"x must have shape (n,) or (n, 1), got {tuple(points.shape)}.")
    wanted = points.squeeze(1).detach().to("cpu", torch.float64)

    def slope(t: Tensor) -> Tensor:
        gap = q.cdf(t) - p.cdf(t)
        # Far out both are 1 up to rounding, whose sign means nothing.
        return torch.where(gap.abs() < 1e-15, torch.zeros_like(gap), gap.sign())

    fixed = [0.0, *p.breakpoints(), *q.breakpoints(), *p.support(), *q.support()]
    fixed += [float(wanted.min()), float(wanted.max())]
    edges = torch.tensor([end for end in fixed if math.isfinite(end)], dtype=torch.float64).unique()
    shares = torch.arange(_PARTS, dtype=torch.float64) / _PARTS
    inner = (edges[:-1, None] + edges.diff()[:, None] * shares).flatten()
    knots = torch.cat([inner, edges[-1:], wanted]).unique()
    left, right = knots[:-1], knots[1:]
    # Just inside the ends: at an end itself the gap may be 0, where the laws begin.
    inside = (right - left) * 1e-6
    at_left, at_right = slope(left + inside), slope(right - inside)
    ends = torch.tensor([p.support(), q.support()])
    decided = (at_left != 0).nonzero().flatten()
    if len(decided):  # rounding hides who is ahead far out in a tail: there the slope goes on
        first, last = int(decided[0]), int(decided[-1])
        if bool(ends[:, 0].isinf().any()):
            at_left[:first], at_right[:first] = at_left[first], at_left[first]
        if bool(ends[:, 1].isinf().any()):
            at_left[last + 1 :], at_right[last:] = at_left[last], at_left[last]
    crossing, changes = right.clone(), at_left != at_right
    low, high = left[changes], right[changes]
    for _ in range(_ROUNDS if len(low) else 0):
        middle = (low + high) / 2
        before = slope(middle) == at_left[changes]
        low, high = torch.where(before, middle, low), torch.where(before, high, middle)
    crossing[changes] = (low + high) / 2
    rise = at_left * (crossing - left) + at_right * (right - crossing)
    # Summed outwards from 0, where f is 0: far out the heights are large, and digits are lost.
    k = int(torch.searchsorted(knots, torch.zeros(1, dtype=torch.float64)))
    heights = torch.cat(
        [-rise[:k].flip(0).cumsum(0).flip(0), rise.new_zeros(1), rise[k:].cumsum(0)]
    )
    values = heights[torch.searchsorted(knots, wanted.contiguous())] + at_zero
    return values.to(points)
