"""Numbers from nearest neighbours: memorisation, precision and recall, density and coverage."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_samples
from gan_lessons.metrics._distances import (
    check_norms,
    kth_neighbour_squared,
    row_blocks,
    slices,
    squared_distances,
    to_float64,
)


class Neighbours(NamedTuple):
    """Distances (n, k), rising, and indices (n, k) of the nearest references."""

    distances: Tensor
    indices: Tensor


class PrecisionRecall(NamedTuple):
    """Share of generated samples near real ones, and of real samples near generated ones."""

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Mean number of real neighbourhoods around generated samples over k; share of them reached."""

    density: float
    coverage: float


def nearest_neighbours(queries: Tensor, references: Tensor, k: int = 1) -> Neighbours:
    r"""Find the k nearest references of each query in Euclidean distance.

    Candidates come from :math:`\|q\|^2 - 2 q^\top r + \|r\|^2`, one matrix product per block; the
    distances returned are then computed from the differences, so that a copy has distance 0.

    Parameters
    ----------
    queries, references : Tensor
        Shapes (n, d) and (m, d); flatten images with ``images.flatten(1)``.
    k : int, default 1
        Number of neighbours, at most m.

    Returns
    -------
    Neighbours
        ``distances`` (n, k) in rising order and ``indices`` (n, k) into the references.

    Raises
    ------
    ValueError
        If the numbers of features differ, k is larger than m, or squared distances overflow.
    """
    first = check_samples(queries, "queries", minimum=1).detach()
    second = check_samples(references, "references", minimum=1).detach()
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            "queries and references must have the same number of features, got "
            f"{first.shape[1]} and {second.shape[1]}."
        )
    if first.device != second.device:
        raise ValueError(
            f"queries and references must be on one device, got {first.device} and {second.device}."
        )
    k = _check_k(k, len(second), "references")
    dtype = torch.promote_types(first.dtype, second.dtype)
    first, second = first.to(dtype), second.to(dtype)
    centre = second.mean(0)  # small norms keep the rounding of the matrix product small
    spare = min(k + 8, len(second))
    centred = second - centre
    check_norms(centred, "references")
    check_norms(first - centre, "queries")
    distances, indices = [], []
    for rows in row_blocks(len(first), max(len(second), spare * first.shape[1])):
        block = squared_distances(first[rows] - centre, centred)
        candidates = block.topk(spare, dim=1, largest=False).indices
        exact = (first[rows].unsqueeze(1) - second[candidates]).norm(dim=2)
        order = exact.argsort(dim=1, stable=True)[:, :k]
        distances.append(exact.gather(1, order))
        indices.append(candidates.gather(1, order))
    return Neighbours(torch.cat(distances), torch.cat(indices))


def precision_recall(x: Tensor, y: Tensor, k: int = 3) -> PrecisionRecall:
    r"""Estimate how much of the model lies in the data's support, and the other way round.

    .. math:: \text{precision} = \frac{1}{m} \sum_j 1[\exists i: \|y_j - x_i\| \le r_k(x_i)], \quad
        \text{recall} = \frac{1}{n} \sum_i 1[\exists j: \|x_i - y_j\| \le r_k(y_j)]

    where :math:`r_k(x_i)` is the distance of :math:`x_i` to its k-th nearest other x. For equal
    laws both are near, but not equal to, 1. Real samples are always the first argument: code that
    takes generated ones first returns, given these, the two numbers swapped.

    Parameters
    ----------
    x, y : Tensor
        Real and generated features, shapes (n, d) and (m, d), each with more than k rows.
    k : int, default 3
        Which neighbour sets the radius.

    Returns
    -------
    PrecisionRecall
        ``precision`` and ``recall``, 0 to 1.

    Raises
    ------
    ValueError
        If the numbers of features differ, a sample has at most k rows, or squared distances
        overflow.

    References
    ----------
    Kynkäänniemi et al. (2019), eqs. 1 and 2.
    """
    first, second = _prepare(x, y)
    k = _check_k(k, len(first) - 1, "other rows of x")
    _check_k(k, len(second) - 1, "other rows of y")
    real_balls, fake_balls = kth_neighbour_squared(first, k), kth_neighbour_squared(second, k)
    in_real = torch.full_like(fake_balls, -torch.inf)
    in_fake = torch.full_like(real_balls, -torch.inf)
    for rows, columns, minus_squared in _cross_tiles(first, second):
        # r^2 - |x - y|^2 is zero or positive inside a ball: its maximum says "in any".
        depth = minus_squared + real_balls[rows, None]
        in_real[columns] = torch.maximum(in_real[columns], depth.amax(0))
        depth = minus_squared.add_(fake_balls[columns])
        in_fake[rows] = torch.maximum(in_fake[rows], depth.amax(1))
    return PrecisionRecall(_share(in_real >= 0), _share(in_fake >= 0))


