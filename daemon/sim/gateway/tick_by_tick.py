"""Ticks one by one: each change of the last price, of bid and ask or of their middle, as often as lines tick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.sim.exchange.api import SimQuote
from daemon.sim.gateway import data_in as data
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client, TickStream
from daemon.sim.gateway.codec import Fields, RequestRefused, Value
from daemon.sim.gateway.contract_data import one_listing
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.market_data import check_subscribed

MAX_STREAMS: Final = 3
"""Streams a client may have at a time: a gateway with 100 lines allows no more."""
_KINDS: Final[Mapping[str, int]] = {"Last": 1, "AllLast": 2, "BidAsk": 3, "MidPoint": 4}
_LAST_SIZE: Final = 100


def open_stream(hub: Hub, client: Client, fields: Fields) -> None:
    """Take reqTickByTickData; the first tick comes at once where there is one."""
    request = data.tick_by_tick(fields)
    kind = _KINDS.get(request.kind)
    if kind is None:
        raise RequestRefused(
            request.req_id,
            321,
            f"Error validating request.-'cf' : cause - Invalid tick type {request.kind!r}: one of "
            f"{', '.join(_KINDS)} is allowed",
        )
    if len(client.ticks) >= MAX_STREAMS:
        raise RequestRefused(request.req_id, 10190, "Max number of tick-by-tick requests has been reached")
    listing = one_listing(hub, request.contract, request.req_id)
    check_subscribed(hub, request.req_id, listing.symbol)
    stream = client.ticks[request.req_id] = TickStream(request.req_id, listing.con_id, kind)
    _send(hub, client, stream, hub.exchange.quotes([listing.con_id])[0])


def cancel_stream(_hub: Hub, client: Client, fields: Fields) -> None:
    """Take cancelTickByTickData."""
    req_id = read.number_alone(fields, "reqId")
    if client.ticks.pop(req_id, None) is None:
        raise RequestRefused(req_id, 300, f"Can't find EId with tickerId:{req_id}")


def listens(hub: Hub) -> bool:
    """Whether anybody follows single ticks."""
    return any(client.ticks for client in hub.started())


def send_streams(hub: Hub) -> None:
    """Send every tick that has come since the last beat."""
    streams = [(client, stream) for client in hub.started() for stream in client.ticks.values()]
    quotes = hub.exchange.quotes([stream.con_id for _, stream in streams])
    for (client, stream), quote in zip(streams, quotes, strict=True):
        _send(hub, client, stream, quote)


def _send(hub: Hub, client: Client, stream: TickStream, quote: SimQuote) -> None:
    values = _values(stream.kind, quote)
    if values and values != stream.sent:
        stream.sent = values
        client.put(out.tick_by_tick(stream.req_id, stream.kind, int(hub.now.timestamp()), values))


def _values(kind: int, quote: SimQuote) -> tuple[Value, ...]:
    """Return what a tick of a kind says; nothing where the quote does not have it."""
    if kind in (1, 2):
        return () if quote.last is None else (quote.last, _LAST_SIZE, 0, "", "")
    if quote.bid is None or quote.ask is None:
        return ()
    if kind == 4:
        return (round((quote.bid + quote.ask) / 2, 4),)
    return (quote.bid, quote.ask, quote.bid_size, quote.ask_size, 0)
