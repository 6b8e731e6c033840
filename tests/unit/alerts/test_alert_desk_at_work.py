"""The desk beside a program: outlets that hang, fail or are slow, restarts, and its end; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from alert_values import END, NOON, policy

from daemon.adapters.clock import SystemClock
from daemon.adapters.outlets import StoredAlerts
from daemon.adapters.store import SqliteStore
from daemon.adapters.virtual_time import run_virtual
from daemon.core.alerts.outbox import OUTBOX_MAX, RETRIES_S, DeskRecord
from daemon.core.alerts.state import AlertState, Message
from daemon.core.calendar.sessions import log_session
from daemon.core.records import EventRecord, Level
from daemon.engine.alert_desk import CLOSE_S, SEND_GRACE_S, AlertDesk
from daemon.engine.journal import Journal

Found = TypeVar("Found")
HALT = {"state": "HALTED", "by": "program", "reason": "5 rejects in a row"}
DEADLINE_S = 30.0


class FakeOutlets:
    """Outlets that do what the test says; ``behave`` returns what went wrong at one of them."""

    def __init__(self, clock: SystemClock, *names: str) -> None:
        self.clock = clock
        self.names = names or ("1 json",)
        self.sent: list[tuple[str, Message]] = []
        self.tried: list[str] = []
        self.began: list[tuple[float, str]] = []
        """When the first words of each attempt were said, in seconds of the loop, and the title of its message."""
        self.behave: Callable[[str], Awaitable[str]] = _takes

    async def send(self, message: Message, to: Sequence[str]) -> Mapping[str, str]:
        found = {}
        self.began.append((asyncio.get_running_loop().time(), message.title))
        for name in to:
            self.tried.append(f"{self.clock.now():%H:%M:%S} {name}")
            found[name] = await self.behave(name)
            if not found[name]:
                self.sent.append((name, message))
        return found


async def _takes(_name: str) -> str:
    return ""


async def _fails(_name: str) -> str:
    return "nothing accepts connections at its address"


async def _hangs(_name: str) -> str:
    await asyncio.Event().wait()
    return "never"


class World:
    """A desk with a store, a journal and outlets of its own."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.clock = SystemClock()
        self.store = SqliteStore(folder / "condord.db", synchronous="OFF")
        self.journal = Journal(self.store, self.clock, partial(log_session, end_of_day=END))
        self.outlets = FakeOutlets(self.clock, *names)
        self.memory = StoredAlerts(self.store)
        self.desk = self._made()
        self.journal.add_sink(self._take)
        self._task: asyncio.Task[None] | None = None

    def _made(self) -> AlertDesk:
        desk = AlertDesk(
            policy(),
            clock=self.clock,
            store=self.store,
            write=self.journal.emit,
            outlets=self.outlets,
            memory=self.memory,
            mode=lambda: "SIMULATED",
            deadline_s=DEADLINE_S,
        )
        desk.catch_up()
        return desk

    def _take(self, event: EventRecord) -> None:
        self.desk.take(event)

    def start(self) -> None:
        self._task = asyncio.create_task(self.desk.run())

    async def crash(self) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def restart(self) -> None:
        self.desk = self._made()
        self.start()

    @property
    def told(self) -> list[str]:
        return [message.title.removeprefix("condord SIMULATED: ") for _, message in self.outlets.sent]

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.store.events() if event.name.startswith("alert_")]


def live(folder: Path, body: Callable[[World], Awaitable[Found]], *names: str) -> Found:
    """Run ``body`` with a desk at work, in virtual time."""

    async def main() -> Found:
        world = World(folder, *names)
        world.start()
        try:
            return await body(world)
        finally:
            await world.crash()
            world.store.close()

    return run_virtual(main, NOON)


