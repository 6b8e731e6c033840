"""One in-process session of a campaign: the real engine and store over an account in this process."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Final

from campaign.account import ACCOUNT, CLIENT, Account
from campaign.broker import CampaignBroker
from campaign.checkers import Violation
from campaign.plans import Fault, Kind, Plan
from campaign.seen import Fill, Open
from campaign.witness import Witness

from daemon.adapters.clock import SystemClock
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.store import DATABASE, SqliteStore, event_digest
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.app.program import engine_policy
from daemon.app.rehearse import SilentNotifier
from daemon.core.calendar.sessions import log_session, new_york
from daemon.core.market.contracts import OptionContract
from daemon.core.market.macro import MacroData
from daemon.core.orders.intent import OrderRef
from daemon.core.records import RunState
from daemon.engine.context import Desk
from daemon.engine.engine import Engine
from daemon.engine.journal import Journal
from daemon.errors import UserError
from daemon.settings import Settings, load

MORNING = time(8, 40)
EVENING = time(17, 5)
"""When a session is looked at; it has closed by then."""

FIXED: Final = {
    "CONDORD_STORE_SYNCHRONOUS": "OFF",
    "CONDORD_GATEWAY_HEARTBEAT_S": "3600",
    "CONDORD_SCHEDULE_EXITS_EVERY_MIN": "15",
    "CONDORD_SCHEDULE_RISK_EVERY_MIN": "30",
    "CONDORD_SCHEDULE_RECONCILE_EVERY_MIN": "15",
    "CONDORD_RISK_MEASURE_EVERY_MIN": "0",
}
"""Slower beats than usual: most of them would only find what the one before has found."""
FOLDERS: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where the databases lie: in memory, where there is such a place."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a plan."""

    plan: Plan
    violations: tuple[Violation, ...]
    met: frozenset[Kind]
    """Kinds of fault that did something."""
    steps: int
    orders: int
    digest: str


class AccountTruth:
    """What a witness may know of the account."""

    account_id = ACCOUNT

    def __init__(self, account: Account) -> None:
        self._account = account
        self.broker: CampaignBroker | None = None

    def connected(self, broker: CampaignBroker) -> None:
        """Take the connection of a new daemon."""
        self.broker = broker

    @property
    def fills(self) -> Mapping[str, Fill]:
        return self._account.fills

    @property
    def moved_at(self) -> Mapping[OptionContract, datetime]:
        return self._account.moved_at

    @property
    def change_usd_cents(self) -> int:
        return self._account.change_usd_cents

    @property
    def shown_at(self) -> datetime | None:
        return None if self.broker is None else self.broker.shown_at

    @property
    def index_at(self) -> datetime | None:
        return None if self.broker is None else min(self.broker.index_at.values(), default=None)

    def alive(self) -> Mapping[OptionContract, int]:
        return self._account.alive()

    def working(self) -> tuple[Open, ...]:
        orders = self._account.exchange.open_orders()
        return tuple(
            Open(OrderRef(order.request.order_ref), order.perm_id)
            for order in orders
            if order.request.client_id == CLIENT
        )

    def marks_usd_cents(self) -> Mapping[OptionContract, int]:
        return self._account.marks_usd_cents()

    def by_hand_usd_cents(self) -> int:
        return self._account.by_hand_usd_cents()


class World:
    """An account that goes on, and daemons that live and die on one database."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.clock = SystemClock(read=virtual_now)
        self.account = Account(plan, self.clock)
        self.truth = AccountTruth(self.account)
        self.folder = folder
        self.settings = settings(folder, plan.settings)
        self.policy = engine_policy(self.settings)
        last = plan.sessions[-1]
        self.witness = Witness(folder / DATABASE, self.truth, new_york(last, time(16, 50)))
        self.engine: Engine | None = None
        self.broker: CampaignBroker | None = None
        self._life: asyncio.Task[None] | None = None
        self._before: set[asyncio.Task[object]] = set()

    @property
    def alive(self) -> bool:
        """Whether a daemon lives."""
        return self.engine is not None

    def start(self) -> None:
        """Start a daemon: new objects over the same database."""
        self._before = asyncio.all_tasks()
        store = SqliteStore(self.folder / DATABASE, synchronous="OFF")
        session_of = partial(log_session, end_of_day=self.settings.schedule.end_of_day)
        journal = Journal(store, self.clock, session_of)
        self.broker = CampaignBroker(self.account)
        desk = Desk(
            broker=self.broker,
            store=store,
            clock=self.clock,
            journal=journal,
            policy=self.policy,
            halt_file=HaltFile(self.folder),
            read_macro=MacroData,
            macro=MacroData(),
        )

        def crashed(name: str, error: BaseException) -> None:
            journal.emit("job_crashed", {"job": name, "error": f"{type(error).__name__}: {error}"})

        scheduler = ApScheduler(self.clock, on_error=crashed)
        self.engine = Engine(desk, scheduler, SilentNotifier(), lambda session, actions: None)
        self.truth.connected(self.broker)
        self.witness.watch(self.engine)
        self._life = asyncio.create_task(self._live(self.engine), name="engine")

    async def _live(self, engine: Engine) -> None:
        try:
            await engine.start()
            await engine.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever ends the daemon is found
            self.witness.crashed(error)

    async def die(self) -> None:
        """Let the daemon vanish as under kill -9: no task says good-bye."""
        engine, broker = self.engine, self.broker
        if engine is None or broker is None:
            return
        self.witness.unwatch()
        engine._scheduler.cancel_all()
        for task in asyncio.all_tasks() - self._before - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        broker.lose("the process is dead")
        await asyncio.sleep(0)
        engine.desk.store.close()
        self.engine = self.broker = None

    async def stop(self) -> None:
        """Stop the daemon as the service manager does."""
        if self.engine is None:
            return
        await self.engine.stop("stopped by the plan")
        await self.die()

    def halt(self) -> None:
        """Halt as a person."""
        if self.engine is not None:
            self.engine.run_states.halt("halted by the plan", RunState.HALTED)

    def resume(self) -> None:
        """Trade again by a person's word."""
        if self.engine is not None and self.engine.desk.store.run_state().state is not RunState.RUNNING:
            with contextlib.suppress(UserError):
                self.engine.run_states.resume("resumed by the plan")


