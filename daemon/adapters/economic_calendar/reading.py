"""Reading the file of economic events so that a bad row is named with file, line, value and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Final

from daemon.adapters.csv_rows import Row, RowError, check_width, read_day, read_each, read_rows
from daemon.core.calendar.events import EconomicCalendar, EventKind, MacroEvent
from daemon.core.calendar.sessions import FIRST_YEAR, LAST_YEAR, new_york

SHIPPED: Final = Path(__file__).with_name("economic_calendar.csv")
COLUMNS: Final = ("date", "event", "time_et", "detail")

_KINDS: Final = ", ".join(kind for kind in EventKind if kind.published)


def load_economic_calendar(path: Path | None) -> EconomicCalendar:
    """Read a file of events; None reads the one that ships.

    Raises SettingsError with every problem of the file, each with its line.
    """
    source = path or SHIPPED
    events: list[MacroEvent] = []

    def read(row: Row) -> None:
        event = _event(row.cells)
        _check_order(event, events)
        events.append(event)

    read_each(read_rows(source, COLUMNS, what="economic calendar"), read, source)
    return EconomicCalendar(tuple(events))


def _event(cells: tuple[str, ...]) -> MacroEvent:
    check_width(cells, COLUMNS)
    day, at = _day(cells[0]), _time(cells[2])
    return MacroEvent(_kind(cells[1]), day, None if at is None else new_york(day, at), cells[3])


def _day(text: str) -> date:
    # The last year is left out: behind its last session none is known any more.
    return read_day(text, first_year=FIRST_YEAR, last_year=LAST_YEAR - 1)


def _kind(text: str) -> EventKind:
    try:
        kind = EventKind(text)
    except ValueError:
        raise RowError(f"has event={text!r}; allowed: {_KINDS}") from None
    if not kind.published:
        raise RowError(f"has event={text!r}, which is computed; allowed: {_KINDS}")
    return kind


def _time(text: str) -> time | None:
    if not text:
        return None
    try:
        at = time.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or f"{at:%H:%M}" != text:
        raise RowError(f"has time_et={text!r}; allowed: a New York time such as 08:30, or nothing")
    return at


def _check_order(event: MacroEvent, before: Sequence[MacroEvent]) -> None:
    if before and event.day < before[-1].day:
        raise RowError(f"has date={event.day} behind {before[-1].day}; allowed: rows in the order of their dates")
    same = (other for other in reversed(before[-len(EventKind) :]) if other.day == event.day)
    if any(other.kind is event.kind for other in same):
        raise RowError(f"has {event.kind} on {event.day} a second time; allowed: one row for each")
