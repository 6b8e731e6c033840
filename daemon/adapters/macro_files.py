"""Reading the folder of macro figures (``CONDORD_MACRO_DIR``); ``docs/signals.md`` says what each file holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Final

from daemon.adapters.csv_rows import Row, RowError, check_width, read_day, read_each, read_rows
from daemon.core.calendar.sessions import LAST_YEAR
from daemon.core.market.macro import MacroData, MacroKind, MacroSeries
from daemon.errors import SettingsError

_FIRST_YEAR: Final = 1900


@dataclass(frozen=True, slots=True)
class _Form:
    """The columns behind the date, and the range of each."""

    columns: tuple[str, ...]
    low: float
    high: float

    @property
    def header(self) -> tuple[str, ...]:
        return ("date", *self.columns)


FORMS: Final[Mapping[MacroKind, _Form]] = MappingProxyType(
    {
        MacroKind.REER: _Form(("index",), 1, 1_000),
        MacroKind.PE: _Form(("ratio",), 0.1, 1_000),
        MacroKind.PCF: _Form(("ratio",), 0.1, 1_000),
        MacroKind.GDP: _Form(("growth_pct",), -50, 50),
        MacroKind.BILL_RATE: _Form(("rate_pct",), -5, 50),
        MacroKind.BREADTH: _Form(("advancing", "declining"), 0, 10_000),
    }
)


def load_macro_files(folder: Path | None) -> MacroData:
    """Read the files that a folder holds; None, an empty setting, holds none.

    Raises SettingsError for a folder that is not there, for a CSV file of an unknown name, and with every bad row.
    """
    if folder is None:
        return MacroData()
    if not folder.is_dir():
        raise SettingsError(f"macro folder {folder} is not there; name a folder, or none")
    known = {f"{kind}.csv" for kind in MacroKind}
    unknown = sorted(path.name for path in folder.glob("*.csv") if path.name not in known)
    if unknown:
        raise SettingsError(f"{folder / unknown[0]} is no file of macro figures; allowed: {', '.join(sorted(known))}")
    found = {kind: folder / f"{kind}.csv" for kind in MacroKind if (folder / f"{kind}.csv").exists()}
    return MacroData(MappingProxyType({kind: _series(kind, path) for kind, path in found.items()}))


def _series(kind: MacroKind, path: Path) -> MacroSeries:
    form = FORMS[kind]
    days: list[date] = []
    rows = read_rows(path, form.header, what="macro file")
    values = read_each(rows, partial(_value, form, days), path)
    return MacroSeries(path.name, tuple(days), tuple(values))


def _value(form: _Form, days: list[date], row: Row) -> float:
    """Return the figure of a row and keep its day; breadth is advances less declines."""
    check_width(row.cells, form.header)
    day = read_day(row.cells[0], first_year=_FIRST_YEAR, last_year=LAST_YEAR - 1)
    if days and day <= days[-1]:
        raise RowError(f"has date={day} behind {days[-1]}; allowed: rows in the order of their dates, one for each")
    numbers = [_number(name, cell, form) for name, cell in zip(form.columns, row.cells[1:], strict=True)]
    days.append(day)
    return _net(numbers)


def _net(numbers: Sequence[float]) -> float:
    first, *rest = numbers
    return first - sum(rest)


def _number(name: str, cell: str, form: _Form) -> float:
    allowed = f"a number from {form.low:g} to {form.high:g}"
    try:
        value = float(cell)
    except ValueError:
        raise RowError(f"has {name}={cell!r}; allowed: {allowed}") from None
    if not isfinite(value) or not form.low <= value <= form.high:
        raise RowError(f"has {name}={cell!r}; allowed: {allowed}")
    return value
