"""Every message at every version, whatever it holds: what is written is read again, by us and by the library."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from gateway_fakes import FakeClock, FakeExchange
from gateway_raw import RawClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.sim.exchange.api import Listing
from daemon.sim.gateway import Gateway
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.codec import frame, split
from daemon.sim.gateway.layout import (
    CONDITION_WIDTHS,
    Conditions,
    Layout,
    Part,
    Plain,
    Record,
    Rows,
    When,
    decode,
    encode,
)
from daemon.sim.gateway.order_layouts import COMPLETED_ORDER, OPEN_ORDER, PLACE_ORDER
from daemon.sim.gateway.session import HANDLERS
from daemon.sim.gateway.shapes import SHAPES, Out

VERSIONS = range(157, 179)
LIBRARY_VERSIONS = range(157, 177)
LAYOUTS = {
    "placeOrder": PLACE_ORDER,
    "openOrder": OPEN_ORDER,
    "completedOrder": COMPLETED_ORDER,
    "contractDetails": out.CONTRACT_DETAILS,
    "execDetails": out.EXECUTION,
}
# What decides whether a group is there: words of both kinds.
DECIDING = {
    "secType": ("OPT", "BAG"),
    "orderType": ("LMT", "PEG BENCH", "PEGBENCH", "PEG BEST", "PEG MID"),
    "exchange": ("SMART", "IBKRATS"),
    "competeAgainstBestOffset": ("0.02", "Infinity", "Infinite"),
    "deltaNeutralOrderType": ("", "None", "LMT"),
    "deltaNeutralContract": ("0", "1"),
    "scalePriceIncrement": ("", "0.0", "0.5"),
    "hedgeType": ("", "D"),
    "algoStrategy": ("", "Adaptive"),
}
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 6))
COUNTS = st.integers(0, 2**31 - 2)


def rows(part: Rows | Conditions) -> st.SearchStrategy[tuple[tuple[str, ...], ...]]:
    """Draw the rows of a repeated group."""
    if isinstance(part, Rows):
        row: st.SearchStrategy[tuple[str, ...]] = st.tuples(*[TEXTS] * part.width)
    else:
        row = st.one_of(*(st.tuples(st.just(str(kind)), *[TEXTS] * width) for kind, width in CONDITION_WIDTHS.items()))
    return st.lists(row, max_size=3).map(tuple)


def flat(layout: Layout) -> list[Part]:
    """Return every part of a layout, those inside groups too."""
    found: list[Part] = []
    for part in layout:
        found += flat(part.parts) if isinstance(part, When) else [part]
    return found


@cache
def records(name: str) -> st.SearchStrategy[Record]:
    """Draw the fields of a message."""
    parts = flat(LAYOUTS[name])
    values: dict[str, st.SearchStrategy[str]] = {
        part.name: st.sampled_from(DECIDING[part.name]) if part.name in DECIDING else TEXTS
        for part in parts
        if isinstance(part, Plain)
    }
    groups = {part.name: rows(part) for part in parts if not isinstance(part, Plain | When)}
    return st.builds(Record, st.fixed_dictionaries(values), st.fixed_dictionaries(groups))


@pytest.mark.parametrize("name", LAYOUTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), version=st.sampled_from(VERSIONS))
def test_what_a_long_message_says_is_read_back_at_every_version(name: str, data: st.DataObject, version: int) -> None:
    record = data.draw(records(name))

    # Over the wire as well: as bytes of one frame and back.
    fields = split(frame(encode(LAYOUTS[name], version, record))[4:])
    found = decode(LAYOUTS[name], version, fields)

    decided = {part for part, group in found.rows.items() if not group}
    assert {key: value for key, value in found.values.items() if key != "conditions"} == {
        key: record[key] for key in found.values if key != "conditions"
    }
    assert all(found.rows[key] == record.rows[key] for key in found.rows if key not in decided)
    assert encode(LAYOUTS[name], version, found) == fields


class Heard:
    """Stands for the library's wrapper: takes every call and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    def __getattr__(self, _: str) -> Callable[..., None]:
        def take(*_: object, **__: object) -> None:
            self.calls += 1

        return take


