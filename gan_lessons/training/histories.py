"""Histories of one seed among many, and what a history may hold beside the losses."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_pair, check_tensor
from gan_lessons.training.seeds import SeedsRecord


class SampleSpread(NamedTuple):
    """How spread out generated samples are, as shares of the data's.

    Parameters
    ----------
    sample_variance : float
        Total variance of the samples over that of the data.
    pairwise_distance : float
        Mean distance of two samples over that of two data points.
    """

    sample_variance: float
    pairwise_distance: float


def sample_spread(samples: Tensor, real: Tensor) -> SampleSpread:
    r"""Compare the spread of generated samples y with that of real samples x.

    .. math:: \frac{\sum_j \mathrm{Var}(y_j)}{\sum_j \mathrm{Var}(x_j)}, \qquad
        \frac{\mathrm{mean}_{i<l} \|y_i - y_l\|}{\mathrm{mean}_{i<l} \|x_i - x_l\|}

    Both are near 1 for a generator as diverse as the data and 0 for one that makes a single
    point. A history may keep them, so that ``diagnose`` sees collapse, which no loss shows.

    Parameters
    ----------
    samples, real : Tensor (n, ...) and (m, ...)
        Generated and real samples, at least two of each; some hundred are enough.

    Returns
    -------
    SampleSpread
        Both numbers; NaN where ``samples`` has entries that are not finite.

    Raises
    ------
    TypeError, ValueError
        If they are no floating-point tensors, differ in their number of features, or ``real`` has
        entries that are not finite or no spread.
    """
    x = check_tensor(real, "real").flatten(1)
    if isinstance(samples, Tensor) and not bool(torch.isfinite(samples).all()):
        return SampleSpread(math.nan, math.nan)
    x, y = check_pair(x, check_tensor(samples, "samples").flatten(1))
    variance = x.double().var(0).sum()
    if float(variance) == 0:
        raise ValueError("real must have some spread, got the same sample every time.")
    return SampleSpread(
        float(y.double().var(0).sum() / variance),
        float(torch.pdist(y.double()).mean() / torch.pdist(x.double()).mean()),
    )


def seed_history(records: Iterable[SeedsRecord], index: int) -> dict[str, list[float]]:
    """Collect one seed's column of the records of ``train_seeds``, as ``history`` does for one run.

    Parameters
    ----------
    records : iterable of SeedsRecord
        All records of a run.
    index : int
        The seed's place in ``GANSeeds.seeds``, from 0.

    Returns
    -------
    dict of str to list of float
        With the key ``step`` and the name of each metric.
    """
    check_count(index, "index", minimum=0)
    lists: dict[str, list[float]] = {"step": []}
    for record in records:
        lists["step"].append(record.step)
        for name, numbers in record.metrics.items():
            if index >= len(numbers):
                raise ValueError(f"index must be below {len(numbers)} (seeds), got {index}.")
            lists.setdefault(name, []).append(float(numbers[index]))
    return lists
