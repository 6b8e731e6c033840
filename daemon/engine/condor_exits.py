"""Condor exits: resting take-profits, time exits, the last resort before an expiry."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, time
from functools import partial
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.sessions import shifted
from daemon.core.condor.exits import expires_today, take_profit_limit_pts100, time_exit_due
from daemon.core.condor.legs import CondorLegs, Structure, closing
from daemon.core.orders.intent import ComboPrice, Intent, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.orders.ladder import LadderRules, rung_pts100
from daemon.core.records import Decision, DecisionKind, JobOutcome, Outcome
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import Refusal, market_of
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError

LAST_EXIT: Final = time(15, 59)
"""New York time until which an exit order is worked: an expiring SPXW series stops at 16:00."""


class CondorExits:
    """Closes condors: at their profit, at their time, and never twice."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._exiting: set[str] = set()
        self._postponed: dict[str, str] = {}

    async def rest_take_profits(self) -> None:
        """Rest a GTC take-profit for every open condor that has none; one that is still being entered waits."""
        policy = self._desk.policy.condor
        if not policy.take_profit_enabled:
            return
        session = self._desk.journal.session()
        for condor in self._desk.view().condors:
            leaving = time_exit_due(session, condor.record.expiry, policy) or expires_today(
                session, condor.record.expiry
            )
            if not leaving and condor.whole is not None and not self._live_orders(condor):
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
        if condor.whole is None or self._refused(
            condor
        ):  # also what protects it must stay: a halt, or a link that is not in step
            return
        # The price comes first: without one the resting take-profit stays where it is.
        price = await self._price(condor)
        if price is None or not await self._cancel_resting(condor):
            return
        condor = self._again(condor)
        if condor.whole is None or self._refused(condor):
            return
        ladder = self._ladder(session, condor)
        limit = rung_pts100(0, price, ladder.rules)
        assert limit is not None, "a ladder without a floor has a rung"
        dte = (condor.record.expiry - session).days
        reason = Reason("time_exit", f"{dte} days to expiry", dte, policy.time_exit_dte)
        intent = self._exit_intent(condor, limit, TimeInForce.DAY, (reason,), price)
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
        await self._executor.work(intent, ladder)

    def _ladder(self, session: date, condor: OpenCondor) -> Ladder:
        policy = self._desk.policy.condor
        return Ladder(
            rules=LadderRules(step_pts100=policy.ladder_step_pts100, through_pts100=policy.ladder_through_pts100),
            price=partial(self._market, condor),
            step_s=policy.ladder_step_s,
            until=shifted(session, LAST_EXIT),
        )

    async def _market(self, condor: OpenCondor) -> ComboPrice:
        """Ask what closing a condor costs now; a wing that nobody bids for does not keep it open."""
        return await market_of(self._desk, closing(_legs(condor).held), no_bid_is_zero=True)

    async def _price(self, condor: OpenCondor) -> ComboPrice | None:
        """Price the closing order; None, and said once for each condor and kind of reason, when it cannot be."""
        try:
            return await self._market(condor)
        except (Refusal, BrokerError) as error:
            kind = error.reasons[0].name if isinstance(error, Refusal) else "broker_failed"
            if self._postponed.get(condor.record.condor_id) != kind:
                self._postponed[condor.record.condor_id] = kind
                fields = {"subject": condor.record.condor_id, "why": str(error)}
                self._desk.journal.emit("exit_postponed", fields)
            return None

    async def _cancel_resting(self, condor: OpenCondor) -> bool:
        """Cancel what rests for a condor; False while one is worked or its end is not proven."""
        for resting in self._live_exits(condor):
            if resting.ref in self._executor.working:
                return False
            ended = await self._executor.cancel(resting.ref, "the time exit replaces it")
            if not ended.state.terminal:
                return False
        return True

    def _exit_intent(
        self,
        condor: OpenCondor,
        limit_pts100: int,
        tif: TimeInForce,
        reasons: tuple[Reason, ...],
        price: ComboPrice | None,
    ) -> Intent:
        key = self._executor.next_key(Strategy.CONDOR, Purpose.EXIT, condor.record.condor_id)
        spec = OrderSpec(closing(_legs(condor).held), condor.quantity, limit_pts100, tif)
        mid_pts = None if price is None else price.mid_pts
        now = self._desk.clock.now()
        return Intent(key, spec, now, reasons=reasons, mid_at_decision_pts=mid_pts, quoted=price)

    def _live_orders(self, condor: OpenCondor) -> tuple[Intent, ...]:
        return self._desk.store.intents(subject=condor.record.condor_id, live_only=True)

    def _live_exits(self, condor: OpenCondor) -> list[Intent]:
        return [intent for intent in self._live_orders(condor) if intent.key.purpose is Purpose.EXIT]

    def _again(self, condor: OpenCondor) -> OpenCondor:
        """Return the condor as the book has it now; it holds nothing when it is closed."""
        for current in self._desk.view().condors:
            if current.record.condor_id == condor.record.condor_id:
                return current
        return replace(condor, held=Structure((), ()))

    def _refused(self, condor: OpenCondor) -> bool:
        proposal = Proposal(
            strategy=Strategy.CONDOR, purpose=Purpose.EXIT, subject=condor.record.condor_id, index_age_s=None
        )
        return bool(self._risk.refusals(proposal))


def _legs(condor: OpenCondor) -> CondorLegs:
    assert condor.whole is not None, f"{condor.record.condor_id} is in parts, which one order does not close"
    return condor.whole
