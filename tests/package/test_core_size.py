"""The part of ``training`` that is read in one sitting stays that small."""

import ast
from pathlib import Path

import gan_lessons.training

FOLDER = Path(gan_lessons.training.__file__).parent
CORE = ("steps", "state", "system", "loop", "config", "records", "sampling", "ema")


def code_lines(source: str) -> int:
    """Count the lines that are neither blank, nor a comment, nor part of a docstring."""
    documented: set[int] = set()
    with_docs = ast.Module | ast.ClassDef | ast.FunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, with_docs) and ast.get_docstring(node):
            text = node.body[0]
            documented.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in documented
        for number, line in enumerate(source.splitlines(), start=1)
    )


def test_lines_are_counted():
    source = '"""Doc\nstring."""\n\n# why\ndef f(x):\n    """Doc."""\n    return x  # because\n'
    assert code_lines(source) == 2


def test_the_core_is_read_in_one_sitting():
    counted = {name: code_lines((FOLDER / f"{name}.py").read_text("utf-8")) for name in CORE}
    assert sum(counted.values()) <= 650, counted


def test_the_tour_starts_with_the_core():
    tour = gan_lessons.training.__doc__ or ""
    places = [tour.index(f"``{name}``") for name in CORE]
    others = [path.stem for path in FOLDER.glob("[a-z]*.py") if path.stem not in CORE]
    assert max(places) < min(tour.index(f"``{name}``") for name in others if f"``{name}``" in tour)
