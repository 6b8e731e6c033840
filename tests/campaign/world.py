"""One plan of a campaign as it happens: an account that goes on, and daemons that live and die on one database."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from campaign.checkers import Violation
from campaign.codec import CodecSite
from campaign.plans import Fault, Kind, Plan
from campaign.record import Record, Shown
from campaign.site import ProcessSite
from campaign.witness import Witness

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import DATABASE, event_digest
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.core.calendar.sessions import new_york
from daemon.core.records import RunState
from daemon.engine.engine import Engine
from daemon.errors import BrokerError

MORNING = time(8, 40)
EVENING = time(17, 5)
"""When a session is looked at; it has closed by then."""
AT_REST = time(16, 50)
"""When, in the last session, everything must have come to rest."""
STARTED_AGAIN_S = 60.0
"""How long the service manager waits before it starts a daemon that has ended by itself."""
FOLDERS: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where the databases lie: in memory, where there is such a place."""


class Site(Protocol):
    """The broker's side, and how a daemon is put together over it."""

    shown: Shown

    @property
    def record(self) -> Record:
        """Return what is true of the account."""

    @property
    def met(self) -> set[str]:
        """Return the kinds of fault that came to pass."""

    def build(self) -> Engine:
        """Return a new daemon's engine over the same database."""

    async def gone(self) -> None:
        """Learn that the daemon is dead."""

    def begin(self, fault: Fault) -> None:
        """Let a fault begin."""

    def end(self, fault: Fault) -> None:
        """Let a fault end."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan."""

    plan: Plan
    violations: tuple[Violation, ...]
    met: frozenset[str]
    """Kinds of fault whose time came while it mattered."""
    steps: int
    orders: int
    digest: str


class World:
    """The daemons of a plan, one after the other, and who watches them."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.clock = SystemClock(read=virtual_now)
        build = CodecSite if plan.codec else ProcessSite
        self.site: Site = build(plan, folder, self.clock)
        quiet_from = new_york(plan.sessions[-1], AT_REST)
        self.witness = Witness(folder / DATABASE, self.site.record, self.site.shown, quiet_from)
        self.engine: Engine | None = None
        self._life: asyncio.Task[None] | None = None
        self._before: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Start a daemon, unless one lives."""
        if self.engine is None:
            self._before = asyncio.all_tasks()
            self.engine = self.site.build()
            self.witness.watch(self.engine)
            self._life = asyncio.create_task(self._live(self.engine), name="engine")

    async def _live(self, engine: Engine) -> None:
        try:
            await engine.start()
            await engine.run()
        except BrokerError:
            # What a person has to put right ends the daemon, and the service manager tries again.
            asyncio.get_running_loop().call_later(STARTED_AGAIN_S, self._start_again, engine)
        except Exception as error:  # noqa: BLE001 - whatever ends the daemon is found
            self.witness.crashed(error)

    def _start_again(self, ended: Engine) -> None:
        if self.engine is ended:
            self._again = asyncio.create_task(self._replace(), name="service manager")

    async def _replace(self) -> None:
        await self.die()
        self.start()

    async def die(self) -> None:
        """Let the daemon vanish as under kill -9: no task says good-bye."""
        engine = self.engine
        if engine is None:
            return
        self.engine = None
        self.witness.unwatch()
        engine._scheduler.cancel_all()
        for task in asyncio.all_tasks() - self._before - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        await self.site.gone()
        await asyncio.sleep(0)
        engine.desk.store.close()

    async def stop(self) -> None:
        """Stop the daemon as the service manager does."""
        if self.engine is not None:
            await self.engine.stop("stopped by the plan")
            await self.die()

    def halt(self) -> None:
        """Halt as a person."""
        if self.engine is not None:
            self.engine.run_states.halt("halted by the plan", RunState.HALTED)

    def resume(self) -> None:
        """Trade again by a person's word."""
        if self.engine is not None and self.engine.desk.store.run_state().state is not RunState.RUNNING:
            self.engine.run_states.resume("resumed by the plan")

    def begin(self, fault: Fault) -> Coroutine[Any, Any, None] | None:
        """Let a fault begin."""
        if fault.kind not in (Kind.KILLED, Kind.STOPPED, Kind.HALTED):
            self.site.begin(fault)
        elif self.engine is not None:
            self.site.met.add(fault.kind)
            match fault.kind:
                case Kind.KILLED:
                    return self.die()
                case Kind.STOPPED:
                    return self.stop()
                case Kind.HALTED:
                    self.halt()
        return None

    def end(self, fault: Fault) -> None:
        """Let a fault end."""
        match fault.kind:
            case Kind.KILLED | Kind.STOPPED:
                self.start()
            case Kind.HALTED:
                self.resume()
            case _:
                self.site.end(fault)


Act = Callable[[World], Coroutine[Any, Any, None] | None]


def script(plan: Plan) -> list[tuple[datetime, int, Act]]:
    """Return what happens from outside, in the order of time."""
    acts: list[tuple[datetime, int, Act]] = []
    for fault in plan.faults:
        acts += [(fault.start, 0, partial(World.begin, fault=fault)), (fault.end, 1, partial(World.end, fault=fault))]
    for number in range(len(plan.sessions)):
        acts.append((new_york(plan.sessions[number], EVENING), 2, partial(_closed, plan.sessions[: number + 1])))
    quiet = new_york(plan.sessions[-1], MORNING)
    acts.append((max(quiet, plan.last_fault_at), 3, World.resume))
    return sorted(acts, key=lambda act: act[:2])


def _closed(sessions: tuple[date, ...], world: World) -> None:
    world.witness.close_session(sessions)


async def live(plan: Plan, folder: Path) -> Outcome:
    """Let a plan happen."""
    world = World(plan, folder)
    world.start()
    try:
        for at, _, act in script(plan):
            await world.clock.sleep(max(0.0, (at - world.clock.now()).total_seconds()))
            pending = act(world)
            if pending is not None:
                await pending
        return Outcome(
            plan,
            tuple(world.witness.violations),
            frozenset(world.site.met),
            world.witness.steps,
            world.witness.orders,
            "" if world.engine is None else event_digest(world.engine.desk.store.events()),
        )
    finally:
        await world.die()
        world.site.close()
        world.witness.close()


def run(plan: Plan) -> Outcome:
    """Run a plan in virtual time, in a folder of its own."""
    # A daemon that is killed takes its jobs with it, and the scheduler would print each of them.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="campaign-", dir=FOLDERS))
    try:
        return run_virtual(lambda: live(plan, folder), new_york(plan.sessions[0], MORNING))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
