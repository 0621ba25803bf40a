"""The sortable table as text and as HTML; tests/book sorts it in a browser."""

from html.parser import HTMLParser

import pytest

from gan_lessons.widgets import Cell, sortable_table

ROWS = [
    [Cell("b < a & c"), Cell("+2", 2.0, "bad"), Cell("x")],
    [Cell("a"), Cell("\N{MINUS SIGN}10", -10.0, "good"), Cell("y", "z")],
]


class Outline(HTMLParser):
    """Keeps tags with their attributes, in order, and the text of each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.texts += [""] if tag in ("th", "td") else []

    def handle_data(self, data):
        if self.texts and self.tags[-1][0] in ("th", "td"):
            self.texts[-1] += data


def test_text_is_aligned_and_numbers_stand_to_the_right():
    table = sortable_table("A caption", ["name", "effect", "word"], ROWS)
    assert table.numeric == (False, True, False)
    assert str(table).splitlines() == [
        "name       effect  word",
        "b < a & c      +2  x",
        "a             \N{MINUS SIGN}10  y",
    ]
    bundle = table._repr_mimebundle_()
    assert bundle["text/plain"] == str(table)
    assert bundle["text/html"] == table.html


def test_html_is_an_ordinary_table_until_its_script_runs():
    table = sortable_table("Effects of <two> tricks", ["name", "effect", "word"], ROWS)
    outline = Outline(table.html)
    named = {}
    for tag, attributes in outline.tags:
        named.setdefault(tag, []).append(attributes)
    assert [a["scope"] for a in named["th"]] == ["col"] * 3 + ["row"] * 2
    assert [a.get("data-key") for a in named["td"]] == ["2.0", None, "-10.0", "z"]
    assert [a.get("data-tone") for a in named["td"]] == ["bad", None, "good", None]
    assert [a["data-kind"] for a in named["th"][:3]] == ["text", "number", "text"]
    assert outline.texts[3] == "b < a & c"
    assert "button" not in named  # without JavaScript no heading pretends to do something
    hint = next(a for _, a in outline.tags if "data-hint" in a)
    assert "hidden" in hint
    region = next(a for _, a in outline.tags if a.get("role") == "region")
    assert region["tabindex"] == "0"
    assert region["aria-labelledby"] == named["caption"][0]["id"]
    assert "Effects of &lt;two&gt; tricks" in table.html
    assert ">b &lt; a &amp; c<" in table.html
    assert "http" not in table.html


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="caption must say what the table is"):
        sortable_table(" ", ["a"], [[Cell("x")]])
    with pytest.raises(ValueError, match="columns must be one or more different headings"):
        sortable_table("x", ["a", "a"], [[Cell("x"), Cell("y")]])
    with pytest.raises(ValueError, match="rows must be one or more"):
        sortable_table("x", ["a"], [])
    with pytest.raises(ValueError, match="rows must have 1 cells each, got 2 in row 1"):
        sortable_table("x", ["a"], [[Cell("x")], [Cell("x"), Cell("y")]])
