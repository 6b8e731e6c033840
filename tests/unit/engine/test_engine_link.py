"""The connection: back-off without end, heartbeat, and what no waiting can cure."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from engine_fakes import START, FakeBroker, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.orders.broker_facts import LinkFact, LinkState
from daemon.core.records import Level
from daemon.engine.context import Desk
from daemon.engine.facts import FactRecorder
from daemon.engine.link import LinkKeeper
from daemon.errors import (
    BrokerTimeoutError,
    CondordError,
    LinkDownError,
    LiveAccountError,
    SettingsError,
    WrongProtocolError,
)


class Notes:
    """A notifier that keeps what it was told."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.ready_count = 0

    def ready(self) -> None:
        self.ready_count += 1

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def alive(self) -> None:
        return

    def stopping(self) -> None:
        return


class Watched:
    """A link keeper in a running loop."""

    def __init__(self, folder: Path) -> None:
        self.desk: Desk
        self.desk, self.broker = make_desk(folder)
        self.desk.link.synced = False
        self.resyncs: list[datetime] = []
        self.notes = Notes()
        self.facts = FactRecorder(self.desk)
        self.broker.subscribe(self.facts.sink)
        self.keeper = LinkKeeper(self.desk, self.facts, self.notes, self._resync)

    async def _resync(self) -> None:
        self.resyncs.append(self.desk.clock.now())


def play(folder: Path, seconds: float, prepare, later=None, start=START) -> Watched:  # type: ignore[no-untyped-def]
    """Run the keeper for some virtual seconds; ``later`` acts half-way."""

    async def main() -> Watched:
        watched = Watched(folder)
        prepare(watched.broker)
        tasks = [asyncio.create_task(watched.facts.run()), asyncio.create_task(watched.keeper.run())]
        await asyncio.sleep(seconds / 2)
        if later is not None:
            later(watched)
        await asyncio.sleep(seconds / 2)
        for task in tasks:
            task.cancel()
        return watched

    folder.mkdir(exist_ok=True)
    return run_virtual(main, start)


def test_an_absent_gateway_is_waited_for_with_growing_pauses(tmp_path: Path) -> None:
    def absent(broker: FakeBroker) -> None:
        broker.connect_errors = [LinkDownError("nobody listens")] * 4

    watched = play(tmp_path, 40, absent)

    assert watched.broker.connects == 5  # at 0, 2, 6, 14 and 30 s
    assert watched.desk.link.synced
    assert len(watched.resyncs) == 1
    assert watched.notes.statuses[0] == "waiting for the gateway: nobody listens"


@pytest.mark.parametrize("error", [LiveAccountError("U1"), WrongProtocolError("HTTP"), SettingsError("which account?")])
def test_what_waiting_cannot_cure_ends_the_run(tmp_path: Path, error: CondordError) -> None:
    watched = play(tmp_path, 40, lambda broker: broker.connect_errors.append(error))

    assert watched.broker.connects == 1
    assert watched.keeper.failure is error


def test_a_lost_connection_is_made_again_and_reconciled(tmp_path: Path) -> None:
    def lose(watched: Watched) -> None:
        watched.broker.state = LinkState.DOWN
        watched.broker.tell(LinkFact(LinkState.DOWN, "the socket closed"))

    watched = play(tmp_path, 20, lambda broker: None, lose)

    assert watched.broker.connects == 2
    assert len(watched.resyncs) == 2
    assert watched.desk.link.synced


def test_a_gateway_that_falls_silent_is_dropped_and_connected_anew(tmp_path: Path) -> None:
    def fall_silent(watched: Watched) -> None:
        answer = watched.broker.gateway_time

        async def silence() -> datetime:
            watched.broker.gateway_time = answer  # type: ignore[method-assign]
            raise BrokerTimeoutError("no answer within 15 s")

        watched.broker.gateway_time = silence  # type: ignore[method-assign]

    watched = play(tmp_path, 120, lambda broker: None, fall_silent)

    assert watched.broker.connects == 2
    assert len(watched.resyncs) == 2


def test_attempts_and_heartbeats_are_turns_of_the_keeper(tmp_path: Path) -> None:
    def absent(broker: FakeBroker) -> None:
        broker.connect_errors = [LinkDownError("nobody listens")] * 2

    watched = play(tmp_path, 100, absent)

    assert watched.keeper.turns == 6  # attempts at 0 and 2 s, connected at 6 s, heartbeats at 36, 66 and 96 s


def test_a_keeper_that_waits_for_an_answer_without_end_makes_no_turn(tmp_path: Path) -> None:
    def hang(broker: FakeBroker) -> None:
        async def no_answer() -> datetime:
            return await asyncio.Future[datetime]()

        broker.gateway_time = no_answer  # type: ignore[method-assign]

    watched = play(tmp_path, 1000, hang)

    assert watched.keeper.turns == 0


