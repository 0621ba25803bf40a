"""The f-GAN objectives against the bound, the divergence itself and the original GAN."""

import math
from dataclasses import replace

import pytest
import torch

from gan_lessons.distributions import Mixture, Normal
from gan_lessons.divergences import (
    F_DIVERGENCES,
    FDivergence,
    f_divergence,
    optimal_logits,
    variational_bound,
)
from gan_lessons.networks import MLPDiscriminator, MLPGenerator
from gan_lessons.objectives import Objective, Saturating, fgan, get_objective
from gan_lessons.training import GANSeeds, TrainConfig, train_seeds

REAL = torch.tensor([-3.0, -1.2, 0.3, 1.7, 3.0], dtype=torch.float64)
FAKE = torch.tensor([2.5, -0.4, -3.0, 0.9, 1.1], dtype=torch.float64)
KEYS = list(F_DIVERGENCES)
every = pytest.mark.parametrize("key", KEYS)
OWN = FDivergence("triangular", lambda u: (u - 1).square() / (u + 1))


@every
def test_names_and_protocol(key):
    plain, alternative = fgan(key), fgan(key, alternative=True)
    assert isinstance(plain, Objective)
    assert get_objective(plain) is plain
    assert (plain.name, alternative.name) == (f"fgan-{key}", f"fgan-{key}-alternative")
    assert fgan(F_DIVERGENCES[key]).name == plain.name
    assert not plain.needs_real


@every
def test_losses_are_the_bound_and_its_parts(key):
    divergence, objective = F_DIVERGENCES[key], fgan(key)
    bound = float(variational_bound(key, REAL, FAKE))
    assert float(objective.bound(REAL, FAKE)) == pytest.approx(bound, rel=1e-12)
    assert float(objective.discriminator_loss(REAL, FAKE)) == pytest.approx(-bound, rel=1e-12)
    # The generator's part of the bound, from f* and g_f one after the other.
    part = -float(divergence.conjugate(divergence.activation(FAKE)).mean())
    assert float(objective.generator_loss(None, FAKE)) == pytest.approx(part, rel=1e-9)
    other = float(fgan(key, alternative=True).generator_loss(None, FAKE))
    assert other == pytest.approx(-float(divergence.activation(FAKE).mean()), rel=1e-12)


@every
@pytest.mark.parametrize("alternative", [False, True])
def test_the_players_pull_the_right_way(key, alternative):
    objective = fgan(key, alternative)
    right, wrong = torch.full((4,), 2.0), torch.full((4,), -2.0)
    assert objective.discriminator_loss(right, wrong) < objective.discriminator_loss(wrong, right)
    fake = torch.linspace(-1.5, 3, 7, requires_grad=True)
    (slope,) = torch.autograd.grad(objective.generator_loss(None, fake), fake)
    assert bool((slope < 0).all())


@every
def test_a_discriminator_that_is_trained_finds_the_divergence(key):
    # On a finite set of points D is a table of scores: gradient ascent must end at D_f itself.
    p = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
    q = torch.tensor([0.3, 0.3, 0.25, 0.15], dtype=torch.float64)
    n = 20  # each point as often as its probability says
    real = torch.repeat_interleave(torch.arange(4), (p * n).round().long())
    fake = torch.repeat_interleave(torch.arange(4), (q * n).round().long())
    scores = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    objective = fgan(key)
    descent = torch.optim.LBFGS([scores], lr=0.5, max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        descent.zero_grad()
        value = objective.discriminator_loss(scores[real], scores[fake])
        value.backward()
        return value

    descent.step(loss)
    exact = float((q * F_DIVERGENCES[key].f(p / q)).sum())
    tolerance = 0.02 if key == "total-variation" else 1e-6  # there the best scores are infinite
    assert -float(loss().detach()) == pytest.approx(exact, abs=tolerance)


def test_gan_is_the_minimax_game_of_2014():
    game, original = fgan("gan"), Saturating()
    d_loss = original.discriminator_loss(REAL, FAKE)
    assert float(game.discriminator_loss(REAL, FAKE)) == pytest.approx(
        float(d_loss) - math.log(4), rel=1e-12
    )
    g_loss = original.generator_loss(None, FAKE)
    assert float(game.generator_loss(None, FAKE)) == pytest.approx(
        float(g_loss) + math.log(4), rel=1e-12
    )
    # Its alternative is the non-saturating loss: g_f = log D.
    non_saturating = get_objective("non-saturating").generator_loss(None, FAKE)
    other = fgan("gan", alternative=True).generator_loss(None, FAKE)
    assert float(other) == pytest.approx(float(non_saturating), rel=1e-12)


def test_f_alone_makes_an_objective():
    # Where only f is given, the raw score log(p/q) is the best one.
    objective = fgan(OWN)
    assert objective.name == "fgan of triangular"
    p, q = Normal(0, 1), Mixture([0.5, 0.5], [-0.5, 1.0], [0.9, 1.1])
    rng = torch.Generator().manual_seed(0)
    n = 100_000
    scores = [optimal_logits(p, q, law.sample(n, rng, torch.float64)) for law in (p, q)]
    # Scores are bounded by one or so: six standard errors are below 0.02.
    assert float(objective.bound(*scores)) == pytest.approx(f_divergence(OWN, p, q), abs=0.02)
    fake = FAKE.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective.generator_loss(None, fake), fake)
    assert bool((slope < 0).all())


@pytest.mark.parametrize("objective", [fgan("jeffrey"), fgan("kl", True), fgan(OWN)])
def test_many_seeds_are_trained_at_once(objective):
    def networks(seed):
        return MLPGenerator(2, 2, 8), MLPDiscriminator(2, 8)

    config = TrainConfig(steps=3, batch_size=16, z_dim=2, log_every=3, ema_decay=0.0)
    system = GANSeeds(networks, objective, config, 3)
    (record,) = train_seeds(system, Mixture([1.0], [[1.0, 0.0]], [0.5]), config)
    assert bool(torch.isfinite(record.metrics["d_loss"]).all())
    assert bool(torch.isfinite(record.metrics["g_loss"]).all())


@every
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_with_finite_gradients_within_50(key, dtype):
    real = torch.linspace(-50, 50, 101, dtype=dtype, requires_grad=True)
    fake = real.detach().flip(0).clone().requires_grad_()
    for alternative in (False, True):
        objective = fgan(key, alternative)
        losses = objective.discriminator_loss(real, fake), objective.generator_loss(None, fake)
        for loss in losses:
            assert math.isfinite(float(loss.detach()))
            for gradient in torch.autograd.grad(loss, (real, fake), allow_unused=True):
                assert gradient is None or bool(torch.isfinite(gradient).all())


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="divergence must be one of kl, .*got 'js'"):
        fgan("js")
    with pytest.raises(TypeError, match="alternative must be True or False, got 'yes'"):
        fgan("kl", "yes")
    objective = fgan("kl")
    with pytest.raises(ValueError, match=r"fake_logits must have shape \(n,\), got \(5, 1\)"):
        objective.generator_loss(None, FAKE[:, None])
    with pytest.raises(TypeError, match="real_logits must be a tensor of shape .* got None"):
        objective.discriminator_loss(None, FAKE)
    assert replace(objective, alternative=True).generator_loss(None, FAKE) != pytest.approx(0)
