import math

import pytest
import torch

from gan_lessons.experiments.parzen_trap import TrapConfig, split_digits
from gan_lessons.metrics import nearest_neighbours, parzen_log_likelihood
from gan_lessons.widgets import explore_noise_share, explore_windows
from gan_lessons.widgets.controls import Choice, Slider
from gan_lessons.widgets.likelihood import (
    CENTRES,
    SHARES,
    SHOWN,
    WIDTHS,
    _draw_noise,
    _draw_windows,
    noisy_model,
    window_model,
)

TRAIN, _, TEST = split_digits(0, TrapConfig())


@pytest.mark.parametrize("share", SHARES)
def test_the_loss_is_within_the_guarantee_and_the_samples_have_the_share(share):
    samples, value = noisy_model(share)
    without = noisy_model(0.0)[1]
    assert value >= without + math.log1p(-share)
    # noise is far from every digit: at least 2 away, where a window of width 0.14 gives about 1.1
    noisy = nearest_neighbours(samples, TRAIN).distances.squeeze(1) > 1.7
    assert abs(int(noisy.sum()) - share * SHOWN) <= 1


def test_the_mixture_is_an_honest_density():
    # where the good model has no mass, the density is that of the noise: share * 1
    far = torch.full((1, 64), 0.5, dtype=torch.float64)
    good = parzen_log_likelihood(far, TRAIN, 0.14).item() + math.log(0.1)
    assert good < -20
    share, expected = 0.9, torch.logsumexp(torch.tensor([good, math.log(0.9)]), 0)
    assert float(expected) == pytest.approx(math.log(0.9), abs=1e-9)
    by_hand = [
        math.log((1 - share) * math.exp(v) + share)
        for v in parzen_log_likelihood(TEST, TRAIN, 0.14).tolist()
    ]
    assert noisy_model(share)[1] == pytest.approx(sum(by_hand) / len(by_hand), rel=1e-9)


def test_noise_stays_noise_as_the_share_grows():
    for smaller, larger in zip(SHARES[1:-1], SHARES[2:], strict=True):
        a, b, clean = (noisy_model(s)[0] for s in (smaller, larger, 0.0))
        was_noise = (a != clean).any(1)
        assert torch.equal(a[was_noise], b[was_noise])


def test_narrow_windows_memorise_and_wide_ones_do_not():
    narrow, wide = window_model("1,000 digits", 0.01), window_model("1,000 digits", 0.5)
    assert narrow.on_test < -1000 < 200 < narrow.on_centres
    assert abs(wide.on_test - wide.on_centres) < 3
    assert nearest_neighbours(narrow.samples, TRAIN).distances.max() < 0.15
    tests = [window_model("1,000 digits", width).on_test for width in WIDTHS]
    assert WIDTHS[tests.index(max(tests))] == 0.14


def test_the_trap_is_in_the_picture():
    best = {name: max(window_model(name, width).on_test for width in WIDTHS) for name in CENTRES}
    assert best["1,000 digits"] > best["200 centroids"] > best["200 digits"] + 5


def test_what_is_said_is_what_was_computed():
    _, alt = _draw_noise({"share": 0.99})
    assert f"{noisy_model(0.99)[1]:.1f} nats" in alt
    assert "log(100) = 4.6" in alt
    _, alt = _draw_noise({"share": 0.0})
    assert alt.startswith(
        f"No noise: the mean log-likelihood of test digits is {noisy_model(0.0)[1]:.1f} nats"
    )
    _, alt = _draw_windows({"width": 0.02, "centres": "200 digits"})
    assert f"{window_model('200 digits', 0.02).on_test:,.0f} nats on test" in alt


def test_controls():
    assert [type(control) for control in explore_noise_share().controls] == [Slider]
    assert [type(control) for control in explore_windows().controls] == [Slider, Choice]
