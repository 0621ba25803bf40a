"""Leave-one-out nearest-neighbour two-sample test."""

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_result, check_rng
from gan_lessons.two_sample.kernels import _squared_distances
from gan_lessons.two_sample.permutation import (
    TestResult,
    require_permutations,
    result_of,
    with_observed,
)


def nearest_neighbours(points: Tensor, k: int = 1, block_size: int = 512) -> Tensor:
    """Return the indices of every point's k nearest other points, nearest first, shape (N, k).

    Parameters
    ----------
    points
        Shape (N, d).
    k
        Number of neighbours, at most N - 1.
    block_size
        Rows of distances held at once.
    """
    size = points.shape[0]
    if check_count(k, "k") > size - 1:
        raise ValueError(f"k must be below the number of points, {size}, got {k}.")
    found = []
    for start in range(0, size, check_count(block_size, "block_size")):
        distances = _squared_distances(points[start : start + block_size], points)
        distances.diagonal(start).fill_(torch.inf)
        nearest = distances.topk(k, dim=1, largest=False)
        check_result(nearest.values.max(), "a squared distance")
        found.append(nearest.indices)
    return torch.cat(found)


def nearest_neighbour_accuracy(
    x: Tensor, y: Tensor, k: int = 1, rng: torch.Generator | None = None
) -> float:
    """Return how often a point's k nearest other points tell by majority whether it is x or y.

    Under p = q and n = m the mean is (n - 1) / (2n - 1) for k = 1, below one half: a point is
    missing from its own side. An even vote counts one half.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.
    k
        Number of neighbours.
    rng
        Orders points at equal distance; None draws from torch's default generator.
    """
    x, y = check_pair(x, y)
    labels = with_observed(x.shape[0], y.shape[0], 0, None)
    return float(_accuracies(x, y, labels, k, rng, 512)[0])


def nearest_neighbour_test(
    x: Tensor,
    y: Tensor,
    k: int = 1,
    n_permutations: int = 500,
    rng: torch.Generator | None = None,
    block_size: int = 512,
) -> TestResult:
    """Test p = q by permutations of the leave-one-out k-nearest-neighbour accuracy.

    The neighbours do not depend on the labels and are found once.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.
    k
        Number of neighbours that vote.
    n_permutations
        Number of random labellings, at least one.
    rng
        Draws the labellings and orders points at equal distance; None draws from torch's default
        generator.
    block_size
        Rows of distances held at once; memory is about 4 ``block_size`` (n + m) bytes.

    Returns
    -------
    TestResult
        statistic, p_value, n_permutations, null.

    Raises
    ------
    ValueError
        If the samples do not fit, k is too large, or ``n_permutations`` is 0.

    References
    ----------
    Lopez-Paz and Oquab (2017); Schilling (1986).
    """
    require_permutations(n_permutations, "nearest_neighbour_test")
    x, y = check_pair(x, y)
    labels = with_observed(x.shape[0], y.shape[0], n_permutations, rng)
    return result_of(_accuracies(x, y, labels, k, rng, block_size))


def _accuracies(
    x: Tensor, y: Tensor, labels: Tensor, k: int, rng: torch.Generator | None, block_size: int
) -> Tensor:
    """Return the accuracy under every labelling (B, N) of the pooled sample, x first."""
    k = check_count(k, "k")
    pooled = torch.cat([x, y]).detach()
    size = pooled.shape[0]
    # Where distances tie the order of the points decides, so it must not follow the labels.
    rng = check_rng(rng)
    device = torch.device("cpu") if rng is None else rng.device
    order = torch.randperm(size, generator=rng, device=device)
    neighbours = nearest_neighbours(pooled[order.to(pooled.device)], k, block_size)
    labels = labels.to(pooled.device)[:, order.to(pooled.device)].to(torch.int16)
    accuracies = []
    for own in labels.split(max(1, 10_000_000 // (size * k))):
        lead = 2 * own[:, neighbours].sum(2) - k
        right = (lead > 0) == (own > 0)
        half_points = torch.where(lead == 0, 1, 2 * right.long()).sum(1)
        accuracies.append(half_points.double() / (2 * size))
    return torch.cat(accuracies)
