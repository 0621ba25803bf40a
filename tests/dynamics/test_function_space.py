"""The theorem's setting: what it promises, held against runs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gan_lessons.dynamics import function_space_descent, grid_value

LOG4 = math.log(4)


def bell(mean: float, std: float) -> Tensor:
    """A Gaussian's probabilities on a grid of 81 cells."""
    x = torch.linspace(-5, 5, 81, dtype=torch.float64)
    return torch.softmax(-0.5 * ((x - mean) / std) ** 2, dim=0)


def two_bells() -> Tensor:
    return 0.3 * bell(-2.0, 0.4) + 0.7 * bell(1.5, 0.6)


def kl(p: Tensor, q: Tensor) -> float:
    return float((p * (p / q).log()).sum())


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    return 0.5 * kl(p, (p + q) / 2) + 0.5 * kl(q, (p + q) / 2)


@pytest.mark.parametrize("d_steps", [None, 1, 3])
def test_reaches_the_data_law(d_steps: int | None) -> None:
    p = two_bells()
    run = function_space_descent(p, bell(0.0, 2.0), 400, d_steps=d_steps)
    assert run.p_g.shape == run.discriminator.shape == (401, 81)
    assert run.value.shape == (401,)
    torch.testing.assert_close(run.p_g[-1], p, rtol=0, atol=1e-9)
    torch.testing.assert_close(run.discriminator[-1], torch.full_like(p, 0.5), rtol=0, atol=1e-6)
    assert float(run.value[-1]) == pytest.approx(-LOG4, abs=1e-10)


@pytest.mark.parametrize("lr", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("start", [bell(0.0, 2.0), bell(-3.0, 0.8), bell(2.0, 1.5)])
def test_with_the_optimal_discriminator_the_value_falls_within_the_bound(
    start: Tensor, lr: float
) -> None:
    p = two_bells()
    run = function_space_descent(p, start, 150, lr=lr)
    assert bool((run.value.diff() <= 1e-14).all())
    steps = torch.arange(1, 151, dtype=torch.float64)
    assert bool((run.value[1:] + LOG4 <= kl(p, start) / (lr * steps)).all())


def test_rows_hold_the_optimal_discriminator_and_its_value() -> None:
    p = two_bells()
    run = function_space_descent(p, bell(0.0, 2.0), 20, lr=0.3)
    for q, d, value in zip(run.p_g, run.discriminator, run.value, strict=True):
        torch.testing.assert_close(d, p / (p + q))
        assert float(value) == pytest.approx(2 * jensen_shannon(p, q) - LOG4, abs=1e-12)
        assert float(q.sum()) == pytest.approx(1, abs=1e-12)


def test_one_step_is_mirror_descent_on_the_autograd_gradient() -> None:
    p, q = two_bells(), bell(0.0, 2.0).requires_grad_()
    run = function_space_descent(p, q.detach(), 1, lr=0.4, d_steps=2, d_lr=0.8)
    d = run.discriminator[0]
    value = (p * d.log() + q * (1 - d).log()).sum()
    (gradient,) = torch.autograd.grad(value, q)
    moved = q.detach() * torch.exp(-0.4 * gradient)
    torch.testing.assert_close(run.p_g[1], moved / moved.sum())


def test_discriminator_step_is_the_autograd_gradient_in_the_mixture_geometry() -> None:
    p, q = two_bells(), bell(0.0, 2.0)
    logits = torch.zeros_like(p, requires_grad=True)
    (gradient,) = torch.autograd.grad(grid_value(p, q, logits), logits)
    run = function_space_descent(p, q, 0, d_steps=1, d_lr=0.7)
    torch.testing.assert_close(run.discriminator[0].logit(), 0.7 * gradient / (p + q))


def test_an_untrained_pair_has_the_value_of_success() -> None:
    # D = 1/2 everywhere gives V = -log 4 whatever p_g is.
    value = grid_value(two_bells(), bell(-3.0, 0.5), torch.zeros(81, dtype=torch.float64))
    assert float(value) == pytest.approx(-LOG4, abs=1e-12)


def test_few_discriminator_steps_break_the_descent_but_not_the_end() -> None:
    run = function_space_descent(two_bells(), bell(-3.0, 0.8), 600, d_steps=1)
    assert bool((run.value.diff() > 1e-3).any())
    assert float(run.value[-1]) == pytest.approx(-LOG4, abs=1e-8)


masses = st.lists(st.floats(0.01, 1), min_size=6, max_size=6)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(data=masses, first=masses, second=masses, weight=st.floats(0, 1))
def test_the_value_is_convex_in_the_model_law(
    data: list[float], first: list[float], second: list[float], weight: float
) -> None:
    p, q0, q1 = (torch.tensor(m, dtype=torch.float64) / sum(m) for m in (data, first, second))

    def best_value(q: Tensor) -> float:
        return float(grid_value(p, q, (p / q).log()))

    mixed = best_value(weight * q0 + (1 - weight) * q1)
    assert mixed <= weight * best_value(q0) + (1 - weight) * best_value(q1) + 1e-12


def test_the_discriminator_is_optimal_against_every_other() -> None:
    p, q = two_bells(), bell(0.0, 2.0)
    best = (p / q).log()
    rng = torch.Generator().manual_seed(0)
    others = best + torch.randn(50, 81, generator=rng, dtype=torch.float64)
    assert bool((grid_value(p, q, others) < grid_value(p, q, best)).all())


def test_bad_arguments_are_refused() -> None:
    p, q = two_bells(), bell(0.0, 2.0)
    with pytest.raises(ValueError, match="p_start must be positive in every cell"):
        function_space_descent(p, torch.eye(81, dtype=torch.float64)[0], 5)
    with pytest.raises(ValueError, match=r"p_data must sum to 1.*divide by p_data.sum\(\)"):
        function_space_descent(2 * p, q, 5)
    with pytest.raises(ValueError, match=r"p_data must have shape \(m,\)"):
        function_space_descent(p[None], q, 5)
    with pytest.raises(ValueError, match="p_data and p_start must have the same shape"):
        function_space_descent(p, torch.full((4,), 0.25), 5)
    with pytest.raises(TypeError, match="p_data must be a torch.Tensor"):
        function_space_descent([0.5, 0.5], q, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lr must be at most 1"):
        function_space_descent(p, q, 5, lr=1.5)
    with pytest.raises(ValueError, match="d_lr must be at most 4"):
        function_space_descent(p, q, 5, d_steps=1, d_lr=5.0)
    with pytest.raises(ValueError, match="lr must be positive"):
        function_space_descent(p, q, 5, lr=0.0)
    with pytest.raises(ValueError, match="d_steps must be at least 1"):
        function_space_descent(p, q, 5, d_steps=0)
    with pytest.raises(ValueError, match="steps must be at least 0"):
        function_space_descent(p, q, -1)
