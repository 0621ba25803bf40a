"""The kernel distance: the squared MMD of the polynomial kernel, with its standard error."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_result, check_rng
from gan_lessons.metrics._distances import slices, to_float64


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
    block_size: int | None = None,
) -> KernelDistance:
    r"""Estimate the squared MMD of the kernel :math:`k(a, b) = (a^\top b / d + 1)^3` without bias.

    .. math:: \frac{1}{n(n-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j}
        k(y_i, y_j) - \frac{2}{nm} \sum_{i, j} k(x_i, y_j)

    It is the KID if x and y are features of the Inception network. As such, all pairs are used and
    the standard error is the jackknife's: the estimate with each x and each y left out in turn. It
    is somewhat too large where the two laws agree.

    With ``block_size`` b the samples are cut, in the order given, into blocks of b; what is left
    over is not used. The value is the mean over the B pairs of blocks, and because no two share a
    sample, their standard deviation over :math:`\sqrt B` is an honest standard error. It costs
    b / n of all pairs; ``KernelStatistics`` does the same for batches as they come.

    With ``n_subsets`` the value is the mean over random subsets, as KID is published. The standard
    error then is that of this mean over the draws of subsets. Subsets that overlap repeat one
    another: it says little about what new samples would give.

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
    block_size : int, optional
        Size of blocks that share no sample; not together with ``n_subsets``. The samples must be in
        random order, not sorted by class.

    Returns
    -------
    KernelDistance
        ``value`` and ``standard_error``; computed in float64 (from mps: on the CPU).

    Raises
    ------
    ValueError
        If the numbers of features differ, a subset is larger than a sample, there are fewer than
        two pairs of blocks, both kinds are asked for, or a kernel value overflows.

    References
    ----------
    Gretton et al. (2012), eq. 3; Bińkowski et al. (2018), section 4.
    """
    first, second = (to_float64(t) for t in check_pair(x, y, minimum=3))
    rng = check_rng(rng)
    if block_size is not None:
        if n_subsets is not None:
            raise ValueError("block_size and n_subsets exclude each other; leave one of them out.")
        statistics = KernelStatistics(block_size)
        statistics.update(first, second)
        return statistics.result()
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
    """Sum the kernel matrices over rows and columns, tile by tile."""
    cross = _sums_of_tiles(x, y, same=False)
    return _PairSums(_sums_of_tiles(x, x, True)[0], _sums_of_tiles(y, y, True)[0], *cross)


def _sums_of_tiles(a: Tensor, b: Tensor, same: bool) -> tuple[Tensor, Tensor]:
    """Sum k(a_i, b_j) over j and over i; for a sample with itself half of the tiles, not i = j."""
    one = a.new_ones(())
    of_a, of_b = a.new_zeros(len(a)), b.new_zeros(len(b))
    columns = slices(len(b))
    for rows in slices(len(a)):
        for c in columns:
            if same and c.start < rows.start:
                continue
            tile = torch.addmm(one, a[rows], b[c].T, alpha=1 / a.shape[1]).pow_(3)
            if same and c == rows:
                tile.fill_diagonal_(0)
            of_a[rows] += tile.sum(1)
            if not same:
                of_b[c] += tile.sum(0)
            elif c != rows:
                of_a[c] += tile.sum(0)
    return of_a, of_b


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


class KernelStatistics:
    """Gather the kernel distance from batches, as features come from a network.

    Samples are kept until a block of each law is full; then the unbiased estimate of this pair of
    blocks is kept and the samples are let go. The result is that of ``kernel_distance`` with
    ``block_size``, to rounding, whatever the sizes of the batches.

    Parameters
    ----------
    block_size : int, default 1000
        Size of the blocks, at least 3.
    """

    def __init__(self, block_size: int = 1000) -> None:
        self.block_size = check_count(block_size, "block_size", minimum=3)
        self._values: list[float] = []
        self._waiting: tuple[Tensor, Tensor] | None = None

    @property
    def n_blocks(self) -> int:
        """Number of pairs of blocks so far."""
        return len(self._values)

    def update(self, x: Tensor, y: Tensor) -> None:
        """Take a batch of each law, (n, d) real and (m, d) generated; n and m may differ.

        Raises
        ------
        ValueError
            If the numbers of features differ, or from those of the batches before.
        """
        first, second = (to_float64(t) for t in check_pair(x, y, minimum=1))
        if self._waiting is not None:
            d = self._waiting[0].shape[1]
            if first.shape[1] != d:
                raise ValueError(
                    f"x and y must have {d} features as the batches before, got {first.shape[1]}."
                )
            first = torch.cat([self._waiting[0].to(first.device), first])
            second = torch.cat([self._waiting[1].to(second.device), second])
        size, done = self.block_size, 0
        for stop in range(size, min(len(first), len(second)) + 1, size):
            rows = slice(done, stop)
            self._values.append(_unbiased(*_pair_sums(first[rows], second[rows])))
            done = stop
        self._waiting = (first[done:].clone(), second[done:].clone())

    def result(self) -> KernelDistance:
        """Return mean and standard error over the pairs of blocks.

        Raises
        ------
        ValueError
            If there are fewer than two, or the distance overflows.
        """
        if len(self._values) < 2:
            raise ValueError(
                f"block_size must leave at least 2 blocks of each sample, got {self.n_blocks} of "
                f"{self.block_size}; use smaller blocks or more samples."
            )
        values = torch.tensor(self._values, dtype=torch.float64)
        error = float(values.std()) / len(values) ** 0.5
        return _checked(KernelDistance(float(values.mean()), error))
