"""Rows of images, arrows between modes, intervals below each other."""

import numpy as np
import pytest

from gan_lessons.viz import image_rows, plot_intervals, plot_mode_map
from gan_lessons.viz.style import LATENT, SERIES

A, B = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
TABLE = np.array([[0.2, 0.1, 0.4], [0.05, 0.04, 0.07]])


def test_each_row_stands_where_its_name_is():
    grey, color = np.full((3, 1, 4, 4), -1.0), np.full((3, 3, 4, 4), 0.0)
    color[:, 2] = 1.0
    ax = image_rows({"first": grey, "second": color}, gap=2)
    canvas = ax.images[0].get_array()
    assert canvas.shape == (10, 16, 3)
    for tick, pixel in zip(ax.get_yticks(), ([0, 0, 0], [0.5, 0.5, 1.0]), strict=True):
        np.testing.assert_allclose(canvas[int(tick), 0], pixel)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["first", "second"]
    np.testing.assert_array_equal(canvas[4:6], 1.0)  # the gap


def arrows(ax):
    """Start, end and line style of each arrow."""
    return [
        (tuple(t.xyann), tuple(t.xy), t.arrow_patch.get_linestyle(), t.arrow_patch.get_edgecolor())
        for t in ax.texts
        if t.arrow_patch is not None
    ]


def test_each_mode_has_an_arrow_to_where_it_goes():
    ax = plot_mode_map(A, B, (2, 0), std=0.1)
    assert [(start, end) for start, end, *_ in arrows(ax)] == [((0, 0), (2, 1)), ((2, 0), (0, 1))]
    assert {style for *_, style, _ in arrows(ax)} == {"-"}
    assert [t.get_text() for t in ax.texts if t.get_text()] == ["0", "1", "0", "1", "2"]
    assert [patch.get_radius() for patch in ax.patches] == pytest.approx([0.3] * 5)
    low, high = ax.get_ylim()
    assert low < -0.3
    assert high > 1.3


def test_two_arrows_to_one_mode_are_told_apart_and_names_may_be_left_out():
    ax = plot_mode_map(A, B, (1, 1), names=False)
    assert {style for *_, style, _ in arrows(ax)} == {":"}
    assert not [t for t in ax.texts if t.get_text()]
    assert not ax.patches
    ((*_, color),) = arrows(plot_mode_map(A[:1], B, (1,)))
    ((*_, grey), _) = arrows(ax)
    assert color != grey


def test_intervals_have_their_rows_marks_and_references():
    ax = plot_intervals({"ab": TABLE, "ba": 2 * TABLE}, ["x", "y"], {"bound": 0.03}, log=True)
    bars = {}
    for collection in ax.collections:
        for (low, row), (high, _) in collection.get_segments():
            bars[round(float(row))] = [*bars.get(round(float(row)), []), (low, high)]
    assert bars == {0: [(0.1, 0.4), (0.2, 0.8)], 1: [(0.04, 0.07), (0.08, 0.14)]}
    reference, first, second = ax.lines
    assert list(reference.get_xdata()) == [0.03, 0.03]
    assert reference.get_color() == LATENT.color
    assert list(first.get_xdata()) == [0.2, 0.05]
    assert (second.get_color(), second.get_marker()) == (SERIES[1].color, SERIES[1].marker)
    assert max(first.get_ydata()) < 1 < max(second.get_ydata())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ab", "ba"]
    assert ax.texts[0].get_text() == "bound"
    assert ax.get_xscale() == "log"
    assert plot_intervals({"one": TABLE}, ["x", "y"]).get_legend() is None


IMAGES = np.zeros((2, 1, 4, 4))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: image_rows({}), "rows must be a mapping of one or more names"),
        (lambda: image_rows([IMAGES]), "rows must be a mapping"),
        (
            lambda: image_rows({"a": IMAGES, "b": IMAGES[:1]}),
            r"rows\['b'\] must hold 2 images of 4 by 4 pixels as the first row, got 1 of 4 by 4",
        ),
        (lambda: image_rows({"a": IMAGES + 3}), r"rows\['a'\] must lie in \[-1, 1\]"),
        (lambda: plot_mode_map(A, B, (0, 3)), "sent must be 2 numbers from 0 to 2, .* got"),
        (lambda: plot_mode_map(A, B, (0,)), "sent must be 2 numbers"),
        (lambda: plot_mode_map(A, B[:, :1], (0, 1)), r"b must have shape \(k, 2\), got \(3, 1\)"),
        (
            lambda: plot_intervals({"a": TABLE}, ["x", "y"], {"bound": np.nan}),
            r"references\['bound'\] must be finite",
        ),
        (
            lambda: plot_intervals({"a": TABLE}, ["x", "y"], {"bound": 0.0}, log=True),
            r"references\['bound'\] must be above 0 where log is True, got 0",
        ),
        (lambda: plot_intervals({}, []), "series must hold 1 to 6 kinds, got 0"),
        (lambda: plot_intervals({"a": TABLE}, ["x"]), r"series\['a'\] must have shape \(1, 3\)"),
        (lambda: plot_intervals({"a": TABLE[:, ::-1]}, ["x", "y"]), "must be rows .value, low"),
        (
            lambda: plot_intervals({"a": TABLE - 0.05}, ["x", "y"], log=True),
            r"series\['a'\] must be above 0 where log is True, got -0.01",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plot_mode_map(A, B, 3), "sent must be a tuple of whole numbers, got int"),
        (lambda: plot_intervals([TABLE], ["x", "y"]), "series must be a mapping .* got list"),
        (lambda: plot_intervals({"a": TABLE}, 5), "labels must be strings in a tuple, .* got 5"),
        (lambda: plot_intervals({"a": TABLE}, "xy"), "labels must be strings in a tuple"),
        (lambda: plot_intervals({"a": TABLE}, ["x", 1]), "labels must be 2 strings"),
        (
            lambda: plot_intervals({"a": TABLE}, ["x", "y"], [0.1]),
            "references must be a mapping of names to numbers, got list",
        ),
        (
            lambda: plot_intervals({"a": TABLE}, ["x", "y"], {"bound": "low"}),
            r"references\['bound'\] must be a tensor or an array of numbers, got str",
        ),
    ],
)
def test_bad_types_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_references_may_lie_below_zero_on_a_straight_axis():
    ax = plot_intervals({"a": TABLE}, ("x", "y"), {"zero": 0.0, "below": -1})
    assert [list(line.get_xdata()) for line in ax.lines[:2]] == [[0, 0], [-1, -1]]
