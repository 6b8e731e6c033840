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
    expected: str = ""
    """A further column that may be there: what was expected. A cell of it may be empty."""

    @property
    def header(self) -> tuple[str, ...]:
        return ("date", *self.columns)

    @property
    def longer(self) -> tuple[str, ...]:
        """Return the header with the further column, if the file may have one."""
        return (*self.header, self.expected) if self.expected else ()


FORMS: Final[Mapping[MacroKind, _Form]] = MappingProxyType(
    {
        MacroKind.REER: _Form(("index",), 1, 1_000),
        MacroKind.PE: _Form(("ratio",), 0.1, 1_000),
        MacroKind.PCF: _Form(("ratio",), 0.1, 1_000),
        MacroKind.GDP: _Form(("growth_pct",), -50, 50, "consensus_pct"),
        MacroKind.CPI: _Form(("change_pct",), -50, 50, "consensus_pct"),
        MacroKind.PPI: _Form(("change_pct",), -50, 50, "consensus_pct"),
        MacroKind.CONCENTRATION: _Form(("top10_pct",), 1, 100),
        MacroKind.REIT: _Form(("close",), 0.01, 100_000),
        MacroKind.BILL_RATE: _Form(("rate_pct",), -5, 50),
        MacroKind.BREADTH: _Form(("advancing", "declining"), 0, 10_000),
    }
)


class MacroFiles:
    """A folder of macro figures, read again when a file of it has changed."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stamps: tuple[tuple[str, int, int], ...] | None = None
        self._data = MacroData()

    def read(self) -> MacroData:
        """Return what the files hold now. Raises SettingsError as ``load_macro_files`` does."""
        stamps = self._stamped()
        if stamps != self._stamps:
            self._data = load_macro_files(self._folder)
            self._stamps = stamps
        return self._data

    def _stamped(self) -> tuple[tuple[str, int, int], ...]:
        if self._folder is None or not self._folder.is_dir():
            return ()
        stats = ((path.name, path.stat()) for path in sorted(self._folder.glob("*.csv")))
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


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
    rows = read_rows(path, form.header, form.longer, what="macro file")
    read = read_each(rows, partial(_figures, form, days), path)
    values, expected = [value for value, _ in read], [expected for _, expected in read]
    given = bool(rows) and rows[0].columns == form.longer
    return MacroSeries(path.name, tuple(days), tuple(values), tuple(expected) if given else ())


def _figures(form: _Form, days: list[date], row: Row) -> tuple[float, float | None]:
    """Return the figure of a row and what was expected of it, and keep its day; breadth is advances less declines."""
    check_width(row.cells, row.columns)
    day = read_day(row.cells[0], first_year=_FIRST_YEAR, last_year=LAST_YEAR - 1)
    if days and day <= days[-1]:
        raise RowError(f"has date={day} behind {days[-1]}; allowed: rows in the order of their dates, one for each")
    figures, further = row.cells[1 : len(form.header)], row.cells[len(form.header) :]
    numbers = [_number(name, cell, form) for name, cell in zip(form.columns, figures, strict=True)]
    expected = [_number(form.expected, cell, form) for cell in further if cell]
    days.append(day)
    return _net(numbers), expected[0] if expected else None


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
