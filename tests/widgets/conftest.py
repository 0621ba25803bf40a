"""A small explorer, and a reader of players' HTML on the standard library's parser."""

import base64
import html
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from gan_lessons.viz import DATA, new_figure
from gan_lessons.widgets import Choice, Slider, explore
from gan_lessons.widgets.frames import all_settings

VOID = {"img", "input", "br", "path"}


@dataclass
class Element:
    tag: str
    attributes: dict
    text: str = ""
    inside: list = field(default_factory=list)


class Page(HTMLParser):
    """All elements in order; an unbalanced tag fails."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {[e.tag for e in self.open]}"

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), inside=[e.tag for e in self.open])
        self.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs), inside=[e.tag for e in self.open]))

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        for element in self.open:
            element.text += data

    def all(self, tag=None, attribute=None):
        return [
            e
            for e in self.elements
            if tag in (None, e.tag) and (attribute is None or attribute in e.attributes)
        ]

    def one(self, tag=None, attribute=None):
        (element,) = self.all(tag, attribute)
        return element

    def frames(self):
        """Pictures' bytes, their order and their alt texts, as the script sees them."""
        data = json.loads(self.one("script", "data-frames").text)
        shown = self.one("img").attributes["src"]
        sources = [source or shown for source in data["pictures"]]
        return [base64.b64decode(s.partition(",")[2]) for s in sources], data["order"], data["alts"]


SHIFTS = (0.0, 0.5, 1.0)


def draw_line(settings):
    figure, ax = new_figure(2.0, 1.2)
    ax.set(xlim=(0, 4), ylim=(0, 4), xticks=[], yticks=[])
    ax.plot([0, 1], [0, settings["height"] + settings["shift"]], color=DATA.color)
    return figure, (
        f"A line of height {settings['height']} & a bit, shifted by {settings['shift']:.1f}."
    )


@pytest.fixture
def controls():
    return [
        Slider("shift", "Shift <it>", SHIFTS, "{:.1f}", default=0.5),
        Choice("height", "Height", (1, 2)),
    ]


@pytest.fixture
def explorer(controls):
    return explore(draw_line, controls, 'A "line" & more', "Move <it>.")


@pytest.fixture
def draw():
    return draw_line


@pytest.fixture(scope="session")
def read_page():
    return Page


@pytest.fixture
def check_controls():
    """A check that every value of every control changes the live picture and its caption."""

    def check(explorer):
        live = explorer.live()
        settings, alts = all_settings(explorer.controls), explorer.frames.alts
        for control in explorer.controls:
            seen = set()
            for value in control.values:
                live.controls[control.name].value = value
                assert live.caption.value == html.escape(alts[settings.index(live.settings())])
                seen.add(bytes(live.image.value))
            assert len(seen) == len(control.values)

    return check
