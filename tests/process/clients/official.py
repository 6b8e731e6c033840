"""A tour of the gateway by the official Python client, unmodified, in an environment of its own.

    python official.py 4002

Every message that comes is recorded by the name of the method it is handed to; what the client's decoder leaves over
of a message is recorded too. Prints one line a step; ends with 1 at the first that fails.
"""

# ruff: noqa: T201 - what it prints is what it is for
from __future__ import annotations

import importlib
import inspect
import logging
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

WAIT_S = 30.0
EXPIRY = "20200306"
ACCOUNT = "DU1234567"
EXPECTED = {110, 200, 202, 321, 2104, 2106, 2158, 2199}

EClient: Any = importlib.import_module("ibapi.client").EClient
EWrapper: Any = importlib.import_module("ibapi.wrapper").EWrapper
Decoder: Any = importlib.import_module("ibapi.decoder").Decoder
Contract: Any = importlib.import_module("ibapi.contract").Contract
ComboLeg: Any = importlib.import_module("ibapi.contract").ComboLeg
Order: Any = importlib.import_module("ibapi.order").Order
ExecutionFilter: Any = importlib.import_module("ibapi.execution").ExecutionFilter


class Complaints(logging.Handler):
    """Collects what the client logs as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.name}: {record.getMessage()[:400]}")


class Tour:
    """The client with its thread, and what has come so far by the name of the method it was handed to."""

    def __init__(self, port: int) -> None:
        self.came: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        self.left_over: list[str] = []
        self.known: dict[str, Any] = {}
        self._last_id = 100
        for info in Decoder.msgId2handleInfo.values():
            if info.processMeth is not None:
                info.processMeth = self._watched(info.processMeth)
        self.client = EClient(self._recorder())
        self.client.connect("127.0.0.1", port, 12)
        threading.Thread(target=self.client.run, daemon=True).start()

    def _recorder(self) -> Any:
        names = [name for name, _ in inspect.getmembers(EWrapper, inspect.isfunction) if name[0] != "_"]
        return type("Recorder", (EWrapper,), {name: self._record(name, getattr(EWrapper, name)) for name in names})()

    def _record(self, name: str, method: Any) -> Any:
        def record(_: Any, *values: Any) -> None:
            self.came[name].append(values)

        # The decoder reads types off the signature.
        record.__signature__ = inspect.signature(method)  # type: ignore[attr-defined]  # functions take attributes
        return record

    def _watched(self, method: Callable[..., None]) -> Callable[..., None]:
        def watched(decoder: Any, fields: Any) -> None:
            method(decoder, fields)
            if left := list(fields):
                self.left_over.append(f"{method.__name__}: {left}")

        return watched

    def next_id(self) -> int:
        """Return a number for a request or an order."""
        self._last_id += 1
        return self._last_id

    def wait(self, name: str, fits: Callable[[tuple[Any, ...]], Any] = lambda _: True) -> tuple[Any, ...]:
        """Return the first message of a name that fits, once it has come."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            for values in tuple(self.came[name]):
                if fits(values):
                    return values
            time.sleep(0.02)
        raise AssertionError(f"{name} did not come; errors: {self.came['error'][-5:]}")

    def of(self, name: str, req_id: int) -> tuple[Any, ...]:
        """Return the first message of a name that answers a request."""
        return self.wait(name, lambda values: values[0] == req_id)


def described(symbol: str, kind: str, exchange: str, **more: Any) -> Any:
    """Return a contract."""
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, kind, exchange, "USD"
    for name, value in more.items():
        setattr(contract, name, value)
    return contract


def option(strike: float, right: str) -> Any:
    """Return an option on SPX."""
    more = {"lastTradeDateOrContractMonth": EXPIRY, "strike": strike, "right": right, "multiplier": "100"}
    return described("SPX", "OPT", "SMART", tradingClass="SPXW", **more)


