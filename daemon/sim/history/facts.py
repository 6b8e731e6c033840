"""What is known of each session of the past, and the history that holds it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.expiries import vix_monthly
from daemon.core.calendar.sessions import FIRST_YEAR, LAST_YEAR, is_session, next_session, previous_session
from daemon.errors import HistoryError

_NEAREST_SHOWN: Final = 2


@dataclass(frozen=True, slots=True)
class Ohlc:
    """Open, high, low and close of one session in points."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyFacts:
    """The facts of one session; ``proxies`` names the fields that were estimated instead of observed."""

    day: date
    spx: Ohlc
    vix: Ohlc
    vix9d: float
    vix3m: float
    vix6m: float
    vvix: float
    skew: float
    bill_rate_pct: float
    """Three-month bill, per cent a year, taken as continuously compounded."""
    advancing: int | None
    declining: int | None
    futures: tuple[tuple[date, float], ...]
    """(settlement date, settle) of the monthly VIX futures that settle after the session, in order."""
    vro: float | None
    """Final settlement of the VIX series that settle this morning, where it is known."""
    proxies: tuple[str, ...] = ()


class History:
    """Daily facts by session, read-only."""

    def __init__(self, days: Mapping[date, DailyFacts], source: str) -> None:
        if not days:
            raise HistoryError(f"{source} holds no session at all: at least one row is needed.")
        ordered = sorted(days)
        self._ordered = tuple(ordered)
        self.days: Mapping[date, DailyFacts] = MappingProxyType({day: days[day] for day in ordered})
        self.source = source

    @property
    def first(self) -> date:
        """Return the first session."""
        return self._ordered[0]

    @property
    def last(self) -> date:
        """Return the last session."""
        return self._ordered[-1]

    def facts(self, day: date) -> DailyFacts:
        """Return the facts of a session; raise HistoryError that names the nearest stretches when it is absent."""
        found = self.days.get(day)
        if found is None:
            raise HistoryError(self.missing_text(day))
        return found

    def before(self, day: date) -> DailyFacts | None:
        """Return the facts of the session before, or None where history begins or has a gap."""
        return self.days.get(previous_session(day))

    def windows(self) -> tuple[tuple[date, date], ...]:
        """Return the stretches of consecutive sessions as (first, last)."""
        return _windows(self._ordered)

    def missing_text(self, day: date) -> str:
        """Return one sentence that says why a day is absent and names the nearest stretches."""
        if not is_session(day):
            return f"{day} ({day:%A}) is not a trading session: choose a day on which the exchange is open."
        windows = self.windows()
        place = bisect_left([first for first, _ in windows], day)
        near = windows[max(0, place - 1) : max(0, place - 1) + _NEAREST_SHOWN]
        spans = " and ".join(f"{first} to {last}" for first, last in near)
        return (
            f"{self.source} has no session {day}: the nearest it holds are {spans}. "
            "Choose a date there or name a folder with more history."
        )


def _windows(ordered: tuple[date, ...]) -> tuple[tuple[date, date], ...]:
    spans: list[tuple[date, date]] = []
    start = end = ordered[0]
    for day in ordered[1:]:
        if next_session(end) != day:
            spans.append((start, end))
            start = day
        end = day
    spans.append((start, end))
    return tuple(spans)


@lru_cache(maxsize=1)
def _monthlies() -> tuple[date, ...]:
    years = range(FIRST_YEAR, LAST_YEAR)
    return tuple(vix_monthly(year, month) for year in years for month in range(1, 13))


def monthlies_after(day: date, count: int) -> tuple[date, ...]:
    """Return the next monthly VIX settlement dates strictly after a date."""
    every = _monthlies()
    start = bisect_right(every, day)
    return every[start : start + count]
