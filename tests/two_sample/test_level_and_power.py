"""Levels, uniform p-values, and power."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from gan_lessons import two_sample as ts

REPETITIONS, B = 500, 99


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


TESTS = {
    "mmd": lambda x, y, g: ts.mmd_test(x, y, n_permutations=B, rng=g),
    "energy": lambda x, y, g: ts.energy_test(x, y, n_permutations=B, rng=g),
    "ks": lambda x, y, g: ts.ks_test(x[:, 0], y[:, 0], n_permutations=B, rng=g),
    "nearest neighbour": lambda x, y, g: ts.nearest_neighbour_test(x, y, n_permutations=B, rng=g),
}


def p_values(test, draw, repetitions=REPETITIONS) -> np.ndarray:
    found = []
    for seed in range(repetitions):
        g = rng(seed)
        found.append(test(draw(11, g), draw(8, g), g).p_value)
    return np.array(found)


def assert_level(p: np.ndarray) -> None:
    """P(p <= a) <= a, each with a false alarm of 1e-5 if the level is exact."""
    for a in (0.01, 0.05, 0.1, 0.25, 0.5):
        assert stats.binomtest(int((p <= a).sum()), len(p), a, "greater").pvalue > 1e-5, a


@pytest.mark.parametrize("name", TESTS)
def test_level_holds_for_continuous_data(name):
    p = p_values(TESTS[name], lambda n, g: torch.randn(n, 2, generator=g))
    assert p.min() >= 1 / (1 + B)
    assert_level(p)
    if name in ("mmd", "energy"):  # Continuous statistics: p is uniform on 1/100, ..., 1.
        assert stats.kstest(p - 0.5 / (1 + B), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("name", TESTS)
def test_level_holds_for_data_full_of_ties(name):
    p = p_values(
        TESTS[name], lambda n, g: torch.bernoulli(torch.full((n, 2), 0.3), generator=g), 250
    )
    assert_level(p)


@pytest.mark.parametrize("name", ["mmd", "energy", "ks"])
def test_equal_points_give_no_evidence(name):
    x, y = torch.ones(6, 1), torch.ones(9, 1)
    if name == "mmd":
        assert ts.mmd_test(x, y, 1.0, B, rng()).p_value == 1
    else:
        assert TESTS[name](x, y, rng()).p_value == 1


def test_neighbours_among_equal_points_are_drawn_by_lot():
    # Whose neighbour is whose is random then, so p varies; its level must hold all the same.
    p = p_values(TESTS["nearest neighbour"], lambda n, g: torch.ones(n, 1), 250)
    assert_level(p)
    assert p.min() < p.max()


@pytest.mark.parametrize("hidden", [0, 4])
def test_classifier_level(hidden):
    by_labels, by_normal = [], []
    for seed in range(60):
        z = torch.randn(70, 2, generator=rng(seed))
        kind = {"hidden": hidden, "n_steps": 4}
        by_labels.append(
            ts.classifier_test(z[:40], z[40:], n_permutations=B, rng=rng(seed), **kind).p_value
        )
        by_normal.append(
            ts.classifier_test(z[:40], z[40:], n_permutations=0, rng=rng(seed), **kind).p_value
        )
    assert_level(np.array(by_labels))
    # Asymptotic: 35 points on a lattice and 60 repetitions; allow it three times the level.
    assert (np.array(by_normal) <= 0.05).mean() <= 0.15


@pytest.mark.parametrize("name", TESTS)
def test_tests_see_a_shift_and_repeat_with_the_seed(name):
    x = torch.randn(40, 2, generator=rng(1))
    y = torch.randn(30, 2, generator=rng(2)) + 2
    first, second = TESTS[name](x, y, rng(5)), TESTS[name](x, y, rng(5))
    assert first.p_value == 0.01
    assert first.n_permutations == B
    assert first.null.shape == (B,)
    assert torch.equal(first.null, second.null)
    assert first.statistic > float(first.null.max())


def test_classifier_sees_a_shift_and_what_is_not_linear():
    x = torch.randn(300, 2, generator=rng(1))
    shifted = torch.randn(200, 2, generator=rng(2)) + 1.0
    assert ts.classifier_test(x, shifted, n_permutations=0, rng=rng()).p_value < 1e-4
    linear = ts.classifier_test(x, shifted, hidden=0, rng=rng())
    # The best classifier's accuracy is Phi(Delta / 2) with Delta = sqrt 2.
    assert linear.statistic == pytest.approx(stats.norm.cdf(math.sqrt(2) / 2), abs=0.1)
    wide = 3 * torch.randn(200, 2, generator=rng(3))
    assert ts.classifier_test(x, wide, rng=rng()).p_value < 0.01
    assert ts.classifier_test(x, wide, hidden=0, rng=rng()).statistic < 0.65


def test_asymptotic_null_is_the_normal_one():
    x, y = torch.randn(61, 1, generator=rng(1)), torch.randn(41, 1, generator=rng(2)) + 0.5
    known = ts.classifier_test(x, y, n_steps=20, n_permutations=0, rng=rng(3))
    scale = math.sqrt((1 / 31 + 1 / 21) / 16)
    assert known.p_value == pytest.approx(stats.norm(0.5, scale).sf(known.statistic), rel=1e-9)
    drawn = ts.classifier_test(x, y, n_steps=20, n_permutations=4000, rng=rng(3))
    assert drawn.statistic == known.statistic
    assert float(drawn.null.mean()) == pytest.approx(0.5, abs=5 * scale / math.sqrt(4000))
    assert float(drawn.null.std()) <= 1.05 * scale


@pytest.mark.parametrize(("delta", "n_test", "power"), [(0.2, 500, 0.554), (0.5, 200, 0.879)])
def test_power_formula_against_simulation(delta, n_test, power):
    accuracy = float(stats.norm.cdf(delta / 2))
    assert ts.classifier_test_power(accuracy, n_test) == pytest.approx(power, abs=6e-4)
    # The best classifier, 4,000 times: right on half the points x and half the points y.
    generator = np.random.default_rng(0)
    x = generator.normal(delta, 1, (4000, n_test // 2)) > delta / 2
    y = generator.normal(0, 1, (4000, n_test // 2)) <= delta / 2
    z = ((x.mean(1) + y.mean(1)) / 2 - 0.5) * 2 * math.sqrt(n_test)
    rejected = (z > stats.norm.ppf(0.95)).mean()
    # Simulation error 0.008 (one standard error) and the lattice's step.
    assert rejected == pytest.approx(power, abs=0.04)
    assert ts.classifier_test_power(0.5, n_test, 0.1) == pytest.approx(0.1)


def test_neighbours_at_equal_distance_do_not_follow_the_order_of_the_samples():
    # Twelve values, x the larger sample: were the first of all equals the neighbour, it would be
    # an x, and x would be told from y under p = q.
    def draw(n: int, g: torch.Generator) -> torch.Tensor:
        return torch.randint(12, (n * n, 1), generator=g).float()

    assert_level(p_values(TESTS["nearest neighbour"], draw, 60))
