import html
import io
import re

import pytest
from PIL import Image

from gan_lessons.widgets import Slider, explore
from gan_lessons.widgets import explorer as explorer_module


@pytest.fixture
def page(explorer, read_page):
    return read_page(explorer.html)


def test_every_control_is_labelled(page, explorer):
    ids = [e.attributes["id"] for e in page.all(attribute="id")]
    assert len(ids) == len(set(ids))
    labels = {e.attributes["for"]: e.text for e in page.all("label")}
    controls = page.all(attribute="data-control")
    assert [c.attributes["data-control"] for c in controls] == ["shift", "height"]
    assert [labels[c.attributes["id"]] for c in controls] == ["Shift <it>", "Height"]


def test_controls_start_at_their_defaults(page):
    slider, choice = page.all(attribute="data-control")
    assert (slider.tag, slider.attributes["type"]) == ("input", "range")
    assert [slider.attributes[k] for k in ("min", "max", "value")] == ["0", "2", "1"]
    assert slider.attributes["aria-valuetext"] == "0.5"
    assert page.one("output").text == "0.5"
    assert choice.tag == "select"
    assert [o.text for o in page.all("option")] == ["1", "2"]
    assert [o.attributes["value"] for o in page.all("option", "selected")] == ["0"]


def test_the_page_without_script_shows_the_default(page, explorer):
    image = page.one("img", "data-frame").attributes
    pictures, order, alts = page.frames()
    start = 2  # shift 0.5 is second of three, height 1 first of two
    assert image["alt"] == alts[start] == page.one(attribute="data-caption").text
    assert image["alt"] == explorer.still.alt
    assert pictures[order[start]] == explorer.frames.pictures[explorer.frames.order[start]].content
    assert (image["width"], image["height"]) == ("200", "120")
    assert "hidden" in page.one(attribute="data-controls").attributes
    assert "data-controls" not in page.one("noscript").attributes
    assert page.one("p", "id").text == 'A "line" & more'
    assert "Move <it>." in page.one("figcaption").text


def test_all_frames_are_there_and_described(page, explorer):
    pictures, order, alts = page.frames()
    assert pictures == [picture.content for picture in explorer.frames.pictures]
    assert len(order) == len(alts) == 6
    assert set(order) == set(range(len(pictures)))
    assert len(set(alts)) == 6
    for picture in pictures:
        assert Image.open(io.BytesIO(picture)).size[0] >= 200


def test_the_contract_with_the_browser_tests(page):
    root = page.one("figure", "data-player")
    assert root.attributes["class"] == "gan-player"
    for attribute in ("data-frame", "data-caption"):
        assert "figure" in page.one(attribute=attribute).inside
    assert page.one(attribute="data-caption").attributes["aria-live"] == "polite"
    assert root.attributes["aria-labelledby"] in {
        e.attributes["id"] for e in page.all(attribute="id")
    }


def test_the_same_explorer_has_the_same_bytes(explorer, draw, controls):
    again = explore(draw, controls, 'A "line" & more', "Move <it>.")
    assert again.html == explorer.html
    assert again.still.png == explorer.still.png


def test_two_players_share_no_id(explorer, draw, controls, read_page):
    other = explore(draw, controls, "Another title", "Move <it>.")
    page = read_page(explorer.html + other.html)
    ids = [e.attributes["id"] for e in page.all(attribute="id")]
    assert len(ids) == len(set(ids)) == 2 * 4


def test_nothing_is_fetched_and_no_global_is_left(explorer):
    text = re.sub(r"data:image/\w+;base64,[A-Za-z0-9+/=]+", "", explorer.html)
    assert "http" not in text.lower()
    assert "url(" not in text
    script = text.split("<script>")[1].split("</script>")[0].strip()
    assert script.startswith("(() => {")
    assert script.endswith("})();")


def test_words_cannot_break_out_of_the_script(controls, draw):
    def sly(settings):
        return draw(settings)[0], f"A picture with </script><b> inside, {dict(settings)}."

    text = explore(sly, controls, "Title", "Description.").html
    assert text.count("</script>") == 2
    assert html.escape("</script><b>") in text


def test_choices_alone_have_no_play_button(draw, controls, read_page):
    only = explore(lambda s: draw({**s, "shift": 0.0}), controls[1:], "Title", "Description.")
    assert not read_page(only.html).all("button")


def test_heavy_words_are_refused(draw, controls, monkeypatch):
    monkeypatch.setattr(explorer_module, "MAXIMUM_BYTES", 5000)
    with pytest.raises(ValueError, match="the player weighs .* at most 5 kB"):
        _ = explore(draw, controls, "Title", "Description.").html


@pytest.mark.parametrize(
    ("controls", "title", "description", "message"),
    [
        ([], "Title", "Description.", "one or more of different names"),
        ([Slider("a", "A", (1, 2))] * 2, "Title", "Description.", "different names"),
        ([Slider("a", "A", (1, 2))], " ", "Description.", "title must not be empty"),
        ([Slider("a", "A", (1, 2))], "Title", "", "description must not be empty"),
    ],
)
def test_bad_explorers_are_named(draw, controls, title, description, message):
    with pytest.raises(ValueError, match=message):
        explore(draw, controls, title, description)
