"""A period of sessions as one value: everything its report is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from operator import itemgetter
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.governance import GovernanceEntry
from daemon.core.hedge.policy import HedgePolicy
from daemon.core.hedge.rolls import PlannedRoll
from daemon.core.orders.intent import Purpose, Strategy
from daemon.core.records import (
    MODE_KEY,
    DayRecord,
    Decision,
    EventRecord,
    HedgeComputation,
    HedgeSizing,
    Level,
    Monitor,
    RiskRecord,
)
from daemon.ports import Store
from daemon.report.analysis import Analysis, analyse
from daemon.report.at_risk import BookPayoff, book_payoff
from daemon.report.carry import BudgetLine, budget_lines
from daemon.report.closing import Closing, closing
from daemon.report.condors import CondorLine, CondorStatus, condor_lines
from daemon.report.day import MODE_UNKNOWN, condor_decision
from daemon.report.hedge import HedgeChange, hedge_changes, held_at_close_usd
from daemon.report.hedge_calendar import rolls_to_come
from daemon.report.orders import OrderLine, order_lines
from daemon.report.pnl import EquityPoint, equity_curve, start_equity_usd_cents
from daemon.report.troubles import TroubleLine, trouble_lines
from daemon.report.valuation import ValuationLine, valuation_lines

ROLLS_AHEAD_DAYS: Final = 45
"""How far beyond its end a report looks for rolls to come."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """What is recorded of the sessions from ``first`` to ``last``."""

    first: date
    last: date
    name: str
    """What a person calls the period, ``March 2020``; empty for two dates."""
    mode: str
    """``SIMULATED``, or ``PAPER`` with the account."""
    days: tuple[DayRecord, ...]
    """Closing figures, oldest first; empty when no session of the period was closed."""
    unclosed: tuple[date, ...]
    """Sessions between the first and the last of them that have no closing figures."""
    start_usd_cents: int | None
    """Net liquidation before the first session; None without sessions."""
    curve: tuple[EquityPoint, ...]
    held_usd: tuple[float | None, ...]
    """Held at each close, in dollars of the measure."""
    sizing: HedgeSizing | None
    """By what the hedge was sized last."""
    condors: tuple[CondorLine, ...]
    """Condors filled and alive in the period, as they stand at its end."""
    changes: tuple[HedgeChange, ...]
    trades: tuple[OrderLine, ...]
    """Orders filled in the period, wholly or in part."""
    settlements: tuple[BookEntry, ...]
    decisions: tuple[Decision, ...]
    troubles: tuple[TroubleLine, ...]
    """Warnings and errors by session."""
    settings: tuple[EventRecord, ...] = ()
    """Each setting that a start of the period changed."""
    governance: tuple[GovernanceEntry, ...] = ()
    """What was done about the hedge policy in the period."""
    analysis: Analysis | None = None
    """None without closing figures."""
    monitors: tuple[Monitor, ...] = ()
    """What the arbitrage monitors saw."""
    valuation: tuple[ValuationLine, ...] = ()
    """Financial formulas at the last close."""
    budgets: tuple[BudgetLine, ...] = ()
    """What the hedge was expected to cost, by session."""
    coming: tuple[PlannedRoll, ...] | None = None
    """The rolls to come after the last session; None where no settings were read."""
    payoff: BookPayoff | None = None
    """What the open condors come to at expiry; None when none is open at the end."""
    risk: RiskRecord | None = None
    """What was at risk at the last close; None when it was not measured."""

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
    def expected(self) -> int:
        """Return the sessions of the period, recorded or not."""
        return len(sessions_between(self.first, self.last))

    @property
    def errors(self) -> int:
        """Return the events at level error."""
        return sum(line.count for line in self.troubles if line.level is Level.ERROR)

    @property
    def fees_usd_e4(self) -> int:
        """Return the fees of the filled orders."""
        return sum(line.fees_usd_e4 for line in self.trades)

    @property
    def slippage_usd_cents(self) -> int:
        """Return fill against mid over all orders that have one; positive is a cost."""
        return sum(line.slippage_usd_cents or 0 for line in self.trades)


def gather_report(
    store: Store, first: date, last: date, *, name: str = "", mode: str | None = None, policy: HedgePolicy | None = None
) -> ReportData:
    """Read what is recorded from ``first`` to ``last`` inclusive.

    Without ``mode`` the store's own note is used; without the hedge's ``policy`` the rolls to come are unknown.
    """
    all_days, entries = store.days(), store.entries()
    days = tuple(day for day in all_days if first <= day.session <= last)
    before = max((day for day in all_days if day.session < first), key=lambda day: day.session, default=None)
    unclosed = _unclosed(days)
    sessions = sorted({day.session for day in days} | set(unclosed))
    end = closing(days[-1].session if days else last, entries, all_days, store.book())
    computed = tuple(c for c in store.hedge_computations() if c.session <= last)
    analysis = analyse(store, first, last)
    intents = store.intents()
    orders = order_lines(intents, end.entries)
    risks = store.risks(end.session)
    events = tuple(event for event in store.events() if first <= event.session <= last)
    return ReportData(
        first=first,
        last=last,
        name=name,
        mode=mode or store.meta(MODE_KEY) or MODE_UNKNOWN,
        days=days,
        unclosed=unclosed,
        start_usd_cents=start_equity_usd_cents(days, before) if days else None,
        curve=equity_curve(days, before),
        held_usd=_held(days, computed),
        sizing=computed[-1].sizing if computed else None,
        condors=_alive(condor_lines(store.condors(), end, orders), first),
        changes=tuple(c for c in hedge_changes(intents, end.entries) if first <= c.session <= last),
        trades=_trades(orders, first),
        settlements=_settlements(end, first),
        decisions=tuple(decision for session in sessions for decision in store.decisions(session)),
        troubles=trouble_lines(events),
        settings=tuple(event for event in events if event.name == "settings_changed"),
        governance=tuple(entry for entry in store.governance() if first <= entry.session <= last),
        analysis=analysis,
        monitors=store.monitors(first, last),
        valuation=valuation_lines(store, analysis, days),
        budgets=budget_lines(computation for computation in computed if computation.session >= first),
        coming=None if policy is None else _coming(store, policy, end.session),
        payoff=book_payoff(end),
        risk=risks[-1] if risks else None,
    )


def _coming(store: Store, policy: HedgePolicy, after: date) -> tuple[PlannedRoll, ...]:
    if not (policy.enabled and policy.rolls_enabled):
        return ()
    return rolls_to_come(store, policy, after=after, until=after + timedelta(days=ROLLS_AHEAD_DAYS))


def _unclosed(days: Sequence[DayRecord]) -> tuple[date, ...]:
    if not days:
        return ()
    closed = {day.session for day in days}
    return tuple(day for day in sessions_between(days[0].session, days[-1].session) if day not in closed)


def _alive(lines: tuple[CondorLine, ...], first: date) -> tuple[CondorLine, ...]:
    filled = (line for line in lines if line.status is not CondorStatus.NOT_FILLED)
    return tuple(line for line in filled if line.ended is None or line.ended >= first)


def _trades(orders: Iterable[OrderLine], first: date) -> tuple[OrderLine, ...]:
    filled = [(line.fill_session, line) for line in orders if line.fill_session is not None]
    return tuple(line for session, line in sorted(filled, key=itemgetter(0)) if session >= first)


def _held(days: Iterable[DayRecord], computations: Iterable[HedgeComputation]) -> tuple[float | None, ...]:
    """Value what is held at the close; a computation is older than the trades it leads to."""
    last = {computation.session: computation for computation in computations}
    closes = [(day, held_at_close_usd(day, last.get(day.session))) for day in days]
    return tuple(day.hedge_held_usd if held is None else held for day, held in closes)


def _settlements(end: Closing, first: date) -> tuple[BookEntry, ...]:
    return tuple(entry for entry in end.entries if entry.kind is EntryKind.SETTLEMENT and entry.session >= first)


def _is_entry(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is Purpose.ENTRY and line.filled > 0
