import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import gan_lessons.metrics._distances as blocks
from gan_lessons.distributions import Mixture, Normal
from gan_lessons.metrics import parzen_bandwidth, parzen_log_likelihood


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@settings(deadline=None, derandomize=True, max_examples=25)
@given(
    st.integers(1, 20), st.integers(1, 20), st.integers(1, 30), st.floats(-3, 3), st.integers(0, 99)
)
def test_agrees_with_sklearn(n, m, d, log_width, seed):
    from sklearn.neighbors import KernelDensity

    points, centres, width = 3 * normal(n, d, seed), normal(m, d, seed + 1) + 5, math.exp(log_width)
    density = KernelDensity(bandwidth=width, rtol=1e-12, atol=0).fit(centres.numpy())
    expected = torch.from_numpy(density.score_samples(points.numpy()))
    found = parzen_log_likelihood(points, centres, width)
    assert found.shape == (n,)
    assert torch.allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_it_is_a_mixture_and_integrates_to_one():
    centres, width = normal(7, 1, 0), 0.3
    places = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    found = parzen_log_likelihood(places, centres, width)
    assert torch.trapezoid(found.exp(), places) == pytest.approx(1.0, abs=1e-10)
    law = Mixture(torch.full((7,), 1 / 7, dtype=torch.float64), centres, width)
    assert torch.allclose(found, law.log_prob(places), atol=1e-10)


def test_one_centre_in_the_middle_of_a_normal_law_is_that_law():
    law = Normal([0.5] * 784, 1.5)
    x = law.sample(20, torch.Generator().manual_seed(0), torch.float64)
    found = parzen_log_likelihood(x, torch.full((1, 784), 0.5), 1.5)
    assert torch.allclose(found, law.log_prob(x), rtol=1e-10)


def test_finite_where_the_plain_formula_is_zero():
    found = parzen_log_likelihood(torch.full((1, 784), 100.0), torch.zeros(3, 784), 0.01)
    expected = -784 * (100 / 0.01) ** 2 / 2 - 784 * math.log(0.01 * math.sqrt(2 * math.pi))
    assert found.item() == pytest.approx(expected, rel=1e-9)


def test_blocks_change_nothing(monkeypatch):
    points, centres = normal(23, 3, 0), normal(11, 3, 1)
    whole = parzen_log_likelihood(points, centres, 0.4)
    monkeypatch.setattr(blocks, "_BLOCK_ENTRIES", 40)
    assert torch.allclose(parzen_log_likelihood(points, centres, 0.4), whole, atol=1e-12)


def test_far_from_the_origin_the_distances_stay_exact():
    points, centres, far = normal(5, 4, 0), normal(6, 4, 1), 2.0**20
    near = parzen_log_likelihood(points, centres, 1.0)
    found = parzen_log_likelihood(points + far, centres + far, 1.0)
    assert torch.allclose(near, found, atol=1e-7)


def test_the_bandwidth_is_chosen_on_validation_data():
    # n = 1 centre at 0: the mean log-likelihood is highest at the root mean square per feature.
    validation = 0.7 * normal(500, 8, 0)
    best = float(validation.square().mean().sqrt())
    candidates = [best * factor for factor in (0.5, 0.9, 1.0, 1.1, 2.0)]
    assert parzen_bandwidth(validation, torch.zeros(1, 8), candidates) == pytest.approx(best)
    # on the centres themselves the narrowest wins
    assert parzen_bandwidth(validation, validation, candidates) == candidates[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (torch.zeros(3, 2), torch.zeros(3, 4), 1.0),
            ValueError,
            "points and centres must have the same number of features, got 2 and 4",
        ),
        ((torch.zeros(3, 2), torch.zeros(3, 2), 0.0), ValueError, "bandwidth must be positive"),
        ((torch.zeros(3, 2), torch.zeros(0, 2), 1.0), ValueError, "centres needs at least 1"),
        (([0.0], torch.zeros(3, 2), 1.0), TypeError, r"points must be a torch\.Tensor"),
        (
            (torch.zeros(3, 2), torch.zeros(3, 2, device="meta"), 1.0),
            ValueError,
            "one device",
        ),
    ],
)
def test_bad_input(arguments, error, message, monkeypatch):
    if any(getattr(a, "is_meta", False) for a in arguments):  # values on "meta" cannot be looked at
        monkeypatch.setattr("gan_lessons.metrics.parzen.check_samples", lambda x, *_, **__: x)
    with pytest.raises(error, match=message):
        parzen_log_likelihood(*arguments)


@pytest.mark.parametrize(
    ("candidates", "message"),
    [([], "candidates must hold at least one"), ([0.1, -1.0], "candidates must be positive")],
)
def test_bad_candidates(candidates, message):
    with pytest.raises(ValueError, match=message):
        parzen_bandwidth(torch.zeros(3, 2), torch.zeros(3, 2), candidates)
