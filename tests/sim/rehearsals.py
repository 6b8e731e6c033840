"""Short rehearsals for tests: the real daemon, the real protocol, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import DATABASE, SqliteStore, open_readonly
from daemon.adapters.virtual_time import run_virtual
from daemon.app.program import Program, build_program, ib_config
from daemon.app.rehearse import (
    REHEARSAL_GATEWAY,
    RehearsalPlan,
    RehearsalResult,
    SilentNotifier,
    check_out,
    rehearse_window,
)
from daemon.app.simulated import GatewayTransport, SimulationPlan, build_gateway
from daemon.core.calendar.sessions import new_york
from daemon.settings import Settings, load
from daemon.sim.gateway import Gateway
from daemon.sim.gateway import faults as fault_plans
from daemon.sim.gateway.faults import FaultPlan

FIRST = date(2020, 2, 18)
PRESETS = Path(__file__).parents[2] / "config" / "presets"


def preset(name: str) -> dict[str, Any]:
    """Return the settings of a preset without their prefix."""
    lines = (PRESETS / f"{name}.env").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.removeprefix("CONDORD_"): value for key, _, value in pairs}


def settings(out: Path, **changes: str) -> Settings:
    """Return the settings of a rehearsal into a folder; names without the prefix."""
    names = {f"CONDORD_{name}": value for name, value in changes.items()}
    folders = {"CONDORD_STATE_DIR": str(out), "CONDORD_LOG_DIR": str(out / "logs"), "CONDORD_RUNTIME_DIR": str(out)}
    fixed = {"CONDORD_STORE_SYNCHRONOUS": "OFF", "CONDORD_GATEWAY_HEARTBEAT_S": "3600"}
    return load([], folders | fixed | names)


@dataclass(frozen=True)
class Done:
    """A finished rehearsal with its database open for reading."""

    result: RehearsalResult
    store: SqliteStore


def rehearse(
    out: Path,
    last: date,
    *,
    first: date = FIRST,
    seed: int = 1,
    faults: str | None = None,
    history: Path | None = None,
    **changes: str,
) -> Done:
    """Run a rehearsal; ``faults`` is the text of a plan."""
    plan = None if faults is None else _plan(out, faults)
    check_out(out, force=False)
    result = rehearse_window(
        RehearsalPlan(
            settings=settings(out, **changes),
            first=first,
            last=last,
            history=history,
            seed=seed,
            faults=plan,
            out=out,
        ),
        lambda view: None,
    )
    return Done(result, open_readonly(out / DATABASE))


def _plan(out: Path, text: str) -> FaultPlan:
    path = out.with_suffix(".toml")
    path.write_text(text, encoding="utf-8")
    return fault_plans.load(path)


class Life:
    """One gateway, and daemons that live and die on one state folder."""

    def __init__(self, out: Path, gateway: Gateway, clock: SystemClock, **changes: str) -> None:
        self.clock = clock
        self.gateway = gateway
        self._out = out
        self._settings = settings(out, **changes)
        self.program: Program | None = None
        self._life: asyncio.Task[None] | None = None
        self._before: set[asyncio.Task[object]] = set()

    def change(self, **changes: str) -> None:
        """Let the next daemon have other settings."""
        self._settings = settings(self._out, **changes)

    async def start(self) -> Program:
        """Start a daemon."""
        self._before = asyncio.all_tasks()
        program = build_program(
            self._settings,
            clock=self.clock,
            config=ib_config(self._settings, host="127.0.0.1", port=4002),
            transport=GatewayTransport(self.gateway),
            notifier=SilentNotifier(),
            mode="SIMULATED",
            terminal=None,
        )
        self.program = program
        await program.engine.start()
        self._life = asyncio.create_task(program.engine.run())
        return program

    async def die(self) -> None:
        """Let the daemon vanish as under kill -9: no task says good-bye, the socket just closes."""
        assert self.program is not None
        self.program.engine._scheduler.cancel_all()  # the timers of a dead process do not fire
        for task in asyncio.all_tasks() - self._before:
            task.cancel()
        await asyncio.sleep(0)
        await self.program.broker.disconnect()
        self.program.store.close()
        self.program.log.close()
        self.program = None

    async def until(self, day: date, at: time) -> None:
        """Sleep until a New York time."""
        await self.clock.sleep(max(0.0, (new_york(day, at) - self.clock.now()).total_seconds()))


def live(
    out: Path,
    start: datetime,
    scene: Callable[[Life], Awaitable[None]],
    *,
    seed: int = 1,
    faults: str | None = None,
    **changes: str,
) -> None:
    """Run a scene with one gateway in virtual time; ``faults`` is the text of a plan."""
    out.mkdir(parents=True, exist_ok=True)
    plan = None if faults is None else _plan(out, faults)

    async def main() -> None:
        clock = SystemClock()
        gateway = build_gateway(
            SimulationPlan(history=None, seed=seed, config=REHEARSAL_GATEWAY, faults=plan), clock.now
        )
        pump = asyncio.create_task(gateway.pump(), name="exchange")
        life = Life(out, gateway, clock, **changes)
        try:
            await scene(life)
        finally:
            if life.program is not None:
                await life.program.engine.stop("the scene is over")
                life.program.store.close()
                life.program.log.close()
            pump.cancel()

    run_virtual(main, start)
