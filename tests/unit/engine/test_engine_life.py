"""The life of the engine: it ends when a part of it fails, and never goes on half dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from engine_fakes import START, FakeBroker, make_desk

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import VirtualLoop, run_virtual
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.broker_facts import AccountValues, NoticeFact
from daemon.core.records import JobOutcome, NextSession, Outcome
from daemon.engine.engine import Engine
from daemon.errors import LinkDownError, StoreError

Found = TypeVar("Found")
WEDNESDAY, THURSDAY = date(2020, 2, 19), date(2020, 2, 20)


class Silent:
    """A notifier that tells nobody."""

    def ready(self) -> None:
        return

    def status(self, text: str) -> None:
        return

    def alive(self) -> None:
        return

    def stopping(self) -> None:
        return


def live(folder: Path, body: Callable[[Engine, FakeBroker], Awaitable[Found]]) -> Found:
    """Run ``body`` with an engine in virtual time, and stop the engine."""

    async def main() -> Found:
        desk, broker = make_desk(folder)
        desk.link.synced = False
        clock = desk.clock
        assert isinstance(clock, SystemClock)
        engine = Engine(
            desk, ApScheduler(clock, lambda name, error: None, pulse_s=5), Silent(), lambda day, lines: None
        )
        try:
            return await asyncio.wait_for(body(engine, broker), 60)
        finally:
            await engine.stop("the test is over")

    return run_virtual(main, START)


def test_a_report_that_fails_does_not_keep_the_next_session_from_its_jobs(tmp_path: Path) -> None:
    def broken_report(_session: date, _next: NextSession) -> None:
        raise ZeroDivisionError("no figures")

    async def main() -> tuple[list[str], JobOutcome | None]:
        desk, _ = make_desk(tmp_path)
        crashed: list[str] = []
        clock = desk.clock
        assert isinstance(clock, SystemClock)
        scheduler = ApScheduler(clock, lambda name, error: crashed.append(name))
        engine = Engine(desk, scheduler, Silent(), broken_report)
        await engine.start()
        await clock.sleep(23 * 3600)
        outcome = desk.store.job_outcome(date(2020, 2, 19), "preflight")
        await engine.stop("the test is over")
        return crashed, outcome

    crashed, outcome = run_virtual(main, START)

    assert len(crashed) == 1
    assert outcome is not None
    assert outcome.outcome is Outcome.DONE


def test_a_host_that_slept_over_a_session_misses_it_and_goes_on_with_the_one_of_now(tmp_path: Path) -> None:
    async def body(engine: Engine, broker: FakeBroker) -> None:
        await engine.start()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.set_clock(timedelta(hours=41, minutes=30))  # from Tuesday 10:30 to Thursday 04:00
        await asyncio.sleep(30)
        store = engine.desk.store
        assert [getattr(store.job_outcome(WEDNESDAY, name), "outcome", None) for name in ("condor_entry", "exits")] == [
            Outcome.MISSED,
            Outcome.MISSED,
        ]
        assert store.meta("last_session") == "2020-02-20"
        assert engine.jobs.next_instants(THURSDAY)[0] == ("preflight", new_york(THURSDAY, time(9)))

    live(tmp_path, body)


def broken_disk(*_args: object, **_fields: object) -> None:
    raise StoreError("the disk is full")


def test_a_fact_that_cannot_be_recorded_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(engine: Engine, broker: FakeBroker) -> None:
        await engine.start()
        with monkeypatch.context() as patch:
            patch.setattr(engine.desk.store, "append_event", broken_disk)
            broker.tell(NoticeFact(2107, "a notice"))
            await engine.run()

    with pytest.raises(StoreError, match="disk is full"):
        live(tmp_path, body)


def test_a_failure_while_the_first_connection_is_reconciled_ends_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(engine: Engine, broker: FakeBroker) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(engine.desk.store, "intents", broken_disk)
            await engine.start()

    with pytest.raises(StoreError, match="disk is full"):
        live(tmp_path, body)


def test_account_values_that_do_not_come_at_the_first_start_are_waited_for(tmp_path: Path) -> None:
    async def body(engine: Engine, broker: FakeBroker) -> int:
        answer, asked = broker.account_values, 0

        async def values() -> AccountValues:
            nonlocal asked
            asked += 1
            if asked == 2:  # the first is a part of the snapshot
                raise LinkDownError("the connection was lost")
            return await answer()

        broker.account_values = values  # type: ignore[method-assign]
        await engine.start()
        return broker.connects

    assert live(tmp_path, body) == 2


def test_sessions_that_a_new_daemon_only_waits_through_are_written_down_as_missed(tmp_path: Path) -> None:
    async def main() -> tuple[JobOutcome | None, list[str]]:
        desk, broker = make_desk(tmp_path)
        desk.link.synced = False
        clock = desk.clock
        assert isinstance(clock, SystemClock)
        refused = [LinkDownError("nobody listens")] * 10_000
        broker.connect_errors.extend(refused)
        engine = Engine(desk, ApScheduler(clock, lambda name, error: None), Silent(), lambda day, lines: None)
        starting = asyncio.create_task(engine.start())
        await clock.sleep(24 * 3600)
        broker.connect_errors.clear()
        await starting
        missed = desk.store.job_outcome(START.date(), "condor_entry")
        decisions = [decision.reasons[0].name for decision in desk.store.decisions(START.date())]
        await engine.stop("the test is over")
        return missed, decisions

    missed, decisions = run_virtual(main, START)

    assert missed is not None
    assert missed.outcome is Outcome.MISSED
    assert decisions == ["daemon_not_running"]
