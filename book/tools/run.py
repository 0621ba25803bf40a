"""Execute the notebooks on this machine's device and store their outputs without noise.

    python book/tools/run.py                     every notebook of book/
    python book/tools/run.py 02_two_sample_test  one of them

What only makes noise in a diff is not stored: execution times, widget views and their state,
standard error, random cell ids. Each figure's description (its text/plain, which
``gan_lessons.viz.show`` requires) is written into the cell's metadata, where the page takes its
alt text from.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

BOOK = Path(__file__).resolve().parents[1]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
STATIC_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def plain_text(data: NotebookNode) -> str:
    """Return the text/plain of an output as one line."""
    return " ".join("".join(data.get("text/plain", "")).split())


def strip_noise(notebook: NotebookNode) -> None:
    """Remove what differs from run to run, and hand figures' descriptions to the page."""
    notebook.metadata = nbformat.from_dict(STATIC_METADATA)
    count = 0
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index:03d}"
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            data = output.get("data", {})
            data.pop(WIDGET_VIEW, None)
            if "image/png" in data and "text/html" not in data:
                cell.metadata.setdefault("mystnb", {})["image"] = {"alt": plain_text(data)}


def execute(path: Path, timeout: int) -> float:
    """Execute one notebook in place; return the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    started = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources={"metadata": {"path": str(BOOK)}},
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    client.execute()
    seconds = time.perf_counter() - started
    noisy = [
        f"cell {i}: {out.text.strip()[:200]}"
        for i, cell in enumerate(notebook.cells)
        for out in cell.get("outputs", [])
        if out.get("name") == "stderr" and not re.fullmatch(r"\s*", out.text)
    ]
    if noisy:
        raise RuntimeError("a cell wrote to standard error (mend it):\n" + "\n".join(noisy))
    strip_noise(notebook)
    nbformat.validate(notebook)
    part = path.with_suffix(".ipynb.part")  # whole or not at all
    nbformat.write(notebook, part)
    os.replace(part, path)
    return seconds


def main() -> int:
    """Execute the named notebooks, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="notebooks of book/, with or without .ipynb")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds a cell may take")
    arguments = parser.parse_args()
    paths = [BOOK / f"{Path(name).stem}.ipynb" for name in arguments.names]
    for path in paths or sorted(BOOK.glob("*.ipynb")):
        if not path.is_file():
            parser.error(f"no notebook {path.name} in book/")
        print(f"{path.name}: ", end="", flush=True)
        print(f"{execute(path, arguments.timeout):.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
