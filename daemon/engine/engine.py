"""The engine: owns tasks, start, resync, stop; the desks do the work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import next_session
from daemon.core.calendar.sessions import session as session_hours
from daemon.core.hedge.rolls import next_roll
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import JobOutcome, NextSession, Outcome, RunState
from daemon.engine.background import Background
from daemon.engine.capital_desk import CapitalDesk
from daemon.engine.condor_entries import CondorEntries
from daemon.engine.condor_exits import CondorExits
from daemon.engine.context import BASELINE, Desk, EnginePolicy
from daemon.engine.day import DayDesk
from daemon.engine.drift_hedger import DriftHedger
from daemon.engine.earlier_entries import WAITABLE
from daemon.engine.etf_desk import EtfDesk
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.flatten import FlattenEnd, Flattener
from daemon.engine.gather import Refusal, account_values
from daemon.engine.harvester import Harvester
from daemon.engine.hedge_desk import HedgeDesk
from daemon.engine.hedge_reader import HedgeReader
from daemon.engine.hedge_trader import HedgeTrader
from daemon.engine.jobs import END_OF_DAY, DailyJob, JobBook, RepeatedJob, daily_jobs
from daemon.engine.limit_watch import LimitWatch
from daemon.engine.link import LinkKeeper
from daemon.engine.monitor_desk import MonitorDesk
from daemon.engine.reconciler import Reconciler, left_over
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates
from daemon.engine.settlement import Settler
from daemon.engine.signal_desk import SignalDesk
from daemon.engine.sleeve_desk import SleeveDesk
from daemon.errors import BrokerError
from daemon.ports import Notifier, Scheduler

LINK_LOOK_S: Final = 1.0
"""How often an entry that waits for the link looks for it."""
EXITS_FIRST_S: Final = 120.0
"""Longest time an entry waits for exits that are due to send their orders."""
UNDECIDED: Final = Reason("decided_at_the_close", "the outcome of the entry order was unknown when its time was over")
Answer = TypeVar("Answer")
DayClosed = Callable[[date, NextSession], None]
"""Called after the closing figures of a session are recorded, or when it was missed, with what the next one brings."""


class Engine:
    """One running daemon, from connection to stop."""

    def __init__(self, desk: Desk, scheduler: Scheduler, notifier: Notifier, day_closed: DayClosed) -> None:
        self.desk = desk
        self._scheduler = scheduler
        self._notifier = notifier
        self._day_closed = day_closed
        self._tasks: list[asyncio.Task[None]] = []
        facts = FactRecorder(desk)
        self._facts = facts
        desk.broker.subscribe(facts.sink)
        self.run_states = RunStates(desk)
        self.risk = RiskMonitor(desk, self.run_states)
        self.executor = Executor(desk, facts, self.risk)
        self.run_states.subscribe(lambda: self._notifier.status(self.status_line()))
        facts.on_answer(lambda rejected: self.run_states.answered(rejected=rejected))
        self.settler = Settler(desk)
        self.reconciler = Reconciler(desk, facts, self.executor, self.settler)
        self._background = Background(desk.journal)
        self._rules_told = False
        self.at_start: Callable[[], None] = lambda: None
        """Called once, after the first reconciliation and before anything is traded."""
        self.at_close: Callable[[], None] = lambda: None
        """Called when a session closes, before its page is made: the last to tell something of it."""
        self.exits = CondorExits(desk, self.executor, self.risk, self._background.spawn)
        self.entries = CondorEntries(desk, self.executor, self.risk, self.exits)
        self.signals = SignalDesk(desk)
        self.hedge_reader = HedgeReader(desk)
        trader = HedgeTrader(desk, self.executor, self.risk)
        harvester = Harvester(desk, trader, lambda: self.reconciler.run("before a harvest"))
        beside = tuple(each(desk, self.hedge_reader, trader) for each in (DriftHedger, SleeveDesk, EtfDesk))
        self.hedge = HedgeDesk(desk, self.hedge_reader, trader, harvester, beside)
        self.flattener = Flattener(desk, self.executor, self.risk, self.exits.closer, self.hedge)
        self.watch = LimitWatch(desk, self.risk)
        self.day = DayDesk(desk, self.reconciler, self.settler, self.watch)
        self.link = LinkKeeper(desk, facts, notifier, self._resync)
        self.link.on_lost = self.executor.lose_sight
        self.jobs = JobBook(desk, scheduler, self._daily(), self._repeated(), self._undone)

    # -- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Connect, reconcile, catch up, and let the schedule run; raises what makes trading impossible."""
        self.run_states.look()
        self._tasks = [
            asyncio.create_task(self._facts.run(), name="facts"),
            asyncio.create_task(self.link.run(), name="link"),
        ]
        store = self.desk.store
        if store.meta("last_session") is None:
            # From here on every session gets its outcomes, also one that is only waited through.
            store.set_meta("last_session", self.desk.journal.session().isoformat())
        await self._ready()
        today = self.desk.journal.session()
        if store.meta("first_session") is None:
            store.set_meta("first_session", today.isoformat())
        self._scheduler.start()
        for missed in await self.jobs.catch_up(today):
            self._day_closed(missed, self.next_session(missed))
        store.set_meta("last_session", today.isoformat())
        self._notifier.status(self.status_line())

    async def _ready(self) -> None:
        """Wait for the first reconciled connection, or raise what ended a part of us before it."""
        ready = asyncio.create_task(self.link.wait_ready(), name="ready")
        try:
            await asyncio.wait((ready, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                await self.run()
            await ready
        finally:
            ready.cancel()

    async def look(self, at: Callable[[Engine], Awaitable[Answer]]) -> Answer:
        """Connect once, bring the book up to date, ask or do one thing, and leave; nothing is scheduled."""
        desk = self.desk
        self._tasks = [asyncio.create_task(self._facts.run(), name="facts")]
        try:
            connected = await desk.broker.connect()
            self.link.on_connected(connected)
            desk.link.account, desk.link.simulated = connected.account, connected.simulated
            desk.link.paper = desk.link.synced = True
            desk.link.clock_skew_s = (desk.clock.now() - connected.gateway_time).total_seconds()
            await self.reconciler.run("a look without the daemon")
            return await at(self)
        finally:
            self._tasks[0].cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await desk.broker.disconnect()

    async def run(self) -> None:
        """Return only when a part of the engine has ended, raising why: half of it must not go on alone."""
        ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
        if self.link.failure is not None:
            raise self.link.failure

    async def stop(self, why: str) -> None:
        """Cancel working entries and hedge orders, wait for evidence, close the connection (decision 13)."""
        self._notifier.stopping()
        self._scheduler.cancel_all()
        self.executor.close(why)
        for ref in sorted(self.executor.working):
            with contextlib.suppress(BrokerError):
                await self.executor.cancel(ref, why)
        await self._scheduler.stop()
        await self._background.stop()
        self.desk.journal.emit("daemon_stopped", {"why": why})
        for task in reversed(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.desk.broker.disconnect()

    async def _resync(self) -> None:
        """Bring book and orders back together after every gap of the connection."""
        await self.reconciler.run("connected", told=True)
        await self._take_baseline()
        await self._cancel_left_over()
        if not self._rules_told:
            self._rules_told = True
            self.exits.tell_changed_rules()
            self.at_start()
        await self.exits.rest_take_profits()
        if self.reconciler.absence_pending:
            self._scheduler.at(
                self.desk.clock.now() + timedelta(seconds=self.desk.policy.absence_proof_s),
                "second proof of absence",
                self._prove_again,
            )

    async def _cancel_left_over(self) -> None:
        """Cancel day orders that nobody works: what an earlier process, a lost link or a late proof has left."""
        live = self.desk.store.intents(live_only=True)
        for intent in left_over(live, self.executor.working):
            if not self.entries.earlier.goes_on_with(intent):
                await self.executor.cancel(intent.ref, "nobody works it any more")

    async def _check_book(self, session: date) -> None:
        """Compare book and account, then leave no order without somebody who works it."""
        await self.day.check_book(session)
        if self.desk.link.synced:
            await self._cancel_left_over()

    async def _prove_again(self) -> None:
        """Look for the second time; where the account is not told, the checks of the session look again."""
        if not self.desk.link.synced:
            return
        try:
            await self.reconciler.run("second proof of absence")
        except BrokerError as error:
            self.desk.journal.emit("check_failed", {"job": "second proof of absence", "why": str(error)})

    async def _take_baseline(self) -> None:
        """Keep the net liquidation of the first start, from which profit is measured, as soon as it is known."""
        store = self.desk.store
        if store.meta(BASELINE) is None:
            with contextlib.suppress(Refusal):
                account = await account_values(self.desk)
                store.set_meta(BASELINE, str(account.net_liquidation_usd_cents))

    # -- jobs --------------------------------------------------------------------------------------

    def _daily(self) -> tuple[DailyJob, ...]:
        runs = {
            "preflight": self.day.preflight,
            "signals": self.signals.refresh,
            "hedge_roll": self.hedge.roll,
            "last_resort": self.exits.last_resort,
            "condor_entry": self._entry,
            "hedge_resize": self.hedge.resize,
            "settlement": self.day.settlement,
            END_OF_DAY: self._close,
        }
        if self.desk.policy.signals.strip_every_sessions:
            runs["cost_of_capital"] = CapitalDesk(self.desk).measure
        if self.desk.policy.monitors.every_sessions:
            runs["monitors"] = MonitorDesk(self.desk).look
        return daily_jobs(self.desk.policy.schedule, runs)

    def _repeated(self) -> tuple[RepeatedJob, ...]:
        schedule = self.desk.policy.schedule
        return (
            RepeatedJob("exits", schedule.exits_from, time(15, 59), schedule.exits_every_min, self._exits),
            RepeatedJob("reconcile", time(9, 35), time(16, 10), schedule.reconcile_every_min, self._check_book),
            RepeatedJob("risk", time(9, 40), time(16, 0), schedule.risk_every_min, self.watch.look),
        )

    async def _entry(self, session: date) -> JobOutcome:
        """Reconcile, then decide the entry; a gateway that is away is waited for while the entry has time."""
        clock, until = self.desk.clock, self.entries.earlier.until(session)
        while True:
            try:
                await self._wait_for_link(until)
                await self.reconciler.run("before the entry")
                await self._wait_for_exits(until)
                await self._take_baseline()
                return await self.entries.enter(session)
            except WAITABLE as error:
                if clock.now() >= until:
                    return self.entries.give_up(session, error)
            await clock.sleep(LINK_LOOK_S)

    async def _wait_for_exits(self, until: datetime) -> None:
        """Let exits that are due send their orders first: the lines and the pace of the gateway are theirs.

        One that takes very long, because nothing answers it, does not cost the session its entry.
        """
        left_s = min(EXITS_FIRST_S, (until - self.desk.clock.now()).total_seconds())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, left_s)):
                await self.exits.closer.all_sent()

    async def _wait_for_link(self, until: datetime) -> None:
        while not self.desk.link.synced and self.desk.clock.now() < until:
            await self.desk.clock.sleep(LINK_LOOK_S)

    async def _exits(self, session: date) -> None:
        if self.desk.link.synced and self.risk.stops(Purpose.EXIT) is None:
            if self.settler.due():
                await self.settler.settle()
            if not await self.watch.exits_wait():
                await self.exits.check_exits(session)

    async def _close(self, session: date) -> JobOutcome:
        """Close the session and schedule the next one, whatever the closing itself came to."""
        tomorrow = next_session(session)
        try:
            with self.desk.journal.closing(session):
                outcome = await self._close_books(session, tomorrow)
        except Exception:
            await self._go_on_to(tomorrow)
            raise
        await self._go_on_to(tomorrow)
        return outcome

    async def _close_books(self, session: date, tomorrow: date) -> JobOutcome:
        try:
            outcome = await self.day.close(session)
        except (BrokerError, Refusal) as error:
            outcome = JobOutcome(Outcome.FAILED, f"no closing figures: {error}", self.desk.clock.now())
        self.entries.conclude(session, UNDECIDED, final=True)
        self.jobs.record_checks(session)
        self.jobs.record(session, END_OF_DAY, outcome)
        self.at_close()
        self._day_closed(session, self.next_session(session))
        return outcome

    async def _go_on_to(self, tomorrow: date) -> None:
        """Schedule the session that is next by now: a host may have slept over one, whose jobs are then missed."""
        store, today = self.desk.store, max(tomorrow, self.desk.journal.session())
        store.set_meta("last_session", tomorrow.isoformat())
        await self.jobs.catch_up(today)
        store.set_meta("last_session", today.isoformat())

    def _undone(self, session: date, job: DailyJob, outcome: JobOutcome) -> None:
        """See that a session whose entry, or whose close, did not come about gets its condor decision all the same."""
        if job.name in ("condor_entry", END_OF_DAY):
            name = "daemon_not_running" if outcome.outcome is Outcome.MISSED else "job_failed"
            why = Reason(name, f"{job.name}: {outcome.reason}")
            self.entries.conclude(session, why, final=job.name == END_OF_DAY)

    # -- words -------------------------------------------------------------------------------------

    def next_session(self, after: date) -> NextSession:
        """Return what the session after one brings."""
        policy, tomorrow = self.desk.policy, next_session(after)
        hours = session_hours(tomorrow)
        rolls = self.next_rolls(after) if policy.hedge.enabled and policy.hedge.rolls_enabled else {}
        condors = [(condor.record.condor_id, condor.record.expiry) for condor in self.desk.view().condors]
        layers = layer_positions(self.desk.view().book).items()
        expiring = [f"{name} {contract}" for name, held in layers for contract in held if contract.expiry == tomorrow]
        return NextSession(
            session=tomorrow,
            open_at=hours.open_at,
            close_at=hours.close_at,
            early_close=hours.early_close,
            jobs=self.jobs.instants(tomorrow),
            events=tuple(f"{event.when} {event.label}" for event in policy.events.events_on(tomorrow)),
            expiring=(*(name for name, expiry in condors if expiry == tomorrow), *expiring),
            leaving=tuple(each for each in condors if self._leaves_soon(each[1], tomorrow)),
            rolls=tuple(sorted(rolls.items(), key=lambda roll: (roll[1], roll[0]))),
        )

    def _leaves_soon(self, expiry: date, tomorrow: date) -> bool:
        condor = self.desk.policy.condor
        return condor.time_exit_enabled and 0 < (expiry - tomorrow).days <= condor.time_exit_dte + 1

    def next_rolls(self, after: date) -> dict[str, date]:
        """Return the first roll of each layer after a session."""
        return {
            layer.name: next_roll(self.hedge.anchor(layer, after), layer.roll_days, after)
            for layer in self.desk.policy.hedge.layers
        }

    def status_line(self) -> str:
        """Return one line for the service manager."""
        link, state = self.desk.link, self.desk.store.run_state().state
        mode = "SIMULATED" if link.simulated else "PAPER"
        condors = len(self.desk.view().condors)
        return f"{mode} {link.account}, {state.value}, {condors} condors, {link.breaks_open} breaks open"

    # -- control -----------------------------------------------------------------------------------

    def adopt(self, policy: EnginePolicy) -> None:
        """Follow another policy as soon as no roll and no resize is at work: each ends with the policy it began with."""

        async def follow() -> None:
            async with self.hedge.turn:
                self.desk.policy = policy

        self._background.spawn("adoption of a hedge policy", follow)

    async def halt(self, reason: str, state: RunState = RunState.HALTED) -> None:
        """Stop opening risk by a person's word; return when what it ends has ended (decision 9)."""
        self.run_states.halt(reason, state)
        await self.executor.heed()

    async def flatten(self, reason: str) -> tuple[FlattenEnd, ...]:
        """Close everything by a person's word; entries are refused from before the first order until a resume.

        Raises NotReadyError when nothing may be flattened now.
        """
        self.flattener.check()
        await self.halt(f"flatten: {reason}", RunState.EXITS_ONLY)
        return await self.flattener.run(reason)

    async def resume(self, reason: str) -> None:
        """Trade again by a person's word."""
        self.run_states.resume(reason)
