"""A period of sessions as one value: everything its report is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.orders.intent import Purpose, Strategy
from daemon.core.records import DayRecord, Decision, EventRecord, Level
from daemon.ports import Store
from daemon.report.closing import Closing, closing
from daemon.report.condors import CondorLine, CondorStatus, condor_lines
from daemon.report.day import MODE_KEY, MODE_UNKNOWN, condor_decision
from daemon.report.hedge import HedgeChange, hedge_changes
from daemon.report.orders import OrderLine, order_lines
from daemon.report.pnl import EquityPoint, SourceLine, equity_curve, pnl_by_source, start_equity_usd_cents


@dataclass(frozen=True, slots=True)
class ReportData:
    """What is recorded of the sessions from ``first`` to ``last``."""

    first: date
    last: date
    mode: str
    """``SIMULATED``, or ``PAPER`` with the account."""
    days: tuple[DayRecord, ...]
    """Closing figures, oldest first; empty when no session of the period was closed."""
    start_usd_cents: int | None
    """Net liquidation before the first session; None without sessions."""
    curve: tuple[EquityPoint, ...]
    sources: tuple[SourceLine, ...]
    condors: tuple[CondorLine, ...]
    """Condors filled and alive in the period, as they stand at its end."""
    changes: tuple[HedgeChange, ...]
    trades: tuple[OrderLine, ...]
    """Orders filled in the period, wholly or in part."""
    settlements: tuple[BookEntry, ...]
    decisions: tuple[Decision, ...]
    troubles: tuple[EventRecord, ...]
    """Events at level warning or above."""

    @property
    def entered(self) -> int:
        """Return the sessions with a filled condor entry."""
        return len({line.session for line in self.trades if _is_entry(line)})

    @property
    def decided(self) -> int:
        """Return the sessions with a condor decision."""
        by_session: dict[date, tuple[Decision, ...]] = {}
        for decision in self.decisions:
            by_session[decision.session] = (*by_session.get(decision.session, ()), decision)
        decided = {session for session, found in by_session.items() if condor_decision(found) is not None}
        return len(decided | {line.session for line in self.trades if _is_entry(line)})

    @property
    def errors(self) -> int:
        """Return the events at level error."""
        return sum(event.level is Level.ERROR for event in self.troubles)

    @property
    def fees_usd_e4(self) -> int:
        """Return the fees of the filled orders."""
        return sum(line.fees_usd_e4 for line in self.trades)

    @property
    def slippage_usd_cents(self) -> int:
        """Return fill against mid over all orders that have one; positive is a cost."""
        return sum(line.slippage_usd_cents or 0 for line in self.trades)


def gather_report(store: Store, first: date, last: date, *, mode: str | None = None) -> ReportData:
    """Read what is recorded from ``first`` to ``last`` inclusive; without ``mode`` the store's own note is used."""
    all_days, entries = store.days(), store.entries()
    days = tuple(day for day in all_days if first <= day.session <= last)
    before = max((day for day in all_days if day.session < first), key=lambda day: day.session, default=None)
    end = closing(days[-1].session if days else last, entries, all_days)
    start = None if before is None else closing(before.session, entries, all_days)
    intents = store.intents()
    orders = order_lines(intents, end.entries)
    return ReportData(
        first=first,
        last=last,
        mode=mode or store.meta(MODE_KEY) or MODE_UNKNOWN,
        days=days,
        start_usd_cents=start_equity_usd_cents(days, before) if days else None,
        curve=equity_curve(days, before),
        sources=pnl_by_source(end, start) if days else (),
        condors=_alive(condor_lines(store.condors(), end, orders), first),
        changes=tuple(c for c in hedge_changes(intents, end.entries) if first <= c.session <= last),
        trades=tuple(line for line in orders if line.fill_session is not None and line.fill_session >= first),
        settlements=_settlements(end, first),
        decisions=tuple(decision for day in days for decision in store.decisions(day.session)),
        troubles=_troubles(store, first, last),
    )


def _alive(lines: tuple[CondorLine, ...], first: date) -> tuple[CondorLine, ...]:
    filled = (line for line in lines if line.status is not CondorStatus.NOT_FILLED)
    return tuple(line for line in filled if line.ended is None or line.ended >= first)


def _settlements(end: Closing, first: date) -> tuple[BookEntry, ...]:
    return tuple(entry for entry in end.entries if entry.kind is EntryKind.SETTLEMENT and entry.session >= first)


def _troubles(store: Store, first: date, last: date) -> tuple[EventRecord, ...]:
    levels = (Level.WARNING, Level.ERROR)
    return tuple(event for event in store.events() if event.level in levels and first <= event.session <= last)


def _is_entry(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is Purpose.ENTRY and line.filled > 0
