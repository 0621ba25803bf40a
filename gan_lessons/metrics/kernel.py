"""The kernel distance: the squared MMD of the polynomial kernel, with its standard error."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_result, check_rng
from gan_lessons.metrics._distances import row_blocks, to_float64
from gan_lessons.two_sample import polynomial_kernel


class KernelDistance(NamedTuple):
    """Estimate of the squared MMD (it may be negative) and its standard error."""

    value: float
    standard_error: float


def kernel_distance(
    x: Tensor,
    y: Tensor,
    n_subsets: int | None = None,
    subset_size: int = 1000,
    rng: torch.Generator | None = None,
) -> KernelDistance:
    r"""Estimate the squared MMD of the kernel :math:`k(a, b) = (a^\top b / d + 1)^3` without bias.

    .. math:: \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j}
        k(y_i, y_j) - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    It is the KID if x and y are features of the Inception network. Without ``n_subsets`` all pairs
    are used and the standard error is the jackknife's: the estimate with each x and each y left
    out in turn. It is somewhat too large where the two laws agree.

    With ``n_subsets`` the value is the mean over random subsets, as KID is published, which costs
    less for many samples. The standard error then is that of this mean over the draws of subsets.
    Subsets that overlap repeat one another: it says little about what new samples would give.

    Parameters
    ----------
    x, y : Tensor
        Real and generated samples or features, shapes (n, d) and (m, d); at least 3 of each.
    n_subsets : int, optional
        Number of random subsets, at least 2 (published: 100); None uses all pairs.
    subset_size : int, default 1000
        Size of the subsets of x and of y, drawn without replacement; unused without ``n_subsets``.
    rng : torch.Generator, optional
        Source of the subsets; None draws from torch's default CPU generator.

    Returns
    -------
    KernelDistance
        ``value`` and ``standard_error``; computed in float64 (from mps: on the CPU).

    Raises
    ------
    ValueError
        If the numbers of features differ, a subset is larger than a sample, or a kernel value
        overflows.

    References
    ----------
    Gretton et al. (2012), eq. 3; Bińkowski et al. (2018), section 4.
    """
    first, second = (to_float64(t) for t in check_pair(x, y, minimum=3))
    rng = check_rng(rng)
    if n_subsets is None:
        return _checked(_with_jackknife(first, second))
    count = check_count(n_subsets, "n_subsets", minimum=2)
    size = check_count(subset_size, "subset_size", minimum=3)
    if size > min(len(first), len(second)):
        raise ValueError(
            f"subset_size must be at most {min(len(first), len(second))}, the size of the smaller "
            f"sample, got {size}; leave n_subsets out to use all pairs."
        )
    values = torch.tensor(
        [
            _unbiased(*_pair_sums(_subset(first, size, rng), _subset(second, size, rng)))
            for _ in range(count)
        ],
        dtype=torch.float64,
    )
    return _checked(KernelDistance(float(values.mean()), float(values.std()) / count**0.5))


def _checked(distance: KernelDistance) -> KernelDistance:
    """Return the distance if neither it nor its standard error overflowed."""
    check_result(distance.value, "the kernel distance")
    check_result(distance.standard_error, "the kernel distance's standard error")
    return distance


class _PairSums(NamedTuple):
    """Sums of the kernel over the partners of each sample, itself left out."""

    x_with_x: Tensor
    y_with_y: Tensor
    x_with_y: Tensor
    y_with_x: Tensor


def _pair_sums(x: Tensor, y: Tensor) -> _PairSums:
    """Sum the kernel matrices over rows and columns, block by block."""
    x_with_x, y_with_y, x_with_y = [], [], []
    y_with_x = torch.zeros(len(y), dtype=y.dtype, device=y.device)
    for rows in row_blocks(len(x), max(len(x), len(y))):
        own = polynomial_kernel(x[rows], x)
        x_with_x.append(own.sum(1) - own[:, rows].diagonal())
        cross = polynomial_kernel(x[rows], y)
        x_with_y.append(cross.sum(1))
        y_with_x += cross.sum(0)
    for rows in row_blocks(len(y), len(y)):
        own = polynomial_kernel(y[rows], y)
        y_with_y.append(own.sum(1) - own[:, rows].diagonal())
    return _PairSums(torch.cat(x_with_x), torch.cat(y_with_y), torch.cat(x_with_y), y_with_x)


def _unbiased(xx: Tensor, yy: Tensor, xy: Tensor, yx: Tensor) -> float:
    """Put the sums together to the unbiased estimate."""
    n, m = len(xx), len(yy)
    return float(xx.sum() / (n * (n - 1)) + yy.sum() / (m * (m - 1)) - 2 * xy.sum() / (n * m))


def _with_jackknife(x: Tensor, y: Tensor) -> KernelDistance:
    """Estimate from all pairs; leaving one sample out only takes its own sums away."""
    xx, yy, xy, yx = _pair_sums(x, y)
    n, m = len(x), len(y)
    variance = 0.0
    for own, cross, other, size, other_size in ((xx, xy, yy, n, m), (yy, yx, xx, m, n)):
        without = (
            (own.sum() - 2 * own) / ((size - 1) * (size - 2))
            + other.sum() / (other_size * (other_size - 1))
            - 2 * (cross.sum() - cross) / ((size - 1) * other_size)
        )
        variance += (size - 1) * float(without.var(correction=0))
    return KernelDistance(_unbiased(xx, yy, xy, yx), variance**0.5)


def _subset(samples: Tensor, size: int, rng: torch.Generator | None) -> Tensor:
    """Draw rows without replacement."""
    device = torch.device("cpu") if rng is None else rng.device
    chosen = torch.randperm(len(samples), generator=rng, device=device)[:size]
    return samples[chosen.to(samples.device)]
