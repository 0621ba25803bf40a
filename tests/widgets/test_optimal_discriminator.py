import math

import pytest
import torch

from gan_lessons.widgets.optimal_discriminator import (
    MEANS,
    PLACES,
    WIDTHS,
    _draw,
    compute_view,
    indifference_points,
)


@pytest.mark.parametrize(
    ("mean", "expected"), [(0.5, 0.0303113005), (1.0, 0.1114214822), (2.0, 0.3368308203)]
)
def test_divergence_is_the_reference_value(mean, expected):
    assert compute_view(mean, 1.0).divergence == pytest.approx(expected, abs=1e-9)


def test_the_logit_of_two_normal_laws_is_a_known_parabola():
    view = compute_view(1.5, 0.5)
    expected = -(PLACES**2) / 2 + ((PLACES - 1.5) / 0.5) ** 2 / 2 + math.log(0.5)
    torch.testing.assert_close(view.logit, expected)
    torch.testing.assert_close(view.probability, view.data / (view.data + view.model))


def test_indifference_points_are_where_the_densities_cross():
    assert indifference_points(compute_view(1.5, 1.0)) == pytest.approx([0.75], abs=1e-6)
    assert indifference_points(compute_view(0.0, 1.0)) == []
    # N(0, 1) and N(0, 4): x^2 = (8/3) log 2
    root = math.sqrt(8 / 3 * math.log(2))
    assert indifference_points(compute_view(0.0, 2.0)) == pytest.approx([-root, root], abs=2e-3)


def test_what_is_said_is_what_was_computed():
    _, alt = _draw({"mean": 2.0, "width": 1.0})
    # at the model's mean the logit is -mean^2 / 2
    assert f"{1 / (1 + math.exp(2.0)):.3f}" in alt
    assert "one half at x = 1.00" in alt
    assert "straight line" in alt
    assert "JSD = 0.3368" in alt
    assert "parabola" in _draw({"mean": 2.0, "width": 2.0})[1]
    assert "one half everywhere" in _draw({"mean": 0.0, "width": 1.0})[1]


def test_the_lesson_holds():
    """The divergence grows with the distance of the means and is 0 at equality alone."""
    for width in WIDTHS:
        values = [compute_view(mean, width).divergence for mean in MEANS]
        assert values == sorted(values)
        assert (values[0] < 1e-12) == (width == 1.0)
        assert values[-1] < math.log(2)
