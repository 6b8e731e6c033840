"""Facts of the broker become records: one consumer, in the order they arrived."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

from daemon.core.book.book import BookEntry
from daemon.core.book.reconcile import entry_from_execution
from daemon.core.calendar.sessions import session
from daemon.core.orders.broker_facts import (
    BrokerFact,
    ExecutionFact,
    FeeFact,
    LinkFact,
    LinkState,
    NoticeFact,
    OrderFact,
    OrderMessage,
    OrderStatus,
)
from daemon.core.orders.intent import Intent, IntentState, OrderRef, Reason, TimeInForce
from daemon.core.orders.machine import IntentEvent
from daemon.core.orders.machine import advance as machine_advance
from daemon.core.records import EventRecord, Level
from daemon.engine.context import Desk

REJECT_CODES = frozenset(
    {103, 106, 107, 110, 135, 200, 201, 312, 313, 314, 321, 322, 355, 382, 383, 387, 388, 392, 411, 412, 435, 436}
    | {451, 460, 10002, 10006, 10015, 10043, 10058, 10311}
)
"""Codes after which an order that was never acknowledged is rejected; every other code proves nothing."""

EXPECTED_CODES = frozenset({202, 2104, 2106, 2107, 2108, 2119, 2158, 2199})
"""Confirmations of a cancel and farms that are well: written down, but not worth a line of the day."""


class FactRecorder:
    """Books what the broker reports and wakes whoever waits for news of an order."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue: asyncio.Queue[BrokerFact] = asyncio.Queue()
        self._news: dict[OrderRef, asyncio.Event] = defaultdict(asyncio.Event)
        self._refused: dict[OrderRef, str] = {}
        self._on_link: Callable[[LinkFact], Awaitable[None]] | None = None
        self._on_answer: Callable[[bool], None] = lambda _rejected: None
        self._link_was = LinkState.DOWN
        self._steps_told: set[tuple[LinkState, str]] = set()
        """Steps of attempts to connect since the connection was last up or lost."""

    def sink(self, fact: BrokerFact) -> None:
        """Take a fact from the broker; never blocks."""
        self._queue.put_nowait(fact)

    def on_link(self, handler: Callable[[LinkFact], Awaitable[None]]) -> None:
        """Name the owner of the connection, who hears of each change of it."""
        self._on_link = handler

    def on_answer(self, handler: Callable[[bool], None]) -> None:
        """Name who hears of each answer of the broker to an order: whether it was rejected."""
        self._on_answer = handler

    def refusal(self, ref: OrderRef) -> Reason | None:
        """Return the broker's refusal of an order in its own words; the value is the message code."""
        text = self._refused.get(ref)
        if text is None:
            return None
        code, _, words = text.partition(": ")
        return Reason("order_rejected", f"The broker rejected the order: {words}", code)

    def news(self, ref: OrderRef) -> asyncio.Event:
        """Return the event that is set whenever something became known of an order."""
        return self._news[ref]

    def forget(self, ref: OrderRef) -> None:
        """Drop the waiting place of an order that is done."""
        self._news.pop(ref, None)

    async def run(self) -> None:
        """Consume facts until cancelled."""
        while True:
            fact = await self._queue.get()
            try:
                await self.record(fact)
            finally:
                self._queue.task_done()

    async def drained(self) -> None:
        """Wait until every fact that has arrived is recorded."""
        await self._queue.join()

    async def record(self, fact: BrokerFact) -> None:
        """Record one fact; repeating it changes nothing."""
        match fact:
            case ExecutionFact():
                self.book_execution(fact)
            case FeeFact():
                if self._desk.store.record_fee(fact.exec_id, fact.fee_usd_e4):
                    self._desk.journal.emit("fee_booked", {"exec_id": fact.exec_id, "fee_usd_e4": fact.fee_usd_e4})
            case OrderFact():
                self.note_order(fact)
            case OrderMessage():
                self._note_message(fact)
            case LinkFact():
                self._note_link(fact)
                if self._on_link is not None:
                    await self._on_link(fact)
            case NoticeFact():
                level = Level.DEBUG if fact.code in EXPECTED_CODES else None
                self._desk.journal.emit("gateway_notice", {"code": fact.code, "text": fact.text}, level=level)

    def _note_link(self, fact: LinkFact) -> None:
        """Write a change of the connection down; the steps of an attempt are worth a line of detail, and only once."""
        worth_a_line = fact.state in (LinkState.SYNCED, LinkState.DEGRADED) or (
            fact.state is LinkState.DOWN and self._link_was in (LinkState.SYNCED, LinkState.DEGRADED)
        )
        self._link_was = fact.state
        if worth_a_line:
            self._steps_told.clear()
        elif (fact.state, fact.text) in self._steps_told:
            return
        else:
            self._steps_told.add((fact.state, fact.text))
        level = None if worth_a_line else Level.DEBUG
        self._desk.journal.emit("link_changed", {"state": fact.state.value, "text": fact.text}, level=level)

    def book_execution(self, fact: ExecutionFact) -> bool:
        """Book a leg execution of one of our orders; False when it is known or not ours."""
        intent = self._intent(fact.order_ref)
        if intent is None or fact.is_combo or fact.contract is None:
            return False
        journal = self._desk.journal
        entry = entry_from_execution(fact, intent, journal.session())
        return self._book(entry, journal.make("execution_booked", execution_fields(entry)), intent)

    def book_adoption(self, entry: BookEntry, reason: str) -> bool:
        """Book what a person adopted, for a reason; False when it is known."""
        event = self._desk.journal.make("position_adopted", {**execution_fields(entry), "reason": reason})
        return self._book(entry, event, self._intent(entry.order_ref))

    def _book(self, entry: BookEntry, event: EventRecord, intent: Intent | None) -> bool:
        journal = self._desk.journal
        if not self._desk.store.record_execution(entry, event):
            return False
        journal.show(event)
        if intent is None:
            return True
        booked = self._desk.store.intent(intent.ref)
        if booked is not None and booked.state is IntentState.FILLED and intent.state is not IntentState.FILLED:
            journal.emit("order_filled", {"order_ref": intent.ref, "filled": booked.filled})
            self._on_answer(False)
        self._wake(intent)
        return True

    def note_order(self, fact: OrderFact) -> None:
        """Move an intent to what the broker says of its order."""
        intent = self._intent(fact.order_ref)
        if intent is None:
            return
        refused = self._refused.get(intent.ref)
        target = target_state(intent, fact, refused=refused is not None)
        if target is IntentState.CANCELLED and self._day_is_over(intent):
            target = IntentState.EXPIRED
        if target is not None and target is not intent.state:
            self.advance(intent, target, refused or fact.text or f"the broker says {fact.status}", fact)
            if target in (IntentState.WORKING, IntentState.REJECTED):
                self._on_answer(target is IntentState.REJECTED)
        self._wake(intent)

    def lose_sight(self, ref: OrderRef, event: IntentEvent, why: str) -> Intent:
        """Write down that nobody knows how an order stands, unless it has ended meanwhile."""
        intent = self._intent(ref)
        assert intent is not None, f"{ref} was planned before it was sent"
        state = machine_advance(intent.state, event)
        return intent if state is intent.state else self.advance(intent, state, why)

    def advance(self, intent: Intent, state: IntentState, why: str, fact: OrderFact | None = None) -> Intent:
        """Move an intent on and write the event."""
        perm_id = fact.perm_id if fact is not None else None
        moved = self._desk.store.advance_intent(intent.ref, state, self._desk.clock.now(), why, perm_id)
        name = STATE_EVENTS.get(state)
        if name is not None:
            self._desk.journal.emit(name, {"order_ref": intent.ref, "filled": moved.filled, "why": why})
        self._wake(intent)
        return moved

    def _day_is_over(self, intent: Intent) -> bool:
        ended = session(intent.key.session).options_close_at
        return intent.spec.tif is TimeInForce.DAY and self._desk.clock.now() >= ended

    def _note_message(self, fact: OrderMessage) -> None:
        intent = self._intent(fact.order_ref)
        if intent is None:
            return
        level = Level.DEBUG if fact.code in EXPECTED_CODES else None
        fields = {"order_ref": fact.order_ref, "code": fact.code, "text": fact.text}
        self._desk.journal.emit("order_message", fields, level=level)
        if fact.code in REJECT_CODES:
            self._refused[intent.ref] = f"{fact.code}: {fact.text}"
            if intent.state in (IntentState.SENDING, IntentState.UNKNOWN):
                self.advance(intent, IntentState.REJECTED, self._refused[intent.ref])
                self._on_answer(True)
        self._wake(intent)

    def _intent(self, ref: OrderRef | None) -> Intent | None:
        return None if ref is None else self._desk.store.intent(ref)

    def _wake(self, intent: Intent) -> None:
        if intent.ref in self._news:
            self._news[intent.ref].set()


