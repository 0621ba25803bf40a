"""What figures refuse to draw."""

import numpy as np
import pytest

from gan_lessons import viz

X = np.linspace(0, 1, 5)
TWO = {"MMD": [0.1, 0.9]}
IMAGES = np.zeros((2, 1, 8, 8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: viz.plot_power([1, 2], {"MMD": [0.5, 1.5]}), r"must lie in \[0, 1\], got 0.5 to"),
        (lambda: viz.describe_power([1, 2], {"MMD": [-1, 0]}), r"must lie in \[0, 1\], got -1 to"),
        (
            lambda: viz.plot_power([1, 2], TWO, {"KS": ([0, 0], [1, 1])}),
            "intervals must be of tests in power, MMD; got 'KS'",
        ),
        (
            lambda: viz.plot_power([1, 2], TWO, {"MMD": ([0.2, 1], [0, 0.8])}),
            r"intervals\['MMD'\] must be \(lower, upper\), got a lower end above",
        ),
        (
            lambda: viz.plot_power([1, 2], TWO, {"MMD": ([0.0], [1.0])}),
            r"intervals\['MMD'\] and power\['MMD'\] must have equal lengths, got 1 and 2",
        ),
        (
            lambda: viz.plot_power([1, 2], TWO, {"MMD": ([0, 0],)}),
            "must be a pair .* got 1 entries",
        ),
        (lambda: viz.plot_power([1, 2], TWO, level=3), "level must lie strictly between 0 and 1"),
        (lambda: viz.plot_p_values([0.5], level=0), "level must be positive"),
        (lambda: viz.plot_p_values([0.5], level=1.0), "level must lie strictly between 0 and 1"),
        (lambda: viz.plot_density(X, -X, viz.DATA), "density must not be negative, got -1"),
        (
            lambda: viz.plot_null(X, 0.5, 0.5, limits=(1, 0)),
            r"limits must be two rising numbers \(left, right\), got \(1, 0\)",
        ),
        (lambda: viz.plot_null(X, 0.5, 0.5, limits=(1,)), "limits must be two rising numbers"),
        (lambda: viz.plot_two_samples(X, X, ("x",)), "labels must be 2 strings, got 1"),
        (
            lambda: viz.image_pairs(IMAGES, IMAGES, labels=("a", "b", "c")),
            "labels must be 2 strings, got 3",
        ),
    ],
)
def test_values_that_make_no_figure_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("draw", [viz.plot_density, lambda x, y, role: viz.scatter([[0, 1]], role)])
def test_a_role_in_words_is_answered_with_its_name(draw):
    with pytest.raises(TypeError, match="role must be a Role, such as viz.DATA or .* got 'data'"):
        draw(X, X, "data")
    with pytest.raises(TypeError, match="such as viz.DATA or viz.MODEL, got 30"):
        viz.plot_histogram(X, 30)


@pytest.mark.parametrize("labels", ["xy", None, (1, 2)])
def test_labels_of_other_kinds(labels):
    with pytest.raises(TypeError, match="labels must be 2 strings in a tuple"):
        viz.plot_two_samples(X, X, labels)


def test_intervals_of_some_tests_are_drawn_where_they_belong():
    ax = viz.plot_power(
        [1, 2], {"KS": [0.2, 0.3], "MMD": [0.1, 0.9]}, {"MMD": ([0, 0.8], [0.2, 1])}
    )
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0, 1)
    assert ax.lines[1].get_color() == viz.SERIES[1].color


def test_rounding_below_zero_is_drawn():
    assert viz.plot_density(X, X - 1e-17, viz.DATA).lines
