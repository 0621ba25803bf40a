import numpy as np
import pytest
import torch

from gan_lessons.viz import SERIES, plot_paths, plot_stability, plot_vector_field
from gan_lessons.viz.vector_fields import inside


def test_arrows_have_one_length_and_the_field_s_direction():
    points = torch.tensor([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0]])
    field = torch.stack([-points[:, 1], points[:, 0]], dim=-1)
    ax = plot_vector_field(points, field, ("a", "b"))
    (arrows,) = ax.collections
    np.testing.assert_allclose(np.c_[arrows.U, arrows.V], [[0, 1], [-1, 0]], atol=1e-12)
    np.testing.assert_allclose(arrows.get_offsets(), [[1, 0], [0, 3]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("a", "b")


def test_a_path_is_cut_on_the_edge_of_the_square():
    path = [[0.0, 0.0], [1.0, 0.5], [3.0, 1.5], [np.inf, np.nan], [0.0, 0.0]]
    np.testing.assert_allclose(inside(path, 2.0), [[0, 0], [1, 0.5], [2, 1]])
    np.testing.assert_allclose(inside(path[:2], 2.0), path[:2])
    end = inside([[1.0, 1.0], [-np.inf, 1.0]], 2.0)
    assert abs(end).max() == pytest.approx(2.0)


def test_a_path_that_hits_the_corner_or_stays_on_an_axis():
    np.testing.assert_allclose(inside([[0.0, 0.0], [4.0, 4.0]], 2.0), [[0, 0], [2, 2]])
    np.testing.assert_allclose(inside([[0.0, 0.0], [0.0, -8.0]], 2.0), [[0, 0], [0, -2]])


def test_paths_are_told_apart_twice():
    ax = plot_paths({"one": [[0.5, 0], [0, 0.5]], "two": [[0.2, 0], [0.1, 0.1]]}, 1.0)
    lines, starts = ax.lines[::2], ax.lines[1::2]
    assert [line.get_color() for line in lines] == [role.color for role in SERIES[:2]]
    assert len({line.get_linestyle() for line in lines}) == 2
    assert [start.get_marker() for start in starts] == [role.marker for role in SERIES[:2]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    assert plot_paths({"one": [[0.5, 0], [0, 0.5]]}, 1.0, columns=0).get_legend() is None


def test_the_regions_are_where_the_factors_shrink():
    ax = plot_stability({"GAN": [0.5j, -0.5j]}, (-2.5, 0.5))
    edges = [c.allsegs[0] for c in ax.collections if len(c.get_facecolor()) == 0]
    disc, lens = (np.vstack(segments) @ [1, 1j] for segments in edges)
    np.testing.assert_allclose(abs(1 + disc), 1, atol=1e-3)
    np.testing.assert_allclose(abs(1 + lens + lens**2), 1, atol=1e-3)
    points = next(line for line in ax.lines if line.get_label() == "GAN")
    np.testing.assert_allclose(points.get_xydata(), [[0, 0.5], [0, -0.5]])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: plot_vector_field(np.zeros((2, 2)), np.zeros((3, 2)), ("a", "b")), "must both"),
        (lambda: plot_vector_field(np.zeros((2, 3)), np.zeros((2, 3)), ("a", "b")), "must both"),
        (lambda: inside([[3.0, 0.0]], 2.0), "path must start within the limit"),
        (lambda: inside([[3.0, 0.0, 1.0]], 4.0), "shape .steps . 1, 2."),
        (lambda: inside([[0.0, 0.0]], 0.0), "limit must be positive"),
        (lambda: plot_paths({}, 1.0), "paths must hold 1 to 6"),
        (lambda: plot_stability({}, (-1.0, 1.0)), "eigenvalues must hold 1 to"),
    ],
)
def test_bad_input_is_answered(call, said):
    with pytest.raises(ValueError, match=said):
        call()
