"""Every public name explains itself, and every file can be read in one sitting."""

import dataclasses
import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "gan_lessons"
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


def _public() -> Iterator[tuple[str, object]]:
    """Yield "folder.name" and the object for every function and class in an ``__all__``."""
    for folder in FOLDERS:
        module = importlib.import_module(f"gan_lessons.{folder}")
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield f"{folder}.{name}", thing


PUBLIC = dict(_public())


def _documented_parameters(doc: str) -> set[str]:
    """Return the names listed in the sections Parameters and Attributes of a NumPy docstring."""
    names: set[str] = set()
    sections = re.split(r"^(\w[\w ]*)\n-{3,}\n", doc, flags=re.M)
    for title, body in zip(sections[1::2], sections[2::2], strict=True):
        if title in ("Parameters", "Attributes", "Other Parameters"):
            for line in body.splitlines():
                if line and not line[0].isspace():
                    head = line.split(" : ")[0].split(":")[0]
                    names |= {part.strip().lstrip("*") for part in head.split(",")}
    return names


def problems_of(thing: object) -> list[str]:
    """Return what a docstring lacks: a summary sentence, or a parameter."""
    own = thing.__dict__.get("__doc__") if inspect.isclass(thing) else thing.__doc__
    doc = inspect.cleandoc(own or "")
    generated = dataclasses.is_dataclass(thing) and doc.startswith(f"{thing.__name__}(")
    # A protocol is not called, and an exception or an Enum inherits how it is called.
    called = not getattr(thing, "_is_protocol", False) and not (
        inspect.isclass(thing) and issubclass(thing, BaseException | enum.Enum)
    )
    if not doc or generated:
        return ["has no docstring"]
    problems = []
    summary = doc.split("\n\n")[0]
    if not re.search(r"[.!?:]$", summary.rstrip()):
        problems.append(f"begins with no sentence: {summary.splitlines()[0]!r}")
    listed = _documented_parameters(doc)
    # A result's fields may be told in prose (or all of them in a section); settings may not.
    result = dataclasses.is_dataclass(thing) or hasattr(thing, "_fields")
    if not called or (result and not listed and not thing.__name__.endswith("Config")):
        return problems
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:
        return problems
    wanted = [p.name for p in parameters if p.name not in ("self", "cls")]
    missing = [name for name in wanted if name not in listed]
    if missing:
        problems.append(f"leaves these out of its Parameters: {', '.join(missing)}")
    return problems


@pytest.mark.parametrize("name", PUBLIC)
def test_public_docstrings_are_complete(name: str) -> None:
    problems = problems_of(PUBLIC[name])
    assert not problems, "\n".join(f"gan_lessons.{name} {problem}" for problem in problems)


def test_a_docstring_that_lacks_something_is_seen() -> None:
    def empty(x: int) -> int:
        return x

    def unfinished(x: int) -> int:
        """Return x"""
        return x

    def complete(x: int, y: int, *rest: int) -> int:
        """Return x.

        Parameters
        ----------
        x, y : int
            Two numbers.
        *rest : int
            More.

        Returns
        -------
        int
            The first.
        """
        return x

    @dataclasses.dataclass
    class Bare:
        x: int

    @dataclasses.dataclass
    class RunConfig:
        """Settings of a run."""

        steps: int

    assert problems_of(empty) == ["has no docstring"]
    assert len(problems_of(unfinished)) == 2
    assert problems_of(complete) == []
    assert problems_of(Bare) == ["has no docstring"]
    assert problems_of(RunConfig) == ["leaves these out of its Parameters: steps"]


def test_every_folder_is_introduced() -> None:
    for folder in FOLDERS:
        doc = importlib.import_module(f"gan_lessons.{folder}").__doc__
        assert doc, f"gan_lessons/{folder}/__init__.py needs a docstring: what is this folder?"
        assert doc.strip().splitlines()[0].endswith((".", ":", "?")), folder


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_a_file_has_at_most_250_lines(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert 1 <= lines <= 250, f"{path.name} has {lines} lines; a file is one idea, split it"
