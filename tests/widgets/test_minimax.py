import math

import pytest
import torch
from scipy import stats

from gan_lessons.widgets.controls import Slider
from gan_lessons.widgets.frames import all_settings
from gan_lessons.widgets.minimax import (
    LOGITS,
    PLAYERS,
    SHAPES,
    STEEPNESS,
    _draw_losses,
    _draw_push_forward,
    explore_logit_losses,
    explore_push_forward,
    loss_curves,
    make_generator,
    mass_between,
    push_forward_density,
    slope,
)

PLACES = torch.tensor([-1.3, -0.4, 0.2, 0.75, 1.9], dtype=torch.float64)


@pytest.mark.parametrize("steepness", STEEPNESS)
def test_push_forward_against_scipy(steepness):
    """A stretched normal law is normal; a parabola makes a shifted, scaled chi-squared law."""
    stretched = push_forward_density(make_generator("stretch", steepness), PLACES)
    torch.testing.assert_close(
        stretched, torch.tensor(stats.norm(0, steepness).pdf(PLACES)), rtol=1e-4, atol=1e-7
    )
    folded = push_forward_density(make_generator("fold", steepness), PLACES)
    scale = 0.8 * steepness
    expected = stats.chi2(1, loc=-scale, scale=scale).pdf(PLACES)
    torch.testing.assert_close(folded, torch.tensor(expected), rtol=1e-4, atol=1e-7)


def test_push_forward_of_a_falling_map_is_the_lognormal_law():
    x = torch.tensor([0.1, 0.6, 1.0, 2.5], dtype=torch.float64)
    density = push_forward_density(lambda z: torch.exp(-z / 2), x)
    torch.testing.assert_close(
        density, torch.tensor(stats.lognorm(s=0.5).pdf(x)), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("steepness", [0.2, 1.0, 2.0])
def test_two_modes_are_a_density_with_the_mass_that_is_written(steepness):
    """One when integrated, and the mass between by the inverse map."""
    generator = make_generator("two modes", steepness)

    # finely around +-1.8, where a steep map piles the mass up
    x = torch.cat([torch.linspace(a, b, 4001) for a, b in ((0, 1.6), (1.6, 2.2), (2.2, 4))])
    total = 2 * torch.trapezoid(push_forward_density(generator, x.double()), x.double())
    assert float(total) == pytest.approx(1, abs=1e-3)
    # G is increasing and odd: P(-1 < G < 1) = 1 - 2 Phi(-c) with G(c) = 1, c by bisection
    low, high = 0.0, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        value = 0.3 * middle + 1.7 * math.tanh(5 * steepness * middle)
        low, high = (middle, high) if value < 1 else (low, middle)
    exact = 1 - 2 * stats.norm.cdf(-low)
    assert mass_between(generator, -1, 1) == pytest.approx(exact, abs=1e-3)


def test_the_lesson_holds():
    """A steeper step empties the band, but never all of it; the loss is flat where D is sure."""
    masses = [mass_between(make_generator("two modes", s), -1, 1) for s in STEEPNESS]
    assert masses == sorted(masses, reverse=True)
    assert masses[-1] > 0.04
    here = torch.tensor([-8.0])
    saturating, non_saturating = loss_curves(PLAYERS[0], here)
    assert abs(float(saturating.gradients)) < 4e-4
    assert float(non_saturating.gradients) < -0.999


def test_gradients_are_those_of_finite_differences():
    h, step = torch.tensor(LOGITS, dtype=torch.float64), 1e-5
    for player in PLAYERS:
        above, below = loss_curves(player, h + step), loss_curves(player, h - step)
        for curve, up, down in zip(loss_curves(player, h), above, below, strict=True):
            measured = (up.values - down.values) / (2 * step)
            torch.testing.assert_close(curve.gradients, measured, rtol=1e-6, atol=1e-9)


def test_each_curve_is_its_cross_entropy():
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    h = torch.tensor(LOGITS, dtype=torch.float64)
    as_real = bce(h, torch.ones_like(h), reduction="none")
    as_fake = bce(h, torch.zeros_like(h), reduction="none")
    saturating, non_saturating = loss_curves(PLAYERS[0], h)
    real, fake = loss_curves(PLAYERS[1], h)
    for curve, wanted in (
        (saturating, -as_fake),
        (non_saturating, as_real),
        (real, as_real),
        (fake, as_fake),
    ):
        torch.testing.assert_close(curve.values, wanted)


def test_the_slope_of_a_map_is_its_derivative():
    z = torch.tensor([-1.0, 0.5], dtype=torch.float64)
    torch.testing.assert_close(slope(make_generator("fold", 1.0), z), 1.6 * z)


def test_what_is_said_is_what_was_computed():
    figure, alt = _draw_push_forward({"shape": "two modes", "steepness": 1.0})
    between = mass_between(make_generator("two modes", 1.0), -1, 1)
    assert f"{between:.1%}" in alt
    assert f"{between:.1%}" in figure.axes[1].get_title()
    assert "slope for z in [-3, 3] is 8.8." in alt  # 0.3 + 1.7 * 5 at z = 0
    _, alt = _draw_losses({"logit": -4.0, "player": PLAYERS[0]})
    assert f"D = {1 / (1 + math.exp(4)):.4f}" in alt
    assert f"loss {math.log1p(math.exp(4)):.3f}, gradient -0.9820" in alt


def test_every_setting_has_its_own_words():
    """The pictures themselves are compared for every explorer, in test_explorers."""
    for explorer in (explore_push_forward(), explore_logit_losses()):
        settings = all_settings(explorer.controls)
        words = set()
        for setting in settings:
            words.add(explorer.draw(setting)[1])
        assert len(words) == len(settings) <= 60


def test_the_controls_cover_what_the_chapter_says():
    shape, steepness = explore_push_forward().controls
    assert shape.values == SHAPES
    assert isinstance(steepness, Slider)
    assert {-8.0, 0.0, 8.0} <= set(explore_logit_losses().controls[0].values)
