"""Which folder may import which: the arrows of the design, read from every file by ``ast``.

An import inside a function counts for the directions as well (a hidden cycle is a cycle); only
"slow to import" is a question of the module level.
"""

import ast
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "gan_lessons"

CHAIN = ("distributions", "divergences", "objectives", "training", "models", "experiments")
SIDE = ("two_sample", "metrics")
FREE = frozenset({"data", "networks", "regularizers", "dynamics"})
ALLOWED: dict[str, frozenset[str]] = {
    **{name: frozenset() for name in FREE},
    **{name: frozenset(CHAIN[:place]) | FREE for place, name in enumerate(CHAIN)},
    "two_sample": FREE,
    # mode_coverage takes a mixture, whose modes are known (DESIGN, public names).
    "metrics": FREE | {"two_sample", "distributions"},
    "experiments": FREE | set(CHAIN[:-1]) | set(SIDE),
    "viz": frozenset(),
    # The only one that draws with viz: experiments give numbers, a chapter or a widget draws them.
    "widgets": FREE | set(CHAIN) | set(SIDE) | {"viz"},
    "checks": FREE | set(CHAIN[:-1]) | set(SIDE) | {"viz"},
    # The command line is a program on top, but runs where no notebook is: no widgets.
    "command": FREE | set(CHAIN) | set(SIDE) | {"viz"},
}

CORE = frozenset({"torch", "numpy", "scipy", "tqdm"})
SLOW = ("scipy.stats", "scipy.integrate", "scipy.optimize")
NOTEBOOK = frozenset({"matplotlib", "ipywidgets", "IPython", "jupyter", "ipykernel", "nbformat"})
MAY_DRAW = frozenset({"viz", "widgets"})


class Import(NamedTuple):
    """One imported module: its full name, where it stands, and whether at module level."""

    name: str
    line: int
    top: bool


