"""Closing what a condor holds: fresh prices first, then nothing rests beside it, then one order for each part."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.sessions import shifted
from daemon.core.condor.exits import ExitRule
from daemon.core.condor.legs import Structure
from daemon.core.condor.unwinding import closing_steps
from daemon.core.orders.intent import ComboPrice, Intent, Leg, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.core.orders.ladder import LadderRules, PriceSteps, places_to, rung_pts100
from daemon.core.records import Decision, DecisionKind
from daemon.engine.condor_quotes import PricedStep, priced_steps
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import market_of
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError

LAST_EXIT: Final = time(15, 59)
"""New York time until which an exit order is worked: an expiring SPXW series stops at 16:00."""
PLACES_LONGER: Final = 10
"""Steps that an order is worked on at its last place, following the market, before it is made anew."""
ROUNDS_MAX: Final = 2
"""Orders for the parts, then for the long options that covered a short one until it was bought back."""
SHORTEST_WORK: Final = timedelta(seconds=5)
"""An order that could not be worked for this long is not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """That a condor be closed, why, and by which orders."""

    purpose: Purpose
    reason: Reason
    confirmed: Callable[[float | None], Awaitable[bool]] | None = None
    """Asked with what closing one condor costs at the mids of fresh quotes, None where a part has no price."""
    limit_pts100: int | None = None
    """Most that closing may cost for one condor, in points x 100."""
    work_s: float | None = None
    """Time in which an order walks to its last price; None takes the steps of the settings."""


