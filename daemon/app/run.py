"""``condord run``: the daemon as a service, on a paper account or on the simulated exchange of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from daemon import __version__
from daemon.adapters.clock import SystemClock
from daemon.adapters.control import ControlServer
from daemon.adapters.store import InstanceLock
from daemon.adapters.systemd import SystemdNotifier
from daemon.app.gateway import TcpGateway, serve
from daemon.app.program import Program, build_program, ib_config
from daemon.app.simulated import SimulationPlan, build_gateway
from daemon.app.views import plan_now, status_now
from daemon.core.orders.broker_facts import Connected
from daemon.core.records import RunState
from daemon.errors import SettingsError
from daemon.settings import GatewayMode, Settings
from daemon.sim.gateway import GatewayConfig

LOOPBACK = "127.0.0.1"


def run(settings: Settings, *, follow_gateway_clock: bool) -> None:
    """Run until a signal or until trading has become impossible, which is raised."""
    with InstanceLock(settings.state_dir):
        asyncio.run(_run(settings, follow_gateway_clock=follow_gateway_clock))


async def _run(settings: Settings, *, follow_gateway_clock: bool) -> None:
    clock = SystemClock()
    stop = _stop_signals()
    async with gateway_address(settings, clock) as (host, port):
        program = build_program(
            settings,
            clock=clock,
            config=ib_config(settings, host=host, port=port),
            transport=None,
            notifier=SystemdNotifier(settings.service.notify_socket),
            mode=mode_text(settings),
            terminal=sys.stderr,
        )
        if follow_gateway_clock:
            program.engine.link.on_connected = lambda connected: follow(clock, connected)
        try:
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
    plan = SimulationPlan(
        history=gateway.history, seed=gateway.seed, config=GatewayConfig(), state_dir=settings.state_dir
    )
    served: TcpGateway = await serve(build_gateway(plan, clock.now), LOOPBACK, 0)
    try:
        yield LOOPBACK, served.port
    finally:
        await served.close()


async def _live(program: Program, stop: asyncio.Event) -> None:
    """Start, serve the control socket, ping the watchdog, and end by a signal or a failure."""
    settings, engine = program.settings, program.engine
    journal = engine.desk.journal
    control = ControlServer(settings.runtime_dir, lambda command, args: handle(program, command, args))
    await control.start()
    journal.emit(
        "daemon_started",
        {"version": __version__, "mode": mode_text(settings), "settings": settings.digest},
    )
    tasks = [
        asyncio.create_task(_life(program), name="life"),
        asyncio.create_task(stop.wait(), name="signal"),
        asyncio.create_task(_watchdog(program), name="watchdog"),
    ]
    try:
        await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
        ended = tasks[0].done()  # by itself: stopping cancels what it waits for
        await engine.stop("stopped by a signal" if stop.is_set() else "trading has become impossible")
        if ended:
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await control.stop()


async def _life(program: Program) -> None:
    await program.engine.start()
    await program.engine.run()


async def _watchdog(program: Program) -> None:
    """Ping the service manager twice in each watchdog period, with what the daemon holds; a loop that hangs cannot."""
    service = program.settings.service
    if service.watchdog_usec is None:
        return
    notifier = SystemdNotifier(service.notify_socket)
    while True:
        notifier.alive()
        if program.engine.desk.link.synced:
            notifier.status(program.engine.status_line())
        await asyncio.sleep(service.watchdog_usec / 2e6)


def _stop_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def mode_text(settings: Settings) -> str:
    """Return how the daemon names its account everywhere."""
    return "SIMULATED" if settings.gateway.mode is GatewayMode.SIMULATED else "PAPER"


def follow(clock: SystemClock, connected: Connected) -> None:
    """Take the gateway's time over, but only from a gateway that says it is simulated (decision 1)."""
    if not connected.simulated:
        raise SettingsError(
            "--clock gateway: this gateway does not say that it is simulated, and a shifted clock never "
            "reaches a real account; run without --clock"
        )
    clock.follow(connected.gateway_time - datetime.now(UTC))


async def handle(program: Program, command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Carry out one command of the control socket."""
    engine = program.engine
    match command:
        case "status":
            return status_now(program)
        case "plan":
            return await plan_now(engine)
        case "halt":
            await engine.halt(_reason(arguments), RunState(arguments.get("state", RunState.HALTED.value)))
            return {"run_state": engine.desk.store.run_state().state.value}
        case "resume":
            await engine.resume(_reason(arguments))
            return {"run_state": engine.desk.store.run_state().state.value}
        case "reconcile":
            result = await engine.reconciler.run(f"asked for: {_reason(arguments)}")
            return {"breaks": [found.text for found in result.breaks], "breaks_open": len(result.blocking)}
    raise SettingsError(f"the daemon knows no command {command!r}")


def _reason(arguments: Mapping[str, Any]) -> str:
    reason = str(arguments.get("reason", "")).strip()
    if not reason:
        raise SettingsError("a reason is needed: --reason TEXT")
    return reason
