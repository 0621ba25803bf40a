import math

import pytest

from gan_lessons.two_sample import wasserstein_1d
from gan_lessons.widgets.jensen_shannon import (
    NOISES,
    SHIFTS,
    _cloud,
    _draw,
    jensen_shannon_slope,
    line_distances,
)


def test_without_noise_the_divergence_jumps_and_the_distance_does_not():
    for shift in SHIFTS:
        here = line_distances(shift, 0.0)
        assert here.jensen_shannon == (math.log(2) if shift != 0 else 0.0)
        assert here.wasserstein1 == abs(shift)
    assert 0.0 in SHIFTS
    assert jensen_shannon_slope(0.5, 0.0) == 0.0
    assert math.isnan(jensen_shannon_slope(0.0, 0.0))


@pytest.mark.parametrize(("ratio", "expected"), [(1, 0.1114214822), (2, 0.3368308203)])
def test_with_noise_only_the_ratio_of_shift_to_noise_counts(ratio, expected):
    for noise in (0.1, 0.3):
        found = line_distances(ratio * noise, noise).jensen_shannon
        assert found == pytest.approx(expected, abs=1e-9)


def test_the_slope_follows_the_parabola_near_zero():
    """JSD(N(0, s^2), N(t, s^2)) is about t^2 / (8 s^2)."""
    assert jensen_shannon_slope(0.003, 0.3) == pytest.approx(0.003 / (4 * 0.09), rel=1e-3)
    assert abs(jensen_shannon_slope(1.0, 0.1)) < 1e-4


def test_the_distance_is_that_of_the_points_in_the_picture():
    x, heights = _cloud(0.0, 0.3, 0)
    y, again = _cloud(0.75, 0.3, 0)
    assert heights.equal(again)
    assert float(wasserstein_1d(x, y)) == pytest.approx(
        line_distances(0.75, 0.3).wasserstein1, abs=1e-6
    )


def test_what_is_said_is_what_was_computed():
    assert (
        "JSD = 0.6931 nats and has the slope 0.000; W1 = 0.500"
        in (_draw({"shift": -0.5, "noise": 0.0})[1])
    )
    assert "it jumps" in _draw({"shift": 0.0, "noise": 0.0})[1]
    text = _draw({"shift": 0.25, "noise": NOISES[2]})[1]
    assert f"{line_distances(0.25, 0.3).jensen_shannon:.4f}" in text
    assert f"slope {jensen_shannon_slope(0.25, 0.3):.3f}" in text
    assert jensen_shannon_slope(0.25, 0.3) > 0.1
