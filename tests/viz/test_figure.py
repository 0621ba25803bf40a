import io
import sys
import tomllib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import gan_lessons
from gan_lessons.viz import CRITIC, DATA, LATENT, MODEL, SERIES, add_legend, new_figure, show, style
from gan_lessons.viz._optional import require

ALT = "A straight line from the lower left to the upper right."


def line():
    figure, ax = new_figure(3.0, 2.0)
    ax.plot([0, 1], [0, 1])
    return figure, ax


def test_show_stores_twice_the_pixels_it_shows():
    data, metadata = show(line()[0], ALT)._repr_mimebundle_()
    assert Image.open(io.BytesIO(data["image/png"])).size == (600, 400)
    assert metadata == {"image/png": {"width": 300, "height": 200}}
    assert data["text/plain"] == ALT
    assert set(data) == {"image/png", "text/plain"}


def test_equal_figures_have_equal_bytes_without_a_version():
    png = show(line()[0], ALT).png
    assert png == show(line()[0], ALT).png
    assert matplotlib.__version__.encode() not in png
    assert not Image.open(io.BytesIO(png)).text


def test_axes_and_arrays_of_axes_show_their_figure():
    figure, axes = new_figure(columns=2)
    assert axes.shape == (2,)
    assert show(axes, ALT).png == show(axes[1], ALT).png
    assert show(figure, ALT).width == 640


@pytest.mark.parametrize("alt", ["", "   ", "a line", " short  but    spaced "])
def test_alt_text_must_say_something(alt):
    with pytest.raises(ValueError, match="at least 20 characters"):
        show(line()[0], alt)


def test_alt_text_must_be_words():
    with pytest.raises(TypeError, match="alt must be a str"):
        show(line()[0], None)


@pytest.mark.parametrize("thing", [None, 3, "figure", np.array([])])
def test_only_figures_are_shown(thing):
    with pytest.raises(TypeError, match="figure_or_axes must be a matplotlib Figure or Axes"):
        show(thing, ALT)


@pytest.mark.parametrize(("name", "value"), [("width", 0.0), ("height", -1.0), ("rows", 0)])
def test_sizes_are_checked(name, value):
    with pytest.raises(ValueError, match=name):
        new_figure(**{name: value})


def test_figures_are_outside_pyplot():
    figure, _ = new_figure()
    assert isinstance(figure, Figure)
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or figure.number not in pyplot.get_fignums()


def test_style_is_left_behind():
    before = dict(matplotlib.rcParams)
    _, ax = new_figure()
    with style():
        assert matplotlib.rcParams["font.size"] == 12.5
    assert dict(matplotlib.rcParams) == before
    assert not ax.spines["top"].get_visible()


def test_letters_stay_readable_on_a_phone():
    _, ax = new_figure()
    ax.plot([0, 1], [0, 1], label="line")
    add_legend(ax)
    texts = [ax.xaxis.label, *ax.get_xticklabels(), *ax.get_legend().get_texts()]
    pixels = [text.get_fontsize() * 100 / 72 * 360 / 640 for text in texts]
    assert min(pixels) > 8.9  # a column of 640 px shrunk to 360


def contrast_to_white(color):
    """The definition of WCAG 2, section relative luminance."""
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return 1.05 / (float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)


def test_roles_are_told_apart_by_more_than_colour():
    roles = (DATA, MODEL, CRITIC, LATENT)
    for group in (roles, SERIES):
        for field in ("color", "linestyle", "marker"):
            assert len({str(getattr(role, field)) for role in group}) == len(group)
    assert min(contrast_to_white(role.color) for role in (*roles, *SERIES)) >= 4.5


def test_missing_package_names_its_extra():
    with pytest.raises(ImportError, match=r'no_such_package.*pip install "gan-lessons\[plots\]"'):
        require("no_such_package.part", "plots")
    pyproject = Path(gan_lessons.__file__).parents[1] / "pyproject.toml"
    extras = tomllib.loads(pyproject.read_text())["project"]["optional-dependencies"]
    assert {"plots", "widgets"} <= set(extras)
