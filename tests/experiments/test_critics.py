import math

import pytest
import torch

from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.critics import (
    JUDGES,
    STRENGTHS,
    blob_like,
    run_judge,
    run_strength,
    wasserstein_exact,
)
from gan_lessons.experiments.critics_on_digits import DIGITS, make_digits_gan
from gan_lessons.experiments.critics_settings import CriticsConfig, data_law
from gan_lessons.experiments.image_gan import PRESETS
from gan_lessons.two_sample import transport_plan

SMALL = CriticsConfig(steps=4, every=2, seeds=2, n_samples=30, critic_steps=(2, 4), critic_seeds=2)


def test_exact_distance_is_the_linear_programme():
    rng = torch.Generator().manual_seed(0)
    x, y = torch.randn(25, 3, generator=rng), torch.randn(25, 3, generator=rng) + 1
    assert wasserstein_exact(x, y) == pytest.approx(transport_plan(x, y).cost, abs=1e-6)
    with pytest.raises(ValueError, match="x and y must have one shape"):
        wasserstein_exact(x, y[:5])


def test_the_blob_has_the_moments_of_the_ring():
    """Five standard errors of 40,000 draws; variances near 0.5."""
    rng = torch.Generator().manual_seed(0)
    ring, blob = data_law(SMALL), blob_like(data_law(SMALL))
    x, y = ring.sample(40_000, rng), blob.sample(40_000, rng)
    assert float((x.mean(0) - y.mean(0)).abs().max()) < 0.025
    assert float((x.var(0) - y.var(0)).abs().max()) < 0.025
    assert blob.std == pytest.approx(math.sqrt(0.5 + 0.05**2))


@pytest.mark.parametrize("judge", JUDGES)
def test_a_judge_is_read_as_often_as_asked(judge):
    table = run_judge(SMALL, judge)
    assert table["step"] == [2, 4]
    assert [len(row) for row in table["says"] + table["w1"]] == [2] * 4
    assert min(min(row) for row in table["w1"]) > 0.1
    if judge == "classifier":
        assert max(max(row) for row in table["says"]) < 0  # V of a probability


def test_a_linear_critic_cannot_see_equal_means():
    found = run_strength(SMALL, "linear")
    assert [len(row) for row in found] == [2, 2]
    assert max(abs(number) for row in found for number in row) < 0.1


def test_the_ways_to_train_on_digits():
    for way, (objective, d_steps, weight, normalised) in DIGITS.items():
        system = make_digits_gan(way, PRESETS["laptop"], 0, 5)
        assert system.objective.name == objective
        assert (system.config.d_steps, system.config.gp_weight) == (d_steps, weight)
        named = dict(system.discriminator.named_parameters())
        assert any("parametrizations" in name for name in named) == normalised


def test_the_record_is_whole():
    record = load_recorded("critics")
    results, config = record["results"], record["config"]
    assert set(results["judges"]) == set(JUDGES)
    assert set(results["strengths"]) == set(STRENGTHS)
    assert set(results["digits"]["frechet"]) == set(DIGITS)
    for table in results["judges"].values():
        assert len(table["step"]) == len(table["w1"]) == config["steps"] // config["every"]
        assert all(len(row) == config["seeds"] for row in table["says"] + table["w1"])
        assert min(min(row) for row in table["w1"]) > results["floor"] * 0.8


def test_settings_are_checked():
    with pytest.raises(ValueError, match="critic_steps must rise"):
        CriticsConfig(critic_steps=(10, 5))
    with pytest.raises(ValueError, match="gp_weight must be positive"):
        CriticsConfig(gp_weight=0.0)