Act = Callable[[World], object]


def script(plan: Plan) -> list[tuple[datetime, int, Act]]:
    """Return what happens from outside, in the order of time."""
    acts: list[tuple[datetime, int, Act]] = []
    for fault in plan.faults:
        acts += [(fault.start, 0, partial(begin, fault)), (fault.end, 1, partial(end, fault))]
    for number, _ in enumerate(plan.sessions):
        over = plan.sessions[: number + 1]
        acts.append((new_york(over[-1], EVENING), 2, partial(close_session, over)))
    quiet = new_york(plan.sessions[-1], MORNING)
    acts.append((max(quiet, plan.last_fault_at), 3, World.resume))
    return sorted(acts, key=lambda act: act[:2])


def begin(fault: Fault, world: World) -> object:
    """Let a fault begin that something has to be done for."""
    broker = world.broker
    match fault.kind:
        case Kind.KILLED if world.alive:
            world.account.met.add(fault.kind)
            return world.die()
        case Kind.STOPPED if world.alive:
            world.account.met.add(fault.kind)
            return world.stop()
        case Kind.HALTED:
            world.account.met.add(fault.kind)
            world.halt()
        case Kind.HAND_TRADE:
            world.account.trade_by_hand()
        case Kind.LINE_LOST if broker is not None:
            world.account.met.add(fault.kind)
            broker.lose("the gateway closed the connection")
        case Kind.BROKER_LOST if broker is not None:
            world.account.met.add(fault.kind)
            broker.broker_lost()
    return None


def end(fault: Fault, world: World) -> object:
    """Let a fault end that something has to be done for."""
    match fault.kind:
        case Kind.KILLED | Kind.STOPPED if not world.alive:
            world.start()
        case Kind.HALTED:
            world.resume()
        case Kind.BROKER_LOST if world.broker is not None:
            world.broker.broker_back()
    return None


def close_session(over: tuple[date, ...], world: World) -> object:
    """Look at a session that has closed."""
    world.witness.close_session(over)
    return None


async def live(plan: Plan, folder: Path) -> Outcome:
    """Let a plan happen."""
    world = World(plan, folder)
    world.start()
    try:
        for at, _, act in script(plan):
            await world.clock.sleep(max(0.0, (at - world.clock.now()).total_seconds()))
            pending = act(world)
            if asyncio.iscoroutine(pending):
                await pending
        return Outcome(
            plan,
            tuple(world.witness.violations),
            frozenset(world.account.met),
            world.witness.steps,
            sum(world.witness._times_sent.values()),
            "" if world.engine is None else event_digest(world.engine.desk.store.events()),
        )
    finally:
        await world.die()
        world.account.close()
        world.witness.close()


def run(plan: Plan) -> Outcome:
    """Run a plan in virtual time, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="campaign-", dir=FOLDERS))
    try:
        return run_virtual(lambda: live(plan, folder), new_york(plan.sessions[0], MORNING))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settings(folder: Path, changes: Mapping[str, str]) -> Settings:
    """Return the settings of a daemon of a campaign."""
    names = {f"CONDORD_{name}": value for name, value in changes.items()}
    folders = {"CONDORD_STATE_DIR": str(folder), "CONDORD_LOG_DIR": str(folder), "CONDORD_RUNTIME_DIR": str(folder)}
    return load([], folders | FIXED | names)
