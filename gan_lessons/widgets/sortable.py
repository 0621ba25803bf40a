"""A table that a reader sorts: plain HTML with one small script, no network, no kernel."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from gan_lessons.widgets.player import read_asset

Tone = Literal["", "good", "bad"]


class Cell(NamedTuple):
    """One cell of a table.

    Parameters
    ----------
    text
        What is read.
    key
        What it is sorted by, a number in a column of numbers; None sorts by the text.
    tone
        Whether it is good or bad news; the text must say so too.
    """

    text: str
    key: float | str | None = None
    tone: Tone = ""


@dataclass(frozen=True)
class SortableTable:
    """A table that Jupyter and the static page show; made by ``sortable_table``.

    Parameters
    ----------
    caption
        What the table is.
    columns
        Headings.
    rows
        The cells of each row; the first one names the row.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column is sorted as numbers."""
        return tuple(
            all(isinstance(row[i].key, int | float) for row in self.rows)
            for i in range(len(self.columns))
        )

    def __str__(self) -> str:
        """The table as text, for a terminal and for paper."""
        lines = [self.columns, *(tuple(cell.text for cell in row) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(line, widths, self.numeric, strict=True)
            ).rstrip()
            for line in lines
        )

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Return what Jupyter stores."""
        return {"text/html": self.html, "text/plain": str(self)}

    @property
    def html(self) -> str:
        """The table as one block of HTML.

        ``div[data-sortable]`` holds an ordinary table. Its script makes a button of each heading,
        which sorts by that column, first upwards; ``aria-sort`` says how, and a live region tells
        it. Without JavaScript the table stands as it is.
        """
        identity = "gan-table-" + hashlib.sha256(self.caption.encode()).hexdigest()[:10]
        numeric = self.numeric
        heads = "".join(
            f'<th scope="col" data-kind="{_kind(number)}">{html.escape(text)}</th>'
            for text, number in zip(self.columns, numeric, strict=True)
        )
        body = "\n".join(
            "<tr>" + "".join(_cell(c, i, numeric[i]) for i, c in enumerate(row)) + "</tr>"
            for row in self.rows
        )
        return "\n".join(
            [
                f'<div class="gan-table" data-sortable id="{identity}">',
                f"<style>\n{read_asset('sortable.css')}\n</style>",
                "<p data-hint hidden>Choose a heading to sort by it, "
                "and once more to turn the order round.</p>",
                f'<div class="gan-table-scroll" tabindex="0" role="region" '
                f'aria-labelledby="{identity}-caption">',
                '<table class="gan-table-grid">',
                f'<caption id="{identity}-caption">{html.escape(self.caption)}</caption>',
                f"<thead><tr>{heads}</tr></thead>",
                f"<tbody>\n{body}\n</tbody>",
                "</table></div>",
                '<p class="gan-table-status" data-status aria-live="polite"></p>',
                f"<script>\n{read_asset('sortable.js')}\n</script>",
                "</div>",
            ]
        )


def sortable_table(
    caption: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]
) -> SortableTable:
    """Make a table that is sorted by its headings, by mouse and by keyboard.

    Parameters
    ----------
    caption
        What the table is.
    columns
        Headings, all different.
    rows
        Cells, one for each heading. A column whose keys are all numbers is sorted as numbers.

    Returns
    -------
    SortableTable

    Raises
    ------
    ValueError
        If headings are missing or equal, there are no rows, or a row has another length.
    """
    heads, table = tuple(columns), tuple(tuple(row) for row in rows)
    if not caption.strip():
        raise ValueError(f"caption must say what the table is, got {caption!r}.")
    if not heads or len(set(heads)) != len(heads):
        raise ValueError(f"columns must be one or more different headings, got {heads}.")
    if not table:
        raise ValueError("rows must be one or more, got none.")
    wrong = [i for i, row in enumerate(table) if len(row) != len(heads)]
    if wrong:
        raise ValueError(
            f"rows must have {len(heads)} cells each, got {len(table[wrong[0]])} in row {wrong[0]}."
        )
    return SortableTable(caption.strip(), heads, table)


def _kind(number: bool) -> str:
    """Return what the script is told of a column."""
    return "number" if number else "text"


def _cell(cell: Cell, column: int, number: bool) -> str:
    """Return one cell; the first of a row is its heading."""
    key = "" if cell.key is None else f' data-key="{html.escape(f"{cell.key}")}"'
    tone = f' data-tone="{cell.tone}"' if cell.tone else ""
    name = 'th scope="row"' if column == 0 else "td"
    text = html.escape(cell.text)
    return f'<{name} data-kind="{_kind(number)}"{key}{tone}>{text}</{name.split()[0]}>'
