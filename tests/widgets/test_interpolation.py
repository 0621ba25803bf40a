"""The explorer of chapter 15: recorded walks between two digits, and what is said of them."""

import pytest

from gan_lessons.experiments.bigan_interpolation import WAYS, recorded_paths
from gan_lessons.widgets import explore_interpolation
from gan_lessons.widgets.frames import all_settings


@pytest.fixture(scope="module")
def explorer():
    return explore_interpolation()


def test_player_is_light_and_has_a_frame_for_each_setting(explorer):
    assert len(explorer.html.encode()) <= 400_000
    assert len(explorer.frames.pictures) == len(all_settings(explorer.controls)) == 28
    assert len(set(explorer.frames.alts)) == 28


def test_live_every_control_changes_the_picture(explorer, check_controls):
    check_controls(explorer)


def test_the_words_are_what_was_recorded(explorer):
    stored = recorded_paths()
    for pair, k in (("3 to 8", 0), ("0 to 6", 5)):
        figure, words = explorer.draw({"position": stored.positions[k], "pair": pair})
        first, last = pair.split(" to ")
        assert f"from {first} to {last}, position {stored.positions[k]:.2f}" in words
        for way in WAYS:
            assert f"{way} {stored.ways[pair][way].distances[k]:.1f}" in words
        titles = [ax.get_title(loc) for ax in figure.axes for loc in ("left", "center")]
        assert [t for t in titles if t] == ["first", *WAYS, "last"]
