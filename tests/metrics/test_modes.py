import math

import pytest
import torch

from gan_lessons.distributions import Mixture, grid, ring
from gan_lessons.metrics import mode_coverage


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


LINE = Mixture([0.25] * 4, [0.0, 10.0, 20.0, 30.0], [1.0, 1.0, 1.0, 0.1])


def test_by_hand():
    samples = torch.tensor([0.0, -2.9, 3.1, 10.0, 13.2, 29.6])
    # nearest modes 0 0 0 1 1 3; distances in std 0, 2.9, 3.1, 0, 3.2, 4
    result = mode_coverage(samples, LINE)
    assert result.modes == 2
    assert result.high_quality == pytest.approx(3 / 6)
    q = [3 / 6, 2 / 6, 1 / 6]
    assert result.kl == pytest.approx(sum(v * math.log(4 * v) for v in q), abs=1e-6)
    wider = mode_coverage(samples, LINE, n_std=4.5)
    assert (wider.modes, wider.high_quality) == (3, 1.0)
    assert wider.kl == result.kl


def test_distances_are_measured_in_each_modes_own_std():
    mixture = Mixture([0.5, 0.5], [0.0, 10.0], [3.0, 0.5])
    result = mode_coverage(torch.tensor([6.0]), mixture)  # 2 std from 0, 8 std from 10
    assert (result.modes, result.high_quality) == (1, 1.0)
    assert mode_coverage(torch.tensor([6.0, 6.0, 9.9, 9.9]), mixture).kl == pytest.approx(0)


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_a_perfect_sampler(mixture):
    n = 20_000
    result = mode_coverage(mixture.sample(n, rng()), mixture)
    k = mixture.n_components
    assert result.modes == k
    share = 1 - math.exp(-4.5)
    # fixed seed; 4 standard deviations
    assert abs(result.high_quality - share) < 4 * (share * (1 - share) / n) ** 0.5
    # 2 n KL is chi-squared with k - 1 degrees of freedom: mean k - 1
    assert 2 * n * result.kl < 3 * k


def test_collapse_and_failure():
    one = torch.zeros(100, 2)
    one[:, 0] = 1
    assert mode_coverage(one, ring()) == (1, 1.0, pytest.approx(math.log(8)))
    lost = mode_coverage(one * 100, ring())
    assert (lost.modes, lost.high_quality) == (0, 0.0)


def test_duplicates_do_not_matter_and_gradients_are_not_kept():
    samples = ring().sample(50, rng()).requires_grad_()
    once, twice = mode_coverage(samples, ring()), mode_coverage(samples.repeat(2, 1), ring())
    assert once.kl == pytest.approx(twice.kl)
    assert once[:2] == twice[:2]


@pytest.mark.parametrize(
    ("samples", "n_std", "message"),
    [
        (torch.zeros(5, 3), 3.0, "samples and mixture must have the same .* got 3 and 2"),
        (torch.zeros(0, 2), 3.0, "samples needs at least 1 samples, got 0"),
        (torch.zeros(5, 2) / 0, 3.0, "samples must be finite"),
        (torch.zeros(5, 2), -1.0, "n_std must be positive"),
    ],
)
def test_bad_input(samples, n_std, message):
    with pytest.raises(ValueError, match=message):
        mode_coverage(samples, ring(), n_std)
