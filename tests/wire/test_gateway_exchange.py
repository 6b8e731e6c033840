"""The gateway in front of the real simulated exchange, asked by the real client library over days of history."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest
from gateway_peer import Peer, clock, complaints, peer, until, virtual, within

from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.history import load_packaged
from daemon.sim.market import Market

AFTERNOON = datetime(2020, 3, 2, 20, 0, tzinfo=UTC)  # 15:00 in New York, a Monday
Scene = Callable[[Peer], Coroutine[Any, Any, None]]
EXPIRY, SHORT_PUT, SHORT_CALL, WIDTH = "20200304", 2900.0, 3250.0, 25.0


def play(
    scene: Scene, start: datetime = AFTERNOON, state: dict[str, Any] | None = None, *, sure_fills: bool = True
) -> dict[str, Any]:
    """Run a scene and return the gateway's state after it, as it would be read from a file."""

    async def main() -> dict[str, Any]:
        config = ExchangeConfig(partial_probability=0.0 if sure_fills else 1.0)
        exchange = Exchange(Market(load_packaged(), 1), config, state["exchange"] if state else None, clock())
        gateway = Gateway(exchange, clock, None, GatewayConfig(index_interval_s=60, portfolio_interval_s=1800))
        async with peer(gateway) as joined:
            await scene(joined)
        dumped: dict[str, Any] = json.loads(json.dumps(gateway.dump()))
        return dumped

    return virtual(main, start)


async def condor(ib: Any, quantity: int, limit: float | None, ref: str) -> Any:
    """Place an iron condor; without a limit at 1.00 below the mid's credit, so that it fills."""
    import ib_insync

    wanted = [
        (SHORT_PUT - WIDTH, "P", "BUY"), (SHORT_PUT, "P", "SELL"),
        (SHORT_CALL, "C", "SELL"), (SHORT_CALL + WIDTH, "C", "BUY"),
    ]  # fmt: skip
    option: Any = ib_insync.Option
    legs = [option("SPX", EXPIRY, strike, right, "SMART", tradingClass="SPXW") for strike, right, _ in wanted]
    assert len(await within(ib.qualifyContractsAsync(*legs))) == 4
    bag: Any = ib_insync.Bag
    combo = bag(
        symbol="SPX",
        exchange="SMART",
        currency="USD",
        comboLegs=[
            ib_insync.ComboLeg(conId=leg.conId, ratio=1, action=action, exchange="SMART")
            for leg, (_, _, action) in zip(legs, wanted, strict=True)
        ],
    )
    if limit is None:
        (ticker,) = await within(ib.reqTickersAsync(combo), 15)
        limit = round(round(((ticker.bid + ticker.ask) / 2 + 1.0) / 0.05) * 0.05, 2)
    order: Any = ib_insync.LimitOrder
    return ib.placeOrder(combo, order("BUY", quantity, limit, tif="DAY", orderRef=ref, account="DU1234567"))


@pytest.fixture(autouse=True)
def library_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="ib_insync")
    return caplog