@pytest.fixture(scope="module", autouse=True)
def _library() -> None:
    """Import the library inside a loop: it looks for one when it is imported, and other tests leave none behind."""

    async def load() -> None:
        import ib_insync  # noqa: F401 -- for the sake of the import

    asyncio.run(load())


def decoded(message: bytes, version: int) -> int:
    """Let the library read a message; return how many calls came of it, or fail with what it could not read."""
    from ib_insync.decoder import Decoder

    heard = Heard()
    decoder: Any = Decoder(heard, version)  # type: ignore[arg-type]  # it takes any listener
    fields = split(message[4:])
    # Not by ``interpret``, which only logs what goes wrong.
    decoder.handlers[int(fields[0])](fields)
    return heard.calls


CONTRACT11 = st.tuples(
    COUNTS.map(str), TEXTS, st.sampled_from(["OPT", "STK", "BAG"]), st.just("20200306"), NUMBERS.map(str), st.just("P"),
    st.just("100"), TEXTS, TEXTS, TEXTS, TEXTS,
)  # fmt: skip
BARS = st.lists(st.tuples(st.just("20200306"), *[NUMBERS] * 4, COUNTS, NUMBERS, COUNTS), max_size=4)
MESSAGES: Mapping[Out, st.SearchStrategy[bytes]] = {
    Out.TICK_PRICE: st.builds(out.tick_price, COUNTS, st.integers(0, 90), NUMBERS, COUNTS),
    Out.TICK_SIZE: st.builds(out.tick_size, COUNTS, st.integers(0, 90), COUNTS),
    Out.TICK_GENERIC: st.builds(out.tick_generic, COUNTS, st.integers(0, 90), NUMBERS),
    Out.TICK_STRING: st.one_of(
        st.builds(out.tick_string, COUNTS, st.just(45), COUNTS.map(str)),
        st.builds(out.tick_string, COUNTS, st.just(48), st.just("1.5;100;1583163000000;2000;1.5;true")),
    ),
    Out.ORDER_STATUS: st.builds(
        out.order_status, COUNTS, TEXTS, COUNTS, COUNTS, NUMBERS, COUNTS, COUNTS, NUMBERS, COUNTS, TEXTS, NUMBERS
    ),
    Out.ACCOUNT_VALUE: st.builds(out.account_value, TEXTS, TEXTS, TEXTS, TEXTS),
    Out.PORTFOLIO: st.builds(out.portfolio, CONTRACT11, st.tuples(*[NUMBERS] * 6), TEXTS),
    Out.ACCOUNT_TIME: st.builds(out.account_time, st.just("12:30")),
    Out.NEXT_VALID_ID: st.builds(out.next_valid_id, COUNTS),
    Out.MANAGED_ACCOUNTS: st.builds(out.managed_accounts, st.lists(TEXTS, max_size=3)),
    Out.HISTORICAL_DATA: st.builds(out.historical_data, COUNTS, TEXTS, TEXTS, BARS),
    Out.TICK_GREEKS: st.builds(out.tick_greeks, COUNTS, st.integers(10, 83), st.tuples(*[NUMBERS] * 8)),
    Out.CURRENT_TIME: st.builds(out.current_time, COUNTS),
    Out.REAL_TIME_BAR: st.builds(out.real_time_bar, COUNTS, COUNTS, st.tuples(*[NUMBERS] * 4)),
    Out.CONTRACT_DETAILS_END: st.builds(out.contract_details_end, COUNTS),
    Out.OPEN_ORDER_END: st.builds(out.open_order_end),
    Out.ACCOUNT_DOWNLOAD_END: st.builds(out.account_download_end, TEXTS),
    Out.EXECUTION_END: st.builds(out.execution_end, COUNTS),
    Out.TICK_SNAPSHOT_END: st.builds(out.tick_snapshot_end, COUNTS),
    Out.MARKET_DATA_TYPE: st.builds(out.market_data_type, COUNTS, st.integers(1, 4)),
    Out.COMMISSION_REPORT: st.builds(out.commission_report, TEXTS, NUMBERS, NUMBERS),
    Out.POSITION: st.builds(out.position, TEXTS, CONTRACT11, COUNTS, NUMBERS),
    Out.POSITION_END: st.builds(out.position_end),
    Out.ACCOUNT_SUMMARY: st.builds(out.account_summary, COUNTS, TEXTS, tag=TEXTS, value=TEXTS, currency=TEXTS),
    Out.ACCOUNT_SUMMARY_END: st.builds(out.account_summary_end, COUNTS),
    Out.POSITION_MULTI: st.builds(out.position_multi, COUNTS, TEXTS, CONTRACT11, quantity=COUNTS, average_cost=NUMBERS),
    Out.POSITION_MULTI_END: st.builds(out.position_multi_end, COUNTS),
    Out.ACCOUNT_UPDATE_MULTI: st.builds(
        out.account_update_multi, COUNTS, TEXTS, key=TEXTS, value=TEXTS, currency=TEXTS
    ),
    Out.ACCOUNT_UPDATE_MULTI_END: st.builds(out.account_update_multi_end, COUNTS),
    Out.OPTION_PARAMS: st.builds(
        out.option_params,
        COUNTS,
        st.tuples(TEXTS, COUNTS, TEXTS, TEXTS),
        st.lists(st.just("20200306"), max_size=3),
        st.lists(NUMBERS.map(str), max_size=3),
    ),
    Out.OPTION_PARAMS_END: st.builds(out.option_params_end, COUNTS),
    Out.TICK_REQ_PARAMS: st.builds(out.tick_req_params, COUNTS, NUMBERS, TEXTS),
    Out.HEAD_TIMESTAMP: st.builds(out.head_timestamp, COUNTS, TEXTS),
    Out.HISTORICAL_DATA_UPDATE: st.builds(
        out.historical_data_update, COUNTS, st.tuples(st.just("20200306"), *[NUMBERS] * 4, COUNTS, NUMBERS, COUNTS)
    ),
    Out.MARKET_RULE: st.builds(out.market_rule, COUNTS, st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3)),
    Out.PNL: st.builds(out.pnl, COUNTS, st.tuples(*[NUMBERS] * 3)),
    Out.PNL_SINGLE: st.builds(out.pnl_single, COUNTS, st.tuples(COUNTS, *[NUMBERS] * 4)),
    Out.TICK_BY_TICK: st.one_of(
        st.builds(out.tick_by_tick, COUNTS, st.just(4), COUNTS, st.tuples(NUMBERS)),
        st.builds(out.tick_by_tick, COUNTS, st.just(3), COUNTS, st.tuples(NUMBERS, NUMBERS, COUNTS, COUNTS, COUNTS)),
        st.builds(
            out.tick_by_tick, COUNTS, st.sampled_from([1, 2]), COUNTS, st.tuples(NUMBERS, COUNTS, COUNTS, TEXTS, TEXTS)
        ),
    ),
    Out.COMPLETED_ORDERS_END: st.builds(out.completed_orders_end),
}
SAMPLES = st.lists(
    st.builds(
        out.SymbolSample,
        st.tuples(COUNTS.map(str), TEXTS, TEXTS, TEXTS, TEXTS),
        st.lists(TEXTS, max_size=2),
        TEXTS,
    ),
    max_size=3,
)
BY_VERSION: Mapping[Out, Callable[[st.DataObject, int], bytes]] = {
    Out.ERROR: lambda data, version: out.error(version, data.draw(COUNTS), data.draw(COUNTS), data.draw(TEXTS)),
    Out.SYMBOL_SAMPLES: lambda data, version: out.symbol_samples(version, data.draw(COUNTS), data.draw(SAMPLES)),
    Out.OPEN_ORDER: lambda data, version: out.open_order(version, _sensible(data, OPEN_ORDER)),
    Out.COMPLETED_ORDER: lambda data, version: out.completed_order(version, _sensible(data, COMPLETED_ORDER)),
    Out.CONTRACT_DETAILS: lambda data, version: out.contract_details(version, _sensible(data, out.CONTRACT_DETAILS)),
    Out.EXECUTION: lambda data, version: out.execution(version, _sensible(data, out.EXECUTION)),
}


