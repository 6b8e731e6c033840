"""A rehearsal: the unmodified daemon through the wire protocol over history, in virtual time."""

from __future__ import annotations

import asyncio
import gc
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import DATABASE, event_digest, open_readonly
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.app.alerts import CountingOutlets, alerting, counting_outlets, tell_day
from daemon.app.program import DayShown, Program, build_program, ib_config
from daemon.app.simulated import (
    GatewayTransport,
    SimulationPlan,
    build_gateway,
    load_history,
    require_sessions,
)
from daemon.core.calendar.sessions import is_session, next_session, previous_session, sessions_between, shifted
from daemon.core.condor.policy import TakeProfitOrder
from daemon.engine.engine import Engine
from daemon.errors import BrokerError, SettingsError
from daemon.report.day import DayView
from daemon.report.summary import Summary, summarise
from daemon.settings import Settings
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.faults import FaultPlan
from daemon.sim.history import History

HOST = "127.0.0.1"
PORT = 4002
BEFORE_PREFLIGHT = timedelta(minutes=30)
CLOSING_TIME = timedelta(hours=1)
"""How long after its last session a rehearsal may take to close it; without an end virtual time would run for ever."""
REHEARSAL_GATEWAY = GatewayConfig(index_interval_s=110.0, portfolio_interval_s=7200.0)
"""Slower beats than a live gateway's: a year has 98,000 minutes of trading. The index beat stays below the age at
which SPX and VIX count as stale."""
MARKS_EVERY_S = 180.0
"""The portfolio beat of a live gateway, where a rule of the settings rests on marks."""
COLLECTED_EVERY = 50_000
"""New objects after which the collector looks at the youngest."""
OUTPUTS = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "logs", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPlan:
    """What is rehearsed, with which settings, and where the results go."""

    settings: Settings
    first: date
    last: date
    history: Path | None
    seed: int
    faults: FaultPlan | None
    out: Path


@dataclass(frozen=True, slots=True)
class RehearsalResult:
    """The figures of a rehearsal."""

    summary: Summary
    wall_s: float
    digest: str
    requests: int
    """Messages sent to the gateway."""
    alerts: int | None
    """Alert messages that people would have got; None without an outlet."""


def check_window(first: date, last: date) -> None:
    """Raise SettingsError on dates that no rehearsal can run over."""
    if first > last:
        raise SettingsError(f"--from {first} is after --to {last}; give the earlier date first")
    for option, day in (("--from", first), ("--to", last)):
        try:
            trades = is_session(day)
        except ValueError as error:
            raise SettingsError(f"{option} {day}: {error}") from None
        if not trades:
            nearest = f"{previous_session(day)} or {next_session(day)}"
            raise SettingsError(f"{option} {day} is no trading session; the nearest are {nearest}")


def check_out(out: Path, *, force: bool) -> None:
    """Make the output folder ready; only what an earlier rehearsal wrote is ever removed."""
    if out.exists() and not out.is_dir():
        raise SettingsError(f"--out {out} is a file; name a folder")
    try:
        _empty(out, force=force)
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"--out {out} cannot be used: {error.strerror}; name another folder") from error


def _empty(out: Path, *, force: bool) -> None:
    if not out.exists() or not any(out.iterdir()):
        return
    if not force:
        raise SettingsError(f"--out {out} is not empty; name another folder, or add --force to replace its results")
    for name in OUTPUTS:
        path = out / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def rehearse_window(plan: RehearsalPlan, day_shown: DayShown) -> RehearsalResult:
    """Run the daemon over a window of history; ``day_shown`` is told of each session that has closed."""
    check_window(plan.first, plan.last)
    history = load_history(plan.history, plan.last, plan.seed)
    require_sessions(history, plan.first, plan.last)
    began = time.perf_counter()
    start = shifted(plan.first, plan.settings.schedule.preflight) - BEFORE_PREFLIGHT
    outlets = counting_outlets(plan.settings)
    requests = run_virtual(lambda: _run(plan, history, day_shown, outlets), start)
    wall_s = time.perf_counter() - began
    alerts = None if outlets is None else outlets.messages
    store = open_readonly(plan.out / DATABASE)
    try:
        return RehearsalResult(summarise(store), wall_s, event_digest(store.events()), requests, alerts)
    finally:
        store.close()


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let the collector look seldom: history and libraries live to the end, nearly everything else ends by itself."""
    usual = gc.get_threshold()
    gc.set_threshold(COLLECTED_EVERY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def session_count(first: date, last: date) -> int:
    """Return the number of sessions of a window."""
    return len(sessions_between(first, last))


def gateway_config(settings: Settings) -> GatewayConfig:
    """Return the beats of the gateway of a rehearsal."""
    condor = settings.condor
    watched = condor.stop_enabled or condor.take_profit_order is TakeProfitOrder.CHECKED
    return replace(REHEARSAL_GATEWAY, portfolio_interval_s=MARKS_EVERY_S) if watched else REHEARSAL_GATEWAY


async def _run(plan: RehearsalPlan, history: History, day_shown: DayShown, outlets: CountingOutlets | None) -> int:
    clock = SystemClock(read=virtual_now)
    simulation = SimulationPlan(
        history=plan.history,
        seed=plan.seed,
        config=gateway_config(plan.settings),
        faults=plan.faults,
    )
    gateway = build_gateway(simulation, clock.now, history=history)
    finished = asyncio.Event()

    def shown(view: DayView) -> None:
        day_shown(view)
        tell_day(program, view)
        if view.session >= plan.last:
            finished.set()

    program = build_program(
        plan.settings,
        clock=clock,
        config=ib_config(plan.settings, host=HOST, port=PORT),
        transport=GatewayTransport(gateway),
        notifier=SilentNotifier(),
        mode="SIMULATED",
        terminal=None,
        day_shown=shown,
    )
    try:
        async with alerting(program, outlets, write=lambda _name, _fields: None):
            return await _until_over(plan, program, gateway, finished)
    finally:
        program.log.close()
        program.store.close()


async def _until_over(plan: RehearsalPlan, program: Program, gateway: Gateway, finished: asyncio.Event) -> int:
    """Let the daemon live until its last session has closed; return how many messages it has sent."""
    pump = asyncio.create_task(gateway.pump(), name="exchange")
    engine, clock = program.engine, program.clock
    life = asyncio.create_task(_live(engine), name="engine")
    done = asyncio.create_task(finished.wait(), name="finished")
    deadline = shifted(plan.last, plan.settings.schedule.end_of_day) + CLOSING_TIME
    try:
        left_s = (deadline - clock.now()).total_seconds()
        ended, _ = await asyncio.wait({life, done, pump}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            await clock.sleep(60)
        # The last line belongs to the last session: there is no next one to keep it for.
        with engine.desk.journal.closing(plan.last):
            await engine.stop("the rehearsal is over")
        for task in (life, done, pump):
            if task.done() and not task.cancelled():
                task.result()
            task.cancel()
        await asyncio.gather(life, done, pump, return_exceptions=True)
        if not ended:
            why = engine.link.waiting or "its last session was not closed"
            raise BrokerError(f"The rehearsal did not come to its end by {deadline:%Y-%m-%d %H:%M} UTC: {why}")
        return program.broker.requests_sent
    finally:
        pump.cancel()


async def _live(engine: Engine) -> None:
    await engine.start()
    await engine.run()


class SilentNotifier:
    """A rehearsal has no service manager."""

    def ready(self) -> None:
        """Tell nobody."""

    def status(self, text: str) -> None:
        """Tell nobody."""

    def alive(self) -> None:
        """Tell nobody."""

    def stopping(self) -> None:
        """Tell nobody."""
