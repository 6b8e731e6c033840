"""What a client asks the gateway to calculate: an option's price at a volatility, the volatility of a price."""

from __future__ import annotations

import math
from typing import Final

from daemon.sim.exchange.api import Listing, SecType
from daemon.sim.gateway import data_in as data
from daemon.sim.gateway import messages_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import Fields, RequestRefused
from daemon.sim.gateway.contract_data import one_listing
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.ticks import NO_GREEKS, greek_numbers

CUSTOM_GREEKS: Final = 53
"""The tick type of an answer to a calculation."""


def option_price(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer calculateOptionPrice: the exchange's own formula with the client's volatility and underlying.

    The underlying is the forward of the option's expiry, which is also what ``undPrice`` says in its greeks.
    """
    request = data.calculation(fields, "volatility")
    option = _option(hub, request)
    greeks = hub.exchange.option_at_vol(option.con_id, request.underlying, request.given)
    client.put(out.tick_greeks(request.req_id, CUSTOM_GREEKS, greek_numbers(greeks, greeks.iv, greeks.price)))


def implied_volatility(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer calculateImpliedVolatility; a price that no volatility gives is answered with "not available"."""
    request = data.calculation(fields, "optionPrice")
    option = _option(hub, request)
    vol = hub.exchange.option_vol(option.con_id, request.underlying, request.given)
    numbers: tuple[float, ...] = NO_GREEKS
    if not math.isnan(vol):
        greeks = hub.exchange.option_at_vol(option.con_id, request.underlying, vol)
        numbers = greek_numbers(greeks, vol, request.given)
    client.put(out.tick_greeks(request.req_id, CUSTOM_GREEKS, numbers))


def _option(hub: Hub, request: data.CalculationRequest) -> Listing:
    listing = one_listing(hub, request.contract, request.req_id)
    if listing.sec_type is not SecType.OPTION:
        raise RequestRefused(
            request.req_id, 321, f"Error validating request.-'bO' : cause - {listing.symbol} is not an option"
        )
    return listing


def cancel(_hub: Hub, _client: Client, fields: Fields) -> None:
    """Take the cancellation of a calculation; every one has ended by itself."""
    read.number_only(fields, "reqId")
