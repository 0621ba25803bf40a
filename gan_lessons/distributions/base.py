"""What a known law can do: the protocols, and the checks that the laws share."""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from gan_lessons._validation import check_rng, check_samples, check_tensor

Numbers = Tensor | Sequence[float] | Sequence[Sequence[float]] | float

#: Where a Gaussian bump changes on its own scale, in standard deviations from its mean.
STD_OFFSETS = (-8.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0)


@runtime_checkable
class Distribution(Protocol):
    """A law that can be sampled and whose log-density is known."""

    @property
    def dim(self) -> int:
        """Number of features d."""
        ...

    def sample(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw n samples, shape (n, d)."""
        ...

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x (n, d), shape (n,)."""
        ...


@runtime_checkable
class UnivariateDistribution(Distribution, Protocol):
    """A law on the line with what quadrature needs; the methods below want ``dim == 1``."""

    def support(self) -> tuple[float, float]:
        """Return the ends of the support; infinite where there is none."""
        ...

    def breakpoints(self) -> tuple[float, ...]:
        """Return where the density jumps or is concentrated, in rising order."""
        ...

    def cdf(self, x: Tensor) -> Tensor:
        """Return P(X <= x) for x (n,), shape (n,)."""
        ...

    def quantile(self, p: Tensor) -> Tensor:
        """Return the smallest x with P(X <= x) >= p for p (n,) in [0, 1], shape (n,)."""
        ...


def as_points(x: object, dim: int) -> Tensor:
    """Return ``x`` as (n, dim) or say what is wrong with it."""
    points = check_samples(x, "x", minimum=1)
    if points.shape[1] != dim:
        raise ValueError(
            f"x must have {dim} features to be evaluated under this law, got {points.shape[1]}."
        )
    return points


def as_probabilities(p: object) -> Tensor:
    """Return ``p`` flat, shape (n,), with entries in [0, 1]."""
    values = check_tensor(p, "p").reshape(-1)
    if bool(((values < 0) | (values > 1)).any()):
        raise ValueError(
            f"p must lie in [0, 1], got values from {float(values.min()):.4g} to "
            f"{float(values.max()):.4g}."
        )
    return values


def as_numbers(value: Numbers, name: str) -> Tensor:
    """Return numbers as a finite float64 tensor on the CPU, detached."""
    try:
        numbers = torch.as_tensor(value, dtype=torch.float64).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"{name} must be numbers (a tensor, a list or a float), got {value!r}."
        ) from error
    return check_tensor(numbers, name)


def as_number_or_tuple(value: Numbers, name: str) -> float | tuple[float, ...]:
    """Return a float for a scalar and a tuple of floats for a vector of length d >= 1."""
    numbers = as_numbers(value, name)
    if numbers.dim() == 0:
        return float(numbers)
    if numbers.dim() != 1 or numbers.numel() == 0:
        raise ValueError(
            f"{name} must be a number or a vector (d,), got shape {tuple(numbers.shape)}."
        )
    return tuple(numbers.tolist())


def require_univariate(dim: int, what: str) -> None:
    """Raise unless the law is one-dimensional."""
    if dim != 1:
        raise ValueError(
            f"{what} is defined for one-dimensional laws only, this one has dim={dim}."
        )


def require_fits(low: float, high: float, name: str, dtype: torch.dtype) -> None:
    """Raise where positive numbers from low to high would be 0 or infinite in a dtype."""
    numbers = torch.finfo(dtype)
    if not (numbers.tiny <= low and high <= numbers.max):
        came = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
        raise ValueError(
            f"{name} = {came} does not fit into {dtype}; take torch.float64, or rescale the law."
        )


def device_of(rng: torch.Generator | None) -> torch.device:
    """Return the device on which a generator draws, after a check of what it is."""
    rng = check_rng(rng)
    return torch.device("cpu") if rng is None else rng.device


def gaussian_log_density(squared: Tensor, std: Tensor, dim: int) -> Tensor:
    """Return log N(x; mean, std^2 I) from squared distances in units of std."""
    return -0.5 * squared - dim * (std.log() + 0.5 * math.log(2 * math.pi))


def normal_cdf(z: Tensor) -> Tensor:
    """Return P(Z <= z) for standard normal Z, exact in the lower tail, unlike torch's ndtr."""
    return 0.5 * torch.special.erfc(-z / math.sqrt(2))
