"""One session as a value and as text: what was decided, done, held and earned, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.hedge.policy import BESIDE
from daemon.core.orders.intent import Intent, IntentState, Purpose, Strategy
from daemon.core.records import (
    MODE_KEY,
    CondorRecord,
    Decision,
    DecisionKind,
    HedgeComputation,
    JobOutcome,
    Level,
    Monitor,
    Outcome,
    RiskRecord,
    Signal,
)
from daemon.ports import Store
from daemon.report.beside import BesideLine, beside_lines
from daemon.report.closing import Closing, closing
from daemon.report.condors import CondorLine, CondorStatus, condor_lines
from daemon.report.governance import waited_at_close
from daemon.report.hedge import HedgeChange, LayerLine, hedge_changes, layer_lines
from daemon.report.orders import OrderLine, order_lines
from daemon.report.troubles import TroubleLine, trouble_lines
from daemon.report.words import plural

JOBS: Final = (
    "preflight",
    "signals",
    "exits",
    "hedge_roll",
    "cost_of_capital",
    "last_resort",
    "condor_entry",
    "hedge_resize",
    "monitors",
    "settlement",
    "reconcile",
    "risk",
    "end_of_day",
)
"""The jobs of a session in the order of the day, as their outcomes are recorded."""

CONDOR_ENTRY_JOB: Final = "condor_entry"
MODE_UNKNOWN: Final = "MODE NOT RECORDED"


@dataclass(frozen=True, slots=True)
class DayView:
    """Everything the text of one session is made from."""

    session: date
    mode: str
    """``SIMULATED``, or ``PAPER`` with the account."""
    closing: Closing
    decisions: tuple[Decision, ...]
    orders: tuple[OrderLine, ...]
    """Orders planned in the session, and older ones filled in it."""
    condors: tuple[CondorLine, ...]
    """The condors planned, held or changed in the session."""
    changes: tuple[HedgeChange, ...]
    """What was traded in the hedge in the session."""
    layers: tuple[LayerLine, ...]
    beside: tuple[BesideLine, ...]
    """What stands beside the layers, each with its ledger."""
    computation: HedgeComputation | None
    """The last hedge computation of the session."""
    signals: tuple[Signal, ...]
    """What they said before the session."""
    monitors: tuple[Monitor, ...]
    """What they saw in the session; empty where no look was due."""
    risk: RiskRecord | None
    """The last measurement of the session."""
    settlements: tuple[BookEntry, ...]
    jobs: tuple[tuple[str, JobOutcome | None], ...]
    troubles: tuple[TroubleLine, ...]
    """Warnings and errors, errors first."""
    next_actions: tuple[str, ...]
    policy_waits: str = ""
    """Which hedge policy waited for approval when the session ended, in words."""

    @property
    def open_condors(self) -> tuple[CondorLine, ...]:
        """Return the condors that hold something at the end of the session."""
        return tuple(line for line in self.condors if line.status is CondorStatus.OPEN)

    @property
    def ended_condors(self) -> tuple[CondorLine, ...]:
        """Return the condors closed or settled in the session."""
        return tuple(line for line in self.condors if line.ended == self.session)

    @property
    def entries(self) -> tuple[OrderLine, ...]:
        """Return the condor entry orders of the session."""
        return tuple(
            line
            for line in self.orders
            if line.strategy is Strategy.CONDOR and line.purpose is Purpose.ENTRY and line.session == self.session
        )

    @property
    def contracts_held(self) -> int:
        """Return the contracts held by all layers, a spread as one; what stands beside them is none of theirs."""
        return sum(line.held for line in self.layers if line.layer not in BESIDE)

    @property
    def contracts_target(self) -> int | None:
        """Return the contracts all layers should hold; None without a computation in this session."""
        return None if self.computation is None else sum(layer.target for layer in self.computation.layers)


def gather_day(
    store: Store,
    session: date,
    *,
    mode: str | None = None,
    next_rolls: Mapping[str, date] | None = None,
    next_actions: tuple[str, ...] = (),
) -> DayView:
    """Read what is recorded of one session; without ``mode`` the store's own note of it is used."""
    end = closing(session, store.entries(), store.days(), store.book())
    today = tuple(entry for entry in end.entries if entry.session == session)
    intents = tuple(intent for intent in store.intents() if intent.key.session <= session)
    refs = {entry.order_ref for entry in today}
    orders = order_lines((i for i in intents if i.key.session == session or i.ref in refs), end.entries)
    computations = store.hedge_computations(session)
    computation = computations[-1] if computations else None
    risks = store.risks(session)
    return DayView(
        session=session,
        mode=mode or store.meta(MODE_KEY) or MODE_UNKNOWN,
        closing=end,
        decisions=store.decisions(session),
        orders=orders,
        condors=condor_lines(_alive(store.condors(), end, today), end, orders),
        changes=_changes(intents, end, today),
        layers=layer_lines(end, computation, next_rolls or {}),
        beside=beside_lines(end, intents),
        computation=computation,
        signals=store.signals(session),
        monitors=store.monitors(session, session),
        risk=risks[-1] if risks else None,
        settlements=tuple(entry for entry in today if entry.kind is EntryKind.SETTLEMENT),
        jobs=tuple((job, store.job_outcome(session, job)) for job in JOBS),
        troubles=trouble_lines(store.events(session=session)),
        next_actions=next_actions,
        policy_waits=waited_at_close(store.governance(), session),
    )


