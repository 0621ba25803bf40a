import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.optimize import minimize

from gan_lessons.viz import (
    CRITIC,
    DATA,
    MODEL,
    describe_history,
    describe_images,
    describe_null,
    describe_power,
    image_grid,
    image_pairs,
    new_figure,
    plot_density,
    plot_histogram,
    plot_history,
    plot_null,
    plot_power,
    scatter,
)
from gan_lessons.viz._labels import spread

PLACES = np.linspace(-3, 3, 61)
DENSITY = np.exp(-(PLACES**2) / 2)


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_density_draws_the_numbers_in_the_role_s_dress():
    ax = plot_density(torch.tensor(PLACES), torch.tensor(DENSITY), MODEL)
    (curve,) = ax.lines
    np.testing.assert_allclose(curve.get_xydata(), np.c_[PLACES, DENSITY])
    assert (curve.get_color(), curve.get_linestyle()) == (MODEL.color, "--")
    assert words(ax) == ["model"]


def test_given_axes_are_drawn_into_and_returned():
    _, ax = new_figure()
    assert plot_density(PLACES, DENSITY, DATA, ax=ax) is ax
    assert plot_density(PLACES, DENSITY, MODEL, label="", ax=ax) is ax
    assert len(ax.lines) == 2
    assert words(ax) == ["data"]


def test_histogram_has_area_one():
    ax = plot_histogram(torch.randn(200, 1, generator=torch.Generator().manual_seed(0)), DATA, 12)
    area = sum(bar.get_width() * bar.get_height() for bar in ax.containers[0])
    assert area == pytest.approx(1)


def test_scatter_puts_every_point_in_the_plane():
    points = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    ax = scatter(points, CRITIC)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), points)
    assert ax.get_aspect() == 1


@pytest.mark.parametrize("statistic", [-2.5, 0.3, 1.6, 40.0])
@pytest.mark.parametrize("bins", [7, 30])
def test_the_shaded_tail_is_the_p_value(statistic, bins):
    null = torch.randn(400, generator=torch.Generator().manual_seed(1)).double()
    beyond = int((null >= statistic).sum())
    ax = plot_null(null, statistic, (1 + beyond) / 401, bins=bins)
    grey, shaded = ax.containers
    assert sum(bar.get_height() for bar in shaded) == beyond
    assert sum(bar.get_height() for bar in grey) == len(null)
    assert all(bar.get_x() >= statistic - 1e-9 for bar in shaded)
    assert ax.lines[0].get_xdata() == pytest.approx([statistic, statistic])
    assert f"p-value {(1 + beyond) / 401:.2g}" in words(ax)[0]
    assert f"{beyond} of them" in describe_null(null, statistic, 0.5)


@pytest.mark.parametrize("tied", range(0, 21, 5))
def test_ties_with_the_statistic_are_shaded(tied):
    null = torch.randint(0, 21, (300,), generator=torch.Generator().manual_seed(tied)) / 20
    _, shaded = plot_null(null, tied / 20, 0.5).containers
    assert sum(bar.get_height() for bar in shaded) == int((null >= torch.tensor(tied) / 20).sum())


def test_a_far_statistic_needs_no_more_bars():
    grey, shaded = plot_null(np.linspace(0, 1e-6, 50), 1e6, 0.02).containers
    assert len(grey) <= 32
    assert len(shaded) == 0


def test_null_of_a_single_value_can_be_drawn():
    ax = plot_null(np.zeros(10), 0.0, 1.0)
    assert sum(bar.get_height() for bar in ax.containers[1]) == 10


SIZES = [10, 20, 50]
POWER = {"MMD": [0.1, 0.4, 0.9], "energy": [0.1, 0.4, 0.91], "nearest": [0.05, 0.1, 0.2]}


def label_boxes(ax):
    FigureCanvasAgg(ax.figure).draw()
    return [text.get_window_extent() for text in ax.texts]


@pytest.mark.parametrize(
    "ax",
    [
        plot_power(SIZES, {**POWER, "a": [0, 0, 1], "b": [0, 0, 1], "c": [0, 0, 0.05]}),
        plot_history([1, 2, 3], {"D": [1, 1, 1], "G": [2, 1, 1], "real": [3, 3, 3]}),
    ],
    ids=["power", "history"],
)
def test_labels_at_line_ends_do_not_overlap_and_stay_inside(ax):
    boxes = label_boxes(ax)
    width, height = ax.figure.canvas.get_width_height()
    assert len(boxes) >= 3
    for i, box in enumerate(boxes):
        assert box.x0 > 0
        assert box.x1 <= width + 1
        assert box.y0 > -1
        assert box.y1 <= height + 1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_power_curves_and_their_intervals_are_drawn():
    bands = {"MMD": ([0, 0.3, 0.8], [0.2, 0.5, 1.0])}
    ax = plot_power(SIZES, POWER, bands, level=0.1)
    curves = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(curves, list(POWER.values()))
    assert len(ax.collections) == 1
    assert set(words(ax)) == {*POWER, "level 0.1"}
    assert len({line.get_marker() for line in ax.lines[:3]}) == 3
    assert "nearest from 5 % to 20 %" in describe_power(SIZES, POWER)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_spread_labels_are_apart_and_as_near_as_can_be(wanted):
    gap = 0.1
    placed = spread(wanted, gap, 0, 1)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= gap - 1e-9).all()
    assert placed.min() >= -1e-9
    assert placed.max() <= 1 + 1e-9
    target = np.array(wanted)[order]
    constraints = {"type": "ineq", "fun": lambda y: np.diff(y) - gap}
    if len(wanted) > 1:
        best = minimize(
            lambda y: ((y - target) ** 2).sum(),
            np.linspace(0, 1, len(wanted)),
            bounds=[(0, 1)] * len(wanted),
            constraints=constraints,
        )
        assert ((placed[order] - target) ** 2).sum() <= best.fun + 1e-5


