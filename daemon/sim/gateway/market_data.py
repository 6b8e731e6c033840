"""Requests about contracts and prices: contract details, option parameters, lines, bars, price steps."""

# ruff: noqa: ARG001 - every handler takes the same three arguments
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from daemon.core.market.contracts import Underlying
from daemon.sim.exchange.api import Listing, SecType, SimQuote
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.bars import bar_rows, span_of
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import Fields, text
from daemon.sim.gateway.contracts import details_record, kind_of
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.hub import Hub, RequestRefused
from daemon.sim.gateway.messages_in import BAG, MarketDataRequest, WireContract
from daemon.sim.gateway.ticks import (
    LAST,
    OPEN_INTEREST,
    Line,
    Tick,
    changes,
    missing_ticks,
    open_interest_ticks,
    opening,
    quote_ticks,
)
from daemon.sim.gateway.times import date_text, time_text

_COMBO_MIN_TICK: Final = 0.01
_NO_DEFINITION: Final = "No security definition has been found for the request"
_NOT_SUBSCRIBED: Final = (
    "Requested market data is not subscribed. Check API status by selecting the Account menu then under Management "
    "choose Market Data Subscription Manager and/or availability of delayed data. Delayed market data is available."
)
_DELAYED: Final = "Requested market data is not subscribed. Displaying delayed market data."


def one_listing(hub: Hub, contract: WireContract, req_id: int) -> Listing:
    """Return the one listing a client means; raise RequestRefused with 200 for none or several."""
    found = _listings(hub, contract)
    if not found:
        raise RequestRefused(req_id, 200, _NO_DEFINITION)
    if len(found) > 1:
        raise RequestRefused(
            req_id, 200, f"The contract description specified for {contract.symbol} is ambiguous; {len(found)} fit."
        )
    return found[0]


def _listings(hub: Hub, contract: WireContract) -> list[Listing]:
    found = hub.exchange.listings(contract.query()) if contract.currency in {"", "USD"} else []
    return [one for one in found if one.option is None or _is_listed(hub, one.symbol, one.option.strike)]


def _is_listed(hub: Hub, symbol: str, strike: float) -> bool:
    """Whether no fault hides a strike."""
    fault = hub.faults.holds(Kind.CHAIN_LIMITED, hub.now, symbol)
    if fault is None:
        return True
    return float(fault.argument("low", 0)) <= strike <= float(fault.argument("high", math.inf))


