"""The condor desk: one entry decision a session, resting take-profits, time exits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import partial

from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.sessions import shifted
from daemon.core.condor.build import ComboPrice, CondorLegs, entry_legs, exit_legs, price_combo
from daemon.core.condor.entry import credit_floor_pts100, judge_entry, size_entry
from daemon.core.condor.exits import expires_today, take_profit_limit_pts100, time_exit_due
from daemon.core.market.contracts import OptionContract
from daemon.core.market.quotes import Quote
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import entry_ladder
from daemon.core.records import CondorRecord, Decision, DecisionKind, JobOutcome, Outcome
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import CondorCandidate, Indexes, Refusal, check_quotes, find_condor, indexes
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


class CondorDesk:
    """Enters, protects and exits condors."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._exiting: set[str] = set()
        self._postponed: set[tuple[str, str]] = set()

    # -- entry -------------------------------------------------------------------------------------

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
        await self.rest_take_profits()
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

    # -- exits -------------------------------------------------------------------------------------

    async def rest_take_profits(self) -> None:
        """Rest a GTC take-profit for every open condor that has none."""
        policy = self._desk.policy.condor
        if not policy.take_profit_enabled:
            return
        session = self._desk.journal.session()
        for condor in self._desk.view().condors:
            leaving = time_exit_due(session, condor.record.expiry, policy) or expires_today(
                session, condor.record.expiry
            )
            if not leaving and condor.balanced and not self._live_exits(condor):
                await self._rest_take_profit(condor)

    async def _rest_take_profit(self, condor: OpenCondor) -> None:
        limit = take_profit_limit_pts100(condor.credit_pts, self._desk.policy.condor)
        if self._refused(condor):
            return
        reason = Reason("take_profit", "rests at its share of the credit", limit / 100, condor.credit_pts)
        await self._executor.send(self._exit_intent(condor, limit, TimeInForce.GTC, (reason,), None))

    async def check_exits(self, session: date) -> None:
        """Close every condor whose time has come; exits have priority over entries."""
        policy = self._desk.policy.condor
        due = [c for c in self._desk.view().condors if time_exit_due(session, c.record.expiry, policy)]
        await asyncio.gather(*(self._time_exit(session, condor) for condor in due))
        await self.rest_take_profits()

    async def last_resort(self, session: date) -> JobOutcome:
        """Try once more to close what expires today and was to be closed before; what remains settles in cash."""
        now = self._desk.clock.now
        if not self._desk.policy.condor.time_exit_enabled:
            return JobOutcome(Outcome.SKIPPED, "time exits are off: an expiring condor settles in cash", now())
        expiring = [c for c in self._desk.view().condors if expires_today(session, c.record.expiry)]
        await asyncio.gather(*(self._time_exit(session, condor) for condor in expiring))
        return JobOutcome(Outcome.DONE, f"{len(expiring)} condors expire today", now())

    async def _time_exit(self, session: date, condor: OpenCondor) -> None:
        """Replace the resting take-profit by an order that walks to the market; one at a time for a condor."""
        name = condor.record.condor_id
        if name in self._exiting:
            return
        self._exiting.add(name)
        try:
            await self._leave(session, condor)
        finally:
            self._exiting.discard(name)

    async def _leave(self, session: date, condor: OpenCondor) -> None:
        desk, policy = self._desk, self._desk.policy.condor
        for resting in self._live_exits(condor):
            if resting.ref in self._executor.working:
                return
            ended = await self._executor.cancel(resting.ref, "the time exit replaces it")
            if not ended.state.terminal:
                return
        condor = self._again(condor)
        if condor.quantity == 0 or not condor.balanced or self._refused(condor):
            return
        try:
            quotes = await self._quotes(condor)
            price = priced(quotes, exit_legs(legs_of(condor.record)))
        except Refusal as refusal:
            self._postpone(condor, str(refusal))
            return
        rungs = entry_ladder(
            price.mid_pts,
            price.natural_pts100,
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            floor_pts100=None,
        )
        assert rungs, "a ladder without a floor has a rung"
        dte = (condor.record.expiry - session).days
        reason = Reason("time_exit", f"{dte} days to expiry", dte, policy.time_exit_dte)
        intent = self._exit_intent(condor, rungs[0], TimeInForce.DAY, (reason,), price.mid_pts)
        desk.journal.emit(
            "exit_decided", {"subject": condor.record.condor_id, "reason": reason.name, "mid_pts": price.mid_pts}
        )
        decision = Decision(
            session,
            "exits",
            DecisionKind.EXIT,
            condor.record.condor_id,
            desk.clock.now(),
            (reason,),
            {"mid_pts": price.mid_pts, "natural_pts100": price.natural_pts100, "quantity": condor.quantity},
        )
        desk.store.record_decision(decision)
        await self._executor.work(
            intent, Ladder(rungs=rungs, step_s=policy.ladder_step_s, until=self._exit_deadline(session))
        )

    def _postpone(self, condor: OpenCondor, why: str) -> None:
        """Say once why an exit has to wait."""
        said = (condor.record.condor_id, why)
        if said not in self._postponed:
            self._postponed.add(said)
            self._desk.journal.emit("exit_postponed", {"subject": condor.record.condor_id, "why": why})

    def _exit_deadline(self, session: date) -> datetime:
        return shifted(session, self._desk.policy.schedule.settlement.replace(hour=15, minute=59))

    async def _quotes(self, condor: OpenCondor) -> Mapping[OptionContract, Quote]:
        legs = legs_of(condor.record)
        infos = await self._desk.broker.contracts(legs.contracts)
        missing = [str(leg) for leg in legs.contracts if leg not in infos]
        if missing:
            raise Refusal(Reason("leg_not_quoted", f"no contract for {', '.join(missing)}"))
        quotes = await self._desk.broker.quotes([infos[leg] for leg in legs.contracts], greeks=False)
        check_quotes(self._desk, quotes)
        # No bid is a bid of zero: a worthless wing does not keep a condor open.
        return {leg: replace(quote, bid_pts100=quote.bid_pts100 or 0) for leg, quote in quotes.items()}

    def _exit_intent(
        self,
        condor: OpenCondor,
        limit_pts100: int,
        tif: TimeInForce,
        reasons: tuple[Reason, ...],
        mid_pts: float | None,
    ) -> Intent:
        key: IntentKey = self._executor.next_key(Strategy.CONDOR, Purpose.EXIT, condor.record.condor_id)
        spec = OrderSpec(exit_legs(legs_of(condor.record)), condor.quantity, limit_pts100, tif)
        return Intent(key, spec, self._desk.clock.now(), reasons=reasons, mid_at_decision_pts=mid_pts)

    def _live_exits(self, condor: OpenCondor) -> list[Intent]:
        return [
            intent
            for intent in self._desk.store.intents(subject=condor.record.condor_id, live_only=True)
            if intent.key.purpose is Purpose.EXIT
        ]

    def _again(self, condor: OpenCondor) -> OpenCondor:
        """Return the condor as the book has it now; quantity 0 when it is closed."""
        for current in self._desk.view().condors:
            if current.record.condor_id == condor.record.condor_id:
                return current
        return replace(condor, quantity=0)

    def _refused(self, condor: OpenCondor) -> bool:
        proposal = Proposal(
            strategy=Strategy.CONDOR, purpose=Purpose.EXIT, subject=condor.record.condor_id, index_age_s=None
        )
        return bool(self._risk.refusals(proposal))


def legs_of(record: CondorRecord) -> CondorLegs:
    """Return the four contracts of a recorded condor."""
    return CondorLegs(record.put_long, record.put_short, record.call_short, record.call_long)


def priced(quotes: Mapping[OptionContract, Quote], legs: Sequence[Leg]) -> ComboPrice:
    """Price the legs or refuse by the name of what is missing."""
    price = price_combo(legs, quotes)
    if price is None:
        one_sided = [str(contract) for contract, quote in quotes.items() if not quote.two_sided]
        raise Refusal(Reason("leg_not_quoted", f"no two-sided quote for {', '.join(one_sided) or 'a leg'}"))
    return price


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
