"""The one permutation engine behind every two-sample test.

A permutation test asks: had the labels x and y been dealt out at random, how often would the
statistic be at least as large? The data, and with them all kernel values, stay the same; only the
labels change. So each pair's kernel value is computed once, and the sums that every labelling
needs come from matrix products with a matrix of labels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_result, check_rng

#: A function of rows (a, d) and (b, d) that returns a matrix (a, b).
Kernel = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False, repr=False)
class TestResult:
    """What a two-sample test found.

    Attributes
    ----------
    statistic
        The observed statistic; large values speak against p = q.
    p_value
        (1 + #{null >= statistic}) / (1 + n_permutations), or the exact or asymptotic value where
        ``n_permutations`` is 0. Under p = q, P(p_value <= a) <= a.
    n_permutations
        Number of random labellings, 0 where a known null law was used.
    null
        The statistic under each random labelling, float64, shape (n_permutations,).
    """

    __test__ = False  # The name would make pytest collect it.

    statistic: float
    p_value: float
    n_permutations: int
    null: Tensor

    def __repr__(self) -> str:
        how = f"{self.n_permutations} permutations" if self.n_permutations else "known null law"
        return f"TestResult(statistic={self.statistic:.4g}, p_value={self.p_value:.4g}, {how})"


class PairSums(NamedTuple):
    """Sums of a kernel over ordered pairs of different points, float64, one entry a labelling."""

    within_x: Tensor
    between: Tensor
    within_y: Tensor
    rounding: float


def draw_labels(n: int, m: int, n_permutations: int, rng: torch.Generator | None = None) -> Tensor:
    """Draw labellings of n + m points with exactly n ones each, all equally likely.

    Parameters
    ----------
    n, m
        Sample sizes, at least one each.
    n_permutations
        Number of labellings B.
    rng
        Source of randomness; None draws from torch's default generator.

    Returns
    -------
    Tensor
        uint8, shape (B, n + m), 1 where a point is labelled x, on the device of ``rng``.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range or ``rng`` is no torch.Generator.
    """
    n, m = check_count(n, "n"), check_count(m, "m")
    n_permutations = check_count(n_permutations, "n_permutations", minimum=0)
    rng = check_rng(rng)
    device = torch.device("cpu") if rng is None else rng.device
    labels = torch.zeros((n_permutations, n + m), dtype=torch.uint8, device=device)
    for row in labels:
        row[torch.randperm(n + m, generator=rng, device=device)[:n]] = 1
    return labels


def with_observed(n: int, m: int, n_permutations: int, rng: torch.Generator | None) -> Tensor:
    """Return the observed labelling in row 0 and random ones below, shape (B + 1, n + m)."""
    drawn = draw_labels(n, m, n_permutations, rng)
    observed = torch.zeros((1, n + m), dtype=torch.uint8, device=drawn.device)
    observed[0, :n] = 1
    return torch.cat([observed, drawn])


def require_permutations(n_permutations: int, name: str) -> None:
    """Raise where a test without a known null law is asked for no permutations."""
    if check_count(n_permutations, "n_permutations", minimum=0) == 0:
        raise ValueError(
            f"n_permutations must be at least 1 for {name}, got 0: its null law is not known in "
            f"closed form."
        )


def pair_sums(kernel: Kernel, pooled: Tensor, labels: Tensor, block_size: int = 512) -> PairSums:
    r"""Sum a symmetric kernel within x, between x and y and within y for many labellings.

    With :math:`K_0` the kernel matrix without its diagonal, :math:`r = K_0 1`,
    :math:`S = 1^\top r` and the 0/1 labels :math:`a`:

    .. math:: XX = a^\top K_0 a, \quad XY = a^\top r - XX, \quad YY = S - 2 a^\top r + XX

    The matrix is made tile by tile, the upper tiles only (they count twice), so beside the data
    the peak memory is about 2 N (B + 1) bytes for the labels and a few tiles of ``block_size``
    squared. A constant is taken off every kernel value first and its share put back in the end:
    products are in the data's dtype, and small numbers lose less there. Sums are in float64.

    Parameters
    ----------
    kernel
        Symmetric function of rows (a, d) and (b, d), returns (a, b).
    pooled
        All N points, x first, shape (N, d); on mps the work is done on the CPU.
    labels
        Labellings with the same number n of ones, uint8 (0 or 1), shape (B + 1, N).
    block_size
        Edge of a tile. The result does not depend on it but for rounding.

    Returns
    -------
    PairSums
        Sums over ordered pairs, shape (B + 1,) each, and the size of the rounding errors in a
        mean of kernel values.

    Raises
    ------
    TypeError, ValueError
        If the labellings do not fit, or the kernel returns something else than a matrix.
    """
    block_size = check_count(block_size, "block_size")
    size = pooled.shape[0]
    n = _number_of_ones(labels, size)
    if pooled.device.type == "mps":  # It has no float64.
        pooled = pooled.cpu()
    labels = labels.to(pooled.device)
    count = labels.shape[0]
    # Matrix products run faster where the number of columns is a multiple of 16.
    columns = torch.zeros((size, -(-count // 16) * 16), dtype=torch.uint8, device=pooled.device)
    columns[:, :count] = labels.T
    few = pooled[:: max(1, size // 128)]
    centre = float(kernel_values(kernel, few, few).double().mean())

    row_sums = torch.zeros(size, dtype=torch.float64, device=pooled.device)
    within_x = torch.zeros(columns.shape[1], dtype=torch.float64, device=pooled.device)
    squares = 0.0
    starts = range(0, size, block_size)
    for i in starts:
        rows = slice(i, i + block_size)
        left = columns[rows].to(pooled.dtype)
        product = torch.zeros_like(left)
        for j in starts[i // block_size :]:
            others = slice(j, j + block_size)
            tile = kernel(pooled[rows], pooled[others]) - centre
            row_sums[rows] += tile.fill_diagonal_(0).sum(1) if i == j else tile.sum(1)
            if i == j:
                product.addmm_(tile, left, alpha=0.5)
            else:
                row_sums[others] += tile.sum(0)
                product.addmm_(tile, columns[others].to(pooled.dtype))
            squares += float(torch.linalg.vector_norm(tile)) ** 2
        within_x += 2 * (left * product).sum(0, dtype=torch.float64)

    a_r = torch.zeros_like(within_x)
    for i in starts:
        rows = slice(i, i + block_size)
        a_r += row_sums[rows] @ columns[rows].double()
    between = a_r - within_x
    within_y = row_sums.sum() - 2 * a_r + within_x
    m = size - n
    # A bound from trials on data full of ties, where equal sums came out up to 9 eps apart.
    spread = math.sqrt(squares / max(1, size * (size - 1) / 2))
    rounding = 16 * torch.finfo(pooled.dtype).eps * spread + 1e-15 * abs(centre)
    return PairSums(
        within_x[:count] + centre * n * (n - 1),
        between[:count] + centre * n * m,
        within_y[:count] + centre * m * (m - 1),
        rounding,
    )


def kernel_values(kernel: Kernel, a: Tensor, b: Tensor) -> Tensor:
    """Evaluate a kernel that a reader may have written, and check what it returns."""
    values = kernel(a, b)
    wanted = (a.shape[0], b.shape[0])
    if not isinstance(values, Tensor) or values.shape != wanted:
        got = tuple(values.shape) if isinstance(values, Tensor) else type(values).__name__
        raise ValueError(f"kernel must return a tensor of shape {wanted} (a, b), got {got}.")
    return values


def _number_of_ones(labels: Tensor, size: int) -> int:
    """Return the number of ones that all labellings (B + 1, N) have in common."""
    if labels.dim() != 2 or labels.shape[1] != size or labels.shape[0] == 0:
        raise ValueError(f"labels must have shape (B, {size}), got {tuple(labels.shape)}.")
    ones = labels.sum(1)
    low, high = int(ones.min()), int(ones.max())
    if low != high:
        raise ValueError(
            f"labels must have the same number of ones in every row, got {low} to {high}."
        )
    return low


def result_of(values: Tensor, tolerance: float = 0.0) -> TestResult:
    """Return the test's result from the statistic of the observed labelling (first) and the rest.

    Null values within ``tolerance`` of the statistic are set equal to it, so that ties, which
    rounding would break, count as the p-value wants them to. Raises ``ValueError`` where a value
    is not finite: nothing is larger than NaN, and the p-value would be the smallest possible.
    """
    check_result(values.abs().max() + tolerance, "the test's statistic")
    values = values.double().cpu()
    statistic, null = values[0], values[1:]
    null = torch.where((null - statistic).abs() <= tolerance, statistic, null)
    n_permutations = null.numel()
    p_value = (1 + int((null >= statistic).sum())) / (1 + n_permutations)
    return TestResult(float(statistic), p_value, n_permutations, null)
