"""Find a Chromium for the page tests, or install one: `python tests/book/install_browser.py`.

In this order: the program named by CHROMIUM, one on the PATH, Playwright's own; where there is
none, Debian's package (as root), else Playwright's download. A machine that can have none gets a
notice; the page tests then skip (with CI=true they fail).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NOTICE = (
    "no Chromium: the tests of the built pages cannot run. Install one (Debian, Ubuntu: "
    "apt-get install chromium; elsewhere: python -m playwright install chromium), "
    "or name the program in the environment variable CHROMIUM."
)


def _playwright_browser() -> str | None:
    """Return Playwright's own Chromium, if it has been downloaded."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwright_browser()


def _run(*command: str) -> bool:
    """Run a command quietly; return whether it succeeded, and show its last words where not."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", file=sys.stderr)
        return False
    if done.returncode != 0:
        print((done.stderr or done.stdout)[-2000:], file=sys.stderr)
    return done.returncode == 0


def install() -> None:
    """Install Chromium by the system's package manager or by Playwright."""
    root_on_debian = shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0
    if root_on_debian:
        print("Installing Chromium (apt-get); this takes a minute.")
        _run("apt-get", "-qq", "update")
        for package in ("chromium", "chromium-browser"):
            if _run("apt-get", "-qq", "install", "-y", "--no-install-recommends", package):
                return
    print("Downloading Playwright's Chromium.")
    _run(sys.executable, "-m", "playwright", "install", "chromium")


def main() -> int:
    """Find or install; always return 0, because the tests say what follows from having none."""
    if find_browser() is None and not os.environ.get("CHROMIUM"):
        install()
    found = find_browser()
    print(f"Browser for the page tests: {found}" if found else f"NOTICE: {NOTICE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
