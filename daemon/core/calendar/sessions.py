"""Trading sessions of the New York Stock Exchange, which the index options follow, from 1990 to 2035.

The days come from the ``holidays`` package, unscheduled closures included. Every early close counts as
13:00; a few before 1995 were later (24 December 1990, 1991 and 1992, 27 November 1992, 11 February 1994).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

NEW_YORK: Final = ZoneInfo("America/New_York")
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2035

_OPEN: Final = time(9, 30)
_CLOSE: Final = time(16, 0)
_OPTIONS_CLOSE: Final = time(16, 15)
_EARLY_BY: Final = timedelta(hours=3)
_END_OF_DAY: Final = time(16, 40)
_CACHED_DAYS: Final = 16_384  # every session of the range and room to spare


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day with its times in UTC; index options trade 15 minutes longer than the index."""

    day: date
    open_at: datetime
    close_at: datetime
    options_close_at: datetime
    early_close: bool


@dataclass(frozen=True, slots=True)
class _Calendar:
    """All sessions in order, the place of each, and those that close early."""

    days: tuple[date, ...]
    place: dict[date, int]
    early: frozenset[date]


@lru_cache(maxsize=1)
def _calendar() -> _Calendar:
    import holidays  # noqa: PLC0415 - heavy, and most commands ask for no calendar

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    closed = frozenset(holidays.financial_holidays("NYSE", years=years, categories=("public",)))
    half = frozenset(holidays.financial_holidays("NYSE", years=years, categories=("half_day",)))
    start = date(FIRST_YEAR, 1, 1)
    span = (date(LAST_YEAR, 12, 31) - start).days + 1
    every = (start + timedelta(days=n) for n in range(span))
    days = tuple(day for day in every if day.weekday() < 5 and day not in closed)
    place = {day: n for n, day in enumerate(days)}
    return _Calendar(days, place, half & place.keys())


def _check_range(day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(
            f"{day} is outside the trading calendar, which covers {FIRST_YEAR} to {LAST_YEAR}: use a date inside it."
        )


def is_session(day: date) -> bool:
    """Say whether the exchange trades on a date; raise ValueError outside 1990 to 2035."""
    if day in _calendar().place:
        return True
    _check_range(day)
    return False


@lru_cache(maxsize=_CACHED_DAYS)
def session(day: date) -> Session:
    """Return the times of one session; raise ValueError when the exchange is closed that day."""
    if not is_session(day):
        raise ValueError(f"{day} ({day:%A}) is not a trading session: the exchange is closed that day.")
    early = day in _calendar().early
    shift = _EARLY_BY if early else timedelta(0)
    return Session(
        day=day,
        open_at=new_york(day, _OPEN),
        close_at=new_york(day, _CLOSE) - shift,
        options_close_at=new_york(day, _OPTIONS_CLOSE) - shift,
        early_close=early,
    )


def _at(place: int, asked: date) -> date:
    days = _calendar().days
    if not 0 <= place < len(days):
        raise ValueError(
            f"The session counted from {asked} lies outside {FIRST_YEAR} to {LAST_YEAR}: none is known there."
        )
    return days[place]


def next_session(day: date) -> date:
    """Return the first session strictly after a date."""
    _check_range(day)
    return _at(bisect_right(_calendar().days, day), day)


def previous_session(day: date) -> date:
    """Return the last session strictly before a date."""
    _check_range(day)
    return _at(bisect_left(_calendar().days, day) - 1, day)


def session_on_or_after(day: date) -> date:
    """Return the date itself when it is a session, else the next one."""
    return day if is_session(day) else next_session(day)


def session_on_or_before(day: date) -> date:
    """Return the date itself when it is a session, else the previous one."""
    return day if is_session(day) else previous_session(day)


def sessions_between(first: date, last: date) -> tuple[date, ...]:
    """Return the sessions from first to last, both included; empty when last is before first."""
    _check_range(first)
    _check_range(last)
    days = _calendar().days
    return days[bisect_left(days, first) : bisect_right(days, last)]


def add_sessions(day: date, n: int) -> date:
    """Return the session n sessions after (or, for negative n, before) a session."""
    place = _calendar().place.get(day)
    if place is None:
        raise ValueError(f"{day} is not a trading session: sessions are counted from a session.")
    return _at(place + n, day)


def new_york(day: date, at: time) -> datetime:
    """Return the UTC instant of a New York wall-clock time."""
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)


def new_york_date(instant: datetime) -> date:
    """Return the New York date of an aware instant."""
    return instant.astimezone(NEW_YORK).date()


@lru_cache(maxsize=_CACHED_DAYS)
def shifted(day: date, at: time) -> datetime:
    """Return the UTC instant of a regular-session time, three hours earlier where the session closes early."""
    early = session(day).early_close
    return new_york(day, at) - (_EARLY_BY if early else timedelta(0))


def log_session(instant: datetime, end_of_day: time = _END_OF_DAY) -> date:
    """Return the session whose end-of-day block comes next; nights and weekends belong to the following session."""
    day = session_on_or_after(new_york_date(instant))
    return day if instant <= shifted(day, end_of_day) else next_session(day)
