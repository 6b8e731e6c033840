"""What a command does itself when no daemon runs: look through a connection of its own, or take the lock and write."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import InstanceLock, SqliteStore
from daemon.app.program import DATABASE, build_program, ib_config
from daemon.app.rehearse import SilentNotifier
from daemon.app.run import gateway_address, mode_text
from daemon.app.views import plan_now
from daemon.core.records import RunState, RunStateRecord
from daemon.errors import SettingsError
from daemon.settings import Settings


def plan_once(settings: Settings) -> Mapping[str, Any]:
    """Connect, reconcile, plan, disconnect. Raises BrokerError at once when there is no gateway (decision 11)."""
    with InstanceLock(settings.state_dir):
        return asyncio.run(_plan(settings))


async def _plan(settings: Settings) -> Mapping[str, Any]:
    clock = SystemClock()
    async with gateway_address(settings, clock) as (host, port):
        program = build_program(
            settings,
            clock=clock,
            config=ib_config(settings, host=host, port=port),
            transport=None,
            notifier=SilentNotifier(),
            mode=mode_text(settings),
            terminal=None,
        )
        try:
            return await program.engine.look(plan_now)
        finally:
            program.log.close()
            program.store.close()


def change_run_state(settings: Settings, command: str, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Halt or resume in the database of a daemon that does not run; it will find it so (decision 10)."""
    reason = arguments["reason"].strip()
    if not reason:
        raise SettingsError("a reason is needed: --reason TEXT")
    state = RunState.RUNNING if command == "resume" else RunState(arguments["state"])
    with InstanceLock(settings.state_dir):
        store = SqliteStore(settings.state_dir / DATABASE, synchronous=settings.store.synchronous.value)
        try:
            store.set_run_state(RunStateRecord(state, "person", reason, SystemClock().now()))
        finally:
            store.close()
    return {"run_state": state.value}
