"""The integrands in log-densities, point by point, against q f(p/q) from the catalogue's f."""

import math

import pytest
import torch

from gan_lessons.divergences import F_DIVERGENCES, alpha_divergence
from gan_lessons.divergences.integrands import from_f

ALPHAS = [-1.5, -1e-6, 1e-6, 0.3, 0.5, 0.8, 1 + 1e-6, 2.5]
ENTRIES = {**F_DIVERGENCES, **{f"alpha {a}": alpha_divergence(a) for a in ALPHAS}}
every = pytest.mark.parametrize("divergence", ENTRIES.values(), ids=ENTRIES.keys())
NONE = -math.inf


def slope_at_one(divergence):
    return float(divergence.f_prime(torch.ones(1, dtype=torch.float64)))


@every
def test_is_q_f_less_the_tangent_and_never_negative(divergence):
    rng = torch.Generator().manual_seed(0)
    log_p, log_q = 4 * torch.randn(2, 500, generator=rng, dtype=torch.float64)
    p, q = log_p.exp(), log_q.exp()
    expected = q * divergence.f(p / q) - slope_at_one(divergence) * (p - q)
    value = divergence.integrand(log_p, log_q)
    # The expected value cancels: its own error, for alpha near 0 and 1, is 1e-16 / 1e-6.
    scale = (p + q) if "alpha" in divergence.name else torch.ones_like(p)
    assert bool(((value - expected).abs() <= 1e-8 * (scale + expected.abs())).all())
    assert bool((value >= -1e-15 * (p + q)).all())


@every
def test_close_densities_keep_their_digits(divergence):
    # q f(1 + h) - f'(1) q h is about f''(1) h^2 q / 2; total variation's is |h| q / 2.
    h = torch.tensor([1e-5, -1e-5], dtype=torch.float64)
    log_q = torch.zeros_like(h)
    value = divergence.integrand(torch.log1p(h), log_q)
    u = torch.ones(1, dtype=torch.float64, requires_grad=True)
    (curvature,) = torch.autograd.grad(divergence.f_prime(u).sum(), u)
    second_order = float(curvature) * h.square() / 2
    expected = h.abs() / 2 if divergence.name == "total variation" else second_order
    torch.testing.assert_close(value, expected, rtol=1e-3, atol=0)


@every
def test_limits_where_one_density_vanishes(divergence):
    log_p = torch.tensor([NONE, -1.0, NONE], dtype=torch.float64)
    log_q = torch.tensor([-1.0, NONE, NONE], dtype=torch.float64)
    value = divergence.integrand(log_p, log_q)
    assert float(value[2]) == 0
    # The same limits, approached: ratios of e^-600 and e^600 are as good as 0 and infinity ...
    large = torch.tensor([600.0], dtype=torch.float64)
    for k, (a, b) in enumerate([(-1 - large, large * 0 - 1), (large * 0 - 1, -1 - large)]):
        near = float(divergence.integrand(a, b))
        if math.isinf(float(value[k])):
            assert near > 100  # ... if only a logarithm
        elif "alpha = 1e-06" not in divergence.name and "-1e-06" not in divergence.name:
            assert near == pytest.approx(float(value[k]), rel=1e-2)


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_from_f_far_beyond_the_reach_of_float64(key):
    full = F_DIVERGENCES[key]
    generic = from_f(full.f)
    log_p = torch.tensor([-3.0, -900, -1e4, -2, -30, NONE, -1, NONE], dtype=torch.float64)
    log_q = torch.tensor([-250.0, -4, -3, -1e4, -900, -1, NONE, NONE], dtype=torch.float64)
    tangent = slope_at_one(full) * (log_p.exp() - log_q.exp())
    expected = full.integrand(log_p, log_q)
    found = generic(log_p, log_q) - tangent
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
