"""Every explorer of the book: what a chapter may rely on; a new one is found by itself."""

import html

import pytest

from gan_lessons import widgets
from gan_lessons.widgets.explorer import MAXIMUM_BYTES
from gan_lessons.widgets.frames import all_settings

pytestmark = pytest.mark.slow  # draws every frame of every figure that moves
NAMES = [
    name
    for name in widgets.__all__
    # explore_samples shows the reader's own run; test_image_gan makes it one.
    if name.startswith("explore_") and name != "explore_samples"
]


@pytest.fixture(scope="module", params=NAMES)
def book_explorer(request):
    return getattr(widgets, request.param)()


def test_player_is_light_and_described(book_explorer, read_page):
    assert len(book_explorer.html.encode()) <= MAXIMUM_BYTES
    pictures, order, alts = read_page(book_explorer.html).frames()
    assert len(set(pictures)) == len(pictures) > 1
    shown = {}
    for picture, alt in zip(order, alts, strict=True):
        assert len(alt) >= 20
        assert shown.setdefault(alt, picture) == picture, f"two pictures share the words {alt!r}"


def test_every_value_of_every_control_changes_the_live_picture(book_explorer):
    live = book_explorer.live()
    settings, alts = all_settings(book_explorer.controls), book_explorer.frames.alts
    assert bytes(live.image.value) == book_explorer.still.png
    for control in book_explorer.controls:
        widget, pictures = live.controls[control.name], []
        for value in control.values:
            widget.value = value
            assert live.caption.value == html.escape(alts[settings.index(live.settings())])
            pictures.append(bytes(live.image.value))
        assert len(set(pictures)) == len(pictures)
        widget.value = control.values[control.start]
    assert bytes(live.image.value) == book_explorer.still.png  # a pure function of the settings
