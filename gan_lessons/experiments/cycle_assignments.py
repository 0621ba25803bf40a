"""Which class goes to which: what a table of classes before and after a translation says."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_kind, check_same_shape


def count_table(before: Tensor, after: Tensor, n_classes: int = 10) -> Tensor:
    """Return how many images of each class were given each class.

    Parameters
    ----------
    before, after
        Classes (n,) of images, and of their translations.
    n_classes
        Of both.

    Returns
    -------
    Tensor (n_classes, n_classes)
        Whole numbers; row: before, column: after.

    Raises
    ------
    TypeError, ValueError
        If ``before`` or ``after`` are not whole numbers from 0 to ``n_classes`` - 1, as many.
    """
    check_count(n_classes, "n_classes")
    _check_classes(before, "before", n_classes)
    _check_classes(after, "after", n_classes)
    check_same_shape(before, after, "before", "after")
    cells = n_classes * before + after
    return torch.bincount(cells, minlength=n_classes**2).reshape(n_classes, n_classes)


def _check_classes(value: Tensor, name: str, n_classes: int) -> None:
    """Raise unless ``value`` is a tensor (n,) of classes."""
    check_kind(value, Tensor, name)
    if value.dtype == torch.bool or value.is_floating_point() or value.is_complex():
        raise TypeError(f"{name} must be whole numbers, got {value.dtype}; call {name}.long().")
    if value.dim() != 1:
        raise ValueError(f"{name} must have shape (n,), got {tuple(value.shape)}.")
    if len(value) and (value.min() < 0 or value.max() >= n_classes):
        raise ValueError(
            f"{name} must lie from 0 to n_classes - 1 = {n_classes - 1}, got "
            f"{int(value.min())} to {int(value.max())}."
        )


def _check_table(table: Tensor, name: str) -> None:
    """Raise unless ``table`` is a tensor (k, k) of counts, not all of them 0."""
    check_kind(table, Tensor, name)
    if table.dim() != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"{name} must have shape (k, k), got {tuple(table.shape)}.")
    if not (torch.isfinite(table) & (table >= 0)).all() or not table.any():
        raise ValueError(f"{name} must be counts, zero or positive and not all 0, got {table}.")


def matched_share(table: Tensor) -> float:
    r"""Return the share of images that follow the best one-to-one assignment of classes.

    .. math:: \max_\pi \frac{1}{n} \sum_i T_{i \pi(i)}

    over all permutations. It is 1 if each class goes to one of its own, whole.

    Parameters
    ----------
    table
        Counts (k, k) of ``count_table``.

    Raises
    ------
    TypeError, ValueError
        If they are no counts, or all 0.
    """
    _check_table(table, "table")
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table.numpy(), maximize=True)
    return float(table[rows, columns].sum() / table.sum())


def mutual_information(table: Tensor) -> float:
    r"""Return what the class after says of the class before, in nats.

    .. math:: \sum_{ij} p_{ij} \log \frac{p_{ij}}{p_{i \cdot} p_{\cdot j}}

    Parameters
    ----------
    table
        Counts (k, k); p are their shares. Counts of independent classes give a little more than 0.

    Raises
    ------
    TypeError, ValueError
        As in ``matched_share``.
    """
    _check_table(table, "table")
    p = table.double() / table.sum()
    return max(0.0, float(torch.xlogy(p, p).sum() - _entropy_terms(p.sum(0), p.sum(1))))


def _entropy_terms(*laws: Tensor) -> float:
    """Return the sum of p log p over several laws."""
    return sum(float(torch.xlogy(p, p).sum()) for p in laws)


def by_chance(table: Tensor, rng: torch.Generator, n: int = 200) -> tuple[float, float]:
    """Return the means of ``matched_share`` and ``mutual_information`` if classes were unrelated.

    Parameters
    ----------
    table
        Counts (k, k): rows and columns keep their sums, the images are dealt anew.
    rng
        Deals.
    n
        How often.

    Raises
    ------
    TypeError, ValueError
        As in ``matched_share``, or if ``n`` is no whole number above 0.
    """
    _check_table(table, "table")
    check_count(n, "n")
    k = len(table)
    before = torch.arange(k).repeat_interleave(table.sum(1))
    after = torch.arange(k).repeat_interleave(table.sum(0))
    dealt = [
        count_table(before, after[torch.randperm(len(after), generator=rng)], k) for _ in range(n)
    ]
    shares, bits = map(matched_share, dealt), map(mutual_information, dealt)
    return sum(shares) / n, sum(bits) / n


class SameChoice(NamedTuple):
    """How likely two images, translated by two runs, are given the same class.

    Parameters
    ----------
    same
        Both of the same class before.
    other
        Of two different classes before.
    """

    same: float
    other: float


def same_choice(tables: Sequence[Tensor]) -> SameChoice:
    r"""Compute whether runs agree where a class goes, as the mean over all pairs of runs.

    .. math:: \mathrm{same} = \frac{1}{k} \sum_i \sum_j P(j \mid i) \, P'(j \mid i)

    and the same with :math:`P'(j \mid i')` over all :math:`i' \neq i`. If ``same`` is no larger
    than ``other``, the class before does not say where the other run sends it.

    Parameters
    ----------
    tables
        Counts (k, k) of at least two runs, each class before at least once.

    Returns
    -------
    SameChoice

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two tables or classes, sizes differ, or a class before is absent.
    """
    if len(tables) < 2:
        raise ValueError(f"tables must be of at least two runs, got {len(tables)}.")
    for i, table in enumerate(tables):
        _check_table(table, f"tables[{i}]")
        check_same_shape(tables[0], table, "tables[0]", f"tables[{i}]")
        absent = (table.sum(1) == 0).nonzero()[:, 0].tolist()
        if absent or len(table) < 2:
            raise ValueError(
                f"tables[{i}] must have two or more classes, each before at least once, got "
                f"{len(table)} classes of which {absent} are absent."
            )
    shares = [table.double() / table.sum(1, keepdim=True) for table in tables]
    same = other = 0.0
    pairs = list(itertools.combinations(shares, 2))
    for one, two in pairs:
        products = one @ two.T
        k = len(products)
        diagonal = float(products.diagonal().sum())
        same += diagonal / k / len(pairs)
        other += (float(products.sum()) - diagonal) / (k * (k - 1)) / len(pairs)
    return SameChoice(same, other)