def test_everything_the_client_asks_of_the_market_is_answered(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        spx, vix = ib_insync.Index("SPX", "CBOE"), ib_insync.Index("VIX", "CBOE")
        await within(ib.qualifyContractsAsync(spx, vix))
        assert spx.conId == 416904
        for index in (spx, vix):
            chains = await within(ib.reqSecDefOptParamsAsync(index.symbol, "", "IND", index.conId))
            assert {one.exchange for one in chains} == {"SMART", "CBOE"}
            assert all(one.expirations and one.strikes for one in chains)
        option: Any = ib_insync.Option
        put = option("SPX", EXPIRY, SHORT_PUT, "P", "SMART", tradingClass="SPXW", currency="USD")
        (details,) = await within(ib.reqContractDetailsAsync(put))
        assert details.underConId == spx.conId
        rule_id = details.marketRuleIds.split(",")[details.validExchanges.split(",").index("SMART")]
        rule = await within(ib.reqMarketRuleAsync(int(rule_id)))
        assert [(one.lowEdge, one.increment) for one in rule] == [(0.0, 0.05), (3.0, 0.1)]
        ticker = ib.reqMktData(details.contract)
        line = ib.reqMktData(vix)
        await until(lambda: ticker.modelGreeks and ticker.bid > 0 and line.last == line.last)
        assert ticker.bid < ticker.modelGreeks.optPrice < ticker.ask
        assert -1 < ticker.modelGreeks.delta < 0
        assert ticker.bidGreeks.impliedVol < ticker.modelGreeks.impliedVol < ticker.askGreeks.impliedVol
        first = ticker.modelGreeks
        await asyncio.sleep(120)
        assert ticker.modelGreeks != first
        minutes = await within(ib.reqHistoricalDataAsync(vix, "", "900 S", "1 min", "TRADES", True, formatDate=2))
        assert len(minutes) == 15
        assert (minutes[-1].date - minutes[0].date).total_seconds() == 14 * 60
        days = await within(ib.reqHistoricalDataAsync(spx, "", "20 D", "1 day", "TRADES", True))
        # The published close of the S&P 500 on Friday 2020-02-28 was 2954.22.
        assert (str(days[-2].date), days[-2].close) == ("2020-02-28", 2954.22)
        assert str(days[-1].date) == "2020-03-02"

    play(scene)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("version", [157, 158, 160, 163, 164, 176])
def test_vix_futures_are_listed_and_quoted_at_every_version(
    version: int, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client(versions=(157, version))
        future: Any = ib_insync.Future
        found = await within(ib.reqContractDetailsAsync(future("VIX", exchange="CFE", tradingClass="VX")))
        assert len(found) == 9
        first = found[0]
        # The March future of 2020 settled on Wednesday the 18th and last traded on the evening before.
        assert (first.contract.localSymbol, first.contract.lastTradeDateOrContractMonth) == ("VXH0", "20200317")
        assert (first.contract.multiplier, first.contract.tradingClass, first.contract.secType) == ("1000", "VX", "FUT")
        assert (first.realExpirationDate, first.contractMonth, first.minTick) == ("20200318", "202003", 0.05)
        rule = await within(ib.reqMarketRuleAsync(int(first.marketRuleIds)))
        assert [(one.lowEdge, one.increment) for one in rule] == [(0.0, 0.05)]
        (by_month,) = await within(ib.reqContractDetailsAsync(future("VIX", "202004", "CFE")))
        assert by_month.contract == found[1].contract
        lines = [ib.reqMktData(one.contract) for one in found]
        await until(lambda: all(line.bid > 0 and line.ask > 0 for line in lines))
        assert all(line.ask - line.bid == pytest.approx(0.05) for line in lines)
        # Backwardation: VIX was above 30 on 2 March, and the next futures were cheaper one by one.
        mids = [(line.bid + line.ask) / 2 for line in lines[:3]]
        assert 30 > mids[0] > mids[1] > mids[2]

    play(scene)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("version", [157, 163, 176])
def test_a_fund_and_its_options_are_listed_and_quoted_at_every_version(
    version: int, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client(versions=(157, version))
        stock: Any = ib_insync.Stock
        (share,) = await within(ib.reqContractDetailsAsync(stock("VXX", "SMART", "USD")))
        assert (share.contract.secType, share.contract.primaryExchange, share.minTick) == ("STK", "BATS", 0.01)
        chains = await within(ib.reqSecDefOptParamsAsync("VXX", "", "STK", share.contract.conId))
        (chain,) = [one for one in chains if one.exchange == "SMART"]
        # Fridays from 6 March 2020 on, and the third Friday of April behind the sixth of them.
        assert sorted(chain.expirations)[:2] == ["20200306", "20200313"]
        assert "20200417" in chain.expirations
        assert (chain.tradingClass, chain.multiplier) == ("VXX", "100")
        line = ib.reqMktData(share.contract)
        await until(lambda: line.last == line.last and line.bid > 0)
        strike = min(chain.strikes, key=lambda one: abs(one - line.last))
        option: Any = ib_insync.Option
        call = option("VXX", "20200320", strike, "C", "SMART", tradingClass="VXX", currency="USD")
        (details,) = await within(ib.reqContractDetailsAsync(call))
        assert (details.underConId, details.underSecType) == (share.contract.conId, "STK")
        assert (details.contract.localSymbol[:12], details.realExpirationDate) == ("VXX   200320", "20200320")
        ticker = ib.reqMktData(details.contract)
        await until(lambda: ticker.bid > 0 and ticker.modelGreeks)
        assert 0.3 < ticker.modelGreeks.delta < 0.8
        days = await within(ib.reqHistoricalDataAsync(share.contract, "", "5 D", "1 day", "TRADES", True))
        assert days[-1].low <= line.last <= days[-1].high

    play(scene)

    assert complaints(library_log.records) == []


def test_the_quotes_of_vix_futures_end_the_session_at_their_settlements() -> None:
    async def scene(joined: Peer) -> None:
        import ib_insync

        ib = await joined.client()
        future: Any = ib_insync.Future
        found = await within(ib.reqContractDetailsAsync(future("VIX", exchange="CFE")))
        await asyncio.sleep(59 * 60 + 50)
        lines = [ib.reqMktData(one.contract) for one in found[:2]]
        await until(lambda: all(line.bid > 0 and line.ask > 0 for line in lines))
        settled = load_packaged().facts(datetime(2020, 3, 2, tzinfo=UTC).date()).futures
        for line, (_, price) in zip(lines, settled, strict=False):
            assert (line.bid + line.ask) / 2 == pytest.approx(price, abs=0.2)

    play(scene)


def test_a_condor_fills_settles_and_leaves_the_account(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        ib = await joined.client()
        trade = await condor(ib, 3, None, "cd.settles")
        await until(lambda: trade.orderStatus.status == "Filled", 30)
        await until(lambda: len(ib.positions()) == 4)
        whole, *legs = trade.fills
        assert whole.execution.price == trade.orderStatus.avgFillPrice < 0
        signed = [(1 if one.execution.side == "BOT" else -1) * one.execution.price for one in legs]
        assert sum(signed) == pytest.approx(whole.execution.price)
        assert {one.position for one in ib.positions()} == {3.0, -3.0}
        fees = sum(one.commissionReport.commission for one in legs)
        expected = 1_000_000 - whole.execution.price * 100 * 3 - fees
        await until(lambda: values(ib)["TotalCashValue"] == pytest.approx(expected, abs=0.01))
        assert values(ib)["InitMarginReq"] > 0
        # Wednesday's expiry settles on the close; the legs are gone early on Thursday.
        await asyncio.sleep((datetime(2020, 3, 5, 8, 0, tzinfo=UTC) - clock()).total_seconds())
        assert ib.positions() == []
        assert ib.portfolio() == []
        # The S&P 500 closed at 3130.12 that Wednesday, between the short strikes: the credit stays.
        assert values(ib)["TotalCashValue"] == pytest.approx(expected, abs=0.01)
        assert values(ib)["InitMarginReq"] == 0

    play(scene)

    assert complaints(library_log.records) == []


def values(ib: Any) -> dict[str, float]:
    """Return the account values in dollars."""
    amounts = [one for one in ib.accountValues() if one.currency == "USD" and one.tag != "RealCurrency"]
    return {one.tag: float(one.value) for one in amounts}


def test_a_day_order_that_does_not_fill_is_cancelled_at_the_close(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer) -> None:
        ib = await joined.client()
        trade = await condor(ib, 1, -20.0, "cd.rests")
        await until(lambda: trade.orderStatus.status == "Submitted")
        await asyncio.sleep((datetime(2020, 3, 2, 21, 16, tzinfo=UTC) - clock()).total_seconds())
        assert trade.orderStatus.status == "Cancelled"

    play(scene)

    assert complaints(library_log.records) == []
    assert any("Warning 202" in one.getMessage() for one in library_log.records)


def test_a_partial_fill_reports_each_slice_leg_by_leg(library_log: pytest.LogCaptureFixture) -> None:
    seen: list[tuple[float, float]] = []

    async def scene(joined: Peer) -> None:
        ib = await joined.client()
        trade = await condor(ib, 4, None, "cd.parts")
        trade.statusEvent += lambda one: seen.append((one.orderStatus.filled, one.orderStatus.remaining))
        await until(lambda: trade.orderStatus.status == "Filled", 300)
        await until(lambda: all(one.commissionReport.execId for one in trade.fills if one.contract.secType == "OPT"))
        slices = [one for one in trade.fills if one.contract.secType == "BAG"]
        assert len(slices) > 1
        assert len(trade.fills) == 5 * len(slices)
        assert sum(one.execution.shares for one in slices) == 4
        assert [one.execution.cumQty for one in slices] == sorted(one.execution.cumQty for one in slices)

    play(scene, sure_fills=False)

    assert all(filled + left == 4 for filled, left in seen if filled)
    assert complaints(library_log.records) == []


def test_a_gateway_that_restarts_finds_account_orders_and_ids_again(library_log: pytest.LogCaptureFixture) -> None:
    known: dict[str, Any] = {}

    async def before(joined: Peer) -> None:
        ib = await joined.client()
        filled = await condor(ib, 1, None, "cd.filled")
        resting = await condor(ib, 1, -20.0, "cd.resting")
        await until(lambda: filled.orderStatus.status == "Filled" and resting.orderStatus.status == "Submitted")
        await until(lambda: filled.fills and all(one.commissionReport.execId for one in filled.fills[1:]))
        known.update(
            perm_id=resting.order.permId,
            order_id=resting.order.orderId,
            exec_ids={one.execution.execId for one in filled.fills},
            positions={(one.contract.conId, one.position, one.avgCost) for one in ib.positions()},
        )

    async def after(joined: Peer) -> None:
        ib = await joined.client()
        (trade,) = ib.openTrades()
        assert (trade.order.permId, trade.order.orderId) == (known["perm_id"], known["order_id"])
        assert (trade.order.orderRef, trade.order.lmtPrice) == ("cd.resting", -20.0)
        assert [leg.action for leg in trade.contract.comboLegs] == ["BUY", "SELL", "SELL", "BUY"]
        assert {one.execution.execId for one in ib.fills()} == known["exec_ids"]
        assert {(one.contract.conId, one.position, one.avgCost) for one in ib.positions()} == known["positions"]
        assert ib.client.getReqId() > known["order_id"]
        ib.cancelOrder(trade.order)
        await until(lambda: trade.orderStatus.status == "Cancelled")

    state = play(before)
    play(after, AFTERNOON.replace(minute=30), state)

    assert complaints(library_log.records) == []