def density_coverage(x: Tensor, y: Tensor, k: int = 5) -> DensityCoverage:
    r"""Estimate how densely the model fills the data's neighbourhoods, and how many it reaches.

    .. math:: \text{density} = \frac{1}{k m} \sum_j \sum_i 1[\|y_j - x_i\| \le r_k(x_i)], \quad
        \text{coverage} = \frac{1}{n} \sum_i 1[\exists j: \|y_j - x_i\| \le r_k(x_i)]

    where :math:`r_k(x_i)` is the distance of :math:`x_i` to its k-th nearest other x. For equal
    laws the expected density is 1 and the expected coverage
    :math:`1 - \prod_{l=1}^{k} (n - l) / (n + m - l)` (``expected_coverage``).

    Parameters
    ----------
    x, y : Tensor
        Real and generated features, shapes (n, d) and (m, d); x with more than k rows.
    k : int, default 5
        Which neighbour sets the radius.

    Returns
    -------
    DensityCoverage
        ``density`` (zero or positive, may exceed 1) and ``coverage`` (0 to 1).

    Raises
    ------
    ValueError
        If the numbers of features differ, x has at most k rows, or squared distances overflow.

    References
    ----------
    Naeem et al. (2020), eqs. 3 and 4.
    """
    first, second = _prepare(x, y)
    k = _check_k(k, len(first) - 1, "other rows of x")
    real_balls = kth_neighbour_squared(first, k)
    inside, reached = 0, torch.full_like(real_balls, -torch.inf)
    for rows, _, minus_squared in _cross_tiles(first, second):
        depth = minus_squared.add_(real_balls[rows, None])
        inside += int(torch.count_nonzero(depth >= 0))
        reached[rows] = torch.maximum(reached[rows], depth.amax(1))
    return DensityCoverage(inside / (k * len(second)), _share(reached >= 0))


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    r"""Compute the coverage that is expected where model and data are one continuous law.

    .. math:: 1 - \prod_{l=1}^{k} \frac{n - l}{n + m - l}

    All orders by distance of a real sample's n - 1 + m others are equally likely; it is missed if
    the k nearest are all real. For large n = m this is :math:`1 - 2^{-k}` in any dimension.

    Parameters
    ----------
    n, m : int
        Numbers of real and generated samples; n larger than k.
    k : int, default 5
        Which neighbour sets the radius.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If k is not below n.

    References
    ----------
    Naeem et al. (2020), on the expected coverage of identical laws.
    """
    n, m = check_count(n, "n", minimum=2), check_count(m, "m")
    k = _check_k(k, n - 1, "other real samples")
    return 1 - math.prod((n - j) / (n + m - j) for j in range(1, k + 1))


def _cross_tiles(x: Tensor, y: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield rows, columns and -|x_i - y_j|^2 tile by tile, the surface of a ball drawn inside."""
    # Whether a copy of the k-th neighbour, on the surface, is inside must not hang on rounding.
    slack = 1 - 1e-12
    x_squares, y_squares = x.square().sum(1) * slack, y.square().sum(1) * slack
    columns = slices(len(y))
    for r in slices(len(x)):
        for c in columns:
            squares = x_squares[r, None] + y_squares[c]
            yield r, c, torch.addmm(squares, x[r], y[c].T, beta=-1, alpha=2)


def _prepare(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Check a pair and move it, in float64, to the mean of x."""
    first, second = (to_float64(t) for t in check_pair(x, y))
    centre = first.mean(0)
    first, second = first - centre, second - centre
    check_norms(first, "x")
    check_norms(second, "y")
    return first, second


def _check_k(k: int, available: int, of_what: str) -> int:
    """Return k as an int, or raise unless so many neighbours exist."""
    k = check_count(k, "k")
    if k > available:
        raise ValueError(f"k must be at most {available}, the number of {of_what}, got {k}.")
    return k


def _share(hits: Tensor) -> float:
    """Return the share of True."""
    return int(torch.count_nonzero(hits)) / len(hits)
