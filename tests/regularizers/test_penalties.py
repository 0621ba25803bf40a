"""Penalties against closed forms on linear and quadratic discriminators, and finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gan_lessons.regularizers import (
    gradient_penalty,
    input_gradient,
    interpolate,
    r1_penalty,
    r2_penalty,
)

SHAPES = [(6,), (6, 3), (6, 2, 4, 5)]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear(weight: torch.Tensor):
    """D(x) = w . x + 1, for x of any shape."""
    return lambda x: (x * weight).reshape(len(x), -1).sum(1) + 1


@pytest.mark.parametrize("shape", SHAPES)
def test_linear_discriminator_has_closed_forms(shape):
    """The gradient of w . x is w at each point: R1 = R2 = ||w||^2, GP = (||w|| - target)^2."""
    rng = generator()
    real = torch.randn(shape, generator=rng, dtype=torch.float64)
    fake = torch.randn(shape, generator=rng, dtype=torch.float64)
    weight = torch.randn(shape[1:], generator=rng, dtype=torch.float64)
    norm = math.sqrt(math.fsum(w**2 for w in weight.flatten().tolist()))
    d = linear(weight)
    assert r1_penalty(d, real).item() == pytest.approx(norm**2, rel=1e-12)
    assert r2_penalty(d, fake).item() == pytest.approx(norm**2, rel=1e-12)
    assert gradient_penalty(d, real, fake, rng).item() == pytest.approx((norm - 1) ** 2, rel=1e-12)
    gp = gradient_penalty(d, real, fake, rng, target=0.25)
    assert gp.item() == pytest.approx((norm - 0.25) ** 2, rel=1e-12)
    assert r1_penalty(d, real).shape == gp.shape == ()


@settings(deadline=None, derandomize=True, max_examples=20)
@given(norm=st.floats(0.1, 5), target=st.floats(0, 3))
def test_one_sided_only_counts_what_is_above(norm, target):
    d = linear(torch.tensor([0.6 * norm, -0.8 * norm], dtype=torch.float64))
    x = torch.zeros(3, 2, dtype=torch.float64)
    got = gradient_penalty(d, x, x + 1, generator(), target=target, one_sided=True).item()
    assert got == pytest.approx((norm - target) ** 2 if norm > target else 0, abs=1e-12)


def test_quadratic_discriminator_is_penalised_where_the_samples_are():
    """The gradient of ||x||^2 / 2 is x: R1 sees the real samples, R2 the fake ones."""
    real = torch.tensor([[3.0, 4.0], [0.0, 2.0]], requires_grad=True)
    fake = torch.tensor([[1.0, 0.0], [0.0, 7.0]], requires_grad=True)

    def d(x):
        return x.square().sum(1) / 2

    assert r1_penalty(d, real).item() == (25 + 4) / 2
    assert r2_penalty(d, fake).item() == (1 + 49) / 2
    points = interpolate(real, fake, generator(4))
    expected = (points.norm(dim=1) - 1).square().mean().item()
    assert gradient_penalty(d, real, fake, generator(4)).item() == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["r1", "r2", "gp"])
def test_nothing_flows_to_the_samples(kind):
    scale = torch.tensor(2.0, requires_grad=True)
    x = torch.tensor([[3.0, 4.0]], requires_grad=True)
    y = torch.tensor([[1.0, 4.0]], requires_grad=True)

    def d(rows):
        return scale * rows.square().sum(1)

    penalties = {"r1": r1_penalty(d, x), "r2": r2_penalty(d, y), "gp": gradient_penalty(d, x, y)}
    penalties[kind].backward()
    assert x.grad is None
    assert y.grad is None
    assert scale.grad is not None


def test_interpolation_is_uniform_on_each_segment():
    n = 4000
    real, fake = torch.full((n, 2), 3.0), torch.full((n, 2), -1.0)
    points = interpolate(real, fake, generator())
    torch.testing.assert_close(points[:, 0], points[:, 1])  # one u per pair, not per feature
    u = ((points[:, 0] + 1) / 4).sort().values
    assert u.min() >= 0
    assert u.max() <= 1
    # Kolmogorov-Smirnov against U[0, 1]: sqrt(n) D > 2.3 has probability about 5e-5.
    assert (u - torch.arange(n) / n).abs().max().item() * math.sqrt(n) < 2.3
    # u belongs to the real samples.
    again = torch.rand((n, 1), generator=generator())
    torch.testing.assert_close(points, again * real + (1 - again) * fake)


@pytest.mark.parametrize("kind", ["r1", "r2", "gp"])
def test_gradient_in_the_weights_matches_finite_differences(kind):
    torch_rng = generator(1)
    x = torch.randn(5, 3, generator=torch_rng, dtype=torch.float64)
    y = torch.randn(5, 3, generator=torch_rng, dtype=torch.float64)
    w1 = torch.randn(4, 3, generator=torch_rng, dtype=torch.float64, requires_grad=True)
    w2 = torch.randn(4, generator=torch_rng, dtype=torch.float64, requires_grad=True)

    def penalty(a, b):
        def d(rows):
            return torch.tanh(rows @ a.T) @ b

        if kind == "gp":
            return gradient_penalty(d, x, y, generator(2), target=0.7)
        return r1_penalty(d, x) if kind == "r1" else r2_penalty(d, y)

    assert torch.autograd.gradcheck(penalty, (w1, w2))


def test_zero_gradient_gives_finite_derivatives():
    layer = nn.Linear(2, 1)
    nn.init.zeros_(layer.weight)
    x = torch.ones(3, 2)
    penalty = gradient_penalty(lambda rows: layer(rows).squeeze(1), x, -x, generator())
    penalty.backward()
    assert penalty.item() == 1
    assert bool(torch.isfinite(layer.weight.grad).all())


def test_under_no_grad_the_value_stands_alone():
    weight = torch.tensor([3.0, 4.0], requires_grad=True)
    x = torch.zeros(2, 2)
    with torch.no_grad():
        penalty = r1_penalty(linear(weight), x)
    assert penalty.item() == 25
    assert not penalty.requires_grad
    assert r1_penalty(linear(weight), x).requires_grad
    with (
        torch.inference_mode(),
        pytest.raises(RuntimeError, match=r"inference_mode forbids; use torch\.no_grad"),
    ):
        r1_penalty(linear(weight), x)


def test_default_random_state_is_untouched_with_rng():
    before = torch.get_rng_state()
    x = torch.zeros(2, 2)
    gradient_penalty(linear(torch.ones(2)), x, x, generator())
    assert torch.equal(before, torch.get_rng_state())
    gradient_penalty(linear(torch.ones(2)), x, x)
    assert not torch.equal(before, torch.get_rng_state())


def test_bad_input():
    d, x = linear(torch.ones(2)), torch.zeros(3, 2)
    with pytest.raises(ValueError, match="real and fake must have the same shape"):
        gradient_penalty(d, x, x[:2])
    with pytest.raises(ValueError, match=r"real needs at least one sample, got shape \(0, 2\)"):
        r1_penalty(d, x[:0])
    with pytest.raises(TypeError, match=r"fake must be floating point, got torch.int64"):
        r2_penalty(d, x.long())
    with pytest.raises(TypeError, match=r"real must be a torch.Tensor, got list"):
        r1_penalty(d, [0.0])
    with pytest.raises(ValueError, match=r"discriminator must return logits of shape \(3,\)"):
        r1_penalty(lambda rows: rows, x)
    with pytest.raises(ValueError, match="got NoneType"):
        r1_penalty(lambda rows: None, x)
    with pytest.raises(ValueError, match="must depend on its input"):
        r1_penalty(lambda rows: torch.zeros(len(rows)), x)
    with pytest.raises(ValueError, match="target must be zero or positive"):
        gradient_penalty(d, x, x, target=-1.0)
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got int"):
        gradient_penalty(d, x, x, rng=0)
    assert input_gradient(d, x).tolist() == [[1.0, 1.0]] * 3