def _sensible(data: st.DataObject, layout: Layout) -> Record:
    """Draw a record whose fields are numbers where the library casts them: its defaults, and legs and groups."""
    chosen = {name: data.draw(st.sampled_from(words)) for name, words in DECIDING.items() if name != "orderType"}
    leg = ("700001", "1", "BUY", "SMART", "0", "0", "", "-1")
    numbers = dict.fromkeys(("orderId", "permId", "execId", "shares", "price", "cumQty", "avgPrice", "reqId"), "7")
    texts = {name: data.draw(TEXTS) for name in ("symbol", "orderRef", "account", "status", "localSymbol")}
    values = {**chosen, **numbers, **texts, "competeAgainstBestOffset": "0.02", "time": "20200302 12:00:00 US/Eastern"}
    values |= {"totalQuantity": "1", "lmtPrice": str(data.draw(NUMBERS)), "algoStrategy": "Adaptive"}
    groups = {
        "comboLegs": (leg,) * data.draw(st.integers(0, 4)),
        "orderComboLegs": (("1.5",),) * data.draw(st.integers(0, 4)),
        "smartComboRoutingParams": (("NonGuaranteed", "1"),) * data.draw(st.integers(0, 2)),
        "algoParams": (("adaptivePriority", "Normal"),),
        "secIds": (("ISIN", "x"),) * data.draw(st.integers(0, 2)),
        "conditions": (("1", "a", "1", "100", "1", "SMART", "0"),) * data.draw(st.integers(0, 2)),
    }
    known = {part.name for part in flat(layout)}
    return Record(
        {name: value for name, value in values.items() if name in known},
        {name: group for name, group in groups.items() if name in known},
    )


