"""The state at the end of a session: the book folded up to it, and the recorded closing figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from daemon.core.book.book import Book, BookEntry, fold
from daemon.core.market.contracts import OptionContract
from daemon.core.records import DayRecord


@dataclass(frozen=True, slots=True)
class Closing:
    """Book, entries and closing figures as of the end of one session; ``day`` is None when none were recorded."""

    session: date
    entries: tuple[BookEntry, ...]
    book: Book
    day: DayRecord | None
    before: DayRecord | None
    """The closing figures of the session before."""
    marks: Mapping[OptionContract, float]
    """The closing marks in points; a missing mark is absent."""

    @property
    def spx(self) -> float | None:
        """Return the SPX close."""
        return None if self.day is None else self.day.spx

    @property
    def pnl_usd_cents(self) -> int | None:
        """Return profit and loss of condors and hedge since the start."""
        return None if self.day is None else self.day.condor_pnl_usd_cents + self.day.hedge_pnl_usd_cents

    @property
    def pnl_day_usd_cents(self) -> int | None:
        """Return profit and loss of this session."""
        if self.day is None:
            return None
        return condor_day_usd_cents(self.day, self.before) + hedge_day_usd_cents(self.day, self.before)


def closing(
    session: date, entries: Sequence[BookEntry], days: Sequence[DayRecord], book: Book | None = None
) -> Closing:
    """Fold entries up to the end of a session and find its closing figures.

    ``book`` is the fold of all ``entries`` where that is known; it saves the work when none is later.
    """
    until = tuple(entry for entry in entries if entry.session <= session)
    day = next((day for day in days if day.session == session), None)
    before = max((day for day in days if day.session < session), key=lambda day: day.session, default=None)
    folded = book if book is not None and len(until) == len(entries) else fold(until)
    lines = () if day is None else day.positions
    marks = {line.contract: line.mark_pts for line in lines if line.mark_pts is not None}
    return Closing(session, until, folded, day, before, marks)


def condor_day_usd_cents(day: DayRecord, before: DayRecord | None) -> int:
    """Return the condors' profit and loss of one session; without a session before, since the start."""
    return day.condor_pnl_usd_cents - (0 if before is None else before.condor_pnl_usd_cents)


def hedge_day_usd_cents(day: DayRecord, before: DayRecord | None) -> int:
    """Return the hedge's profit and loss of one session; without a session before, since the start."""
    return day.hedge_pnl_usd_cents - (0 if before is None else before.hedge_pnl_usd_cents)
