"""Wasserstein distance of two samples on the line, by sorting."""

import torch
from torch import Tensor

from gan_lessons.two_sample.ks import check_line


def wasserstein_1d(x: Tensor, y: Tensor) -> Tensor:
    r"""Return the Wasserstein-1 distance of two empirical laws on the line.

    .. math:: W_1 = \int_0^1 |F_n^{-1}(u) - G_m^{-1}(u)| \, du

    For n = m this is the mean distance between the two samples in sorted order.

    Parameters
    ----------
    x, y
        Samples (n,) and (m,), or (n, 1) and (m, 1), at least two each; sizes may differ.

    Returns
    -------
    Tensor
        A scalar, differentiable with respect to the samples.

    Raises
    ------
    ValueError
        If the samples have more than one feature or do not fit.
    """
    x, y = check_line(x, y, "wasserstein_1d")
    return quantile_gaps(x.unsqueeze(1), y.unsqueeze(1)).squeeze(0)


def quantile_gaps(x: Tensor, y: Tensor) -> Tensor:
    """Return W1 of each column of x (n, k) and y (m, k), shape (k,), from the sorted columns."""
    x, y = x.sort(0).values, y.sort(0).values
    n, m = x.shape[0], y.shape[0]
    if n == m:
        return (x - y).abs().mean(0)
    # Both quantile functions are constant between the levels i/n and j/m; in units of 1/(nm).
    steps = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n])
    ends = steps.unique()
    widths = torch.diff(ends, prepend=ends.new_zeros(1)).double() / (n * m)
    ends = ends.to(x.device)
    gaps = (x[(ends - 1) // m] - y[(ends - 1) // n]).abs()
    return widths.to(x) @ gaps
