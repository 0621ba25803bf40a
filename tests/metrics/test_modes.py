import math

import pytest
import torch

from gan_lessons.distributions import Mixture, grid, ring
from gan_lessons.metrics import high_quality_excess, mode_coverage


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


def test_what_a_perfect_sampler_has():
    perfect = high_quality_excess(1 - math.exp(-4.5), 2500)
    assert perfect.expected == pytest.approx(0.9889, abs=1e-5)  # PacGAN's protocol: 98.89 %
    assert perfect.standard_error == pytest.approx(0.0021, abs=5e-5)  # 0.21 points
    assert perfect.excess == pytest.approx(0, abs=1e-9)
    assert 0.4 < perfect.p_value < 0.6
    line = high_quality_excess(0.5, 100, n_features=1, n_std=1.0)
    assert line.expected == pytest.approx(0.6826894921)  # the one-sigma rule
    assert line.excess < -3


@pytest.mark.parametrize("mixture", [ring(), grid()], ids=["ring", "grid"])
def test_collapse_inside_the_modes_is_seen(mixture):
    honest, shrunk = [], []
    for seed in range(20):
        samples = mixture.sample(2500, rng(seed))
        # the same samples drawn in to 80 % of their distance from the mode
        centres = mixture.means.to(samples)
        means = centres[torch.cdist(samples, centres).argmin(1)]
        for draws, found in ((samples, honest), (means + 0.8 * (samples - means), shrunk)):
            coverage = mode_coverage(draws, mixture)
            assert coverage.modes == mixture.n_components
            found.append(high_quality_excess(coverage.high_quality, 2500))
    # 20 uniform p-values all above 1e-5 but with probability 2e-4; seeds are fixed
    assert min(test.p_value for test in honest) > 1e-5
    assert abs(sum(test.excess for test in honest)) < 4 * 20**0.5
    # P(inside 3 std) is 0.99912 there: 2,500 samples see it every time
    assert max(test.p_value for test in shrunk) < 1e-5
    assert min(test.excess for test in shrunk) > 3


def test_the_p_value_is_the_exact_probability_of_so_many():
    # all of n inside: p^n
    whole = high_quality_excess(1.0, 2500).p_value
    assert whole == pytest.approx((1 - math.exp(-4.5)) ** 2500, rel=1e-9, abs=0)
    # 2 of 2 or 1 of 2 inside: 1 - P(none)
    assert high_quality_excess(0.5, 2).p_value == pytest.approx(1 - math.exp(-9))
    assert high_quality_excess(0.0, 10).p_value == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.2, 10), "high_quality must be a share from 0 to 1, got 1.2"),
        ((-0.1, 10), "high_quality must be zero or positive"),
        ((0.5, 0), "n_samples must be at least 1"),
        ((0.5, 10, 0), "n_features must be at least 1"),
        ((0.5, 10, 2, 0.0), "n_std must be positive"),
    ],
)
def test_bad_share(arguments, message):
    with pytest.raises(ValueError, match=message):
        high_quality_excess(*arguments)


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
