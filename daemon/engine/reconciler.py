"""Reconciliation: snapshot, compare, heal what heals itself, name what does not, and prove absences twice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from daemon.core.book.breaks import Break, BreakKind, Reconciliation
from daemon.core.book.reconcile import OurSide, reconcile
from daemon.core.calendar.expiries import settlement_at
from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.broker_facts import PositionFact, Snapshot
from daemon.core.orders.intent import Intent, IntentState, OrderRef
from daemon.core.records import Level
from daemon.engine.adoption import AdoptionRequest, adopted_entries
from daemon.engine.context import BookView, Desk
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.settlement import Settler
from daemon.errors import BrokerError


@dataclass(frozen=True, slots=True)
class _Absence:
    """One proof that an order is nowhere: when, and with which positions."""

    at: datetime
    positions: Mapping[ConId, int]


class Reconciler:
    """Keeps book and account together. Runs one reconciliation at a time."""

    def __init__(self, desk: Desk, facts: FactRecorder, executor: Executor, settler: Settler) -> None:
        self._desk = desk
        self._facts = facts
        self._executor = executor
        self._settler = settler
        self._lock = asyncio.Lock()
        self._absences: dict[OrderRef, _Absence] = {}
        self._shown: frozenset[str] = frozenset()
        self._agreed = False
        """Whether a snapshot has agreed after a break, and a second one has still to confirm it."""
        self._matched: tuple[BookView, Mapping[ConId, PositionFact]] | None = None
        """The book and the streamed positions that agreed last; both are made anew when they change."""

    async def run(self, why: str, *, told: bool = False) -> Reconciliation:
        """Reconcile once; raises BrokerError when the broker gives no complete snapshot.

        ``told`` makes the verdict a line of the day, not only a detail.
        """
        async with self._lock:
            self._withdraw_unsent()
            sent = self._sent()
            snapshot = await self._desk.broker.snapshot()
            self._desk.link.valued = snapshot.account
            await self._facts.drained()
            result = self._compare(snapshot)
            self._heal(result, snapshot, sent)
            await self._cancel_orphans(result)
            await self._settler.settle()
            if self._agrees_for_the_first_time(result):
                self._agreed = True
                self._desk.journal.emit("break_doubted", {"breaks_open": self._desk.link.breaks_open})
                return result
            self._agreed = False
            self._report(result, why, told=told)
            return result

    def _agrees_for_the_first_time(self, result: Reconciliation) -> bool:
        """Whether a break is gone though nothing was booked: an account that is shown falsely flat looks the same.

        Such a break stands until the next snapshot agrees, too.
        """
        explained = result.blocking or result.executions_to_book or result.to_settle
        return not self._agreed and self._desk.link.breaks_open > 0 and not explained

    async def adopt(self, asked: AdoptionRequest) -> Reconciliation:
        """Book what a person says belongs to a condor or layer, and compare again.

        Raises SettingsError for what cannot be adopted, and then nothing of it is booked; BrokerError when the broker
        gives no complete snapshot.
        """
        async with self._lock:
            snapshot = await self._desk.broker.snapshot()
            await self._facts.drained()
            for entry in adopted_entries(self._desk, asked, snapshot, self._compare(snapshot)):
                self._facts.book_adoption(entry, asked.reason)
            result = self._compare(snapshot)
            self._heal(result, snapshot, frozenset())
            self._agreed = False
            self._report(result, f"adopted: {asked.reason}", told=True)
            return result

    def matches_stream(self) -> bool:
        """Compare the book with the streamed positions, without a request; False asks for a reconciliation."""
        now, view, account = self._desk.clock.now(), self._desk.view(), self._desk.broker.positions()
        if self._matched is not None and self._matched[0] is view and self._matched[1] is account:
            return True
        streamed = ((contract, account.get(view.book.con_ids[contract])) for contract in view.positions)
        matches = all(
            (0 if fact is None else fact.quantity) == view.positions[contract]
            or settlement_at(contract.trading_class, contract.expiry) <= now
            for contract, fact in streamed
        )
        self._matched = (view, account) if matches else None
        return matches

    def _withdraw_unsent(self) -> None:
        """A plan of an earlier process whose bytes never left is withdrawn: SENDING is committed before them."""
        for intent in self._desk.store.intents(live_only=True):
            if intent.state is IntentState.PLANNED and intent.ref not in self._executor.working:
                self._facts.advance(intent, IntentState.CANCELLED, "planned by an earlier run and never sent")

    def _compare(self, snapshot: Snapshot) -> Reconciliation:
        store, now = self._desk.store, self._desk.clock.now()

        def past_settlement(contract: OptionContract) -> bool:
            return settlement_at(contract.trading_class, contract.expiry) <= now

        ours = OurSide(
            book=store.book(),
            booked=store.booked(),
            known_refs=store.intent_refs(),
            live_intents=store.intents(live_only=True),
        )
        return reconcile(ours, snapshot, past_settlement=past_settlement)

    def _sent(self) -> frozenset[OrderRef]:
        """Return the orders that must be in a list asked for now: what is sent later is not, and lives all the same."""
        live = (intent.ref for intent in self._desk.store.intents(live_only=True))
        return frozenset(live) - self._executor.sending

    def _heal(self, result: Reconciliation, snapshot: Snapshot, sent: frozenset[OrderRef]) -> None:
        for execution in result.executions_to_book:
            self._facts.book_execution(execution)
        for fee in result.fees_to_add:
            self._desk.store.record_fee(fee.exec_id, fee.fee_usd_e4)
        for _, order in sorted(result.evidence.items()):
            self._facts.note_order(order)
        moved = frozenset(found.contract for found in result.blocking)
        for ref in result.absent:
            if ref in sent:
                self._prove_absence(ref, snapshot, moved)
        self._absences = {ref: proof for ref, proof in self._absences.items() if ref in result.absent}

    def _prove_absence(self, ref: OrderRef, snapshot: Snapshot, moved: frozenset[OptionContract | None]) -> None:
        """Absence counts only after a complete sync, twice, some time apart, with positions unchanged.

        Where the account holds what the book cannot explain in a leg of the order, nothing is proven: the gateway
        lists the executions of its own day only, and the order may have filled on an earlier one.
        """
        intent = self._desk.store.intent(ref)
        if intent is None or intent.state.terminal or self._in_flight(intent):
            return
        positions = {fact.con_id: fact.quantity for fact in snapshot.positions if fact.quantity}
        first = self._absences.get(ref)
        perhaps_filled = any(leg.contract in moved for leg in intent.spec.legs)
        if first is None or first.positions != positions or perhaps_filled:
            self._absences[ref] = _Absence(snapshot.at, positions)
            if intent.state is not IntentState.UNKNOWN:
                self._facts.advance(intent, IntentState.UNKNOWN, "in no list of the broker")
        elif (snapshot.at - first.at).total_seconds() >= self._desk.policy.absence_proof_s:
            self._facts.advance(intent, IntentState.ABSENT, "in no list of the broker, twice, positions unchanged")
            del self._absences[ref]

    def _in_flight(self, intent: Intent) -> bool:
        """Whether the order may just be on its way: a ladder works it, and nobody has lost sight of it."""
        return intent.ref in self._executor.working and intent.state is not IntentState.UNKNOWN

    def in_doubt(self) -> bool:
        """Whether an order's outcome is unknown, or the end of a break not confirmed: a look at the broker may help."""
        return self._agreed or any(
            intent.state is IntentState.UNKNOWN for intent in self._desk.store.intents(live_only=True)
        )

    @property
    def absence_pending(self) -> bool:
        """Whether an order waits for the second proof of its absence."""
        return bool(self._absences)

    async def _cancel_orphans(self, result: Reconciliation) -> None:
        for found in result.breaks:
            if found.kind is BreakKind.OUR_ORPHAN and found.order_ref is not None:
                try:
                    await self._desk.broker.cancel(found.order_ref)
                except BrokerError as error:
                    self._desk.journal.emit("order_message", {"order_ref": found.order_ref, "text": str(error)})

    def _report(self, result: Reconciliation, why: str, *, told: bool) -> None:
        desk = self._desk
        desk.link.reconciled_at = desk.clock.now()
        desk.link.breaks_open = len(result.blocking)
        shown = frozenset(found.text for found in result.open_breaks)
        for found in result.breaks:
            if found.kind.heals_itself or found.text not in self._shown:
                level = Level.INFO if found.kind.heals_itself else None
                desk.journal.emit("break_found", _break_fields(found), level=level)
        for text in sorted(self._shown - shown):
            desk.journal.emit("break_cleared", {"text": text})
        self._shown = shown
        for note in result.notes:
            desk.journal.emit("net_price_differs", {"text": note})
        desk.journal.emit(
            "book_reconciled",
            {
                "why": why,
                "positions": len(desk.view().positions),
                "booked": len(result.executions_to_book),
                "breaks_open": len(result.blocking),
                "foreign": sum(found.kind is BreakKind.FOREIGN for found in result.breaks),
            },
            level=Level.INFO if told else None,
        )


def _break_fields(found: Break) -> dict[str, object]:
    return {
        "kind": found.kind.value,
        "text": found.text,
        "contract": None if found.contract is None else str(found.contract),
        "book_qty": found.book_qty,
        "account_qty": found.account_qty,
        "order_ref": found.order_ref,
    }


def left_over(intents: tuple[Intent, ...], working: frozenset[OrderRef]) -> tuple[Intent, ...]:
    """Return live DAY orders that no ladder follows any more: what an earlier process or a lost link left."""
    return tuple(
        intent
        for intent in intents
        if intent.state is IntentState.WORKING and intent.spec.tif == "DAY" and intent.ref not in working
    )
