"""A desk with everything that reconciles it, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from engine_fakes import START, FakeBroker, hedge_intent, make_desk, make_executor

from daemon.adapters.virtual_time import run_virtual
from daemon.core.orders.intent import Intent, IntentState, OrderRef
from daemon.engine.context import Desk
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.reconciler import Reconciler
from daemon.engine.settlement import Settler


@dataclass
class World:
    """A desk with everything that reconciles it."""

    desk: Desk
    broker: FakeBroker
    executor: Executor
    reconciler: Reconciler

    def sent(self) -> Intent:
        """Leave an intent as a process leaves it that dies right after the bytes went out."""
        intent = hedge_intent()
        self.desk.store.plan_intent(intent)
        return self.desk.store.advance_intent(intent.ref, IntentState.SENDING, START, "sending")

    def state(self, ref: OrderRef) -> IntentState:
        found = self.desk.store.intent(ref)
        assert found is not None
        return found.state


def play(folder: Path, scene: Callable[[World], Awaitable[None]]) -> None:
    """Run a scene in virtual time."""

    async def main() -> None:
        desk, broker = make_desk(folder)
        facts = FactRecorder(desk)
        broker.subscribe(facts.sink)
        consumer = asyncio.create_task(facts.run())
        executor = make_executor(desk, facts)
        try:
            await scene(World(desk, broker, executor, Reconciler(desk, facts, executor, Settler(desk))))
        finally:
            consumer.cancel()

    run_virtual(main, START)
