"""Messages from a client to the gateway: fields in, typed requests out; no reader leaves a field over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from daemon.sim.exchange.api import ContractQuery, SimLeg
from daemon.sim.gateway.codec import FieldError, Fields, read_bool, read_int
from daemon.sim.gateway.layout import Record, decode
from daemon.sim.gateway.order_layouts import PLACE_ORDER

MAX_LEGS: Final = 8
BAG: Final = "BAG"


class In(IntEnum):
    """Message ids that are served."""

    MARKET_DATA = 1
    CANCEL_MARKET_DATA = 2
    PLACE_ORDER = 3
    CANCEL_ORDER = 4
    OPEN_ORDERS = 5
    ACCOUNT_UPDATES = 6
    EXECUTIONS = 7
    IDS = 8
    CONTRACT_DETAILS = 9
    AUTO_OPEN_ORDERS = 15
    ALL_OPEN_ORDERS = 16
    MANAGED_ACCOUNTS = 17
    HISTORICAL_DATA = 20
    CANCEL_HISTORICAL_DATA = 25
    CURRENT_TIME = 49
    GLOBAL_CANCEL = 58
    MARKET_DATA_TYPE = 59
    POSITIONS = 61
    ACCOUNT_SUMMARY = 62
    CANCEL_ACCOUNT_SUMMARY = 63
    CANCEL_POSITIONS = 64
    START_API = 71
    POSITIONS_MULTI = 74
    CANCEL_POSITIONS_MULTI = 75
    ACCOUNT_UPDATES_MULTI = 76
    CANCEL_ACCOUNT_UPDATES_MULTI = 77
    OPTION_PARAMS = 78
    MARKET_RULE = 91
    COMPLETED_ORDERS = 99


@dataclass(frozen=True, slots=True)
class WireContract:
    """A contract as a client describes it; empty texts and zeros are "not given"."""

    con_id: int
    symbol: str
    sec_type: str
    last_trade_or_month: str
    strike: float
    right: str
    exchange: str
    currency: str
    local_symbol: str
    trading_class: str

    def query(self) -> ContractQuery:
        """Return the question to the exchange; SMART stands for any exchange."""
        return ContractQuery(
            con_id=self.con_id or None,
            symbol=self.symbol or None,
            sec_type=self.sec_type or None,
            last_trade_or_month=self.last_trade_or_month.split(" ")[0].split("-")[0] or None,
            strike=self.strike or None,
            right=self.right[:1] if self.right not in {"", "0", "?"} else None,
            trading_class=self.trading_class or None,
            exchange=self.exchange if self.exchange not in {"", "SMART"} else None,
            local_symbol=self.local_symbol or None,
        )


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
class ExecutionFilter:
    """Which executions of today; empty texts and client id 0 stand for all."""

    req_id: int
    client_id: int
    account: str
    since: str
    symbol: str
    sec_type: str
    exchange: str
    side: str


@dataclass(frozen=True, slots=True)
class AccountUpdatesRequest:
    """Begin or end the one stream of account updates."""

    subscribe: bool
    account: str


@dataclass(frozen=True, slots=True)
class AccountRequest:
    """Ask for positions or values of one account."""

    req_id: int
    account: str


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """Ask for an account summary."""

    req_id: int
    group: str
    tags: tuple[str, ...]


def hello(payload: bytes) -> tuple[int, int]:
    """Return the lowest and highest version that a client offers; raise FieldError."""
    offer = payload.decode("ascii", errors="replace").partition(" ")[0].rstrip("\0")
    low, dots, high = offer.removeprefix("v").partition("..")
    if not offer.startswith("v"):
        raise FieldError(f"the hello is {offer!r}: v<min>..<max> is needed")
    lowest = read_int(low, "lowest version")
    return (lowest, read_int(high, "highest version") if dots else lowest)


def number_only(fields: Fields, name: str) -> int:
    """Read a message of a version and one number."""
    fields.take("version")
    value = fields.integer(name)
    fields.end()
    return value


def flag_only(fields: Fields, name: str) -> bool:
    """Read a message of a version and one flag."""
    return number_only(fields, name) != 0


def nothing(fields: Fields) -> None:
    """Read a message of a version alone."""
    fields.take("version")
    fields.end()


def start_api(fields: Fields) -> int:
    """Return the client id."""
    fields.take("version")
    client_id = fields.integer("clientId")
    fields.take("optionalCapabilities")
    fields.end()
    return client_id


def contract12(fields: Fields) -> WireContract:
    """Read the twelve fields of a contract."""
    con_id = fields.integer("conId")
    symbol, sec_type, last_trade = (fields.take(name) for name in ("symbol", "secType", "lastTradeDateOrContractMonth"))
    strike = fields.number("strike") or 0.0
    names = ("right", "multiplier", "exchange", "primaryExchange", "currency", "localSymbol", "tradingClass")
    right, _, exchange, _, currency, local_symbol, trading_class = (fields.take(name) for name in names)
    return WireContract(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        last_trade_or_month=last_trade,
        strike=strike,
        right=right,
        exchange=exchange,
        currency=currency,
        local_symbol=local_symbol,
        trading_class=trading_class,
    )


def sim_legs(rows: Sequence[Sequence[str]]) -> tuple[SimLeg, ...]:
    """Return the legs of a combo from rows that begin with conId, ratio, action; raise FieldError."""
    if len(rows) > MAX_LEGS:
        raise FieldError(f"the combo has {len(rows)} legs: at most {MAX_LEGS} are allowed")
    return tuple(_leg(row) for row in rows)


def _leg(row: Sequence[str]) -> SimLeg:
    con_id, ratio, action = read_int(row[0], "leg conId"), read_int(row[1], "leg ratio"), row[2]
    if ratio < 1:
        raise FieldError(f"leg ratio is {ratio}: 1 or more is needed")
    if action not in {"BUY", "SELL"}:
        raise FieldError(f"leg action is {action!r}: BUY or SELL is needed")
    return SimLeg(con_id, ratio if action == "BUY" else -ratio)


def _bag_legs(fields: Fields, contract: WireContract) -> tuple[SimLeg, ...]:
    if contract.sec_type != BAG:
        return ()
    count = fields.integer("number of legs")
    if not 1 <= count <= MAX_LEGS:
        raise FieldError(f"number of legs is {count}: 1 to {MAX_LEGS} are allowed")
    return sim_legs([[fields.take("leg") for _ in range(4)] for _ in range(count)])


def market_data(fields: Fields) -> MarketDataRequest:
    """Read reqMktData."""
    fields.take("version")
    req_id = fields.integer("reqId")
    contract = contract12(fields)
    legs = _bag_legs(fields, contract)
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
    _bag_legs(fields, contract)
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


def executions(fields: Fields) -> ExecutionFilter:
    """Read reqExecutions."""
    fields.take("version")
    request = ExecutionFilter(
        req_id=fields.integer("reqId"),
        client_id=fields.integer("clientId"),
        account=fields.take("account"),
        since=fields.take("time"),
        symbol=fields.take("symbol"),
        sec_type=fields.take("secType"),
        exchange=fields.take("exchange"),
        side=fields.take("side"),
    )
    fields.end()
    return request


def account_updates(fields: Fields) -> AccountUpdatesRequest:
    """Read reqAccountUpdates."""
    fields.take("version")
    request = AccountUpdatesRequest(fields.flag("subscribe"), fields.take("account"))
    fields.end()
    return request


def account_of(fields: Fields, *, ledger: bool = False) -> AccountRequest:
    """Read reqPositionsMulti, or with ``ledger`` reqAccountUpdatesMulti."""
    fields.take("version")
    request = AccountRequest(fields.integer("reqId"), fields.take("account"))
    fields.take("modelCode")
    if ledger:
        fields.take("ledgerAndNLV")
    fields.end()
    return request


def summary(fields: Fields) -> SummaryRequest:
    """Read reqAccountSummary."""
    fields.take("version")
    request = SummaryRequest(
        fields.integer("reqId"), fields.take("group"), tuple(tag for tag in fields.take("tags").split(",") if tag)
    )
    fields.end()
    return request


def place_order(values: list[str], version: int) -> Record:
    """Read placeOrder (fields after the id); raise FieldError when one is missing or left over."""
    return decode(PLACE_ORDER, version, values)


def cancel_order(fields: Fields, version: int) -> int:
    """Read cancelOrder and return the order id."""
    fields.take("version")
    order_id = fields.integer("orderId")
    if version >= 169:
        fields.take("manualCancelOrderTime")
    fields.end()
    return order_id


def market_rule(fields: Fields) -> int:
    """Read reqMarketRule and return the rule id."""
    rule_id = fields.integer("ruleId")
    fields.end()
    return rule_id


def completed_orders(fields: Fields) -> bool:
    """Read reqCompletedOrders and return whether only orders of API clients are wanted."""
    only = read_bool(fields.take("apiOnly"), "apiOnly")
    fields.end()
    return only
