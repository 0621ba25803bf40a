import numpy as np
import pytest
import torch

from gan_lessons.viz import plot_seeds

RUNS = {"plain": torch.tensor([[4.0, 2.0, 8.0], [6.0, 4.0, 4.0]]), "R1": np.ones((3, 3))}


def test_line_is_the_mean_and_band_goes_over_all_seeds():
    ax = plot_seeds([10, 100, 1000], RUNS, ylabel="distance")
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [10, 100, 1000])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [5, 3, 6])
    (path,) = ax.collections[0].get_paths()
    band = {(x, y) for x, y in path.vertices.tolist()}
    assert {(10, 4), (10, 6), (100, 2), (100, 4), (1000, 4), (1000, 8)} <= band
    assert {text.get_text() for text in ax.texts} == {"plain", "R1"}
    assert ax.get_ylabel() == "distance"
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")


def test_logarithmic_axes_and_two_ways_to_tell_lines_apart():
    ax = plot_seeds([10, 100, 1000], RUNS, log=True)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert len({line.get_color() for line in ax.lines[:2]}) == 2
    assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"runs\['R1'\] must have shape \(seeds, 2\)"):
        plot_seeds([1, 2], {"R1": np.ones((2, 3))})
    with pytest.raises(ValueError, match="runs must hold 1 to 6 kinds, got 0"):
        plot_seeds([1, 2], {})
    with pytest.raises(ValueError, match="finite"):
        plot_seeds([1, 2], {"a": [[1.0, float("nan")]]})
