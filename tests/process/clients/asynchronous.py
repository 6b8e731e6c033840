"""A tour of the gateway by ib_insync or ib_async, unmodified, in an environment of its own.

    python asynchronous.py ib_async 4002

Prints one line a step; ends with 1 at the first that fails, or when the library has logged an error that no step
expected (a message that it could not decode is one).
"""

# ruff: noqa: T201 - what it prints is what it is for
from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

WAIT_S = 30.0
EXPIRY = "20200306"
ACCOUNT = "DU1234567"


@dataclass
class Tour:
    """The library, its client, what it has complained of, and contracts that steps share."""

    lib: Any
    ib: Any
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    known: dict[str, Any] = field(default_factory=dict)


class Complaints(logging.Handler):
    """Collects what the library logs as a warning or worse."""

    def __init__(self, tour: Tour) -> None:
        super().__init__(logging.WARNING)
        self._tour = tour

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        codes = [f"{kind} {code}," for code in self._tour.expected for kind in ("Error", "Warning")]
        if not any(code in said for code in codes) and not said.startswith("Canceled order"):
            self._tour.complaints.append(f"{record.name}: {said[:400]}")


async def until(condition: Callable[[], Any]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - the libraries have no event for most of this
            await asyncio.sleep(0.02)


async def within(awaitable: Awaitable[Any]) -> Any:
    """Await with a deadline."""
    async with asyncio.timeout(WAIT_S):
        return await awaitable


async def account(tour: Tour) -> None:
    ib = tour.ib
    assert ib.managedAccounts() == [ACCOUNT]
    values = {(one.tag, one.currency): one.value for one in ib.accountValues()}
    assert values["NetLiquidation", "USD"] == "1000000.00"
    assert ib.positions() == []
    summary = await within(ib.accountSummaryAsync())
    assert {"NetLiquidation", "BuyingPower", "Cushion"} <= {one.tag for one in summary}
    now = await within(ib.reqCurrentTimeAsync())
    assert now.year == 2020


async def contracts(tour: Tour) -> None:
    ib, lib = tour.ib, tour.lib
    spx, vix = lib.Index("SPX", "CBOE"), lib.Index("VIX", "CBOE")
    await within(ib.qualifyContractsAsync(spx, vix))
    assert (spx.conId, vix.conId) == (416904, 13455763)
    for symbol in ("VVIX", "VIX9D", "VIX3M", "VIX6M", "VIXMO", "SKEW", "AD-NYSE"):
        exchange = "NYSE" if symbol == "AD-NYSE" else "CBOE"
        (details,) = await within(ib.reqContractDetailsAsync(lib.Index(symbol, exchange)))
        assert details.contract.symbol == symbol
    pair = lib.Forex("EURUSD")
    spy = lib.Stock("SPY", "SMART", "USD")
    await within(ib.qualifyContractsAsync(pair, spy))
    future = lib.Future("VIX", "202003", "CFE")
    await within(ib.qualifyContractsAsync(future))
    assert (future.localSymbol, future.multiplier) == ("VXH0", "1000")
    # Neither class nor currency: one expiry of one class fits.
    bare = lib.Option("SPX", EXPIRY, 3000.0, "P", "SMART")
    await within(ib.qualifyContractsAsync(bare))
    assert bare.tradingClass == "SPXW"
    found = await within(ib.reqMatchingSymbolsAsync("VI"))
    assert "VIX" in {one.contract.symbol for one in found}
    tour.known |= {"spx": spx, "vix": vix, "future": future, "put": bare, "spy": spy, "pair": pair}


async def chains(tour: Tour) -> None:
    ib, spx = tour.ib, tour.known["spx"]
    rows = await within(ib.reqSecDefOptParamsAsync("SPX", "", "IND", spx.conId))
    assert {one.tradingClass for one in rows} == {"SPX", "SPXW"}
    (details,) = await within(ib.reqContractDetailsAsync(tour.known["put"]))
    steps = await within(ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0])))
    assert [(one.lowEdge, one.increment) for one in steps] == [(0.0, 0.05), (3.0, 0.1)]


