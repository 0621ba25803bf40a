"""Every page of the built book in a browser, opened from its folder with the network cut.

Screenshots of every page: SHOTS=folder python -m pytest tests/book/test_pages.py
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]

FORMULAS = """() => {
  const text = (e) => e.textContent.trim().slice(0, 60);
  const all = [...document.querySelectorAll(".math")].filter((e) => !e.closest("mjx-container"));
  const set = (e) => e.querySelectorAll("mjx-container").length;
  const faults = document.querySelectorAll("mjx-merror, [data-mjx-error], merror");
  return {
    unset: all.filter((e) => set(e) !== 1).map((e) => `${set(e)} renderings of ${text(e)}`),
    faults: [...faults].map((e) => e.getAttribute("title") || text(e)),
    formulas: all.length,
    empty: [...document.querySelectorAll("mjx-container")].filter(
      (e) => e.getBoundingClientRect().width === 0 && e.checkVisibility()).map(text),
  };
}"""

PICTURES = """() => [...document.images].map((image) => ({
  alt: (image.getAttribute("alt") || "").trim(),
  broken: image.complete && image.naturalWidth === 0,
  source: image.getAttribute("src").slice(0, 80),
}))"""

# What a reader sees, without code, formulas and outputs.
PROSE = """() => {
  const copy = document.querySelector("article").cloneNode(true);
  const other = "pre, code, .math, mjx-container, script, style, .cell, noscript";
  copy.querySelectorAll(other).forEach((e) => e.remove());
  return copy.textContent;
}"""

RAW_MARKUP = re.compile(
    r"\{(?:cite|ref|eq|numref|doc|math|term|glue)[:\w]*\}|:::|```|\$[^$\s][^$\n]*\$|\\[a-zA-Z]+\{"
)


def test_nothing_is_asked_of_another_host(opened: Any) -> None:
    assert opened.elsewhere == []


def test_no_script_error_and_no_missing_file(opened: Any) -> None:
    assert opened.errors == []
    assert opened.failed == []


def test_it_works_the_same_from_a_web_site(opened: Any, site: str, open_page: Callable) -> None:
    seen = open_page(f"{site}/{opened.name}.html", opened.name)
    found = (seen.elsewhere, seen.errors, seen.failed)
    formulas = seen.page.evaluate(FORMULAS)
    seen.page.close()
    assert found == ([], [], [])
    assert formulas == opened.page.evaluate(FORMULAS)


def test_all_formulas_are_rendered(opened: Any) -> None:
    found = opened.page.evaluate(FORMULAS)
    assert found["unset"] == []
    assert found["faults"] == []
    assert found["empty"] == []


def test_every_picture_is_there_and_described(opened: Any) -> None:
    problems = []
    for picture in opened.page.evaluate(PICTURES):
        if picture["broken"]:
            problems.append(f"{picture['source']}: cannot be shown")
        # myst-nb's own alt text is the name of the picture's file
        if not picture["alt"] or re.search(r"[.](png|svg|webp|jpe?g)$", picture["alt"]):
            problems.append(f"{picture['source']}: alt text {picture['alt']!r}")
    assert not problems, "\n".join(problems)


def test_no_markup_is_left_in_the_prose(opened: Any) -> None:
    left = [m.group() for m in RAW_MARKUP.finditer(opened.page.evaluate(PROSE))]
    assert left == []


@pytest.fixture(scope="session")
def soups(html: Path) -> dict[Path, BeautifulSoup]:
    """Every HTML file of the book, parsed."""
    return {
        path.resolve(): BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.relative_to(html).parts
    }


def broken_links(soups: dict[Path, BeautifulSoup]) -> list[str]:
    """Return the links and files of these pages that lead nowhere in the book's folder."""
    ids = {
        path: {tag["id"] for tag in soup.find_all(id=True)}
        | {tag["name"] for tag in soup.find_all("a", attrs={"name": True})}
        for path, soup in soups.items()
    }
    problems = []
    for path, soup in soups.items():
        for tag in soup.find_all(["a", "link", "script", "img", "source"]):
            address = tag.get("href") or tag.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not address:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                problems.append(f"{path.name}: {address} is not there")
            elif tag.name == "a" and unquote(parts.fragment) not in ids.get(target, {""}) | {""}:
                problems.append(f"{path.name}: {address}: no such place on that page")
    return sorted(set(problems))


def foreign_parts(soups: dict[Path, BeautifulSoup]) -> list[str]:
    """Return what pages would load from, or warm up to, another host."""
    return sorted(
        f"{path.name}: {tag.name} {address}"
        for path, soup in soups.items()
        for tag in soup.find_all(["link", "script", "img", "source", "iframe", "video", "object"])
        for address in (tag.get("href"), tag.get("src"), tag.get("data"))
        if address and re.match(r"(https?:)?//", address) and tag.get("rel") != ["canonical"]
    )


def test_links_inside_the_book_lead_somewhere(soups: dict[Path, BeautifulSoup]) -> None:
    problems = broken_links(soups)
    assert not problems, "\n".join(problems)


def test_no_page_is_made_of_parts_from_elsewhere(soups: dict[Path, BeautifulSoup]) -> None:
    problems = foreign_parts(soups)
    assert not problems, "\n".join(problems)


def test_every_page_of_the_contents_was_built(soups: dict[Path, BeautifulSoup], html: Path) -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    assert (html / f"{toc['root']}.html").resolve() in soups
    for path in (ROOT / "book").glob("*.ipynb"):
        assert (html / "book" / f"{path.stem}.html").resolve() in soups


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    text = '<a id="here" href="#here"></a><a href="#gone"></a><a href="no.html"></a>'
    soups = {page: BeautifulSoup(text + '<script src="https://a.example/x.js">', "html.parser")}
    page.write_text(text, encoding="utf-8")
    assert [line.split()[1] for line in broken_links(soups)] == ["#gone:", "no.html"]
    assert len(foreign_parts(soups)) == 1


@pytest.mark.parametrize("way", ["folder", "web site"])
def test_a_search_finds_a_chapter(way: str, html: Path, site: str, open_page: Callable) -> None:
    base = html.resolve().as_uri() if way == "folder" else site
    seen = open_page(f"{base}/search.html?q=sample", "search")
    seen.page.wait_for_selector("#search-results li a")
    seen.page.close()
    assert seen.elsewhere == []
    # From a folder a browser lets no page read another, so results come without their excerpts.
    if way == "web site":
        assert (seen.errors, seen.failed) == ([], [])
