"""Kolmogorov-Smirnov test of two samples on the line."""

import torch
from torch import Tensor

from gan_lessons._validation import check_pair
from gan_lessons.two_sample.permutation import TestResult, result_of, with_observed


def ks_statistic(x: Tensor, y: Tensor) -> float:
    """Return the largest distance between the two empirical distribution functions.

    Parameters
    ----------
    x, y
        Samples (n,) and (m,), or (n, 1) and (m, 1).
    """
    x, y = check_line(x, y, "ks_statistic")
    return float(_ks(x, y, with_observed(x.shape[0], y.shape[0], 0, None))[0])


def ks_test(
    x: Tensor, y: Tensor, n_permutations: int = 500, rng: torch.Generator | None = None
) -> TestResult:
    r"""Test p = q on the line by the Kolmogorov-Smirnov statistic.

    .. math:: \sup_t |F_n(t) - G_m(t)|

    Parameters
    ----------
    x, y
        Samples (n,) and (m,), or (n, 1) and (m, 1), at least two each; ties are allowed where
        ``n_permutations`` is not 0.
    n_permutations
        Number of random labellings; 0 takes scipy's p-value, exact up to 10,000 points.
    rng
        Draws the labellings; None draws from torch's default generator.

    Returns
    -------
    TestResult
        statistic, p_value, n_permutations, null.

    Raises
    ------
    ValueError
        If the samples have more than one feature or do not fit.
    """
    x, y = check_line(x, y, "ks_test")
    labels = with_observed(x.shape[0], y.shape[0], n_permutations, rng)
    result = result_of(_ks(x, y, labels))
    if n_permutations > 0:
        return result
    from scipy.stats import ks_2samp

    known = ks_2samp(x.cpu().double().numpy(), y.cpu().double().numpy())
    return TestResult(result.statistic, float(known.pvalue), 0, result.null)


def check_line(x: object, y: object, name: str) -> tuple[Tensor, Tensor]:
    """Return two samples on the line as (n,) and (m,), detached or not as they came."""
    first, second = check_pair(x, y)
    if first.shape[1] != 1:
        raise ValueError(
            f"x and y must have one feature for {name}, got {first.shape[1]}; "
            f"project them on a line first."
        )
    return first.squeeze(1), second.squeeze(1)


def _ks(x: Tensor, y: Tensor, labels: Tensor) -> Tensor:
    """Return the statistic of every labelling (B, N) of the pooled sample, x first."""
    n, m = x.shape[0], y.shape[0]
    pooled, order = torch.cat([x, y]).detach().cpu().sort()
    # Both functions jump at all points of a tie at once: look only after its last point.
    last = torch.cat([pooled[1:] != pooled[:-1], torch.ones(1, dtype=torch.bool)])
    x_before = labels.cpu()[:, order].cumsum(1, dtype=torch.int64)[:, last]
    all_before = torch.arange(1, n + m + 1)[last]
    # Whole numbers, so that equal statistics are equal exactly: nm (F_n - G_m).
    gaps = (m + n) * x_before - n * all_before
    return gaps.abs().amax(1).double() / (n * m)