async def prices(tour: Tour) -> None:
    ib, known = tour.ib, tour.known
    option = ib.reqMktData(known["put"], "100,101")
    index, future = ib.reqMktData(known["vix"]), ib.reqMktData(known["future"])
    await until(lambda: option.modelGreeks and index.last > 0 and future.bid > 0)
    assert 0 < option.bid < option.ask
    assert option.putOpenInterest >= 0
    for contract in (known["put"], known["vix"], known["future"]):
        ib.cancelMktData(contract)
    (snapshot,) = await within(ib.reqTickersAsync(known["put"]))
    assert snapshot.bid > 0
    model = snapshot.modelGreeks
    priced = await within(ib.calculateOptionPriceAsync(known["put"], model.impliedVol, model.undPrice))
    assert abs(priced.optPrice - model.optPrice) < 0.05
    found = await within(ib.calculateImpliedVolatilityAsync(known["put"], priced.optPrice, model.undPrice))
    assert abs(found.impliedVol - model.impliedVol) < 0.001


async def bars(tour: Tour) -> None:
    ib, spx = tour.ib, tour.known["spx"]
    daily = await within(ib.reqHistoricalDataAsync(spx, "", "5 D", "1 day", "TRADES", True))
    assert (str(daily[-2].date), daily[-2].close) == ("2020-02-28", 2954.22)
    quoted = await within(ib.reqHistoricalDataAsync(tour.known["put"], "", "1 D", "5 mins", "MIDPOINT", True))
    assert quoted[-1].close > 0
    going = await within(
        ib.reqHistoricalDataAsync(spx, "", "1800 S", "1 min", "TRADES", True, formatDate=2, keepUpToDate=True)
    )
    assert len(going) == 30
    five = ib.reqRealTimeBars(spx, 5, "TRADES", True)
    changes: list[Any] = []
    going.updateEvent += lambda *_: changes.append(1)
    await until(lambda: five and changes)
    ib.cancelHistoricalData(going)
    ib.cancelRealTimeBars(five)
    head = await within(ib.reqHeadTimeStampAsync(spx, "TRADES", True, 1))
    assert head.year == 2019


async def ticks(tour: Tour) -> None:
    ib, put = tour.ib, tour.known["put"]
    seen: list[Any] = []
    for kind in ("BidAsk", "MidPoint"):
        ticker = ib.reqTickByTickData(put, kind)
        ticker.updateEvent += lambda one: seen.extend(one.tickByTicks)
        await until(lambda: seen)
        ib.cancelTickByTickData(put, kind)
        seen.clear()


def condor(tour: Tour, strikes: tuple[Any, ...]) -> Any:
    lib = tour.lib
    actions = ("BUY", "SELL", "SELL", "BUY")
    legs = [
        lib.ComboLeg(conId=leg.conId, ratio=1, action=action, exchange="SMART")
        for leg, action in zip(strikes, actions, strict=True)
    ]
    return lib.Bag(symbol="SPX", exchange="SMART", currency="USD", comboLegs=legs)


async def combos(tour: Tour) -> None:
    ib, lib = tour.ib, tour.lib
    wanted = ((2800.0, "P"), (2825.0, "P"), (3200.0, "C"), (3225.0, "C"))
    legs = tuple(lib.Option("SPX", EXPIRY, strike, right, "SMART", tradingClass="SPXW") for strike, right in wanted)
    await within(ib.qualifyContractsAsync(*legs))
    bag = tour.known["bag"] = condor(tour, legs)
    ticker = ib.reqMktData(bag)
    await until(lambda: ticker.bid == ticker.bid and ticker.ask == ticker.ask)
    assert ticker.bid < ticker.ask < 0
    margin = await within(ib.whatIfOrderAsync(bag, lib.LimitOrder("BUY", 1, round(ticker.ask, 2))))
    assert float(margin.initMarginChange) == 2500.0
    assert margin.commission == 4.6
    price = round(round(ticker.ask / 0.05 + 10) * 0.05, 2)
    trade = ib.placeOrder(bag, lib.LimitOrder("BUY", 2, price, tif="DAY", orderRef="tour-condor"))
    await until(lambda: trade.orderStatus.status == "Filled" and len(trade.fills) >= 5)
    await until(lambda: sum(bool(fill.commissionReport.execId) for fill in trade.fills) >= 4)
    assert trade.fills[0].contract.secType == "BAG"
    await until(lambda: len(ib.positions()) == 4)
    ib.cancelMktData(bag)


