"""The figures that move: every control by keyboard, the play button, and without JavaScript."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

STATE = """async (root) => {
  const image = root.querySelector("img[data-frame]");
  await image.decode().catch(() => null);
  const caption = root.querySelector("[data-caption]").textContent.trim();
  return {src: image.src, alt: image.alt.trim(), shown: image.naturalWidth > 0, caption};
}"""
REVEAL = """() => {
  document.querySelectorAll("details:not([open])").forEach((e) => { e.open = true; });
  document.querySelectorAll(".toggle-hidden > .toggle-button").forEach((e) => e.click());
}"""


def _key(control: "Locator") -> str:
    """Return the key that moves a control away from where it stands."""
    last = control.evaluate(
        "e => e.type === 'range' ? +e.value >= +e.max"
        " : e.tagName === 'SELECT' && e.selectedIndex === e.options.length - 1"
    )
    kind = control.evaluate("e => e.tagName === 'SELECT' ? 'select' : e.type")
    keys = {"range": ("ArrowRight", "ArrowLeft"), "select": ("ArrowDown", "ArrowUp")}
    return keys.get(kind, (" ", " "))[last]


def _problems_of_control(page: "Page", figure: "Locator", control: "Locator") -> list[str]:
    """Move one control by keyboard; return what is wrong."""
    name = control.get_attribute("data-control")
    if not control.is_visible() or control.evaluate("e => e.tabIndex") < 0:
        return [f"{name}: not reached by keyboard"]
    control.focus()
    before = figure.evaluate(STATE)
    page.keyboard.press(_key(control))
    after = figure.evaluate(STATE)
    unmoved = [part for part in ("src", "caption") if before[part] == after[part]]
    problems = [f"{name}: the {part} did not change" for part in unmoved]
    if not after["alt"] or not after["caption"]:
        problems.append(f"{name}: the moved picture has no description")
    if control.get_attribute("type") == "range":
        page.keyboard.press("Home")
        steps = int(control.evaluate("e => (e.max - e.min) / (e.step || 1)"))
        seen = [figure.evaluate(STATE)]
        for _ in range(steps):
            page.keyboard.press("ArrowRight")
            seen.append(figure.evaluate(STATE))
        after = seen[-1]
        if len({state["caption"] for state in seen}) < 2:
            problems.append(f"{name}: one caption for all {steps + 1} positions")
        problems += [
            f"{name}: position {i} shows nothing" for i, s in enumerate(seen) if not s["shown"]
        ]
    return problems if after["shown"] else [*problems, f"{name}: the moved picture is broken"]


def _problems_of_play(page: "Page", figure: "Locator") -> list[str]:
    """Start and stop the film by keyboard; return what is wrong."""
    button, films = figure.locator("[data-play]"), figure.locator("input[type=range]")
    if not button.count():
        return []
    films.first.focus()
    page.keyboard.press("Home")
    steps = int(films.first.evaluate("e => (e.max - e.min) / (e.step || 1)"))
    button.focus()
    before = figure.evaluate(STATE)["src"]
    page.keyboard.press("Enter")
    for change in range(min(2, steps)):
        try:
            page.wait_for_function(
                "([root, src]) => root.querySelector('img[data-frame]').src !== src",
                arg=[figure.element_handle(), before],
                timeout=4000,
            )
        except Exception as error:
            return [f"play: change {change + 1} did not come ({type(error).__name__})"]
        before = figure.evaluate(STATE)["src"]
    if button.get_attribute("aria-pressed") == "true":  # a short film may have ended by itself
        page.keyboard.press("Enter")
    stopped = figure.evaluate(STATE)["src"]
    page.wait_for_timeout(900)
    return [] if figure.evaluate(STATE)["src"] == stopped else ["play: it cannot be stopped"]


def test_every_control_moved_by_keyboard_changes_its_picture(opened: Any) -> None:
    page = opened.page
    page.evaluate(REVEAL)
    page.emulate_media(reduced_motion="no-preference")  # the film runs faster then
    figures = page.locator("figure.gan-player[data-player]")
    problems, errors = [], len(opened.errors)
    for index in range(figures.count()):
        figure = figures.nth(index)
        name = figure.get_attribute("id") or f"player {index}"
        controls = figure.locator("[data-control]")
        found = [] if controls.count() else ["has no control"]
        for place in range(controls.count()):
            found += _problems_of_control(page, figure, controls.nth(place))
        found += _problems_of_play(page, figure)
        problems += [f"{name}: {problem}" for problem in found]
    page.emulate_media(reduced_motion="reduce")
    assert not problems, "\n".join(problems)
    assert opened.errors[errors:] == [], "a script failed while controls were moved"
    if re.match(r"book/\d", opened.name):
        assert figures.count() >= 1, "a chapter has something to move"


def test_without_javascript_the_first_picture_stands(html: Path, browser: "Browser") -> None:
    context = browser.new_context(java_script_enabled=False)
    problems = []
    pages = [
        path for path in sorted(html.rglob("*.html")) if "data-player" in path.read_text("utf-8")
    ]
    for path in pages:
        page = context.new_page()
        page.goto(path.resolve().as_uri())
        figures = page.locator("figure.gan-player")
        for index in range(figures.count()):
            for part in ("img[data-frame]", "[data-caption]"):
                box = figures.nth(index).locator(part).bounding_box()
                if box is None or min(box["width"], box["height"]) < 10:
                    problems.append(f"{path.name}: player {index}: {part} is not seen: {box}")
            if figures.nth(index).locator("[data-control]").first.is_visible():
                problems.append(f"{path.name}: player {index} shows controls that do nothing")
        page.close()
    context.close()
    assert not problems, "\n".join(problems)
    if not pages:
        pytest.fail("no page has a player")
