"""Condor entries: one decision a session, worked to its end, whatever that end is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from daemon.core.calendar.sessions import shifted
from daemon.core.condor.build import ComboPrice
from daemon.core.condor.entry import credit_floor_pts100, judge_entry, size_entry
from daemon.core.condor.event_gate import gated_size, judge_events, judge_vix
from daemon.core.condor.legs import CondorLegs
from daemon.core.market.contracts import MULTIPLIER
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
from daemon.core.records import CondorRecord, Decision, DecisionKind, JobOutcome, Outcome, RunState
from daemon.core.risk.exposure import quick_ratio
from daemon.core.risk.greeks import Position
from daemon.engine.condor_exits import CondorExits
from daemon.engine.condor_search import CondorCandidate, find_condor
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import Indexes, Refusal, indexes, leg_quotes, priced
from daemon.engine.risk_meter import RiskMeter
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

JOB = "condor_entry"
WAITABLE = (LinkDownError, BrokerTimeoutError)
"""Failures after which another try may well succeed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """An entry that may be sent: everything the decision rests on."""

    candidate: CondorCandidate
    price: ComboPrice
    quantity: int
    ladder: tuple[int, ...]
    reasons: tuple[Reason, ...]
    inputs: Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class _After:
    """What an entry would leave behind; None is unknown."""

    margin_usd_cents: int | None
    theta_usd: float | None
    quick_ratio: float | None

    def figures(self) -> dict[str, float | int | str | None]:
        """Return what the decision shows of it."""
        named = {"theta_after_usd": self.theta_usd, "quick_ratio_after": self.quick_ratio}
        return {name: round(value, 2) for name, value in named.items() if value is not None and math.isfinite(value)}

    def would_refuse(self, *, theta_gate: bool) -> tuple[Reason, ...]:
        """Return what a gate that is switched off would have refused (000-26)."""
        if theta_gate or self.theta_usd is None or self.theta_usd > 0:
            return ()
        text = "Condors and hedge together would lose by the passing of time, in dollars a day; the gate is off."
        return (Reason("would_refuse_theta", text, round(self.theta_usd, 2), limit=0),)


_NOT_ASKED: Final = _After(0, math.inf, math.inf)
"""The best that could be: what is refused even so needs no question to the broker."""


