"""Three digits in three channels: the law with a thousand modes, and how modes are counted."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.metrics.features import ClassifierFeatures

#: Pixels of a stacked digit, and its modes.
PIXELS, MODES = 3 * 64, 1000


class StackedDigits:
    """The law of three independent digits, each uniform over the images (N, 1, 8, 8) of a set."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def sample(self, n: int, rng: torch.Generator | None = None) -> Tensor:
        """Draw n stacked digits as rows (n, 192); rng=None draws from torch's default."""
        rows = torch.randint(len(self.images), (n, 3), generator=rng)
        return self.images[rows].reshape(n, PIXELS)


class StackedOutcome(NamedTuple):
    """Modes that n samples reach, of 1,000; KL(shares of the modes || uniform) in nats; and the
    share of samples whose three digits all have a probability of at least 0.9.
    """

    modes: float
    kl: float
    sure: float


def measure_stacked(samples: Tensor, classifier: ClassifierFeatures) -> StackedOutcome:
    """Return what stacked digits (n, 192) reach, each channel labelled on its own."""
    found = classifier.probabilities(samples.reshape(-1, 1, 8, 8).clamp(-1, 1)).cpu().max(1)
    modes = found.indices.view(-1, 3) @ torch.tensor([100, 10, 1])
    q = torch.bincount(modes, minlength=MODES).double() / len(modes)
    sure = (found.values.view(-1, 3) >= 0.9).all(1).double().mean()
    return StackedOutcome(int((q > 0).sum()), float(torch.xlogy(q, MODES * q).sum()), float(sure))


def expected_outcome(n: int, probabilities: Tensor | None = None) -> tuple[float, float]:
    r"""Return the exact means of modes and KL for n independent samples of a law over the modes.

    .. math:: \mathbb{E}[\text{modes}] = \sum_i 1 - (1 - p_i)^n, \qquad
        \mathbb{E}[\mathrm{KL}] = \sum_i \mathbb{E}\Big[\frac{C_i}{n} \log\frac{k C_i}{n}\Big],
        \quad C_i \sim \mathrm{Bin}(n, p_i)

    The second exceeds that of the law itself by about (k - 1) / (2n): a perfect sampler does not
    reach 0.

    Parameters
    ----------
    n
        Samples.
    probabilities
        Of the modes, (k,) with sum 1; None takes the uniform law over 1,000.

    References
    ----------
    The first is the coupon collector's problem; see Feller (1968), chapter IX.
    """
    from scipy.stats import binom

    check_count(n, "n")
    p = torch.full((MODES,), 1 / MODES).double() if probabilities is None else probabilities
    k, modes, kl = len(p), 0.0, 0.0
    for value, number in zip(
        *(part.tolist() for part in p.unique(return_counts=True)), strict=True
    ):
        modes += number * -math.expm1(n * math.log1p(-value)) if value < 1 else number
        spread = 12 * math.sqrt(n * value) + 40  # all but 1e-15 of C's law
        counts = torch.arange(1, min(n, int(n * value + spread)) + 1).double()
        weights = torch.from_numpy(binom.pmf(counts.numpy(), n, value))
        kl += number * float((weights * torch.xlogy(counts / n, k * counts / n)).sum())
    return modes, kl
