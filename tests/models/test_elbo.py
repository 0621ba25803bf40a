"""The functions of the VAE against quadrature, torch.distributions and a linear model."""

import itertools
import math

import pytest
import torch
from scipy.integrate import quad
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from gan_lessons.models import (
    active_units,
    gaussian_kl,
    gaussian_log_likelihood,
    importance_weighted_bound,
    log_importance_weights,
    negative_elbo,
    reparameterise,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=rng(seed), dtype=torch.float64)


@pytest.mark.parametrize(("mu", "s"), [(0.0, 0.0), (1.5, -2.0), (-3.0, 1.0), (0.2, 3.0)])
def test_gaussian_kl_is_the_integral(mu, s):
    q, p = Normal(mu, math.exp(s / 2)), Normal(0.0, 1.0)

    def integrand(z):
        z = torch.tensor(z, dtype=torch.float64)
        return float(q.log_prob(z).exp() * (q.log_prob(z) - p.log_prob(z)))

    width = 12 * math.exp(s / 2)
    wanted = quad(integrand, mu - width, mu + width, epsabs=1e-11, limit=200)[0]
    got = gaussian_kl(torch.tensor([[mu]]).double(), torch.tensor([[s]]).double())
    assert got.shape == (1,)
    assert got.item() == pytest.approx(wanted, abs=1e-7)


def test_gaussian_kl_and_likelihood_agree_with_torch_distributions():
    mean, log_variance = 3 * randn(50, 4), 2 * randn(50, 4, seed=2)
    q = Normal(mean, (log_variance / 2).exp())
    wanted = kl_divergence(q, Normal(torch.zeros(4).double(), 1.0)).sum(1)
    assert torch.allclose(gaussian_kl(mean, log_variance), wanted, rtol=1e-12)
    x, centre = randn(6, 2, 3, seed=3), randn(6, 2, 3, seed=4)
    for std in (0.03, 1.0, 7.0):
        wanted = Normal(centre, std).log_prob(x).flatten(1).sum(1)
        assert torch.allclose(gaussian_log_likelihood(x, centre, std), wanted, rtol=1e-12)


def test_reparameterised_draws_have_their_law_and_the_gradients_of_its_moments():
    """E z^2 = m^2 + e^s, so that its derivatives are 2 m and e^s; 5 standard errors (p < 1e-6)."""
    n = 200_000
    m, s = torch.tensor(1.3, requires_grad=True), torch.tensor(-0.8, requires_grad=True)
    z = reparameterise(m.expand(n, 1), s.expand(n, 1), rng())
    variance = math.exp(-0.8)
    assert z.mean().item() == pytest.approx(1.3, abs=5 * math.sqrt(variance / n))
    assert z.var().item() == pytest.approx(variance, abs=5 * variance * math.sqrt(2 / n))
    z.square().mean().backward()
    assert m.grad.item() == pytest.approx(2.6, abs=5 * 2 * math.sqrt(variance / n))
    # d/ds z^2 = z (z - m), whose variance is e^s m^2 + 2 e^(2 s)
    spread = math.sqrt((variance * 1.3**2 + 2 * variance**2) / n)
    assert s.grad.item() == pytest.approx(variance, abs=5 * spread)
    whole, again = (reparameterise(randn(3, 2), randn(3, 2), rng(7)) for _ in range(2))
    assert torch.equal(whole, again)


STD = 0.7
W = torch.tensor([[1.0, 0.5], [0.4, -0.8], [-0.5, 1.0]], dtype=torch.float64)  # not orthogonal
B = torch.tensor([0.3, -1.0, 2.0], dtype=torch.float64)


def linear_model(columns=2):
    """x = W z + b + noise: the exact log p(x) and the posterior's covariance and mean map."""
    w = W[:, :columns]
    law = MultivariateNormal(B, w @ w.T + STD**2 * torch.eye(3, dtype=torch.float64))
    covariance = torch.linalg.inv(torch.eye(columns, dtype=torch.float64) + w.T @ w / STD**2)
    return w, law, covariance, covariance @ w.T / STD**2


def test_with_the_exact_posterior_every_weight_is_the_density():
    w, law, covariance, to_mean = linear_model(columns=1)  # one column: the posterior is diagonal
    x = law.sample((40,))
    mean = (x - B) @ to_mean.T
    log_variance = covariance.diagonal().log().expand(40, 1)
    for seed in range(3):
        z = reparameterise(mean, log_variance, rng(seed))
        got = log_importance_weights(x, z, z @ w.T + B, mean, log_variance, STD)
        assert torch.allclose(got, law.log_prob(x), rtol=0, atol=1e-12)


