"""What can be seen of a notebook without running it; each rule is tried on a made-up one, too."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if re.match(r"\d", path.name)]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
HEAVIEST = 3_000_000
LONGEST_CELL = 25
UNSEEN = {"remove-cell", "remove-input", "hide-cell", "hide-input"}
COLLAPSED = {"hide-cell", "hide-input"}


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that hold code."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def _tags(cell: NotebookNode) -> set[str]:
    """Return a cell's tags."""
    return set(cell.metadata.get("tags", []))


def _asserts(cell: NotebookNode) -> bool:
    """Return whether a code cell asserts something."""
    lines = [line for line in cell.source.splitlines() if not re.match(r"\s*[%!]", line)]
    return any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse("\n".join(lines))))


def _name(notebook: NotebookNode, cell: NotebookNode) -> str:
    """Return a cell's place and first line, for messages."""
    return f"cell {notebook.cells.index(cell)} ({cell.source.splitlines()[0][:60]})"


def executed_in_order(notebook: NotebookNode) -> Iterator[str]:
    """Every code cell ran, from the first to the last."""
    for wanted, cell in enumerate(_code(notebook), start=1):
        if cell.execution_count != wanted:
            yield f"{_name(notebook, cell)}: run as [{cell.execution_count}], expected [{wanted}]"


def no_noise(notebook: NotebookNode) -> Iterator[str]:
    """No errors, nothing on standard error, no widget state, no clock times."""
    if "widgets" in notebook.metadata:
        yield "metadata.widgets is stored; run: make run"
    for cell in _code(notebook):
        if "execution" in cell.metadata:
            yield f"{_name(notebook, cell)}: execution times are stored"
        for output in cell.outputs:
            if output.output_type == "error" and "raises-exception" not in _tags(cell):
                yield f"{_name(notebook, cell)}: {output.ename}: {output.evalue[:80]}"
            if output.get("name") == "stderr":
                yield f"{_name(notebook, cell)}: wrote to standard error: {output.text[:80]}"
            if WIDGET_VIEW in output.get("data", {}):
                yield f"{_name(notebook, cell)}: a widget view is stored"


def figures_have_alt_text(notebook: NotebookNode) -> Iterator[str]:
    """A picture's description stands in its text/plain and in the cell's metadata."""
    for cell in _code(notebook):
        pictures = [
            output
            for output in cell.outputs
            if any(key.startswith("image/") for key in output.get("data", {}))
            and "text/html" not in output.data
        ]
        if len(pictures) > 1:
            yield f"{_name(notebook, cell)}: one picture a cell, for one description each"
        for output in pictures:
            description = " ".join(str(output.data.get("text/plain", "")).split())
            if len(description) < 15 or description.startswith(("<", "[<", "Text(")):
                yield f"{_name(notebook, cell)}: end with viz.show(figure, alt): {description!r}"
                continue
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            if " ".join(alt.split()) != description:
                yield f"{_name(notebook, cell)}: mystnb.image.alt is not the description; make run"


def training_is_followed_by_assertions(notebook: NotebookNode) -> Iterator[str]:
    """Where outputs are not compared, one of the next two code cells asserts what must hold."""
    cells = _code(notebook)
    for index, cell in enumerate(cells):
        if "nbval-skip" in _tags(cell):
            yield f"{_name(notebook, cell)}: nbval-skip is not run at all; nbval-ignore-output is"
        if "nbval-ignore-output" in _tags(cell) and not any(
            _asserts(after) for after in cells[index + 1 : index + 3]
        ):
            yield f"{_name(notebook, cell)}: not compared, and nothing is asserted after it"


def cells_are_short(notebook: NotebookNode) -> Iterator[str]:
    """A cell the reader sees fits on a screen."""
    for cell in _code(notebook):
        lines = len(cell.source.strip().splitlines())
        if lines > LONGEST_CELL and not _tags(cell) & UNSEEN:
            yield f"{_name(notebook, cell)}: {lines} lines; move code into the package or hide it"


def outputs_are_light(notebook: NotebookNode) -> Iterator[str]:
    """The page that is made of the outputs stays under 3 MB."""
    weights = {_name(notebook, c): len(json.dumps(c.outputs)) for c in _code(notebook)}
    if sum(weights.values()) > HEAVIEST:
        yield f"outputs weigh {sum(weights.values())} bytes; most: {max(weights, key=weights.get)}"


def _headings(notebook: NotebookNode) -> list[tuple[int, str]]:
    """Return the headings as (cell index, text)."""
    return [
        (index, match[1].strip())
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "markdown"
        for match in re.finditer(r"^#+\s+(.+)$", cell.source, re.M)
    ]


def has_the_parts_of_a_chapter(notebook: NotebookNode) -> Iterator[str]:
    """Exercises with three executed, collapsed solutions; where books go wrong; further reading."""
    prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    if not re.search(r"where books go wrong", prose, re.I):
        yield 'the box "Where books go wrong" is missing'
    headings = _headings(notebook)
    if not any(re.match(r"further reading", text, re.I) for _, text in headings):
        yield 'a heading "Further reading" is missing'
    starts = [index for index, text in headings if re.match(r"exercises?\b", text, re.I)]
    if not starts:
        yield 'a heading "Exercises" is missing'
        return
    solutions = collapsed_solutions(notebook.cells[starts[0] :])
    if solutions < 3:
        yield f"{solutions} collapsed and executed solutions after Exercises, at least 3 are wanted"


