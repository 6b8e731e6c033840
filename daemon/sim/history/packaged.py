"""The table of notable windows that ships with the program: writing and reading it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Final

from daemon.core.calendar.sessions import add_sessions, session_on_or_after, sessions_between
from daemon.sim.history.facts import DailyFacts, History, Ohlc, monthlies_after
from daemon.sim.history.tables import Row, read_rows

WINDOWS: Final = (
    (date(2017, 9, 1), date(2018, 2, 28)),
    (date(2020, 2, 3), date(2020, 4, 30)),
    (date(2024, 8, 1), date(2024, 8, 30)),
    (date(2025, 4, 1), date(2025, 4, 30)),
)
"""A calm autumn that runs into February 2018, the spring of 2020, August 2024, April 2025."""
SESSIONS_BEFORE: Final = 60

PATH: Final = Path(__file__).with_name("windows.csv")

_MONTHS_MAX: Final = 12
_OHLC: Final = ("open", "high", "low", "close")
_SINGLE: Final = ("vix9d", "vix3m", "vix6m", "vvix", "skew", "bill_rate_pct")
_COLUMNS: Final = (
    "date",
    *(f"spx_{name}" for name in _OHLC),
    *(f"vix_{name}" for name in _OHLC),
    *_SINGLE,
    "advancing",
    "declining",
    "vro",
    "futures",
    "proxies",
)


def load_packaged() -> History:
    """Read the windows that ship with the program."""
    days = {facts.day: facts for facts in map(_parsed, read_rows(PATH, _COLUMNS))}
    return History(days, "The packaged history")


def packaged_days() -> tuple[date, ...]:
    """Return the sessions of the windows with those before each."""
    days: set[date] = set()
    for first, last in WINDOWS:
        start = add_sessions(session_on_or_after(first), -SESSIONS_BEFORE)
        days.update(sessions_between(start, last))
    return tuple(sorted(days))


def as_csv(days: Iterable[DailyFacts]) -> str:
    """Return the table as text; every number reads back as exactly the same value."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(_cells, days))
    return text.getvalue()


def _cells(facts: DailyFacts) -> list[str]:
    return [
        facts.day.isoformat(),
        *(_text(getattr(facts.spx, name)) for name in _OHLC),
        *(_text(getattr(facts.vix, name)) for name in _OHLC),
        *(_text(getattr(facts, name)) for name in _SINGLE),
        _text(facts.advancing),
        _text(facts.declining),
        _text(facts.vro),
        _curve_text(facts),
        " ".join(facts.proxies),
    ]


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return repr(value).removesuffix(".0")


def _curve_text(facts: DailyFacts) -> str:
    """Write the settles month by month from the first after the day; a dash where one is missing."""
    settles = dict(facts.futures)
    last = max(settles)
    months = [expiry for expiry in monthlies_after(facts.day, _MONTHS_MAX) if expiry <= last]
    return " ".join(_text(settles[expiry]) if expiry in settles else "-" for expiry in months)


def _parsed(row: Row) -> DailyFacts:
    day = row.day("date")
    numbers = {name: row.price(name) for name in _SINGLE[:-1]}
    rate = row.maybe_rate("bill_rate_pct")
    if rate is None:
        raise row.error("bill_rate_pct", "a rate in per cent")
    return DailyFacts(
        day=day,
        spx=Ohlc(*(row.price(f"spx_{name}") for name in _OHLC)),
        vix=Ohlc(*(row.price(f"vix_{name}") for name in _OHLC)),
        **numbers,
        bill_rate_pct=rate,
        advancing=row.maybe_count("advancing"),
        declining=row.maybe_count("declining"),
        futures=_curve(row, day),
        vro=row.maybe_price("vro"),
        proxies=tuple(row.cells["proxies"].split()),
    )


def _curve(row: Row, day: date) -> tuple[tuple[date, float], ...]:
    cells = row.cells["futures"].split()
    try:
        pairs = zip(monthlies_after(day, len(cells)), cells, strict=True)
        return tuple((expiry, float(cell)) for expiry, cell in pairs if cell != "-")
    except ValueError:
        raise row.error("futures", "settles in points separated by blanks, a dash for none") from None
