"""Condor entries: one decision a session, worked to its end, whatever that end is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from daemon.core.calendar.sessions import shifted
from daemon.core.condor.build import ComboPrice, entry_legs
from daemon.core.condor.entry import credit_floor_pts100, judge_entry, size_entry
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import (
    Intent,
    IntentState,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import entry_ladder
from daemon.core.records import CondorRecord, Decision, DecisionKind, JobOutcome, Outcome
from daemon.engine.condor_exits import CondorExits
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import CondorCandidate, Indexes, Refusal, find_condor, indexes, priced
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError

JOB = "condor_entry"


@dataclass(frozen=True, slots=True)
class _Plan:
    """An entry that may be sent: everything the decision rests on."""

    candidate: CondorCandidate
    price: ComboPrice
    quantity: int
    ladder: tuple[int, ...]
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, float | int | str | None]


class CondorEntries:
    """Makes and works the session's one entry decision (000-25)."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor, exits: CondorExits) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._exits = exits

    async def enter(self, session: date) -> JobOutcome:
        """Make the session's one entry decision and work it (000-25)."""
        desk = self._desk
        if not desk.policy.condor.enabled:
            return self._skip(session, Refusal(Reason("condor_disabled", "CONDORD_CONDOR_ENABLED is off")))
        try:
            earlier = await self._finish_earlier(session)
            if earlier is not None:
                return earlier
            plan = await self._plan(session)
        except Refusal as refusal:
            return self._skip(session, refusal)
        except BrokerError as error:
            return self._skip(session, Refusal(Reason("broker_failed", str(error), error.code, None)))
        return await self._send(session, plan)

    async def preview(self, session: date) -> Decision:
        """Return what the entry would be now, without recording or sending anything."""
        now = self._desk.clock.now()
        try:
            plan = await self._plan(session, preview=True)
        except Refusal as refusal:
            return Decision(session, JOB, DecisionKind.SKIP, "condor", now, refusal.reasons)
        return Decision(session, JOB, DecisionKind.ENTER, "condor", now, plan.reasons, plan.inputs)

    async def _finish_earlier(self, session: date) -> JobOutcome | None:
        """Bring the orders of an interrupted entry to their end before another attempt is made."""
        desk = self._desk
        for intent in self._entry_intents(session):
            current = intent
            if not intent.state.terminal:
                current = await self._executor.cancel(intent.ref, "left over by an interrupted entry")
            if current.filled:
                return await self._entered(session, current, 0, ())
            if not current.state.terminal:
                reason = Reason("unknown_order", f"{intent.ref} has an unknown outcome; nothing new is sent")
                return self._skip(session, Refusal(reason))
        decided = [d for d in desk.store.decisions(session) if d.job == JOB and d.kind is DecisionKind.SKIP]
        return JobOutcome(Outcome.SKIPPED, "decided before", desk.clock.now()) if decided else None

    def _entry_intents(self, session: date) -> list[Intent]:
        return [
            intent
            for intent in self._desk.store.intents(session=session)
            if intent.key.strategy is Strategy.CONDOR and intent.key.purpose is Purpose.ENTRY
        ]

    async def _plan(self, session: date, *, preview: bool = False) -> _Plan:
        desk, policy = self._desk, self._desk.policy.condor
        now_indexes = await indexes(desk)
        nlv = (await desk.broker.account_values()).net_liquidation_usd_cents
        size = size_entry(nlv, self._risk.wing_notional_usd(), policy, desk.policy.limits)
        if size.quantity == 0:
            raise Refusal(*size.reasons)
        added_usd = size.quantity * policy.wing_pts * 100
        subject = self._next_condor_id(session)
        gate = partial(self._gate, subject, now_indexes, nlv=nlv, added_usd=added_usd, preview=preview)
        gate(margin=0)
        sent = desk.broker.requests_sent
        candidate = await find_condor(desk, session, now_indexes, policy)
        messages = desk.broker.requests_sent - sent
        price = priced(candidate.quotes, entry_legs(candidate.legs))
        refusals = judge_entry(price, policy)
        if refusals:
            raise Refusal(*refusals)
        floor = credit_floor_pts100(policy)
        rungs = entry_ladder(
            price.mid_pts,
            price.natural_pts100,
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            floor_pts100=floor,
        )
        if not rungs:
            raise Refusal(
                Reason("credit_too_small", "the mid is below the smallest credit", price.mid_pts, floor / 100)
            )
        margin = await self._margin(OrderSpec(entry_legs(candidate.legs), size.quantity, rungs[0], TimeInForce.DAY))
        gate(margin=margin)
        inputs = entry_inputs(now_indexes, candidate, price=price, nlv=nlv, margin=margin, quantity=size.quantity)
        inputs |= {"data_requests": candidate.requests, "messages_sent": messages}
        return _Plan(candidate, price, size.quantity, rungs, entry_reasons(candidate, price, size.reasons), inputs)

    async def _margin(self, spec: OrderSpec) -> int | None:
        """Return the initial margin after the order in cents; None where the broker does not say."""
        margin: Margin = await self._desk.broker.what_if(spec)
        return margin.initial_after_usd_cents

    def _gate(
        self, subject: str, seen: Indexes, *, nlv: int, added_usd: int, margin: int | None, preview: bool
    ) -> None:
        refusals = self._risk.refusals(
            Proposal(
                strategy=Strategy.CONDOR,
                purpose=Purpose.ENTRY,
                subject=subject,
                index_age_s=seen.age_s,
                added_wing_notional_usd=added_usd,
                nlv_usd_cents=nlv,
                margin_after_usd_cents=margin,
            ),
            preview=preview,
        )
        if refusals:
            raise Refusal(*refusals)

    async def _send(self, session: date, plan: _Plan) -> JobOutcome:
        desk, policy = self._desk, self._desk.policy.condor
        subject = self._next_condor_id(session)
        key = self._executor.next_key(Strategy.CONDOR, Purpose.ENTRY, subject)
        legs = plan.candidate.legs
        record = CondorRecord(
            subject, session, legs.put_long, legs.put_short, legs.call_short, legs.call_long, asdict(policy), key
        )
        intent = Intent(
            key,
            OrderSpec(entry_legs(legs), plan.quantity, plan.ladder[0], TimeInForce.DAY),
            desk.clock.now(),
            reasons=plan.reasons,
            mid_at_decision_pts=plan.price.mid_pts,
        )
        desk.journal.emit("condor_entry_decided", {"subject": subject, **plan.inputs})
        until = shifted(session, desk.policy.schedule.condor_entry_until)
        ladder = Ladder(rungs=plan.ladder, step_s=policy.ladder_step_s, until=until)
        done = await self._executor.work(intent, ladder, record)
        return await self._entered(session, done, plan.quantity, plan.reasons, plan.inputs)

    async def _entered(
        self,
        session: date,
        intent: Intent,
        wanted: int,
        reasons: tuple[Reason, ...],
        inputs: Mapping[str, float | int | str | None] | None = None,
    ) -> JobOutcome:
        """Record how the entry ended and protect what was filled."""
        now = self._desk.clock.now()
        if not intent.filled:
            name = "entry_unknown" if intent.state is IntentState.UNKNOWN else "entry_not_filled"
            text = f"the order ended {intent.state.value} with nothing filled"
            last = Reason("last_limit", "last net limit in points", intent.spec.net_limit_pts100 / 100)
            return self._skip(session, Refusal(Reason(name, text)), inputs, beside=(last, *reasons))
        filled = Reason("filled", f"{intent.filled} of {wanted or intent.spec.quantity} filled", intent.filled, wanted)
        decision = Decision(
            session, JOB, DecisionKind.ENTER, intent.key.subject, now, (filled, *reasons), dict(inputs or {})
        )
        self._desk.store.record_decision(decision)
        await self._exits.rest_take_profits()
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
            Decision(session, JOB, DecisionKind.SKIP, "condor", now, reasons, dict(inputs or {}))
        )
        self._desk.journal.emit(
            "condor_entry_skipped", {"gates": [reason.name for reason in refusal.reasons], "why": str(refusal)}
        )
        return JobOutcome(Outcome.SKIPPED, str(refusal), now)

    def missed(self, session: date, why: str) -> None:
        """Record that a session passed without an entry decision of its own."""
        self._skip(session, Refusal(Reason("daemon_not_running", why)))

    def _next_condor_id(self, session: date) -> str:
        taken = sum(record.entry_session == session for record in self._desk.store.condors())
        return f"C{session:%Y%m%d}-{taken + 1}"


