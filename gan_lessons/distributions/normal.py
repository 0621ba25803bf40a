"""The normal law."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions.base import (
    STD_OFFSETS,
    as_number_or_tuple,
    as_points,
    as_probabilities,
    device_of,
    gaussian_log_density,
    normal_cdf,
    require_fits,
    require_univariate,
)


@dataclass(frozen=True)
class Normal:
    r"""Isotropic normal law N(mean, std^2 I).

    .. math:: \log p(x) = -\frac{\|x - \mu\|^2}{2 \sigma^2} - d \log(\sigma \sqrt{2 \pi})

    Parameters
    ----------
    mean
        A number for a law on the line, or d numbers for one in d dimensions.
    std
        Standard deviation of every feature, positive.

    Raises
    ------
    ValueError
        If ``std`` is not positive (or, in the methods, 0 or infinite in the dtype), or ``mean`` is
        neither a number nor a vector.
    """

    mean: float | Sequence[float] | Tensor = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", as_number_or_tuple(self.mean, "mean"))
        object.__setattr__(self, "std", check_positive(self.std, "std"))

    @property
    def location(self) -> Tensor:
        """The mean as a float64 tensor, shape (d,)."""
        return torch.as_tensor(self.mean, dtype=torch.float64).reshape(-1)

    @property
    def dim(self) -> int:
        """Number of features d."""
        return self.location.numel()

    def sample(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw n samples (n, d) on the device of ``rng`` (None: torch's default generator)."""
        shape = (check_count(n, "n"), self.dim)
        require_fits(self.std, self.std, "std", dtype)
        noise = torch.randn(shape, generator=rng, device=device_of(rng), dtype=dtype)
        return self.location.to(noise) + self.std * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x (n, d) or, for d = 1, (n,); shape (n,), dtype of x.

        Half precision is computed in float32; a std that is 0 in the dtype raises ValueError.
        """
        points = as_points(x, self.dim)
        require_fits(self.std, self.std, "std", points.dtype)
        squared = ((points - self.location.to(points)) / self.std).square().sum(1)
        return gaussian_log_density(squared, points.new_tensor(self.std), self.dim)

    def support(self) -> tuple[float, float]:
        """Return (-inf, inf)."""
        require_univariate(self.dim, "support")
        return (-float("inf"), float("inf"))

    def breakpoints(self) -> tuple[float, ...]:
        """Return the mean and points up to 8 standard deviations from it, in rising order."""
        require_univariate(self.dim, "breakpoints")
        return tuple(float(self.location) + offset * self.std for offset in STD_OFFSETS)

    def cdf(self, x: Tensor) -> Tensor:
        """Return P(X <= x) for x (n,), shape (n,), exact in the lower tail."""
        require_univariate(self.dim, "cdf")
        points = as_points(x, 1).squeeze(1)
        require_fits(self.std, self.std, "std", points.dtype)
        return normal_cdf((points - self.location.to(points)) / self.std)

    def quantile(self, p: Tensor) -> Tensor:
        """Return x with P(X <= x) = p for p (n,) in [0, 1]; -inf at 0 and inf at 1."""
        require_univariate(self.dim, "quantile")
        values = as_probabilities(p)
        return self.location.to(values) + self.std * torch.special.ndtri(values)