def order(action: str, quantity: int, limit: float | None, ref: str, **more: Any) -> Any:
    """Return a limit order, or a market order without a limit."""
    made = Order()
    made.action, made.totalQuantity, made.orderRef, made.tif = action, quantity, ref, "DAY"
    made.orderType = "MKT" if limit is None else "LMT"
    if limit is not None:
        made.lmtPrice = limit
    # Older versions of the client set these, and no gateway takes them any more.
    made.eTradeOnly = made.firmQuoteOnly = False
    for name, value in more.items():
        setattr(made, name, value)
    return made


def account(tour: Tour) -> None:
    client = tour.client
    assert tour.wait("managedAccounts")[0] == ACCOUNT
    assert tour.wait("nextValidId")[0] == 1
    client.reqCurrentTime()
    tour.wait("currentTime")
    client.reqAccountUpdates(True, ACCOUNT)
    tour.wait("accountDownloadEnd")
    assert float(tour.wait("updateAccountValue", lambda one: one[0] == "NetLiquidation")[1]) == 1_000_000
    summary, updates, positions = tour.next_id(), tour.next_id(), tour.next_id()
    client.reqAccountSummary(summary, "All", "NetLiquidation,BuyingPower,$LEDGER:ALL")
    tour.of("accountSummaryEnd", summary)
    client.cancelAccountSummary(summary)
    client.reqAccountUpdatesMulti(updates, ACCOUNT, "", False)
    tour.of("accountUpdateMultiEnd", updates)
    client.cancelAccountUpdatesMulti(updates)
    client.reqPositionsMulti(positions, ACCOUNT, "")
    tour.of("positionMultiEnd", positions)
    client.cancelPositionsMulti(positions)
    client.reqPositions()
    tour.wait("positionEnd")


def contracts(tour: Tour) -> None:
    client = tour.client
    for name, wanted in (
        ("spx", described("SPX", "IND", "CBOE")),
        ("vix", described("VIX", "IND", "CBOE")),
        ("future", described("VIX", "FUT", "CFE", lastTradeDateOrContractMonth="202003")),
        ("put", option(3000.0, "P")),
    ):
        req_id = tour.next_id()
        client.reqContractDetails(req_id, wanted)
        tour.known[name] = tour.of("contractDetails", req_id)[1].contract
        tour.of("contractDetailsEnd", req_id)
    found, chain = tour.next_id(), tour.next_id()
    client.reqMatchingSymbols(found, "VI")
    assert "VIX" in {one.contract.symbol for one in tour.of("symbolSamples", found)[1]}
    client.reqSecDefOptParams(chain, "SPX", "", "IND", tour.known["spx"].conId)
    assert "20200306" in tour.wait("securityDefinitionOptionParameter", lambda one: one[3] == "SPXW")[5]
    tour.of("securityDefinitionOptionParameterEnd", chain)
    client.reqMarketRule(109)
    tour.wait("marketRule")


def prices(tour: Tour) -> None:
    client, put = tour.client, tour.known["put"]
    client.reqMarketDataType(1)
    stream, snapshot, priced, vol = (tour.next_id() for _ in range(4))
    client.reqMktData(stream, put, "100,101", False, False, [])
    greeks = tour.wait("tickOptionComputation", lambda one: one[0] == stream and one[1] == 13)
    iv, price, underlying = (
        (greeks[2], greeks[4], greeks[9]) if len(greeks) == 10 else (greeks[3], greeks[5], greeks[10])
    )
    client.cancelMktData(stream)
    client.reqMktData(snapshot, put, "", True, False, [])
    tour.of("tickSnapshotEnd", snapshot)
    client.calculateOptionPrice(priced, put, iv, underlying, [])
    tour.of("tickOptionComputation", priced)
    client.calculateImpliedVolatility(vol, put, price, underlying, [])
    tour.of("tickOptionComputation", vol)