@pytest.mark.parametrize("kind", list(SHAPES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), version=st.sampled_from(LIBRARY_VERSIONS))
def test_the_library_reads_every_message_at_every_version_it_speaks(
    kind: Out, data: st.DataObject, version: int
) -> None:
    message = BY_VERSION[kind](data, version) if kind in BY_VERSION else data.draw(MESSAGES[kind])

    fields = split(message[4:])

    assert fields[0] == str(int(kind))
    assert SHAPES[kind].count in (None, len(fields))
    # An empty list of bars or symbols is a call as well.
    assert decoded(message, version) >= 1


LISTED: tuple[Listing, ...] = tuple(FakeExchange().listed.values())
REQUESTS: Mapping[str, Callable[[Any, Any], None]] = {
    "reqMktData": lambda ib, of: ib.reqMktData(3, of, "100,101", False, False, []),
    "cancelMktData": lambda ib, _: ib.cancelMktData(3),
    "cancelOrder": lambda ib, _: ib.cancelOrder(3),
    "reqOpenOrders": lambda ib, _: ib.reqOpenOrders(),
    "reqAccountUpdates": lambda ib, _: ib.reqAccountUpdates(True, "DU1234567"),
    "reqIds": lambda ib, _: ib.reqIds(1),
    "reqContractDetails": lambda ib, of: ib.reqContractDetails(3, of),
    "reqAutoOpenOrders": lambda ib, _: ib.reqAutoOpenOrders(True),
    "reqAllOpenOrders": lambda ib, _: ib.reqAllOpenOrders(),
    "reqManagedAccts": lambda ib, _: ib.reqManagedAccts(),
    "reqHistoricalData": lambda ib, of: ib.reqHistoricalData(3, of, "", "1 D", "5 mins", "TRADES", True, 1, False, []),
    "cancelHistoricalData": lambda ib, _: ib.cancelHistoricalData(3),
    "reqCurrentTime": lambda ib, _: ib.reqCurrentTime(),
    "reqRealTimeBars": lambda ib, of: ib.reqRealTimeBars(3, of, 5, "TRADES", True, []),
    "cancelRealTimeBars": lambda ib, _: ib.cancelRealTimeBars(3),
    "calculateImpliedVolatility": lambda ib, of: ib.calculateImpliedVolatility(3, of, 4.5, 3000.0, []),
    "cancelCalculateImpliedVolatility": lambda ib, _: ib.cancelCalculateImpliedVolatility(3),
    "calculateOptionPrice": lambda ib, of: ib.calculateOptionPrice(3, of, 0.25, 3000.0, []),
    "cancelCalculateOptionPrice": lambda ib, _: ib.cancelCalculateOptionPrice(3),
    "reqGlobalCancel": lambda ib, _: ib.reqGlobalCancel(),
    "reqMarketDataType": lambda ib, _: ib.reqMarketDataType(3),
    "reqPositions": lambda ib, _: ib.reqPositions(),
    "cancelPositions": lambda ib, _: ib.cancelPositions(),
    "reqAccountSummary": lambda ib, _: ib.reqAccountSummary(3, "All", "NetLiquidation,$LEDGER:ALL"),
    "cancelAccountSummary": lambda ib, _: ib.cancelAccountSummary(3),
    "reqPositionsMulti": lambda ib, _: ib.reqPositionsMulti(3, "DU1234567", ""),
    "cancelPositionsMulti": lambda ib, _: ib.cancelPositionsMulti(3),
    "reqAccountUpdatesMulti": lambda ib, _: ib.reqAccountUpdatesMulti(3, "DU1234567", "", False),
    "cancelAccountUpdatesMulti": lambda ib, _: ib.cancelAccountUpdatesMulti(3),
    "reqSecDefOptParams": lambda ib, of: ib.reqSecDefOptParams(3, of.symbol, "", of.secType, of.conId),
    "reqMatchingSymbols": lambda ib, of: ib.reqMatchingSymbols(3, of.symbol),
    "reqHeadTimeStamp": lambda ib, of: ib.reqHeadTimeStamp(3, of, "TRADES", True, 1),
    "cancelHeadTimeStamp": lambda ib, _: ib.cancelHeadTimeStamp(3),
    "reqMarketRule": lambda ib, _: ib.reqMarketRule(109),
    "reqPnL": lambda ib, _: ib.reqPnL(3, "DU1234567", ""),
    "cancelPnL": lambda ib, _: ib.cancelPnL(3),
    "reqPnLSingle": lambda ib, of: ib.reqPnLSingle(3, "DU1234567", "", of.conId),
    "cancelPnLSingle": lambda ib, _: ib.cancelPnLSingle(3),
    "reqTickByTickData": lambda ib, of: ib.reqTickByTickData(3, of, "MidPoint", 0, False),
    "cancelTickByTickData": lambda ib, _: ib.cancelTickByTickData(3),
    "reqCompletedOrders": lambda ib, _: ib.reqCompletedOrders(False),
}


