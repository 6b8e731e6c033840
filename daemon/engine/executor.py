"""Working an order: commit, send, follow, reprice with the market, cancel, and never guess how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from daemon.core.orders.intent import (
    ComboPrice,
    Intent,
    IntentKey,
    IntentState,
    OrderRef,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import RUNGS_MAX, LadderRules, place_after, rung_pts100
from daemon.core.orders.machine import IntentEvent
from daemon.core.records import CondorRecord
from daemon.core.risk.gates import OPENING
from daemon.engine.context import Desk
from daemon.engine.facts import FactRecorder
from daemon.engine.gather import Refusal
from daemon.engine.risk_monitor import RiskMonitor
from daemon.errors import BrokerError, LinkDownError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """How an order is worked: a step further every ``step_s``, until ``until`` at the latest."""

    rules: LadderRules
    price: Callable[[], Awaitable[ComboPrice]]
    """Asks for the market of the legs as it is now; raises Refusal or BrokerError where there is no price."""
    step_s: float
    until: datetime
    keeps_rest: bool = True
    """Whether the rest of a partly filled order is worked on, or cancelled at the end of the step."""


class Executor:
    """Sends and follows orders. One intent, at most one order, whatever happens in between."""

    def __init__(self, desk: Desk, facts: FactRecorder, risk: RiskMonitor) -> None:
        self._desk = desk
        self._facts = facts
        self._risk = risk
        self._working: dict[OrderRef, asyncio.Event] = {}
        """The orders that ladders work, each with an event of its ladder's end."""
        self._sending: set[OrderRef] = set()
        self._halt_look: asyncio.TimerHandle | None = None
        self._kept: set[OrderRef] = set()
        self._refused: dict[OrderRef, Reason] = {}
        self._closed: str | None = None
        risk.run_states.subscribe(self._wake)

    @property
    def working(self) -> frozenset[OrderRef]:
        """Return the refs of orders that a ladder works just now."""
        return frozenset(self._working)

    @property
    def sending(self) -> frozenset[OrderRef]:
        """Return the refs of orders that are just being sent: whether their bytes have gone out is not known yet."""
        return frozenset(self._sending)

    def refusal(self, ref: OrderRef) -> Reason | None:
        """Return what kept this process from sending an order or from working it on, or the broker's own refusal."""
        return self._refused.get(ref) or self._facts.refusal(ref)

    def close(self, why: str) -> None:
        """Send no more orders that somebody would have to work; a take-profit rests by itself and may still be sent."""
        self._closed = why

    def next_key(self, strategy: Strategy, purpose: Purpose, subject: str) -> IntentKey:
        """Return the key of the next attempt in this session."""
        session = self._desk.journal.session()
        attempts = [
            intent.key.attempt
            for intent in self._desk.store.intents(session=session, subject=subject)
            if intent.key.strategy is strategy and intent.key.purpose is purpose
        ]
        return IntentKey(session, strategy, purpose, subject, max(attempts, default=0) + 1)

    async def send(self, intent: Intent, condor: CondorRecord | None = None) -> Intent:
        """Commit an intent, commit that it is being sent, then send it; what becomes of it arrives as facts."""
        desk = self._desk
        refusals = self._risk.at_sending(intent)
        desk.store.plan_intent(replace(intent, reasons=(*intent.reasons, *refusals)), condor)
        desk.journal.emit("order_planned", order_fields(intent))
        if self._closed is not None and intent.spec.tif is TimeInForce.DAY:
            return self._facts.advance(intent, IntentState.CANCELLED, f"not sent: {self._closed}")
        if refusals:
            self._refused[intent.ref] = refusals[0]
            return self._facts.advance(intent, IntentState.CANCELLED, f"not sent: {refusals[0].text}")
        desk.store.advance_intent(intent.ref, IntentState.SENDING, desk.clock.now(), "sending")
        self._sending.add(intent.ref)
        try:
            await desk.broker.place(intent.ref, intent.spec)
        except BrokerError as error:
            # The port promises that an order whose sending raised was certainly not sent.
            return self._facts.advance(self._now(intent.ref), IntentState.REJECTED, f"not sent: {error}")
        finally:
            self._sending.discard(intent.ref)
        desk.journal.emit("order_sent", {"order_ref": intent.ref, "limit_pts100": intent.spec.net_limit_pts100})
        return self._now(intent.ref)

    async def work(self, intent: Intent, ladder: Ladder, condor: CondorRecord | None = None) -> Intent:
        """Send an order at its limit, walk the ladder, cancel at its end; return the intent as it then is.

        The state returned is FILLED, CANCELLED (perhaps partly filled), REJECTED, or UNKNOWN.
        """
        with self._followed(intent.ref):
            return await self._to_its_end(await self.send(intent, condor), ladder, place=1)

    async def go_on(self, intent: Intent, ladder: Ladder, price: ComboPrice) -> Intent:
        """Work an order on that an earlier process left, from the price we wrote down last, in the market of now.

        That price is sent again: the process may have died between writing it down and sending it.
        """
        has = intent.spec.net_limit_pts100
        with self._followed(intent.ref):
            intent = await self._in_reach(intent, ladder)
            if not self._is_over(intent, ladder):
                intent = await self._reprice(intent, has, intent.quoted)
            return await self._to_its_end(intent, ladder, place=place_after(has, price, ladder.rules))

    def lose_sight(self) -> None:
        """Learn that the connection is down: what becomes of the orders that ladders work is unknown until it is back."""
        for ref in sorted(self._working):
            if self._now(ref).state in (IntentState.SENDING, IntentState.WORKING):
                self._facts.lose_sight(ref, IntentEvent.LINK_LOST, "the connection was lost")

    async def in_sight(self, ref: OrderRef, until: datetime) -> Intent:
        """Wait until the broker's word tells how an order stands, at the longest until an instant."""
        left_s = (until - self._desk.clock.now()).total_seconds()
        return await self._wait(ref, max(0.0, left_s), lambda intent: intent.state not in OUT_OF_SIGHT)

    def _wake(self) -> None:
        """Let every ladder look at the run state now."""
        for ref in self._working:
            self._facts.news(ref).set()

    def _look_for_halt_later(self) -> None:
        self._halt_look = asyncio.get_running_loop().call_later(HALT_LOOK_S, self._look_for_halt)

    def _look_for_halt(self) -> None:
        """Look for the halt file while orders are worked; one that has appeared wakes every ladder."""
        self._halt_look = None
        if self._working:
            self._look_for_halt_later()
            self._risk.run_states.look()

    async def heed(self) -> None:
        """Wait until the ladders that the run state ends have ended, at the longest for the evidence of a cancel."""
        ended = [over.wait() for ref, over in self._working.items() if self._ends(self._now(ref))]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._desk.policy.evidence_wait_s):
                await asyncio.gather(*ended)

    @contextlib.contextmanager
    def _followed(self, ref: OrderRef) -> Iterator[None]:
        self._working[ref] = asyncio.Event()
        if self._halt_look is None:
            self._look_for_halt_later()
        try:
            yield
        finally:
            self._working.pop(ref).set()
            self._kept.discard(ref)
            self._facts.forget(ref)

    async def _to_its_end(self, intent: Intent, ladder: Ladder, *, place: int) -> Intent:
        current = await self._walk(intent, ladder, place)
        if settled(current):
            return current
        if (stopped := self._ends(current)) is not None:
            self._refused[current.ref] = stopped
            return await self.cancel(current.ref, stopped.text)
        left = self._rest_is_left(current, ladder)
        return await self.cancel(current.ref, "partly filled, the rest is left" if left else "the end of its ladder")

    async def cancel(self, ref: OrderRef, why: str) -> Intent:
        """Cancel an order and wait for evidence; without any the intent becomes UNKNOWN, never "cancelled"."""
        desk = self._desk
        intent = self._now(ref)
        if intent.state.terminal:
            return intent
        desk.journal.emit("order_cancel_sent", {"order_ref": ref, "why": why})
        try:
            await desk.broker.cancel(ref)
        except BrokerError as error:
            return self._facts.lose_sight(ref, IntentEvent.OUTCOME_UNCLEAR, f"cancel not sent: {error}")
        await self._wait_until_ended(ref, desk.policy.evidence_wait_s)
        return self._facts.lose_sight(ref, IntentEvent.OUTCOME_UNCLEAR, "no evidence of the cancel")

    async def _walk(self, intent: Intent, ladder: Ladder, first: int) -> Intent:
        """Wait a step at each price; return when the order is over, or its time is, or the run state ends it."""
        for place in range(first, RUNGS_MAX):
            intent = await self._rest(intent, ladder)
            if self._is_over(intent, ladder):
                return intent
            intent = await self._step(intent, ladder, place)
        return await self._rest(intent, replace(ladder, step_s=self._left_s(ladder)))

    async def _step(self, intent: Intent, ladder: Ladder, place: int) -> Intent:
        """Change the price to what the market of now allows at a place; without a market the price stays.

        A link that is lost is waited for, so that no place is left out.
        """
        arrived = True
        while not self._is_over(intent := await self._in_reach(intent, ladder), ladder):
            try:
                price = await ladder.price()
            except LinkDownError:
                await self._desk.clock.sleep(LINK_LOOK_S)
                continue
            except (Refusal, BrokerError) as error:
                self._say_kept(intent, str(error))
                break
            intent = self._now(intent.ref)
            rung = rung_pts100(place, price, ladder.rules)
            if self._is_over(intent, ladder) or rung is None or not self._within_collar(intent, rung):
                break
            if arrived and rung == intent.spec.net_limit_pts100:
                break
            if intent.state not in OUT_OF_SIGHT and self._desk.link.synced:
                intent = await self._reprice(intent, rung, price)
                arrived = intent.state is not IntentState.UNKNOWN
                if arrived:
                    break
        return intent

    def _within_collar(self, intent: Intent, rung: int) -> bool:
        """Whether an order may get a price; beyond the collar it keeps the one it has, and that is its refusal meanwhile."""
        refused = self._risk.collar(intent, rung)
        if refused is None:
            self._refused.pop(intent.ref, None)
            return True
        self._refused[intent.ref] = refused
        self._say_kept(intent, refused.text)
        return False

    async def _in_reach(self, intent: Intent, ladder: Ladder) -> Intent:
        """Wait until the order can be changed: in sight, the link in step and no halt against it; or its end."""
        intent = self._now(intent.ref)
        while not self._is_over(intent, ladder):
            if intent.state in OUT_OF_SIGHT:
                intent = await self.in_sight(intent.ref, ladder.until)
            elif not self._desk.link.synced or self._risk.stops(intent.key.purpose) is not None:
                await self._desk.clock.sleep(LINK_LOOK_S)
                intent = self._now(intent.ref)
            else:
                break
        return intent

    def _say_kept(self, intent: Intent, why: str) -> None:
        """Say once for each order that its price stays, because the market is not known."""
        if intent.ref not in self._kept:
            self._kept.add(intent.ref)
            fields = {"order_ref": intent.ref, "limit_pts100": intent.spec.net_limit_pts100, "why": why}
            self._desk.journal.emit("order_price_kept", fields)

    def _is_over(self, intent: Intent, ladder: Ladder) -> bool:
        """Whether there is nothing more to do for an order than to cancel what is left of it."""
        return (
            intent.state.terminal
            or self._rest_is_left(intent, ladder)
            or self._ends(intent) is not None
            or self._left_s(ladder) == 0
        )

    def _rest_is_left(self, intent: Intent, ladder: Ladder) -> bool:
        return not ladder.keeps_rest and 0 < intent.filled < intent.spec.quantity

    async def _rest(self, intent: Intent, ladder: Ladder) -> Intent:
        """Wait for a step; an order out of sight is waited for instead: when the link is back it may still work."""
        step_s = min(ladder.step_s, self._left_s(ladder))
        intent = await self._wait(intent.ref, step_s, lambda now: settled(now) or self._ends(now) is not None)
        return await self.in_sight(intent.ref, ladder.until) if intent.state is IntentState.UNKNOWN else intent

    def _ends(self, intent: Intent) -> Reason | None:
        """Return why the run state ends this order; one that protects keeps the price it has (decision 9)."""
        return self._risk.stops(intent.key.purpose) if intent.key.purpose in OPENING else None

    def _left_s(self, ladder: Ladder) -> float:
        return max(0.0, (ladder.until - self._desk.clock.now()).total_seconds())

    async def _reprice(self, intent: Intent, rung: int, price: ComboPrice | None) -> Intent:
        desk = self._desk
        desk.store.reprice_intent(intent.ref, rung, price, desk.clock.now())
        try:
            await desk.broker.modify(intent.ref, rung)
        except LinkDownError as error:
            return self._facts.lose_sight(intent.ref, IntentEvent.LINK_LOST, f"link lost: {error}")
        except BrokerError as error:
            desk.journal.emit("order_message", {"order_ref": intent.ref, "code": error.code, "text": str(error)})
            return self._now(intent.ref)
        market = {} if price is None else {"mid_pts": price.mid_pts, "natural_pts100": price.natural_pts100}
        desk.journal.emit("order_repriced", {"order_ref": intent.ref, "limit_pts100": rung, **market})
        return self._now(intent.ref)

    async def _wait_until_ended(self, ref: OrderRef, seconds: float) -> Intent:
        return await self._wait(ref, seconds, lambda intent: intent.state.terminal)

    async def _wait(self, ref: OrderRef, seconds: float, over: Callable[[Intent], bool]) -> Intent:
        """Wait until an order is as wanted, at the longest so many seconds."""
        news, clock = self._facts.news(ref), self._desk.clock
        until = clock.now() + timedelta(seconds=seconds)
        while not over(self._now(ref)) and (left_s := (until - clock.now()).total_seconds()) > 0:
            news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await news.wait()
        return self._now(ref)

    def _now(self, ref: OrderRef) -> Intent:
        intent = self._desk.store.intent(ref)
        assert intent is not None, f"{ref} was planned before it was sent"
        return intent


LINK_LOOK_S: Final = 0.5
"""How often a price change that waits for the link, or for a halt to be lifted, looks for it."""
HALT_LOOK_S: Final = 1.0
"""How often the halt file is looked for while an order is worked; a halt takes effect within two seconds."""
OUT_OF_SIGHT: Final = (IntentState.SENDING, IntentState.UNKNOWN)
"""States in which only the broker's word can tell whether an order lives."""


def settled(intent: Intent) -> bool:
    """Whether waiting for this order is over: it ended, or nobody knows."""
    return intent.state.terminal or intent.state is IntentState.UNKNOWN


def order_fields(intent: Intent) -> dict[str, object]:
    """Return the fields of an ``order_planned`` event."""
    return {
        "order_ref": intent.ref,
        "legs": [f"{leg.ratio:+d} {leg.contract}" for leg in intent.spec.legs],
        "quantity": intent.spec.quantity,
        "limit_pts100": intent.spec.net_limit_pts100,
        "mid_pts": intent.mid_at_decision_pts,
        "tif": intent.spec.tif.value,
    }
