"""Condor entries: one decision a session, worked to its end, whatever that end is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from daemon.core.orders.intent import Intent, IntentState, Purpose, Reason, Strategy
from daemon.core.records import CondorRecord, Decision, DecisionKind, JobOutcome, Outcome
from daemon.engine.condor_exits import CondorExits
from daemon.engine.condor_plan import EntryPlan, EntryPlanner
from daemon.engine.context import Desk
from daemon.engine.earlier_entries import JOB, WAITABLE, EarlierEntries
from daemon.engine.executor import Executor
from daemon.engine.gather import Refusal
from daemon.engine.risk_monitor import RiskMonitor
from daemon.errors import BrokerError


class CondorEntries:
    """Makes and works the session's one entry decision (000-25)."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor, exits: CondorExits) -> None:
        self._desk = desk
        self._executor = executor
        self._exits = exits
        self._planner = EntryPlanner(desk, risk)
        self.earlier = EarlierEntries(desk, executor)

    async def enter(self, session: date) -> JobOutcome:
        """Make the session's one entry decision and work it (000-25).

        Raises one of ``WAITABLE`` while nothing is decided: another try is worth it.
        """
        desk = self._desk
        if not desk.policy.condor.enabled:
            return self._skip(session, Refusal(Reason("condor_disabled", "CONDORD_CONDOR_ENABLED is off")))
        try:
            if (decided := self.earlier.decided(session)) is not None:
                outcome = Outcome.DONE if decided.kind is DecisionKind.ENTER else Outcome.SKIPPED
                return JobOutcome(outcome, "decided before the restart", desk.clock.now())
            if (earlier := await self.earlier.finish(session)) is not None:
                return await self._entered(session, earlier, earlier.reasons)
            plan = await self._planner.plan(session)
        except WAITABLE:
            raise
        except Refusal as refusal:
            return self._skip(session, refusal)
        except BrokerError as error:
            return self.give_up(session, error)
        return await self._send(session, plan)

    def give_up(self, session: date, error: BrokerError | Refusal) -> JobOutcome:
        """Record that the broker did not let an entry be decided."""
        if isinstance(error, Refusal):
            return self._skip(session, error)
        return self._skip(session, Refusal(Reason("broker_failed", str(error), error.code)))

    async def preview(self, session: date) -> Decision:
        """Return what the entry would be now, without recording or sending anything."""
        now = self._desk.clock.now()
        try:
            plan = await self._planner.plan(session, preview=True)
        except Refusal as refusal:
            return Decision(session, JOB, DecisionKind.SKIP, "condor", now, refusal.reasons, dict(refusal.inputs))
        return Decision(session, JOB, DecisionKind.ENTER, "condor", now, plan.reasons, plan.inputs)

    async def _send(self, session: date, plan: EntryPlan) -> JobOutcome:
        desk, policy = self._desk, self._desk.policy.condor
        key = self._executor.next_key(Strategy.CONDOR, Purpose.ENTRY, plan.subject)
        legs = plan.candidate.legs
        record = CondorRecord(plan.subject, session, legs, asdict(policy), key, plan.spx_pts)
        intent = Intent(
            key,
            plan.spec,
            desk.clock.now(),
            reasons=plan.reasons,
            mid_at_decision_pts=plan.price.mid_pts,
            quoted=plan.price,
        )
        desk.journal.emit("condor_entry_decided", {"subject": plan.subject, **plan.inputs})
        ladder = self.earlier.ladder(session, legs)
        done = await self._executor.work(intent, ladder, record)
        return await self._entered(session, done, done.reasons, plan.inputs)

    async def _entered(
        self,
        session: date,
        intent: Intent,
        reasons: tuple[Reason, ...],
        inputs: Mapping[str, float | int | str | None] | None = None,
    ) -> JobOutcome:
        """Record how the entry ended and protect what was filled; what nobody knows yet, the close decides."""
        if intent.state is IntentState.UNKNOWN and not intent.filled:
            text = f"the outcome of {intent.ref} is unknown; the close of the session decides"
            return JobOutcome(Outcome.DONE, text, self._desk.clock.now())
        outcome = self._record_end(session, intent, reasons, inputs)
        await self._exits.rest_take_profits()
        return outcome

    def _record_end(
        self,
        session: date,
        intent: Intent,
        reasons: tuple[Reason, ...],
        inputs: Mapping[str, float | int | str | None] | None = None,
    ) -> JobOutcome:
        now, wanted = self._desk.clock.now(), intent.spec.quantity
        if not intent.filled:
            name = "entry_unknown" if intent.state is IntentState.UNKNOWN else "entry_not_filled"
            text = f"the order is {intent.state.value} with nothing filled"
            why = self._executor.refusal(intent.ref) or Reason(name, text)
            last = Reason("last_limit", "last net limit in points", intent.spec.net_limit_pts100 / 100)
            beside = (last, *(reason for reason in reasons if reason != why))
            return self._skip(session, Refusal(why), inputs, beside=beside)
        filled = Reason("filled", f"{intent.filled} of {wanted} filled", intent.filled, wanted)
        decision = Decision(
            session, JOB, DecisionKind.ENTER, intent.key.subject, now, (filled, *reasons), dict(inputs or {})
        )
        self._desk.store.record_decision(decision)
        return JobOutcome(Outcome.DONE, f"entered {intent.key.subject}, {filled.text}", now)

    def _skip(
        self,
        session: date,
        refusal: Refusal,
        inputs: Mapping[str, float | int | str | None] | None = None,
        *,
        beside: tuple[Reason, ...] = (),
    ) -> JobOutcome:
        """Record that nothing was entered: what refused it, and ``beside`` it what else is worth knowing."""
        now = self._desk.clock.now()
        reasons = (*refusal.reasons, *beside)
        self._desk.store.record_decision(
            Decision(session, JOB, DecisionKind.SKIP, "condor", now, reasons, dict(inputs or refusal.inputs))
        )
        self._desk.journal.emit(
            "condor_entry_skipped", {"gates": [reason.name for reason in refusal.reasons], "why": str(refusal)}
        )
        return JobOutcome(Outcome.SKIPPED, str(refusal), now)

    def conclude(self, session: date, why: Reason, *, final: bool) -> None:
        """Make the decision a session still owes: what was filled all the same is an entry, else nothing was entered.

        While the outcome of a sent order is unknown the decision waits, unless this is the ``final`` call.
        """
        if self.earlier.decided(session) is not None:
            return
        sent = [intent for intent in self.earlier.orders(session) if not intent.never_sent]
        if not sent:
            self._skip(session, Refusal(why))
            return
        last = next((intent for intent in sent if intent.filled), sent[-1])
        if final or last.filled or last.state.terminal:
            self._record_end(session, last, (why, *last.reasons))