def sent_by_library(version: int, ask: Callable[[Any], None]) -> list[str]:
    """Return the fields that the library sends for a request at a version."""
    from ib_insync.client import Client
    from ib_insync.wrapper import Wrapper

    client: Any = Client(Wrapper(None))  # type: ignore[no-untyped-call]  # the library is untyped
    client.connState, client._serverVersion = Client.CONNECTED, version
    sent: list[str] = []
    client.sendMsg = sent.append
    ask(client)
    (message,) = sent
    return message.split("\0")[:-1]


@cache
def contracts() -> st.SearchStrategy[Any]:
    """Draw contracts of the library: some that are listed, some of which nobody has heard."""
    from ib_insync import ComboLeg, Contract

    listed = st.sampled_from(LISTED).map(
        lambda one: Contract(conId=one.con_id, symbol=one.symbol, secType=str(one.sec_type), exchange="SMART")
    )
    words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
    unknown = st.builds(
        Contract, secType=st.sampled_from(["STK", "OPT", "FUT", "IND", "CASH"]), symbol=words, exchange=words,
        strike=NUMBERS, lastTradeDateOrContractMonth=words, right=st.sampled_from(["", "C", "P", "CALL"]),
        localSymbol=words, tradingClass=words, multiplier=words, currency=words,
    )  # fmt: skip
    legs = st.lists(
        st.builds(
            ComboLeg, conId=COUNTS, ratio=st.integers(1, 9), action=st.sampled_from(["BUY", "SELL"]), exchange=words
        ),
        min_size=1,
        max_size=8,
    )
    bags = st.builds(Contract, secType=st.just("BAG"), symbol=words, exchange=words, comboLegs=legs)
    return st.one_of(listed, unknown, bags)


