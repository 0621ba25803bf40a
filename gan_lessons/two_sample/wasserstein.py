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
    x, y = x.sort().values, y.sort().values
    n, m = x.shape[0], y.shape[0]
    if n == m:
        return (x - y).abs().mean()
    # Both quantile functions are constant between the levels i/n and j/m; in units of 1/(nm).
    steps = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n])
    ends = steps.unique()
    widths = torch.diff(ends, prepend=ends.new_zeros(1)).double() / (n * m)
    ends = ends.to(x.device)
    gaps = (x[(ends - 1) // m] - y[(ends - 1) // n]).abs()
    return (gaps * widths.to(x)).sum()
