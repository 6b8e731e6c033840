"""Requests for prices as lines: streams and snapshots."""

# ruff: noqa: ARG001 - every handler takes the same three arguments
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from daemon.sim.exchange.api import SecType, SimQuote
from daemon.sim.gateway import data_in as data
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import Fields, RequestRefused
from daemon.sim.gateway.contract_data import NO_DEFINITION, one_listing
from daemon.sim.gateway.data_in import MarketDataRequest
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.ticks import (
    CALL_OPEN_INTEREST,
    CALL_VOLUME,
    HALTED,
    HISTORICAL_VOL,
    HISTORICAL_VOLS,
    IMPLIED_VOL,
    IMPLIED_VOLS,
    LAST,
    MARKS,
    OPEN_INTEREST,
    OPTION_VOLUME,
    PUT_OPEN_INTEREST,
    PUT_VOLUME,
    VOLUME,
    Line,
    Tick,
    changes,
    mark_ticks,
    missing_ticks,
    of_both_rights,
    opening,
    quote_ticks,
    trade_texts,
)
from daemon.sim.gateway.wire_contract import BAG

_COMBO_MIN_TICK: Final = 0.01
_NOT_SUBSCRIBED: Final = (
    "Requested market data is not subscribed. Check API status by selecting the Account menu then under Management "
    "choose Market Data Subscription Manager and/or availability of delayed data. Delayed market data is available."
)
_DELAYED: Final = "Requested market data is not subscribed. Displaying delayed market data."


def market_data_type(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqMarketDataType; it holds for lines opened later."""
    kind = read.number_only(fields, "marketDataType")
    if kind not in {1, 2, 3, 4}:
        raise RequestRefused(-1, 321, f"Error validating request.-'bY' : cause - Invalid market data type {kind}")
    client.market_data_type = kind


def open_line(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqMktData, a stream or a snapshot; the first ticks follow with those of the lines opened beside it."""
    request = data.market_data(fields)
    if request.req_id in client.lines:
        raise RequestRefused(request.req_id, 102, "Duplicate ticker ID")
    if request.snapshot and request.generic_ticks:
        raise RequestRefused(
            request.req_id, 414, "Snapshot market data subscription is not applicable to generic ticks"
        )
    if hub.lines() >= hub.config.max_lines:
        raise RequestRefused(request.req_id, 101, "Max number of tickers has been reached")
    line = _line(hub, client, request)
    check_subscribed(hub, request.req_id, line.symbol)
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
        client.put_all([*changes(line, ticks), *trade_texts(line, ticks, int(hub.now.timestamp()))])
        if line.snapshot:
            client.put(out.tick_snapshot_end(line.req_id))


def check_subscribed(hub: Hub, req_id: int, symbol: str) -> None:
    """Raise RequestRefused while a fault takes the subscription away, with its code (354)."""
    if fault := hub.faults.strikes(Kind.NOT_SUBSCRIBED, hub.now, symbol):
        said = fault.argument("text", f"{_NOT_SUBSCRIBED} {symbol}/TOP/ALL")
        raise RequestRefused(req_id, int(fault.argument("code", 354)), str(said))


def _line(hub: Hub, client: Client, request: MarketDataRequest) -> Line:
    if request.contract.sec_type == BAG:
        found = [hub.exchange.listing(leg.con_id) for leg in request.legs]
        if not all(found):
            raise RequestRefused(request.req_id, 200, NO_DEFINITION)
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
        generics=frozenset(tick.strip() for tick in request.generic_ticks.split(",") if tick.strip()),
    )


def cancel_line(hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelMktData."""
    req_id = read.number_only(fields, "reqId")
    if client.lines.pop(req_id, None) is None:
        raise RequestRefused(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def listens(hub: Hub, *, slow: bool) -> bool:
    """Whether anybody has a line of one beat."""
    return any(line.slow is slow for client in hub.clients for line in client.lines.values())


def send_ticks(hub: Hub, *, slow: bool) -> None:
    """Send what changed on every open line of one beat."""
    open_lines = [(client, line) for client in hub.started() for line in client.lines.values() if line.slow is slow]
    lines = [line for _, line in open_lines]
    for (client, line), ticks in zip(open_lines, _ticks(hub, lines), strict=True):
        if slow and not hub.faults.holds(Kind.DATA_STALE, hub.now, line.symbol):
            # An index or a share is disseminated at every beat, whether it has moved or not.
            line.sent.pop(LAST, None)
        client.put_all([*changes(line, ticks), *trade_texts(line, ticks, int(hub.now.timestamp()))])


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
    if line.con_id is not None:
        ticks += _counts(hub, line, line.con_id) + _asked(hub, line, line.con_id, quote)
    return hub.standing.ticks(line, ticks, hub.faults, now=hub.now)


def _asked(hub: Hub, line: Line, con_id: int, quote: SimQuote) -> list[Tick]:
    """Return what a client has asked for by generic ticks, and of a share that its trading is not halted."""
    ticks: list[Tick] = [(HALTED, (0.0,))] if line.sec_type == SecType.STOCK else []
    if not line.generics.isdisjoint(MARKS):
        ticks += mark_ticks(quote)
    if line.generics.isdisjoint((HISTORICAL_VOLS, IMPLIED_VOLS)):
        return ticks
    moved, implied = hub.exchange.volatilities(con_id) or (None, None)
    if moved is not None and HISTORICAL_VOLS in line.generics:
        ticks.append((HISTORICAL_VOL, (moved,)))
    if implied is not None and IMPLIED_VOLS in line.generics:
        ticks.append((IMPLIED_VOL, (implied,)))
    return ticks


def _counts(hub: Hub, line: Line, con_id: int) -> list[Tick]:
    """Return what has traded of a share or a future, and of an option what a client has asked for."""
    if line.sec_type in (SecType.STOCK, SecType.FUTURE):
        traded = hub.exchange.volume(con_id)
        return [] if traded is None else [(VOLUME, (float(traded),))]
    if line.sec_type != SecType.OPTION or not line.generics:
        return []
    listing = hub.exchange.listing(con_id)
    assert listing is not None, "a line is opened on a contract that is listed"
    ticks: list[Tick] = []
    if OPEN_INTEREST in line.generics:
        number = hub.exchange.open_interest(con_id) or 0
        ticks += of_both_rights(listing, number, (CALL_OPEN_INTEREST, PUT_OPEN_INTEREST))
    if OPTION_VOLUME in line.generics:
        number = hub.exchange.volume(con_id) or 0
        ticks += [(VOLUME, (float(number),)), *of_both_rights(listing, number, (CALL_VOLUME, PUT_VOLUME))]
    return ticks
