"""Entry orders that were sent before: what a lost link or an earlier process has left is worked to its end."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Final

from daemon.core.calendar.schedule import deadline
from daemon.core.condor.entry import entry_rules
from daemon.core.condor.legs import CondorLegs, condor_of
from daemon.core.orders.intent import Intent, IntentState
from daemon.core.records import Decision, RunState
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import LackingError, Refusal, market_of
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError

JOB: Final = "condor_entry"
WAITABLE: Final = (LinkDownError, BrokerTimeoutError, LackingError)
"""Failures after which another try may well succeed."""


class EarlierEntries:
    """Finds a session's entry orders, and works on the one that an interruption has left."""

    def __init__(self, desk: Desk, executor: Executor) -> None:
        self._desk = desk
        self._executor = executor

    def decided(self, session: date) -> Decision | None:
        """Return the session's entry decision, once it is made."""
        return next((decision for decision in self._desk.store.decisions(session) if decision.job == JOB), None)

    def until(self, session: date) -> datetime:
        """Return the instant at which the session's entry ends, whatever it has come to."""
        schedule = self._desk.policy.schedule
        return deadline(session, schedule.condor_entry, schedule.condor_entry_until)

    def orders(self, session: date) -> list[Intent]:
        """Return the entry orders that were planned in the session."""
        return [intent for intent in self._desk.store.intents(session=session) if intent.is_condor_entry]

    async def finish(self, session: date) -> Intent | None:
        """Bring an interrupted entry to its end; None when none of its orders has ever reached the broker."""
        for intent in self.orders(session):
            current = await self._go_on(session, intent)
            if not current.never_sent:
                return current
        return None

    def goes_on_with(self, intent: Intent) -> bool:
        """Whether the entry job is still to work an order on that nobody follows just now."""
        store, key = self._desk.store, intent.key
        return (
            intent.is_condor_entry
            and key.session == self._desk.journal.session()
            and self._desk.policy.condor.enabled
            and store.run_state().state is RunState.RUNNING
            and self._desk.clock.now() < self.until(key.session)
            and self.decided(key.session) is None
        )

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
        legs = condor_of(seen.spec.legs)
        try:
            price = await market_of(desk, legs.held)
        except WAITABLE:
            raise
        except (Refusal, BrokerError) as error:
            return await self._executor.cancel(seen.ref, f"left over by an interrupted entry, without a price: {error}")
        desk.journal.emit("order_taken_over", {"order_ref": seen.ref, "limit_pts100": seen.spec.net_limit_pts100})
        return await self._executor.go_on(seen, self.ladder(session, legs), price)

    def ladder(self, session: date, legs: CondorLegs) -> Ladder:
        """Return how an entry order of the session is worked."""
        desk, policy = self._desk, self._desk.policy.condor
        return Ladder(
            rules=entry_rules(legs.width_pts100, policy),
            price=partial(market_of, desk, legs.held),
            step_s=policy.ladder_step_s,
            until=self.until(session),
            keeps_rest=policy.complete_partial_fills,
        )
