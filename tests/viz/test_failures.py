import numpy as np
import pytest

from gan_lessons.viz import plot_confusion, plot_push
from gan_lessons.viz.failures import STRONGEST, WEAKEST
from gan_lessons.viz.style import CRITIC, MODEL

LATTICE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def arrows(ax):
    (quiver,) = ax.collections
    return np.stack([quiver.U, quiver.V], axis=1)


def test_an_arrow_points_along_the_push_and_grows_with_its_logarithm():
    strengths = np.array([WEAKEST * 10, WEAKEST * 100, STRONGEST, 1000 * STRONGEST])
    ax = plot_push(LATTICE, np.stack([0.6 * strengths, -0.8 * strengths], axis=1))
    lengths = np.hypot(*arrows(ax).T)
    assert lengths == pytest.approx([0.25, 0.5, 1.0, 1.0])  # of the lattice's gap
    assert arrows(ax)[0] / lengths[0] == pytest.approx([0.6, -0.8])


def test_what_is_too_weak_is_a_dot():
    push = np.array([[0.0, 0.0], [WEAKEST / 2, 0.0], [0.0, 1.0], [1.0, 0.0]])
    ax = plot_push(LATTICE, push)
    assert len(arrows(ax)) == 2
    assert len(ax.lines[0].get_xdata()) == 2
    assert not plot_push(LATTICE, np.zeros((4, 2))).collections


def test_right_and_wrong_cells_are_told_apart():
    ax = plot_confusion([[5, 2], [0, 7]], ["healthy", "won"], ["healthy", "won"])
    texts = {(t.get_position()[1], t.get_position()[0]): t for t in ax.texts}
    assert {place: t.get_text() for place, t in texts.items()} == {
        (0, 0): "5",
        (0, 1): "2",
        (1, 1): "7",
    }
    assert texts[0, 0].get_color() == CRITIC.color
    assert texts[0, 1].get_color() == MODEL.color
    assert [bool(box.get_hatch()) for box in ax.patches] == [False, True, False, False]
    low, high = ax.get_ylim()
    assert low > high  # the first row is on top


def test_names_decide_what_is_right_not_places():
    ax = plot_confusion([[1, 2]], ["won"], ["healthy", "won"])
    assert [t.get_color() for t in ax.texts] == [MODEL.color, CRITIC.color]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"places and push must both have shape \(m, 2\)"):
        plot_push(LATTICE, LATTICE[:3])
    with pytest.raises(ValueError, match="places must form a lattice"):
        plot_push(np.zeros((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"counts must have shape \(1, 2\), got \(1, 1\)"):
        plot_confusion([[1]], ["a"], ["b", "c"])
    with pytest.raises(ValueError, match="counts must not be negative, got -1"):
        plot_confusion([[-1]], ["a"], ["a"])
