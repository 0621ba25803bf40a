"""The maximum mean discrepancy of known laws, and the function that reaches it."""

import math

import torch
from torch import Tensor

from gan_lessons._validation import check_positive, check_samples
from gan_lessons.distributions import Distribution, Mixture, Normal
from gan_lessons.divergences.laws import check_law, check_univariate

__all__ = ["maximum_mean_discrepancy", "mmd_critic"]

_CELLS, _NODES = 100, 8  # Gauss-Legendre rule over the levels of a quantile function


def mmd_critic(
    p: Distribution, q: Distribution, x: Tensor, bandwidth: float, unit_norm: bool = True
) -> Tensor:
    r"""Best function in the unit ball of the Gaussian kernel's space; it reaches the MMD.

    .. math:: w(x) = E_p k(X, x) - E_q k(Y, x), \qquad f^* = w / \operatorname{MMD}(p, q), \qquad
        k(x, y) = e^{-\lVert x - y\rVert^2 / (2 \ell^2)}

    In closed form for normal laws and their mixtures in any dimension; for other laws on the line
    by quadrature over the quantile function.

    Parameters
    ----------
    p, q : Distribution
        Data law and model law, of one dimension d.
    x : Tensor, (n,) or (n, d)
        Points.
    bandwidth : float
        The kernel's ell.
    unit_norm : bool
        Whether f* is returned; else w, which is 0 everywhere if p = q.

    Returns
    -------
    Tensor, (n,)

    Raises
    ------
    ValueError
        If p = q and ``unit_norm``: then every function in the ball is optimal.

    References
    ----------
    Gretton et al. (2012), section 2.3.
    """
    points = check_samples(x, "x", minimum=1)
    inner = points.detach().to("cpu", torch.float64)
    values = _embedding(p, inner, bandwidth, "p") - _embedding(q, inner, bandwidth, "q")
    if unit_norm:
        size = maximum_mean_discrepancy(p, q, bandwidth)
        if size < 1e-12:
            raise ValueError(
                "p and q must differ for a critic of norm one; pass unit_norm=False for the "
                "function w, which is 0 where p = q."
            )
        values = values / size
    return values.to(points)


def maximum_mean_discrepancy(p: Distribution, q: Distribution, bandwidth: float) -> float:
    r"""Maximum mean discrepancy of two known laws, with the Gaussian kernel.

    .. math:: \mathrm{MMD}^2 = E\, k(X, X') + E\, k(Y, Y') - 2 E\, k(X, Y)

    Parameters
    ----------
    p, q : Distribution
        Normal laws or mixtures of one dimension d, or any laws on the line.
    bandwidth : float
        The kernel's ell.

    Returns
    -------
    float
        The root, between 0 and sqrt(2). Below about 1e-8 there is only rounding.

    References
    ----------
    Gretton et al. (2012), lemma 6.
    """
    squared = sum(
        sign * _mean_kernel(a, b, bandwidth)
        for a, b, sign in ((p, p, 1.0), (q, q, 1.0), (p, q, -2.0))
    )
    return math.sqrt(max(squared, 0.0))


def _mean_kernel(p: Distribution, q: Distribution, bandwidth: float) -> float:
    """Return E k(X, Y) for independent X from p and Y from q."""
    if not isinstance(p, Normal | Mixture):
        p, q = q, p  # the mean over the law without a closed form is taken last
    if isinstance(q, Normal | Mixture):
        weights, means, stds = _gaussians(q)
        return sum(
            w * float(_embedding(p, mean[None], bandwidth, "p", extra=float(std)))
            for w, mean, std in zip(weights.tolist(), means, stds.tolist(), strict=True)
        )
    levels, weights = _levels()
    at = check_univariate(q, "q").quantile(levels)
    return float(weights @ _embedding(p, at[:, None], bandwidth, "p"))


def _embedding(
    law: Distribution, x: Tensor, bandwidth: float, name: str, extra: float = 0.0
) -> Tensor:
    """Return E k(X, x + extra Z) with Z normal: the mean embedding at x (n, d), shape (n,)."""
    bandwidth, d = check_positive(bandwidth, "bandwidth"), x.shape[1]
    if check_law(law, name).dim != d:
        raise ValueError(f"{name} must have {d} features as x has, got {law.dim}.")
    if isinstance(law, Normal | Mixture):
        weights, means, stds = _gaussians(law)
    else:
        levels, weights = _levels()
        means = check_univariate(law, name).quantile(levels)[:, None]
        stds = torch.zeros_like(levels)
    wide = bandwidth**2 + stds**2 + extra**2
    squared = (x[:, None, :] - means).square().sum(2)
    return (torch.exp(-squared / (2 * wide)) * (bandwidth**2 / wide) ** (d / 2)) @ weights


def _gaussians(law: Normal | Mixture) -> tuple[Tensor, Tensor, Tensor]:
    """Return weights (k,), means (k, d) and standard deviations (k,) of the components."""
    if isinstance(law, Mixture):
        return law.weights, law.means, law.stds
    one = torch.ones(1, dtype=torch.float64)
    return one, law.location[None], one * law.std


def _levels() -> tuple[Tensor, Tensor]:
    """Return nodes and weights of a Gauss-Legendre rule in cells over (0, 1)."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    cells = torch.arange(_CELLS, dtype=torch.float64)[:, None]
    levels = (cells + (torch.from_numpy(nodes) + 1) / 2) / _CELLS
    return levels.flatten(), (torch.from_numpy(weights) / 2 / _CELLS).repeat(_CELLS)
