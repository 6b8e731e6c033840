"""``condord run``: the daemon as a service, on a paper account or on the simulated exchange of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from daemon import __version__
from daemon.adapters.clock import SystemClock
from daemon.adapters.control import check_path
from daemon.adapters.control_server import ControlServer
from daemon.adapters.store import InstanceLock
from daemon.adapters.systemd import SystemdNotifier
from daemon.app.alerts import alerting, open_outlets, outlet_warnings, tell_day
from daemon.app.commands import handle
from daemon.app.first_contact import FirstContact
from daemon.app.metrics import measured, open_metrics
from daemon.app.program import Program, build_program, ib_config
from daemon.app.standing import tell_pending, tell_start
from daemon.app.watchdog import LINK_WORK_MAX_S, Vitals, Watchdog
from daemon.core.calendar.sessions import new_york_date
from daemon.errors import CondordError
from daemon.settings import GatewayMode, Settings


def run(settings: Settings, *, follow_gateway_clock: bool) -> None:
    """Run until a signal or until trading has become impossible, which is raised."""
    check_path(settings.runtime_dir)
    with InstanceLock(settings.state_dir):
        asyncio.run(_run(settings, follow_gateway_clock=follow_gateway_clock))


async def _run(settings: Settings, *, follow_gateway_clock: bool) -> None:
    clock = SystemClock()
    stop = _stop_signals()
    outlets = open_outlets(settings)
    async with gateway_address(settings, clock) as (host, port):
        program = build_program(
            settings,
            clock=clock,
            config=ib_config(settings, host=host, port=port),
            transport=None,
            notifier=SystemdNotifier(settings.service.notify_socket),
            mode=mode_text(settings, follow_gateway_clock=follow_gateway_clock),
            terminal=sys.stderr,
            day_shown=lambda view: tell_day(program, view),
        )
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: _unhandled(program, context))
        program.engine.at_close = partial(tell_pending, settings, program.store, program.engine.desk.journal)
        program.engine.link.on_connected = FirstContact(program, follow_gateway_clock=follow_gateway_clock).check
        try:
            async with alerting(program, outlets), measured(program, open_metrics(settings)):
                await _live(program, stop)
        finally:
            program.log.close()
            program.store.close()


@asynccontextmanager
async def gateway_address(settings: Settings, clock: SystemClock) -> AsyncIterator[tuple[str, int]]:
    """Yield the address of the gateway: the configured one, or that of a simulated one of our own."""
    gateway = settings.gateway
    if gateway.mode is GatewayMode.IB:
        yield gateway.host, gateway.port
        return
    from daemon.app.gateway import embedded  # noqa: PLC0415 - who needs no exchange does without its 4 MB

    async with embedded(gateway, settings.state_dir, clock) as address:
        yield address


async def _live(program: Program, stop: asyncio.Event) -> None:
    """Start, serve the control socket, ping the watchdog, and end by a signal or a failure."""
    settings, engine = program.settings, program.engine
    control = ControlServer(settings.runtime_dir, lambda command, args: handle(program, command, args))
    await control.start()
    _say_started(program)
    life = asyncio.create_task(_life(program), name="life")
    signalled = asyncio.create_task(stop.wait(), name="signal")
    watchdog = asyncio.create_task(_watch(program), name="watchdog")
    try:
        await asyncio.wait((life, signalled), return_when=asyncio.FIRST_COMPLETED)
        failure = life.exception() if life.done() else None
        if failure is not None:
            _say_failed(program, failure)
        await engine.stop("stopped by a signal" if stop.is_set() else "trading has become impossible")
        if failure is not None:
            raise failure
    finally:
        for task in (life, signalled, watchdog):
            task.cancel()
        await asyncio.gather(life, signalled, watchdog, return_exceptions=True)
        await control.stop()


async def _life(program: Program) -> None:
    await program.engine.start()
    program.engine.desk.journal.emit("daemon_ready", {"status": program.engine.status_line()})
    await program.engine.run()


def _say_started(program: Program) -> None:
    settings, journal = program.settings, program.engine.desk.journal
    fields = {
        "version": __version__,
        "mode": program.mode,
        "settings": settings.digest,
        "state_dir": str(settings.state_dir),
    }
    journal.emit("daemon_started", fields)
    tell_start(settings, program.store, journal, now=program.clock.now())
    today = new_york_date(program.clock.now())
    stale = program.engine.desk.policy.events.staleness(today, settings.condor.event_kinds)
    for warning in (*settings.warnings, *outlet_warnings(settings), *stale):
        journal.emit("settings_warned", {"text": warning})


def _say_failed(program: Program, failure: BaseException) -> None:
    """Write down why the daemon ends; the store may be what failed, and then log and alert tell all the same."""
    text = str(failure) if isinstance(failure, CondordError) else f"{type(failure).__name__}: {failure}"
    journal = program.engine.desk.journal
    event = journal.make("daemon_failed", {"text": text})
    with contextlib.suppress(CondordError):
        program.store.append_event(event)
    journal.show(event)


def _unhandled(program: Program, context: dict[str, Any]) -> None:
    """Write down what asyncio would print: an error that no task waits for."""
    error = context.get("exception")
    text = context["message"] if error is None else f"{context['message']}: {type(error).__name__}: {error}"
    with contextlib.suppress(CondordError):
        program.engine.desk.journal.emit("daemon_failed", {"text": text})


def _vitals(program: Program) -> Vitals:
    desk, link, gateway = program.engine.desk, program.engine.link, program.settings.gateway

    return Vitals(
        store=program.store,
        clock=program.clock,
        link_turns=lambda: link.turns,
        link_turn_max_s=gateway.heartbeat_s + gateway.reconnect_max_s + LINK_WORK_MAX_S,
        status=lambda: program.engine.status_line() if desk.link.synced else link.status_line,
        tell=lambda name, why: desk.journal.emit(name, {"why": why}),
    )


async def _watch(program: Program) -> None:
    """Ping the service manager when it asks for that."""
    service = program.settings.service
    if service.watchdog_usec is not None:
        await Watchdog(_vitals(program), SystemdNotifier(service.notify_socket), service.watchdog_usec / 1e6).run()


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def mode_text(settings: Settings, *, follow_gateway_clock: bool = False) -> str:
    """Return how the daemon names its account everywhere; a clock is followed of simulated gateways only."""
    simulated = settings.gateway.mode is GatewayMode.SIMULATED or follow_gateway_clock
    return "SIMULATED" if simulated else "PAPER"
