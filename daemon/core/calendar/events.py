"""Economic events that are known in advance: published dates, and expiries and early closes, which are computed.

Only what was scheduled is an event: nobody could have stayed away from a surprise, such as the cuts of March 2020.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.expiries import spx_monthly, vix_monthly
from daemon.core.calendar.sessions import (
    NEW_YORK,
    add_sessions,
    new_york,
    session,
    session_on_or_after,
    sessions_between,
)

AHEAD_DAYS: Final = 60
"""How far ahead a calendar must reach not to count as stale."""


class EventKind(StrEnum):
    """What happens; GDP is known only where a file of one's own holds it (decision 29)."""

    FOMC = "fomc"
    CPI = "cpi"
    PPI = "ppi"
    PAYROLLS = "payrolls"
    GDP = "gdp"
    OPEX = "opex"
    VIX_EXPIRY = "vix_expiry"
    EARLY_CLOSE = "early_close"

    @property
    def published(self) -> bool:
        """Whether the dates come from a file; the others are computed for every year."""
        return self in _LEAST_A_YEAR


_LEAST_A_YEAR: Final = MappingProxyType(
    {EventKind.FOMC: 7, EventKind.CPI: 10, EventKind.PPI: 10, EventKind.PAYROLLS: 10, EventKind.GDP: 4}
)
"""A year with fewer is not covered. One meeting fell away in 2020; government shutdowns cost up to two releases."""
_NAMES: Final = MappingProxyType(
    {
        EventKind.FOMC: "FOMC decision",
        EventKind.CPI: "CPI",
        EventKind.PPI: "PPI",
        EventKind.PAYROLLS: "payrolls",
        EventKind.GDP: "GDP",
        EventKind.OPEX: "monthly SPX expiry",
        EventKind.VIX_EXPIRY: "monthly VIX expiry",
        EventKind.EARLY_CLOSE: "early close",
    }
)


@dataclass(frozen=True, slots=True)
class MacroEvent:
    """One event on its New York date; ``at`` is None where no time is published."""

    kind: EventKind
    day: date
    at: datetime | None
    detail: str = ""
    """What it is about, for example the month a figure is of."""

    @property
    def session(self) -> date:
        """Return the first session that can trade on it: payrolls have come out on Good Fridays."""
        return session_on_or_after(self.day)

    @property
    def label(self) -> str:
        """Return its name, ``CPI of February 2020``."""
        return f"{_NAMES[self.kind]} of {self.detail}" if self.detail else _NAMES[self.kind]

    @property
    def when(self) -> str:
        """Return its New York date and time, ``Wed 2020-03-11 08:30``."""
        clock = "" if self.at is None else f" {self.at.astimezone(NEW_YORK):%H:%M}"
        return f"{self.day:%a %Y-%m-%d}{clock}"


@dataclass(frozen=True, slots=True)
class EconomicCalendar:
    """All events that can be known: the published ones in order of their sessions, the computed ones on demand."""

    published: tuple[MacroEvent, ...]

    def __post_init__(self) -> None:
        assert all(one.day <= other.day for one, other in pairwise(self.published)), "published events are in order"
        assert all(event.kind.published for event in self.published), "expiries and early closes are computed"

    def events_on(self, day: date) -> tuple[MacroEvent, ...]:
        """Return the events of one session, in the order of their times."""
        return self.events_between(day, day)

    def events_between(self, first: date, last: date) -> tuple[MacroEvent, ...]:
        """Return the events whose session is from first to last, both included."""
        start = bisect_left(self.published, first, key=_session_of)
        end = bisect_right(self.published, last, key=_session_of)
        computed = (event for day in sessions_between(first, last) for event in _computed(day))
        return tuple(sorted((*self.published[start:end], *computed), key=_order))

    def events_near(self, day: date, *, before: int, after: int) -> tuple[MacroEvent, ...]:
        """Return the events whose window holds a session; it runs from sessions before an event to sessions after."""
        return self.events_between(add_sessions(day, -after), add_sessions(day, before))

    def years(self, kind: EventKind) -> tuple[int, ...]:
        """Return the years for which a published kind is complete."""
        assert kind.published, f"{kind} is computed for every year"
        found = Counter(event.day.year for event in self.published if event.kind is kind)
        return tuple(sorted(year for year, count in found.items() if count >= _LEAST_A_YEAR[kind]))

    def covers(self, kind: EventKind, day: date) -> bool:
        """Say whether the calendar can know the events of a kind on a day."""
        if not kind.published:
            return True
        start, end = (bisect_left(self.published, date(year, 1, 1), key=_day_of) for year in (day.year, day.year + 1))
        return sum(event.kind is kind for event in self.published[start:end]) >= _LEAST_A_YEAR[kind]

    def gaps(self, kinds: Sequence[EventKind]) -> tuple[str, ...]:
        """Say which of some kinds end in an earlier year than another, or are not there at all."""
        last = {kind: max(self.years(kind), default=0) for kind in kinds if kind.published}
        longest = max(last, key=last.__getitem__, default=None)
        if longest is None:
            return ()
        ends = sorted({year for year in last.values() if year < last[longest]})
        return tuple(_gap([kind for kind in last if last[kind] == year], year, longest, last[longest]) for year in ends)

    def staleness(self, today: date, kinds: Sequence[EventKind], *, days: int = AHEAD_DAYS) -> tuple[str, ...]:
        """Say which of some kinds the calendar does not cover from today through the coming days."""
        until = today + timedelta(days=days)
        years = range(today.year, until.year + 1)
        missing = {kind: [year for year in years if not self.covers(kind, date(year, 1, 1))] for kind in kinds}
        wanted = sorted({year for found in missing.values() for year in found})
        return tuple(
            f"the economic calendar does not cover {_list([kind for kind in kinds if year in missing[kind]])} of {year}, "
            f"and the coming {days} days from {today} to {until} need it"
            for year in wanted
        )


def _gap(kinds: Sequence[EventKind], last: int, longest: EventKind, until: int) -> str:
    ends = f"ends with {last} for {_list(kinds)}" if last else f"holds no full year of {_list(kinds)}"
    return f"the economic calendar {ends}, while {longest} reaches {until}; entries beyond are made without knowing"


def _list(kinds: Sequence[EventKind]) -> str:
    return ", ".join(kinds)


def _day_of(event: MacroEvent) -> date:
    return event.day


def _session_of(event: MacroEvent) -> date:
    return event.session


def _order(event: MacroEvent) -> tuple[date, datetime, EventKind]:
    return event.session, event.at or new_york(event.day, time.min), event.kind


def _computed(day: date) -> Iterator[MacroEvent]:
    """Yield the expiries and the early close of one session."""
    times = session(day)
    if day == vix_monthly(day.year, day.month):
        yield MacroEvent(EventKind.VIX_EXPIRY, day, times.open_at)
    if day == spx_monthly(day.year, day.month):
        yield MacroEvent(EventKind.OPEX, day, times.close_at)
    if times.early_close:
        yield MacroEvent(EventKind.EARLY_CLOSE, day, times.close_at)