def collapsed_solutions(cells: list[NotebookNode]) -> int:
    """Count solutions: gated dropdowns that hold code that ran, and hidden code cells that ran."""
    count, inside, ran = 0, False, False
    for cell in cells:
        if cell.cell_type == "markdown":
            # one cell may end a solution and start the next: take the marks in their order
            for mark in re.findall(r"\{solution-start\}[^`]*|\{solution-end\}", cell.source):
                count += inside and ran and mark == "{solution-end}"
                inside = bool(re.search(r"start\}.*:class:[^\n]*dropdown", mark, re.S))
                ran = False
        elif cell.cell_type == "code" and cell.source.strip() and cell.execution_count:
            ran = True
            count += not inside and bool(_tags(cell) & COLLAPSED)
    return count


Rule = Callable[[NotebookNode], Iterator[str]]
ALWAYS: tuple[Rule, ...] = (
    executed_in_order,
    no_noise,
    figures_have_alt_text,
    training_is_followed_by_assertions,
    cells_are_short,
    outputs_are_light,
)


@pytest.mark.parametrize("rule", ALWAYS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: Path, rule: Rule) -> None:
    problems = list(rule(nbformat.read(path, as_version=4)))
    assert not problems, f"{path.name}:\n" + "\n".join(problems)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_has_its_parts(path: Path) -> None:
    test_notebook(path, has_the_parts_of_a_chapter)


def test_every_notebook_is_in_the_table_of_contents() -> None:
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    left_out = [path.name for path in NOTEBOOKS if f"book/{path.stem}" not in toc]
    assert not left_out


def _cell(
    source: str,
    *tags: str,
    outputs: list[NotebookNode] | None = None,
    alt: str | None = None,
    count: int | None = 1,
) -> NotebookNode:
    """Return a code cell."""
    metadata = {"tags": list(tags), "mystnb": {"image": {"alt": alt or ""}}}
    return nbformat.v4.new_code_cell(
        source, metadata=metadata, outputs=outputs or [], execution_count=count
    )


def _picture(plain: str) -> NotebookNode:
    """Return the output of a figure."""
    return nbformat.v4.new_output("display_data", data={"image/png": "AA", "text/plain": plain})


STDERR = nbformat.v4.new_output("stream", name="stderr", text="a warning")
VIEW = nbformat.v4.new_output("display_data", data={WIDGET_VIEW: {}, "text/plain": "x"})
ERROR = nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
HEAVY = nbformat.v4.new_output("stream", text="x" * (HEAVIEST + 1))
SENTENCE = "Two curves cross at zero."


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        (executed_in_order, [_cell("1", count=None)]),
        (executed_in_order, [_cell("1", count=2), _cell("1", count=1)]),
        (no_noise, [_cell("1", outputs=[STDERR])]),
        (no_noise, [_cell("1", outputs=[VIEW])]),
        (no_noise, [_cell("1", outputs=[ERROR])]),
        (figures_have_alt_text, [_cell("f", outputs=[_picture("<Figure size 640x480>")])]),
        (figures_have_alt_text, [_cell("f", outputs=[_picture(SENTENCE)])]),
        (figures_have_alt_text, [_cell("f", outputs=[_picture(SENTENCE)], alt="Another.")]),
        (training_is_followed_by_assertions, [_cell("t", "nbval-ignore-output"), _cell("a == b")]),
        (training_is_followed_by_assertions, [_cell("t", "nbval-skip")]),
        (cells_are_short, [_cell("x = 1\n" * 26)]),
        (outputs_are_light, [_cell("x", outputs=[HEAVY])]),
    ],
)
def test_a_fault_is_seen(rule: Rule, cells: list[NotebookNode]) -> None:
    assert list(rule(nbformat.v4.new_notebook(cells=cells)))


def test_a_sound_notebook_passes() -> None:
    cells = [
        _cell("f", outputs=[_picture(SENTENCE)], alt=SENTENCE),
        _cell("x = 1\n" * 26, "remove-cell", count=2),
        _cell("train()", "nbval-ignore-output", count=3),
        _cell("assert loss < 1", count=4),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert [problem for rule in ALWAYS for problem in rule(notebook)] == []


def test_solutions_are_counted() -> None:
    start = nbformat.v4.new_markdown_cell("```{solution-start} one\n:class: dropdown\n```")
    end = nbformat.v4.new_markdown_cell("```{solution-end}\n```")
    cells = [start, _cell("1"), _cell("2"), end, _cell("3", "hide-cell"), start, end, _cell("4")]
    assert collapsed_solutions(cells) == 2
    both = nbformat.v4.new_markdown_cell(f"{end.source}\n\nText.\n\n{start.source}")
    assert collapsed_solutions([start, _cell("1"), both, _cell("2"), end]) == 2
    assert collapsed_solutions([start, _cell("1"), both, end]) == 1
