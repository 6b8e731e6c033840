"""Reading CSV files so that a bad cell is named with file, line, column, value and what was expected."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path

from daemon.errors import HistoryError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file; the accessors raise HistoryError that names the cell."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def error(self, column: str, expected: str) -> HistoryError:
        """Build the error of one cell."""
        value = self.cells.get(column) or ""
        shown = repr(value) if value else "empty"
        return HistoryError(f"{self.path}:{self.line}: column {column} is {shown}; expected {expected}.")

    def day(self, column: str) -> date:
        """Return a date."""
        try:
            return date.fromisoformat(self.cells[column])
        except ValueError:
            raise self.error(column, "a date such as 2020-03-16") from None

    def price(self, column: str) -> float:
        """Return a number above zero."""
        found = self.maybe_price(column)
        if found is None:
            raise self.error(column, "a number above zero")
        return found

    def maybe_price(self, column: str) -> float | None:
        """Return a number above zero, or None for an empty cell."""
        return self._number(column, lambda value: value > 0, "a number above zero, or nothing")

    def maybe_rate(self, column: str) -> float | None:
        """Return a rate in per cent, or None for an empty cell."""
        return self._number(column, lambda value: -5 < value < 50, "a rate in per cent between -5 and 50, or nothing")

    def maybe_count(self, column: str) -> int | None:
        """Return a whole number from zero, or None for an empty cell."""
        expected = "a whole number from zero, or nothing"
        found = self._number(column, lambda value: value >= 0 and value == int(value), expected)
        return None if found is None else int(found)

    def _number(self, column: str, allowed: Callable[[float], bool], expected: str) -> float | None:
        text = self.cells[column]
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            raise self.error(column, expected) from None
        if not isfinite(value) or not allowed(value):
            raise self.error(column, expected)
        return value


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV file that must have the given columns, dates in ``columns[0]`` ascending."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            _check_header(path, header, columns)
            yield from _ascending(path, header, reader, columns[0])
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}. Name a folder that holds it.") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"{path} is not text in UTF-8 (byte {error.start}): expected a CSV file.") from error


def _check_header(path: Path, header: list[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in header]
    if missing:
        found = ", ".join(header) or "nothing"
        raise HistoryError(f"{path}:1: no column {', '.join(missing)} in the header; found {found}.")


def _ascending(path: Path, header: list[str], reader: Iterator[list[str]], key: str) -> Iterator[Row]:
    place = header.index(key)
    last = ""
    for line, cells in enumerate(reader, start=2):
        if len(cells) != len(header):
            raise HistoryError(f"{path}:{line}: {len(cells)} cells; expected {len(header)} as in the header.")
        row = Row(path, line, dict(zip(header, cells, strict=True)))
        if cells[place] <= last:
            raise row.error(key, f"a date after {last}, that of the line before")
        last = cells[place]
        yield row
