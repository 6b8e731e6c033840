"""The in-process site of a campaign: the engine over an account in this process, without a wire."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

from campaign.account import Account
from campaign.broker import CampaignBroker
from campaign.plans import Fault, Kind, Plan
from campaign.record import Record, Shown
from campaign.told import settings

from daemon.adapters.clock import SystemClock
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.program import engine_policy
from daemon.app.rehearse import SilentNotifier
from daemon.core.calendar.sessions import log_session
from daemon.core.market.macro import MacroData
from daemon.engine.context import Desk, EnginePolicy
from daemon.engine.engine import Engine
from daemon.engine.journal import Journal


@cache
def policy(changes: tuple[tuple[str, str], ...]) -> EnginePolicy:
    """Return what an engine is told by changed settings; reading them costs as much as a session."""
    return engine_policy(settings(Path("nowhere"), dict(changes)))


class ProcessSite:
    """An account that goes on, and the engines that connect to it."""

    def __init__(self, plan: Plan, folder: Path, clock: SystemClock) -> None:
        self._account = Account(plan, clock)
        self._policy = policy(tuple(plan.settings.items()))
        self._folder = folder
        self._clock = clock
        self._broker: CampaignBroker | None = None
        self.shown = Shown()

    @property
    def record(self) -> Record:
        """Return what is true of the account."""
        return self._account.record

    @property
    def met(self) -> set[str]:
        """Return the kinds of fault that came to pass."""
        return self._account.met

    def build(self) -> Engine:
        """Return a new daemon's engine: new objects over the same database."""
        store = SqliteStore(self._folder / DATABASE, synchronous="OFF")
        journal = Journal(store, self._clock, partial(log_session, end_of_day=self._policy.schedule.end_of_day))
        self._broker = CampaignBroker(self._account, self.shown)
        desk = Desk(
            broker=self._broker,
            store=store,
            clock=self._clock,
            journal=journal,
            policy=self._policy,
            halt_file=HaltFile(self._folder),
            read_macro=MacroData,
            macro=MacroData(),
        )

        def crashed(name: str, error: BaseException) -> None:
            journal.emit("job_crashed", {"job": name, "error": f"{type(error).__name__}: {error}"})

        scheduler = ApScheduler(self._clock, on_error=crashed)
        return Engine(desk, scheduler, SilentNotifier(), lambda session, actions: None)

    async def gone(self) -> None:
        """Learn that the daemon is dead: its connection closes."""
        if self._broker is not None:
            self._broker.lose("the process is dead")
            self._broker = None

    def begin(self, fault: Fault) -> None:
        """Let a fault begin that something has to be done for; the others are looked up when they matter."""
        broker = self._broker
        match fault.kind:
            case Kind.HAND_TRADE:
                self.met.add(fault.kind)
                self._account.trade_by_hand()
            case Kind.LINE_LOST if broker is not None:
                self.met.add(fault.kind)
                broker.lose("the gateway closed the connection")
            case Kind.BROKER_LOST if broker is not None:
                self.met.add(fault.kind)
                broker.broker_lost()

    def end(self, fault: Fault) -> None:
        """Let a fault end that something has to be done for."""
        if fault.kind is Kind.BROKER_LOST and self._broker is not None:
            self._broker.broker_back()

    def close(self) -> None:
        """Let go of the account."""
        self._account.close()