STATE_EVENTS = {
    IntentState.WORKING: "order_acknowledged",
    IntentState.UNKNOWN: "order_unknown",
    IntentState.FILLED: "order_filled",
    IntentState.CANCELLED: "order_cancelled",
    IntentState.REJECTED: "order_rejected",
    IntentState.EXPIRED: "order_expired",
    IntentState.ABSENT: "order_absent",
}


def target_state(intent: Intent, fact: OrderFact, *, refused: bool) -> IntentState | None:
    """Return the state that a broker's word proves, or None when it proves nothing.

    Executions, not statuses, are the truth for quantity: FILLED comes from the book. Inactive alone
    may be a rejection, a hold, or an order not yet acknowledged; with a refusal beside it, it is a rejection.
    """
    if intent.state.terminal:
        return None
    match fact.status:
        case OrderStatus.WORKING | OrderStatus.PENDING:
            return IntentState.WORKING
        case OrderStatus.CANCELLED:
            return IntentState.CANCELLED
        case OrderStatus.FILLED:
            return IntentState.WORKING
        case OrderStatus.INACTIVE:
            return IntentState.REJECTED if refused else None
    raise AssertionError(fact.status)


def execution_fields(entry: BookEntry) -> dict[str, object]:
    """Return the fields of an ``execution_booked`` event."""
    return {
        "exec_id": entry.exec_id,
        "order_ref": entry.order_ref,
        "subject": entry.subject,
        "contract": str(entry.contract),
        "quantity": entry.quantity,
        "price_pts100": entry.price_pts100,
    }
