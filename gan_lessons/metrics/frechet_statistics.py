"""Mean and covariance of features that come in batches: the Fréchet distance of 50,000 images."""

import torch
from torch import Tensor

from gan_lessons._validation import check_samples
from gan_lessons.metrics._distances import to_float64
from gan_lessons.metrics._moments import gram
from gan_lessons.metrics.frechet import frechet_distance_gaussians


class FrechetStatistics:
    r"""Gather mean and covariance from batches, as features come from a network.

    A batch of m rows with mean b and scatter T joins n rows with mean a and scatter S by

    .. math:: a' = a + \frac{m}{n + m} (b - a), \qquad
        S' = S + T + \frac{n m}{n + m} (b - a)(b - a)^\top

    which is exact but for rounding, in float64, on the device of the batches (mps: the CPU). The
    memory is d * d numbers, however many batches come. The same step merges two of these.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._scatter = torch.zeros(0, 0, dtype=torch.float64)

    @property
    def mean(self) -> Tensor:
        """Mean (d,), float64."""
        self._need(1)
        return self._mean

    @property
    def covariance(self) -> Tensor:
        """Covariance (d, d), float64, with count - 1 below the sum."""
        self._need(2)
        return self._scatter / (self.count - 1)

    def update(self, features: Tensor) -> None:
        """Take a batch (n, d), n from 1.

        Raises
        ------
        ValueError
            If the number of features is not that of the batches before, or entries are not finite.
        """
        batch = to_float64(check_samples(features, "features", minimum=1))
        mean = batch.mean(0)
        self._join(len(batch), mean, gram(batch - mean), "features")

    def merge(self, other: "FrechetStatistics") -> None:
        """Take all batches of another one, which stays as it is (one process of many, say)."""
        if not isinstance(other, FrechetStatistics):
            raise TypeError(f"other must be FrechetStatistics, got {type(other).__name__}.")
        if other.count:
            self._join(other.count, other._mean, other._scatter, "other")

    def distance(self, other: "FrechetStatistics") -> float:
        """Return the Fréchet distance to another one, this one being the real samples.

        With more samples than features it is ``frechet_distance`` to rounding. With fewer, the
        samples themselves would know it exactly; from covariances rounding leaves about 1e-8 of
        their trace.
        """
        if not isinstance(other, FrechetStatistics):
            raise TypeError(f"other must be FrechetStatistics, got {type(other).__name__}.")
        return frechet_distance_gaussians(
            self.mean,
            self.covariance,
            other.mean.to(self.mean.device),
            other.covariance.to(self.mean.device),
        )

    def _join(self, m: int, mean: Tensor, scatter: Tensor, name: str) -> None:
        """Join m rows of given mean and scatter."""
        if self.count == 0:
            self.count, self._mean, self._scatter = m, mean.clone(), scatter.clone()
            return
        if mean.shape != self._mean.shape:
            raise ValueError(
                f"{name} must have {len(self._mean)} features as the batches before, got "
                f"{len(mean)}."
            )
        total = self.count + m
        gap = mean.to(self._mean.device) - self._mean
        self._scatter += scatter.to(self._mean.device)
        self._scatter.addr_(gap, gap, alpha=self.count * m / total)
        self._mean = self._mean + gap * (m / total)
        self.count = total

    def _need(self, n: int) -> None:
        """Raise unless n rows have come."""
        if self.count < n:
            raise ValueError(
                f"FrechetStatistics needs at least {n} samples, got {self.count}; call update()."
            )
