import math

import numpy as np
import pytest
import torch

from gan_lessons import viz


def square(u):
    return (u - 1) ** 2


def square_conjugate(t):
    return torch.where(t < -2, -torch.ones_like(t), t * t / 4 + t)


def minus_log(u):
    return -u.log()


def minus_log_conjugate(t):
    return torch.where(t < 0, -1 - (-t).log(), torch.full_like(t, math.inf))


def lines_of(ax):
    return [(np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in ax.lines]


@pytest.mark.parametrize("slope", [-1.5, 0.0, 2.0])
def test_the_line_has_the_slope_stays_below_and_starts_at_minus_the_conjugate(slope):
    left, right = viz.plot_conjugate(square, square_conjugate, slope)
    u, height = lines_of(left)[1]
    x, line = lines_of(left)[2]
    assert np.allclose(np.diff(line) / np.diff(x), slope)
    assert (line <= height + 1e-12).all()
    assert (height - line).min() < 1e-4  # it touches
    start = lines_of(left)[3]
    assert start[1] == pytest.approx(line[0])
    # The dot on the right is the height of the start, turned round.
    assert lines_of(right)[-1][1] == pytest.approx(-line[0])
    assert lines_of(right)[-1][0] == pytest.approx(slope)
    assert u[0] == 0


def test_the_gap_at_a_ratio_ends_on_the_line_and_on_f():
    left, _ = viz.plot_conjugate(square, square_conjugate, 1.0, ratio=2.0)
    x, y = lines_of(left)[-2]
    assert list(x) == [2, 2]
    assert list(y) == [0.75, 1]  # 2 t - f*(t) = 2 - 5/4, and f(2) = 1


def test_no_line_where_the_conjugate_is_infinite():
    left, right = viz.plot_conjugate(minus_log, minus_log_conjugate, 0.5, ratio=2.0)
    assert len(left.lines) == 2  # the axis and f
    assert len(right.patches) == 1  # the slopes that have no line
    (text,) = right.texts
    assert text.get_text() == r"$\infty$"
    assert len(viz.plot_conjugate(minus_log, minus_log_conjugate, -1.0)[0].lines) == 4


def test_it_draws_into_the_axes_given():
    _, axes = viz.new_figure(columns=2)
    found = viz.plot_conjugate(square, square_conjugate, 1.0, axes=(axes[0], axes[1]))
    assert found == (axes[0], axes[1])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="slope must be finite, got inf"):
        viz.plot_conjugate(square, square_conjugate, math.inf)
    with pytest.raises(ValueError, match="u_max must be"):
        viz.plot_conjugate(square, square_conjugate, 1.0, u_max=0.0)
    with pytest.raises(ValueError, match="ratio must be"):
        viz.plot_conjugate(square, square_conjugate, 1.0, ratio=-1.0)