def test_an_alert_reaches_every_outlet_and_the_log_says_so(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[list[str], list[str]]:
        world.journal.emit("run_state_changed", HALT)
        await world.clock.sleep(15)
        return world.told, world.names

    told, names = live(tmp_path, body, "1 mailtos", "2 tgram")

    assert told == ["URGENT: The program has stopped trading"] * 2
    assert names == ["alert_sent"]


def test_whoever_writes_an_event_never_waits_for_an_outlet_that_hangs(tmp_path: Path) -> None:
    async def body(world: World) -> list[float]:
        world.outlets.behave = _hangs
        loop, took = asyncio.get_running_loop(), []
        for _ in range(40):
            began = loop.time()
            world.journal.emit("order_rejected", {"order_ref": "cd.1", "why": "no"})
            took.append(loop.time() - began)
            await world.clock.sleep(3)
        return took

    assert live(tmp_path, body) == [0.0] * 40


def test_an_outlet_that_hangs_is_broken_off_and_tried_again_and_given_up_in_the_end(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[int, list[str]]:
        world.outlets.behave = _hangs
        world.journal.emit("pnl_unexplained", {"change_usd": 5.0, "explained_usd": 4.0})
        await world.clock.sleep(sum(RETRIES_S) + 10 * DEADLINE_S)
        return len(world.outlets.tried), world.names

    tried, names = live(tmp_path, body)

    assert tried == len(RETRIES_S) + 1
    assert names == ["alert_failed"]


def test_what_is_new_waits_for_one_attempt_of_what_hangs_and_not_for_all_of_them(tmp_path: Path) -> None:
    async def body(world: World) -> float:
        world.outlets.behave = _hangs
        for number in range(10):
            world.desk.close_day(world.journal.session(), f"session {number}", "ok")
            await world.clock.sleep(120)
        world.journal.emit("run_state_changed", HALT)
        asked = asyncio.get_running_loop().time()
        await world.clock.sleep(3600)
        return next(at - asked for at, title in world.outlets.began if "URGENT" in title)

    assert live(tmp_path, body) <= DEADLINE_S + SEND_GRACE_S + policy().gather_s


def test_a_message_that_failed_is_sent_when_the_outlet_is_back(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[list[str], list[str], list[str]]:
        world.outlets.behave = _fails
        world.journal.emit("run_state_changed", HALT)
        await world.clock.sleep(60)
        world.outlets.behave = _takes
        await world.clock.sleep(600)
        return world.told, world.names, world.outlets.tried

    told, names, tried = live(tmp_path, body)

    assert told == ["URGENT: The program has stopped trading"]
    assert names == ["alert_sent"]
    assert tried == ["17:00:10 1 json", "17:00:40 1 json", "17:02:40 1 json"]


def test_an_outlet_that_fails_does_not_make_the_other_get_it_twice(tmp_path: Path) -> None:
    async def one_fails(name: str) -> str:
        return "no" if name == "2 tgram" else ""

    async def body(world: World) -> tuple[list[str], list[str]]:
        world.outlets.behave = one_fails
        world.journal.emit("pnl_unexplained", {"change_usd": 5.0, "explained_usd": 4.0})
        await world.clock.sleep(sum(RETRIES_S) + 600)
        return [name for name, _ in world.outlets.sent], world.names

    sent, names = live(tmp_path, body, "1 mailtos", "2 tgram")

    assert sent == ["1 mailtos"]
    assert names == ["alert_sent", "alert_failed"]


def test_a_slow_outlet_is_waited_for(tmp_path: Path) -> None:
    async def slow(_name: str) -> str:
        await asyncio.sleep(DEADLINE_S - 1)
        return ""

    async def body(world: World) -> list[str]:
        world.outlets.behave = slow
        world.journal.emit("run_state_changed", HALT)
        await world.clock.sleep(60)
        return world.names

    assert live(tmp_path, body) == ["alert_sent"]


def test_failed_alerts_make_no_further_alert_but_the_next_message_counts_them(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[int, str]:
        world.outlets.behave = _fails
        world.journal.emit("pnl_unexplained", {"change_usd": 5.0, "explained_usd": 4.0})
        await world.clock.sleep(24 * 3600)
        tried = len(world.outlets.tried)
        world.outlets.behave = _takes
        world.journal.emit("run_state_changed", HALT)
        await world.clock.sleep(30)
        return tried, world.outlets.sent[0][1].body

    tried, text = live(tmp_path, body)

    assert tried == len(RETRIES_S) + 1
    assert "1 earlier message could not be delivered." in text


def test_what_was_not_sent_when_the_program_died_is_sent_by_the_next(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[list[str], int]:
        world.outlets.behave = _hangs
        world.journal.emit("run_state_changed", HALT)
        await world.clock.sleep(20)
        await world.crash()
        world.outlets.behave = _takes
        await world.restart()
        await world.clock.sleep(60)
        return world.told, world.desk.record.state.tally.came

    assert live(tmp_path, body) == (["URGENT: The program has stopped trading"], 1)


def test_what_was_written_while_no_desk_ran_is_told_at_the_start(tmp_path: Path) -> None:
    async def body(world: World) -> list[str]:
        await world.desk.close()
        await world.crash()
        await world.clock.sleep(3600)
        event = world.journal.make("run_state_changed", HALT)
        world.store.append_event(event)
        await world.clock.sleep(3600)
        await world.restart()
        await world.clock.sleep(60)
        return world.told

    assert live(tmp_path, body) == ["URGENT: The program has stopped trading"]


def test_a_first_start_tells_nothing_of_what_was_before(tmp_path: Path) -> None:
    async def body(world: World) -> list[str]:
        await world.clock.sleep(60)
        return world.told

    store = SqliteStore(tmp_path / "condord.db", synchronous="OFF")
    journal = Journal(store, SystemClock(), partial(log_session, end_of_day=END))
    journal.emit("run_state_changed", HALT)
    store.close()

    assert live(tmp_path, body) == []


def test_what_waited_and_cannot_be_read_any_more_is_told_as_lost(tmp_path: Path) -> None:
    async def body(world: World) -> list[str]:
        await world.clock.sleep(60)
        return world.names

    store = SqliteStore(tmp_path / "condord.db", synchronous="OFF")
    store.set_meta("alerts", '{"outbox": 5}')
    store.close()

    assert live(tmp_path, body) == ["alert_failed"]


def test_the_last_words_of_a_program_are_sent_before_its_end(tmp_path: Path) -> None:
    async def body(world: World) -> list[str]:
        world.journal.emit("daemon_failed", {"text": "disk full"})
        await world.crash()
        await world.desk.close()
        return world.told

    assert live(tmp_path, body) == ["URGENT: The daemon has failed"]


def test_an_outlet_that_hangs_keeps_a_program_from_its_end_for_a_moment_only(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[float, DeskRecord | None]:
        world.outlets.behave = _hangs
        world.journal.emit("daemon_failed", {"text": "disk full"})
        await world.crash()
        began = asyncio.get_running_loop().time()
        await world.desk.close()
        return asyncio.get_running_loop().time() - began, world.memory.load()

    took_s, saved = live(tmp_path, body)

    assert took_s < CLOSE_S + 0.1
    assert saved is not None
    assert len(saved.outbox) == 1


def test_messages_that_have_no_room_are_given_up_and_told_as_lost(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[int, set[str], int]:
        world.outlets.behave = _fails
        for number in range(OUTBOX_MAX + 5):
            world.desk.close_day(world.journal.session(), f"session {number}", "ok")
            await world.clock.sleep(1)
        return len(world.desk.record.outbox), set(world.names), world.desk.record.state.undelivered

    waiting, names, undelivered = live(tmp_path, body)

    assert waiting == OUTBOX_MAX
    assert names == {"alert_failed"}
    assert undelivered <= 5


def test_a_defect_in_the_desk_is_told_once_and_stops_no_fact_from_being_written(tmp_path: Path) -> None:
    async def body(world: World) -> list[str]:
        broken = DeskRecord(state=AlertState(causes=None))  # type: ignore[arg-type] # what a defect may leave
        world.desk._record = broken
        world.journal.emit("run_state_changed", HALT, level=Level.ERROR)
        world.journal.emit("run_state_changed", HALT, level=Level.ERROR)
        return [event.name for event in world.store.events()]

    assert live(tmp_path, body) == ["run_state_changed", "alert_failed", "run_state_changed"]


def test_what_is_kept_is_read_again_as_it_was(tmp_path: Path) -> None:
    async def body(world: World) -> tuple[DeskRecord, DeskRecord | None]:
        world.outlets.behave = _fails
        world.journal.emit("run_state_changed", HALT)
        world.desk.close_day(world.journal.session(), "session ok", "all is well")
        await world.clock.sleep(11)
        await world.desk.close()
        return world.desk.record, world.memory.load()

    kept, read = live(tmp_path, body)

    assert read == kept
    assert kept.outbox
