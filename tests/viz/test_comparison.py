import numpy as np
import pytest
import torch

from gan_lessons import viz


def test_two_samples_draws_every_point_in_its_row() -> None:
    ax = viz.plot_two_samples([0.0, 1.0, 5.0], [2.0, 3.0])
    rows = [line for line in ax.lines if line.get_linestyle() == "None"]
    assert [list(row.get_xdata()) for row in rows] == [[0.0, 1.0, 5.0], [2.0, 3.0]]
    assert [set(row.get_ydata()) for row in rows] == [{1}, {0}]
    means = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() != "None"]
    assert means == [2.0, 2.5]
    assert rows[0].get_marker() != rows[1].get_marker()


def test_p_values_at_the_level_count_as_rejected() -> None:
    values = np.array([0.005, 0.05, 0.0501, 0.5, 1.0])
    ax = viz.plot_p_values(values, level=0.05)
    heights = {round(bar.get_x() + bar.get_width() / 2, 3): bar.get_height() for bar in ax.patches}
    assert heights[0.025] == pytest.approx(2 / 5)
    assert heights[0.075] == pytest.approx(1 / 5)
    assert heights[0.975] == pytest.approx(1 / 5)
    assert sum(heights.values()) == pytest.approx(1)
    assert any("40.0%" in text.get_text() for text in ax.texts)


def test_single_precision_does_not_move_a_p_value_across_the_level() -> None:
    """10 / 200 is a little more than 0.05 in float32."""
    values = torch.arange(1, 201) / 200
    assert values.dtype == torch.float32
    ax = viz.plot_p_values(values, level=0.05)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.05] * 20)


def test_p_values_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="p_values must lie in"):
        viz.plot_p_values([0.0, 0.5])
