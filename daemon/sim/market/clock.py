"""Time that counts for variance: one unit a session, a quarter of it overnight, nothing for weekends.

Total variance of SPX options accrues in this time, so that a Friday expiry and the Monday one differ by one
session. Measured on chains of January 2024: a weekend carries almost no extra variance.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from daemon.core.calendar.sessions import (
    FIRST_YEAR,
    LAST_YEAR,
    Session,
    new_york_date,
    next_session,
    previous_session,
    session,
    session_on_or_before,
    sessions_between,
)

OVERNIGHT_SHARE: Final = 0.25
MINUTE: Final = timedelta(minutes=1)


@lru_cache(maxsize=1)
def _every_session() -> tuple[tuple[date, ...], dict[date, int]]:
    days = sessions_between(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
    return days, {day: place for place, day in enumerate(days)}


def ordinal(day: date) -> int:
    """Return the number of a session, counted from the first of 1990."""
    return _every_session()[1][day]


def sessions_in(day: date, calendar_days: int) -> float:
    """Return how many sessions the next calendar days hold, with a fraction between two closes."""
    days, places = _every_session()
    end = day + timedelta(days=calendar_days)
    after = bisect_right(days, end)
    before = days[after - 1]
    part = (end - before) / (days[after] - before)
    return after - 1 - places[day] + part


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a place in the market's time.

    ``day`` is the last session that has opened, ``minute`` runs from 0 at its open to the close, and
    ``night`` is the share gone of the time from that close to the next open.
    """

    day: date
    minute: float
    night: float


def minutes_of(times: Session) -> int:
    """Return the minutes from open to close: 390, or 210 on an early close."""
    return int((times.close_at - times.open_at) / MINUTE)


@lru_cache(maxsize=16)
def moment(at: datetime) -> Moment:
    """Place an instant; the time before an open belongs to the session before."""
    day = session_on_or_before(new_york_date(at))
    if at < session(day).open_at:
        day = previous_session(day)
    times = session(day)
    if at < times.close_at:
        return Moment(day, (at - times.open_at) / MINUTE, 0.0)
    reopens = session(next_session(day)).open_at
    return Moment(day, float(minutes_of(times)), (at - times.close_at) / (reopens - times.close_at))