@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), version=st.sampled_from(LIBRARY_VERSIONS))
def test_no_field_of_a_request_is_missing_or_left_over(name: str, data: st.DataObject, version: int) -> None:
    contract = data.draw(contracts())
    raw = RawClient(Gateway(FakeExchange(), FakeClock()))
    raw.start(0, high=version)

    answers = raw.ask(*sent_by_library(version, lambda ib: REQUESTS[name](ib, contract)))

    # 320 is the answer to what cannot be read; any other refusal has been understood.
    assert not [one for one in answers if one[0] == "4" and one[3] == "320"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), version=st.sampled_from(LIBRARY_VERSIONS))
def test_no_field_of_an_order_is_missing_or_left_over_whatever_it_asks_for(data: st.DataObject, version: int) -> None:
    from ib_insync import Order, PriceCondition, TagValue, TimeCondition

    order: Any = Order(
        action=data.draw(st.sampled_from(["BUY", "SELL"])),
        orderType=data.draw(st.sampled_from(["LMT", "MKT", "STP", "PEG BENCH", "PEG MID", "TRAIL", "MIDPRICE"])),
        totalQuantity=data.draw(st.integers(1, 99)),
        lmtPrice=data.draw(NUMBERS),
        tif=data.draw(st.sampled_from(["", "DAY", "GTC", "GTD"])),
        orderRef=data.draw(TEXTS),
        ocaGroup=data.draw(TEXTS),
        hedgeType=data.draw(st.sampled_from(["", "D"])),
        deltaNeutralOrderType=data.draw(st.sampled_from(["", "MKT"])),
        scalePriceIncrement=data.draw(st.sampled_from([0.5, 1.7976931348623157e308])),
        algoStrategy=data.draw(st.sampled_from(["", "Adaptive"])),
        algoParams=[TagValue("adaptivePriority", "Normal")],
        conditions=data.draw(st.lists(st.sampled_from([PriceCondition(), TimeCondition()]), max_size=2)),
        whatIf=data.draw(st.booleans()),
    )
    contract = data.draw(contracts())
    fields = sent_by_library(version, lambda ib: ib.placeOrder(3, contract, order))

    found = decode(PLACE_ORDER, version, fields[1:])

    assert (found["orderId"], found["orderType"], found["orderRef"]) == ("3", order.orderType, order.orderRef)
    assert found["whatIf"] == str(int(order.whatIf))
    assert len(found.rows["conditions"]) == len(order.conditions)


def test_every_request_that_is_served_is_asked_for_above() -> None:
    # 3 and 7 have tests of their own: an order above, and executions by their filters.
    asked = {
        int(sent_by_library(176, lambda ib, ask=ask: ask(ib, contracts_sample()))[0])  # type: ignore[misc]  # a default
        for ask in REQUESTS.values()
    }

    assert {int(one) for one in HANDLERS} - asked == {3, 7}


def contracts_sample() -> Any:
    """Return one contract."""
    from ib_insync import Contract

    return Contract(conId=416904, symbol="SPX", secType="IND", exchange="CBOE")
