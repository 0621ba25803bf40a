"""How many modes of a known mixture the samples reach, and how evenly."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive, check_result, check_samples
from gan_lessons.distributions import Mixture


class ModeCoverage(NamedTuple):
    """Modes reached, share of high-quality samples, and KL(model || uniform) in nats."""

    modes: int
    high_quality: float
    kl: float


class HighQualityExcess(NamedTuple):
    """How far a share of high quality lies above a perfect sampler's, and how likely by chance."""

    expected: float
    standard_error: float
    excess: float
    p_value: float


def mode_coverage(samples: Tensor, mixture: Mixture, n_std: float = 3.0) -> ModeCoverage:
    r"""Count the modes of a mixture that samples reach.

    Each sample x belongs to the mode i with the smallest :math:`\|x - \mu_i\| / \sigma_i`; it is
    of high quality if that is at most ``n_std``. A mode is reached by at least one sample of high
    quality. With :math:`q_i` the share of all samples that belong to mode i of k,

    .. math:: \mathrm{KL}(q \| u) = \sum_i q_i \log (k q_i), \quad 0 \log 0 = 0.

    A perfect sampler in the plane has :math:`1 - e^{-9/2} = 0.989` samples of high quality at
    3 standard deviations: a share of 1 means collapse inside the modes (``high_quality_excess``).

    Parameters
    ----------
    samples : Tensor
        Shape (n, d), or (n,) for d = 1.
    mixture : Mixture
        The data law; its ``means`` (k, d) and ``stds`` (k,) are used.
    n_std : float, default 3
        Radius of a mode in its standard deviations.

    Returns
    -------
    ModeCoverage
        ``modes`` (0 to k), ``high_quality`` (0 to 1), ``kl`` (0 to log k).

    Raises
    ------
    ValueError
        If samples and mixture differ in their number of features, or ``n_std`` is not positive, or
        distances overflow.
    TypeError
        If ``samples`` is no floating-point tensor or ``mixture`` no Mixture.

    References
    ----------
    Srivastava et al. (2017), section 4 (modes and high-quality samples); Lin et al. (2018),
    section 4 (KL over nearest modes).
    """
    points = check_samples(samples, "samples", minimum=1).detach()
    check_positive(n_std, "n_std")
    if not isinstance(mixture, Mixture):
        raise TypeError(f"mixture must be a Mixture, got {type(mixture).__name__}; see ring().")
    if points.shape[1] != mixture.means.shape[1]:
        raise ValueError(
            f"samples and mixture must have the same number of features, got {points.shape[1]} "
            f"and {mixture.means.shape[1]}."
        )
    means, stds = mixture.means.to(points), mixture.stds.to(points)
    distances = torch.stack(
        [(points - mean).norm(dim=1) / std for mean, std in zip(means, stds, strict=True)], dim=1
    )
    nearest, mode = distances.min(dim=1)
    check_result(nearest.max(), "the largest distance of samples from their mode")
    good = nearest <= n_std
    k = len(means)
    q = torch.bincount(mode, minlength=k) / len(points)
    q = q[q > 0].cpu().double()
    return ModeCoverage(
        modes=int(mode[good].unique().numel()),
        high_quality=float(good.sum()) / len(points),
        kl=max(0.0, float((q * (k * q).log()).sum())),
    )


def high_quality_excess(
    high_quality: float, n_samples: int, n_features: int = 2, n_std: float = 3.0
) -> HighQualityExcess:
    r"""Compare a share of high-quality samples with that of a perfect sampler of Gaussian modes.

    .. math:: h^* = P(\chi^2_d \le \text{n\_std}^2), \quad
        \text{standard error} = \sqrt{h^* (1 - h^*) / n}

    In the plane :math:`h^* = 1 - e^{-9/2} = 98.89\%` at 3 standard deviations, with a standard
    error of 0.21 points for 2,500 samples. More is not better: a share clearly above it means that
    samples crowd at the centres, collapse inside the modes. The p-value is the exact probability
    that a perfect sampler has at least so many; modes must be far apart for it to hold.

    Parameters
    ----------
    high_quality : float
        Share of samples within ``n_std``, from ``mode_coverage``.
    n_samples : int
        Number of samples it was counted in.
    n_features : int, default 2
        Dimension d of the samples.
    n_std : float, default 3
        The radius that ``mode_coverage`` was given.

    Returns
    -------
    HighQualityExcess
        ``expected`` share, its ``standard_error``, the ``excess`` in standard errors (negative for
        a deficit) and the ``p_value`` of an excess.

    Raises
    ------
    ValueError
        If the share is not within 0 and 1, or a size is not positive.
    """
    from scipy.stats import binom, chi2

    share = check_positive(high_quality, "high_quality", allow_zero=True)
    if share > 1:
        raise ValueError(f"high_quality must be a share from 0 to 1, got {high_quality}.")
    n = check_count(n_samples, "n_samples")
    d = check_count(n_features, "n_features")
    radius = check_positive(n_std, "n_std")
    expected = float(chi2.cdf(radius**2, d))
    error = math.sqrt(expected * (1 - expected) / n)
    gap = share - expected
    return HighQualityExcess(
        expected=expected,
        standard_error=error,
        excess=gap / error if error > 0 else 0.0 if gap == 0 else math.copysign(math.inf, gap),
        p_value=float(binom.sf(round(share * n) - 1, n, expected)),
    )
