"""The same on a real chapter: one digit of chapter 2's first p-value changed, and nbval objects."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = ROOT / "book" / "02_two_sample_test.ipynb"


def _opening() -> nbformat.NotebookNode:
    """Return the chapter up to its first printed p-value."""
    notebook = nbformat.read(CHAPTER, as_version=4)
    printed = [
        any("p-value = 0.021" in out.get("text", "") for out in cell.get("outputs", []))
        for cell in notebook.cells
    ]
    notebook.cells = notebook.cells[: printed.index(True) + 1]
    return notebook


def _nbval(notebook: nbformat.NotebookNode, path: Path) -> subprocess.CompletedProcess[str]:
    """Run nbval on a copy with the options of make notebooks."""
    nbformat.write(notebook, path)
    options = ["--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "--rootdir", path.parent]
    options += ["--nbval-sanitize-with", ROOT / "tests" / "book" / "nbval_sanitize.cfg"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, options), str(path)],
        capture_output=True, text=True, check=False, cwd=path.parent,
    )  # fmt: skip


@pytest.mark.parametrize("untrue", [False, True])
def test_one_changed_digit_fails(untrue: bool, tmp_path: Path) -> None:
    notebook = _opening()
    if untrue:
        (output,) = notebook.cells[-1].outputs
        output.text = output.text.replace("p-value = 0.021", "p-value = 0.022")
    done = _nbval(notebook, tmp_path / "copy.ipynb")
    assert (done.returncode == 1) is untrue, done.stdout[-3000:]
    if untrue:
        assert "0.022" in done.stdout
        assert "1 failed" in done.stdout
