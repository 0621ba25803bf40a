import io

import numpy as np
import pytest
from PIL import Image, features

from gan_lessons.viz import new_figure
from gan_lessons.viz.figure import render_png
from gan_lessons.widgets import Choice, Slider, explore
from gan_lessons.widgets.explorer import Explorer
from gan_lessons.widgets.frames import SCALES, all_settings, draw_checked, encode, make_frames


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)


def test_settings_count_with_the_last_control_fastest(controls):
    settings = all_settings(tuple(controls))
    assert settings[0] == {"shift": 0.0, "height": 1}
    assert settings[1] == {"shift": 0.0, "height": 2}
    assert len(settings) == 6


def test_each_setting_has_its_own_picture_and_words(explorer, draw):
    frames = explorer.frames
    for i, setting in enumerate(all_settings(explorer.controls)):
        figure, alt = draw_checked(draw, setting)
        assert frames.alts[i] == alt
        sharp = pixels(render_png(figure, frames.scale))
        error = abs(sharp - pixels(frames.pictures[frames.order[i]].content))
        assert error.mean() < 1  # few colours, yet the same picture
    assert (frames.width, frames.height) == (200, 120)


def test_paper_stays_white(explorer):
    for picture in explorer.frames.pictures:
        assert pixels(picture.content)[0, 0].tolist() == [255, 255, 255]


def test_equal_pictures_are_kept_once(explorer):
    # height 1 shifted by 1.0 and height 2 not shifted are one line; in all 5 different heights
    assert len(explorer.frames.pictures) == 5
    assert explorer.frames.order[4] == explorer.frames.order[1]


def test_frames_are_the_same_every_time(explorer, draw):
    assert make_frames(draw, explorer.controls, 100_000) == explorer.frames


def test_webp_is_smaller_than_png_and_png_stands_in(monkeypatch, draw):
    figure, _ = draw({"shift": 0.5, "height": 1})
    webp = encode(figure, 2.0)
    monkeypatch.setattr(features, "check", lambda feature: False)
    png = encode(figure, 2.0)
    assert (webp.mime, png.mime) == ("image/webp", "image/png")
    assert len(webp.content) < len(png.content)
    np.testing.assert_array_equal(pixels(webp.content), pixels(png.content))


def noise(settings):
    figure, ax = new_figure(2.0, 1.2)
    seed = 0 if settings["n"] == 1 else settings["n"]
    size = 40 if settings["n"] == 3 else 20
    ax.imshow(np.random.default_rng(seed).random((size, size)))
    return figure, f"Coloured noise made from the seed {settings['n']}."


NOISE = (Slider("n", "n", (1, 2, 3)),)


def test_less_room_makes_coarser_pictures():
    rich = make_frames(noise, NOISE, 400_000)
    weight = sum(len(p.content) for p in rich.pictures) * 4 / 3
    poor = make_frames(noise, NOISE, int(0.8 * weight))
    assert rich.scale == SCALES[0]
    assert poor.scale < rich.scale
    assert sum(len(p.content) for p in poor.pictures) * 4 / 3 <= 0.8 * weight
    assert len(poor.order) == 3


def test_too_heavy_names_the_heaviest():
    with pytest.raises(ValueError, match=r"the frames weigh .* Heaviest: \{'n': 3\}"):
        make_frames(noise, NOISE, 3000)


def test_too_many_frames_are_refused_before_any_is_drawn():
    wide = [Slider("a", "A", range(12)), Choice("b", "B", range(11))]
    with pytest.raises(ValueError, match=r"got 132 = 12 \(a\) x 11 \(b\)"):
        explore(lambda settings: 1 / 0, wide, "Title", "Description.")


def test_120_frames_are_let_through_and_no_more(draw):
    # by hand: 8 x 15 = 120, 11 x 11 = 121
    for a, b, allowed in ((8, 15, True), (11, 11, False)):
        pair = [Slider("a", "A", range(a)), Choice("b", "B", range(b))]
        if allowed:
            assert len(all_settings(explore(draw, pair, "Title", "Description.").controls)) == 120
        else:
            with pytest.raises(ValueError, match="at most 120 frames, got 121"):
                explore(draw, pair, "Title", "Description.")


def test_pictures_of_several_sizes_are_refused():
    def grow(settings):
        return new_figure(1.0 + settings["n"], 1.0)[0], "A figure that grows with the setting."

    with pytest.raises(ValueError, match="figures of one size"):
        make_frames(grow, NOISE, 400_000)


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda s: "picture", TypeError, r"draw must return \(Figure, str\), got str"),
        (lambda s: (new_figure()[1], "x" * 30), TypeError, "draw must return"),
        (lambda s: (new_figure()[0], "short"), ValueError, "at least 20 characters"),
    ],
)
def test_a_drawing_function_must_keep_its_word(draw, error, message):
    with pytest.raises(error, match=message):
        _ = Explorer(draw, NOISE, "Title", "Description.").still


SLIDER = Slider("n", "n", (1, 2))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3, [SLIDER], "t", "d"), TypeError, "draw must be a function of the settings, got int"),
        ((noise, SLIDER, "t", "d"), TypeError, "controls must be a list .* got Slider"),
        ((noise, ["n"], "t", "d"), TypeError, "controls must be Slider or Choice, got str"),
        ((noise, [], "t", "d"), ValueError, "one or more of different names"),
        ((noise, [SLIDER, SLIDER], "t", "d"), ValueError, r"different names, got \['n', 'n'\]"),
        ((noise, [SLIDER], " ... ", "d"), ValueError, "title must not be empty, got ' ... '"),
        ((noise, [SLIDER], "t", " "), ValueError, "description must not be empty"),
        ((noise, [SLIDER], None, "d"), TypeError, "title must be a str, got NoneType"),
    ],
)
def test_explore_names_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        explore(*arguments)