def contract_details(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqContractDetails."""
    request = read.contract_details(fields, client.version)
    if request.contract.sec_type == BAG:
        raise RequestRefused(
            request.req_id,
            321,
            "Error validating request.-'bN' : cause - 'BAG' isn't supported for contract data request.",
        )
    found = _listings(hub, request.contract)
    if not found:
        raise RequestRefused(request.req_id, 200, _NO_DEFINITION)
    for listing in found:
        record = details_record(
            listing,
            request.req_id,
            under_con_id=hub.underlying_con_id(listing.symbol),
            exchange=request.contract.exchange,
            now=hub.now,
        )
        client.put(out.contract_details(client.version, record))
    client.put(out.contract_details_end(request.req_id))


def option_params(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqSecDefOptParams: one row per exchange and trading class."""
    request = read.option_params(fields)
    known = request.symbol in set(Underlying) and request.con_id == hub.underlying_con_id(request.symbol)
    if not known or request.sec_type != kind_of(request.symbol) or request.exchange:
        raise RequestRefused(request.req_id, 321, "Error validating request.-'bN' : cause - Invalid contract id")
    for params in hub.exchange.chain_params(Underlying(request.symbol)):
        expiries = [date_text(day) for day in params.last_trades]
        strikes = [text(strike) for strike in params.strikes if _is_listed(hub, request.symbol, strike)]
        for exchange in ("SMART", "CBOE"):
            head = (exchange, params.underlying_con_id, str(params.trading_class), "100")
            client.put(out.option_params(request.req_id, head, expiries, strikes))
    client.put(out.option_params_end(request.req_id))


def market_rule(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqMarketRule."""
    rule_id = read.market_rule(fields)
    try:
        steps = hub.exchange.market_rule(rule_id)
    except KeyError:
        steps = ()
    if not steps:
        raise RequestRefused(-1, 321, f"Error validating request.-'cd' : cause - Invalid market rule id {rule_id}")
    client.put(out.market_rule(rule_id, steps))


def market_data_type(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqMarketDataType; it holds for lines opened later."""
    kind = read.number_only(fields, "marketDataType")
    if kind not in {1, 2, 3, 4}:
        raise RequestRefused(-1, 321, f"Error validating request.-'bY' : cause - Invalid market data type {kind}")
    client.market_data_type = kind


def open_line(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqMktData, a stream or a snapshot; the first ticks follow with those of the lines opened beside it."""
    request = read.market_data(fields)
    if request.req_id in client.lines:
        raise RequestRefused(request.req_id, 102, "Duplicate ticker ID")
    if request.snapshot and request.generic_ticks:
        raise RequestRefused(
            request.req_id, 414, "Snapshot market data subscription is not applicable to generic ticks"
        )
    if hub.lines() >= hub.config.max_lines:
        raise RequestRefused(request.req_id, 101, "Max number of tickers has been reached")
    line = _line(hub, client, request)
    _check_subscribed(hub, request.req_id, line.symbol)
    if line.delayed:
        hub.error(client, request.req_id, 10167, _DELAYED)
    client.put_all(opening(line))
    client.opened.append(line)
    if not request.snapshot:
        client.lines[request.req_id] = line


def send_first_ticks(hub: Hub, client: Client) -> None:
    """Send the first ticks of the lines a client has opened in this step, priced together."""
    lines = [line for line in client.opened if line.snapshot or client.lines.get(line.req_id) is line]
    client.opened.clear()
    for line, ticks in zip(lines, _ticks(hub, lines), strict=True):
        client.put_all(changes(line, ticks))
        if line.snapshot:
            client.put(out.tick_snapshot_end(line.req_id))


def _check_subscribed(hub: Hub, req_id: int, symbol: str) -> None:
    if fault := hub.faults.strikes(Kind.NOT_SUBSCRIBED, hub.now, symbol):
        said = fault.argument("text", f"{_NOT_SUBSCRIBED} {symbol}/TOP/ALL")
        raise RequestRefused(req_id, int(fault.argument("code", 354)), str(said))


def _line(hub: Hub, client: Client, request: MarketDataRequest) -> Line:
    if request.contract.sec_type == BAG:
        found = [hub.exchange.listing(leg.con_id) for leg in request.legs]
        if not all(found):
            raise RequestRefused(request.req_id, 200, _NO_DEFINITION)
        listing, con_id, sec_type, min_tick = found[0], None, BAG, _COMBO_MIN_TICK
    else:
        listing = one_listing(hub, request.contract, request.req_id)
        con_id, sec_type, min_tick = listing.con_id, str(listing.sec_type), listing.min_tick
    assert listing is not None
    delayed = hub.faults.holds(Kind.DATA_DELAYED, hub.now, listing.symbol) is not None
    frozen = client.market_data_type in {2, 4} and hub.now < hub.hours().open_at
    return Line(
        req_id=request.req_id,
        symbol=listing.symbol,
        sec_type=sec_type,
        con_id=con_id,
        legs=request.legs,
        min_tick=min_tick,
        market_data_type=(3 if delayed else 1) + (1 if frozen else 0),
        delayed=delayed,
        snapshot=request.snapshot,
        open_interest=sec_type == SecType.OPTION and OPEN_INTEREST in request.generic_ticks.split(","),
    )


def cancel_line(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelMktData."""
    req_id = read.number_only(fields, "reqId")
    if client.lines.pop(req_id, None) is None:
        raise RequestRefused(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def send_ticks(hub: Hub, *, slow: bool) -> None:
    """Send what changed on every open line of one beat."""
    open_lines = [(client, line) for client in hub.started() for line in client.lines.values() if line.slow is slow]
    lines = [line for _, line in open_lines]
    for (client, line), ticks in zip(open_lines, _ticks(hub, lines), strict=True):
        if slow and not hub.faults.holds(Kind.DATA_STALE, hub.now, line.symbol):
            # An index or a fund is disseminated at every beat, whether it has moved or not.
            line.sent.pop(LAST, None)
        client.put_all(changes(line, ticks))


def _ticks(hub: Hub, lines: Sequence[Line]) -> list[list[Tick]]:
    """Return the ticks of some lines, asking the exchange once for all single contracts."""
    singles = sorted({line.con_id for line in lines if line.con_id is not None})
    quotes = dict(zip(singles, hub.exchange.quotes(singles), strict=True)) if singles else {}
    return [_line_ticks(hub, line, quotes.get(line.con_id or 0)) for line in lines]


def _line_ticks(hub: Hub, line: Line, quote: SimQuote | None) -> list[Tick]:
    if hub.faults.holds(Kind.DATA_MISSING, hub.now, line.symbol):
        return missing_ticks(line.sec_type)
    if quote is None:
        quote = hub.exchange.combo_quote(line.legs)
    if hub.faults.holds(Kind.GREEKS_MISSING, hub.now, line.symbol):
        quote = replace(quote, greeks=None)
    ticks = quote_ticks(quote, line.sec_type)
    if line.open_interest:
        ticks += _open_interest(hub, line)
    return hub.standing.ticks(line, ticks, hub.faults, now=hub.now)


def _open_interest(hub: Hub, line: Line) -> list[Tick]:
    listing = hub.exchange.listing(line.con_id or 0)
    number = hub.exchange.open_interest(line.con_id or 0)
    return [] if listing is None or number is None else open_interest_ticks(listing, number)


def historical_data(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqHistoricalData with bars up to the end asked for."""
    request = read.historical_data(fields)
    if request.keep_up_to_date:
        raise RequestRefused(
            request.req_id, 321, "Error validating request.-'bS' : cause - keepUpToDate is not supported"
        )
    listing = one_listing(hub, request.contract, request.req_id)
    _check_subscribed(hub, request.req_id, listing.symbol)
    span = span_of(request, hub.now)
    bars = hub.exchange.bars(listing.con_id, span.end, span.minutes, span.count)
    bars = [bar for bar in bars if span.start is None or bar.start >= span.start]
    if not bars:
        raise RequestRefused(
            request.req_id, 162, "Historical Market Data Service error message:HMDS query returned no data"
        )
    begin = time_text(bars[0].start)
    client.put(out.historical_data(request.req_id, begin, time_text(span.end), bar_rows(bars, request, span)))


def cancel_historical_data(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelHistoricalData; every query has ended by itself."""
    req_id = read.number_only(fields, "reqId")
    raise RequestRefused(req_id, 366, f"No historical data query found for ticker id:{req_id}")
