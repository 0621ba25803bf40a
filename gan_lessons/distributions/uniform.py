"""The uniform law on an interval or a box."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_count
from gan_lessons.distributions.base import (
    as_number_or_tuple,
    as_points,
    as_probabilities,
    device_of,
    require_fits,
    require_univariate,
)


@dataclass(frozen=True)
class Uniform:
    r"""Uniform law on the closed interval [low, high], or on a box.

    .. math:: \log p(x) = -\sum_j \log(b_j - a_j) \text{ inside}, \quad -\infty \text{ outside}

    Parameters
    ----------
    low, high
        Numbers for a law on the line, or d numbers each for a box; every low below its high.

    Raises
    ------
    ValueError
        If the shapes of ``low`` and ``high`` differ, an edge has no length, or its length
        overflows.
    """

    low: float | Sequence[float] | Tensor = 0.0
    high: float | Sequence[float] | Tensor = 1.0

    def __post_init__(self) -> None:
        low, high = as_number_or_tuple(self.low, "low"), as_number_or_tuple(self.high, "high")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if self.lower.shape != self.upper.shape:
            raise ValueError(f"low and high must have the same length, got {low} and {high}.")
        if not bool((self.lower < self.upper).all()):
            raise ValueError(f"low must be below high, got low={low} and high={high}.")
        if not bool(torch.isfinite(self.upper - self.lower).all()):
            raise ValueError(f"high - low must be finite, got low={low} and high={high}.")

    @property
    def lower(self) -> Tensor:
        """The lower ends as a float64 tensor, shape (d,)."""
        return torch.as_tensor(self.low, dtype=torch.float64).reshape(-1)

    @property
    def upper(self) -> Tensor:
        """The upper ends as a float64 tensor, shape (d,)."""
        return torch.as_tensor(self.high, dtype=torch.float64).reshape(-1)

    @property
    def dim(self) -> int:
        """Number of features d."""
        return self.lower.numel()

    def sample(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw n samples (n, d) on the device of ``rng`` (None: torch's default generator)."""
        shape = (check_count(n, "n"), self.dim)
        edges = self.upper - self.lower
        require_fits(float(edges.min()), float(edges.max()), "high - low", dtype)
        unit = torch.rand(shape, generator=rng, device=device_of(rng), dtype=dtype)
        low, high = self.lower.to(unit), self.upper.to(unit)
        # Rounding may step over the upper end by one unit in the last place.
        return torch.minimum(low + (high - low) * unit, high)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x (n, d) or, for d = 1, (n,); shape (n,), -inf outside."""
        points = as_points(x, self.dim)
        inside = (points >= self.lower.to(points)) & (points <= self.upper.to(points))
        log_density = -float((self.upper - self.lower).log().sum())
        # Multiplying by zero keeps the (zero) gradient with respect to x inside the support.
        value = 0 * points.sum(1) + log_density
        return value.masked_fill(~inside.all(1), -math.inf)

    def support(self) -> tuple[float, float]:
        """Return (low, high)."""
        require_univariate(self.dim, "support")
        return (float(self.lower), float(self.upper))

    def breakpoints(self) -> tuple[float, ...]:
        """Return the two edges, where the density jumps."""
        return self.support()

    def cdf(self, x: Tensor) -> Tensor:
        """Return P(X <= x) for x (n,), shape (n,)."""
        low, high = self.support()
        return ((as_points(x, 1).squeeze(1) - low) / (high - low)).clamp(0, 1)

    def quantile(self, p: Tensor) -> Tensor:
        """Return x with P(X <= x) = p for p (n,) in [0, 1], shape (n,)."""
        low, high = self.support()
        values = as_probabilities(p)
        return low * (1 - values) + high * values
