import numpy as np
import pytest

from gan_lessons.viz import CRITIC, DATA, show
from gan_lessons.viz.diagrams import plot_arrow, plot_canvas, plot_node, plot_plate


def test_a_node_is_where_it_is_put_and_shaded_if_observed():
    ax = plot_canvas(4, 2)
    plot_node((1, 1), "$z$", DATA, ax, size=0.25)
    plot_node((3, 1), "$G$", CRITIC, ax, shape="box", size=0.2, observed=True)
    circle, box = ax.patches
    assert tuple(circle.center) == (1, 1)
    assert circle.radius == 0.25
    extent = box.get_path().get_extents()
    np.testing.assert_allclose((extent.x0, extent.y0), (2.7, 0.8))
    np.testing.assert_allclose((extent.x1, extent.y1), (3.3, 1.2))
    assert circle.get_facecolor() == (1, 1, 1, 1)
    assert box.get_facecolor()[3] < 1
    assert [text.get_text() for text in ax.texts] == ["$z$", "$G$"]
    assert [text.get_color() for text in ax.texts] == [DATA.color, CRITIC.color]


def test_a_bare_symbol_has_no_outline():
    ax = plot_node((1, 1), r"$\theta$", DATA, plot_canvas(2, 2), shape="none")
    assert not ax.patches


def test_an_arrow_points_to_its_end():
    ax = plot_arrow((0.5, 1), (1.5, 1), plot_canvas(2, 2))
    (arrow,) = ax.texts
    assert arrow.xy == (1.5, 1)
    assert arrow.get_position() == (0.5, 1)


def test_a_plate_and_the_whole_can_be_shown():
    ax = plot_plate((0.2, 0.3), 1.5, 1, "$n$", plot_canvas(2, 2))
    (plate,) = ax.patches
    assert plate.get_bbox().bounds == (0.2, 0.3, 1.5, 1)
    assert ax.get_xlim() == (0, 2)
    assert show(ax, "A plate that says n, alone on a canvas.").width == 200


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plot_canvas(0, 1), "width must be positive"),
        (lambda: plot_node((0, 0), "a", DATA, plot_canvas(1, 1), size=-1.0), "size must be"),
        (lambda: plot_node((0, 0), "a", DATA, plot_canvas(1, 1), shape="star"), "got 'star'"),
        (lambda: plot_plate((0, 0), 1, 0, "n", plot_canvas(1, 1)), "height must be positive"),
    ],
)
def test_bad_input_is_answered(call, said):
    with pytest.raises(ValueError, match=said):
        call()
