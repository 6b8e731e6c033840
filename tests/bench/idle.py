"""Measure the idle daemon: memory, processor and cold start in mode ib, with 20 condors and three hedge layers open.

``make idle`` runs it (``MINUTES=10`` for another time than five minutes). A rehearsal opens the positions in virtual
time; its account goes to a simulated gateway of its own process, its book to a daemon of its own process, and both
live on over TCP at real speed, in the middle of the next session. The daemon is told of a service manager and its
watchdog, as under systemd. Exit status 1 when a figure is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import open_readonly
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.app.gateway import CLOCK_FILE
from daemon.app.program import build_program, ib_config
from daemon.app.rehearse import HOST, PORT, REHEARSAL_GATEWAY, SilentNotifier
from daemon.app.simulated import STATE_FILE, GatewayTransport, SimulationPlan, build_gateway
from daemon.core.book.book import fold
from daemon.core.book.condors import layer_positions, open_condors
from daemon.core.calendar.sessions import next_session
from daemon.settings import load
from daemon.sim.gateway.state import save

FIRST: Final = date(2026, 9, 1)
"""A generated market without an interruption of entries by its volatility."""
HOUR: Final = 11
"""Of New York, when the idle daemon begins: the jobs of the morning are over, or caught up."""
CONDORS: Final = 20
LAYERS: Final = 3
SETTLED_S: Final = 30.0
"""Left out of the measurement: the start itself, and the jobs that are caught up."""
MEMORY_MB_MAX: Final = 100.0
CPU_PCT_MAX: Final = 1.0
READY_S_MAX: Final = 5.0
PROGRAM: Final = """
import sys
sys.modules["pandas"] = None  # a library takes it where it finds it; the run-time lock has none, packages of the tests do
from daemon.cli.main import main
main()
"""
COMMAND: Final = [sys.executable, "-c", PROGRAM]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes: float = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="condord-idle.") as folder:
        state = Path(folder, "state")
        environ = _environ(state)
        day = _prepared(environ, state)
        with _gateway(environ, state, day) as port:
            figures = _measured(environ | {"CONDORD_GATEWAY_PORT": str(port)}, Path(folder), minutes)
    print(f"load of this machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    missed = False
    for name, value, limit, unit in figures:
        verdict = "" if value <= limit else "  MISSED"
        missed = missed or value > limit
        print(f"{name:<34} {value:>8.2f} {unit:<3} of at most {limit:g}{verdict}")
    return 1 if missed else 0


def _environ(state: Path) -> dict[str, str]:
    """Return the environment of both processes: condors are held, and there is room for all of them."""
    own = {
        "GATEWAY_MODE": "ib",
        "CONDOR_TAKE_PROFIT_ENABLED": "false",
        "CONDOR_TIME_EXIT_ENABLED": "false",
        "RISK_WING_NOTIONAL_MAX_USD": "300000",
        "STATE_DIR": str(state),
        "LOG_DIR": str(state / "logs"),
        "RUNTIME_DIR": str(state / "run"),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONDORD_")}
    return kept | {f"CONDORD_{name}": value for name, value in own.items()}


# -- positions, in virtual time --------------------------------------------------------------------


def _prepared(environ: Mapping[str, str], state: Path) -> date:
    """Trade until the condors and layers are open; keep book and account; return the session after the last."""
    state.mkdir(parents=True)
    begin = datetime(FIRST.year, FIRST.month, FIRST.day, 8, 30, tzinfo=ZoneInfo("America/New_York"))
    return run_virtual(lambda: _trade(environ, state), begin)


async def _trade(environ: Mapping[str, str], state: Path) -> date:
    settings, clock = load((), environ), SystemClock(read=virtual_now)
    plan = SimulationPlan(history=None, seed=1, config=REHEARSAL_GATEWAY)
    gateway = build_gateway(plan, clock.now)
    opened = asyncio.Event()
    last = FIRST

    def day_shown(view: object) -> None:
        nonlocal last
        last = view.session  # type: ignore[attr-defined]
        condors, layers = _open(program.store.path)
        if condors >= CONDORS and layers >= LAYERS:
            opened.set()

    program = build_program(
        settings,
        clock=clock,
        config=ib_config(settings, host=HOST, port=PORT),
        transport=GatewayTransport(gateway),
        notifier=SilentNotifier(),
        mode="SIMULATED",
        terminal=None,
        day_shown=day_shown,
    )
    pump = asyncio.create_task(gateway.pump())
    await program.engine.start()
    await opened.wait()
    await clock.sleep(60)
    await program.engine.stop("the positions are open")
    pump.cancel()
    save(state / STATE_FILE, gateway.dump())
    program.log.close()
    program.store.close()
    return next_session(last)


def _open(path: Path) -> tuple[int, int]:
    """Return how many condors and how many layers of the hedge are open."""
    with closing(open_readonly(path)) as store:
        entries = store.entries()
        book = fold(entries)
        return len(open_condors(book, store.condors(), entries)), len(layer_positions(book))


# -- two processes, at real speed ------------------------------------------------------------------


@contextmanager
def _gateway(environ: Mapping[str, str], state: Path, day: date) -> Iterator[int]:
    now = datetime(day.year, day.month, day.day, HOUR, tzinfo=ZoneInfo("America/New_York"))
    clock = {"real": datetime.now(UTC).isoformat(), "simulated": now.astimezone(UTC).isoformat()}
    (state / CLOCK_FILE).write_text(json.dumps(clock))
    with closing(socket.create_server((HOST, 0))) as probe:
        port: int = probe.getsockname()[1]
    command = [*COMMAND, "gateway", "--port", str(port), "--state", str(state)]
    process = subprocess.Popen(command, env=dict(environ), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        print(process.stdout.readline().strip())
        yield port
    finally:
        process.terminate()
        process.wait()


def _measured(environ: Mapping[str, str], folder: Path, minutes: float) -> list[tuple[str, float, float, str]]:
    """Start the daemon, let it idle, and return the figures with their limits."""
    address = str(folder / "notify")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(address)
        told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000000"}
        began = time.monotonic()
        daemon = subprocess.Popen(
            [*COMMAND, "run", "--clock", "gateway"], env={**environ, **told}, stderr=(folder / "log").open("w")
        )
        try:
            while manager.recv(65536) != b"READY=1":
                pass
            ready_s = time.monotonic() - began
            print(f"ready after {ready_s:.1f} s, {_cpu_s(daemon.pid):.1f} s of processor; idle for {minutes:g} min")
            _wait(manager, SETTLED_S)
            before, since = _cpu_s(daemon.pid), time.monotonic()
            _wait(manager, minutes * 60)
            if daemon.poll() is not None:
                raise SystemExit(f"the daemon has ended with {daemon.returncode}:\n{(folder / 'log').read_text()}")
            cpu_pct = 100 * (_cpu_s(daemon.pid) - before) / (time.monotonic() - since)
            memory_mb, peak_mb = _memory_mb(daemon.pid, "VmRSS"), _memory_mb(daemon.pid, "VmHWM")
        finally:
            daemon.terminate()
            daemon.wait()
    print((folder / "log").read_text()[-3000:])
    return [
        ("cold start to READY", ready_s, READY_S_MAX, "s"),
        ("resident memory", memory_mb, MEMORY_MB_MAX, "MB"),
        ("resident memory, peak", peak_mb, MEMORY_MB_MAX, "MB"),
        ("processor, of one core", cpu_pct, CPU_PCT_MAX, "%"),
    ]


def _wait(manager: socket.socket, seconds: float) -> None:
    """Hear the manager's messages for a time, so that its queue never fills."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        manager.settimeout(left)
        with suppress(TimeoutError):
            manager.recv(65536)


def _cpu_s(pid: int) -> float:
    """Return the processor time of all threads, by the scheduler's own clock: ticks would miss what is short."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _memory_mb(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kb,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kb) / 1024


if __name__ == "__main__":
    sys.exit(main())
