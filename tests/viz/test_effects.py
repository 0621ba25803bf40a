import numpy as np
import pytest

from gan_lessons.viz import plot_effects
from gan_lessons.viz.style import CRITIC, LATENT, MODEL

ROWS = [(-3.0, -5.0, -1.0), (0.5, -1.0, 2.0), (4.0, 3.0, 5.0)]


def test_each_row_has_its_interval_and_its_kind():
    ax = plot_effects(ROWS, ["good", "unclear", "bad"], 1.0, "points")
    seen = {}
    for line in ax.lines[1:]:
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            seen[int(y)] = (float(x), line.get_color(), line.get_marker())
    assert seen == {
        0: (-3.0, CRITIC.color, CRITIC.marker),
        1: (0.5, LATENT.color, LATENT.marker),
        2: (4.0, MODEL.color, MODEL.marker),
    }
    bars = {}
    for collection in ax.collections:
        for (x0, y), (x1, _) in collection.get_segments():
            bars[int(y)] = (x0, x1)
    assert bars == {i: row[1:] for i, row in enumerate(ROWS)}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["good", "unclear", "bad"]
    bottom, top = ax.get_ylim()
    assert bottom > 2 > 0 > top  # the first row on top
    (band,) = ax.patches
    assert np.allclose([band.get_x(), band.get_x() + band.get_width()], [-1, 1])
    assert plot_effects(ROWS, ["a", "b", "c"]).patches[:] == []


def test_an_end_on_zero_is_not_clear():
    ax = plot_effects([(-1.0, -2.0, 0.0)], ["touches"])
    assert [line.get_color() for line in ax.lines[1:] if len(line.get_xdata())] == [LATENT.color]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"effects must have shape \(2, 3\), one row per label"):
        plot_effects(ROWS, ["a", "b"])
    with pytest.raises(ValueError, match=r"rows \(value, low, high\)"):
        plot_effects([(0.0, 1.0, 2.0)], ["a"])
    with pytest.raises(ValueError, match="narrow must not be negative, got -1"):
        plot_effects(ROWS, ["a", "b", "c"], -1.0)
    with pytest.raises(TypeError, match="labels must be 1 strings"):
        plot_effects([(0.0, -1.0, 2.0)], [3])