class CondorCloser:
    """Closes condors, one wish at a time for each; the only one who sends an order that closes one."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk
        self._claims: dict[str, asyncio.Event] = {}
        self._patient: set[str] = set()
        self._asked: set[str] = set()
        self._ahead: set[str] = set()
        self._nobody_ahead = asyncio.Event()
        self._nobody_ahead.set()
        self._postponed: dict[str, str] = {}
        self._begun: dict[str, tuple[Purpose, Reason]] | None = None

    # -- one at a time -----------------------------------------------------------------------------

    def claim(self, condor_id: str, *, patient: bool = False) -> bool:
        """Take a condor for oneself; False while somebody else works on it. Patient work gives way to an exit."""
        if condor_id in self._claims:
            return False
        self._claims[condor_id] = asyncio.Event()
        if patient:
            self._patient.add(condor_id)
        self._ahead.add(condor_id)
        self._nobody_ahead.clear()
        return True

    def release(self, condor_id: str) -> None:
        """Give a claimed condor back."""
        self.on_its_way(condor_id)
        self._patient.discard(condor_id)
        self._asked.discard(condor_id)
        self._claims.pop(condor_id).set()

    def ask_for_way(self, condor_id: str) -> bool:
        """Ask patient work to give way; False when there is none, or it was asked before."""
        if condor_id not in self._patient or condor_id in self._asked:
            return False
        self._asked.add(condor_id)
        return True

    def asked_for_way(self, condor_id: str) -> bool:
        """Whether patient work must send nothing more."""
        return condor_id in self._asked

    async def make_way(self, condor_id: str) -> None:
        """Cancel, with evidence, what patient work has sent, and wait until it has let the condor go."""
        for order in self._desk.store.intents(subject=condor_id, live_only=True):
            if order.ref in self._executor.working:
                await self._executor.cancel(order.ref, "an exit is due")
        while (claim := self._claims.get(condor_id)) is not None:
            await claim.wait()

    def on_its_way(self, condor_id: str) -> None:
        """Let entries go on as far as this condor is concerned: its order is about to be sent."""
        self._ahead.discard(condor_id)
        if not self._ahead:
            self._nobody_ahead.set()

    async def all_sent(self) -> None:
        """Wait until every exit that is due has sent its order or has been postponed: exits go before entries."""
        await self._nobody_ahead.wait()

    def begun(self, condor_id: str) -> tuple[Purpose, Reason] | None:
        """Return by which purpose and why the closing of a condor has begun, in this life or an earlier one."""
        if self._begun is None:
            orders = self._desk.store.intents()
            self._begun = {
                order.key.subject: (order.key.purpose, order.reasons[0]) for order in orders if _began(order)
            }
        return self._begun.get(condor_id)

    # -- closing -----------------------------------------------------------------------------------

    async def close(self, condor: OpenCondor, wish: Wish) -> str:
        """Close a claimed condor as far as it goes; return in words what became of it, empty when all is closed."""
        name = condor.record.condor_id
        try:
            return await self._close(condor, wish)
        except BrokerError as error:
            self._postpone(name, "broker_failed", str(error))
            return str(error)
        finally:
            self.release(name)

    async def _close(self, condor: OpenCondor, wish: Wish) -> str:
        if refusals := self.refused(condor, wish.purpose):
            return "; ".join(reason.text for reason in refusals)
        if exit_deadline(self._desk.journal.session()) - self._desk.clock.now() < SHORTEST_WORK:
            return "the session is too near its end to work an order"
        unpriced = ""
        for attempt in range(ROUNDS_MAX):
            # The price comes first: without one the resting take-profit stays where it is.
            seen = await self.price(condor)
            unpriced = "; ".join(row.why for row in seen if row.price is None)
            if not any(row.price is not None for row in seen):
                self._postpone(condor.record.condor_id, "not_priced", unpriced)
                break
            if attempt == 0 and not await self._confirmed(condor, wish, seen, unpriced=unpriced):
                return "not confirmed by fresh quotes"
            if not await self.cancel_resting(condor.record.condor_id, f"{wish.reason.name} replaces it"):
                return "the end of an order that rests is not proven yet"
            condor = self.again(condor)
            # Also what protects it must stay: a halt, or a link that is not in step, that came meanwhile.
            if (
                not condor.held.positions
                or self.refused(condor, wish.purpose)
                or self.asked_for_way(condor.record.condor_id)
            ):
                break
            if attempt == 0:
                self._decide(condor, wish, seen)
            await self._work_all(condor, wish, seen)
            condor = self.again(condor)
            if not condor.held.loose or condor.held.parts:
                break
        return _left(self.again(condor), unpriced)

    async def _confirmed(self, condor: OpenCondor, wish: Wish, seen: Sequence[PricedStep], *, unpriced: str) -> bool:
        """Ask whether the rule holds on these prices; where it cannot be seen for want of one, that is said."""
        if wish.confirmed is None or await wish.confirmed(_cost_pts(condor, seen)):
            return True
        if unpriced:
            self._postpone(condor.record.condor_id, "not_priced", unpriced)
        return False

    async def _work_all(self, condor: OpenCondor, wish: Wish, seen: Sequence[PricedStep]) -> None:
        """Work the orders of all parts side by side; what was priced before a late fill may hold less now."""
        prices = {row.step.legs: row for row in seen if row.price is not None}
        steps = [step for step in closing_steps(condor.held) if step.legs in prices]
        works = [self._work(condor, wish, replace(prices[step.legs], step=step)) for step in steps]
        self.on_its_way(condor.record.condor_id)
        await asyncio.gather(*works)

    async def _work(self, condor: OpenCondor, wish: Wish, row: PricedStep) -> None:
        assert row.price is not None, "an order without a price is not worked"
        worked = exit_ladder(
            self._desk,
            row.step.legs,
            row.price,
            floor_pts100=wish.limit_pts100,
            price_steps=row.steps_pts100,
            work_s=wish.work_s,
            patient=wish.limit_pts100 is not None,
        )
        if worked is None:
            return
        ladder, limit = worked
        key = self._executor.next_key(Strategy.CONDOR, wish.purpose, condor.record.condor_id)
        spec = OrderSpec(row.step.legs, row.step.quantity, limit, TimeInForce.DAY)
        now = self._desk.clock.now()
        mid_pts = row.price.mid_pts
        intent = Intent(key, spec, now, reasons=(wish.reason,), mid_at_decision_pts=mid_pts, quoted=row.price)
        done = await self._executor.work(intent, ladder)
        if self._begun is not None and _began(done):
            self._begun[done.key.subject] = (done.key.purpose, wish.reason)

    def _decide(self, condor: OpenCondor, wish: Wish, seen: Sequence[PricedStep]) -> None:
        """Write the decision down: what is closed, why, and at which prices."""
        desk, name = self._desk, condor.record.condor_id
        self._postponed.pop(name, None)
        orders = [row.price for row in seen if row.price is not None]
        inputs: dict[str, float | int | str | None] = {"quantity": condor.quantity, "credit_pts": condor.credit_pts}
        if len(orders) == 1:
            inputs |= {"mid_pts": orders[0].mid_pts, "natural_pts100": orders[0].natural_pts100}
        else:
            inputs["orders"] = len(orders)
        fields = {
            "subject": name,
            "reason": wish.reason.name,
            "why": wish.reason.text,
            "mid_pts": inputs.get("mid_pts"),
        }
        desk.journal.emit("exit_decided", fields)
        session, now = desk.journal.session(), desk.clock.now()
        decision = Decision(session, "exits", DecisionKind.EXIT, name, now, (wish.reason,), inputs)
        desk.store.record_decision(decision)

    # -- prices ------------------------------------------------------------------------------------

    async def price(self, condor: OpenCondor) -> tuple[PricedStep, ...]:
        """Price every order that would close a part now. Raises BrokerError when nothing can be asked."""
        return await priced_steps(self._desk, closing_steps(condor.held))

    def _postpone(self, name: str, kind: str, why: str) -> None:
        """Say once, for each condor and kind of reason, that an exit which is due cannot be sent."""
        if self._postponed.get(name) != kind:
            self._postponed[name] = kind
            self._desk.journal.emit("exit_postponed", {"subject": name, "why": why})

    # -- what is there -----------------------------------------------------------------------------

    async def cancel_resting(self, condor_id: str, why: str) -> bool:
        """Cancel what lives for a condor; False while an order is worked or its end is not proven."""
        for order in self._desk.store.intents(subject=condor_id, live_only=True):
            if order.ref in self._executor.working:
                return False
            ended = await self._executor.cancel(order.ref, why)
            if not ended.state.terminal:
                return False
        return True

    def again(self, condor: OpenCondor) -> OpenCondor:
        """Return the condor as the book has it now; it holds nothing when it is closed."""
        for current in self._desk.view().condors:
            if current.record.condor_id == condor.record.condor_id:
                return current
        return replace(condor, held=Structure((), ()))

    def refused(self, condor: OpenCondor, purpose: Purpose = Purpose.EXIT) -> tuple[Reason, ...]:
        """Return what forbids an order that closes a condor now (decision 9)."""
        proposal = Proposal(
            strategy=Strategy.CONDOR, purpose=purpose, subject=condor.record.condor_id, index_age_s=None
        )
        return self._risk.refusals(proposal)


def _began(order: Intent) -> bool:
    """Whether an order has begun to close a condor: it was worked, and for another reason than a profit."""
    closes = order.key.strategy is Strategy.CONDOR and order.key.purpose in (Purpose.EXIT, Purpose.FLATTEN)
    worked = order.spec.tif is TimeInForce.DAY and (order.perm_id is not None or order.filled > 0)
    return closes and worked and order.reasons[0].name != ExitRule.TAKE_PROFIT


def exit_deadline(session: date) -> datetime:
    """Return the instant at which the last exit order of a session ends."""
    return shifted(session, LAST_EXIT)


def exit_ladder(
    desk: Desk,
    legs: Sequence[Leg],
    price: ComboPrice,
    *,
    floor_pts100: int | None = None,
    price_steps: PriceSteps | None = None,
    work_s: float | None = None,
    patient: bool = False,
) -> tuple[Ladder, int] | None:
    """Return how an order is worked to its last price and a little longer, and its first limit; then it is made anew.

    A patient order stays at its last price to the end of the session. The steps are shortened so that the last price
    is reached in time. None when no price is good enough.
    """
    policy, now = desk.policy.condor, desk.clock.now()
    rules = LadderRules(
        step_pts100=policy.ladder_step_pts100,
        through_pts100=policy.ladder_through_pts100,
        floor_pts100=floor_pts100,
        price_steps=price_steps,
    )
    first = rung_pts100(0, price, rules)
    left_s = (exit_deadline(desk.journal.session()) - now).total_seconds()
    if first is None or left_s <= 0:
        return None
    count = places_to(price, rules) + 1
    step_s = min(policy.ladder_step_s, left_s / count, left_s if work_s is None else work_s / count)
    until = now + timedelta(seconds=left_s if patient else min(left_s, step_s * (count + PLACES_LONGER)))
    market = partial(market_of, desk, legs, no_bid_is_zero=True)
    return Ladder(rules=rules, price=market, step_s=step_s, until=until), first


def _cost_pts(condor: OpenCondor, seen: Sequence[PricedStep]) -> float | None:
    """Return what closing all parts costs for one condor at the mids; None when a part has no price, or none is at risk."""
    total = 0.0
    for row in seen:
        if row.price is None:
            return None
        total += row.price.mid_pts * row.step.quantity
    return total / condor.quantity if condor.quantity else None


def _left(condor: OpenCondor, unpriced: str) -> str:
    """Return what is still held and what had no price, in words; empty when all is closed."""
    held = condor.held.positions
    if not held:
        return ""
    words = "still held: " + ", ".join(f"{quantity:+d} {option}" for option, quantity in held.items())
    return f"{words}; {unpriced}" if unpriced else words
