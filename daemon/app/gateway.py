"""The simulated gateway on TCP: alone (``condord gateway``), or inside the daemon in mode simulated."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from daemon.adapters.clock import SystemClock
from daemon.app.simulated import SimulationPlan, build_gateway
from daemon.errors import SettingsError, StoreError
from daemon.sim.gateway import Gateway, serve_tcp

CLOCK_FILE = "clock.json"


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
            f"the gateway cannot listen on {host}:{port}: {error.strerror}; choose another --port"
        ) from error
    return TcpGateway(gateway, server, asyncio.create_task(gateway.pump(), name="exchange"))


def run_gateway(
    plan: SimulationPlan, *, port: int, start: datetime | None, started: Callable[[int, datetime], None]
) -> None:
    """Serve until a signal; ``start`` is the moment the simulated clock begins at, None means now."""
    clock = SystemClock(clock_offset(start, plan.state_dir))
    asyncio.run(_serve_until_signal(plan, clock, port, started))


async def _serve_until_signal(
    plan: SimulationPlan, clock: SystemClock, port: int, started: Callable[[int, datetime], None]
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    served = await serve(build_gateway(plan, clock.now), "127.0.0.1", port)
    started(served.port, clock.now())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({stopping, served.pump}, return_when=asyncio.FIRST_COMPLETED)
        if served.pump.done():
            served.pump.result()
    finally:
        stopping.cancel()
        await served.close()


def clock_offset(start: datetime | None, state_dir: Path | None) -> timedelta:
    """Return how far the simulated clock is ahead: as stored, else from ``start``, which is then stored (decision 1)."""
    path = None if state_dir is None else state_dir / CLOCK_FILE
    if path is not None and path.exists():
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            return datetime.fromisoformat(stored["simulated"]) - datetime.fromisoformat(stored["real"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"the stored clock {path} cannot be read: {error}; move the file away to begin anew"
            ) from error
    real = datetime.now(UTC)
    simulated = real if start is None else start
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"real": real.isoformat(), "simulated": simulated.isoformat()})
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"the clock cannot be stored in {path}: {error.strerror}") from error
    return simulated - real
