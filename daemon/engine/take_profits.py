"""Take-profits that rest at the broker: one for each whole condor, at the price that the rules of today ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.exits import take_profit_limit_pts100
from daemon.core.condor.legs import closing
from daemon.core.condor.policy import TakeProfitOrder
from daemon.core.orders.intent import Intent, OrderSpec, Purpose, Reason, Strategy, TimeInForce
from daemon.engine.condor_closing import CondorCloser
from daemon.engine.context import BookView, Desk, EnginePolicy
from daemon.engine.executor import Executor
from daemon.engine.exit_retries import ExitRetries


@dataclass(frozen=True, slots=True)
class _State:
    """Everything that what should rest depends on."""

    view: BookView
    policy: EnginePolicy
    session: date
    live: tuple[Intent, ...]

    def same_as(self, other: _State) -> bool:
        """Whether nothing has changed; book and policy are made anew when they do."""
        same = self.view is other.view and self.policy is other.policy
        return same and self.session == other.session and self.live == other.live


class TakeProfits:
    """Rests good-till-cancelled orders, and replaces one that no longer fits its condor or the settings."""

    def __init__(self, desk: Desk, executor: Executor, closer: CondorCloser, retries: ExitRetries) -> None:
        self._desk = desk
        self._executor = executor
        self._closer = closer
        self._retries = retries
        self._settled: _State | None = None

    async def rest(self, leaving: Callable[[OpenCondor], bool]) -> None:
        """See to the resting order of every open condor; one that is being closed or entered is left alone.

        Where nothing has changed since nothing was to be done, nothing is looked at: this runs every few minutes.
        """
        desk = self._desk
        state = _State(desk.view(), desk.policy, desk.journal.session(), desk.store.intents(live_only=True))
        if self._settled is not None and state.same_as(self._settled):
            return
        waiting = [c for c in desk.view().condors if self._wants_change(c) and not leaving(c)]
        for condor in waiting:
            name = condor.record.condor_id
            if not self._retries.waits(name, TimeInForce.GTC) and self._closer.claim(name):
                try:
                    await self._change(condor)
                finally:
                    self._closer.release(name)
        self._settled = None if waiting else state

    def _wants_change(self, condor: OpenCondor) -> bool:
        live, wanted = self._live(condor), self._wanted(condor)
        if any(order.key.purpose is not Purpose.EXIT or order.spec.tif is not TimeInForce.GTC for order in live):
            return False
        return [_still_to_fill(order) for order in live] != ([] if wanted is None else [wanted])

    async def _change(self, condor: OpenCondor) -> None:
        if self._closer.refused(condor):
            return
        if not await self._closer.cancel_resting(condor.record.condor_id, "the take-profit changes"):
            return
        condor = self._closer.again(condor)
        wanted = self._wanted(condor)
        if wanted is None or self._closer.refused(condor):
            return
        limit_pts = wanted.net_limit_pts100 / 100
        reason = Reason("take_profit", "take-profit at its share of the credit", limit_pts, condor.credit_pts)
        key = self._executor.next_key(Strategy.CONDOR, Purpose.EXIT, condor.record.condor_id)
        await self._executor.send(Intent(key, wanted, self._desk.clock.now(), reasons=(reason,)))

    def _wanted(self, condor: OpenCondor) -> OrderSpec | None:
        """Return the order that should rest for a condor; None where none should, or one order cannot close it."""
        policy = self._desk.policy.condor
        rests = policy.take_profit_enabled and policy.take_profit_order is TakeProfitOrder.RESTING
        if not rests or condor.whole is None or condor.credit_pts <= 0:
            return None
        limit = take_profit_limit_pts100(condor.credit_pts, policy)
        return OrderSpec(closing(condor.whole.held), condor.quantity, limit, TimeInForce.GTC)

    def _live(self, condor: OpenCondor) -> tuple[Intent, ...]:
        return self._desk.store.intents(subject=condor.record.condor_id, live_only=True)


def _still_to_fill(order: Intent) -> OrderSpec:
    """Return an order as if it were sent for what is not filled yet."""
    spec = order.spec
    return OrderSpec(spec.legs, spec.quantity - order.filled, spec.net_limit_pts100, spec.tif)
