"""What an ordinary client asks for in its first minutes, by the unmodified library against the real exchange."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from gateway_peer import Peer, clock, complaints, peer, until, virtual, within

from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway
from daemon.sim.history import load_packaged
from daemon.sim.market import Market

MORNING = datetime(2020, 3, 2, 15, 30, tzinfo=UTC)  # 10:30 in New York, a Monday
Scene = Callable[[Peer], Coroutine[Any, Any, None]]


def play(scene: Scene) -> None:
    """Run a scene on virtual time."""

    async def main() -> None:
        config = ExchangeConfig(partial_probability=0.0)
        gateway = Gateway(Exchange(Market(load_packaged(), 1), config, None, clock()), clock)
        async with peer(gateway) as joined:
            await scene(joined)

    virtual(main, MORNING)


@pytest.fixture(autouse=True)
def library_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="ib_insync")
    return caplog


def test_a_currency_pair_is_found_quoted_and_has_bars(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        pair: Any = ib_insync.Forex("EURUSD")
        await within(ib.qualifyContractsAsync(pair))
        assert (pair.conId, pair.localSymbol) == (12087792, "EUR.USD")
        (details,) = await within(ib.reqContractDetailsAsync(pair))
        assert (details.minTick, details.validExchanges) == (5e-05, "IDEALPRO")
        assert details.tradingSessions()[0].start.hour == 17
        ticker = ib.reqMktData(pair)
        await until(lambda: ticker.bid > 0)
        assert ticker.ask - ticker.bid == pytest.approx(0.0001)
        assert 1.0 < ticker.midpoint() < 1.2
        bars = await within(ib.reqHistoricalDataAsync(pair, "", "1 D", "5 mins", "MIDPOINT", False))
        assert bars[-1].close == pytest.approx(ticker.midpoint(), abs=0.001)

    play(scene)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("symbol", ["SPY", "AAPL", "VXX", "UVXY"])
def test_a_stock_is_found_quoted_previewed_bought_and_sold(symbol: str, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        stock = ib_insync.Stock(symbol, "SMART", "USD")
        await within(ib.qualifyContractsAsync(stock))
        (details,) = await within(ib.reqContractDetailsAsync(stock))
        assert details.stockType == ("COMMON" if symbol == "AAPL" else "ETF")
        assert details.tradingSessions()[0].end.isoformat() == "2020-03-02T16:00:00-05:00"
        ticker = ib.reqMktData(stock, "233")
        await until(lambda: ticker.bid > 0 and ticker.last > 0 and ticker.volume > 0)
        assert ticker.ask == pytest.approx(ticker.bid + 0.02)
        assert (ticker.halted, ticker.rtVolume) == (0.0, ticker.volume)
        order: Any = ib_insync.MarketOrder
        preview = await within(ib.whatIfOrderAsync(stock, order("BUY", 100)))
        assert preview.commission == 1.0
        assert float(preview.initMarginChange) == pytest.approx(50 * ticker.last, rel=0.02)
        trade = ib.placeOrder(stock, order("BUY", 100))
        await until(lambda: trade.orderStatus.status == "Filled" and trade.fills[0].commissionReport.execId)
        assert (trade.fills[0].contract.secType, trade.fills[0].commissionReport.commission) == ("STK", 1.0)
        await until(lambda: ib.portfolio() and ib.portfolio()[0].position == 100)
        assert ib.portfolio()[0].contract.primaryExchange in {"ARCA", "NASDAQ", "BATS"}
        sold = ib.placeOrder(stock, order("SELL", 100))
        await until(lambda: sold.orderStatus.status == "Filled" and not ib.positions())
        bars = await within(ib.reqHistoricalDataAsync(stock, "", "1 D", "1 min", "TRADES", True))
        assert len(bars) > 50
        chains = await within(ib.reqSecDefOptParamsAsync(symbol, "", "STK", stock.conId))
        assert bool(chains) is (symbol in {"VXX", "UVXY"})

    play(scene)

    assert complaints(library_log.records) == []


def test_a_stock_without_an_exchange_is_refused_with_321_and_its_details_are_not(
    library_log: pytest.LogCaptureFixture,
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        codes: list[int] = []
        ib.errorEvent += lambda _id, code, *_: codes.append(code)
        assert len(await within(ib.reqContractDetailsAsync(ib_insync.Stock("AAPL", "", "USD")))) == 1
        assert codes == []
        stock = ib_insync.Stock(conId=265598)
        stock.secType = "STK"
        ib.reqMktData(stock)
        order: Any = ib_insync.MarketOrder
        trade = ib.placeOrder(stock, order("BUY", 1))
        await until(lambda: trade.orderStatus.status == "Cancelled")
        assert codes == [321, 321]

    play(scene)

    assert complaints(library_log.records, "Error 321", "Canceled order") == []


@pytest.mark.parametrize(
    ("symbol", "exchange"),
    [("VVIX", "CBOE"), ("VIX9D", "CBOE"), ("VIX3M", "CBOE"), ("VIX6M", "CBOE"), ("VIXMO", "CBOE"), ("SKEW", "CBOE")],
)
def test_an_index_of_volatility_is_found_and_quoted(
    symbol: str, exchange: str, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        index: Any = ib_insync.Index(symbol, exchange)
        await within(ib.qualifyContractsAsync(index))
        ticker = ib.reqMktData(index)
        await until(lambda: ticker.last > 0 and ticker.close > 0)
        (bar,) = await within(ib.reqHistoricalDataAsync(index, "20200228 23:59:59", "1 D", "1 day", "TRADES", True))
        # The published closes of 2020-02-28; VIXMO is said to follow VIX.
        closes = {"VVIX": 146.4, "VIX9D": 51.27, "VIX3M": 32.85, "VIX6M": 27.57, "VIXMO": 40.11, "SKEW": 131.15}
        assert bar.close == pytest.approx(closes[symbol], rel=0.15)
        assert ticker.close == pytest.approx(bar.close, abs=0.01)

    play(scene)

    assert complaints(library_log.records) == []


def test_advances_and_declines_are_a_quote(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        index: Any = ib_insync.Index("AD-NYSE", "NYSE")
        await within(ib.qualifyContractsAsync(index))
        ticker = ib.reqMktData(index)
        await until(lambda: ticker.bid > 0 and ticker.ask > 0)
        # On 2020-02-28 far more issues of the New York Stock Exchange fell than rose.
        assert ticker.ask > ticker.bid
        assert ticker.last != ticker.last

    play(scene)

    assert complaints(library_log.records) == []


def test_vix_futures_are_found_by_month_or_name_and_tell_their_volume(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        by_month: Any = ib_insync.Future("VIX", "202004", "CFE")
        by_name: Any = ib_insync.Future(localSymbol="VXJ0", exchange="CFE")
        await within(ib.qualifyContractsAsync(by_month, by_name))
        assert by_month.conId == by_name.conId
        assert by_month.lastTradeDateOrContractMonth == "20200414"
        ticker = ib.reqMktData(by_month)
        await until(lambda: ticker.bid > 0 and ticker.volume > 0)
        assert ticker.ask == pytest.approx(ticker.bid + 0.05)

    play(scene)

    assert complaints(library_log.records) == []


def test_an_option_is_found_without_its_class_and_currency_where_only_one_fits(
    library_log: pytest.LogCaptureFixture,
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        option: Any = ib_insync.Option
        weekly, monthly = (
            option("SPX", "20200306", 3000.0, "P", "SMART"),
            option("SPX", "20200319", 3000.0, "P", "SMART"),
        )
        vix = option("VIX", "20200317", 30.0, "C", "SMART")
        await within(ib.qualifyContractsAsync(weekly, monthly, vix))
        # A monthly series that settles in the morning trades last the day before: the date tells the class.
        assert [one.tradingClass for one in (weekly, monthly, vix)] == ["SPXW", "SPX", "VIX"]
        assert {one.currency for one in (weekly, monthly, vix)} == {"USD"}

    play(scene)

    assert complaints(library_log.records) == []


def test_open_interest_and_volume_of_an_option_come_where_they_are_asked_for(
    library_log: pytest.LogCaptureFixture,
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        option: Any = ib_insync.Option
        put, call = (option("SPX", "20200320", 3000.0, right, "SMART", tradingClass="SPXW") for right in "PC")
        await within(ib.qualifyContractsAsync(put, call))
        asked, plain = ib.reqMktData(put, "100,101"), ib.reqMktData(call)
        await until(lambda: asked.modelGreeks and plain.modelGreeks)
        await asyncio.sleep(60)
        assert asked.putOpenInterest > 0
        assert 0 < asked.putVolume == asked.volume < asked.putOpenInterest
        assert (asked.callOpenInterest, asked.callVolume) == (0, 0)
        assert plain.volume != plain.volume

    play(scene)

    assert complaints(library_log.records) == []


def test_volatilities_and_the_mark_price_come_where_they_are_asked_for(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        spx, spy = ib_insync.Index("SPX", "CBOE"), ib_insync.Stock("SPY", "SMART", "USD")
        await within(ib.qualifyContractsAsync(spx, spy))
        index, share = ib.reqMktData(spx, "104,106"), ib.reqMktData(spy, "104,106,221")
        await until(lambda: index.last > 0 and share.markPrice > 0)
        # SPX had moved by about a fifth a year over the 30 sessions before, most of it in the last week.
        assert 0.15 < index.histVolatility < 0.35
        assert 0.25 < index.impliedVolatility < 0.45
        assert (share.histVolatility, share.impliedVolatility) == (index.histVolatility, index.impliedVolatility)
        assert share.markPrice == pytest.approx((share.bid + share.ask) / 2)

    play(scene)

    assert complaints(library_log.records) == []