def bars(tour: Tour) -> None:
    client, spx = tour.client, tour.known["spx"]
    daily, going, five, head = (tour.next_id() for _ in range(4))
    client.reqHistoricalData(daily, spx, "", "5 D", "1 day", "TRADES", 1, 1, False, [])
    tour.of("historicalDataEnd", daily)
    assert any(one[1].close == 2954.22 for one in tour.came["historicalData"])
    client.reqHistoricalData(going, spx, "", "1800 S", "1 min", "TRADES", 1, 2, True, [])
    client.reqRealTimeBars(five, spx, 5, "TRADES", True, [])
    tour.of("historicalDataUpdate", going)
    tour.of("realtimeBar", five)
    client.cancelHistoricalData(going)
    client.cancelRealTimeBars(five)
    client.reqHeadTimeStamp(head, spx, "TRADES", 1, 1)
    assert tour.of("headTimestamp", head)[1].startswith("2019")


def ticks(tour: Tour) -> None:
    client, put = tour.client, tour.known["put"]
    for kind, method in (("BidAsk", "tickByTickBidAsk"), ("MidPoint", "tickByTickMidPoint")):
        req_id = tour.next_id()
        client.reqTickByTickData(req_id, put, kind, 0, False)
        tour.of(method, req_id)
        client.cancelTickByTickData(req_id)
    last = tour.next_id()
    client.reqTickByTickData(last, tour.known["spx"], "AllLast", 0, False)
    tour.of("tickByTickAllLast", last)
    client.cancelTickByTickData(last)


def stocks(tour: Tour) -> None:
    client, spy = tour.client, described("SPY", "STK", "SMART")
    line, pair, preview, bought, minutes = (tour.next_id() for _ in range(5))
    client.reqMktData(line, spy, "104,106,221,233", False, False, [])
    client.reqMktData(pair, described("EUR", "CASH", "IDEALPRO"), "", False, False, [])
    for name in ("tickPrice", "tickSize", "tickString", "tickGeneric"):
        tour.of(name, line)
    tour.of("tickPrice", pair)
    client.cancelMktData(line)
    client.cancelMktData(pair)
    client.placeOrder(preview, spy, order("BUY", 100, None, "tour-preview", whatIf=True))
    state = tour.of("openOrder", preview)[3]
    assert (state.commission if hasattr(state, "commission") else state.commissionAndFees) == 1.0
    client.placeOrder(bought, spy, order("BUY", 100, None, "tour-shares"))
    tour.wait("orderStatus", lambda one: one[0] == bought and one[1] == "Filled")
    client.reqHistoricalData(minutes, spy, "", "1 D", "5 mins", "TRADES", 1, 1, False, [])
    tour.of("historicalDataEnd", minutes)


def combos(tour: Tour) -> None:
    client = tour.client
    bag = described("SPX", "BAG", "SMART")
    bag.comboLegs = []
    for strike, right, action in (
        (2800.0, "P", "BUY"),
        (2825.0, "P", "SELL"),
        (3200.0, "C", "SELL"),
        (3225.0, "C", "BUY"),
    ):
        req_id, leg = tour.next_id(), ComboLeg()
        client.reqContractDetails(req_id, option(strike, right))
        leg.conId = tour.of("contractDetails", req_id)[1].contract.conId
        leg.ratio, leg.action, leg.exchange = 1, action, "SMART"
        bag.comboLegs.append(leg)
    line, preview, placed = (tour.next_id() for _ in range(3))
    client.reqMktData(line, bag, "", False, False, [])
    ask = tour.wait("tickPrice", lambda one: one[0] == line and one[1] == 2)[2]
    client.cancelMktData(line)
    client.placeOrder(preview, bag, order("BUY", 1, round(ask, 2), "tour-preview", whatIf=True))
    assert float(tour.of("openOrder", preview)[3].initMarginChange) == 2500.0
    client.placeOrder(placed, bag, order("BUY", 2, round(round(ask / 0.05 + 10) * 0.05, 2), "tour-condor"))
    tour.wait("orderStatus", lambda one: one[0] == placed and one[1] == "Filled")
    tour.wait("execDetails", lambda one: one[2].orderId == placed and one[1].secType == "BAG")
    tour.wait("position", lambda one: one[1].conId == bag.comboLegs[3].conId)


