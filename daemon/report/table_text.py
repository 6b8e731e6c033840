"""A table for a terminal."""

from __future__ import annotations

import textwrap
from itertools import zip_longest
from typing import Final

from daemon.report.cells import Cell, Table
from daemon.report.words import columns

WIDTH: Final = 110
WRAPPED: Final = 56
"""Width of a column whose text may wrap."""


def table_text(table: Table) -> list[str]:
    """Write a table with its title and its note; one without rows as its sentence."""
    title = f"{table.title.upper()} ({table.count})" if table.count else table.title.upper()
    if not table.rows:
        return [title, *wrapped(table.empty)]
    aligns = "".join(">" if align == ">" else "<" for align in table.aligns)
    rows = [table.headings, *(line for row in table.rows for line in _lines(row, table.aligns))]
    return [title, *columns(rows, aligns), *wrapped(table.note)]


def wrapped(text: str) -> list[str]:
    """Break a text into lines of a terminal; nothing for an empty one."""
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ")


def _lines(row: tuple[Cell, ...], aligns: str) -> list[tuple[str, ...]]:
    """Return the lines of a row: as many as its longest cell has."""
    cells = [_cell(cell, align) for cell, align in zip(row, aligns, strict=True)]
    return [*zip_longest(*cells, fillvalue="")]


def _cell(cell: Cell, align: str) -> list[str]:
    if align != "w":
        return (f"{cell.text} ({cell.under})" if cell.under else cell.text).split("\n")
    return [line for text in (cell.text, cell.under) if text for line in textwrap.wrap(text, WRAPPED)] or [""]
