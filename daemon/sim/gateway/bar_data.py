"""Requests for bars: historical ones, those that are kept up to date, and bars of five seconds as they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from daemon.sim.exchange.api import BarSide, SimQuote
from daemon.sim.gateway import data_in as data
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.bars import WHAT, bar_rows, epoch_text, span_of
from daemon.sim.gateway.client import BarStream, Client, FiveSeconds
from daemon.sim.gateway.codec import Fields, RequestRefused
from daemon.sim.gateway.contract_data import one_listing
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.market_data import check_subscribed
from daemon.sim.gateway.times import time_text

BAR_S: Final = 5
"""The one size of real-time bars, and how often bars that are kept up to date are sent."""
_NO_DATA: Final = "Historical Market Data Service error message:HMDS query returned no data"


def historical_data(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqHistoricalData with bars up to the end asked for, and go on with them when that is asked."""
    request = data.historical_data(fields)
    if request.keep_up_to_date and request.end:
        raise RequestRefused(
            request.req_id,
            321,
            "Error validating request.-'bS' : cause - End date/time not allowed when keepUpToDate is on",
        )
    listing = one_listing(hub, request.contract, request.req_id)
    check_subscribed(hub, request.req_id, listing.symbol)
    span = span_of(request, hub.now)
    bars = hub.exchange.bars(listing.con_id, span.end, span.minutes, span.count, BarSide(request.what))
    bars = [bar for bar in bars if span.start is None or bar.start >= span.start]
    if not bars:
        raise RequestRefused(request.req_id, 162, _NO_DATA)
    begin, rows = time_text(bars[0].start), bar_rows(bars, request, span)
    client.put(out.historical_data(request.req_id, begin, time_text(span.end), rows))
    if request.keep_up_to_date:
        client.bars[request.req_id] = BarStream(request, span, listing.con_id, sent=rows[-1])


def cancel_historical_data(_hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelHistoricalData; only a query that is kept up to date has not ended by itself."""
    req_id = read.number_only(fields, "reqId")
    if client.bars.pop(req_id, None) is None:
        raise RequestRefused(req_id, 366, f"No historical data query found for ticker id:{req_id}")


def head_timestamp(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqHeadTimeStamp."""
    request = data.head_timestamp(fields)
    listing = one_listing(hub, request.contract, request.req_id)
    first = hub.exchange.first_bar_at(listing.con_id)
    if first is None:
        raise RequestRefused(request.req_id, 162, "Historical Market Data Service error message:No head time stamp")
    client.put(out.head_timestamp(request.req_id, epoch_text(first) if request.epoch_dates else f"{first:%Y%m%d-%T}"))


def cancel_head_timestamp(_hub: Hub, _client: Client, fields: Fields) -> None:
    """Take cancelHeadTimeStamp; every such query has ended by itself."""
    read.number_alone(fields, "reqId")


def real_time_bars(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqRealTimeBars; the first bar is complete five seconds later."""
    request = data.real_time_bars(fields)
    if request.what not in WHAT or request.bar_size_s != BAR_S:
        raise RequestRefused(
            request.req_id,
            321,
            f"Error validating request.-'bV' : cause - Invalid bar of {request.bar_size_s} s of {request.what!r}: "
            f"{BAR_S} s of one of {', '.join(sorted(WHAT))} is allowed",
        )
    if request.req_id in client.five_seconds:
        raise RequestRefused(request.req_id, 102, "Duplicate ticker ID")
    listing = one_listing(hub, request.contract, request.req_id)
    check_subscribed(hub, request.req_id, listing.symbol)
    price = _price(hub.exchange.quotes([listing.con_id])[0], request.what)
    client.five_seconds[request.req_id] = FiveSeconds(request.req_id, listing.con_id, request.what, price)


def cancel_real_time_bars(_hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelRealTimeBars."""
    req_id = read.number_only(fields, "reqId")
    if client.five_seconds.pop(req_id, None) is None:
        raise RequestRefused(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def listens(hub: Hub) -> bool:
    """Whether anybody follows bars."""
    return any(client.bars or client.five_seconds for client in hub.started())


def send_bars(hub: Hub) -> None:
    """Send the bars of the last five seconds, and of lists that go on the newest bar where it has changed."""
    for client in hub.started():
        for stream in client.bars.values():
            _update(hub, client, stream)
        for five in client.five_seconds.values():
            price = _price(hub.exchange.quotes([five.con_id])[0], five.what)
            if price is not None:
                opened = price if five.price is None else five.price
                prices = (opened, max(opened, price), min(opened, price), price)
                start = int((hub.now - timedelta(seconds=BAR_S)).timestamp())
                client.put(out.real_time_bar(five.req_id, start, prices))
            five.price = price


def _update(hub: Hub, client: Client, stream: BarStream) -> None:
    bars = hub.exchange.bars(stream.con_id, hub.now, stream.span.minutes, 1, BarSide(stream.request.what))
    if not bars:
        return
    (row,) = bar_rows(bars, stream.request, stream.span)
    if row != stream.sent:
        stream.sent = row
        client.put(out.historical_data_update(stream.request.req_id, row))


def _price(quote: SimQuote, what: str) -> float | None:
    """Return the price that a bar is made of; what has no trades shows the middle of its quote."""
    middle = None if quote.bid is None or quote.ask is None else round((quote.bid + quote.ask) / 2, 4)
    shown = {"BID": quote.bid, "ASK": quote.ask, "MIDPOINT": middle}
    return shown.get(what, middle if quote.last is None else quote.last)