def test_bounds_lie_below_the_density_rise_and_reach_it():
    """A posterior that is wrong in mean and variance; 400 points, so errors of means are small."""
    w, law, covariance, to_mean = linear_model()
    torch.manual_seed(0)
    x = law.sample((400,))
    mean = (x - B) @ to_mean.T + 0.3
    log_variance = (1.5 * covariance.diagonal()).log().expand(400, 2)
    draws, exact, k_max = rng(3), law.log_prob(x), 2048

    rows = []
    for _ in range(k_max):
        z = reparameterise(mean, log_variance, draws)
        rows.append(log_importance_weights(x, z, z @ w.T + B, mean, log_variance, STD))
    weights = torch.stack(rows)
    gaps = [
        (exact - torch.stack([importance_weighted_bound(p) for p in weights.split(k)])).mean()
        for k in (1, 4, 16, 64, 512, 2048)
    ]
    assert all(earlier > later for earlier, later in itertools.pairwise(gaps))
    assert gaps[0] > 0.2
    assert 0 < gaps[-1] < 5e-3  # about Var(w) / (2 k p(x)^2)
    # The gap of the ELBO is KL(q || posterior), in closed form.
    q = MultivariateNormal(mean, torch.diag_embed(log_variance.exp()))
    wanted = kl_divergence(q, MultivariateNormal((x - B) @ to_mean.T, covariance)).mean()
    assert gaps[0].item() == pytest.approx(wanted.item(), abs=5e-3)


def test_the_elbo_and_the_weights_say_the_same_on_average():
    w, law, _, to_mean = linear_model()
    x = law.sample((1,)).expand(50_000, 3)
    mean, log_variance = (x - B) @ to_mean.T + 0.2, torch.full((50_000, 2), -1.0).double()
    z = reparameterise(mean, log_variance, rng())
    centre = z @ w.T + B
    elbo = -negative_elbo(x, centre, mean, log_variance, STD)
    weights = log_importance_weights(x, z, centre, mean, log_variance, STD)
    difference = elbo - weights
    error = difference.std().item() / math.sqrt(len(difference))
    assert abs(difference.mean().item()) < 5 * error  # p < 1e-6


def test_beta_weighs_the_kl_alone():
    x, centre, mean, log_variance = randn(5, 3), randn(5, 3, seed=2), randn(5, 2), randn(5, 2)
    likelihood = Normal(centre, 0.5).log_prob(x).sum(1)
    for beta in (0.0, 0.3, 4.0):
        got = negative_elbo(x, centre, mean, log_variance, 0.5, beta)
        kl = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
        assert torch.allclose(got, -likelihood + beta * kl, rtol=1e-12)


def test_the_bound_rises_exactly_when_averaged_over_all_subsets():
    weights = 3 * randn(6, 1)
    means = []
    for k in range(1, 7):
        subsets = itertools.combinations(range(6), k)
        means.append(torch.stack([importance_weighted_bound(weights[list(s)]) for s in subsets]))
    averages = [m.mean().item() for m in means]
    assert averages == sorted(averages)
    assert averages[0] == pytest.approx(weights.mean().item(), rel=1e-12)
    assert averages[-1] == pytest.approx(weights.exp().mean().log().item(), rel=1e-12)
    far = importance_weighted_bound(torch.tensor([[-1e4], [-2e4]]))
    assert far.item() == pytest.approx(-1e4 - math.log(2))


def test_active_units_are_those_whose_means_vary():
    mean = torch.stack([torch.zeros(500), randn(500).float(), 0.05 * randn(500, seed=2)], dim=1)
    assert active_units(mean.float()).tolist() == [False, True, False]
    assert active_units(mean.float(), threshold=1e-3).tolist() == [False, True, True]


def test_bad_input_is_named():
    good = randn(3, 2)
    with pytest.raises(ValueError, match=r"mean must have shape \(n, z_dim\), got \(3,\)"):
        gaussian_kl(randn(3), randn(3))
    with pytest.raises(ValueError, match="mean and log_variance must have the same shape"):
        gaussian_kl(good, randn(3, 4))
    with pytest.raises(TypeError, match=r"log_variance must be a torch.Tensor, got float"):
        reparameterise(good, 0.0)
    with pytest.raises(TypeError, match=r"rng must be a torch.Generator or None, got int"):
        reparameterise(good, good, 0)
    with pytest.raises(ValueError, match="x and reconstruction must have the same shape"):
        gaussian_log_likelihood(good, randn(3, 3), 1.0)
    with pytest.raises(TypeError, match=r"reconstruction must be a torch.Tensor, got list"):
        gaussian_log_likelihood(good, [1.0], 1.0)
    with pytest.raises(ValueError, match="observation_std must be positive and finite, got 0"):
        gaussian_log_likelihood(good, good, 0.0)
    with pytest.raises(ValueError, match="beta must be zero or positive"):
        negative_elbo(good, good, good, good, 1.0, -1.0)
    with pytest.raises(ValueError, match="z and mean must have the same shape"):
        log_importance_weights(good, randn(3, 1), good, good, good)
    with pytest.raises(ValueError, match=r"log_weights must have shape \(k, n\), got \(3,\)"):
        importance_weighted_bound(randn(3))
    with pytest.raises(ValueError, match="mean needs at least 2 rows, got 1"):
        active_units(randn(1, 2))
