"""The simulated gateway on TCP: alone (``condord gateway``), or inside the daemon in mode simulated."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import InstanceLock
from daemon.app.simulated import AHEAD, SimulationPlan, build_gateway, load_history
from daemon.core.calendar.sessions import new_york_date, next_session, session_on_or_after
from daemon.errors import SettingsError
from daemon.settings.groups import GatewaySettings
from daemon.sim.gateway import Gateway, GatewayConfig, serve_tcp
from daemon.sim.gateway.state import save

HOST: Final = "127.0.0.1"
CLOCK_FILE: Final = "clock.json"
LOCK_FILE: Final = "gateway.lock"


@dataclass(slots=True)
class TcpGateway:
    """A gateway that listens, with its pump."""

    gateway: Gateway
    server: asyncio.Server
    pump: asyncio.Task[None]

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and end the pump."""
        self.server.close()
        self.pump.cancel()
        await asyncio.gather(self.pump, return_exceptions=True)


async def serve(gateway: Gateway, host: str, port: int) -> TcpGateway:
    """Listen on an address; raises SettingsError when the port cannot be had."""
    try:
        server = await serve_tcp(gateway, host, port)
    except OSError as error:
        raise SettingsError(
            f"the gateway cannot listen on {host}:{port}: {_plain(error)}; end what uses the port, or choose another "
            "with --port"
        ) from error
    return TcpGateway(gateway, server, asyncio.create_task(gateway.pump(), name="exchange"))


@asynccontextmanager
async def embedded(settings: GatewaySettings, state_dir: Path, clock: SystemClock) -> AsyncIterator[tuple[str, int]]:
    """Serve a gateway of our own for as long as the block lasts, its account in the state folder; yield its address."""
    plan = SimulationPlan(history=settings.history, seed=settings.seed, config=GatewayConfig(), state_dir=state_dir)
    with state_lock(plan.state_dir):
        served = await serve(build_gateway(plan, clock.now), HOST, 0)
        try:
            yield HOST, served.port
        finally:
            await served.close()


def _plain(error: OSError) -> str:
    """Return what went wrong without the address, which asyncio repeats."""
    return (error.strerror or str(error)).rpartition(": ")[2]


def state_lock(state_dir: Path | None) -> AbstractContextManager[object]:
    """Return the lock of a gateway's state folder: two gateways would overwrite each other's account."""
    if state_dir is None:
        return contextlib.nullcontext()
    return InstanceLock(state_dir, name=LOCK_FILE, holder="gateway", remedy="name another folder with --state")


@dataclass(frozen=True, slots=True)
class StartedClock:
    """Where a simulated clock stands: it runs at real speed, ahead of the computer's by ``offset``."""

    offset: timedelta
    continued: bool
    """Whether it continues what an earlier run stored."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is said of a gateway once it listens."""

    port: int
    now: datetime
    continued: bool


def run_gateway(plan: SimulationPlan, *, port: int, start: datetime | None, started: Callable[[Opened], None]) -> None:
    """Serve until a signal; ``start`` is the moment the simulated clock begins at, None means now.

    A clock that the state folder holds goes on, whatever ``start`` says (decision 1).
    """
    with state_lock(plan.state_dir):
        asyncio.run(_serve_until_signal(plan, start_clock(start, plan.state_dir), port, started))


async def _serve_until_signal(
    plan: SimulationPlan, begun: StartedClock, port: int, started: Callable[[Opened], None]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    clock = SystemClock(begun.offset)
    served = await serve(_build(plan, clock), HOST, port)
    if not begun.continued:
        _store_clock(clock, plan.state_dir)
    started(Opened(served.port, clock.now(), begun.continued))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, served.pump}, return_when=asyncio.FIRST_COMPLETED)
        if served.pump.done():
            served.pump.result()
    finally:
        stopping.cancel()
        await served.close()


def _build(plan: SimulationPlan, clock: SystemClock) -> Gateway:
    """Build the gateway; raises HistoryError when there is no history to begin with."""
    today = new_york_date(clock.now())
    try:
        first = session_on_or_after(today)
        until = today + AHEAD
        next_session(until)
    except ValueError as error:
        raise SettingsError(f"--clock {today}: {error}") from None
    history = load_history(plan.history, until, plan.seed)
    history.facts(first)
    return build_gateway(plan, clock.now, history=history)


def start_clock(start: datetime | None, state_dir: Path | None) -> StartedClock:
    """Return the simulated clock: as stored by an earlier run, else at ``start``, else the computer's."""
    path = None if state_dir is None else state_dir / CLOCK_FILE
    if path is not None and path.exists():
        return StartedClock(_stored_offset(path), continued=True)
    return StartedClock(timedelta(0) if start is None else start - datetime.now(UTC), continued=False)


def _stored_offset(path: Path) -> timedelta:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return datetime.fromisoformat(stored["simulated"]) - datetime.fromisoformat(stored["real"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"the stored clock {path} cannot be read: {error}; move the file away to begin anew"
        ) from error


def _store_clock(clock: SystemClock, state_dir: Path | None) -> None:
    """Keep the real instant and the simulated one, so that a later run goes on from here."""
    if state_dir is not None:
        simulated = clock.now()
        save(
            state_dir / CLOCK_FILE,
            {"real": clock.real(simulated).isoformat(), "simulated": simulated.isoformat()},
        )
