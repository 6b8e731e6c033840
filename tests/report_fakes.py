"""A store kept in lists, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date, datetime

from daemon.core.book.book import Book, BookEntry, EntryKind, fold
from daemon.core.hedge.governance import GovernanceEntry
from daemon.core.orders.broker_facts import ExecId, exec_stem
from daemon.core.orders.intent import ComboPrice, Intent, IntentState, OrderRef, PermId
from daemon.core.records import (
    CondorRecord,
    DailyValue,
    DayRecord,
    Decision,
    EventRecord,
    HedgeComputation,
    JobOutcome,
    Monitor,
    RiskRecord,
    RunState,
    RunStateRecord,
    Signal,
)
from daemon.report.orders import filled_units


class FakeStore:
    """Keeps what it is told and gives it back."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.state = RunStateRecord(RunState.RUNNING, "program", "first start", None)
        self.jobs: dict[tuple[date, str], JobOutcome] = {}
        self.decided: list[Decision] = []
        self.intent_by_ref: dict[OrderRef, Intent] = {}
        self.ledger: list[BookEntry] = []
        self.condor_records: list[CondorRecord] = []
        self.computations: list[HedgeComputation] = []
        self.day_by_session: dict[date, DayRecord] = {}
        self.event_log: list[EventRecord] = []
        self.governance_log: list[GovernanceEntry] = []
        self.risk_by_session: dict[date, RiskRecord] = {}
        self.closes: dict[str, dict[date, DailyValue]] = {}
        self.signals_by_session: dict[date, tuple[Signal, ...]] = {}
        self.monitor_lines: list[Monitor] = []

    def meta(self, key: str) -> str | None:
        return self.values.get(key)

    def set_meta(self, key: str, value: str) -> None:
        self.values[key] = value

    def run_state(self) -> RunStateRecord:
        return self.state

    def set_run_state(self, record: RunStateRecord) -> None:
        self.state = record

    def job_outcome(self, session: date, job: str) -> JobOutcome | None:
        return self.jobs.get((session, job))

    def record_job(self, session: date, job: str, outcome: JobOutcome) -> bool:
        if (session, job) in self.jobs:
            return False
        self.jobs[session, job] = outcome
        return True

    def record_decision(self, decision: Decision) -> None:
        self.decided.append(decision)

    def decisions(self, session: date) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decided if decision.session == session)

    def plan_intent(self, intent: Intent, condor: CondorRecord | None = None) -> None:
        assert intent.ref not in self.intent_by_ref
        self.intent_by_ref[intent.ref] = intent
        if condor is not None:
            self.condor_records.append(condor)

    def advance_intent(
        self, ref: OrderRef, state: IntentState, at: datetime, why: str, perm_id: PermId | None = None
    ) -> Intent:
        old = self.intent_by_ref[ref]
        self.intent_by_ref[ref] = replace(old, state=state, perm_id=perm_id or old.perm_id)
        return self.intent_by_ref[ref]

    def reprice_intent(self, ref: OrderRef, net_limit_pts100: int, quoted: ComboPrice | None, at: datetime) -> None:
        old = self.intent_by_ref[ref]
        self.intent_by_ref[ref] = replace(old, spec=replace(old.spec, net_limit_pts100=net_limit_pts100))

    def intent(self, ref: OrderRef) -> Intent | None:
        return self.intent_by_ref.get(ref)

    def intents(
        self, *, session: date | None = None, subject: str | None = None, live_only: bool = False
    ) -> tuple[Intent, ...]:
        return tuple(
            intent
            for intent in self.intent_by_ref.values()
            if (session is None or intent.key.session == session)
            and (subject is None or intent.key.subject == subject)
            and not (live_only and intent.state.terminal)
        )

    def record_execution(self, entry: BookEntry, event: EventRecord | None = None) -> bool:
        if any(known.exec_id == entry.exec_id for known in self.ledger):
            return False
        self.ledger.append(entry)
        if entry.kind is EntryKind.TRADE and entry.order_ref is not None:
            old = self.intent_by_ref[entry.order_ref]
            trades = [trade for trade in self.ledger if trade.order_ref == entry.order_ref]
            filled = filled_units(old.spec, trades)
            state = IntentState.FILLED if filled == old.spec.quantity else old.state
            self.intent_by_ref[entry.order_ref] = replace(old, filled=filled, state=state)
        return True

    def record_fee(self, exec_id: ExecId, fee_usd_e4: int) -> bool:
        for n, entry in enumerate(self.ledger):
            if entry.exec_id == exec_id and entry.fee_usd_e4 is None:
                self.ledger[n] = replace(entry, fee_usd_e4=fee_usd_e4)
                return True
        return False

    def entries(self) -> tuple[BookEntry, ...]:
        return tuple(self.ledger)

    def book(self) -> Book:
        return fold(self.ledger)

    def booked(self) -> Mapping[str, BookEntry]:
        return {exec_stem(entry.exec_id)[0]: entry for entry in self.ledger}

    def intent_refs(self) -> AbstractSet[OrderRef]:
        return self.intent_by_ref.keys()

    def condors(self) -> tuple[CondorRecord, ...]:
        return tuple(self.condor_records)

    def record_hedge_computation(self, computation: HedgeComputation) -> None:
        self.computations.append(computation)

    def hedge_computations(self, session: date | None = None) -> tuple[HedgeComputation, ...]:
        return tuple(found for found in self.computations if session in (None, found.session))

    def last_hedge_computation(self) -> HedgeComputation | None:
        return next(reversed(self.hedge_computations()), None)

    def record_day(self, day: DayRecord) -> None:
        self.day_by_session[day.session] = day

    def days(self) -> tuple[DayRecord, ...]:
        return tuple(day for _, day in sorted(self.day_by_session.items()))

    def last_day(self) -> DayRecord | None:
        return next(reversed(self.days()), None)

    def record_risk(self, risk: RiskRecord) -> None:
        self.risk_by_session[risk.session] = risk

    def risks(self, session: date | None = None) -> tuple[RiskRecord, ...]:
        return tuple(risk for day, risk in sorted(self.risk_by_session.items()) if session in (None, day))

    def last_risk(self) -> RiskRecord | None:
        return next(reversed(self.risks()), None)

    def daily_values(self, series: str, *, last: int) -> tuple[DailyValue, ...]:
        return tuple(value for _, value in sorted(self.closes.get(series, {}).items()))[-last:]

    def record_signals(
        self, session: date, signals: Sequence[Signal], closes: Mapping[str, Sequence[DailyValue]]
    ) -> None:
        self.signals_by_session[session] = tuple(signals)
        self.keep_daily_values(closes)

    def keep_daily_values(self, values: Mapping[str, Sequence[DailyValue]]) -> None:
        for series, found in values.items():
            for value in found:
                self.closes.setdefault(series, {}).setdefault(value.session, value)

    def signals(self, session: date | None = None) -> tuple[Signal, ...]:
        chosen = sorted(self.signals_by_session) if session is None else [session]
        return tuple(signal for day in chosen for signal in self.signals_by_session.get(day, ()))

    def record_monitors(self, lines: Sequence[Monitor], values: Mapping[str, Sequence[DailyValue]]) -> None:
        self.monitor_lines += lines
        self.keep_daily_values(values)

    def monitors(self, first: date, last: date) -> tuple[Monitor, ...]:
        return tuple(line for line in self.monitor_lines if first <= line.session <= last)

    def record_governance(self, entries: Sequence[GovernanceEntry], events: Sequence[EventRecord]) -> None:
        self.governance_log.extend(entries)
        self.event_log.extend(events)

    def governance(self) -> tuple[GovernanceEntry, ...]:
        return tuple(self.governance_log)

    def append_event(self, event: EventRecord) -> None:
        self.event_log.append(event)

    def events(self, *, session: date | None = None) -> tuple[EventRecord, ...]:
        return tuple(event for event in self.event_log if session in (None, event.session))

    def close(self) -> None:
        pass


HEADINGS = (
    "VERDICT",
    "ATTENTION",
    "MARKET",
    "PROFIT",
    "HEDGE",
    "ENTRY",
    "EXITS",
    "FILLS",
    "CONDORS",
    "LAYERS",
    "RISK",
    "LIMITS",
    "RECONCILED",
    "WARNINGS",
    "JOBS",
    "LINK",
    "SETTINGS",
    "TOMORROW",
)
"""Headings of the page of a day, in their order."""
