"""Rows of a CSV file that a person keeps, each with its place, so that a bad one is named by file and line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from daemon.errors import SettingsError

PROBLEMS_SHOWN: Final = 10
Value = TypeVar("Value")


class RowError(Exception):
    """What is wrong with one row: the rest of the sentence that begins with file and line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, and where it stands."""

    place: str
    cells: tuple[str, ...]
    columns: tuple[str, ...] = ()
    """The header of its file."""


def read_rows(path: Path, *headers: Sequence[str], what: str) -> Sequence[Row]:
    """Return the rows below the header; empty lines and lines that begin with # are left out.

    Raises SettingsError for a file that cannot be read or has none of the headers; an empty one is none.
    """
    rows = list(_lines(path, what))
    if not rows or rows[0].cells not in map(tuple, headers):
        place, found = (rows[0].place, ",".join(rows[0].cells)) if rows else (f"{path}:1", "nothing")
        allowed = " or ".join(",".join(header) for header in headers if header)
        raise SettingsError(f"{place} is {found}; allowed: the header {allowed}")
    return [replace(row, columns=rows[0].cells) for row in rows[1:]]


def read_each(rows: Sequence[Row], read: Callable[[Row], Value], path: Path) -> list[Value]:
    """Read every row; raises SettingsError with every problem, or the first ones of many."""
    values: list[Value] = []
    problems: list[str] = []
    for row in rows:
        try:
            values.append(read(row))
        except RowError as error:
            problems.append(f"{row.place} {error}")
    if problems:
        left = len(problems) - PROBLEMS_SHOWN
        more = [f"{path}: and {left} more rows like these"] if left > 0 else []
        raise SettingsError(*problems[:PROBLEMS_SHOWN], *more)
    return values


def check_width(cells: Sequence[str], columns: Sequence[str]) -> None:
    """Raise RowError for a row with more or fewer cells than its header."""
    if len(cells) != len(columns):
        raise RowError(f"has {len(cells)} cells; allowed: {len(columns)}, which are {','.join(columns)}")


def read_day(text: str, *, first_year: int, last_year: int) -> date:
    """Return a date as YYYY-MM-DD between two years; raises RowError."""
    allowed = f"a date such as 2026-01-28 from {first_year} to {last_year}"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RowError(f"has date={text!r}; allowed: {allowed}") from None
    if day.isoformat() != text or not first_year <= day.year <= last_year:
        raise RowError(f"has date={text!r}; allowed: {allowed}")
    return day


def _lines(path: Path, what: str) -> Iterator[Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{what} {path} cannot be read: {error.strerror}; name a CSV file") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{what} {path} is not UTF-8 text (byte {error.start}); save it as such") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            # Line by line, so that an open quote cannot swallow the lines below it.
            yield Row(f"{path}:{number}", tuple(next(csv.reader([line]))))
