"""Each entry of the catalogue against the definitions: f, f', f*, its domain, g_f."""

import math

import pytest
import torch

from gan_lessons.divergences import (
    F_DIVERGENCES,
    FDivergence,
    alpha_divergence,
    complete,
    get_divergence,
    numerical_conjugate,
)
from gan_lessons.divergences.conjugates import log_lambert

ALPHAS = [-1.5, 0.0, 0.3, 0.5, 1.0, 2.0, 2.5]
ENTRIES = {**F_DIVERGENCES, **{f"alpha {a}": alpha_divergence(a) for a in ALPHAS}}
every = pytest.mark.parametrize("divergence", ENTRIES.values(), ids=ENTRIES.keys())
U = torch.logspace(-4, 4, 161, dtype=torch.float64)


def slopes_in_domain(divergence: FDivergence) -> torch.Tensor:
    low, high = divergence.conjugate_domain
    t = torch.linspace(-6, 6, 241, dtype=torch.float64)
    return t[(t > low) & (t < high - 1e-9)]


@every
def test_f_is_convex_with_f_of_1_zero(divergence):
    assert float(divergence.f(torch.ones(1, dtype=torch.float64))) == pytest.approx(0, abs=1e-14)
    a, b = U[:, None], U[None, :]
    for w in (0.25, 0.5, 0.9):
        chord = w * divergence.f(a) + (1 - w) * divergence.f(b)
        below = divergence.f(w * a + (1 - w) * b)
        assert bool((below <= chord + 1e-9 * (1 + chord.abs())).all())


@every
def test_f_prime_is_the_derivative(divergence):
    u = U[(U - 1).abs() > 1e-6].clone().requires_grad_()
    (slope,) = torch.autograd.grad(divergence.f(u).sum(), u)
    torch.testing.assert_close(divergence.f_prime(u.detach()), slope, rtol=1e-7, atol=1e-7)


