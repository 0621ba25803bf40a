"""What the generator minimises at D*: identities of values and of gradients, on a grid."""

import math

import pytest
import torch
from torch import Tensor

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import (
    F_DIVERGENCES,
    divergence_on_grid,
    f_divergence,
    losses_at_optimum,
    optimal_value,
)

X = torch.linspace(-30, 30, 6001, dtype=torch.float64)
W = torch.full_like(X, 0.01)
P = Mixture([0.33, 0.67], [-1.0, 2.0], [0.4, 1.2])
LOG_P = P.log_prob(X)
MODELS = [(0.0, 1.0), (1.0, 2.0), (-2.0, 0.7), (4.0, 1.5)]


def model(theta: Tensor) -> Tensor:
    """Log-density of N(theta_0, theta_1^2) on the grid, differentiable."""
    return torch.distributions.Normal(theta[0], theta[1]).log_prob(X)


def gradient(of: str, mean: float, std: float) -> Tensor:
    theta = torch.tensor([mean, std], dtype=torch.float64, requires_grad=True)
    log_q = model(theta)
    losses = losses_at_optimum(LOG_P, log_q, W)
    quantity = {
        "saturating": lambda: losses.saturating,
        "non-saturating": lambda: losses.non_saturating,
        "sum": lambda: losses.saturating + losses.non_saturating,
        "2 JSD": lambda: 2 * divergence_on_grid("jensen-shannon", LOG_P, log_q, W),
        "reverse KL": lambda: divergence_on_grid("reverse-kl", LOG_P, log_q, W),
    }[of]()
    (result,) = torch.autograd.grad(quantity, theta)
    return result


@pytest.mark.parametrize(("mean", "std"), MODELS)
def test_gradients(mean, std):
    saturating, non_saturating = (
        gradient(name, mean, std) for name in ("saturating", "non-saturating")
    )
    jsd, reverse = gradient("2 JSD", mean, std), gradient("reverse KL", mean, std)
    torch.testing.assert_close(saturating, jsd, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(non_saturating, reverse - jsd, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(gradient("sum", mean, std), reverse, rtol=1e-9, atol=1e-11)
    # They are different gradients: the identities are not empty.
    assert float((non_saturating - reverse).abs().max()) > 1e-3


@pytest.mark.parametrize(("mean", "std"), MODELS)
def test_values(mean, std):
    q = Normal(mean, std)
    losses = losses_at_optimum(LOG_P, q.log_prob(X), W)
    reverse = f_divergence("reverse-kl", P, q)
    assert float(losses.saturating + losses.non_saturating) == pytest.approx(reverse, abs=1e-9)
    # The saturating loss and the data's half of V make the value at the optimum.
    real_half = (W * LOG_P.exp() * torch.sigmoid(LOG_P - q.log_prob(X)).log()).sum()
    assert float(losses.saturating + real_half) == pytest.approx(optimal_value(P, q), abs=1e-9)


def test_gradient_of_the_exact_divergence_by_differences():
    # The grid's gradient against differences of the adaptive quadrature, which has none.
    h, mean, std = 1e-4, 1.0, 2.0
    for key, of, factor in (("reverse-kl", "reverse KL", 1), ("jensen-shannon", "2 JSD", 2)):
        above = f_divergence(key, P, Normal(mean + h, std))
        below = f_divergence(key, P, Normal(mean - h, std))
        slope = factor * (above - below) / (2 * h)
        assert float(gradient(of, mean, std)[0]) == pytest.approx(slope, abs=1e-6)


def test_the_discriminator_is_a_constant():
    log_q = model(torch.tensor([0.5, 1.0], dtype=torch.float64)).requires_grad_()
    losses = losses_at_optimum(LOG_P, log_q, W)
    (gradient_of_loss,) = torch.autograd.grad(losses.non_saturating, log_q)
    # d/d log q of -w q log D with D held: -w q log D, and nothing more.
    expected = -W * log_q.exp() * torch.sigmoid(LOG_P - log_q).log()
    torch.testing.assert_close(gradient_of_loss, expected.detach())


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_divergence_on_grid_is_the_divergence(key):
    q = Normal(1.0, 1.3)
    first = Mixture([0.5, 0.5], [0.0, 1.5], [1.2, 1.0])
    value = divergence_on_grid(key, first.log_prob(X), q.log_prob(X), W)
    # The rule is spectrally exact for smooth integrands; total variation has kinks.
    tolerance = 1e-4 if key == "total-variation" else 1e-9
    assert float(value) == pytest.approx(f_divergence(key, first, q), abs=tolerance)


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_gradients_on_the_grid_are_numbers_also_where_p_equals_q(key):
    theta = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    log_p = torch.distributions.Normal(0.0, 1.0).log_prob(X)
    x_near = X.abs() < 8
    value = divergence_on_grid(key, log_p[x_near], model(theta)[x_near], W[x_near])
    (slope,) = torch.autograd.grad(value, theta)
    assert float(value.detach()) == pytest.approx(0, abs=1e-15)
    assert float(slope.abs().max()) < 1e-6


def test_wrong_grids_are_named():
    with pytest.raises(ValueError, match="weights and log_p must have the same shape"):
        losses_at_optimum(LOG_P, LOG_P, W[:5])
    with pytest.raises(ValueError, match="log_q must be finite"):
        losses_at_optimum(LOG_P, torch.full_like(LOG_P, -math.inf), W)
    with pytest.raises(TypeError, match="log_p must be a torch.Tensor"):
        divergence_on_grid("kl", LOG_P.tolist(), LOG_P, W)
