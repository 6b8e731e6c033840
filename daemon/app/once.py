"""What a command does itself when no daemon runs: look through a connection of its own, or take the lock and write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from daemon.adapters.clock import SystemClock
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.store import DATABASE, InstanceLock, SqliteStore, open_readonly
from daemon.app.commands import flatten, halted_state, reason_of
from daemon.app.first_contact import FirstContact
from daemon.app.governor import Governor
from daemon.app.program import Program, build_program, ib_config
from daemon.app.rehearse import SilentNotifier
from daemon.app.run import gateway_address, mode_text
from daemon.app.views import plan_now
from daemon.core.calendar.sessions import log_session
from daemon.core.records import PERSON, RunState, RunStateRecord
from daemon.engine.engine import Engine
from daemon.engine.journal import Journal
from daemon.engine.run_states import write_run_state
from daemon.settings import Settings


def plan_once(settings: Settings, *, follow_gateway_clock: bool) -> Mapping[str, Any]:
    """Connect, reconcile, plan, disconnect. Raises BrokerError at once when there is no gateway (decision 11)."""
    with InstanceLock(settings.state_dir):
        return asyncio.run(_look(settings, plan_now, follow_gateway_clock=follow_gateway_clock))


async def _look(
    settings: Settings, at: Callable[[Engine], Awaitable[Mapping[str, Any]]], *, follow_gateway_clock: bool
) -> Mapping[str, Any]:
    clock = SystemClock()
    async with gateway_address(settings, clock) as (host, port):
        program = build_program(
            settings,
            clock=clock,
            config=ib_config(settings, host=host, port=port),
            transport=None,
            notifier=SilentNotifier(),
            mode=mode_text(settings, follow_gateway_clock=follow_gateway_clock),
            terminal=None,
        )
        program.engine.link.on_connected = FirstContact(program, follow_gateway_clock=follow_gateway_clock).check
        try:
            return {**await program.engine.look(at), "hint": _hint(program)}
        finally:
            program.log.close()
            program.store.close()


def _hint(program: Program) -> str | None:
    """Return what would have shown more: the clock of a simulated gateway that runs at another time."""
    link, allowed_s = program.engine.desk.link, program.settings.risk.clock_skew_max_s
    if link.simulated and link.clock_skew_s is not None and abs(link.clock_skew_s) > allowed_s:
        return "This simulated gateway runs at another time than this computer: --clock gateway follows it."
    return None


def flatten_once(settings: Settings, arguments: Mapping[str, Any], *, follow_gateway_clock: bool) -> Mapping[str, Any]:
    """Connect, reconcile, flatten or show what that would be, disconnect. Raises BrokerError, NotReadyError."""
    reason_of(arguments)
    with InstanceLock(settings.state_dir):
        return asyncio.run(
            _look(settings, partial(flatten, arguments=arguments), follow_gateway_clock=follow_gateway_clock)
        )


def approve_once(settings: Settings, text: str) -> Mapping[str, Any]:
    """Take an approval into the database of a daemon that does not run.

    Raises SettingsError when it is refused, NotReadyError before the first start.
    """
    open_readonly(settings.state_dir / DATABASE).close()
    clock = SystemClock()
    with InstanceLock(settings.state_dir), _writing(settings) as store:
        journal = Journal(store, clock, partial(log_session, end_of_day=settings.schedule.end_of_day))
        return Governor(settings, store, journal).add(text)


def change_run_state(settings: Settings, command: str, arguments: Mapping[str, str]) -> Mapping[str, Any]:
    """Halt or resume in the database of a daemon that does not run; it will find it so (decision 10)."""
    reason = reason_of(arguments)
    if command == "resume":
        HaltFile(settings.state_dir).must_be_gone()
    state = RunState.RUNNING if command == "resume" else halted_state(arguments)
    clock = SystemClock()
    with InstanceLock(settings.state_dir), _writing(settings) as store:
        journal = Journal(store, clock, partial(log_session, end_of_day=settings.schedule.end_of_day))
        write_run_state(store, journal, RunStateRecord(state, PERSON, reason, clock.now()))
    return {"run_state": state.value}


@contextmanager
def _writing(settings: Settings) -> Iterator[SqliteStore]:
    store = SqliteStore(settings.state_dir / DATABASE, synchronous=settings.store.synchronous.value)
    try:
        yield store
    finally:
        store.close()