@every
def test_conjugate_is_the_supremum(divergence):
    # Brute force: the best of a dense set of u, refined twice around the best.
    t = slopes_in_domain(divergence)
    low, high = torch.full_like(t, -60), torch.full_like(t, 60)
    for _ in range(6):
        fractions = torch.linspace(0, 1, 401, dtype=torch.float64)
        grid = low[:, None] + (high - low)[:, None] * fractions
        gains = t[:, None] * grid.exp() - divergence.f(grid.exp())
        best = gains.argmax(1, keepdim=True)
        width = (high - low) / 400
        low = grid.gather(1, best).squeeze(1) - width
        high = grid.gather(1, best).squeeze(1) + width
    supremum = gains.amax(1)
    torch.testing.assert_close(divergence.conjugate(t), supremum, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(numerical_conjugate(divergence.f, t), supremum, rtol=1e-9, atol=1e-9)


@every
def test_conjugate_is_infinite_outside_its_domain(divergence):
    high = divergence.conjugate_domain[1]
    if math.isinf(high):
        large = torch.tensor([20.0], dtype=torch.float64)
        assert bool(torch.isfinite(divergence.conjugate(large)))
        return
    beyond = torch.tensor([high + 1e-3, high + 1.0], dtype=torch.float64)
    assert bool((divergence.conjugate(beyond) == math.inf).all())
    assert bool((numerical_conjugate(divergence.f, beyond) == math.inf).all())


@every
def test_fenchel_young_with_equality_at_the_slope(divergence):
    t, u = slopes_in_domain(divergence)[:, None], U[None, :]
    right = divergence.f(u) + divergence.conjugate(t)
    assert bool((u * t <= right + 1e-9 * (1 + right.abs())).all())
    # At u = 1 total variation has all slopes from -1/2 to 1/2: f' gives one of them.
    slope = divergence.f_prime(U)
    torch.testing.assert_close(
        U * slope, divergence.f(U) + divergence.conjugate(slope), rtol=1e-5, atol=1e-9
    )


@every
def test_biconjugate_is_f(divergence):
    u = torch.logspace(-1, 1, 21, dtype=torch.float64)
    # sup over t, taken over the slopes of f between u = 0.05 and u = 20.
    t = divergence.f_prime(torch.logspace(-1.3, 1.3, 40_001, dtype=torch.float64))
    biconjugate = (u[:, None] * t - divergence.conjugate(t)).amax(1)
    torch.testing.assert_close(biconjugate, divergence.f(u), rtol=0, atol=1e-6)


@every
def test_autograd_of_the_conjugate_against_differences(divergence):
    t = slopes_in_domain(divergence)
    t = t[(t + 0.5).abs() > 0.04]  # total variation's conjugate has its kink at -1/2
    t = t[(t - divergence.conjugate_domain[1]).abs() > 0.01].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(divergence.conjugate(t).sum(), t)
    step = 1e-5
    above, below = divergence.conjugate(t.detach() + step), divergence.conjugate(t.detach() - step)
    torch.testing.assert_close(gradient, (above - below) / (2 * step), rtol=1e-5, atol=1e-5)


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_activation_rises_and_stays_in_the_domain(divergence, dtype):
    low, high = divergence.conjugate_domain
    v = torch.linspace(-50, 50, 1001, dtype=dtype)
    t = divergence.activation(v)
    assert t.dtype == dtype
    ends = torch.tensor([low, high], dtype=dtype)
    assert bool(((t >= ends[0]) & (t <= ends[1])).all())
    # At 14.5 float32 no longer tells neighbours apart.
    inner = divergence.activation(v[v.abs() <= (15 if dtype == torch.float64 else 14)])
    assert bool(((inner > ends[0]) & (inner < ends[1])).all())
    assert bool((t.diff() >= 0).all())
    assert bool((inner.diff() > 0).all())


@every
def test_composed_conjugate_is_the_composition(divergence):
    v = torch.linspace(-15, 12, 271, dtype=torch.float64)
    composed = divergence.conjugate_of_activation(v)
    torch.testing.assert_close(
        composed, divergence.conjugate(divergence.activation(v)), rtol=1e-7, atol=1e-7
    )


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_composed_conjugate_and_its_gradient_are_finite(divergence, dtype):
    v = torch.linspace(-50, 50, 1001, dtype=dtype, requires_grad=True)
    for function in (divergence.activation, divergence.conjugate_of_activation):
        value = function(v)
        (gradient,) = torch.autograd.grad(value.sum(), v)
        assert bool(torch.isfinite(value).all())
        assert bool(torch.isfinite(gradient).all())
        assert bool((gradient >= 0).all())


def test_jeffrey_composed_agrees_with_scipys_lambert_w():
    from scipy.special import lambertw

    t = torch.linspace(-30, 30, 121, dtype=torch.float64)
    w = torch.from_numpy(lambertw((1 - t).exp().numpy()).real)
    expected = w + 1 / w + t - 2
    torch.testing.assert_close(
        F_DIVERGENCES["jeffrey"].conjugate(t), expected, rtol=1e-9, atol=1e-9
    )


def test_log_lambert_solves_its_equation_far_out_and_twice_differentiates():
    s = torch.tensor([-1e4, -50.0, -1, 0, 1, 50, 1e4, 1e8], dtype=torch.float64)
    y = log_lambert(s)
    torch.testing.assert_close(y + y.exp(), s, rtol=1e-13, atol=1e-13)
    point = torch.linspace(-5, 5, 11, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_lambert, point)
    assert torch.autograd.gradgradcheck(log_lambert, point)
    mapped = torch.vmap(log_lambert)(point.detach().reshape(-1, 1)).squeeze(1)
    torch.testing.assert_close(mapped, log_lambert(point.detach()))


@every
def test_completing_f_alone_finds_what_was_given(divergence):
    found = complete(FDivergence("f alone", divergence.f))
    u = U[(U - 1).abs() > 1e-6]
    torch.testing.assert_close(found.f_prime(u), divergence.f_prime(u), rtol=1e-7, atol=1e-7)
    assert found.conjugate_domain[1] == pytest.approx(divergence.conjugate_domain[1], abs=1e-6)
    v = torch.linspace(-5, 5, 100, dtype=torch.float64)
    t = found.activation(v)
    torch.testing.assert_close(
        found.conjugate_of_activation(v), divergence.conjugate(t), rtol=1e-7, atol=1e-7
    )
    # What was given is kept.
    assert complete(divergence).conjugate is divergence.conjugate
    assert complete(divergence).integrand is divergence.integrand


def test_completed_activation_lets_gradients_through_twice():
    found = complete(FDivergence("KL", lambda u: torch.xlogy(u, u)))
    v = torch.linspace(-2, 2, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(found.activation, v)
    assert torch.autograd.gradcheck(found.conjugate_of_activation, v)


def test_numerical_conjugate_has_the_maximiser_as_gradient():
    t = torch.linspace(-1, 3, 9, dtype=torch.float64, requires_grad=True)
    (u,) = torch.autograd.grad(numerical_conjugate(torch.exp, t).sum(), t)
    # sup u t - e^u over u >= 0: u = log t where t > 1, else 0.
    torch.testing.assert_close(u, t.detach().clamp(min=1).log(), rtol=1e-6, atol=1e-6)


def test_wrong_entries_are_refused():
    with pytest.raises(ValueError, match="f must have f\\(1\\) = 0, got 1"):
        FDivergence("square", torch.square)
    with pytest.raises(TypeError, match="f must be a function of a tensor, got str"):
        FDivergence("word", "kl")
    with pytest.raises(ValueError, match="must be one of kl, reverse-kl, .*got 'js'"):
        get_divergence("js")
    with pytest.raises(TypeError, match="FDivergence, got int"):
        get_divergence(3)
    with pytest.raises(ValueError, match="alpha must be finite, got inf"):
        alpha_divergence(math.inf)
    with pytest.raises(TypeError, match="alpha must be a number, got str"):
        alpha_divergence("1")


def test_the_keys_are_the_promised_ones():
    assert list(F_DIVERGENCES) == [
        *("kl", "reverse-kl", "jensen-shannon", "jeffrey", "pearson", "neyman"),
        *("squared-hellinger", "total-variation", "gan"),
    ]
