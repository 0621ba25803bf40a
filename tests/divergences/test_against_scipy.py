"""Quadrature by another library, over random laws, with f written out again in plain math."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate as scipy_integrate
from scipy import stats

from gan_lessons.distributions import Mixture
from gan_lessons.divergences import (
    F_DIVERGENCES,
    f_divergence,
    gan_value,
    wasserstein1,
)

# q f(p/q) from the two densities, as a textbook writes it.
TEXTBOOK = {
    "kl": lambda p, q: p * math.log(p / q),
    "reverse-kl": lambda p, q: q * math.log(q / p),
    "jensen-shannon": lambda p, q: (
        0.5 * p * math.log(2 * p / (p + q)) + 0.5 * q * math.log(2 * q / (p + q))
    ),
    "jeffrey": lambda p, q: p * math.log(p / q) + q * math.log(q / p),
    "pearson": lambda p, q: p * p / q - 2 * p + q,
    "neyman": lambda p, q: q * q / p - 2 * q + p,
    "squared-hellinger": lambda p, q: p + q - 2 * math.sqrt(p * q),
    "total-variation": lambda p, q: 0.5 * abs(p - q),
    "gan": lambda p, q: p * math.log(2 * p / (p + q)) + q * math.log(2 * q / (p + q)),
}


def random_pair(seed: int) -> tuple[tuple, tuple]:
    """Two mixtures as (weights, means, stds), of widths that keep every divergence finite."""
    rng = np.random.default_rng(seed)
    laws = []
    for _ in range(2):
        k = rng.integers(1, 4)
        weights = rng.dirichlet(np.ones(k))
        laws.append((weights, rng.uniform(-2, 2, k), rng.uniform(0.9, 1.1, k)))
    return laws[0], laws[1]


def density(law, x):
    weights, means, stds = law
    return float(np.sum(weights * stats.norm.pdf(x, means, stds)))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_random_mixtures(key, seed):
    first, second = random_pair(seed)
    p, q = (Mixture(*(torch.from_numpy(part) for part in law)) for law in (first, second))
    expected, error = scipy_integrate.quad(
        lambda x: TEXTBOOK[key](density(first, x), density(second, x)), -14, 14, limit=400
    )
    assert error < 1e-7
    assert f_divergence(key, p, q) == pytest.approx(expected, abs=2e-7, rel=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_value_of_a_discriminator(seed):
    first, second = random_pair(seed)
    p, q = (Mixture(*(torch.from_numpy(part) for part in law)) for law in (first, second))

    def integrand(x):
        d = 1 / (1 + math.exp(-(0.7 * x - 0.2)))
        return density(first, x) * math.log(d) + density(second, x) * math.log(1 - d)

    expected, _ = scipy_integrate.quad(integrand, -14, 14, limit=400)
    assert gan_value(p, q, lambda x: 0.7 * x - 0.2) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_wasserstein(seed):
    first, second = random_pair(seed)
    p, q = (Mixture(*(torch.from_numpy(part) for part in law)) for law in (first, second))

    def cdf(law, x):
        return float(np.sum(law[0] * stats.norm.cdf(x, law[1], law[2])))

    expected, _ = scipy_integrate.quad(
        lambda x: abs(cdf(first, x) - cdf(second, x)), -14, 14, limit=400
    )
    assert wasserstein1(p, q) == pytest.approx(expected, abs=1e-7)
