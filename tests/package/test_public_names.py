"""Public names and signatures are promises; this holds them against ``public_names.txt``.

After a change that was decided, write the list anew and commit it with the change:

    python tests/package/test_public_names.py --update
"""

import difflib
import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "gan_lessons"
LIST = Path(__file__).with_name("public_names.txt")
UPDATE = "python tests/package/test_public_names.py --update"
ADVICE = f"""
Public names or signatures changed (- promised, + found). Course material relies on them.
- A new name, or a new argument with a default at the end: a minor version.
- A removed or renamed name, or a changed argument: keep the old one for one minor version, where
  it gives a DeprecationWarning that says what to use instead; remove it in the next.
If the change is a decision, write the list anew and commit it with the change:
    {UPDATE}
"""


def folders() -> list[str]:
    """Return the public subpackages, in alphabetical order."""
    return sorted(
        path.parent.name
        for path in PACKAGE.glob("*/__init__.py")
        if not path.parent.name.startswith("_")
    )


def _signature(thing: object) -> str:
    """Return a signature as one line without addresses, "" where there is none to be had."""
    if not callable(thing):
        return f": {type(thing).__name__}"
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return "(...)"
    parameters = [
        p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()
    ]
    bare = signature.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", str(bare))


def _methods(owner: type) -> list[str]:
    """Return the public methods and properties a class defines itself, with signatures."""
    lines = []
    for name, member in sorted(vars(owner).items()):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            lines.append(name)
        elif isinstance(member, staticmethod | classmethod) or inspect.isfunction(member):
            lines.append(name + _signature(getattr(owner, name)))
    return lines


def public_names() -> list[str]:
    """Return ``subpackage.name(signature)`` for every name in every ``__all__``, sorted."""
    lines: list[str] = []
    for folder in folders():
        module = importlib.import_module(f"gan_lessons.{folder}")
        for name in sorted(module.__all__):
            thing = getattr(module, name)
            lines.append(f"{folder}.{name}{_signature(thing)}")
            if inspect.isclass(thing):
                lines += [f"{folder}.{name}.{method}" for method in _methods(thing)]
            elif isinstance(thing, dict) and all(isinstance(key, str) for key in thing):
                lines += [f"{folder}.{name}[{key!r}]" for key in sorted(thing)]
    return lines


def test_public_names_are_as_promised() -> None:
    assert LIST.exists(), f"{LIST.name} is missing; write it: {UPDATE}"
    promised, found = LIST.read_text(encoding="utf-8").splitlines(), public_names()
    changes = [
        line
        for line in difflib.unified_diff(promised, found, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    assert not changes, "\n".join(changes) + "\n" + ADVICE


@pytest.mark.parametrize("folder", folders())
def test_every_folder_says_what_is_public(folder: str) -> None:
    module = importlib.import_module(f"gan_lessons.{folder}")
    names = getattr(module, "__all__", None)
    assert names, f"gan_lessons/{folder}/__init__.py needs __all__ with its public names"
    assert len(names) == len(set(names)), f"gan_lessons.{folder}.__all__ names something twice"
    missing = [name for name in names if not hasattr(module, name)]
    assert not missing, f"gan_lessons.{folder}.__all__ names what is not there: {missing}"


def test_a_changed_signature_changes_its_line() -> None:
    def old(x: int, rng: object = None) -> int:
        return x

    def new(x: int, *, rng: object = None) -> int:
        return x

    assert _signature(old) == "(x, rng=None)"
    assert _signature(new) == "(x, *, rng=None)"
    marker = object()
    assert " at 0x" not in _signature(lambda x=marker: x)


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit(f"usage: {UPDATE}")
    LIST.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
    print(f"{LIST.name}: {len(public_names())} names")