def entry_inputs(
    seen: Indexes, candidate: CondorCandidate, *, price: ComboPrice, nlv: int, margin: int | None, quantity: int
) -> dict[str, float | int | str | None]:
    """Return the numbers an entry rested on."""
    legs = candidate.legs
    return {
        "spx": seen.spx,
        "vix": seen.vix,
        "expiry": legs.put_short.expiry.isoformat(),
        "put_long": legs.put_long.strike,
        "put_short": legs.put_short.strike,
        "call_short": legs.call_short.strike,
        "call_long": legs.call_long.strike,
        "put_delta": round(candidate.put_delta, 4),
        "call_delta": round(candidate.call_delta, 4),
        "mid_credit_pts": -price.mid_pts,
        "natural_credit_pts": -price.natural_pts100 / 100,
        "quantity": quantity,
        "net_liquidation_usd": nlv / 100,
        "margin_after_usd": None if margin is None else margin / 100,
    }


def entry_reasons(candidate: CondorCandidate, price: ComboPrice, size: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return why these strikes, this price and this size."""
    legs = candidate.legs
    return (
        Reason("expiry_in_window", f"expires {legs.put_short.expiry}", legs.put_short.expiry.isoformat(), None),
        Reason("put_short_delta", f"short put {legs.put_short.strike:g}", round(candidate.put_delta, 4), None),
        Reason("call_short_delta", f"short call {legs.call_short.strike:g}", round(candidate.call_delta, 4), None),
        Reason("credit", "mid credit and natural credit in points", -price.mid_pts, -price.natural_pts100 / 100),
        *size,
    )
