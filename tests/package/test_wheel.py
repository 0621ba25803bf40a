"""The package as somebody else gets it: a wheel, installed without a clone and without extras.

What is real: pip builds the wheel and installs it, with ``--no-deps --target``, into an empty
folder, and a fresh interpreter (isolated, without site-packages, outside the checkout) imports it
from there. What is simulated: torch, numpy, scipy and tqdm are not downloaded a second time. They
come from this environment through an import hook that lets through them and what they require, as
their metadata say, and answers every other installed package with ModuleNotFoundError.
"""

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CORE = ("torch", "numpy", "scipy", "tqdm")

PREAMBLE = """
import importlib.abc, json, sys
target, site, allowed = sys.argv[1], sys.argv[2], set(json.loads(sys.argv[3]))
import pathlib
installed = {p.name.split(".")[0] for p in pathlib.Path(site).iterdir()}

class OnlyTheCore(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in installed and top not in allowed and top != "gan_lessons":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, OnlyTheCore())
sys.path += [target, site]
"""


def _pip(*arguments: str) -> None:
    """Run pip, and show what it said where it fails."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel; without hatchling in this environment pip fetches it as any installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    _pip("wheel", "--no-deps", *here, "--wheel-dir", str(folder), str(ROOT))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the installed wheel and nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    _pip("install", "--no-deps", "--no-index", "--target", str(folder), str(wheel))
    return folder


def _core_modules() -> list[str]:
    """Return the top-level modules of the core packages and of all they require."""
    seen: set[str] = set()
    waiting = [canonicalize_name(name) for name in CORE]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        seen.add(name)
        for requirement in map(Requirement, requires):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(canonicalize_name(requirement.name))
    owners = importlib.metadata.packages_distributions()
    return [m for m, names in owners.items() if seen & {canonicalize_name(n) for n in names}]


def _run(clean: Path, code: str, tmp_path: Path) -> str:
    """Run code where only the wheel and the core can be imported; return what it printed."""
    site = sysconfig.get_path("purelib")
    arguments = [str(clean), site, json.dumps(_core_modules())]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PREAMBLE + code, *arguments],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_package_and_the_recorded_runs(wheel: Path) -> None:
    names = {n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("gan_lessons/")}
    names = {n.removeprefix("gan_lessons/") for n in names}
    files = [
        path.relative_to(ROOT / "gan_lessons").as_posix()
        for path in (ROOT / "gan_lessons").rglob("*")
        if path.is_file() and not {"__pycache__", ".mypy_cache"} & set(path.parts)
    ]
    runs = [p.relative_to(ROOT / "book/runs") for p in (ROOT / "book/runs").rglob("*")]
    recorded = [f"recorded/{p.as_posix()}" for p in runs if (ROOT / "book/runs" / p).is_file()]
    assert set(files) | set(recorded) == names
    assert "py.typed" in names


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {re.sub(r"-.*[.]dist-info$", "", top) for top in tops} == {"gan_lessons"}


def test_the_wheel_asks_for_the_core_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith("dist-info/METADATA")]
        metadata = archive.read(name).decode()
    asked = re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", metadata, re.M)
    assert set(asked) <= {*CORE, "safetensors"}
    assert set(asked) >= set(CORE)


IMPORT_ALL = """
import importlib, pkgutil
import gan_lessons
assert gan_lessons.__file__.startswith(target), gan_lessons.__file__
for module in pkgutil.walk_packages(gan_lessons.__path__, "gan_lessons."):
    importlib.import_module(module.name)
    print(module.name)
"""


def test_every_module_imports_without_any_extra(clean: Path, tmp_path: Path) -> None:
    imported = set(_run(clean, IMPORT_ALL, tmp_path).split())
    folders = {path.parent.name for path in (ROOT / "gan_lessons").glob("*/__init__.py")}
    assert {f"gan_lessons.{name}" for name in folders} <= imported


def test_the_hook_hides_what_the_core_does_not_need(clean: Path, tmp_path: Path) -> None:
    code = """
for name in ("matplotlib", "ipywidgets", "IPython", "sklearn", "PIL", "jupyter_core", "pytest"):
    try:
        __import__(name)
    except ModuleNotFoundError:
        print(name)
"""
    assert len(_run(clean, code, tmp_path).split()) == 7


MISSING = {
    "data": "from gan_lessons.data import load\nload('digits')",
    "plots": "from gan_lessons.viz import new_figure\nnew_figure()",
    "widgets": """
from gan_lessons.widgets import Slider, explore
picture = explore(lambda settings: None, [Slider("n", "Samples", (1, 2))], "A title", "Move it.")
picture.live()""",
}


def test_a_missing_extra_is_named(clean: Path, tmp_path: Path) -> None:
    """In one interpreter, because each pays for torch anew."""
    code = f"""
for extra, lines in {MISSING!r}.items():
    try:
        exec(lines)
        print(extra, "nothing was missed")
    except ImportError as error:
        print(extra, str(error).replace(chr(10), " "))
"""
    said = dict(line.split(" ", 1) for line in _run(clean, code, tmp_path).splitlines())
    for extra in MISSING:
        assert f"gan-lessons[{extra}]" in said[extra], said


def test_recorded_results_are_found_without_a_clone(clean: Path, tmp_path: Path) -> None:
    code = """
from gan_lessons.experiments import load_recorded
for path in (pathlib.Path(target) / "gan_lessons" / "recorded").glob("*.json"):
    assert set(load_recorded(path.stem)) == {"config", "results", "machine"}
    print(path.stem)
"""
    names = {path.stem for path in (ROOT / "book/runs").glob("*.json")}
    assert set(_run(clean, code, tmp_path).split()) == names
