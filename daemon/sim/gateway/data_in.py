"""Requests for contracts and prices from a client: fields in, typed requests out; no reader leaves a field over."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.sim.exchange.api import SimLeg
from daemon.sim.gateway.codec import FieldError, Fields
from daemon.sim.gateway.wire_contract import WireContract, bag_legs, contract12


@dataclass(frozen=True, slots=True)
class MarketDataRequest:
    """Open a line."""

    req_id: int
    contract: WireContract
    legs: tuple[SimLeg, ...]
    generic_ticks: str
    snapshot: bool


@dataclass(frozen=True, slots=True)
class ContractRequest:
    """Look contracts up."""

    req_id: int
    contract: WireContract


@dataclass(frozen=True, slots=True)
class OptionParamsRequest:
    """List expiries and strikes of an underlying."""

    req_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: int


@dataclass(frozen=True, slots=True)
class HistoricalRequest:
    """Ask for bars."""

    req_id: int
    contract: WireContract
    end: str
    bar_size: str
    duration: str
    what: str
    epoch_dates: bool
    keep_up_to_date: bool


@dataclass(frozen=True, slots=True)
class RealTimeBarsRequest:
    """Ask for bars of five seconds as they come."""

    req_id: int
    contract: WireContract
    bar_size_s: int
    what: str


@dataclass(frozen=True, slots=True)
class TickByTickRequest:
    """Ask for every change of one kind."""

    req_id: int
    contract: WireContract
    kind: str


@dataclass(frozen=True, slots=True)
class CalculationRequest:
    """Ask what an option is worth at a volatility, or which volatility gives it a price; ``given`` is that number."""

    req_id: int
    contract: WireContract
    given: float
    underlying: float


@dataclass(frozen=True, slots=True)
class HeadRequest:
    """Ask for the earliest bar."""

    req_id: int
    contract: WireContract
    epoch_dates: bool


def market_data(fields: Fields) -> MarketDataRequest:
    """Read reqMktData."""
    fields.take("version")
    req_id = fields.integer("reqId")
    contract = contract12(fields)
    legs = bag_legs(fields, contract)
    if fields.flag("deltaNeutralContract"):
        for name in ("conId", "delta", "price"):
            fields.take(name)
    generic_ticks = fields.take("genericTickList")
    snapshot = fields.flag("snapshot")
    fields.take("regulatorySnapshot")
    fields.take("options")
    fields.end()
    return MarketDataRequest(
        req_id=req_id, contract=contract, legs=legs, generic_ticks=generic_ticks, snapshot=snapshot
    )


def contract_details(fields: Fields, version: int) -> ContractRequest:
    """Read reqContractDetails."""
    fields.take("version")
    req_id = fields.integer("reqId")
    contract = contract12(fields)
    for name in ("includeExpired", "secIdType", "secId", *(["issuerId"] if version >= 176 else [])):
        fields.take(name)
    fields.end()
    return ContractRequest(req_id, contract)


def option_params(fields: Fields) -> OptionParamsRequest:
    """Read reqSecDefOptParams."""
    request = OptionParamsRequest(
        req_id=fields.integer("reqId"),
        symbol=fields.take("underlyingSymbol"),
        exchange=fields.take("futFopExchange"),
        sec_type=fields.take("underlyingSecType"),
        con_id=fields.integer("underlyingConId"),
    )
    fields.end()
    return request


def historical_data(fields: Fields) -> HistoricalRequest:
    """Read reqHistoricalData."""
    req_id = fields.integer("reqId")
    contract = contract12(fields)
    fields.take("includeExpired")
    end, bar_size, duration = (fields.take(name) for name in ("endDateTime", "barSize", "duration"))
    fields.take("useRTH")
    what, epoch_dates = fields.take("whatToShow"), fields.integer("formatDate") == 2
    bag_legs(fields, contract)
    keep_up_to_date = fields.flag("keepUpToDate")
    fields.take("options")
    fields.end()
    return HistoricalRequest(
        req_id=req_id,
        contract=contract,
        end=end,
        bar_size=bar_size,
        duration=duration,
        what=what,
        epoch_dates=epoch_dates,
        keep_up_to_date=keep_up_to_date,
    )


def market_rule(fields: Fields) -> int:
    """Read reqMarketRule and return the rule id."""
    rule_id = fields.integer("ruleId")
    fields.end()
    return rule_id


def matching_symbols(fields: Fields) -> tuple[int, str]:
    """Read reqMatchingSymbols and return request id and pattern."""
    req_id, pattern = fields.integer("reqId"), fields.take("pattern")
    fields.end()
    return req_id, pattern


def head_timestamp(fields: Fields) -> HeadRequest:
    """Read reqHeadTimeStamp."""
    req_id, contract = fields.integer("reqId"), contract12(fields)
    for name in ("includeExpired", "useRTH", "whatToShow"):
        fields.take(name)
    epoch_dates = fields.integer("formatDate") == 2
    fields.end()
    return HeadRequest(req_id, contract, epoch_dates)


def real_time_bars(fields: Fields) -> RealTimeBarsRequest:
    """Read reqRealTimeBars."""
    fields.take("version")
    req_id, contract = fields.integer("reqId"), contract12(fields)
    bar_size_s, what = fields.integer("barSize"), fields.take("whatToShow")
    for name in ("useRTH", "options"):
        fields.take(name)
    fields.end()
    return RealTimeBarsRequest(req_id, contract, bar_size_s, what)


def tick_by_tick(fields: Fields) -> TickByTickRequest:
    """Read reqTickByTickData."""
    req_id, contract, kind = fields.integer("reqId"), contract12(fields), fields.take("tickType")
    for name in ("numberOfTicks", "ignoreSize"):
        fields.take(name)
    fields.end()
    return TickByTickRequest(req_id, contract, kind)


def calculation(fields: Fields, given: str) -> CalculationRequest:
    """Read calculateImpliedVolatility or calculateOptionPrice; ``given`` names the number before the underlying's."""
    fields.take("version")
    req_id, contract = fields.integer("reqId"), contract12(fields)
    numbers = {name: fields.number(name) for name in (given, "underPrice")}
    fields.take("options")
    if fields.left:
        # Older clients count the options first.
        fields.take("options")
    fields.end()
    for name, value in numbers.items():
        if value is None or value <= 0:
            raise FieldError(f"{name} is {value}: a number above zero is needed")
    return CalculationRequest(req_id, contract, float(numbers[given] or 0), float(numbers["underPrice"] or 0))
