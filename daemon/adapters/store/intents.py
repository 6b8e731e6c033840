"""Intents, their transitions and the condors they open.

Kept in memory beside the rows like the book's entries; every change is written before it is remembered.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import astuple, replace
from datetime import date, datetime
from typing import Final

from daemon.adapters.store import codec
from daemon.adapters.store.connection import Connection
from daemon.core.orders.intent import ComboPrice, Intent, IntentState, OrderRef, PermId
from daemon.core.orders.machine import IntentEvent, advance, allowed
from daemon.core.orders.slippage import market_of_fill
from daemon.core.records import CondorRecord
from daemon.errors import InvariantError

_INSERT_SQL: Final = """
    INSERT INTO intents (ref, session, strategy, purpose, subject, attempt, legs, quantity, net_limit_pts100, tif,
        created_at, state, reasons, mid_at_decision_pts, quoted_mid_pts, quoted_natural_pts100)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_TRANSITION_SQL: Final = """
    INSERT INTO intent_transitions (ref, at, from_state, to_state, net_limit_pts100, why) VALUES (?, ?, ?, ?, ?, ?)
"""
_CONDORS_SQL: Final = """
    SELECT c.*, i.session, i.strategy, i.purpose, i.subject, i.attempt
    FROM condors AS c JOIN intents AS i ON i.ref = c.intent_ref ORDER BY c.id
"""


