"""Historical bars: durations and bar sizes as the wire spells them, bars as rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.core.calendar.sessions import (
    add_sessions,
    new_york_date,
    session,
    session_on_or_before,
)
from daemon.sim.exchange.api import BarSide, SimBar
from daemon.sim.gateway.codec import FieldError, RequestRefused, Value
from daemon.sim.gateway.data_in import HistoricalRequest
from daemon.sim.gateway.times import date_text, read_instant, time_text

DAY_MINUTES: Final = 1440
MAX_BARS: Final = 20_000
SESSION_MINUTES: Final = 405
"""From the open to the options' close; an index that stops earlier just has fewer bars."""
BAR_MINUTES: Final[Mapping[str, int]] = {
    "1 min": 1,
    "2 mins": 2,
    "3 mins": 3,
    "5 mins": 5,
    "10 mins": 10,
    "15 mins": 15,
    "20 mins": 20,
    "30 mins": 30,
    "1 hour": 60,
    "1 day": DAY_MINUTES,
}
_SESSIONS_IN: Final[Mapping[str, int]] = {"D": 1, "W": 5, "M": 21, "Y": 252}
WHAT: Final = frozenset(map(str, BarSide))
_DURATION: Final = re.compile(r"(\d{1,6}) ([SDWMY])")


@dataclass(frozen=True, slots=True)
class Span:
    """Which bars: the last ``count`` before ``end``, none before ``start``."""

    end: datetime
    start: datetime | None
    minutes: int
    count: int


def span_of(request: HistoricalRequest, now: datetime) -> Span:
    """Return which bars a request means; raise RequestRefused with 321 for what no gateway takes."""
    minutes = BAR_MINUTES.get(request.bar_size.strip())
    if minutes is None:
        raise _invalid(request, f"bar size {request.bar_size!r}: one of {', '.join(BAR_MINUTES)} is allowed")
    if request.what not in WHAT:
        raise _invalid(request, f"what to show {request.what!r}: one of {', '.join(sorted(WHAT))} is allowed")
    end = min(now, _end(request)) if request.end else now
    match = _DURATION.fullmatch(request.duration.strip())
    if match is None or int(match[1]) < 1:
        raise _invalid(request, f"duration {request.duration!r}: a number and S, D, W, M or Y is needed")
    span = _span(int(match[1]), match[2], minutes, end)
    if not 0 < span.count <= MAX_BARS:
        raise _invalid(request, f"{span.count} bars: at most {MAX_BARS} are allowed")
    return span


def _span(amount: int, unit: str, minutes: int, end: datetime) -> Span:
    if unit == "S":
        # Seconds of trading, so that a quarter of an hour after the open reaches into the session before.
        return Span(end, None, minutes, -(-amount // (60 * minutes)))
    sessions = amount * _SESSIONS_IN[unit]
    if minutes == DAY_MINUTES:
        return Span(end, None, minutes, sessions)
    count = sessions * -(-SESSION_MINUTES // minutes)
    if count > MAX_BARS:
        return Span(end, None, minutes, count)
    last = session_on_or_before(new_york_date(end))
    if end < session(last).open_at:
        last = add_sessions(last, -1)
    return Span(end, session(add_sessions(last, 1 - sessions)).open_at, minutes, count)


def _end(request: HistoricalRequest) -> datetime:
    try:
        return read_instant(request.end, "end")
    except FieldError as cause:
        raise _invalid(request, str(cause)) from cause


def _invalid(request: HistoricalRequest, what: str) -> RequestRefused:
    return RequestRefused(request.req_id, 321, f"Error validating request.-'bS' : cause - Invalid {what}")


def bar_rows(bars: Sequence[SimBar], request: HistoricalRequest, span: Span) -> list[tuple[Value, ...]]:
    """Return bars as rows: date, open, high, low, close, volume, average, count."""
    daily = span.minutes == DAY_MINUTES
    return [(_stamp(bar.start, daily=daily, epoch=request.epoch_dates), *_prices(bar), 0, 0.0, 0) for bar in bars]


def _prices(bar: SimBar) -> tuple[float, float, float, float]:
    return (round(bar.open, 4), round(bar.high, 4), round(bar.low, 4), round(bar.close, 4))


def _stamp(start: datetime, *, daily: bool, epoch: bool) -> str:
    if daily:
        return date_text(new_york_date(start))
    return epoch_text(start) if epoch else time_text(start)


def epoch_text(instant: datetime) -> str:
    """Spell an instant as seconds since 1970."""
    return str(int(instant.timestamp()))
