"""What goes on after its first answer, and what is calculated: bars, ticks, results, searches, option values."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from gateway_fakes import PUT_LONG, SPX, VIX, FakeClock, FakeExchange
from gateway_peer import Peer, clock, complaints, peer, until, virtual, within
from gateway_raw import RawClient, contract

from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway
from daemon.sim.history import load_packaged
from daemon.sim.market import Market

AFTERNOON = datetime(2020, 3, 2, 20, 0, tzinfo=UTC)  # 15:00 in New York, a Monday
NEXT_MORNING = datetime(2020, 3, 3, 15, 0, tzinfo=UTC)
Scene = Callable[[Peer], Coroutine[Any, Any, None]]


def play(scene: Scene, start: datetime = AFTERNOON) -> None:
    """Run a scene with the library, on virtual time, against the real exchange."""

    async def main() -> None:
        config = ExchangeConfig(partial_probability=0.0)
        gateway = Gateway(Exchange(Market(load_packaged(), 1), config, None, clock()), clock)
        async with peer(gateway) as joined:
            await scene(joined)

    virtual(main, start)


def raw_client(version: int = 176) -> tuple[RawClient, FakeExchange, FakeClock]:
    exchange, now = FakeExchange(), FakeClock()
    raw = RawClient(Gateway(exchange, now))
    raw.start(high=version)
    return raw, exchange, now


def beat(raw: RawClient, now: FakeClock, seconds: float) -> list[list[str]]:
    """Let time go on and return what came of it."""
    raw.gateway._next_due()
    now.move(seconds)
    raw.gateway.step()
    return raw.receive()


@pytest.fixture(autouse=True)
def library_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="ib_insync")
    return caplog


def test_the_library_searches_symbols_and_asks_where_history_begins(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        found = await within(ib.reqMatchingSymbolsAsync("vix"))
        assert {"VIX", "VIX9D", "VIX3M"} <= {one.contract.symbol for one in found}
        (vix,) = [one for one in found if one.contract.symbol == "VIX"]
        assert (vix.contract.secType, vix.contract.currency) == ("IND", "USD")
        assert vix.derivativeSecTypes == ["OPT", "FUT"]
        by_name = await within(ib.reqMatchingSymbolsAsync("advance"))
        assert [one.contract.symbol for one in by_name] == ["AD-NYSE"]
        assert await within(ib.reqMatchingSymbolsAsync("zzz")) == []
        # The shipped history around this date begins on 2019-11-05.
        head = await within(ib.reqHeadTimeStampAsync(ib_insync.Index("SPX", "CBOE"), "TRADES", True, 1))
        assert head.isoformat() == "2019-11-05T14:30:00"
        head = await within(ib.reqHeadTimeStampAsync(ib_insync.Index("SPX", "CBOE"), "TRADES", True, 2))
        assert head == datetime(2019, 11, 5, 14, 30, tzinfo=UTC)

    play(scene)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize(("version", "fields"), [(175, 3 + 7), (176, 3 + 9)])
def test_a_found_symbol_has_a_description_from_176_on(version: int, fields: int) -> None:
    raw, _, _ = raw_client(version)

    (answer,) = raw.ask("81", "5", "SPX")

    assert answer[:9] == ["79", "5", "1", str(SPX), "SPX", "IND", "CBOE", "USD", "1"]
    assert len(answer) == fields


def test_bars_that_are_kept_up_to_date_change_and_grow(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        bars = await within(
            ib.reqHistoricalDataAsync(
                ib_insync.Index("SPX", "CBOE"), "", "1800 S", "1 min", "TRADES", True, formatDate=2, keepUpToDate=True
            )
        )
        news: list[bool] = []
        bars.updateEvent += lambda _bars, new: news.append(new)
        before, last = len(bars), bars[-1].date
        await asyncio.sleep(185)
        assert news.count(True) == 3 == len(bars) - before
        assert len(news) > 20
        assert (bars[-1].date - last).total_seconds() == 180
        assert all(one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high for one in bars)
        # What was updated as it came is what is asked for afterwards.
        again = await within(
            ib.reqHistoricalDataAsync(
                ib_insync.Index("SPX", "CBOE"), "", "240 S", "1 min", "TRADES", True, formatDate=2
            )
        )
        assert [(one.date, one.open) for one in bars[-4:]] == [(one.date, one.open) for one in again]
        ib.cancelHistoricalData(bars)
        count = len(news)
        await asyncio.sleep(60)
        assert len(news) == count

    play(scene)

    assert complaints(library_log.records) == []


def test_a_bar_of_five_seconds_comes_every_five_seconds(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        bars = ib.reqRealTimeBars(ib_insync.Index("SPX", "CBOE"), 5, "TRADES", True)
        await until(lambda: len(bars) == 12, 70)
        times = [one.time.timestamp() for one in bars]
        assert {b - a for a, b in pairwise(times)} == {5.0}
        assert all(one.open_ == before.close for before, one in pairwise(bars))
        assert len({one.close for one in bars}) > 6
        ib.cancelRealTimeBars(bars)
        await asyncio.sleep(30)
        assert len(bars) == 12

    play(scene)

    assert complaints(library_log.records) == []


def test_a_five_second_bar_of_an_option_shows_the_side_asked_for() -> None:
    raw, exchange, now = raw_client()
    for req_id, what in (("3", "BID"), ("4", "ASK"), ("5", "MIDPOINT"), ("6", "TRADES")):
        raw.ask("50", "3", req_id, *contract(PUT_LONG), "5", what, "1", "")
    exchange.bid_ask[PUT_LONG] = (19.0, 21.0)

    bars = {one[2]: one for one in beat(raw, now, 5) if one[0] == "50"}

    start = str(int(now.now.timestamp()) - 5)
    assert bars["3"] == ["50", "3", "3", start, "20.0", "20.0", "19.0", "19.0", "0", "19.0", "0"]
    assert bars["4"][4:8] == ["20.4", "21.0", "20.4", "21.0"]
    assert bars["5"][4:8] == ["20.2", "20.2", "20.0", "20.0"]
    assert bars["6"][4:8] == bars["5"][4:8]


def test_single_ticks_come_when_their_kind_changes(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        option: Any = ib_insync.Option
        put = option("SPX", "20200304", 2900.0, "P", "SMART", tradingClass="SPXW", currency="USD")
        await within(ib.qualifyContractsAsync(put))
        ticker = ib.reqTickByTickData(put, "BidAsk")
        seen: list[Any] = []
        ticker.updateEvent += lambda one: seen.extend(one.tickByTicks)
        await asyncio.sleep(120)
        assert len(seen) > 3
        assert all(0 < one.bidPrice < one.askPrice for one in seen)
        ib.cancelTickByTickData(put, "BidAsk")
        count = len(seen)
        await asyncio.sleep(60)
        assert len(seen) == count

    play(scene)

    assert complaints(library_log.records) == []


def test_each_kind_of_single_tick_has_its_fields_and_only_changes_are_sent() -> None:
    raw, exchange, now = raw_client()
    epoch = str(int(now.now.timestamp()))

    mid = raw.ask("97", "3", *contract(PUT_LONG), "MidPoint", "0", "0")
    both = raw.ask("97", "4", *contract(PUT_LONG), "BidAsk", "0", "0")
    last = raw.ask("97", "5", *contract(SPX), "Last", "0", "0")
    one_too_many = raw.ask("97", "6", *contract(VIX), "AllLast", "0", "0")

    assert mid == [["99", "3", "4", epoch, "20.2"]]
    assert both == [["99", "4", "3", epoch, "20.0", "20.4", "31", "27", "0"]]
    assert last == [["99", "5", "1", epoch, "3090.23", "100", "0", "", ""]]
    assert [one[3] for one in one_too_many] == ["10190"]
    assert beat(raw, now, 1) == []
    exchange.bid_ask[PUT_LONG] = (19.9, 20.5)
    changed = beat(raw, now, 1)
    assert [one[:3] for one in changed] == [["99", "4", "3"]]
    assert raw.ask("98", "5") == []
    assert [one[:3] for one in raw.ask("97", "6", *contract(VIX), "AllLast", "0", "0")] == [["99", "6", "2"]]


def test_the_result_of_the_day_is_that_of_what_was_held_and_traded(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        option: Any = ib_insync.Option
        put = option("SPX", "20200306", 2900.0, "P", "SMART", tradingClass="SPXW", currency="USD")
        await within(ib.qualifyContractsAsync(put))
        pnl = ib.reqPnL("DU1234567")
        single = ib.reqPnLSingle("DU1234567", "", put.conId)
        await until(lambda: pnl.dailyPnL == 0.0 and single.position == 0)
        market: Any = ib_insync.MarketOrder
        trade = ib.placeOrder(put, market("BUY", 2))
        await until(lambda: trade.orderStatus.status == "Filled" and single.position == 2, 20)
        cost = trade.orderStatus.avgFillPrice * 200 + 2 * 1.15
        # What it is worth now less what was paid, fees included.
        assert single.dailyPnL == pytest.approx(single.value - cost, abs=0.02)
        assert single.unrealizedPnL == pytest.approx(single.dailyPnL, abs=0.02)
        assert pnl.dailyPnL == single.dailyPnL
        evening = single.value
        await asyncio.sleep((NEXT_MORNING - clock()).total_seconds())
        # A new day: only the move since the close counts, while the position counts from its price.
        assert single.unrealizedPnL == pytest.approx(single.value - cost, abs=0.02)
        assert single.dailyPnL != pytest.approx(single.unrealizedPnL, abs=1.0)
        assert evening != single.value
        sold = ib.placeOrder(put, market("SELL", 2))
        await until(lambda: sold.orderStatus.status == "Filled" and single.position == 0, 20)
        assert pnl.realizedPnL == pytest.approx(sold.orderStatus.avgFillPrice * 200 - 2.3 - cost, abs=0.02)
        ib.cancelPnL("DU1234567")
        ib.cancelPnLSingle("DU1234567", "", put.conId)

    play(scene)

    assert complaints(library_log.records) == []


def test_results_are_sent_once_a_second_and_only_when_they_change() -> None:
    raw, exchange, now = raw_client()
    exchange.held[PUT_LONG] = (2, 2040.0)
    exchange.daily = {PUT_LONG: -40.0, 700004: 12.5}

    account = raw.ask("92", "3", "DU1234567", "")
    single = raw.ask("94", "4", "", "", str(PUT_LONG))
    closed = raw.ask("94", "5", "", "", "700004")
    stranger = raw.ask("94", "6", "", "", str(SPX))

    unset = "1.7976931348623157E308"
    assert account == [["94", "3", "-27.5", "0.0", "0.0"]]
    assert single == [["95", "4", "2", "-40.0", "-40.0", "0.0", "4040.0"]]
    assert closed == [["95", "5", "0", "12.5", "0.0", unset, "0.0"]]
    assert stranger == [["95", "6", "0", unset, unset, unset, "0.0"]]
    assert [one[3] for one in raw.ask("92", "3", "", "")] == ["102"]
    assert beat(raw, now, 1) == []
    exchange.daily = {PUT_LONG: -41.0}
    assert [one[:3] for one in beat(raw, now, 1)] == [["94", "3", "-41.0"], ["95", "4", "2"], ["95", "5", "0"]]
    for fields in (("93", "3"), ("95", "4"), ("95", "5"), ("95", "6")):
        assert raw.ask(*fields) == []
    exchange.daily = {}
    assert beat(raw, now, 1) == []


def test_option_values_are_those_of_the_exchange_and_go_back_and_forth(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        option: Any = ib_insync.Option
        for symbol, expiry, strike, right, cls in (
            ("SPX", "20200320", 2900.0, "P", "SPXW"),
            ("VIX", "20200317", 35.0, "C", "VIX"),
            ("VXX", "20200320", 32.0, "C", "VXX"),
        ):
            contract = option(symbol, expiry, strike, right, "SMART", tradingClass=cls, currency="USD")
            await within(ib.qualifyContractsAsync(contract))
            ticker = ib.reqMktData(contract)
            await until(lambda: ticker.modelGreeks)  # noqa: B023 - called in this round only
            model = ticker.modelGreeks
            priced = await within(ib.calculateOptionPriceAsync(contract, model.impliedVol, model.undPrice))
            assert priced.optPrice == pytest.approx(model.optPrice, abs=2e-3)
            assert priced.delta == pytest.approx(model.delta, abs=1e-3)
            found = await within(ib.calculateImpliedVolatilityAsync(contract, priced.optPrice, model.undPrice))
            assert found.impliedVol == pytest.approx(model.impliedVol, abs=1e-4)
            dearer = await within(ib.calculateOptionPriceAsync(contract, 2 * model.impliedVol, model.undPrice))
            assert dearer.optPrice > priced.optPrice
            none = await within(ib.calculateImpliedVolatilityAsync(contract, 100_000.0, model.undPrice))
            assert none.impliedVol is None
            ib.cancelMktData(contract)

    play(scene)

    assert complaints(library_log.records) == []


def test_options_of_a_calculation_may_come_without_their_count_as_newer_clients_send_them() -> None:
    raw, _, _ = raw_client(178)

    (older,) = raw.ask("55", "3", "3", *contract(PUT_LONG), "0.2", "3090.0", "0", "")
    (newer,) = raw.ask("55", "3", "3", *contract(PUT_LONG), "0.2", "3090.0", "")

    assert older == newer
    assert older[:6] == ["21", "3", "53", "0", "0.2", "0.5"]


def test_the_cancellation_of_what_has_ended_by_itself_is_taken() -> None:
    raw, _, _ = raw_client()

    for fields in (("56", "1", "3"), ("57", "1", "3"), ("90", "3")):
        assert raw.ask(*fields) == []
