"""The built book and a browser that cannot leave this machine."""

import functools
import http.server
import importlib.util
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

ROOT = Path(__file__).resolve().parents[2]
# Anything with a host other than this machine; file:, data: and blob: addresses have none.
ELSEWHERE = re.compile(r"^(https?|wss?|ftp)://(?!(127\.0\.0\.1|localhost)[:/])")

READY = """async () => {
  if (document.querySelector(".math") && window.MathJax) await MathJax.startup.promise;
  await document.fonts.ready;
}"""
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


def _files(entry: Any) -> Iterator[str]:
    """Yield every file of a table of contents, however deep."""
    if isinstance(entry, dict):
        yield from (entry[key] for key in ("root", "file") if key in entry)
        for value in entry.values():
            yield from _files(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _files(value)


PAGES = list(_files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


def _load(path: Path) -> ModuleType:
    """Load a module that stands beside this file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_stale(page: Path) -> bool:
    """Return whether the book was built before its sources were last changed."""
    if not page.is_file():
        return True
    sources = [ROOT / "_config.yml", ROOT / "_toc.yml"]
    sources += [p for p in (ROOT / "book").rglob("*") if p.is_file() and p.suffix != ".pyc"]
    return any(source.stat().st_mtime > page.stat().st_mtime for source in sources)


@pytest.fixture(scope="session")
def html() -> Path:
    """The folder of the built book; BOOK_HTML names another one. Built here if need be."""
    if os.environ.get("BOOK_HTML"):
        return Path(os.environ["BOOK_HTML"])
    folder = ROOT / "_build" / "html"
    if _is_stale(folder / "searchindex.js"):
        done = subprocess.run(
            [sys.executable, str(ROOT / "book" / "tools" / "build.py")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return folder


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium without a window; skipped where there is none, a failure with CI=true."""
    tool = _load(Path(__file__).with_name("install_browser.py"))
    program = tool.find_browser()
    if program is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up(tool.NOTICE)
    from playwright.sync_api import sync_playwright

    # As root (in a container) Chromium's sandbox cannot start; only the book's own pages are read.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=[*sandbox, "--disable-dev-shm-usage"]
        )
        yield running
        running.close()


@dataclass
class Visit:
    """An open page, and what it said and asked for."""

    page: "Page"
    name: str
    elsewhere: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def _visit(context: "BrowserContext", address: str, name: str) -> Visit:
    """Open an address with every other host cut off, and wait until its formulas stand."""
    page = context.new_page()
    seen = Visit(page, name)

    def refuse(route: "Route") -> None:
        seen.elsewhere.append(route.request.url)
        route.abort()

    page.route(ELSEWHERE, refuse)
    page.on("pageerror", lambda error: seen.errors.append(f"script error: {error}"))
    page.on(
        "console",
        lambda m: m.type in ("error", "warning") and seen.errors.append(f"console: {m.text}"),
    )
    page.on("requestfailed", lambda r: seen.failed.append(f"{r.url[:120]} ({r.failure})"))
    page.on(
        "response",
        lambda r: r.status >= 400 and seen.failed.append(f"{r.url[:120]} ({r.status})"),
    )
    page.goto(address, wait_until="load")
    page.evaluate(READY)
    return seen


@pytest.fixture(scope="session")
def context(browser: "Browser") -> "Iterator[BrowserContext]":
    """One reader: light mode, no patience for animations."""
    made = browser.new_context(viewport=DESK, color_scheme="light", reduced_motion="reduce")
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture(scope="session")
def site(html: Path) -> Iterator[str]:
    """The book served on this machine, as a web site would serve it; the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def open_page(context: "BrowserContext") -> Callable[[str, str], Visit]:
    """A function (address, name) that opens a page and returns the visit."""
    return functools.partial(_visit, context)


@pytest.fixture(scope="session", params=PAGES)
def opened(
    request: pytest.FixtureRequest, open_page: Callable[[str, str], Visit], html: Path
) -> Iterator[Visit]:
    """Each page of the table of contents in turn, opened once, as a file, for all its tests."""
    address = (html / f"{request.param}.html").resolve().as_uri()
    seen = open_page(address, request.param)
    if os.environ.get("SHOTS"):
        _take_pictures(seen.page, Path(os.environ["SHOTS"]), request.param.replace("/", "-"))
    yield seen
    seen.page.close()


def set_mode(page: "Page", mode: str) -> None:
    """Switch between light and dark as a reader's system and the page's button do."""
    page.emulate_media(color_scheme=mode)
    page.evaluate(
        "mode => { localStorage.setItem('mode', mode); localStorage.setItem('theme', mode);"
        " Object.assign(document.documentElement.dataset, {mode, theme: mode}); }",
        mode,
    )
    # Colours glide into place; what is wanted is where they end.
    page.add_style_tag(content="*, ::before, ::after { transition: none !important; }")


@pytest.fixture(scope="session")
def switch_mode() -> "Callable[[Page, str], None]":
    """The function (page, "light" or "dark") that switches."""
    return set_mode


def _take_pictures(page: "Page", folder: Path, name: str) -> None:
    """Save the whole page in light, dark and on a phone."""
    folder.mkdir(parents=True, exist_ok=True)
    for mode, size in (("dark", DESK), ("light", DESK), ("phone", PHONE)):
        set_mode(page, "dark" if mode == "dark" else "light")
        page.set_viewport_size(size)
        page.screenshot(path=folder / f"{name}-{mode}.png", full_page=True)
    page.set_viewport_size(DESK)