def _alive(records: Iterable[CondorRecord], end: Closing, today: Iterable[BookEntry]) -> tuple[CondorRecord, ...]:
    """Return the condors planned, held or changed in a session; the others have nothing to tell."""
    alive = {holding.subject for holding in end.book.open_subjects(Strategy.CONDOR)}
    alive |= {entry.subject for entry in today}
    return tuple(record for record in records if record.condor_id in alive or record.entry_session == end.session)


def _changes(intents: Iterable[Intent], end: Closing, today: Iterable[BookEntry]) -> tuple[HedgeChange, ...]:
    if not any(entry.strategy is Strategy.HEDGE for entry in today):
        return ()
    return hedge_changes(intents, end.entries, only=end.session)


def condor_decision(decisions: tuple[Decision, ...]) -> Decision | None:
    """Return the session's decision to enter a condor or not; None when none was recorded.

    A later one counts: a catch-up run may enter after a first refusal.
    """
    found = [
        decision
        for decision in decisions
        if decision.kind is DecisionKind.ENTER
        or (decision.kind is DecisionKind.SKIP and decision.job == CONDOR_ENTRY_JOB)
    ]
    return found[-1] if found else None


def attention(view: DayView) -> tuple[str, ...]:
    """Say what a person should look at; nothing when all is well."""
    found: list[str] = []
    day = view.closing.day
    if day is None:
        found.append("no closing figures recorded")
    elif day.breaks_open:
        found.append(f"{plural(day.breaks_open, 'break')} open between book and account")
    if condor_decision(view.decisions) is None:
        found.append("no condor decision recorded")
    found += [
        f"job {job} {outcome.outcome}: {outcome.reason}"
        for job, outcome in view.jobs
        if outcome is not None and outcome.outcome in (Outcome.FAILED, Outcome.MISSED)
    ]
    unknown = [line.ref for line in view.orders if line.state is IntentState.UNKNOWN]
    if unknown:
        found.append(f"no evidence yet of {', '.join(unknown)}")
    if view.policy_waits:
        found.append(view.policy_waits)
    errors = [line for line in view.troubles if line.level is Level.ERROR]
    if errors:
        names = sorted({line.name for line in errors})
        found.append(f"{plural(sum(line.count for line in errors), 'error')} ({', '.join(names)})")
    return tuple(found)


def _adjusts(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is Purpose.DRIFT


def done_in_words(view: DayView) -> tuple[str, ...]:
    """Say what was done in the session, most important first."""
    words: list[str] = []
    filled = [line.subject for line in view.entries if line.filled]
    words.append(f"entered {', '.join(filled)}" if filled else "no condor entered")
    closed = sum(line.status is CondorStatus.CLOSED for line in view.ended_condors)
    settled = len(view.ended_condors) - closed
    words += [f"{plural(closed, 'condor')} closed"] * bool(closed)
    words += [f"{plural(settled, 'condor')} settled"] * bool(settled)
    rolled = len({line.subject for line in view.orders if _adjusts(line) and line.filled})
    words += [f"{plural(rolled, 'condor')} adjusted"] * bool(rolled)
    words += [f"{change.layer} {change.kind}" for change in view.changes]
    return tuple(words)
