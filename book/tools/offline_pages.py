"""Sphinx extension: a built page asks nothing of the network.

The book carries MathJax 3.2.2, and the live-code scripts of sphinx-thebe, which jupyter-book
loads although the book has none, are left out (they name a CDN and throw an error on each page).

The files come from the package ``sphinx-mathjax-offline``, whose copy is byte for byte the
published MathJax 3.2.2 (``MATHJAX_SHA256`` holds its main file to that). Where the package is
missing the pages ask MathJax's usual CDN, and the build says so; with CI=true that is an error.
"""

import hashlib
import importlib.util
import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset

MAIN_FILE = "tex-mml-chtml.js"
MATHJAX_SHA256 = "300480069078b5892d2363a2b65e2dfbbf30fe5c80f83edbfecf4610fd093862"


def mathjax_folder() -> Path | None:
    """Return the folder of the installed MathJax, or None where it is missing or altered."""
    found = importlib.util.find_spec("sphinx-mathjax-offline")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "static" / "mathjax"
    main = folder / MAIN_FILE
    if not main.is_file() or hashlib.sha256(main.read_bytes()).hexdigest() != MATHJAX_SHA256:
        return None
    return folder


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy MathJax into the finished book (HTML builders only)."""
    folder = mathjax_folder()
    if error is None and folder is not None and app.builder.format == "html":
        copy_asset(str(folder), str(Path(app.outdir) / "_static" / "mathjax"))


def choose_path(app: Sphinx, config: object) -> None:
    """Point the pages at the book's own MathJax, or leave the CDN and say so."""
    if mathjax_folder() is not None:
        app.config.mathjax_path = f"mathjax/{MAIN_FILE}"
        return
    message = (
        "MathJax 3.2.2 (sphinx-mathjax-offline) is missing or altered: formulas need a network."
    )
    if os.environ.get("CI") == "true":
        raise ExtensionError(message)
    # A notice, not a warning: a strict build on a machine without the package still succeeds.
    logging.getLogger(__name__).info("NOTICE: %s", message)


def leave_out_thebe(app: Sphinx, config: object) -> None:
    """Disconnect sphinx-thebe: jupyter-book always loads it, and it cannot be configured away."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            listener
            for listener in listeners
            if not getattr(listener.handler, "__module__", "").startswith("sphinx_thebe")
        ]
    app.registry.css_files[:] = [f for f in app.registry.css_files if "thebe" not in f[0]]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the steps."""
    app.connect("config-inited", choose_path)
    app.connect("config-inited", leave_out_thebe)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
