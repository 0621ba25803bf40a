"""How many different samples a generator can make: the birthday paradox as a measurement."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive, check_samples
from gan_lessons.metrics._distances import check_norms, slices, squared_distances, to_float64
from gan_lessons.metrics.intervals import Share, binomial_interval


class ClosestPairs(NamedTuple):
    """Distances (n_pairs,), rising, and indices (n_pairs, 2) of the closest pairs."""

    distances: Tensor
    indices: Tensor


class BirthdayTest(NamedTuple):
    """Share of batches with duplicates; support size that explains it, and its interval's ends."""

    share: Share
    support: float
    low: float
    high: float


def collision_probability(batch_size: int, support_size: float) -> float:
    r"""Compute the probability that a batch from N equally likely points has a point twice.

    .. math:: 1 - \prod_{i=1}^{s-1} \Big( 1 - \frac{i}{N} \Big) \approx 1 - e^{-s (s - 1) / 2N}

    It is one half near :math:`s = 1.18 \sqrt N`: 23 people for 365 birthdays. Of all laws on N
    points the uniform one has the fewest collisions.

    Parameters
    ----------
    batch_size : int
        Number s of independent samples.
    support_size : float
        Number N of points, at least 1.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If a size is below 1.
    """
    s = check_count(batch_size, "batch_size")
    n = check_positive(support_size, "support_size")
    if n < 1:
        raise ValueError(f"support_size must be at least 1, got {support_size}.")
    if s - 1 >= n:
        return 1.0
    steps = torch.arange(1, s, dtype=torch.float64) / n
    return -math.expm1(float(torch.log1p(-steps).sum()))


def support_size(batch_size: int, probability: float = 0.5) -> float:
    r"""Compute the N for which a batch has duplicates with the given probability.

    The inverse of ``collision_probability`` in N. If batches of s samples have duplicates half the
    time, the support looks as large as about :math:`s^2 / (2 \log 2) = 0.72 s^2` equally likely
    points. A law that is not uniform collides more often: it may have more points than this.

    Parameters
    ----------
    batch_size : int
        Number s of samples in a batch, at least 2.
    probability : float, default 0.5
        Share of batches with duplicates, 0 to 1.

    Returns
    -------
    float
        s - 1 (all batches have duplicates) to infinity (none has).

    Raises
    ------
    ValueError
        If ``probability`` is not within 0 and 1, or the batch has one sample.

    References
    ----------
    Arora and Zhang (2017), section 2.
    """
    s = check_count(batch_size, "batch_size", minimum=2)
    p = check_positive(probability, "probability", allow_zero=True)
    if p > 1:
        raise ValueError(f"probability must be from 0 to 1, got {probability}.")
    if p == 0:
        return math.inf
    low, high = float(s - 1), 2.0 * s
    while collision_probability(s, high) > p:
        high *= 2
        if high > 1e300:
            return math.inf
    for _ in range(200):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if collision_probability(s, middle) > p else (low, middle)
    return high if p < 1 else float(s - 1)


def closest_pairs(samples: Tensor, n_pairs: int = 20) -> ClosestPairs:
    r"""Find the pairs of different samples with the smallest Euclidean distance.

    In a batch of generated images these are the candidates for duplicates: look at them.

    Parameters
    ----------
    samples : Tensor
        Shape (n, d); flatten images with ``images.flatten(1)``.
    n_pairs : int, default 20
        How many pairs, at most n (n - 1) / 2.

    Returns
    -------
    ClosestPairs
        ``distances`` (n_pairs,), rising, float64, and ``indices`` (n_pairs, 2), smaller one first.

    Raises
    ------
    ValueError
        If there are not so many pairs, or squared distances overflow.
    """
    points = to_float64(check_samples(samples, "samples"))
    n, count = len(points), check_count(n_pairs, "n_pairs")
    if count > n * (n - 1) // 2:
        raise ValueError(f"n_pairs must be at most {n * (n - 1) // 2}, got {n_pairs}.")
    points = points - points.mean(0)
    check_norms(points, "samples")
    spare = count + 8  # the matrix product may order near-equal distances wrongly
    squares = points.new_empty(0)
    indices = torch.empty(0, 2, dtype=torch.long, device=points.device)
    for rows in slices(n):
        for columns in slices(n):
            if columns.start < rows.start:
                continue
            tile = squared_distances(points[rows], points[columns])
            if rows == columns:
                tile.masked_fill_(torch.ones_like(tile, dtype=torch.bool).tril(), torch.inf)
            near = tile.flatten().topk(min(spare, tile.numel()), largest=False)
            i, j = near.indices // tile.shape[1], near.indices % tile.shape[1]
            found = torch.stack([i + rows.start, j + columns.start], dim=1)
            squares, indices = torch.cat([squares, near.values]), torch.cat([indices, found])
            best = squares.topk(min(spare, len(squares)), largest=False).indices
            squares, indices = squares[best], indices[best]
    indices = indices[torch.isfinite(squares)]
    exact = (points[indices[:, 0]] - points[indices[:, 1]]).norm(dim=1)
    order = exact.argsort(stable=True)[:count]
    return ClosestPairs(exact[order], indices[order])


def birthday_test(
    samples: Tensor, batch_size: int, threshold: float, level: float = 0.95
) -> BirthdayTest:
    r"""Estimate how many different samples there are from how often batches have duplicates.

    The samples are cut, in the order given, into batches of s. A batch has a duplicate where two
    of its samples are within ``threshold``. The share of such batches, with its exact interval, is
    turned into a number of equally likely points by ``support_size``.

    For a law on finitely many points the answer is a number of points. For a continuous law it is
    one over the probability that two samples are within the threshold: it depends on the
    threshold, so compare it with that of as many real samples. A generator that has learned the
    training images by heart gives about their number.

    Parameters
    ----------
    samples : Tensor
        Independent samples of one law, shape (n, d).
    batch_size : int
        Samples in a batch, at least 2; best such that about half of the batches have duplicates.
    threshold : float
        Largest distance of duplicates; 0 for exact copies.
    level : float, default 0.95
        Confidence level of the interval.

    Returns
    -------
    BirthdayTest
        ``share`` of batches with duplicates, ``support`` and its interval ``low`` to ``high``
        (infinite where too few batches have duplicates).

    Raises
    ------
    ValueError
        If there are fewer samples than a batch takes, or an argument is out of range.

    References
    ----------
    Arora and Zhang (2017), section 2.
    """
    points = check_samples(samples, "samples")
    s = check_count(batch_size, "batch_size", minimum=2)
    if s > len(points):
        raise ValueError(f"batch_size must be at most {len(points)}, the samples, got {s}.")
    limit = check_positive(threshold, "threshold", allow_zero=True)
    batches = [points[i : i + s] for i in range(0, len(points) - s + 1, s)]
    hits = sum(float(closest_pairs(batch, 1).distances[0]) <= limit for batch in batches)
    share = binomial_interval(hits, len(batches), level)
    sizes = [support_size(s, value) for value in (share.value, share.high, share.low)]
    return BirthdayTest(share, *sizes)