class Intents:
    """The intents' part of the store; its writes take place in a transaction that the store opens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._all: dict[OrderRef, Intent] = {}
        self._live: dict[OrderRef, Intent] = {}
        self._by_session: dict[date, dict[OrderRef, Intent]] = {}
        self._by_subject: dict[str, dict[OrderRef, Intent]] = {}
        self._condors: tuple[CondorRecord, ...] = ()
        self.load()

    def load(self) -> None:
        """Read all intents and condors anew."""
        found = [codec.intent(row) for row in self._connection.rows("SELECT * FROM intents ORDER BY id")]
        self._all = {intent.ref: intent for intent in found}
        self._live = {intent.ref: intent for intent in found if not intent.state.terminal}
        self._by_session, self._by_subject = {}, {}
        for intent in found:
            self._by_session.setdefault(intent.key.session, {})[intent.ref] = intent
            self._by_subject.setdefault(intent.key.subject, {})[intent.ref] = intent
        self._condors = tuple(codec.condor(row) for row in self._connection.rows(_CONDORS_SQL))

    def refs(self) -> AbstractSet[OrderRef]:
        """Return the refs of all intents ever planned."""
        return self._all.keys()

    def get(self, ref: OrderRef) -> Intent | None:
        """Return one intent."""
        return self._all.get(ref)

    def known(self, ref: OrderRef) -> Intent:
        """Return an intent that must exist. Raises InvariantError."""
        intent = self._all.get(ref)
        if intent is None:
            raise InvariantError(f"no intent {ref} was ever planned")
        return intent

    def select(self, *, session: date | None, subject: str | None, live_only: bool) -> tuple[Intent, ...]:
        """Return intents in the order they were planned."""
        if subject is not None:
            known = self._by_subject.get(subject, {})
        elif session is not None:
            known = self._by_session.get(session, {})
        else:
            known = self._live if live_only else self._all
        return tuple(
            intent
            for intent in known.values()
            if (session is None or intent.key.session == session) and not (live_only and intent.state.terminal)
        )

    def condors(self) -> tuple[CondorRecord, ...]:
        """Return every condor ever planned."""
        return self._condors

    def write(self, intent: Intent, condor: CondorRecord | None) -> None:
        """Write a new intent and the condor it opens. Raises InvariantError on a key that exists."""
        if intent.ref in self._all:
            raise InvariantError(f"intent {intent.ref} is planned already; a new attempt needs a new number")
        if intent.state is not IntentState.PLANNED or intent.filled or intent.perm_id is not None:
            raise InvariantError(f"intent {intent.ref} is new and must be PLANNED and unfilled, not {intent.state}")
        key, spec = intent.key, intent.spec
        identity = (intent.ref, key.session.isoformat(), key.strategy.value, key.purpose.value, key.subject)
        order = (codec.legs_text(spec.legs), spec.quantity, spec.net_limit_pts100, spec.tif.value)
        known = (codec.instant_text(intent.created_at), intent.state.value, codec.reasons_text(intent.reasons))
        values = (*identity, key.attempt, *order, *known, intent.mid_at_decision_pts, *_market(intent.quoted))
        self._connection.write(_INSERT_SQL, values)
        if condor is not None:
            self._write_condor(condor, intent)

    def _write_condor(self, condor: CondorRecord, intent: Intent) -> None:
        if condor.intent != intent.key:
            raise InvariantError(f"condor {condor.condor_id} names the intent {condor.intent.ref}, not {intent.ref}")
        put, call = condor.legs.put, condor.legs.call
        put_legs = (None, None) if put is None else (put.long, put.short)
        call_legs = (None, None) if call is None else (call.short, call.long)
        self._connection.write(
            "INSERT INTO condors (condor_id, entry_session, put_long, put_short, call_short, call_long, policy,"
            " intent_ref, spx_at_entry_pts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                condor.condor_id,
                condor.entry_session.isoformat(),
                *(None if leg is None else codec.contract_text(leg) for leg in (*put_legs, *call_legs)),
                codec.json_text(dict(condor.policy)),
                intent.ref,
                condor.spx_at_entry_pts,
            ),
        )

    def remember(self, intent: Intent, condor: CondorRecord | None = None) -> Intent:
        """Take over an intent whose transaction has committed."""
        self._all[intent.ref] = intent
        self._by_session.setdefault(intent.key.session, {})[intent.ref] = intent
        self._by_subject.setdefault(intent.key.subject, {})[intent.ref] = intent
        if intent.state.terminal:
            self._live.pop(intent.ref, None)
        else:
            self._live[intent.ref] = intent
        if condor is not None:
            self._condors = (*self._condors, condor)
        return intent

    def write_advance(
        self, ref: OrderRef, state: IntentState, *, at: datetime, why: str, perm_id: PermId | None
    ) -> Intent:
        """Write a change of state and the permanent id. Raises InvariantError on an impossible one."""
        before = self.known(ref)
        if not allowed(before.state, state):
            raise InvariantError(f"intent {ref} cannot go from {before.state} to {state} ({why})")
        after = replace(before, state=state, perm_id=_one_perm_id(before, perm_id))
        if after != before:
            self._connection.write(
                "UPDATE intents SET state = ?, perm_id = ? WHERE ref = ?", (state.value, after.perm_id, ref)
            )
        if state is not before.state:
            self._write_transition(before, after, at, why)
        return after

    def write_price(self, ref: OrderRef, net_limit_pts100: int, quoted: ComboPrice | None, *, at: datetime) -> Intent:
        """Write a new limit price of a live order, and the market it was made from."""
        before = self.known(ref)
        if before.state.terminal:
            raise InvariantError(f"intent {ref} is {before.state}; the price of an order that ended is not changed")
        after = replace(before, spec=replace(before.spec, net_limit_pts100=net_limit_pts100), quoted=quoted)
        self._connection.write(
            "UPDATE intents SET net_limit_pts100 = ?, quoted_mid_pts = ?, quoted_natural_pts100 = ? WHERE ref = ?",
            (net_limit_pts100, *_market(quoted), ref),
        )
        self._write_transition(before, after, at, "repriced")
        return after

    def write_fill(self, before: Intent, filled: int, at: datetime) -> Intent:
        """Write how many whole units are filled; a complete fill moves the state."""
        state = before.state
        if filled >= before.spec.quantity:
            state = advance(state, IntentEvent.COMPLETELY_FILLED)
        after = replace(before, filled=filled, state=state, fill_market=market_of_fill(before, filled))
        if after != before:
            market = after.fill_market
            self._connection.write(
                "UPDATE intents SET filled = ?, state = ?, fill_mid_pts = ?, fill_natural_pts = ? WHERE ref = ?",
                (filled, state.value, *(astuple(market) if market is not None else (None, None)), before.ref),
            )
        if state is not before.state:
            self._write_transition(before, after, at, "completely filled")
        return after

    def _write_transition(self, before: Intent, after: Intent, at: datetime, why: str) -> None:
        states = (before.state.value, after.state.value)
        self._connection.write(
            _TRANSITION_SQL, (after.ref, codec.instant_text(at), *states, after.spec.net_limit_pts100, why)
        )


def _market(quoted: ComboPrice | None) -> tuple[float | None, int | None]:
    return (None, None) if quoted is None else (quoted.mid_pts, quoted.natural_pts100)


def _one_perm_id(intent: Intent, perm_id: PermId | None) -> PermId | None:
    """Return the permanent id an intent has from now on; zero is "not given yet".

    Raises InvariantError on a second one: two orders would carry one ref.
    """
    if not perm_id:
        return intent.perm_id
    if intent.perm_id not in (None, perm_id):
        raise InvariantError(f"intent {intent.ref} is the order {intent.perm_id}; {perm_id} carries the same ref")
    return perm_id
