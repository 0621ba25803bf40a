"""Laws for the tests: random ones, and two heavy-tailed ones of our own."""

import math
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

from gan_lessons.distributions import Mixture, Normal, Uniform


@dataclass(frozen=True)
class Laplace:
    mean: float = 0.0
    scale: float = 1.0
    dim: int = 1

    def sample(self, n: int, rng=None, dtype=torch.float32) -> Tensor:
        raise NotImplementedError

    def log_prob(self, x: Tensor) -> Tensor:
        return -(x - self.mean).abs() / self.scale - math.log(2 * self.scale)

    def support(self) -> tuple[float, float]:
        return -math.inf, math.inf

    def breakpoints(self) -> tuple[float, ...]:
        return self.mean - self.scale, self.mean, self.mean + self.scale

    def cdf(self, x: Tensor) -> Tensor:
        z = (x - self.mean) / self.scale
        return torch.where(z < 0, z.clamp(max=0).exp() / 2, 1 - (-z).clamp(max=0).exp() / 2)

    def quantile(self, p: Tensor) -> Tensor:
        raise NotImplementedError


@dataclass(frozen=True)
class Cauchy(Laplace):
    def log_prob(self, x: Tensor) -> Tensor:
        return -torch.log1p(((x - self.mean) / self.scale) ** 2) - math.log(math.pi * self.scale)

    def cdf(self, x: Tensor) -> Tensor:
        return 0.5 + torch.atan((x - self.mean) / self.scale) / math.pi


_mean = st.floats(-5, 5)
_std = st.floats(0.05, 5)


@st.composite
def mixtures(draw):
    k = draw(st.integers(1, 3))
    weights = torch.tensor(draw(st.lists(st.floats(0.05, 1), min_size=k, max_size=k)))
    means = draw(st.lists(_mean, min_size=k, max_size=k))
    stds = draw(st.lists(_std, min_size=k, max_size=k))
    return Mixture(weights.double() / weights.double().sum(), means, stds)


normals = st.builds(Normal, _mean, _std)
uniforms = st.builds(lambda low, width: Uniform(low, low + width), _mean, _std)
#: Any law of the package on the line, overlapping or not.
laws = st.one_of(normals, uniforms, mixtures())
#: Laws that share the whole line as support.
full_laws = st.one_of(normals, mixtures())