def orders(tour: Tour) -> None:
    client, put = tour.client, tour.known["put"]
    put.exchange = "SMART"
    resting, bought, swept = (tour.next_id() for _ in range(3))
    client.placeOrder(resting, put, order("BUY", 1, 0.05, "tour-rests"))
    tour.wait("orderStatus", lambda one: one[0] == resting and one[1] == "Submitted")
    client.placeOrder(resting, put, order("BUY", 1, 0.10, "tour-rests"))
    tour.wait("openOrder", lambda one: one[0] == resting and one[2].lmtPrice == 0.10)
    client.reqOpenOrders()
    tour.wait("openOrderEnd")
    # Newer clients say more when they cancel.
    more = len(inspect.signature(client.cancelOrder).parameters) - 1
    extra = [importlib.import_module("ibapi.order_cancel").OrderCancel()] if more else []
    client.cancelOrder(resting, *extra)
    tour.wait("orderStatus", lambda one: one[0] == resting and one[1] == "Cancelled")
    client.placeOrder(bought, put, order("BUY", 3, None, "tour-market"))
    tour.wait("orderStatus", lambda one: one[0] == bought and one[1] == "Filled")
    tour.wait("commissionAndFeesReport" if more else "commissionReport")
    client.placeOrder(swept, put, order("BUY", 1, 0.05, "tour-swept"))
    tour.wait("orderStatus", lambda one: one[0] == swept and one[1] == "Submitted")
    client.reqGlobalCancel(*extra)
    tour.wait("orderStatus", lambda one: one[0] == swept and one[1] == "Cancelled")


def results(tour: Tour) -> None:
    client, put = tour.client, tour.known["put"]
    total, single, fills = (tour.next_id() for _ in range(3))
    client.reqPnL(total, ACCOUNT, "")
    tour.of("pnl", total)
    client.cancelPnL(total)
    client.reqPnLSingle(single, ACCOUNT, "", put.conId)
    assert int(tour.of("pnlSingle", single)[1]) == 3
    client.cancelPnLSingle(single)
    client.reqExecutions(fills, ExecutionFilter())
    tour.of("execDetailsEnd", fills)
    refs = {one[2].orderRef for one in tour.came["execDetails"] if one[0] == fills}
    assert {"tour-condor", "tour-market"} <= refs
    client.reqCompletedOrders(False)
    tour.wait("completedOrdersEnd")
    assert "tour-rests" in {one[1].orderRef for one in tour.came["completedOrder"]}


def refusals(tour: Tour) -> None:
    unknown, off_grid = tour.next_id(), tour.next_id()
    tour.client.reqContractDetails(unknown, described("NOSUCH", "STK", "SMART"))
    assert 200 in tour.of("error", unknown)
    tour.client.placeOrder(off_grid, tour.known["put"], order("BUY", 1, 0.07, "tour-off"))
    assert 110 in tour.of("error", off_grid)
    tour.client.reqMktDepthExchanges()
    tour.wait("error", lambda one: 321 in one)


STEPS = (account, contracts, prices, bars, ticks, stocks, combos, orders, results, refusals)


def main(port: int) -> None:
    """Connect, take every step, disconnect; raise where something is missing."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    tour = Tour(port)
    tour.wait("nextValidId")
    print(f"  server version {tour.client.serverVersion()}")
    for step in STEPS:
        step(tour)
        print(f"  ok {step.__name__}", flush=True)
    tour.client.disconnect()
    unexpected = [one for one in tour.came["error"] if not EXPECTED & set(filter(_is_number, one))]
    assert not unexpected, unexpected
    assert not complaints.said, "\n".join(complaints.said)
    assert not tour.left_over, "\n".join(tour.left_over)
    print("  ok disconnect, no error, no field left over")


def _is_number(value: object) -> bool:
    return isinstance(value, int)


if __name__ == "__main__":
    main(int(sys.argv[1]))
