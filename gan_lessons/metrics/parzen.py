"""The Parzen window: a Gaussian on every sample, so that a sampler without a density gets one."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gan_lessons._validation import check_positive, check_samples
from gan_lessons.metrics._distances import check_norms, row_blocks, squared_distances, to_float64


def parzen_log_likelihood(points: Tensor, centres: Tensor, bandwidth: float) -> Tensor:
    r"""Compute the log-density, at each point, of equal Gaussians on all centres.

    .. math:: \log \hat q(x) = \log \frac{1}{m} \sum_{j=1}^{m} N(x; c_j, \ell^2 I)
        = \operatorname*{logsumexp}_j \Big( -\frac{\|x - c_j\|^2}{2 \ell^2} \Big)
        - \log m - d \log(\ell \sqrt{2 \pi})

    With generated samples as centres this was reported as "the log-likelihood" of models that
    have none. It is the log-density of another model, and better samples need not raise it: in
    many dimensions true samples are easily beaten.

    Parameters
    ----------
    points : Tensor
        Where to evaluate, such as held-out real data: (n, d), or (n,) for d = 1.
    centres : Tensor
        Where the Gaussians stand, such as generated samples: (m, d), or (m,) for d = 1.
    bandwidth : float
        Their standard deviation, positive, in the units of the data. Choose it on validation
        data, neither on the centres nor on the points (``parzen_bandwidth``).

    Returns
    -------
    Tensor
        Nats, shape (n,), in float64 (from mps: on the CPU). The zero depends on the units: data
        multiplied by c have d log c less.

    Raises
    ------
    ValueError
        If the numbers of features differ, the bandwidth is not positive, or squared distances in
        units of it overflow.

    References
    ----------
    Theis et al. (2016), on Parzen window estimates.
    """
    first = to_float64(check_samples(points, "points", minimum=1))
    second = to_float64(check_samples(centres, "centres", minimum=1))
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            "points and centres must have the same number of features, got "
            f"{first.shape[1]} and {second.shape[1]}."
        )
    if first.device != second.device:
        raise ValueError(
            f"points and centres must be on one device, got {first.device} and {second.device}; "
            f"call centres.to(points.device)."
        )
    width = check_positive(bandwidth, "bandwidth")
    middle = second.mean(0)  # small norms keep the rounding of the matrix product small
    first, second = (first - middle) / width, (second - middle) / width
    for samples, name in ((second, "centres"), (first, "points")):
        check_norms(samples, f"{name} in bandwidths of {width:.4g}")
    m, d = second.shape
    blocks = [
        torch.logsumexp(-squared_distances(first[rows], second) / 2, dim=1)
        for rows in row_blocks(len(first), m)
    ]
    return torch.cat(blocks) - math.log(m) - d * math.log(width * math.sqrt(2 * math.pi))


def parzen_bandwidth(validation: Tensor, centres: Tensor, candidates: Sequence[float]) -> float:
    r"""Choose the bandwidth with the highest mean log-likelihood of validation data.

    .. math:: \ell^* = \operatorname*{argmax}_{\ell} \frac{1}{n} \sum_{i=1}^{n} \log \hat q(v_i)

    Parameters
    ----------
    validation : Tensor
        Real data that are neither centres nor used for the final number: (n, d) or (n,). On the
        centres themselves the narrowest bandwidth always wins.
    centres : Tensor
        (m, d) or (m,).
    candidates : sequence of float
        Bandwidths to try, positive.

    Returns
    -------
    float
        The best candidate, the first where several are equal.

    Raises
    ------
    ValueError
        If there is no candidate or all give -inf, or as in ``parzen_log_likelihood``.

    References
    ----------
    Theis et al. (2016), on Parzen window estimates.
    """
    widths = [check_positive(width, "candidates") for width in candidates]
    if not widths:
        raise ValueError("candidates must hold at least one bandwidth, got none.")
    scores = [float(parzen_log_likelihood(validation, centres, w).mean()) for w in widths]
    if max(scores) == -math.inf:
        raise ValueError(
            "candidates give a log-likelihood of -inf one and all: pass larger bandwidths, or "
            "rescale the data."
        )
    return widths[scores.index(max(scores))]
