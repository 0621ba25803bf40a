"""Maximum mean discrepancy: estimators, test and witness function."""

import torch
from torch import Tensor

from gan_lessons._validation import check_pair, check_result, check_samples
from gan_lessons.two_sample.kernels import (
    Bandwidth,
    _rbf,
    as_bandwidths,
    median_distance,
)
from gan_lessons.two_sample.permutation import (
    Kernel,
    TestResult,
    kernel_values,
    pair_sums,
    require_permutations,
    result_of,
    with_observed,
)


def mmd2_unbiased(
    x: Tensor, y: Tensor, bandwidth: Bandwidth | None = None, kernel: Kernel | None = None
) -> Tensor:
    r"""Estimate the squared MMD without bias; the estimate may be negative.

    .. math:: \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j}
        k(y_i, y_j) - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.
    bandwidth
        Of the Gaussian kernel exp(-|x - y|^2 / (2 bandwidth^2)), one or several (their kernels
        are summed); None takes the median heuristic.
    kernel
        Another symmetric kernel, a function of rows (a, d) and (b, d) that returns (a, b).

    Returns
    -------
    Tensor
        A scalar, differentiable with respect to the samples (the bandwidth is held fixed).

    Raises
    ------
    ValueError
        If the samples do not fit, a bandwidth is not positive, both ``bandwidth`` and ``kernel``
        are given, or the estimate is not finite.
    TypeError
        If ``kernel`` is no function.

    References
    ----------
    Gretton et al. (2012), eq. 3.
    """
    x, y = check_pair(x, y)
    k = _choose_kernel(torch.cat([x, y]).detach(), bandwidth, kernel)
    n, m = x.shape[0], y.shape[0]
    value = (
        _total(k, x, x, diagonal=False) / (n * (n - 1))
        + _total(k, y, y, diagonal=False) / (m * (m - 1))
        - 2 * _total(k, x, y) / (n * m)
    ).to(x.dtype)
    check_result(value, "the estimate")
    return value


def mmd2_biased(
    x: Tensor, y: Tensor, bandwidth: Bandwidth | None = None, kernel: Kernel | None = None
) -> Tensor:
    r"""Estimate the squared MMD by that of the empirical laws; never negative.

    .. math:: \frac{1}{n^2} \sum_{i, j} k(x_i, x_j) + \frac{1}{m^2} \sum_{i, j} k(y_i, y_j)
        - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    Parameters
    ----------
    x, y, bandwidth, kernel
        As in ``mmd2_unbiased``; one sample each is enough.

    Returns
    -------
    Tensor
        A scalar, differentiable with respect to the samples (the bandwidth is held fixed).

    Raises
    ------
    ValueError
        As ``mmd2_unbiased``.

    References
    ----------
    Gretton et al. (2012), eq. 5.
    """
    x, y = check_pair(x, y, minimum=1)
    k = _choose_kernel(torch.cat([x, y]).detach(), bandwidth, kernel)
    n, m = x.shape[0], y.shape[0]
    value = _total(k, x, x) / n**2 + _total(k, y, y) / m**2 - 2 * _total(k, x, y) / (n * m)
    value = value.to(x.dtype)
    check_result(value, "the estimate")
    return value


def mmd_witness(x: Tensor, y: Tensor, t: Tensor, bandwidth: Bandwidth | None = None) -> Tensor:
    r"""Return the function that tells x from y best in the kernel's unit ball, up to its scale.

    .. math:: w(t) = \frac{1}{n} \sum_i k(x_i, t) - \frac{1}{m} \sum_j k(y_j, t)

    Parameters
    ----------
    x, y, bandwidth
        As in ``mmd2_biased``.
    t
        Where to evaluate, (l, d) or (l,).

    Returns
    -------
    Tensor
        Shape (l,): positive where x is denser, negative where y is.

    References
    ----------
    Gretton et al. (2012), section 2.3.
    """
    x, y = check_pair(x, y, minimum=1)
    points = check_samples(t, "t", minimum=1).to(x)
    if points.shape[1] != x.shape[1]:
        raise ValueError(f"t must have {x.shape[1]} features as x has, got {points.shape[1]}.")
    k = _choose_kernel(torch.cat([x, y]).detach(), bandwidth, None)
    return k(x, points).mean(0) - k(y, points).mean(0)


def mmd_test(
    x: Tensor,
    y: Tensor,
    bandwidth: Bandwidth | None = None,
    n_permutations: int = 500,
    rng: torch.Generator | None = None,
    kernel: Kernel | None = None,
    block_size: int = 512,
) -> TestResult:
    """Test p = q by permutations of the unbiased squared MMD.

    The bandwidth must not be tuned on these samples by their labels; the median heuristic, the
    default, does not look at the labels.

    Parameters
    ----------
    x, y, bandwidth, kernel
        As in ``mmd2_unbiased``.
    n_permutations
        Number of random labellings, at least one.
    rng
        Draws the labellings; None draws from torch's default generator.
    block_size
        Edge of the tiles in which the kernel matrix is made; bounds the memory.

    Returns
    -------
    TestResult
        statistic, p_value, n_permutations, null.

    Raises
    ------
    ValueError
        As ``mmd2_unbiased``, and if ``n_permutations`` is 0.

    References
    ----------
    Gretton et al. (2012).
    """
    require_permutations(n_permutations, "mmd_test")
    x, y = check_pair(x, y)
    pooled = torch.cat([x, y]).detach()
    n, m = x.shape[0], y.shape[0]
    labels = with_observed(n, m, n_permutations, rng)
    sums = pair_sums(_choose_kernel(pooled, bandwidth, kernel), pooled, labels, block_size)
    values = (
        sums.within_x / (n * (n - 1)) + sums.within_y / (m * (m - 1)) - 2 * sums.between / (n * m)
    )
    return result_of(values, sums.rounding)


def _choose_kernel(pooled: Tensor, bandwidth: Bandwidth | None, kernel: Kernel | None) -> Kernel:
    """Return the given kernel or the Gaussian one."""
    if kernel is not None:
        if bandwidth is not None:
            raise ValueError("bandwidth and kernel were both given; pass one of them.")
        if not callable(kernel):
            raise TypeError(
                f"kernel must be a function of rows (a, d) and (b, d), got {type(kernel).__name__}."
            )
        return kernel
    bandwidths = (median_distance(pooled),) if bandwidth is None else as_bandwidths(bandwidth)
    return lambda a, b: _rbf(a, b, bandwidths)


def _total(kernel: Kernel, a: Tensor, b: Tensor, diagonal: bool = True) -> Tensor:
    """Sum the kernel over all pairs of rows, a thousand rows at a time, with or without i = j."""
    # In float64, where the device has it.
    dtype = a.dtype if a.device.type == "mps" else torch.float64
    total = torch.zeros((), dtype=dtype, device=a.device)
    for start in range(0, a.shape[0], 1024):
        values = kernel_values(kernel, a[start : start + 1024], b)
        total = total + values.sum(dtype=dtype)
        if not diagonal:
            total = total - values.diagonal(start).sum(dtype=dtype)
    return total
