"""Exits that the broker rejects: tried again for ever, but ever more rarely, and a person is told."""

from __future__ import annotations

from itertools import takewhile

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.condor.exits import wait_after_rejections
from daemon.core.orders.intent import Intent, IntentState, OrderRef, Purpose, TimeInForce
from daemon.engine.context import Desk
from daemon.engine.executor import Executor


class ExitRetries:
    """Says which exits wait before they are tried again; what an earlier process tried counts too."""

    def __init__(self, desk: Desk, executor: Executor) -> None:
        self._desk = desk
        self._executor = executor
        self._told: dict[tuple[str, TimeInForce], OrderRef] = {}

    def waits(self, condor_id: str, tif: TimeInForce) -> bool:
        """Whether no exit order of this kind is sent for a condor yet, because the last ones were rejected."""
        rejected = self._rejected_in_a_row(condor_id, tif)
        wait = wait_after_rejections(len(rejected))
        if wait is None:
            return False
        last, until = rejected[0], rejected[0].created_at + wait
        if self._desk.clock.now() >= until:
            return False
        if self._told.get((condor_id, tif)) != last.ref:
            self._told[condor_id, tif] = last.ref
            refusal = self._executor.refusal(last.ref)
            fields = {
                "subject": condor_id,
                "kind": "take-profit" if tif is TimeInForce.GTC else "exit",
                "rejected": len(rejected),
                "again_at": f"{until.astimezone(NEW_YORK):%H:%M}",
                "why": None if refusal is None else refusal.text,
            }
            self._desk.journal.emit("exit_held_back", fields)
        return True

    def _rejected_in_a_row(self, condor_id: str, tif: TimeInForce) -> list[Intent]:
        """Return the exits of this session and kind that were rejected since one was not, the last one first."""
        orders = self._desk.store.intents(session=self._desk.journal.session(), subject=condor_id)
        exits = [order for order in orders if order.key.purpose is Purpose.EXIT and order.spec.tif is tif]
        return list(takewhile(lambda order: order.state is IntentState.REJECTED, reversed(exits)))
