import numpy as np
import pytest

from gan_lessons.viz import plot_transport


def test_a_line_for_each_pair_that_exchanges_mass():
    plan = np.array([[0.5, 0.0, 0.1], [0.0, 0.4, 0.0]])
    ax = plot_transport([0.0, 1.0], [2.0, 3.0, 4.0], plan)
    *lines, data, model = ax.lines
    assert [list(line.get_xdata()) for line in lines] == [[0, 2], [0, 4], [1, 3]]
    assert all(list(line.get_ydata()) == [1, 0] for line in lines)
    widths = [line.get_linewidth() for line in lines]
    assert widths[0] > widths[2] > widths[1]
    assert data.get_xdata().tolist() == [0, 1]
    assert model.get_marker() != data.get_marker()
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["model", "data"]


def test_in_the_plane_points_stay_where_they_are():
    ax = plot_transport([[0.0, 1.0]], [[2.0, 5.0]], [[1.0]])
    assert list(ax.lines[0].get_ydata()) == [1, 5]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"plan must have shape \(2, 1\), got \(1, 2\)"):
        plot_transport([0.0, 1.0], [2.0], [[1.0, 0.0]])
    with pytest.raises(ValueError, match="plan must not be negative"):
        plot_transport([0.0], [2.0], [[-1.0]])
    with pytest.raises(ValueError, match="x and y must have 1 or 2 features, got 3 and 3"):
        plot_transport([[0.0, 0, 0]], [[2.0, 0, 0]], [[1.0]])
