"""Kernels and distances as functions of two samples."""

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_positive, check_result

Bandwidth = float | Sequence[float]

#: Up to this many features differences are taken one by one: exact, and faster than a product.
_FEW_FEATURES = 8


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Return |x_i - y_j|^2 for x (n, d) and y (m, d), shape (n, m).

    Up to 8 features the differences are squared one by one, and equal points are at distance zero
    exactly. Beyond, a matrix product is used, on centred points, and pairs that are close beside
    |x|^2 + |y|^2 are computed again from their differences.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,).

    Returns
    -------
    Tensor
        (n, m).
    """
    x, y = check_pair(x, y, minimum=1)
    return _squared_distances(x, y)


def rbf_kernel(x: Tensor, y: Tensor, bandwidth: Bandwidth) -> Tensor:
    r"""Return the Gaussian kernel's values, summed over bandwidths where several are given.

    .. math:: k(x, y) = \sum_h \exp\left(-\frac{\|x - y\|^2}{2 h^2}\right)

    Parameters
    ----------
    x, y
        Rows (n, d) and (m, d), or (n,) and (m,).
    bandwidth
        One positive number h, or several.

    Returns
    -------
    Tensor
        Shape (n, m).

    Raises
    ------
    ValueError
        If a bandwidth is not positive, or 1 / h^2 is no number of the samples' dtype, or the
        samples do not fit.
    """
    x, y = check_pair(x, y, minimum=1)
    return _rbf(x, y, as_bandwidths(bandwidth))


def polynomial_kernel(
    x: Tensor, y: Tensor, degree: int = 3, gamma: float | None = None, offset: float = 1.0
) -> Tensor:
    r"""Return the polynomial kernel's values; the defaults are those of KID.

    .. math:: k(x, y) = (\gamma \, x^\top y + c)^{\text{degree}}, \quad \gamma = 1 / d

    Parameters
    ----------
    x, y
        Rows (n, d) and (m, d), or (n,) and (m,).
    degree, gamma, offset
        Exponent, scale (None: 1/d) and constant c.

    Returns
    -------
    Tensor
        Shape (n, m).

    References
    ----------
    Binkowski et al. (2018), section 4 (KID).
    """
    x, y = check_pair(x, y, minimum=1)
    scale = 1 / x.shape[1] if gamma is None else check_positive(gamma, "gamma")
    return (scale * (x @ y.T) + offset) ** check_count(degree, "degree")


def minus_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return -|x_i - y_j|, the kernel of the energy distance, shape (n, m).

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,).

    Returns
    -------
    Tensor
        (n, m).
    """
    x, y = check_pair(x, y, minimum=1)
    return _minus_distance(x, y)


def median_heuristic(x: Tensor, y: Tensor, max_points: int = 500) -> float:
    """Return the median distance between points of the pooled sample, a common bandwidth.

    Over all pairs up to ``max_points`` pooled points; beyond, over that many points spread evenly
    along a fixed direction. They depend on the pooled points and not on which of them are x, so
    permutation tests stay exact. Of an even number of distances the lower middle one is taken.
    Where more than half of the pairs coincide (discrete data), the median is over the others.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,).
    max_points
        Largest number of points whose pairs are taken.

    Raises
    ------
    ValueError
        If all points are equal: no bandwidth fits; pass one. If their distances overflow.

    References
    ----------
    Gretton et al. (2012), section 8.
    """
    x, y = check_pair(x, y, minimum=1)
    return median_distance(torch.cat([x, y]).detach(), max_points)


def median_distance(pooled: Tensor, max_points: int = 500) -> float:
    """Return the median distance between pooled points (N, d); see ``median_heuristic``."""
    max_points = check_count(max_points, "max_points", minimum=2)
    size, features = pooled.shape
    if size > max_points:
        fixed = torch.Generator().manual_seed(0)
        direction = torch.randn(features, generator=fixed).to(pooled)
        order = (pooled @ direction).argsort()
        at = torch.linspace(0, size - 1, max_points, dtype=torch.float64).round().long()
        pooled = pooled[order[at.to(order.device)]]
    count = pooled.shape[0]
    squared = _squared_distances(pooled, pooled).flatten()
    # Sorted, the matrix has its diagonal first, then every pair twice.
    n_pairs = count * (count - 1) // 2
    median = float(squared.kthvalue(count + 2 * ((n_pairs - 1) // 2) + 1).values)
    check_result(median, "the median distance of x and y")
    if median == 0:
        positive = squared[squared > 0]
        if positive.numel() == 0:
            raise ValueError(
                "bandwidth cannot be chosen by the median heuristic: all points of x and y are "
                "equal; pass a positive bandwidth."
            )
        median = float(positive.median())
    return median**0.5


def as_bandwidths(bandwidth: object) -> tuple[float, ...]:
    """Return one or several positive bandwidths as a tuple."""
    if isinstance(bandwidth, Tensor):
        bandwidth = bandwidth.tolist()
    if isinstance(bandwidth, Real):
        return (check_positive(bandwidth, "bandwidth"),)
    if not isinstance(bandwidth, Sequence) or isinstance(bandwidth, str):
        raise TypeError(
            f"bandwidth must be a positive number or a sequence of them, "
            f"got {type(bandwidth).__name__}."
        )
    if len(bandwidth) == 0:
        raise ValueError("bandwidth must have at least one entry, got an empty sequence.")
    return tuple(check_positive(h, "bandwidth") for h in bandwidth)


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances of checked rows."""
    if x.shape[1] <= _FEW_FEATURES:
        squared = (x[:, 0, None] - y[:, 0]).square()
        for j in range(1, x.shape[1]):
            squared = squared + (x[:, j, None] - y[:, j]).square()
        return squared
    centre = y.detach().mean(0)
    x, y = x - centre, y - centre
    norms = x.square().sum(1, keepdim=True) + y.square().sum(1)
    squared = torch.addmm(norms, x, y.T, alpha=-2).clamp_min(0)
    # Close points: the difference of large numbers has lost its digits there.
    close = (squared.detach() < 0.01 * norms.detach()).nonzero()
    for i, j in (pairs.unbind(1) for pairs in close.split(max(1, 1_000_000 // x.shape[1]))):
        squared = squared.index_put((i, j), (x[i] - y[j]).square().sum(1))
    return squared


def _rbf(x: Tensor, y: Tensor, bandwidths: tuple[float, ...]) -> Tensor:
    """Gaussian kernel of checked rows."""
    numbers = torch.finfo(x.dtype)
    for h in bandwidths:
        if not numbers.tiny <= 0.5 / h / h <= numbers.max:
            raise ValueError(
                f"bandwidth {h:.4g} is too {'small' if h < 1 else 'large'} for {x.dtype}, which "
                f"cannot hold 1 / bandwidth^2; rescale x, y and the bandwidth."
            )
    squared = _squared_distances(x, y)
    values = torch.exp(squared * (-0.5 / bandwidths[0] ** 2))
    for h in bandwidths[1:]:
        values = values + torch.exp(squared * (-0.5 / h**2))
    return values


def _minus_distance(x: Tensor, y: Tensor) -> Tensor:
    """Negative distances of checked rows, with gradient zero where points coincide."""
    squared = _squared_distances(x, y)
    if not squared.requires_grad:
        return -squared.sqrt()
    apart = squared > 0
    return -torch.where(apart, squared, 1).sqrt() * apart
