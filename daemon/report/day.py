"""One session as a value and as text: what was decided, done, held and earned, and what needs a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.hedge.policy import BESIDE
from daemon.core.orders.intent import Intent, IntentState, Purpose, Strategy
from daemon.core.phrasing import sentence, words
from daemon.core.records import (
    MODE_KEY,
    CondorRecord,
    Decision,
    DecisionKind,
    EventRecord,
    HedgeComputation,
    JobOutcome,
    Level,
    Monitor,
    NextSession,
    Outcome,
    RiskRecord,
    RunState,
    RunStateRecord,
    Signal,
)
from daemon.ports import Store
from daemon.report.beside import BesideLine, beside_lines
from daemon.report.closing import Closing, closing
from daemon.report.condors import CondorLine, CondorStatus, condor_lines
from daemon.report.governance import waited_at_close
from daemon.report.hedge import HedgeChange, LayerLine, hedge_changes, layer_lines
from daemon.report.limits import limit_words
from daemon.report.orders import OrderLine, order_lines
from daemon.report.troubles import TroubleLine, trouble_lines
from daemon.report.uptime import LinkUse, link_use
from daemon.report.words import new_york_time, plural

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

UNREADABLE: Final = "settings_unreadable"
SETTINGS_EVENTS: Final = ("settings_changed", "exit_rule_changed", "settings_pending", UNREADABLE)
"""Events about the settings, which have a section of their own."""
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
    late: tuple[str, ...]
    """Jobs that ran after their time, because the daemon was not there at it."""
    link: LinkUse
    settings_told: tuple[str, ...]
    """What the session's log says of changed settings, in words."""
    tomorrow: NextSession | None
    run_state: RunStateRecord
    """As it stood when the page was made."""
    policy_waits: str = ""
    """Which hedge policy waited for approval when the session ended, in words."""
    settings_digest: str = ""
    """Of the settings that the session closed with; empty where nobody told."""

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
    tomorrow: NextSession | None = None,
    settings_digest: str = "",
) -> DayView:
    """Read what is recorded of one session; without ``mode`` the store's own note of it is used."""
    end = closing(session, store.entries(), store.days(), store.book())
    today = tuple(entry for entry in end.entries if entry.session == session)
    intents = tuple(intent for intent in store.intents() if intent.key.session <= session)
    refs = {entry.order_ref for entry in today}
    orders = order_lines((i for i in intents if i.key.session == session or i.ref in refs), end.entries)
    computations = store.hedge_computations(session)
    computation = computations[-1] if computations else None
    risks, events = store.risks(session), store.events(session=session)
    return DayView(
        session=session,
        mode=mode or store.meta(MODE_KEY) or MODE_UNKNOWN,
        closing=end,
        decisions=store.decisions(session),
        orders=orders,
        condors=condor_lines(_alive(store.condors(), end, today), end, orders),
        changes=_changes(intents, end, today),
        layers=layer_lines(end, computation, {} if tomorrow is None else dict(tomorrow.rolls)),
        beside=beside_lines(end, intents),
        computation=computation,
        signals=store.signals(session),
        monitors=store.monitors(session, session),
        risk=risks[-1] if risks else None,
        settlements=tuple(entry for entry in today if entry.kind is EntryKind.SETTLEMENT),
        jobs=tuple((job, store.job_outcome(session, job)) for job in JOBS),
        troubles=trouble_lines(event for event in events if event.name not in SETTINGS_EVENTS),
        late=tuple(str(event.fields["job"]) for event in events if event.name == "job_caught_up"),
        link=link_use(session, events),
        settings_told=tuple(_told(event) for event in events if event.name in SETTINGS_EVENTS),
        tomorrow=tomorrow,
        run_state=store.run_state(),
        policy_waits=waited_at_close(store.governance(), session),
        settings_digest=settings_digest,
    )


def _told(event: EventRecord) -> str:
    return f"{new_york_time(event.at)} {words(event.name)}: {sentence(event.name, event.fields)}"


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
    found += _undone_jobs(view)
    unknown = [line.ref for line in view.orders if line.state is IntentState.UNKNOWN]
    if unknown:
        found.append(f"no evidence yet of {', '.join(unknown)}")
    found += _held_back(view)
    errors = [line for line in view.troubles if line.level is Level.ERROR]
    if errors:
        names = sorted({line.name for line in errors})
        found.append(f"{plural(sum(line.count for line in errors), 'error')} ({', '.join(names)})")
    return tuple(found)


def _undone_jobs(view: DayView) -> Iterator[str]:
    """Name the jobs that failed or were missed, those of one reason together."""
    undone: dict[tuple[Outcome, str], list[str]] = {}
    for job, outcome in view.jobs:
        if outcome is not None and outcome.outcome in (Outcome.FAILED, Outcome.MISSED):
            undone.setdefault((outcome.outcome, outcome.reason), []).append(job)
    for (kind, why), jobs in undone.items():
        yield f"{'job' if len(jobs) == 1 else 'jobs'} {', '.join(jobs)} {kind}: {why}"


def _held_back(view: DayView) -> Iterator[str]:
    """Name what keeps the program from trading as the settings say: a halt, a limit, settings that wait or are wrong."""
    if view.run_state.state is not RunState.RUNNING:
        yield f"{view.run_state.state} by {view.run_state.by}: {view.run_state.reason}"
    uses = () if view.risk is None else view.risk.limits
    yield from (f"limit breached: {limit_words(use)}" for use in uses if use.breached)
    if view.policy_waits:
        yield view.policy_waits
    yield from (text for text in view.settings_told if words(UNREADABLE) in text)


def _adjusts(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is Purpose.DRIFT


def done_in_words(view: DayView) -> tuple[str, ...]:
    """Say what was done in the session, most important first."""
    filled = [line.subject for line in view.entries if line.filled]
    done = [f"entered {', '.join(filled)}" if filled else "no condor entered"]
    closed = sum(line.status is CondorStatus.CLOSED for line in view.ended_condors)
    settled = len(view.ended_condors) - closed
    done += [f"{plural(closed, 'condor')} closed"] * bool(closed)
    done += [f"{plural(settled, 'condor')} settled"] * bool(settled)
    rolled = len({line.subject for line in view.orders if _adjusts(line) and line.filled})
    done += [f"{plural(rolled, 'condor')} adjusted"] * bool(rolled)
    done += [f"{change.layer} {change.kind}" for change in view.changes]
    return tuple(done)
