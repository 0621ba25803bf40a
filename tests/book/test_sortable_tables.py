"""Tables that sort: by mouse, by keyboard, told to a screen reader, and without JavaScript."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PAGE = "book/12_what_helps"
KEYS = """([root, column]) => [...root.querySelectorAll("tbody tr")].map((row) => {
  const cell = row.children[column];
  return cell.dataset.key ?? cell.textContent.trim();
})"""


@pytest.fixture(scope="module")
def page(open_page: Callable[[str, str], Any], html: Path) -> "Iterator[Page]":
    """The chapter with the table of tricks."""
    seen = open_page((html / f"{PAGE}.html").resolve().as_uri(), PAGE)
    yield seen.page
    assert not seen.errors
    assert not seen.elsewhere
    seen.page.close()


@pytest.fixture
def table(page: "Page") -> "Locator":
    """The table, as the page stores it."""
    page.reload()
    return page.locator("[data-sortable]").first


def _column(table: "Locator", column: int) -> list[str]:
    """Return what each row is sorted by, from the top."""
    keys: list[str] = table.evaluate(f"(root, column) => ({KEYS})([root, column])", column)
    return keys


def test_each_heading_sorts_both_ways_by_keyboard(page: "Page", table: "Locator") -> None:
    heads = table.locator("thead th")
    count = heads.count()
    assert count >= 8
    assert table.locator("tbody tr").count() >= 40
    names = sorted(_column(table, 0))
    for column in range(count):
        head = heads.nth(column)
        button = head.locator("button")
        number = head.get_attribute("data-kind") == "number"
        for key, wanted in (("Enter", "ascending"), ("Space", "descending")):
            button.focus()
            page.keyboard.press(key)
            assert head.get_attribute("aria-sort") == wanted
            assert table.locator("th[aria-sort]").count() == 1
            found = _column(table, column)
            if number:
                values = [float(text) for text in found]
                assert values == sorted(values, reverse=wanted == "descending")
            else:
                lower = [text.lower() for text in found]
                assert sorted(lower) == sorted(lower, reverse=False)
                order = table.evaluate(
                    "(root, texts) => [...texts].sort((a, b) => a.localeCompare(b, 'en'))", found
                )
                assert found == (order if wanted == "ascending" else order[::-1])
            told = table.locator("[data-status]").text_content() or ""
            assert head.text_content() in told
            assert {"ascending": "upwards", "descending": "downwards"}[wanted] in told
            assert sorted(_column(table, 0)) == names  # no row is lost
            assert button.evaluate("e => e === document.activeElement")


def test_rows_move_whole_by_mouse(table: "Locator") -> None:
    rows = "root => [...root.querySelectorAll('tbody tr')].map((r) => r.innerHTML)"
    before = table.evaluate(rows)
    table.locator("thead button").nth(0).click()
    after = table.evaluate(rows)
    assert sorted(before) == sorted(after)
    assert before != after


def test_equal_rows_keep_the_order_of_the_sort_before(table: "Locator") -> None:
    heads = [text.strip() for text in table.locator("thead th").all_text_contents()]
    verdict, effect = heads.index("verdict"), heads.index("misplaced, points")
    table.locator("thead button").nth(effect).click()
    table.locator("thead button").nth(verdict).click()
    pairs = list(zip(_column(table, verdict), map(float, _column(table, effect)), strict=True))
    assert pairs == sorted(pairs)


def test_it_scrolls_in_its_own_box(page: "Page", table: "Locator") -> None:
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 740})
    try:
        box = table.locator(".gan-table-scroll")
        assert box.evaluate("e => e.scrollWidth > e.clientWidth && e.tabIndex === 0")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    finally:
        assert size is not None
        page.set_viewport_size(size)


def test_without_javascript_it_is_a_plain_table(html: Path, browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((html / f"{PAGE}.html").resolve().as_uri())
    table = plain.locator(".gan-table").first
    assert table.locator("thead th").first.is_visible()
    assert table.locator("tbody tr").last.is_visible()
    assert table.locator("button").count() == 0
    assert not table.locator("[data-hint]").is_visible()
    context.close()