class CondorEntries:
    """Makes and works the session's one entry decision (000-25)."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor, exits: CondorExits) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._exits = exits
        self._meter = RiskMeter(desk)

    async def enter(self, session: date) -> JobOutcome:
        """Make the session's one entry decision and work it (000-25).

        Raises LinkDownError or BrokerTimeoutError while nothing is decided: another try is worth it.
        """
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
        except WAITABLE:
            raise
        except BrokerError as error:
            return self.give_up(session, error)
        return await self._send(session, plan)

    def until(self, session: date) -> datetime:
        """Return the instant at which the session's entry ends, whatever it has come to."""
        return shifted(session, self._desk.policy.schedule.condor_entry_until)

    def give_up(self, session: date, error: BrokerError) -> JobOutcome:
        """Record that the broker did not let an entry be decided."""
        return self._skip(session, Refusal(Reason("broker_failed", str(error), error.code)))

    async def preview(self, session: date) -> Decision:
        """Return what the entry would be now, without recording or sending anything."""
        now = self._desk.clock.now()
        try:
            plan = await self._plan(session, preview=True)
        except Refusal as refusal:
            return Decision(session, JOB, DecisionKind.SKIP, "condor", now, refusal.reasons)
        return Decision(session, JOB, DecisionKind.ENTER, "condor", now, plan.reasons, plan.inputs)

    async def _finish_earlier(self, session: date) -> JobOutcome | None:
        """Bring an interrupted entry to its end; None when none of its orders has ever reached the broker."""
        decided = self._decided(session)
        if decided is not None:
            outcome = Outcome.DONE if decided.kind is DecisionKind.ENTER else Outcome.SKIPPED
            return JobOutcome(outcome, "decided before the restart", self._desk.clock.now())
        for intent in self._entry_intents(session):
            current = await self._go_on(session, intent)
            if not never_sent(current):
                return await self._entered(session, current, current.reasons)
        return None

    async def _go_on(self, session: date, intent: Intent) -> Intent:
        """Work an order of an interrupted entry on from the price it has: a second one is never sent beside it."""
        desk, until = self._desk, self.until(session)
        if intent.state.terminal:
            return intent
        seen = await self._executor.in_sight(intent.ref, until)
        if seen.state is not IntentState.WORKING:
            return seen
        if not self.goes_on_with(seen):
            return await self._executor.cancel(seen.ref, "left over by an interrupted entry")
        try:
            rungs = await self._rungs_from(seen)
        except WAITABLE:
            raise
        except (Refusal, BrokerError) as error:
            return await self._executor.cancel(seen.ref, f"left over by an interrupted entry, without a price: {error}")
        desk.journal.emit("order_taken_over", {"order_ref": seen.ref, "limit_pts100": rungs[0]})
        return await self._executor.go_on(
            seen, Ladder(rungs=rungs, step_s=desk.policy.condor.ladder_step_s, until=until)
        )

    def goes_on_with(self, intent: Intent) -> bool:
        """Whether the entry job is still to work an order on that nobody follows just now."""
        store, key = self._desk.store, intent.key
        return (
            key.strategy is Strategy.CONDOR
            and key.purpose is Purpose.ENTRY
            and key.session == self._desk.journal.session()
            and self._desk.policy.condor.enabled
            and store.run_state().state is RunState.RUNNING
            and self._desk.clock.now() < self.until(key.session)
            and self._decided(key.session) is None
        )

    async def _rungs_from(self, intent: Intent) -> tuple[int, ...]:
        """Return the price an order has and those that the market as it is now still asks to try after it."""
        policy, has = self._desk.policy.condor, intent.spec.net_limit_pts100
        legs = [leg.contract for leg in intent.spec.legs]
        price = priced(await leg_quotes(self._desk, legs), intent.spec.legs)
        rungs = entry_ladder(
            price.mid_pts,
            price.natural_pts100,
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            floor_pts100=credit_floor_pts100(policy),
        )
        return (has, *(rung for rung in rungs if rung > has))

    def _entry_intents(self, session: date) -> list[Intent]:
        return [
            intent
            for intent in self._desk.store.intents(session=session)
            if intent.key.strategy is Strategy.CONDOR and intent.key.purpose is Purpose.ENTRY
        ]

    async def _plan(self, session: date, *, preview: bool = False) -> _Plan:
        desk, policy = self._desk, self._desk.policy.condor
        now_indexes = await indexes(desk)
        account = await desk.broker.account_values()
        nlv = account.net_liquidation_usd_cents
        verdicts = judge_events(session, desk.policy.events, policy), judge_vix(now_indexes.vix, policy)
        size = gated_size(size_entry(nlv, self._risk.wing_notional_usd(), policy, desk.policy.limits), *verdicts)
        if size.quantity == 0:
            raise Refusal(*size.reasons)
        added_usd = size.quantity * policy.wing_pts * 100
        subject = self._next_condor_id(session)
        gate = partial(self._gate, subject, now_indexes, nlv=nlv, added_usd=added_usd, preview=preview)
        gate(_NOT_ASKED)
        sent = desk.broker.requests_sent
        candidate = await find_condor(desk, session, now_indexes, policy)
        messages = desk.broker.requests_sent - sent
        price = priced(candidate.quotes, candidate.legs.held)
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
        spec = OrderSpec(candidate.legs.held, size.quantity, rungs[0], TimeInForce.DAY)
        after = await self._after(session, subject, candidate, spec=spec, cash_usd_cents=account.total_cash_usd_cents)
        gate(after)
        margin = after.margin_usd_cents
        inputs = entry_inputs(now_indexes, candidate, price=price, nlv=nlv, margin=margin, quantity=size.quantity)
        inputs |= {"data_requests": candidate.requests, "messages_sent": messages, **after.figures()}
        reasons = (*after.would_refuse(theta_gate=desk.policy.limits.theta_gate), *size.reasons)
        return _Plan(candidate, price, size.quantity, rungs, entry_reasons(candidate, price, reasons), inputs)

    async def _after(
        self, session: date, subject: str, candidate: CondorCandidate, *, spec: OrderSpec, cash_usd_cents: int
    ) -> _After:
        """Ask what the entry would leave behind: margins from the broker, theta and quick ratio from the book."""
        margin: Margin = await self._desk.broker.what_if(spec)
        added = [
            Position(
                Strategy.CONDOR,
                subject,
                leg.contract,
                leg.ratio * spec.quantity,
                candidate.quotes[leg.contract].mid_pts,
            )
            for leg in spec.legs
        ]
        theta_usd = await self._meter.theta_with(session, added)
        maintenance = margin.maintenance_after_usd_cents
        ratio = None if maintenance is None else quick_ratio(cash_usd_cents, maintenance, self._debit_due_usd_cents())
        return _After(margin.initial_after_usd_cents, theta_usd, ratio)

    def _debit_due_usd_cents(self) -> int:
        """Return what all live orders would pay when they filled at their limits."""
        live = self._desk.store.intents(live_only=True)
        return sum(
            (intent.spec.quantity - intent.filled) * max(0, intent.spec.net_limit_pts100) * MULTIPLIER
            for intent in live
        )

    def _gate(self, subject: str, seen: Indexes, after: _After, *, nlv: int, added_usd: int, preview: bool) -> None:
        refusals = self._risk.refusals(
            Proposal(
                strategy=Strategy.CONDOR,
                purpose=Purpose.ENTRY,
                subject=subject,
                index_age_s=seen.age_s,
                added_wing_notional_usd=added_usd,
                nlv_usd_cents=nlv,
                margin_after_usd_cents=after.margin_usd_cents,
                theta_after_usd=after.theta_usd,
                quick_ratio_after=after.quick_ratio,
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
        record = CondorRecord(subject, session, legs, asdict(policy), key)
        intent = Intent(
            key,
            OrderSpec(legs.held, plan.quantity, plan.ladder[0], TimeInForce.DAY),
            desk.clock.now(),
            reasons=plan.reasons,
            mid_at_decision_pts=plan.price.mid_pts,
        )
        desk.journal.emit("condor_entry_decided", {"subject": subject, **plan.inputs})
        ladder = Ladder(rungs=plan.ladder, step_s=policy.ladder_step_s, until=self.until(session))
        done = await self._executor.work(intent, ladder, record)
        return await self._entered(session, done, plan.reasons, plan.inputs)

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
            last = Reason("last_limit", "last net limit in points", intent.spec.net_limit_pts100 / 100)
            return self._skip(session, Refusal(Reason(name, text)), inputs, beside=(last, *reasons))
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
            Decision(session, JOB, DecisionKind.SKIP, "condor", now, reasons, dict(inputs or {}))
        )
        self._desk.journal.emit(
            "condor_entry_skipped", {"gates": [reason.name for reason in refusal.reasons], "why": str(refusal)}
        )
        return JobOutcome(Outcome.SKIPPED, str(refusal), now)

    def conclude(self, session: date, why: Reason, *, final: bool) -> None:
        """Make the decision a session still owes: what was filled all the same is an entry, else nothing was entered.

        While the outcome of a sent order is unknown the decision waits, unless this is the ``final`` call.
        """
        if self._decided(session) is not None:
            return
        sent = [intent for intent in self._entry_intents(session) if not never_sent(intent)]
        if not sent:
            self._skip(session, Refusal(why))
            return
        last = next((intent for intent in sent if intent.filled), sent[-1])
        if final or last.filled or last.state.terminal:
            self._record_end(session, last, (why, *last.reasons))

    def _decided(self, session: date) -> Decision | None:
        return next((decision for decision in self._desk.store.decisions(session) if decision.job == JOB), None)

    def _next_condor_id(self, session: date) -> str:
        taken = sum(record.entry_session == session for record in self._desk.store.condors())
        return f"C{session:%Y%m%d}-{taken + 1}"


def never_sent(intent: Intent) -> bool:
    """Whether an order is proven never to have reached the broker: withdrawn before its bytes left, or absent."""
    withdrawn = intent.state is IntentState.CANCELLED and intent.perm_id is None and not intent.filled
    return withdrawn or intent.state is IntentState.ABSENT


def entry_inputs(
    seen: Indexes, candidate: CondorCandidate, *, price: ComboPrice, nlv: int, margin: int | None, quantity: int
) -> dict[str, float | int | str | None]:
    """Return the numbers an entry rested on."""
    legs = candidate.legs
    return {
        "spx": seen.spx,
        "vix": seen.vix,
        "expiry": legs.expiry.isoformat(),
        **_strikes(legs),
        "put_delta": round(candidate.put_delta, 4),
        "call_delta": round(candidate.call_delta, 4),
        "mid_credit_pts": -price.mid_pts,
        "natural_credit_pts": -price.natural_pts100 / 100,
        "quantity": quantity,
        "net_liquidation_usd": nlv / 100,
        "margin_after_usd": None if margin is None else margin / 100,
    }


def _strikes(legs: CondorLegs) -> dict[str, float | int | str | None]:
    put, call = legs.put, legs.call
    return {
        "put_long": None if put is None else put.long.strike,
        "put_short": None if put is None else put.short.strike,
        "call_short": None if call is None else call.short.strike,
        "call_long": None if call is None else call.long.strike,
    }


def entry_reasons(candidate: CondorCandidate, price: ComboPrice, size: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """Return why this size, where it is not the usual one, these strikes and this price."""
    legs = candidate.legs
    return (
        *size,
        Reason("expiry_in_window", f"expires {legs.expiry}", legs.expiry.isoformat(), None),
        *(
            Reason(f"{name}_short_delta", f"short {name} {side.short.strike:g}", round(delta, 4), None)
            for name, side, delta in (
                ("put", legs.put, candidate.put_delta),
                ("call", legs.call, candidate.call_delta),
            )
            if side is not None
        ),
        Reason("credit", "mid credit and natural credit in points", -price.mid_pts, -price.natural_pts100 / 100),
    )
