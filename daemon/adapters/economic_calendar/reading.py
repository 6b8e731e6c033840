"""Reading the file of economic events so that a bad row is named with file, line, value and what is allowed."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Final

from daemon.core.calendar.events import EconomicCalendar, EventKind, MacroEvent
from daemon.core.calendar.sessions import FIRST_YEAR, LAST_YEAR, new_york
from daemon.errors import SettingsError

SHIPPED: Final = Path(__file__).with_name("economic_calendar.csv")
COLUMNS: Final = ("date", "event", "time_et", "detail")

_PROBLEMS_SHOWN: Final = 10
_KINDS: Final = ", ".join(kind for kind in EventKind if kind.published)


class _RowError(Exception):
    """What is wrong with one row: the rest of the sentence that begins with file and line."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the file, and where it stands."""

    place: str
    cells: tuple[str, ...]


def load_economic_calendar(path: Path | None) -> EconomicCalendar:
    """Read a file of events; None reads the one that ships.

    Raises SettingsError with every problem of the file, each with its line.
    """
    rows = _rows(path or SHIPPED)
    events: list[MacroEvent] = []
    problems: list[str] = []
    for row in rows:
        try:
            event = _event(row.cells)
            _check_order(event, events)
        except _RowError as error:
            problems.append(f"{row.place} {error}")
        else:
            events.append(event)
    if problems:
        left = len(problems) - _PROBLEMS_SHOWN
        more = [f"{path or SHIPPED}: and {left} more rows like these"] if left > 0 else []
        raise SettingsError(*problems[:_PROBLEMS_SHOWN], *more)
    return EconomicCalendar(tuple(events))


def _rows(path: Path) -> Sequence[_Row]:
    """Return the rows below the header; empty lines and lines that begin with # are left out."""
    rows = list(_lines(path))
    if not rows or rows[0].cells != COLUMNS:
        place, found = (rows[0].place, ",".join(rows[0].cells)) if rows else (f"{path}:1", "nothing")
        raise SettingsError(f"{place} is {found}; allowed: the header {','.join(COLUMNS)}")
    return rows[1:]


def _lines(path: Path) -> Iterator[_Row]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"economic calendar {path} cannot be read: {error.strerror}; name a CSV file") from error
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"economic calendar {path} is not UTF-8 text (byte {error.start}); save it as such"
        ) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            # Line by line, so that an open quote cannot swallow the lines below it.
            yield _Row(f"{path}:{number}", tuple(next(csv.reader([line]))))


def _event(cells: tuple[str, ...]) -> MacroEvent:
    if len(cells) != len(COLUMNS):
        raise _RowError(f"has {len(cells)} cells; allowed: {len(COLUMNS)}, which are {','.join(COLUMNS)}")
    day, at = _day(cells[0]), _time(cells[2])
    return MacroEvent(_kind(cells[1]), day, None if at is None else new_york(day, at), cells[3])


def _day(text: str) -> date:
    # The last year is left out: behind its last session none is known any more.
    allowed = f"a date such as 2026-01-28 from {FIRST_YEAR} to {LAST_YEAR - 1}"
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _RowError(f"has date={text!r}; allowed: {allowed}") from None
    if day.isoformat() != text or not FIRST_YEAR <= day.year < LAST_YEAR:
        raise _RowError(f"has date={text!r}; allowed: {allowed}")
    return day


def _kind(text: str) -> EventKind:
    try:
        kind = EventKind(text)
    except ValueError:
        raise _RowError(f"has event={text!r}; allowed: {_KINDS}") from None
    if not kind.published:
        raise _RowError(f"has event={text!r}, which is computed; allowed: {_KINDS}")
    return kind


def _time(text: str) -> time | None:
    if not text:
        return None
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or f"{at:%H:%M}" != text:
        raise _RowError(f"has time_et={text!r}; allowed: a New York time such as 08:30, or nothing")
    return at


def _check_order(event: MacroEvent, before: Sequence[MacroEvent]) -> None:
    if before and event.day < before[-1].day:
        raise _RowError(f"has date={event.day} behind {before[-1].day}; allowed: rows in the order of their dates")
    same = (other for other in reversed(before[-len(EventKind) :]) if other.day == event.day)
    if any(other.kind is event.kind for other in same):
        raise _RowError(f"has {event.kind} on {event.day} a second time; allowed: one row for each")