def test_no_order_is_allowed_while_the_broker_has_lost_its_own_connection(tmp_path: Path) -> None:
    def degrade(watched: Watched) -> None:
        watched.broker.state = LinkState.DEGRADED
        watched.broker.tell(LinkFact(LinkState.DEGRADED, "1100"))

    watched = play(tmp_path, 20, lambda broker: None, degrade)

    assert not watched.desk.link.synced


def test_a_restored_connection_is_reconciled_before_orders_are_allowed(tmp_path: Path) -> None:
    def restore(watched: Watched) -> None:
        for state, text in ((LinkState.DEGRADED, "1100"), (LinkState.SYNCING, "1102")):
            watched.broker.state = state
            watched.broker.tell(LinkFact(state, text))

    watched = play(tmp_path, 20, lambda broker: None, restore)

    assert len(watched.resyncs) == 2
    assert watched.desk.link.synced


def test_each_reason_to_wait_is_written_once_a_session_and_stays_known(tmp_path: Path) -> None:
    def absent(broker: FakeBroker) -> None:
        reasons = ["nobody listens", "the id is in use"] * 8
        broker.connect_errors = [LinkDownError(reason) for reason in reasons]

    watched = play(tmp_path, 400, absent)

    waiting = [event for event in watched.desk.store.events() if event.name == "gateway_waiting"]
    assert watched.broker.connects > 5
    assert [event.fields["why"] for event in waiting] == ["nobody listens", "the id is in use"]
    assert watched.keeper.waiting in ("nobody listens", "the id is in use")


def test_the_steps_of_an_attempt_that_is_made_for_days_are_written_once(tmp_path: Path) -> None:
    def fail_again_and_again(watched: Watched) -> None:
        for state in (LinkState.SYNCED, LinkState.DOWN, *[LinkState.CONNECTING, LinkState.DOWN] * 4_000):
            watched.broker.tell(LinkFact(state, "as it happened"))

    watched = play(tmp_path, 1, lambda broker: None, fail_again_and_again)

    changes = [event for event in watched.desk.store.events() if event.name == "link_changed"]
    assert [event.fields["state"] for event in changes] == ["SYNCED", "DOWN", "CONNECTING", "DOWN"]


def test_only_changes_of_a_connection_that_stood_are_worth_a_line(tmp_path: Path) -> None:
    def lose(watched: Watched) -> None:
        for state in (LinkState.SYNCED, LinkState.DOWN, LinkState.CONNECTING, LinkState.DOWN):
            watched.broker.tell(LinkFact(state, "as it happened"))

    watched = play(tmp_path, 1, lambda broker: None, lose)

    changes = [event for event in watched.desk.store.events() if event.name == "link_changed"]
    assert [(event.fields["state"], event.level) for event in changes] == [
        ("SYNCED", Level.INFO),
        ("DOWN", Level.INFO),
        ("CONNECTING", Level.DEBUG),
        ("DOWN", Level.DEBUG),
    ]


RESET = datetime(2020, 2, 19, 6, 30, tzinfo=UTC)  # 01:30 in New York, a Wednesday
SATURDAY = datetime(2020, 2, 22, 12, 0, tzinfo=UTC)


def warned(watched: Watched) -> list[str]:
    waiting = [event for event in watched.desk.store.events() if event.name == "gateway_waiting"]
    return [str(event.fields["note"]) for event in waiting if event.level is Level.WARNING]


def test_an_announced_reset_warns_only_when_it_outlasts_its_window(tmp_path: Path) -> None:
    def absent(broker: FakeBroker) -> None:
        broker.connect_errors = [LinkDownError("nobody listens")] * 99

    within = play(tmp_path / "within", 10 * 60, absent, start=RESET)
    beyond = play(tmp_path / "beyond", 20 * 60, absent, start=RESET)

    assert warned(within) == []
    assert within.keeper.waiting == "nobody listens The broker's reset lasts until 01:45 New York."
    assert warned(beyond) == [""]
    assert beyond.keeper.waiting == "nobody listens"


def test_after_the_weekly_end_of_logins_it_says_that_a_person_is_needed(tmp_path: Path) -> None:
    def lose(watched: Watched) -> None:
        watched.broker.connect_errors = [LinkDownError("nobody listens")] * 2000
        watched.broker.state = LinkState.DOWN
        watched.broker.tell(LinkFact(LinkState.DOWN, "closed"))

    watched = play(tmp_path, 30 * 3600, lambda broker: None, lose, start=SATURDAY)

    assert warned(watched) == ["", "Logins ended on Sunday 01:00: log the gateway in anew."]
