"""The gateway's beat: what it wakes for, what it sends, and what it does not do when nobody listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_fakes import NOON, PUT_LONG, SPX, VIX_CALL, FakeClock, FakeExchange
from gateway_peer import clock, virtual
from gateway_raw import RawClient, condor, contract, ids

from daemon.errors import SettingsError, StoreError
from daemon.sim.exchange.api import AccountChanged
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.codec import frame
from daemon.sim.gateway.state import load, save

SPX_LINE = ("1", "11", "3", *contract(SPX), "0", "", "0", "0", "")
OPTION_LINE = ("1", "11", "4", *contract(PUT_LONG), "0", "", "0", "0", "")


def run_for(gateway: Gateway, seconds: float, start: datetime = NOON, *, at: dict[float, Any] | None = None) -> None:
    """Run the pump on virtual time, calling something at some seconds."""

    async def main() -> None:
        pump = asyncio.create_task(gateway.pump())
        for second, action in (at or {}).items():
            asyncio.get_running_loop().call_later(second, action)
        await asyncio.sleep(seconds)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump

    virtual(main, start)


def listener(exchange: FakeExchange, *requests: tuple[str, ...], config: GatewayConfig | None = None) -> RawClient:
    """Return a started client that has made some requests on the loop's clock."""
    now = [NOON]
    gateway = Gateway(exchange, lambda: max(clock(), now[0]) if clock().year == 2020 else now[0], None, config)
    raw = RawClient(gateway)
    raw.start()
    for one in requests:
        raw.ask(*one)
    return raw


def test_without_listeners_the_pump_sleeps_until_the_exchange_has_something_to_do() -> None:
    exchange = FakeExchange(next_at=NOON + timedelta(hours=20))
    raw = listener(exchange)
    before = exchange.advanced

    run_for(raw.gateway, 19 * 3600.0)

    # One step at the start and one an hour: the longest sleep, in case the computer itself slept.
    assert exchange.advanced - before <= 20
    assert exchange.quoted == 0


def test_an_event_of_the_exchange_is_met_on_time() -> None:
    exchange = FakeExchange(next_at=NOON + timedelta(seconds=90))
    seen: list[datetime] = []
    raw = listener(exchange)
    real = exchange.advance

    def spy(to: datetime) -> Any:
        if exchange.next_at is not None and exchange.next_at <= to:
            seen.append(to)
        return real(to)

    exchange.advance = spy  # type: ignore[method-assign]  # a spy

    run_for(raw.gateway, 120)

    assert [round((one - NOON).total_seconds(), 3) for one in seen] == [90.0]


def test_lines_tick_together_on_their_beat_and_send_only_changes() -> None:
    exchange = FakeExchange()
    config = GatewayConfig(tick_interval_s=1, index_interval_s=60)
    raw = listener(exchange, SPX_LINE, OPTION_LINE, config=config)
    raw.receive()
    before = exchange.quoted
    changes = {
        30.5: lambda: exchange.last.update({SPX: 3100.0}),
        40.2: lambda: exchange.bid_ask.update({PUT_LONG: (19.0, 20.4)}),
    }

    run_for(raw.gateway, 61.5, at=changes)

    found = raw.receive()
    assert [one[2:5] for one in found if one[0] == "1"] == [["4", "1", "19.0"], ["3", "4", "3100.0"]]
    assert exchange.quoted - before == 61 + 1


def test_ticks_stop_outside_trading_hours_and_begin_again_at_the_open() -> None:
    exchange = FakeExchange()
    raw = listener(exchange, SPX_LINE, config=GatewayConfig(index_interval_s=60))
    evening = datetime(2020, 3, 2, 21, 15, tzinfo=UTC)  # 16:15 in New York, the options' close

    before: list[int] = []
    night = {60.5: lambda: before.append(exchange.quoted), 17.2 * 3600: lambda: before.append(exchange.quoted)}

    run_for(raw.gateway, 17 * 3600 + 24 * 60 + 59.5, evening, at=night)

    assert before[0] == before[1]
    # At 09:30 and at each of the nine minutes after it.
    assert exchange.quoted - before[1] == 10


def test_the_last_beat_of_a_session_is_its_close_whatever_the_interval() -> None:
    exchange = FakeExchange()
    raw = listener(exchange, SPX_LINE, config=GatewayConfig(index_interval_s=7200))
    raw.receive()
    minutes = {14: 3100.0, 16: 3200.0}  # the options close at 16:15, when the price of 16:14 still stands
    changes = {60.0 * m: lambda pts=pts: exchange.last.update({SPX: pts}) for m, pts in minutes.items()}

    run_for(raw.gateway, 3600.0, datetime(2020, 3, 2, 21, 0, tzinfo=UTC), at=changes)

    assert [one[4] for one in raw.receive() if one[0] == "1"] == ["3100.0"]


