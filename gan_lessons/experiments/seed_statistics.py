"""Differences between two ways to train, with intervals over seeds (chapters 10 and 12)."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_same_shape, check_samples
from gan_lessons.experiments._settings import check_share


class Interval(NamedTuple):
    """A mean over seeds with its interval."""

    value: float
    low: float
    high: float


def mean_interval(values: Tensor, level: float = 0.95) -> Interval:
    r"""Student's interval for the mean over seeds.

    .. math:: \bar v \pm t_{n-1, (1 + level)/2} \, s / \sqrt n

    Exact for normal values. Where all values are equal its width is 0: that says that nothing
    was seen to vary, not that nothing can.

    Parameters
    ----------
    values : Tensor (n,)
        One number per seed, at least two.
    level : float
        Confidence level in (0, 1).

    Returns
    -------
    Interval
        (value, low, high).

    Raises
    ------
    TypeError, ValueError
        If ``values`` are fewer than two or not finite, or ``level`` is not within (0, 1).

    References
    ----------
    Student (1908), "The probable error of a mean", Biometrika 6.
    """
    from scipy.stats import t

    check_share(level, "level")
    numbers = check_samples(values, "values")[:, 0].double()
    half = float(t.ppf((1 + level) / 2, len(numbers) - 1) * numbers.std()) / math.sqrt(len(numbers))
    mean = float(numbers.mean())
    return Interval(mean, mean - half, mean + half)


def paired_interval(baseline: Tensor, trick: Tensor, level: float = 0.95) -> Interval:
    """Student's interval for the mean of trick - baseline, seed by seed.

    A seed gives both runs the same first weights and the same draws where the networks are the
    same; what a seed does to both falls out of the difference.

    Parameters
    ----------
    baseline, trick : Tensor (n,)
        One number per seed, the same seeds in the same order.
    level : float
        Confidence level in (0, 1).

    Returns
    -------
    Interval
        (value, low, high).

    Raises
    ------
    TypeError, ValueError
        As ``mean_interval``, or if the shapes differ.
    """
    check_same_shape(baseline, trick, "baseline", "trick")
    return mean_interval(trick.double() - baseline.double(), level)


def paired_share_test(baseline: Tensor, trick: Tensor) -> float:
    r"""Exact two-sided p-value that a yes or no has the same probability in both (McNemar).

    Only seeds count in which the two differ: with b of m of them "yes" for the trick alone, b is
    binomial with m and 1/2 if the probabilities are equal,

    .. math:: p = \min\Big(1, 2 \sum_{i \le \min(b, m - b)} \binom mi 2^{-m}\Big).

    Parameters
    ----------
    baseline, trick : Tensor (n,)
        One bool per seed, the same seeds in the same order.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If they are no bools, or the shapes differ.

    References
    ----------
    McNemar (1947), "Note on the sampling error of the difference between correlated proportions
    or percentages", Psychometrika 12.
    """
    check_same_shape(baseline, trick, "baseline", "trick")
    if baseline.dtype != torch.bool or trick.dtype != torch.bool:
        raise TypeError(f"baseline and trick must be bool, got {baseline.dtype}, {trick.dtype}.")
    only_trick, only_baseline = int((trick & ~baseline).sum()), int((baseline & ~trick).sum())
    m, fewer = only_trick + only_baseline, min(only_trick, only_baseline)
    return min(1.0, 2 * sum(math.comb(m, i) for i in range(fewer + 1)) / 2**m)