async def orders(tour: Tour) -> None:
    ib, lib, put = tour.ib, tour.lib, tour.known["put"]
    resting = ib.placeOrder(put, lib.LimitOrder("BUY", 1, 0.05, tif="GTC", orderRef="tour-rests"))
    await until(lambda: resting.orderStatus.status == "Submitted")
    resting.order.lmtPrice = 0.10
    ib.placeOrder(put, resting.order)
    await until(lambda: resting.log[-1].message == "Modified")
    opened = await within(ib.reqAllOpenOrdersAsync())
    assert [(one.order.orderRef, one.order.lmtPrice) for one in opened] == [("tour-rests", 0.1)]
    ib.cancelOrder(resting.order)
    await until(lambda: resting.orderStatus.status == "Cancelled")
    bought = ib.placeOrder(put, lib.MarketOrder("BUY", 3, orderRef="tour-market"))
    await until(lambda: bought.orderStatus.status == "Filled" and bought.fills[-1].commissionReport.execId)
    assert sum(fill.execution.shares for fill in bought.fills) == 3
    algo = lib.LimitOrder("SELL", 3, 0.05, tif="DAY", orderRef="tour-sell")
    sold = ib.placeOrder(put, algo)
    await until(lambda: sold.orderStatus.status == "Filled")
    ib.placeOrder(put, lib.LimitOrder("BUY", 1, 0.05, tif="DAY"))
    await until(lambda: len(ib.openTrades()) == 1)
    ib.reqGlobalCancel()
    await until(lambda: not ib.openTrades())


async def refusals(tour: Tour) -> None:
    ib, lib, put = tour.ib, tour.lib, tour.known["put"]
    tour.expected |= {110, 200, 366}
    assert await within(ib.reqContractDetailsAsync(lib.Stock("NOSUCH", "SMART", "USD"))) == []
    codes: list[int] = []
    ib.errorEvent += lambda _id, code, *_: codes.append(code)
    ib.placeOrder(put, lib.LimitOrder("BUY", 1, 0.07, tif="DAY"))
    await until(lambda: 110 in codes)
    ib.client.send(82)
    await until(lambda: 321 in codes or 320 in codes)


async def results(tour: Tour) -> None:
    ib = tour.ib
    pnl = ib.reqPnL(ACCOUNT)
    single = ib.reqPnLSingle(ACCOUNT, "", tour.known["put"].conId)
    await until(lambda: pnl.dailyPnL == pnl.dailyPnL and single.position == 0)
    ib.cancelPnL(ACCOUNT)
    ib.cancelPnLSingle(ACCOUNT, "", tour.known["put"].conId)
    fills = await within(ib.reqExecutionsAsync())
    assert {"tour-condor", "tour-market", "tour-sell"} <= {fill.execution.orderRef for fill in fills}
    completed = await within(ib.reqCompletedOrdersAsync(False))
    assert "tour-rests" in {trade.order.orderRef for trade in completed}
    assert len(ib.portfolio()) == 4


async def stocks(tour: Tour) -> None:
    ib, lib, spy = tour.ib, tour.lib, tour.known["spy"]
    ticker, pair = ib.reqMktData(spy, "104,106,221,233"), ib.reqMktData(tour.known["pair"])
    await until(lambda: ticker.last > 0 and ticker.bid > 0 and ticker.volume > 0 and pair.bid > 0)
    margin = await within(ib.whatIfOrderAsync(spy, lib.MarketOrder("BUY", 100)))
    assert margin.commission == 1.0
    trade = ib.placeOrder(spy, lib.MarketOrder("BUY", 100))
    await until(lambda: trade.orderStatus.status == "Filled" and trade.fills[0].commissionReport.execId)
    closed = ib.placeOrder(spy, lib.LimitOrder("SELL", 100, round(ticker.last - 1, 2), tif="DAY"))
    await until(lambda: closed.orderStatus.status == "Filled")
    minutes = await within(ib.reqHistoricalDataAsync(spy, "", "1 D", "5 mins", "TRADES", True))
    assert len(minutes) > 10
    ib.cancelMktData(spy)
    ib.cancelMktData(tour.known["pair"])


STEPS = (account, contracts, chains, prices, bars, ticks, stocks, combos, orders, results, refusals)


async def main(name: str, port: int) -> None:
    """Connect, take every step, disconnect; raise where something is missing."""
    lib = importlib.import_module(name)
    tour = Tour(lib, lib.IB())
    tour.expected |= {202, 321, 2104, 2106, 2158, 2199}
    logging.getLogger(name).addHandler(Complaints(tour))
    await tour.ib.connectAsync("127.0.0.1", port, clientId=11, timeout=WAIT_S)
    print(f"  server version {tour.ib.client.serverVersion()}")
    for step in STEPS:
        await step(tour)
        print(f"  ok {step.__name__}", flush=True)
    tour.ib.disconnect()
    assert not tour.complaints, "\n".join(tour.complaints)
    print("  ok disconnect, nothing in the library's log")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
