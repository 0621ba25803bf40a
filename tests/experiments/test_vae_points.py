import json
import math
from dataclasses import asdict, replace

import pytest
import torch

from gan_lessons.distributions import Normal
from gan_lessons.experiments.recorded import load_recorded
from gan_lessons.experiments.vae_points import (
    LAW,
    MODELS,
    PointsConfig,
    PointsOutcome,
    likelihood_centres,
    make_points_model,
    run_points,
)
from gan_lessons.metrics import parzen_log_likelihood

TINY = PointsConfig(seeds=(0,), steps=20, batch_size=16, hidden=8, n=50, side=20)


def test_models_share_the_generator_s_first_weights():
    made = [make_points_model(name, TINY, 3) for name in MODELS]
    for model in made[1:]:
        for a, b in zip(made[0].generator.parameters(), model.generator.parameters(), strict=True):
            assert torch.equal(a, b)
    assert [type(model).__name__ for model in made] == ["GANState", "VAE", "VAE"]
    with pytest.raises(ValueError, match="name must be one of GAN, VAE, std 0.1"):
        make_points_model("VAE")


@pytest.mark.parametrize("name", ["GAN", "VAE, std 0.1"])
def test_the_grid_of_codes_gives_the_density_of_a_linear_model(name):
    """G(z) = z of two normal numbers; with noise 0.5 each coordinate is N(0, 1.25)."""
    model = make_points_model(name, replace(TINY, hidden=4))
    network = model.generator if name == "VAE, std 0.1" else model.ema.network
    averaged = model.network("generator") if name == "VAE, std 0.1" else network
    with torch.no_grad():
        for layer in averaged.layers:
            if isinstance(layer, torch.nn.Linear):
                layer.weight.zero_()
        first, second, last = (averaged.layers[k].weight for k in (0, 2, 4))
        first[:4] = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])  # a(x) and a(-x)
        second.copy_(torch.eye(4))
        # leaky(x) - leaky(-x) = 1.2 x, and leaky(leaky(x)) - leaky(leaky(-x)) = 1.04 x
        last.copy_(torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1]]) / 1.04)
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    centres = likelihood_centres(model, 200)
    law = Normal(0.0, math.sqrt(1.25))
    wanted = law.log_prob(x[:, :1]) + law.log_prob(x[:, 1:])
    got = parzen_log_likelihood(x, centres, 0.5)
    assert torch.allclose(got, wanted.reshape(-1).to(got), atol=0.05)
    assert (got - wanted.reshape(-1)).mean().abs() < 0.01


@pytest.mark.parametrize("name", MODELS)
def test_a_run_gives_every_number_again(name):
    first, second = run_points(name, TINY, 5), run_points(name, TINY, 5)
    assert first[1:] == second[1:]  # but for the time
    assert (first.bound is None) == (name == "GAN")
    if first.bound is None:
        assert first.high_quality == first.high_quality_law
    else:
        assert first.high_quality_law <= 1
        assert first.own < LAW.log_prob(LAW.sample(1000)).mean()


def test_recorded_bounds_are_below_the_exact_likelihood_and_that_below_the_truth():
    whole = load_recorded("vae_points")
    assert whole["config"] == json.loads(json.dumps(asdict(PointsConfig())))
    stored = whole["results"]
    assert stored["columns"] == list(PointsOutcome._fields)
    assert set(stored["runs"]) == set(MODELS)
    for rows in stored["runs"].values():
        for row in rows:
            outcome = PointsOutcome(*row)
            assert outcome.log_likelihood < stored["true_log_likelihood"] + 0.1
            if outcome.bound is not None:
                assert outcome.bound < outcome.own + 0.05


def test_settings_are_checked():
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        PointsConfig(steps=0)
    with pytest.raises(TypeError, match="seeds must be a tuple"):
        PointsConfig(seeds=3)
