import math

import pytest
import torch

from gan_lessons.divergences import F_DIVERGENCES, FDivergence, f_divergence
from gan_lessons.widgets import explore_conjugate
from gan_lessons.widgets.f_gan import FILMED, GRID, MOMENTS, SLOPES, P, Q, supporting_line
from gan_lessons.widgets.f_gan import train_critic as film_of


@pytest.mark.parametrize("key", F_DIVERGENCES)
def test_every_line_lies_below_f_and_touches_it(key):
    u = torch.logspace(-6, 6, 20_001, dtype=torch.float64)
    for beside in SLOPES:
        line = supporting_line(F_DIVERGENCES[key], beside)
        if math.isinf(line.conjugate):
            continue
        distance = F_DIVERGENCES[key].f(u) - (u * line.slope - line.conjugate)
        assert float(distance.min()) > -1e-7
        assert float(distance.min()) < 1e-3
        assert line.gap >= -1e-12


def test_a_slope_without_a_line_is_there_to_be_found():
    without = {
        key for key, d in F_DIVERGENCES.items() if math.isinf(supporting_line(d, 0.8).conjugate)
    }
    assert {"jensen-shannon", "total-variation", "gan"} == without
    explorer = explore_conjugate()
    _, words = explorer.draw({"divergence": "gan", "slope": 0.8})
    assert "f*(t) is infinite" in words


def test_a_divergence_of_the_readers_own_is_drawn_from_f_alone():
    mine = FDivergence("triangular", lambda u: (u - 1) ** 2 / (u + 1))
    explorer = explore_conjugate({"mine": mine, "pearson": F_DIVERGENCES["pearson"]})
    _, words = explorer.draw({"divergence": "mine", "slope": 0.2})
    # f' = (u - 1)(u + 3) / (u + 1)^2 = 0.2 at u + 1 = sqrt(5), and f* = u t - f(u) there.
    u = 5**0.5 - 1
    value = 0.2 * u - (u - 1) ** 2 / (u + 1)
    assert f"f*(t) = {value:.3f}" in words


@pytest.mark.parametrize("key", FILMED)
def test_the_film_closes_the_bound_from_below(key):
    film = film_of(key)
    exact = f_divergence(key, P, Q)
    assert film.divergence == pytest.approx(exact)
    assert max(film.bounds) <= exact + 1e-6
    assert film.bounds[0] < 0.2 * exact
    assert film.bounds[MOMENTS[-1]] > 0.93 * exact
    errors = []
    inside = (GRID > -2.5) & (GRID < 3.5)
    for moment in (MOMENTS[0], MOMENTS[-1]):
        errors.append(float((film.critics[moment] - film.best)[inside].abs().mean()))
    assert errors[1] < 0.3 * errors[0]
