"""Requests about contracts: details, option parameters, price steps."""

from __future__ import annotations

import math
from typing import Final

from daemon.core.market.contracts import Underlying
from daemon.sim.exchange.api import Listing, SecType
from daemon.sim.gateway import data_in as read
from daemon.sim.gateway import messages_out as out
from daemon.sim.gateway.client import Client
from daemon.sim.gateway.codec import Fields, RequestRefused, text
from daemon.sim.gateway.contracts import OPTION_EXCHANGE, details_record, symbol_sample
from daemon.sim.gateway.fault_plan import Kind
from daemon.sim.gateway.hub import Hub
from daemon.sim.gateway.times import date_text
from daemon.sim.gateway.wire_contract import BAG, WireContract

NO_DEFINITION: Final = "No security definition has been found for the request"
MAX_SAMPLES: Final = 16
"""Rows that a gateway answers a search with at most."""


def one_listing(hub: Hub, contract: WireContract, req_id: int) -> Listing:
    """Return the one listing a client means; raise RequestRefused with 200 for none or several.

    What is traded at many places needs one named, also where its number is known (321).
    """
    if contract.sec_type in (SecType.STOCK, SecType.CASH) and not contract.exchange:
        raise RequestRefused(req_id, 321, "Error validating request.-'bN' : cause - Please enter exchange")
    found = _listings(hub, contract)
    if not found:
        raise RequestRefused(req_id, 200, NO_DEFINITION)
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
        raise RequestRefused(request.req_id, 200, NO_DEFINITION)
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
    underlying = hub.exchange.listing(request.con_id)
    known = underlying is not None and (underlying.symbol, str(underlying.sec_type)) == (
        request.symbol,
        request.sec_type,
    )
    if not known or request.exchange:
        raise RequestRefused(request.req_id, 321, "Error validating request.-'bN' : cause - Invalid contract id")
    chains = hub.exchange.chain_params(Underlying(request.symbol)) if request.symbol in set(Underlying) else ()
    for params in chains:
        expiries = [date_text(day) for day in params.last_trades]
        strikes = [text(strike) for strike in params.strikes if _is_listed(hub, request.symbol, strike)]
        for exchange in ("SMART", OPTION_EXCHANGE):
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


def matching_symbols(hub: Hub, client: Client, fields: Fields) -> None:
    """Answer reqMatchingSymbols: symbols that begin with the pattern first, then names that hold it."""
    req_id, pattern = read.matching_symbols(fields)
    wanted = pattern.strip().upper()
    spots = hub.exchange.spots()
    by_symbol = [one for one in spots if wanted and one.symbol.startswith(wanted)]
    by_name = [one for one in spots if wanted and wanted in one.long_name.upper() and one not in by_symbol]
    samples = [symbol_sample(one) for one in (*by_symbol, *by_name)[:MAX_SAMPLES]]
    client.put(out.symbol_samples(client.version, req_id, samples))