def test_history_keeps_roles_and_numbers():
    values = {"critic": [1.0, 0.5], "other": [0.0, 2.0]}
    ax = plot_history([0, 10], values, {"critic": CRITIC})
    assert ax.lines[0].get_color() == CRITIC.color
    assert ax.lines[1].get_color() != CRITIC.color
    text = describe_history([0, 10], values)
    assert "critic goes from 1 to 0.5" in text
    assert "over step 0 to 10" in text


def test_grid_lays_images_out_row_by_row():
    images = torch.linspace(-1, 1, 5).reshape(5, 1, 1, 1).expand(5, 1, 2, 3)
    canvas = image_grid(images, columns=3, gap=1).images[0].get_array()
    assert canvas.shape == (2 + 1 + 2, 3 * 3 + 2, 3)
    assert canvas[0, 0].tolist() == [0, 0, 0]  # first
    assert canvas[0, 8].tolist() == [0.5, 0.5, 0.5]  # third, end of the first row
    assert canvas[3, 4].tolist() == [1, 1, 1]  # fifth, second of the second row
    assert canvas[2].min() == 1  # the gap is white
    assert canvas[3:, 8:].min() == 1  # nothing there
    assert "5 images of 3 by 2 pixels in 2 rows: greys." in describe_images(images, "greys.", 3)


def test_colour_images_keep_their_channels():
    images = torch.tensor([1.0, -1.0, 0.0]).reshape(1, 3, 1, 1).expand(1, 3, 2, 2)
    ax = image_grid(images)
    assert ax.images[0].get_array()[0, 0].tolist() == [1, 0, 0.5]
    assert ax.images[0].get_interpolation() == "nearest"


def test_pairs_hold_the_sample_above_its_neighbour():
    dark, light = -torch.ones(3, 1, 4, 4), torch.ones(3, 1, 4, 4)
    canvas = image_pairs(dark, light).images[0].get_array()
    assert canvas.shape[0] == 12
    assert canvas[1:5, 1:5].max() == 0
    assert canvas[7:11, 1:5].min() == 1


IMAGES = torch.zeros(2, 1, 4, 4)
BAD = [
    (plot_density, (PLACES, DENSITY[1:], DATA), "x and density must have equal lengths"),
    (plot_density, (PLACES * np.nan, DENSITY, DATA), "x must be finite, got 61"),
    (plot_histogram, (torch.zeros(3, 2), DATA), r"samples must have shape \(n,\) or \(n, 1\)"),
    (plot_histogram, ([], DATA), "samples must not be empty"),
    (plot_histogram, ([1.0], DATA, 0), "bins must be at least 1"),
    (scatter, (torch.zeros(3, 3), DATA), r"samples must have shape \(n, 2\)"),
    (scatter, (torch.zeros(3), DATA), "samples must have 2 dimensions"),
    (plot_null, ([1.0, 2.0], 1.0, 0.0), "p_value must be positive"),
    (plot_null, ([1.0, 2.0], 1.0, 1.5), "p_value must be at most 1"),
    (plot_null, ([1.0, 2.0], float("nan"), 0.5), "statistic must be finite"),
    (plot_power, ([0, 1], {"MMD": [0, 1]}), "sizes must be positive"),
    (plot_power, ([1, 2], {}), "power must hold 1 to 6 tests, got 0"),
    (plot_power, ([1, 2], {"MMD": [0]}), "sizes and power"),
    (plot_history, ([1, 2], {"D": [0]}), "steps and values"),
    (plot_history, ([1], {"D": [0]}, {"G": MODEL}), "roles names no curve"),
    (image_grid, (IMAGES + 2,), r"images must lie in \[-1, 1\]"),
    (image_grid, (torch.zeros(2, 2, 4, 4),), r"\(n, 1 or 3, h, w\)"),
    (image_grid, (IMAGES, 0), "columns must be at least 1"),
    (image_pairs, (IMAGES, IMAGES[:1]), "must have the same shape"),
]


@pytest.mark.parametrize(("function", "arguments", "message"), BAD)
def test_bad_input_is_named(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


def test_words_are_no_numbers():
    with pytest.raises(TypeError, match="x must be a tensor or an array of numbers, got str"):
        plot_density("abc", DENSITY, DATA)
