import numpy as np
import pytest

from gan_lessons.viz import DATA, plot_balls, plot_verdicts
from gan_lessons.viz.style import CRITIC, MODEL


def test_a_disc_for_each_radius():
    ax = plot_balls([[0.0, 1.0], [2.0, 3.0]], [0.5, 1.0], DATA)
    outlines, discs = ax.collections
    boxes = [path.get_extents() for path in discs.get_paths()]
    assert [round(float(box.width), 6) for box in boxes] == [1.0, 2.0]
    assert [round(float(box.x0 + box.x1), 6) / 2 for box in boxes] == [0.0, 2.0]
    assert outlines.get_linewidth()[0] > discs.get_linewidth()[0] == 0
    assert ax.get_ylim()[1] >= 4.0


def test_a_verdict_for_each_cell():
    share = np.array([[1.0, 0.9], [0.5, 0.1]])
    away = np.array([[12.3, -7.6], [1.2, 0.3]])
    ax = plot_verdicts(share, away, ["one", "two"], ["blur", "noise"])
    texts = {(int(t.get_position()[1]), int(t.get_position()[0])): t for t in ax.texts}
    assert [texts[place].get_text() for place in ((0, 0), (0, 1), (1, 0), (1, 1))] == [
        "+12",
        "\N{MINUS SIGN}8",
        "50%",
        "\N{MIDDLE DOT}",
    ]
    assert texts[0, 0].get_color() == CRITIC.color
    assert texts[0, 1].get_color() == MODEL.color
    assert [bool(box.get_hatch()) for box in ax.patches] == [False, True, False, False]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["blur", "noise"]
    low, high = ax.get_ylim()
    assert low > high  # the first metric is on top


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"centres must have shape \(n, 2\)"):
        plot_balls([[0.0, 1.0, 2.0]], [0.5], DATA)
    with pytest.raises(ValueError, match="radii must not be negative, got a smallest of -1"):
        plot_balls([[0.0, 1.0]], [-1.0], DATA)
    with pytest.raises(ValueError, match=r"share must have shape \(1, 2\), got \(1, 1\)"):
        plot_verdicts([[1.0]], [[1.0]], ["a"], ["b", "c"])
    with pytest.raises(ValueError, match=r"away must have shape \(1, 1\), got \(1, 2\)"):
        plot_verdicts([[1.0]], [[1.0, 2.0]], ["a"], ["b"])
