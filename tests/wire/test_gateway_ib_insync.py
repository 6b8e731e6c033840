"""The unmodified client library against the gateway, in memory and over TCP: everything it can ask is understood."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from gateway_fakes import CONDOR, NOON, PUT_LONG, SPX, VIX, VIX_CALL, FakeExchange
from gateway_peer import Peer, clock, complaints, peer, until, virtual, within

from daemon.sim.gateway import MARKER_CODE, MARKER_TEXT, FaultPlan, Gateway, GatewayConfig
from daemon.sim.gateway.fault_plan import Fault, Kind

Scene = Callable[[Peer, FakeExchange], Coroutine[Any, Any, None]]
TRANSPORTS = ["memory", "tcp"]


def play(
    scene: Scene, transport: str = "memory", *, config: GatewayConfig | None = None, faults: FaultPlan | None = None
) -> FakeExchange:
    """Run a scene with a gateway over a fake exchange."""
    exchange = FakeExchange()

    async def main() -> None:
        start = clock()
        offset = NOON - start
        gateway = Gateway(exchange, lambda: clock() + offset, faults, config)
        async with peer(gateway, tcp=transport == "tcp") as joined:
            await scene(joined, exchange)

    if transport == "tcp":
        asyncio.run(main())
    else:
        virtual(main, NOON)
    return exchange


def _condor_bag() -> Any:
    import ib_insync

    legs = [
        ib_insync.ComboLeg(
            conId=leg.con_id, ratio=abs(leg.ratio), action="BUY" if leg.ratio > 0 else "SELL", exchange="SMART"
        )
        for leg in CONDOR
    ]
    bag: Any = ib_insync.Bag  # untyped in the library
    return bag(symbol="SPX", exchange="SMART", currency="USD", comboLegs=legs)


def _order(action: str, quantity: int, limit: float, ref: str = "cd.1") -> Any:
    from ib_insync import LimitOrder

    return LimitOrder(action, quantity, limit, tif="DAY", orderRef=ref, account="DU1234567")


@pytest.fixture(autouse=True)
def library_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="ib_insync")
    return caplog


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_library_connects_and_synchronises(transport: str, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        exchange.held[PUT_LONG] = (2, 2040.0)
        ib = await joined.client()
        assert ib.managedAccounts() == ["DU1234567"]
        assert ib.client.serverVersion() == 176
        assert [(one.contract.conId, one.position, one.avgCost) for one in ib.positions()] == [(PUT_LONG, 2.0, 2040.0)]
        assert ib.positions()[0].contract.exchange == ""
        assert [one.contract.conId for one in ib.portfolio()] == [PUT_LONG]
        values = {(one.tag, one.currency): one.value for one in ib.accountValues()}
        assert values["AccountReady", ""] == "true"
        assert values["NetLiquidation", "USD"] == "1004040.00"
        assert values["TotalCashBalance", "BASE"] == "1000000.00"

    play(scene, transport)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("version", [157, 158, 159, 160, 161, 162, 163, 164, 166, 169, 170, 174, 176])
def test_every_version_the_library_can_speak_is_served(version: int, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        from ib_insync import Index

        ib = await joined.client(versions=(157, version))
        assert ib.client.serverVersion() == version
        details = await within(ib.reqContractDetailsAsync(Index("SPX", "CBOE")))
        assert details[0].contract.conId == SPX
        margin = await within(ib.whatIfOrderAsync(_condor_bag(), _order("BUY", 1, -3.0)))
        assert margin.initMarginChange == "2350.0"
        trade = ib.placeOrder(_condor_bag(), _order("BUY", 2, -3.0))
        await until(lambda: trade.orderStatus.status == "Filled")
        await until(lambda: all(one.commissionReport.execId for one in trade.fills[1:]))
        assert len(trade.fills) == 5
        completed = await within(ib.reqCompletedOrdersAsync(False))
        assert [(one.order.orderRef, one.orderStatus.status) for one in completed] == [("cd.1", "Filled")]

    play(scene)

    assert complaints(library_log.records) == []


def test_the_gateway_says_that_it_is_simulated_before_anything_else_is_asked() -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = joined.unconnected()
        seen: list[tuple[int, int, str]] = []
        ib.errorEvent += lambda req_id, code, text, _contract: seen.append((req_id, code, text))
        await ib.connectAsync("127.0.0.1", 1, clientId=1)
        assert [code for _, code, _ in seen] == [2104, 2104, 2106, 2158, 2199]
        assert seen[-1] == (-1, MARKER_CODE, MARKER_TEXT)

    play(scene)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_contracts_chains_rules_and_bars_are_read(transport: str, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        from ib_insync import Index, Option

        ib = await joined.client()
        (details,) = await within(ib.reqContractDetailsAsync(Index("VIX", "CBOE")))
        assert details.longName == "CBOE Volatility Index \\ né"
        option = Option("SPX", "20200401", 2725.0, "P", "SMART", tradingClass="SPXW", currency="USD")
        (details,) = await within(ib.reqContractDetailsAsync(option))
        assert details.contract.localSymbol == "SPXW  200401P02725000"
        assert (details.contract.multiplier, details.underConId, details.underSecType) == ("100", SPX, "IND")
        assert (details.contractMonth, details.realExpirationDate) == ("202004", "20200401")
        assert details.marketRuleIds.split(",")[details.validExchanges.split(",").index("SMART")] == "109"
        assert details.minTick == 0.05
        sessions = details.tradingSessions()
        assert sessions[0].start.isoformat() == "2020-03-02T09:30:00-05:00"
        assert sessions[0].end.isoformat() == "2020-03-02T16:15:00-05:00"
        steps = await within(ib.reqMarketRuleAsync(109))
        assert [(one.lowEdge, one.increment) for one in steps] == [(0.0, 0.05), (3.0, 0.1)]
        chains = await within(ib.reqSecDefOptParamsAsync("SPX", "", "IND", SPX))
        assert {(one.exchange, one.tradingClass, one.underlyingConId) for one in chains} == {
            ("SMART", "SPXW", str(SPX)), ("CBOE", "SPXW", str(SPX)),
        }  # fmt: skip
        assert chains[0].expirations == ["20200401"]
        assert chains[0].strikes == [2700.0, 2725.0, 3200.0, 3225.0]
        index = Index("VIX", "CBOE", conId=VIX)
        bars = await within(ib.reqHistoricalDataAsync(index, "", "1800 S", "1 min", "TRADES", True, formatDate=2))
        assert len(bars) == 30
        assert (bars[-1].open, bars[-1].high, bars[-1].low, bars[-1].close) == (33.42, 34.42, 32.42, 33.92)
        zoned = await within(ib.reqHistoricalDataAsync(index, "", "1800 S", "1 min", "TRADES", True, formatDate=1))
        assert [one.date for one in zoned] == [one.date for one in bars]
        assert str(bars[-1].date).startswith("2020-03-02 16:59")
        daily = await within(
            ib.reqHistoricalDataAsync(index, "20200302 12:00:00 US/Eastern", "10 D", "1 day", "TRADES", True)
        )
        assert len(daily) == 10
        assert str(daily[-1].date) == "2020-03-01"

    play(scene, transport)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_market_data_comes_with_greeks_and_only_when_it_changes(
    transport: str, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        from ib_insync import Contract

        ib = await joined.client()
        ib.reqMarketDataType(1)
        option = Contract(conId=PUT_LONG, exchange="SMART")
        ticker = ib.reqMktData(option)
        index = ib.reqMktData(Contract(conId=SPX, exchange="CBOE"))
        combo = ib.reqMktData(_condor_bag())
        await until(lambda: ticker.modelGreeks and index.last == 3090.23 and combo.bid == combo.bid)
        assert (ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize) == (20.0, 20.4, 31.0, 27.0)
        assert (ticker.modelGreeks.impliedVol, ticker.modelGreeks.delta) == (0.32, -0.12)
        assert ticker.modelGreeks.undPrice == 3085.5
        assert ticker.bidGreeks.impliedVol == pytest.approx(0.32 - 0.2 / 2.5 / 100)
        assert ticker.askGreeks.impliedVol == pytest.approx(0.32 + 0.2 / 2.5 / 100)
        assert (ticker.marketDataType, ticker.minTick) == (1, 0.05)
        assert (index.close, index.open, index.high, index.low) == (2954.22, 2974.28, 3090.96, 2945.19)
        assert (combo.bid, combo.ask) == (-4.8, -3.2)
        received = ib.client._numMsgRecv
        await asyncio.sleep(0.15)
        assert ib.client._numMsgRecv == received
        exchange.bid_ask[PUT_LONG] = (19.5, 20.4)
        await until(lambda: ticker.bid == 19.5)
        exchange.bid_ask[PUT_LONG] = (None, 20.4)
        await until(lambda: ticker.bid == -1.0)
        assert ticker.bidSize == 0
        ib.cancelMktData(option)
        exchange.bid_ask[PUT_LONG] = (1.0, 2.0)
        await asyncio.sleep(0.15)
        assert ticker.ask == 20.4
        (snapshot,) = await within(ib.reqTickersAsync(option))
        assert (snapshot.bid, snapshot.ask) == (1.0, 2.0)

    play(scene, transport, config=GatewayConfig(tick_interval_s=0.05, index_interval_s=60.0))

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_index_is_sent_at_every_beat_whether_it_has_moved_or_not(transport: str) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        from ib_insync import Contract

        ib = await joined.client()
        index = ib.reqMktData(Contract(conId=SPX, exchange="CBOE"))
        await until(lambda: index.last == 3090.23)
        first = index.time
        await until(lambda: index.time is not None and first is not None and index.time > first)

    play(scene, transport, config=GatewayConfig(index_interval_s=0.1))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_single_order_is_placed_modified_and_filled(transport: str, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        from ib_insync import Option

        ib = await joined.client()
        call = Option("VIX", "20200317", 35.0, "C", "SMART", tradingClass="VIX", currency="USD")
        await within(ib.qualifyContractsAsync(call))
        assert call.conId == VIX_CALL
        trade = ib.placeOrder(call, _order("BUY", 3, 2.15, "cd.roll"))
        await until(lambda: trade.orderStatus.status == "Submitted")
        assert trade.orderStatus.permId == trade.order.permId > 0
        trade.order.lmtPrice = 2.2
        ib.placeOrder(call, trade.order)
        await until(lambda: trade.log[-1].message == "Modified")
        opened = await within(ib.reqOpenOrdersAsync())
        assert [(one.order.orderRef, one.order.lmtPrice) for one in opened] == [("cd.roll", 2.2)]
        trade.order.lmtPrice = 2.3
        ib.placeOrder(call, trade.order)
        await until(lambda: trade.orderStatus.status == "Filled" and trade.fills[0].commissionReport.execId)
        (fill,) = trade.fills
        assert (fill.contract.conId, fill.execution.side, fill.execution.shares) == (VIX_CALL, "BOT", 3.0)
        assert (fill.execution.price, fill.execution.orderRef) == (2.3, "cd.roll")
        assert fill.commissionReport.commission == 1.0657
        assert abs((fill.execution.time - NOON).total_seconds()) < 10
        assert trade.orderStatus.avgFillPrice == 2.3
        await until(lambda: [(one.contract.conId, one.position) for one in ib.positions()] == [(VIX_CALL, 3.0)])
        assert [one.position for one in ib.portfolio()] == [3.0]
        sold = ib.placeOrder(call, _order("SELL", 3, 2.1))
        await until(lambda: sold.orderStatus.status == "Filled" and not ib.positions() and not ib.portfolio())
        assert sold.fills[0].execution.side == "SLD"

    exchange = play(scene, transport)

    assert exchange.orders[7, min(order_id for _, order_id in exchange.orders)].request.tif == "DAY"
    assert complaints(library_log.records) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_condor_is_previewed_placed_and_filled_leg_by_leg(
    transport: str, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        ib = await joined.client()
        margin = await within(ib.whatIfOrderAsync(_condor_bag(), _order("BUY", 1, -3.0)))
        assert (margin.initMarginChange, margin.initMarginAfter, margin.commission) == ("2350.0", "2350.0", 4.2628)
        assert exchange.orders == {}
        trade = ib.placeOrder(_condor_bag(), _order("BUY", 2, -3.0, "cd.20200302.condor"))
        await until(lambda: trade.orderStatus.status == "Filled")
        await until(lambda: all(one.commissionReport.execId for one in trade.fills[1:]))
        whole, *legs = trade.fills
        assert (whole.contract.secType, whole.execution.price, whole.execution.shares) == ("BAG", -3.2, 2.0)
        assert trade.orderStatus.avgFillPrice == -3.2
        assert [one.contract.conId for one in legs] == [leg.con_id for leg in CONDOR]
        assert [one.execution.side for one in legs] == ["BOT", "SLD", "SLD", "BOT"]
        assert {one.execution.permId for one in trade.fills} == {trade.order.permId}
        assert {one.execution.orderRef for one in trade.fills} == {"cd.20200302.condor"}
        assert sum(one.commissionReport.commission for one in legs) == pytest.approx(4 * 1.0657)
        await until(lambda: len(ib.positions()) == 4)
        # A second client sees the account but not the order.
        other = await joined.client(8)
        assert len(other.positions()) == 4
        assert other.openTrades() == []
        assert len(other.fills()) == 5
        assert [one.commissionReport.execId for one in other.fills()] == [""] * 5

    play(scene, transport)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_everything_is_found_again_after_a_reconnect(transport: str, library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = await joined.client()
        filled = ib.placeOrder(_condor_bag(), _order("BUY", 1, -3.0, "cd.filled"))
        resting = ib.placeOrder(_condor_bag(), _order("SELL", 1, -1.5, "cd.resting"))
        await until(lambda: filled.orderStatus.status == "Filled" and resting.orderStatus.status == "Submitted")
        ib.disconnect()
        await until(lambda: joined.gateway.clients == 0)
        again = await joined.client()
        (trade,) = again.openTrades()
        assert (trade.order.orderRef, trade.order.action, trade.order.lmtPrice) == ("cd.resting", "SELL", -1.5)
        assert (trade.order.tif, trade.order.totalQuantity, trade.order.orderType) == ("DAY", 1.0, "LMT")
        legs = [(leg.conId, leg.ratio, leg.action, leg.exchange) for leg in trade.contract.comboLegs]
        assert legs == [
            (leg.con_id, 1, "BUY" if leg.ratio > 0 else "SELL", "SMART") for leg in CONDOR
        ]  # fmt: skip
        assert len(again.fills()) == 5
        assert sum(one.commissionReport.commission for one in again.fills()) == pytest.approx(4 * 1.0657)
        assert again.client.getReqId() > resting.order.orderId
        done = [one for one in again.trades() if one.orderStatus.status == "Filled"]
        assert [(one.order.orderRef, one.order.filledQuantity) for one in done] == [("cd.filled", 1.0)]
        again.cancelOrder(trade.order)
        await until(lambda: trade.orderStatus.status == "Cancelled")
        assert trade.log[-1].errorCode in {0, 202}
        completed = await within(again.reqCompletedOrdersAsync(False))
        assert {one.orderStatus.status for one in completed} == {"Filled", "Cancelled"}

    play(scene, transport)

    assert complaints(library_log.records) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_id_in_use_is_refused_and_the_first_client_lives(
    transport: str, library_log: pytest.LogCaptureFixture
) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = await joined.client()
        with pytest.raises((TimeoutError, ConnectionError)):
            await joined.client(wait_s=0.3)
        assert ib.isConnected()
        assert abs((await within(ib.reqCurrentTimeAsync()) - NOON).total_seconds()) < 10

    play(scene, transport)

    assert complaints(library_log.records, "326", "Peer closed", "API connection failed") == []
    assert any("Error 326" in one.getMessage() for one in library_log.records)


def test_a_live_account_can_be_simulated_to_test_that_it_is_refused() -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = await joined.client()
        assert ib.managedAccounts() == ["U1234567", "DU7654321"]

    play(scene, config=GatewayConfig(account="U1234567", other_accounts=("DU7654321",)))


def test_summaries_are_limited_to_two_and_follow_their_tags(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = await joined.client()
        await within(ib.reqAccountSummaryAsync())
        tags = {(one.tag, one.currency) for one in ib.wrapper.acctSummary.values()}
        assert {("NetLiquidation", "USD"), ("AccountType", ""), ("TotalCashBalance", "BASE")} <= tags
        assert not any(tag.endswith("-S") for tag, _ in tags)
        for req_id in (9001, 9002):
            ib.client.reqAccountSummary(req_id, "All", "NetLiquidation")
        await until(lambda: any("Error 322, reqId 9002" in one.getMessage() for one in library_log.records))

    play(scene)

    assert complaints(library_log.records, "Error 322") == []


def test_messages_about_orders_reach_the_library(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, _: FakeExchange) -> None:
        ib = await joined.client()
        ib.client.cancelOrder(4711)
        trade = ib.placeOrder(_condor_bag(), _order("BUY", 1, -3.0))
        await until(lambda: trade.orderStatus.status == "Filled")
        ib.client.cancelOrder(trade.order.orderId)
        bad = _condor_bag()
        bad.comboLegs[0].conId = 1
        refused = ib.placeOrder(bad, _order("BUY", 1, -3.0))
        await until(lambda: refused.orderStatus.status == "Cancelled")
        assert refused.log[-1].errorCode == 200

    play(scene)

    found = [
        code for code in (10147, 10148, 200) if any(f"Error {code}" in one.getMessage() for one in library_log.records)
    ]
    assert found == [10147, 10148, 200]
    assert complaints(library_log.records, "Error 10147", "Error 10148", "Error 200", "Canceled order") == []


def test_a_global_cancel_ends_the_orders_of_every_client(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        first, second = await joined.client(1), await joined.client(2)
        trades = [ib.placeOrder(_condor_bag(), _order("BUY", 1, -9.0)) for ib in (first, second)]
        await until(lambda: all(one.orderStatus.status == "Submitted" for one in trades))
        everything = await within(first.reqAllOpenOrdersAsync())
        assert len(everything) == 2
        first.reqGlobalCancel()
        await until(lambda: all(one.orderStatus.status == "Cancelled" for one in trades))
        assert exchange.open_orders() == []

    play(scene)

    assert complaints(library_log.records) == []


def test_a_resting_order_fills_when_the_quotes_come_to_it(library_log: pytest.LogCaptureFixture) -> None:
    async def scene(joined: Peer, exchange: FakeExchange) -> None:
        ib = await joined.client()
        trade = ib.placeOrder(_condor_bag(), _order("BUY", 1, -3.5))
        await until(lambda: trade.orderStatus.status == "Submitted")
        exchange.bid_ask[PUT_LONG] = (19.0, 20.0)
        exchange.next_at = clock()
        joined.gateway._tick()
        await until(lambda: trade.orderStatus.status == "Filled" and len(trade.fills) == 5)
        assert trade.orderStatus.avgFillPrice == -3.6

    play(scene)

    assert complaints(library_log.records) == []


def test_faults_reach_the_library_as_from_a_real_gateway(library_log: pytest.LogCaptureFixture) -> None:
    plan = FaultPlan(
        (
            Fault(Kind.REJECT_ORDER, count=1, arguments={"code": 201, "text": "Order rejected - reason:test"}),
            Fault(Kind.WHAT_IF_UNSET, count=1),
            Fault(Kind.DATA_DELAYED, arguments={"symbol": "VIX"}),
            Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "SPX"}, count=1),
        )
    )

    async def scene(joined: Peer, _: FakeExchange) -> None:
        from ib_insync import Contract

        ib = await joined.client()
        margin = await within(ib.whatIfOrderAsync(_condor_bag(), _order("BUY", 1, -3.0)))
        assert margin.initMarginChange == "2350.0"
        refused = ib.placeOrder(_condor_bag(), _order("BUY", 1, -3.0))
        await until(lambda: refused.orderStatus.status == "Cancelled")
        assert refused.log[-1].errorCode == 201
        delayed = ib.reqMktData(Contract(conId=VIX_CALL, exchange="SMART"))
        await until(lambda: delayed.bid == 2.1 and delayed.modelGreeks)
        assert delayed.marketDataType == 3
        ib.reqMktData(Contract(conId=SPX, exchange="CBOE"))
        await until(lambda: any("Error 354" in one.getMessage() for one in library_log.records))

    play(scene, faults=plan)

    assert complaints(library_log.records, "Error 201", "Error 354", "Canceled order") == []
