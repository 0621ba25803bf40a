"""nbval in earnest: copies of a notebook with something made untrue must fail, the true one pass.

Every copy is run by one nbval with the options of `make notebooks`.
"""

import copy
import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = (
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=60",
    f"--nbval-sanitize-with={ROOT / 'tests' / 'book' / 'nbval_sanitize.cfg'}",
)

PRINTED = "print(f'p-value {0.0371:.3f} after {200 + 300} permutations')"
PLAYER = """
from IPython.display import display
caption = f"Bandwidth {1.25:.2f}: MMD {0.1772:.4f}"
picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg"
display({"text/html": f"<figure><img src='{picture}'><figcaption>{caption}</figcaption></figure>",
         "text/plain": caption}, raw=True)
"""
DESCRIBED = """
display({"image/png": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
         "awAAAABJRU5ErkJggg==", "text/plain": "Two curves that cross at 0.35."}, raw=True)
"""
OBJECT = "object()"
TRAINED = "import time\nloss = 0.5\nprint('finished at', time.time())\nassert loss < 1"
CHECKED = "assert loss < 1"


def _edit(cell: int, old: str, new: str) -> Callable[[NotebookNode], None]:
    """Return an edit of the stored output of one cell."""

    def edit(notebook: NotebookNode) -> None:
        text = json.dumps(notebook.cells[cell].outputs)
        assert old in text, f"{old!r} is not in the stored output"
        notebook.cells[cell].outputs = nbformat.from_dict(json.loads(text.replace(old, new)))

    return edit


def _resource(cell: int, old: str, new: str) -> Callable[[NotebookNode], None]:
    """Return an edit of the source of one cell: the code changed, its stored output did not."""

    def edit(notebook: NotebookNode) -> None:
        assert old in notebook.cells[cell].source
        notebook.cells[cell].source = notebook.cells[cell].source.replace(old, new)

    return edit


# name -> (edit, whether nbval must object)
CASES: dict[str, tuple[Callable[[NotebookNode], None], bool]] = {
    "untouched": (lambda notebook: None, False),
    "printed_number": (_edit(0, "0.037", "0.038"), True),
    "printed_count": (_edit(0, "500", "501"), True),
    "player_caption": (_edit(1, "MMD 0.1772", "MMD 0.1773"), True),
    "player_picture": (_edit(1, "NSUhEUg", "NSUhEUh"), False),
    "figure_description": (_edit(2, "0.35", "0.36"), True),
    "address": (_edit(3, " at 0x", " at 0xabc"), False),
    "training_output": (_edit(4, "finished", "completed"), False),
    "training_assertion": (_resource(4, "loss < 1", "loss < 0.1"), True),
    "check_after_training": (_resource(5, "loss < 1", "loss < 0.1"), True),
    "code_changed": (_resource(0, "200", "201"), True),
    "output_missing": (lambda notebook: notebook.cells[0].outputs.clear(), True),
}


@pytest.fixture(scope="module")
def objections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return for every case the cells to which nbval objects."""
    folder = tmp_path_factory.mktemp("nbval")
    sources = (PRINTED, PLAYER, DESCRIBED, OBJECT, TRAINED, CHECKED)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources]
    )
    notebook.cells[4].metadata.tags = ["nbval-ignore-output"]
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    for name, (edit, _) in CASES.items():
        changed = copy.deepcopy(notebook)
        edit(changed)
        nbformat.write(changed, folder / f"{name}.ipynb")
    report = folder / "report.xml"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), f"--rootdir={folder}",
         "-p", "no:cacheprovider", f"--junit-xml={report}", *OPTIONS, str(folder)],
        capture_output=True, text=True, cwd=folder, check=False,
    )  # fmt: skip
    assert report.is_file(), done.stdout + done.stderr
    found: dict[str, list[str]] = {name: [] for name in CASES}
    ran = 0
    for case in ElementTree.parse(report).iter("testcase"):
        ran += 1
        if case.find("failure") is not None or case.find("error") is not None:
            where = f"{case.get('classname')} {case.get('name')}"
            owner = [name for name in CASES if f"{name}.ipynb" in where or f"{name} " in where]
            assert len(owner) == 1, where
            found[owner[0]].append(where)
    assert ran == len(CASES) * len(sources), done.stdout
    return found


@pytest.mark.parametrize("name", CASES)
def test_nbval_objects_to_what_is_untrue_and_only_to_that(
    objections: dict[str, list[str]], name: str
) -> None:
    assert bool(objections[name]) is CASES[name][1], objections[name]


def test_the_makefile_runs_nbval_with_the_same_options() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--nbval-lax" not in makefile
    for option in ("--nbval ", "--nbval-current-env", "nbval-sanitize-with=tests/book/nbval_sani"):
        assert option in makefile
