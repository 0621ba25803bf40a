"""Mixtures of isotropic normal laws, and the two that mode collapse is measured on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_lessons._validation import check_count, check_positive
from gan_lessons.distributions.base import (
    STD_OFFSETS,
    Numbers,
    as_numbers,
    as_points,
    as_probabilities,
    device_of,
    gaussian_log_density,
    normal_cdf,
    require_fits,
    require_univariate,
)


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Mixture:
    r"""Mixture of k isotropic normal laws.

    .. math:: p(x) = \sum_{i=1}^{k} w_i \, N(x; \mu_i, \sigma_i^2 I)

    Parameters
    ----------
    weights
        k numbers, zero or positive, with sum one.
    means
        k numbers (k,) for a law on the line, or (k, d).
    stds
        k positive numbers (k,), or one number for all components.

    Attributes
    ----------
    weights, means, stds
        float64 tensors of shapes (k,), (k, d) and (k,).

    Raises
    ------
    ValueError
        If the shapes do not fit, a standard deviation is not positive, or the weights are
        negative or do not sum to one.
    """

    weights: Tensor
    means: Tensor
    stds: Tensor

    def __init__(self, weights: Numbers, means: Numbers, stds: Numbers) -> None:
        w, m, s = (
            as_numbers(v, k) for v, k in ((weights, "weights"), (means, "means"), (stds, "stds"))
        )
        if w.dim() != 1 or w.numel() == 0:
            raise ValueError(f"weights must have shape (k,), got {tuple(w.shape)}.")
        k = w.numel()
        if m.dim() == 1:
            m = m.unsqueeze(1)
        if m.dim() != 2 or m.shape[0] != k or m.shape[1] == 0:
            raise ValueError(
                f"means must have shape ({k},) or ({k}, d) to match weights, "
                f"got {tuple(as_numbers(means, 'means').shape)}."
            )
        if s.dim() == 0:
            s = s.expand(k).clone()
        if s.shape != (k,):
            raise ValueError(f"stds must have shape ({k},) to match weights, got {tuple(s.shape)}.")
        if bool((s <= 0).any()):
            raise ValueError(f"stds must be positive, got a smallest one of {float(s.min()):.4g}.")
        total = float(w.sum())
        if bool((w < 0).any()) or abs(total - 1) > 1e-5:
            raise ValueError(
                f"weights must be zero or positive with sum one, got {w.tolist()} with sum "
                f"{total:.6g}; divide them by their sum."
            )
        object.__setattr__(self, "weights", w / total)
        object.__setattr__(self, "means", m)
        object.__setattr__(self, "stds", s)

    def __repr__(self) -> str:
        return f"Mixture(n_components={self.n_components}, dim={self.dim})"

    @property
    def n_components(self) -> int:
        """Number of components k."""
        return self.weights.numel()

    @property
    def dim(self) -> int:
        """Number of features d."""
        return self.means.shape[1]

    def sample_with_labels(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, Tensor]:
        """Draw n samples (n, d) and the index of the component of each, shape (n,), int64."""
        check_count(n, "n")
        weights = self.weights.to(device_of(rng))
        labels = torch.multinomial(weights, n, replacement=True, generator=rng)
        noise = torch.randn((n, self.dim), generator=rng, device=device_of(rng), dtype=dtype)
        stds = self.stds.to(noise)[labels].unsqueeze(1)
        return self.means.to(noise)[labels] + stds * noise, labels

    def sample(
        self, n: int, rng: torch.Generator | None = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """Draw n samples (n, d) on the device of ``rng`` (None: torch's default generator)."""
        return self.sample_with_labels(n, rng, dtype)[0]

    def component_log_prob(self, x: Tensor) -> Tensor:
        """Return log w_i + log N(x; mean_i, std_i^2 I) for x (n, d), shape (n, k)."""
        points = as_points(x, self.dim)
        require_fits(float(self.stds.min()), float(self.stds.max()), "stds", points.dtype)
        weights, means, stds = (t.to(points) for t in (self.weights, self.means, self.stds))
        differences = points.unsqueeze(1) - means
        squared = (differences / stds.unsqueeze(1)).square().sum(2)
        return weights.log() + gaussian_log_density(squared, stds, self.dim)

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density in nats at x (n, d) or, for d = 1, (n,); shape (n,), dtype of x.

        Half precision is computed in float32; stds that are 0 in the dtype raise ValueError.
        """
        return torch.logsumexp(self.component_log_prob(x), dim=1)

    def support(self) -> tuple[float, float]:
        """Return (-inf, inf)."""
        require_univariate(self.dim, "support")
        return (-math.inf, math.inf)

    def breakpoints(self) -> tuple[float, ...]:
        """Return every mean and points up to 8 of its standard deviations away, rising."""
        require_univariate(self.dim, "breakpoints")
        points = self.means + self.stds.unsqueeze(1) * torch.tensor(STD_OFFSETS).to(self.stds)
        return tuple(torch.unique(points[self.weights > 0]).tolist())

    def cdf(self, x: Tensor) -> Tensor:
        """Return P(X <= x) for x (n,), shape (n,)."""
        require_univariate(self.dim, "cdf")
        points = as_points(x, 1)
        require_fits(float(self.stds.min()), float(self.stds.max()), "stds", points.dtype)
        z = (points - self.means.squeeze(1).to(points)) / self.stds.to(points)
        return normal_cdf(z) @ self.weights.to(points)

    def quantile(self, p: Tensor) -> Tensor:
        """Return x with P(X <= x) = p for p (n,) in [0, 1], shape (n,), by bisection in float64."""
        require_univariate(self.dim, "quantile")
        values = as_probabilities(p)
        used = self.weights > 0
        # On the CPU in float64 (mps has none); the answer lies between the components' quantiles.
        target = values.detach().cpu().double()
        z = torch.special.ndtri(target).unsqueeze(1)
        ends = self.means[used].squeeze(1) + self.stds[used] * z
        result = ends.amin(1)
        finite = torch.isfinite(result)
        if bool(finite.any()):
            low, high, wanted = result[finite], ends[finite].amax(1), target[finite]
            for _ in range(100):
                middle = (low + high) / 2
                below = self.cdf(middle) < wanted
                low, high = torch.where(below, middle, low), torch.where(below, high, middle)
            result[finite] = high
        return result.to(values)


def ring(n_modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Return equal modes on a circle, at angles 2 pi i / n_modes (Srivastava et al. 2017).

    Parameters
    ----------
    n_modes
        Number of modes, at least one; all of them distinct.
    radius, std
        Radius of the circle and standard deviation of a mode, positive.
    """
    k = check_count(n_modes, "n_modes")
    angles = 2 * math.pi * torch.arange(k, dtype=torch.float64) / k
    means = check_positive(radius, "radius") * torch.stack([angles.cos(), angles.sin()], dim=1)
    return Mixture(torch.full((k,), 1 / k, dtype=torch.float64), means, check_positive(std, "std"))


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> Mixture:
    """Return side x side equal modes on a square grid centred at the origin.

    Parameters
    ----------
    side
        Modes along one edge, at least one.
    spacing, std
        Distance between neighbours and standard deviation of a mode, positive.
    """
    check_count(side, "side")
    line = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    means = check_positive(spacing, "spacing") * torch.cartesian_prod(line, line)
    k = side * side
    return Mixture(torch.full((k,), 1 / k, dtype=torch.float64), means, check_positive(std, "std"))
