"""A test cannot be empty: ruff with our rules, and one look at every test by ``ast``."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]


def _ruff(source: str, name: str) -> set[str]:
    """Return the codes ruff gives for ``source`` if it stood in the file ``name`` of this tree."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=json",
         f"--stdin-filename={name}", "-"],
        input=source, capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {finding["code"] for finding in json.loads(done.stdout)}


def _notebook(code: str) -> str:
    """Return a notebook of one code cell as text."""
    cell = nbformat.v4.new_code_cell(code)
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


def test_ruff_rejects_a_comparison_that_asserts_nothing() -> None:
    test = "def test_sum() -> None:\n    1 + 1 == 2\n    assert True\n"
    assert "B015" in _ruff(test, "tests/two_sample/test_probe.py")
    assert _ruff(test.replace("1 + 1 ==", "assert 1 + 1 =="), "tests/test_probe.py") == set()


def test_ruff_rejects_an_expression_that_asserts_nothing() -> None:
    assert "B018" in _ruff("def test_sum() -> None:\n    [1, 2]\n", "tests/test_probe.py")


def test_ruff_rejects_a_comparison_in_a_notebook_cell() -> None:
    cell = "p_value = 0.5\np_value > 0.05\nprint(p_value)"
    assert "B015" in _ruff(_notebook(cell), "book/probe.ipynb")
    repaired = cell.replace("p_value > 0.05", "assert p_value > 0.05")
    assert _ruff(_notebook(repaired), "book/probe.ipynb") == set()


def test_ruff_looks_at_the_notebooks_of_the_book() -> None:
    notebooks = {path.name for path in (ROOT / "book").glob("*.ipynb")}
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "--show-files", "."],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert notebooks <= {Path(line).name for line in done.stdout.splitlines()}


def _checks_something(function: ast.FunctionDef, helpers: set[str]) -> bool:
    """Return whether a function asserts, expects an error, or calls what does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last = name.split(".")[-1]
            if name in ("pytest.raises", "pytest.warns", "pytest.fail") or last in helpers:
                return True
            if last.lstrip("_").startswith(("assert", "expect", "check_")):
                return True
    return False


def empty_tests(source: str) -> list[str]:
    """Return the names of tests that can only fail by accident."""
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]
    helpers = {f.name for f in functions if _checks_something(f, set())}
    return [
        f.name
        for f in functions
        if f.name.startswith("test_") and not _checks_something(f, helpers)
    ]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda p: f"{p.parent.name}/{p.name}"
)
def test_no_test_is_empty(path: Path) -> None:
    found = empty_tests(path.read_text(encoding="utf-8"))
    assert not found, f"{path.name}: no assertion in {found}"


def test_an_empty_test_is_seen() -> None:
    source = (
        "def helper(x):\n    assert x\n\ndef test_a():\n    helper(1)\n\ndef test_b():\n    f(1)\n"
    )
    assert empty_tests(source) == ["test_b"]
