"""The normal law that is nearest to a mixture in an f-divergence, by quadrature."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_positive
from gan_lessons.distributions import Mixture, Normal, UnivariateDistribution
from gan_lessons.divergences.catalogue import get_divergence
from gan_lessons.divergences.definition import FDivergence
from gan_lessons.divergences.exact import f_divergence
from gan_lessons.divergences.integrands import Integrand, from_f
from gan_lessons.divergences.laws import check_univariate, panel_edges

__all__ = ["GaussianFit", "Minimum", "fit_gaussian"]

_NODES = 16  # Gauss-Legendre nodes a panel
_SPREAD = 40.0  # standard deviations: beyond them a normal density underflows


class Minimum(NamedTuple):
    """A normal law from which the divergence rises in every direction, and its value there."""

    mu: float
    sigma: float
    divergence: float


class GaussianFit(NamedTuple):
    """The best normal law that was found, and every local minimum met, the best one first."""

    mu: float
    sigma: float
    divergence: float
    minima: tuple[Minimum, ...]


def fit_gaussian(
    divergence: str | FDivergence,
    target: Normal | Mixture,
    starts: Sequence[tuple[float, float]] | None = None,
) -> GaussianFit:
    r"""Find the normal law that minimises an f-divergence from a target.

    .. math:: \min_{\mu, \sigma} D_f\big(p \,\|\, N(\mu, \sigma^2)\big)

    The integral is a Gauss-Legendre sum over panels laid around both laws, differentiated by
    autograd, and goes down by BFGS in (mu, log sigma) from every start. For KL the answer is known:
    the mean and standard deviation of the target.

    Parameters
    ----------
    divergence : str or FDivergence
        A key of ``F_DIVERGENCES``, or your own.
    target : Normal or Mixture
        The data law p, one-dimensional.
    starts : sequence of (mu, sigma), optional
        Where to go down from. None takes each component's mean and the target's with each
        component's standard deviation and the target's, so that local minima are found too. A
        start where the divergence is infinite is left out.

    Returns
    -------
    GaussianFit
        To about 1e-6 in mu and sigma; to about 1e-3 for total variation, whose integrand has kinks.

    Raises
    ------
    TypeError, ValueError
        If the divergence is not known, the target no Normal or Mixture on the line, a sigma not
        positive, or the divergence infinite at every start.

    References
    ----------
    Nowozin et al. (2016), section 4.1 (there by sampling): the study in one dimension.
    """
    chosen = get_divergence(divergence)
    mixture = _as_mixture(target)
    pairs = _default_starts(mixture) if starts is None else _checked(starts)
    integrand = chosen.integrand or from_f(chosen.f)
    found: list[Minimum] = []
    for mu, sigma in pairs:
        end = _descend(integrand, mixture, mu, sigma)
        if end is None:
            continue
        value = f_divergence(chosen, mixture, Normal(*end), 1e-9)
        known = any(abs(m.mu - end[0]) + abs(m.sigma - end[1]) < 1e-3 * m.sigma for m in found)
        if math.isfinite(value) and not known:
            found.append(Minimum(*end, value))
    if not found:
        raise ValueError(
            f"starts must hold a normal law at finite divergence from the target, got {pairs}; "
            "try a larger (or, for neyman and reverse-kl, a smaller) sigma."
        )
    minima = sorted(found, key=lambda minimum: minimum.divergence)
    return GaussianFit(*minima[0], tuple(minima))


def _as_mixture(target: object) -> Mixture:
    """Return a Normal or Mixture on the line as a Mixture."""
    law = check_univariate(target, "target")
    if isinstance(law, Mixture):
        return law
    if isinstance(law, Normal):
        mean, std = (
            torch.as_tensor(part, dtype=torch.float64).reshape(1) for part in (law.mean, law.std)
        )
        return Mixture([1.0], mean, std)
    raise TypeError(f"target must be a Normal or a Mixture, got {type(law).__name__}.")


def _moments(target: Mixture) -> tuple[float, float]:
    """Return mean and standard deviation of a mixture on the line."""
    means = target.means.squeeze(1)
    mean = (target.weights * means).sum()
    variance = (target.weights * (target.stds.square() + (means - mean).square())).sum()
    return float(mean), float(variance.sqrt())


def _default_starts(target: Mixture) -> list[tuple[float, float]]:
    """Return every pairing of the components' and the whole mixture's means and widths."""
    used = target.weights > 0
    mean, std = _moments(target)
    means = dict.fromkeys([mean, *target.means[used, 0].tolist()])
    stds = dict.fromkeys([std, *target.stds[used].tolist()])
    return [(m, s) for m in means for s in stds]


def _checked(starts: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the given starts, each a finite mu and a positive sigma."""
    try:
        pairs = [(float(mu), sigma) for mu, sigma in starts]
    except (TypeError, ValueError):
        pairs = []
    if not pairs or not all(math.isfinite(mu) for mu, _ in pairs):
        raise ValueError(f"starts must be pairs (mu, sigma), at least one, got {starts!r}.")
    return [(mu, check_positive(sigma, "sigma")) for mu, sigma in pairs]


def _nodes(target: UnivariateDistribution, mu: float, sigma: float) -> tuple[Tensor, Tensor]:
    """Return nodes (n,) and weights (n,) of a rule that resolves the target and N(mu, sigma^2)."""
    from numpy.polynomial.legendre import leggauss

    edges = panel_edges(target, Normal(mu, sigma))[0]
    points = torch.tensor(target.breakpoints(), dtype=torch.float64)
    reach = _SPREAD / 8 * (points[-1] - points[0])  # the breakpoints reach to 8 deviations
    low = min(float(points[0] - reach), mu - _SPREAD * sigma)
    high = max(float(points[-1] + reach), mu + _SPREAD * sigma)
    edges = edges[(edges > low) & (edges < high)]
    edges = torch.cat([edges, (edges[1:] + edges[:-1]) / 2]).sort().values
    x, w = (torch.from_numpy(part) for part in leggauss(_NODES))
    half = edges.diff().unsqueeze(1) / 2
    return (edges[:-1].unsqueeze(1) + half * (1 + x)).reshape(-1), (half * w).reshape(-1)


def _descend(
    integrand: Integrand, target: Mixture, mu: float, sigma: float
) -> tuple[float, float] | None:
    """Go down from a start; return (mu, sigma), or None where the divergence is infinite."""
    from scipy.optimize import minimize

    def value_and_slope(place: list[float]) -> tuple[float, list[float]]:
        where = torch.tensor([place[0], min(max(place[1], -20.0), 20.0)], dtype=torch.float64)
        x, weights = _nodes(target, float(where[0]), float(where[1].exp()))
        where.requires_grad_()
        log_q = -((x - where[0]) / where[1].exp()).square() / 2 - where[1]
        log_q = log_q - math.log(2 * math.pi) / 2
        terms = weights * integrand(target.log_prob(x), log_q)
        value = terms.sum()
        (slope,) = torch.autograd.grad(value, where)
        if not bool(torch.isfinite(value)) or not bool(torch.isfinite(slope).all()):
            return 1e30, [0.0, 0.0]
        return float(value.detach()), slope.tolist()

    if value_and_slope([mu, math.log(sigma)])[0] >= 1e30:
        return None
    done = minimize(value_and_slope, [mu, math.log(sigma)], jac=True, options={"gtol": 1e-9})
    if max(abs(entry) for entry in done.jac) > 1e-2:
        return None
    return float(done.x[0]), math.exp(float(done.x[1]))