def test_a_client_that_acts_wakes_the_pump() -> None:
    exchange = FakeExchange()
    raw = listener(exchange, config=GatewayConfig(tick_interval_s=1))
    quotes: list[int] = []

    run_for(raw.gateway, 15.5, at={10.2: lambda: raw.ask(*OPTION_LINE), 15.4: lambda: quotes.append(exchange.quoted)})

    assert quotes == [1 + 5]


def test_a_client_whose_request_changes_nothing_of_what_is_due_does_not_wake_the_pump() -> None:
    exchange = FakeExchange(next_at=NOON + timedelta(hours=1))
    raw = listener(exchange)
    before = exchange.advanced

    run_for(raw.gateway, 60.0, at={second: lambda: raw.ask("49", "1") for second in (10.0, 20.0, 30.0)})

    # The step that the pump begins with, and one for each request.
    assert exchange.advanced - before == 1 + 3


def test_a_request_that_comes_before_the_timer_of_a_beat_that_is_due_does_not_take_its_place() -> None:
    raw = listener(FakeExchange(), SPX_LINE, config=GatewayConfig(index_interval_s=60))
    raw.receive()
    heard: list[list[list[str]]] = []

    def ask_late() -> None:
        raw.gateway._clock = raw.gateway._hub._clock = lambda: clock() + timedelta(seconds=1.5)
        raw.session.feed(frame(["49", "1"]))

    run_for(raw.gateway, 61.0, at={59.0: ask_late, 59.1: lambda: heard.append(raw.receive())})

    assert ids(heard[0]) == [49, 1]


def test_a_step_that_fails_ends_the_pump() -> None:
    exchange = FakeExchange(next_at=NOON + timedelta(seconds=5))
    raw = listener(exchange)

    def fail(_to: datetime) -> Any:
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        run_for(raw.gateway, 10.0, at={1.0: lambda: setattr(exchange, "advance", fail)})


def test_lines_opened_by_one_packet_are_priced_together() -> None:
    exchange = FakeExchange()
    raw = listener(exchange)
    call = ("1", "11", "5", *contract(VIX_CALL), "0", "", "0", "0", "")
    packet = b"".join(frame(list(fields)) for fields in (SPX_LINE, OPTION_LINE, call, ("2", "1", "5")))

    raw.session.feed(packet)

    ticking = {one[2] for one in raw.receive() if one[0] == "1"}
    assert exchange.quoted == 1
    assert ticking == {"3", "4"}  # the call was cancelled before it said anything


def test_a_change_is_saved_before_anybody_hears_of_it() -> None:
    exchange = FakeExchange()
    heard_before_saving: list[int] = []
    raw: RawClient

    def saved() -> None:
        heard_before_saving.append(len(raw.chunks))

    raw = RawClient(Gateway(exchange, FakeClock(), on_change=saved))
    raw.start()
    assert heard_before_saving == []

    assert ids(raw.ask(*condor(1, -9.0))) == [5, 3]
    raw.ask("49", "1")

    assert heard_before_saving == [0]


def test_quotes_do_not_count_as_a_change_but_settlement_events_do() -> None:
    exchange, saves = FakeExchange(), []
    gateway = Gateway(exchange, FakeClock(), on_change=lambda: saves.append(1))
    raw = RawClient(gateway)
    raw.start()
    raw.ask(*SPX_LINE)
    gateway.step()
    assert saves == []
    exchange.pending = [AccountChanged()]

    gateway.step()

    assert saves == [1]


def test_a_clock_that_is_set_back_does_not_move_the_exchange_back() -> None:
    exchange, fake = FakeExchange(), FakeClock()
    gateway = Gateway(exchange, fake)
    fake.move(-60)

    gateway.step()

    assert exchange.now == NOON


def test_the_state_file_holds_what_was_dumped(tmp_path: Path) -> None:
    gateway = Gateway(FakeExchange(), FakeClock())
    path = tmp_path / "gateway.json"

    assert load(path) is None
    save(path, gateway.dump())

    assert load(path) == {"version": 1, "account": "DU1234567", "exchange": {"orders": 0, "fills": 0}}
    assert list(tmp_path.iterdir()) == [path]


def test_a_broken_state_file_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    path = tmp_path / "gateway.json"
    path.write_text("{")
    with pytest.raises(SettingsError, match=r"gateway\.json.*move it away"):
        load(path)
    path.write_text("[]")
    with pytest.raises(SettingsError, match="move it away"):
        load(path)
    with pytest.raises(StoreError, match="writable"):
        save(tmp_path / "none" / "gateway.json", {"exchange": {}})
