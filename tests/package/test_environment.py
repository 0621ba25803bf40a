"""One truth about versions: pyproject.toml, constraints.txt, environment.yml and CITATION.cff."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("linux", "darwin", "win32")


def _project() -> dict[str, Any]:
    """Return the [project] table."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def direct_requirements() -> list[Requirement]:
    """Return every dependency pyproject names, extras included, itself left out."""
    project = _project()
    texts = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    found = [Requirement(text) for text in texts]
    return [r for r in found if canonicalize_name(r.name) != canonicalize_name(project["name"])]


def pins() -> list[Requirement]:
    """Return the lines of constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.split(" #")[0].strip() for line in lines if not line.startswith("#")]
    return [Requirement(text) for text in texts if text]


def pins_on(python: str, platform: str) -> dict[str, str]:
    """Return name -> version as pip reads it there; a name pinned twice is an error."""
    environment = {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    versions: dict[str, str] = {}
    for pin in pins():
        if pin.marker is None or pin.marker.evaluate(environment):
            name = canonicalize_name(pin.name)
            assert name not in versions, f"{name} is pinned twice for Python {python}, {platform}"
            versions[name] = str(pin.specifier).removeprefix("==")
    return versions


def test_every_pin_is_one_exact_version() -> None:
    loose = [str(pin) for pin in pins() if not re.fullmatch(r"==[^*,]+", str(pin.specifier))]
    assert not loose, f"constraints.txt pins exactly, name==version; not so: {loose}"


def test_constraints_name_no_host_and_no_file() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in text, "constraints.txt must not name a registry's host"
    options = [line for line in text.splitlines() if line.startswith("-")]
    assert not options, f"constraints.txt has pins only, not options: {options}"
    assert all(pin.url is None for pin in pins())


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_direct_dependency_is_pinned_within_its_range(python: str, platform: str) -> None:
    versions = pins_on(python, platform)
    problems = []
    for requirement in direct_requirements():
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            problems.append(f"{requirement} is not pinned; run: make constraints")
        elif not requirement.specifier.contains(version, prereleases=True):
            problems.append(f"{requirement} does not allow the pinned {version}")
    assert not problems, "\n".join(problems)


def test_pyproject_has_ranges_with_a_lowest_version() -> None:
    for requirement in direct_requirements():
        operators = {part.operator for part in requirement.specifier}
        assert operators & {">=", "=="}, f"{requirement}: name the lowest version that is tested"


def test_the_core_needs_only_small_things_beside_torch() -> None:
    names = {Requirement(text).name for text in _project()["dependencies"]}
    assert names <= {"torch", "numpy", "scipy", "tqdm", "safetensors"}


def test_test_and_book_extras_hold_the_smaller_ones() -> None:
    extras = _project()["optional-dependencies"]
    inner = {name: set(_closure(name, extras)) for name in extras}
    assert {"data", "plots", "widgets"} <= inner["book"]
    assert "book" in inner["test"]


def _closure(name: str, extras: dict[str, list[str]]) -> set[str]:
    """Return the extras that an extra brings with it."""
    found: set[str] = set()
    for requirement in map(Requirement, extras[name]):
        if canonicalize_name(requirement.name) == "gan-lessons":
            for extra in requirement.extras:
                found |= {extra} | _closure(extra, extras)
    return found


def test_python_versions_agree() -> None:
    wanted = SpecifierSet(_project()["requires-python"])
    listed = [
        line.rsplit(" ", 1)[1]
        for line in _project()["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    ]
    assert listed == list(PYTHONS)
    inside = [f"3.{minor}" for minor in range(8, 20) if wanted.contains(f"3.{minor}.0")]
    assert inside == list(PYTHONS), "requires-python and the classifiers disagree"
    conda = [r for r in _conda() if isinstance(r, str) and r.split()[0] == "python"]
    assert len(conda) == 1
    assert SpecifierSet(conda[0].removeprefix("python")) == wanted


def _conda() -> list[Any]:
    """Return the dependencies of environment.yml."""
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]


def test_conda_gives_python_and_pip_the_rest_with_the_same_pins() -> None:
    names = [item.split()[0] for item in _conda() if isinstance(item, str)]
    assert set(names) <= {"python", "pip", "make", "git"}, (
        "packages come from the pip section, so that constraints.txt is the one list of versions"
    )
    (section,) = [item["pip"] for item in _conda() if isinstance(item, dict)]
    assert section == ["-c constraints.txt", "-e .[test]"]


def test_versions_and_licence_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    init = (ROOT / "gan_lessons" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', init, re.M)
    assert found is not None
    assert found[1] == _project()["version"] == str(citation["version"])
    assert citation["license"] == _project()["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in _project()["authors"]
    ]
    assert {"cff-version", "message", "title", "type"} <= set(citation)
