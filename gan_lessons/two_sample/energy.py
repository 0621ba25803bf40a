"""Energy distance: estimators and test."""

import torch
from torch import Tensor

from gan_lessons._validation import check_pair
from gan_lessons.two_sample.kernels import _minus_distance
from gan_lessons.two_sample.mmd import mmd2_biased, mmd2_unbiased
from gan_lessons.two_sample.permutation import (
    TestResult,
    pair_sums,
    require_permutations,
    result_of,
    with_observed,
)


def energy_distance(x: Tensor, y: Tensor) -> Tensor:
    r"""Return the energy distance of the two empirical laws (the V-statistic); never negative.

    .. math:: 2 E|X - Y| - E|X - X'| - E|Y - Y'|

    In 1-D this is the square of ``scipy.stats.energy_distance``, and twice the integral of the
    squared difference of the two distribution functions.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,).

    Returns
    -------
    Tensor
        A scalar, differentiable with respect to the samples.

    References
    ----------
    Szekely and Rizzo (2013), eq. 2.
    """
    return mmd2_biased(x, y, kernel=_minus_distance)


def energy_distance_unbiased(x: Tensor, y: Tensor) -> Tensor:
    """Estimate the energy distance of the laws without bias (the U-statistic); may be negative.

    The means of |X - X'| and |Y - Y'| are over pairs of different points.

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.

    Returns
    -------
    Tensor
        A scalar, differentiable with respect to the samples.
    """
    return mmd2_unbiased(x, y, kernel=_minus_distance)


def energy_test(
    x: Tensor,
    y: Tensor,
    n_permutations: int = 500,
    rng: torch.Generator | None = None,
    block_size: int = 512,
) -> TestResult:
    """Test p = q by permutations of the energy distance (the V-statistic).

    Parameters
    ----------
    x, y
        Samples (n, d) and (m, d), or (n,) and (m,), at least two each.
    n_permutations
        Number of random labellings, at least one.
    rng
        Draws the labellings; None draws from torch's default generator.
    block_size
        Edge of the tiles in which the distances are made; bounds the memory.

    Returns
    -------
    TestResult
        statistic, p_value, n_permutations, null.

    Raises
    ------
    ValueError
        If the samples do not fit or ``n_permutations`` is 0.

    References
    ----------
    Szekely and Rizzo (2013), section 6.
    """
    require_permutations(n_permutations, "energy_test")
    x, y = check_pair(x, y)
    n, m = x.shape[0], y.shape[0]
    labels = with_observed(n, m, n_permutations, rng)
    sums = pair_sums(_minus_distance, torch.cat([x, y]).detach(), labels, block_size)
    values = sums.within_x / n**2 + sums.within_y / m**2 - 2 * sums.between / (n * m)
    return result_of(values, sums.rounding)
