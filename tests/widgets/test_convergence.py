import math

import pytest
import torch

from gan_lessons.dynamics import DiracGAN, step_size_limit
from gan_lessons.widgets.convergence import (
    GAMMAS,
    LIMIT,
    RADIUS,
    STEP_SIZES,
    _draw,
    compute_run,
    explore_dirac_gan,
    far_verdict,
    measured_verdict,
)
from gan_lessons.widgets.frames import MAXIMUM_BYTES, all_settings

METHODS = ("simultaneous", "alternating", "extragradient")


@pytest.mark.parametrize("method", METHODS)
def test_predicted_and_measured_agree_and_follow_the_limit(method):
    """Autograd's prediction, the closed form of the limit and the played game say the same."""
    for gamma in GAMMAS:
        limit = step_size_limit(DiracGAN(r1_gamma=gamma), method)
        for lr in STEP_SIZES:
            run = compute_run(method, lr, gamma)
            word = run.predicted.verdict.removesuffix(" locally")
            assert measured_verdict(run.rate) == word
            below = "cycles" if gamma == 0 and method == "alternating" else "converges"
            assert word == (below if lr < limit else "diverges")
            assert run.rate == pytest.approx(run.predicted.spectral_radius, abs=0.02)


def test_the_lesson_holds():
    """Just under the limit the near start converges and (1, 1) diverges."""
    run = compute_run("alternating", 1.5, 1.0)
    assert run.predicted.verdict == "converges locally"
    assert run.near[-1] < 1e-6 * RADIUS
    assert far_verdict(run.far) == "moves away"
    assert far_verdict(compute_run("alternating", 0.5, 0.3).far) == "comes closer"
    assert far_verdict(compute_run("alternating", 0.5, 0.0).far) == "does neither"


def test_a_path_without_end_counts_as_moving_away():
    run = compute_run("extragradient", 2.5, 1.0)
    assert far_verdict(run.far) == "moves away"
    assert far_verdict(run.far * math.nan) == "moves away"


def test_words_for_the_far_start():
    words = [far_verdict(torch.tensor([2.0, end])) for end in (0.9, 1.1, 3.9, 4.1)]
    assert words == ["comes closer", "does neither", "does neither", "moves away"]


def test_distances_start_where_they_should():
    run = compute_run("simultaneous", 0.5, 0.1)
    assert float(run.near[0]) == pytest.approx(RADIUS)
    assert float(run.far[0]) == pytest.approx(2**0.5)


def test_what_is_said_is_what_was_computed():
    figure, alt = _draw({"method": "alternating", "lr": 1.5, "gamma": 1.0})
    run = compute_run("alternating", 1.5, 1.0)
    assert f"{run.rate:.3f}" in alt
    assert f"{run.predicted.spectral_radius:.3f}" in alt
    assert "moves away" in alt
    path = figure.axes[0].lines[1].get_xydata()
    assert abs(path).max() == pytest.approx(LIMIT)


def test_every_setting_has_its_own_words_and_the_player_is_light():
    explorer = explore_dirac_gan()
    settings = all_settings(explorer.controls)
    assert len(settings) == 36
    assert len(set(explorer.frames.alts)) == len(set(explorer.frames.order)) == 36
    assert explorer.frames.scale > 1
    assert len(explorer.html.encode()) < MAXIMUM_BYTES
