"""What passes between the library and the rest of the adapter: the gateway's messages as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from daemon.adapters.ib.readings import number


@dataclass(frozen=True, slots=True)
class WireContract:
    """A contract as the gateway spells it; ``last_trade`` is the date of the last trading session."""

    con_id: int
    sec_type: str
    symbol: str
    last_trade: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One answer to a request for contract details."""

    contract: WireContract
    real_expiration: str
    min_tick: float
    exchanges: tuple[str, ...]
    rule_ids: tuple[str, ...]
    time_zone: str = ""
    liquid_hours: str = ""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One answer to a request for option parameters."""

    exchange: str
    trading_class: str
    multiplier: str
    last_trades: tuple[str, ...]
    strikes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BarRow:
    """One historical bar; ``at`` is a date text or epoch seconds as text."""

    at: str
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class OpenOrderRow:
    """An open order as the gateway shows it; ``echo`` is the library's contract, to be sent back unchanged."""

    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    account: str
    action: str
    quantity: int
    tif: str
    is_combo: bool
    status: str
    echo: Any


@dataclass(frozen=True, slots=True)
class StatusRow:
    """An order status."""

    order_id: int
    client_id: int
    perm_id: int
    status: str
    filled: int
    remaining: int
    why_held: str


@dataclass(frozen=True, slots=True)
class CompletedRow:
    """An order that ended today; the gateway tells no order id."""

    perm_id: int
    order_ref: str
    account: str
    status: str
    quantity: float
    filled: float
    text: str


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """One execution; ``request_id`` is -1 when it was not asked for."""

    request_id: int
    order_id: int
    client_id: int
    perm_id: int
    exec_id: str
    order_ref: str
    account: str
    contract: WireContract
    side: str
    shares: float
    price: float
    at: datetime


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """The answer to a what-if order; texts because unset comes in several spellings."""

    initial_change: str
    maintenance_change: str
    initial_after: str
    maintenance_after: str
    commission: float
    commission_max: float

    @property
    def known(self) -> bool:
        """Whether the margins are set."""
        return number(self.initial_change) is not None or number(self.initial_after) is not None


@dataclass(frozen=True, slots=True)
class GreeksRow:
    """An option computation with -1 and -2 as the gateway sent them."""

    iv: float
    delta: float
    gamma: float
    vega: float
    theta: float
    underlying: float


@dataclass(frozen=True, slots=True)
class LegOrder:
    """One leg of a combo: positive ratio buys when the order buys."""

    con_id: int
    ratio: int


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """A limit order in the gateway's words."""

    action: str
    quantity: int
    limit: float
    tif: str
    order_ref: str
    account: str


@dataclass(frozen=True, slots=True)
class OptionQuery:
    """An option or a future to look up."""

    sec_type: str
    symbol: str
    trading_class: str
    expires: str
    """The last trading session of an option, the month of a future."""
    strike: float
    right: str
    multiplier: str
    exchange: str


class Inbox(Protocol):
    """Takes every message of the gateway that means something to us."""

    def managed_accounts(self, accounts: tuple[str, ...]) -> None:
        """Take the accounts of the login."""

    def message(self, request_id: int, code: int, text: str) -> None:
        """Take an error, warning or information."""

    def ended(self, kind: str) -> None:
        """Take the end of an answer to a request that carries no id."""

    def ended_id(self, request_id: int) -> None:
        """Take the end of an answer to a request with an id."""

    def row(self, key: int | str, row: object) -> None:
        """Take one row of an answer."""

    def position(self, account: str, contract: WireContract, quantity: float, average_cost: float | None) -> None:
        """Take a position, asked for or streamed."""

    def mark(self, account: str, con_id: int, quantity: float, price: float) -> None:
        """Take a portfolio value."""

    def account_value(self, account: str, key: str, value: str, currency: str) -> None:
        """Take a streamed account value."""

    def open_order(self, row: OpenOrderRow) -> None:
        """Take an open order."""

    def order_status(self, row: StatusRow) -> None:
        """Take an order status."""

    def execution(self, row: ExecutionRow) -> None:
        """Take an execution."""

    def commission(self, exec_id: str, amount: float, currency: str) -> None:
        """Take a commission report."""

    def tick_price(self, request_id: int, tick: int, price: float, size: float) -> None:
        """Take a price of a market-data line."""

    def tick_size(self, request_id: int, tick: int, size: float) -> None:
        """Take a size of a market-data line."""

    def tick_greeks(self, request_id: int, tick: int, row: GreeksRow) -> None:
        """Take an option computation of a market-data line."""

    def data_kind(self, request_id: int, kind: int) -> None:
        """Take the market-data type of a line."""

    def unreadable(self, text: str) -> None:
        """Learn that a message could not be read."""

    def closed(self, text: str) -> None:
        """Learn that the connection was lost."""


class Kind:
    """Names of the answers that carry no request id."""

    POSITIONS = "positions"
    OPEN_ORDERS = "open orders"
    COMPLETED_ORDERS = "completed orders"
    ACCOUNT_VALUES = "account values"
    ACCOUNT_VALUES_MULTI = "account values by account"
    EXECUTIONS = "executions"
    CURRENT_TIME = "current time"

    @staticmethod
    def market_rule(rule_id: int) -> str:
        """Return the name of the answer about one market rule."""
        return f"market rule {rule_id}"


START_UP: tuple[str, ...] = (
    Kind.POSITIONS,
    Kind.OPEN_ORDERS,
    Kind.COMPLETED_ORDERS,
    Kind.ACCOUNT_VALUES,
    Kind.ACCOUNT_VALUES_MULTI,
    Kind.EXECUTIONS,
)
"""Every answer that has to end before a connection counts as synchronised."""
