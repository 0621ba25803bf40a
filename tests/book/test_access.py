"""Pages for everybody: axe-core finds no serious fault, and a phone shows all of it."""

import importlib.resources
from collections.abc import Callable
from typing import Any

import pytest

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

# Light mode is looked at with every rule, dark mode with the one that depends on colours.
AXE = """async (mode) => {
  const rules = mode === "dark" ? {runOnly: ["color-contrast"]} : {};
  const done = await axe.run(document, {resultTypes: ["violations"], preload: false, ...rules});
  const grave = done.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  return grave.flatMap((v) => v.nodes.slice(0, 5).map((n) =>
    `${v.id} (${v.impact}): ${n.target.join(" ")}: ${n.html.slice(0, 120)}: ` +
    (n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? v.help)));
}"""

OVERFLOW = """() => {
  const wide = innerWidth + 1;
  const scrolls = (e) => {
    for (let box = e.parentElement; box && box !== document.body; box = box.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return true;
    }
    return false;
  };
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") +
    [...e.classList].map((c) => "." + c).join("");
  const over = [...document.querySelectorAll("article *")].filter((e) =>
    e.checkVisibility() && !e.closest("mjx-assistive-mml") &&
    e.getBoundingClientRect().right > wide && !scrolls(e));
  const outer = over.filter((e) => !over.includes(e.parentElement)).slice(0, 5);
  const width = document.documentElement.scrollWidth;
  const found = outer.map((e) =>
    `${name(e)} ends at ${Math.round(e.getBoundingClientRect().right)} px: ` +
    e.textContent.trim().slice(0, 60));
  return width > innerWidth ? [`the page is ${width} px wide, not ${innerWidth}`, ...found] : found;
}"""

DISTORTED = """() => [...document.querySelectorAll("article img")].filter((e) =>
    e.checkVisibility() && e.naturalWidth > 0 && e.clientWidth > 40)
  .map((e) => {
    const style = getComputedStyle(e);
    const inner = (size, ...sides) => sides.reduce((s, side) => s - parseFloat(style[side]), size);
    const width = inner(e.clientWidth, "paddingLeft", "paddingRight");
    const height = inner(e.clientHeight, "paddingTop", "paddingBottom");
    return [e, width / height / (e.naturalWidth / e.naturalHeight)];
  })
  .filter(([e, change]) => Math.abs(Math.log(change)) > 0.03)
  .map(([e, change]) => `stretched by ${change.toFixed(2)}: ${e.alt.slice(0, 60)}`)"""

REVEAL = """() => {
  document.querySelectorAll("details:not([open])").forEach((e) => { e.open = true; });
  document.querySelectorAll(".toggle-hidden > .toggle-button").forEach((e) => e.click());
}"""


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened: Any, mode: str, switch_mode: Callable) -> None:
    page = opened.page
    page.evaluate(REVEAL)
    switch_mode(page, mode)
    assert page.evaluate("document.documentElement.dataset.theme") == mode
    if not page.evaluate("'axe' in window"):
        source = importlib.resources.files("axe_playwright_python") / "axe.min.js"
        page.evaluate(source.read_text(encoding="utf-8"))
    problems = page.evaluate(AXE, mode)
    switch_mode(page, "light")
    assert not problems, "\n".join(problems)


def test_a_phone_shows_all_of_it_undistorted(opened: Any) -> None:
    page = opened.page
    page.evaluate(REVEAL)
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(150)
    problems = page.evaluate(OVERFLOW) + page.evaluate(DISTORTED)
    page.set_viewport_size(DESK)
    assert not problems, "\n".join(problems)
