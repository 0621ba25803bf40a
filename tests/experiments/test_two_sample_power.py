import pytest
import torch
from scipy.stats import binomtest

from gan_lessons.distributions import Normal
from gan_lessons.experiments import load_recorded
from gan_lessons.experiments.two_sample_power import (
    TESTS,
    PowerConfig,
    mean_test,
    rejections,
    shifted_gaussians,
    two_humps,
)


def test_the_two_humps_have_the_moments_that_the_text_claims():
    law = two_humps()
    mean = (law.weights * law.means[:, 0]).sum()
    second = (law.weights * (law.means[:, 0] ** 2 + law.stds**2)).sum()
    assert float(mean) == pytest.approx(0, abs=1e-7)
    assert float(second) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("d", [1, 7, 100])
def test_the_shift_is_the_same_in_every_dimension(d):
    _, q = shifted_gaussians(d, 1.0)
    assert float(q.__self__.location.norm()) == pytest.approx(1.0)


def test_mean_test_is_the_rank_of_the_observed_distance():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[10.0], [11.0]])
    rng = torch.Generator().manual_seed(0)
    # of the six labellings two reach the observed distance of 10
    assert mean_test(x, y, 3000, rng) == pytest.approx(1 / 3, abs=0.04)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_each_test_keeps_its_level_and_finds_a_large_shift(name):
    config = PowerConfig(repetitions=40, n_permutations=39)
    p, q = Normal(0.0, 1.0), Normal(3.0, 1.0)
    false_alarms = rejections(TESTS[name], p.sample, p.sample, 20, config)
    assert binomtest(false_alarms, 40, 0.05, alternative="greater").pvalue > 1e-4
    assert rejections(TESTS[name], p.sample, q.sample, 20, config) > 30


def test_the_recorded_false_alarms_keep_the_level():
    record = load_recorded("two_sample_power")
    repetitions = record["config"]["repetitions"]
    assert set(record["results"]["null"]) == set(TESTS)
    for counts in record["results"]["null"].values():
        for count in counts:
            assert binomtest(count, repetitions, 0.05, alternative="greater").pvalue > 1e-4
