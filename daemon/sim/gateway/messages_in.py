"""Messages from a client to the gateway: fields in, typed requests out; no reader leaves a field over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from daemon.sim.gateway.codec import FieldError, Fields, read_bool, read_int
from daemon.sim.gateway.layout import Record, decode
from daemon.sim.gateway.order_layouts import PLACE_ORDER


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
    REAL_TIME_BARS = 50
    CANCEL_REAL_TIME_BARS = 51
    IMPLIED_VOLATILITY = 54
    OPTION_PRICE = 55
    CANCEL_IMPLIED_VOLATILITY = 56
    CANCEL_OPTION_PRICE = 57
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
    MATCHING_SYMBOLS = 81
    HEAD_TIMESTAMP = 87
    CANCEL_HEAD_TIMESTAMP = 90
    MARKET_RULE = 91
    PNL = 92
    CANCEL_PNL = 93
    PNL_SINGLE = 94
    CANCEL_PNL_SINGLE = 95
    TICK_BY_TICK = 97
    CANCEL_TICK_BY_TICK = 98
    COMPLETED_ORDERS = 99


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
class PnlRequest:
    """Follow the result of an account, or of one contract in it."""

    req_id: int
    account: str
    con_id: int | None


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


def number_alone(fields: Fields, name: str) -> int:
    """Read a message of one number, without a version."""
    value = fields.integer(name)
    fields.end()
    return value


def pnl(fields: Fields, *, single: bool = False) -> PnlRequest:
    """Read reqPnL, or with ``single`` reqPnLSingle."""
    req_id, account = fields.integer("reqId"), fields.take("account")
    fields.take("modelCode")
    con_id = fields.integer("conId") if single else None
    fields.end()
    return PnlRequest(req_id, account, con_id)


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


def completed_orders(fields: Fields) -> bool:
    """Read reqCompletedOrders and return whether only orders of API clients are wanted."""
    only = read_bool(fields.take("apiOnly"), "apiOnly")
    fields.end()
    return only