def _statements(body: list[ast.stmt], top: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Walk statements in depth; ``top`` is False inside functions and under TYPE_CHECKING."""
    for statement in body:
        yield statement, top
        inside = top and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            inside = False
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, field, []), inside)
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body, inside)
        for case in getattr(statement, "cases", []):
            yield from _statements(case.body, inside)


def imports_of(path: Path, root: Path) -> list[Import]:
    """Return what a file imports, relative imports resolved; ``root`` holds the package folder."""
    parts = path.relative_to(root).with_suffix("").parts
    package = parts[:-1]
    found: list[Import] = []
    for statement, top in _statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(statement, ast.Import):
            found += [Import(alias.name, statement.lineno, top) for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            base = package[: len(package) - statement.level + 1] if statement.level else ()
            stem = ".".join((*base, *filter(None, [statement.module])))
            found += [
                Import(f"{stem}.{alias.name}", statement.lineno, top) for alias in statement.names
            ]
    return found


def _folder(path: Path, package: Path) -> str:
    """Return the subpackage a file belongs to, "" for files directly in the package."""
    parts = path.relative_to(package).parts
    if parts == ("__main__.py",):
        return "command"  # its door
    return parts[0] if len(parts) > 1 else ""


def violations(package: Path) -> list[str]:
    """Return one readable line for each import that goes against the design."""
    problems: list[str] = []
    for path in sorted(package.rglob("*.py")):
        here = _folder(path, package)
        if here and here not in ALLOWED:
            problems.append(f"{here}: a folder the design does not know; add it to ALLOWED")
            continue
        for item in imports_of(path, package.parent):
            where = f"{path.relative_to(package.parent)}:{item.line}"
            parts = item.name.split(".")
            if parts[0] == package.name:
                there = parts[1] if len(parts) > 1 else ""
                known = there in ALLOWED and there != here
                if known and there not in ALLOWED.get(here, frozenset()):
                    wanted = ", ".join(sorted(ALLOWED.get(here, ()))) or "none"
                    problems.append(f"{where}: {here or 'the root'} imports {there}; may: {wanted}")
                continue
            if item.top and parts[0] not in CORE | sys.stdlib_module_names:
                problems.append(f"{where}: {item.name} at module level; import it where it is used")
            if item.top and any(item.name == s or item.name.startswith(s + ".") for s in SLOW):
                problems.append(f"{where}: {item.name} is slow to import; do it where it is used")
            if here not in MAY_DRAW and parts[0] in NOTEBOOK:
                problems.append(f"{where}: {item.name} belongs in viz or widgets only")
    return problems


def test_the_package_follows_the_arrows_of_the_design() -> None:
    problems = violations(PACKAGE)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("distributions/a.py", "from gan_lessons.objectives import hinge", "imports objectives"),
        ("distributions/a.py", "import gan_lessons.training.loop", "imports training"),
        ("distributions/a.py", "from gan_lessons import models", "imports models"),
        ("distributions/a.py", "from ..objectives import hinge", "imports objectives"),
        ("distributions/deep/a.py", "from ...objectives import x", "imports objectives"),
        ("distributions/a.py", "def f():\n    from .. import metrics", "imports metrics"),
        ("data/a.py", "from ..networks import MLP", "data imports networks"),
        ("viz/a.py", "from ..distributions import ring", "viz imports distributions"),
        ("experiments/a.py", "from ..viz import samples", "experiments imports viz"),
        ("checks/a.py", "from ..experiments import x", "checks imports experiments"),
        ("command/a.py", "from ..widgets import explore", "command imports widgets"),
        ("training/a.py", "from ..command import main", "training imports command"),
        ("two_sample/a.py", "from ..metrics import kid", "two_sample imports metrics"),
        ("_private.py", "from .data import load", "the root imports data"),
        ("metrics/a.py", "from scipy import stats", "slow to import"),
        ("metrics/a.py", "import scipy.integrate as si", "slow to import"),
        ("metrics/a.py", "try:\n    import sklearn\nexcept ImportError:\n    pass", "module level"),
        ("viz/a.py", "import matplotlib.pyplot as plt", "module level"),
        ("metrics/a.py", "def f():\n    import matplotlib", "viz or widgets only"),
        ("games/a.py", "import math", "does not know"),
    ],
)
def test_a_wrong_import_is_seen(tmp_path: Path, file: str, code: str, message: str) -> None:
    path = tmp_path / "gan_lessons" / file
    path.parent.mkdir(parents=True)
    path.write_text(code + "\n", encoding="utf-8")
    found = violations(tmp_path / "gan_lessons")
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("divergences/a.py", "from gan_lessons.distributions import Normal"),
        ("divergences/__init__.py", "from .conjugate import f\nfrom ..distributions import Normal"),
        ("objectives/a.py", "from .. import _validation\nfrom ..networks import MLP"),
        ("metrics/a.py", "import scipy\n\ndef f():\n    from scipy import stats"),
        ("viz/a.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import matplotlib"),
        ("widgets/a.py", "from ..viz import show\n\ndef f():\n    import ipywidgets"),
    ],
)
def test_a_right_import_is_left_alone(tmp_path: Path, file: str, code: str) -> None:
    path = tmp_path / "gan_lessons" / file
    path.parent.mkdir(parents=True)
    path.write_text(code + "\n", encoding="utf-8")
    assert violations(tmp_path / "gan_lessons") == []


IMPORT_ALL = """
import importlib, pkgutil, sys

def no_network(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise RuntimeError(f"the network was asked for on import: {event} {args}")

sys.addaudithook(no_network)
import numpy, scipy, torch, tqdm
before = set(sys.modules)
import gan_lessons
names = [m.name for m in pkgutil.walk_packages(gan_lessons.__path__, "gan_lessons.")]
for name in names:
    importlib.import_module(name)
watched = ("matplotlib", "PIL", "ipywidgets", "IPython", "sklearn", "scipy.stats",
           "scipy.integrate", "scipy.optimize")
loaded = [n for n in watched if n in sys.modules and n not in before]
if loaded:
    sys.exit(f"loaded by importing gan_lessons: {loaded}")
print("imported", *names)
"""


def test_importing_everything_loads_nothing_slow_and_asks_no_host() -> None:
    """In a fresh interpreter: what this test run has loaded already must not hide anything."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, textwrap.indent(done.stderr, "    ")
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert {f"gan_lessons.{name}" for name in folders} <= set(done.stdout.split())
