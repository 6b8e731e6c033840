"""The watchdog hears of the daemon while loop, connection and store are well, and only then."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from daemon.adapters.clock import SystemClock
from daemon.adapters.store import SqliteStore
from daemon.adapters.virtual_time import VirtualLoop, run_virtual
from daemon.app.watchdog import Vitals, Watchdog
from daemon.errors import StoreError

START = datetime(2020, 3, 2, 15, 0, tzinfo=UTC)
PERIOD_S = 60.0
TURN_MAX_S = 300.0


class Manager:
    """Hears what the service manager would."""

    def __init__(self) -> None:
        self.pings: list[float] = []
        self.status_text = ""

    def alive(self) -> None:
        self.pings.append(asyncio.get_running_loop().time())

    def status(self, text: str) -> None:
        self.status_text = text

    def ready(self) -> None:
        return

    def stopping(self) -> None:
        return


class Patient:
    """A daemon whose parts a test makes ill."""

    def __init__(self, store: SqliteStore) -> None:
        self.manager = Manager()
        self.store = store
        self.turns = 0
        self.events: list[tuple[str, str]] = []

    def vitals(self) -> Vitals:
        return Vitals(
            store=self.store,
            clock=SystemClock(),
            link_turns=lambda: self.turns,
            link_turn_max_s=TURN_MAX_S,
            status=lambda: "RUNNING",
            tell=lambda name, why: self.events.append((name, why)),
        )

    def live(self, story: Callable[[Patient], Awaitable[None]]) -> None:
        """Run the watchdog beside a story, to the end of the story."""

        async def main() -> None:
            task = asyncio.create_task(Watchdog(self.vitals(), self.manager, PERIOD_S).run())
            await story(self)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        run_virtual(main, START)


def live(path: Path, story: Callable[[Patient], Awaitable[None]]) -> Patient:
    with closing(SqliteStore(path / "condord.db", "OFF")) as store:
        patient = Patient(store)
        patient.live(story)
    return patient


def block(seconds: float) -> None:
    """Let time pass within one step of the loop, as work does that does not yield."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop._pass(int(seconds * 1e6))


async def work(patient: Patient, seconds: int) -> None:
    """Live some seconds with a connection that is looked after."""
    for _ in range(seconds):
        patient.turns += 1
        await asyncio.sleep(1)


def gaps(pings: list[float]) -> list[int]:
    return [round(after - before) for before, after in pairwise(pings)]


def test_a_daemon_that_is_well_pings_six_times_in_each_period(tmp_path: Path) -> None:
    patient = live(tmp_path, lambda patient: work(patient, 55))

    assert gaps(patient.manager.pings) == [10, 10, 10, 10, 10]
    assert patient.manager.status_text == "RUNNING"
    assert patient.events == []


def test_each_ping_leaves_its_instant_in_the_store(tmp_path: Path) -> None:
    found: list[str | None] = []

    async def story(patient: Patient) -> None:
        await work(patient, 25)
        found.append(patient.store.meta("alive_at"))

    live(tmp_path, story)

    assert found == ["2020-03-02T15:00:20+00:00"]


def test_a_loop_that_comes_late_sends_no_ping_and_one_in_time_does_again(tmp_path: Path) -> None:
    async def story(patient: Patient) -> None:
        await work(patient, 15)
        block(20)
        await work(patient, 15)

    patient = live(tmp_path, story)

    assert gaps(patient.manager.pings) == [10, 35]
    assert [name for name, _ in patient.events] == ["daemon_unwell", "daemon_recovered"]
    assert "the event loop is 15.0 s late" in patient.events[0][1]


def test_a_loop_that_is_always_late_sends_no_ping_at_all(tmp_path: Path) -> None:
    async def story(patient: Patient) -> None:
        await work(patient, 5)
        for _ in range(10):
            block(25)
            await asyncio.sleep(1)

    patient = live(tmp_path, story)

    assert len(patient.manager.pings) == 1
    assert "s late" in patient.manager.status_text


def test_a_connection_that_nobody_looks_after_stops_the_pings(tmp_path: Path) -> None:
    async def story(patient: Patient) -> None:
        await work(patient, 10)
        await asyncio.sleep(TURN_MAX_S + 60)

    patient = live(tmp_path, story)

    assert 300 <= patient.manager.pings[-1] <= 320
    assert patient.manager.status_text.startswith("not well, the watchdog gets no ping: the connection")


def test_a_connection_that_is_awaited_with_pauses_is_looked_after(tmp_path: Path) -> None:
    async def story(patient: Patient) -> None:
        for _ in range(20):
            patient.turns += 1
            await asyncio.sleep(60)

    patient = live(tmp_path, story)

    assert set(gaps(patient.manager.pings)) == {10}


def test_a_store_that_another_process_holds_stops_the_pings_until_it_lets_go(tmp_path: Path) -> None:
    async def story(patient: Patient) -> None:
        await work(patient, 15)
        patient.store._connection.pragma("busy_timeout = 1")  # real milliseconds, instead of 5 s a beat
        with closing(sqlite3.connect(tmp_path / "condord.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await work(patient, 30)
            assert "is locked by another process" in patient.manager.status_text
        await work(patient, 10)

    patient = live(tmp_path, story)

    assert gaps(patient.manager.pings) == [10, 40]
    assert patient.manager.status_text == "RUNNING"
    assert [name for name, _ in patient.events] == ["daemon_unwell", "daemon_recovered"]


def test_an_event_that_cannot_be_written_does_not_end_the_watchdog(tmp_path: Path) -> None:
    """The event is written to the store, and the store is what is ill."""

    class Silent(Patient):
        def vitals(self) -> Vitals:
            def tell(name: str, why: str) -> None:
                raise StoreError(f"{name}: {why}")

            vitals = super().vitals()
            return Vitals(vitals.store, vitals.clock, vitals.link_turns, TURN_MAX_S, vitals.status, tell)

    async def story(patient: Patient) -> None:
        await work(patient, 15)
        block(20)
        await work(patient, 25)

    with closing(SqliteStore(tmp_path / "condord.db", "OFF")) as store:
        patient = Silent(store)
        patient.live(story)

    assert gaps(patient.manager.pings) == [10, 35, 10]
