"""What passes between the simulated exchange (pure) and its front ends.

The exchange knows nothing of sockets or of the wire's spelling; a front end turns these values into
messages. Prices are points x 100 in orders and executions and floats in points in market data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daemon.core.market.contracts import OptionContract, Underlying


class SecType(StrEnum):
    """Kinds of contract the exchange lists."""

    INDEX = "IND"
    STOCK = "STK"
    """Stocks and funds: whatever is held in shares."""
    OPTION = "OPT"
    FUTURE = "FUT"
    CASH = "CASH"
    """Currency pairs."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One listed contract; ``option`` is set for options, ``expiry`` also for futures (settlement date).

    Indexes and currency pairs are quoted and take no orders.
    """

    con_id: int
    sec_type: SecType
    symbol: str
    option: OptionContract | None
    expiry: date | None
    last_trade: date | None
    """Last trading session: the expiry for SPXW, the session before it for AM-settled classes."""
    local_symbol: str
    trading_class: str
    long_name: str
    exchange: str
    multiplier: int
    min_tick: float
    market_rule_id: int


@dataclass(frozen=True, slots=True)
class ContractQuery:
    """A contract as a client describes it; None is "not given"."""

    con_id: int | None = None
    symbol: str | None = None
    sec_type: str | None = None
    last_trade_or_month: str | None = None
    strike: float | None = None
    right: str | None = None
    trading_class: str | None = None
    exchange: str | None = None
    local_symbol: str | None = None


@dataclass(frozen=True, slots=True)
class ChainParams:
    """Expiries (last trading sessions, as the wire wants them) and strikes of one trading class."""

    trading_class: str
    underlying: Underlying
    underlying_con_id: int
    last_trades: tuple[date, ...]
    strikes: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SimGreeks:
    """Greeks of one option: iv as a fraction, vega per vol point, theta per calendar day."""

    iv: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    underlying: float


@dataclass(frozen=True, slots=True)
class SimQuote:
    """A quote in points; None where there is none. ``greeks`` are the model's, for options only."""

    con_id: int
    at: datetime
    bid: float | None
    ask: float | None
    bid_size: int
    ask_size: int
    last: float | None
    open: float | None
    high: float | None
    low: float | None
    previous_close: float | None
    greeks: SimGreeks | None


class BarSide(StrEnum):
    """What bars are made of."""

    TRADES = "TRADES"
    MIDPOINT = "MIDPOINT"
    BID = "BID"
    ASK = "ASK"


@dataclass(frozen=True, slots=True)
class SimBar:
    """One bar, in points."""

    start: datetime
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class SimLeg:
    """One leg of an order: the action is for buying the combo."""

    con_id: int
    ratio: int
    """Positive to buy, negative to sell, when the order itself is BUY."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it arrives. A combo has two or more legs; a single order has one leg of ratio 1."""

    client_id: int
    order_id: int
    action: str
    """``BUY`` or ``SELL``."""
    quantity: int
    order_type: str
    """``LMT`` or ``MKT``."""
    limit: float | None
    tif: str
    """``DAY`` or ``GTC``."""
    legs: tuple[SimLeg, ...]
    order_ref: str
    account: str
    raw: tuple[tuple[str, str], ...] = ()
    """Further fields of the wire that are echoed as they came."""


class SimStatus(StrEnum):
    """Order statuses as a gateway spells them."""

    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


@dataclass(frozen=True, slots=True)
class SimOrder:
    """An order at one moment."""

    request: OrderRequest
    perm_id: int
    status: SimStatus
    filled: int
    average_price: float
    """Net price for combos: negative for a credit received by BUY."""
    last_price: float
    submitted_at: datetime
    completed_at: datetime | None = None

    @property
    def remaining(self) -> int:
        """Return the quantity not filled."""
        return self.request.quantity - self.filled


@dataclass(frozen=True, slots=True)
class SimExecution:
    """One execution: of the combo as a whole (``con_id`` None) or of one contract."""

    exec_id: str
    perm_id: int
    client_id: int
    order_id: int
    order_ref: str
    account: str
    con_id: int | None
    side: str
    """``BOT`` or ``SLD``."""
    quantity: int
    price: float
    at: datetime
    cumulative: int
    average_price: float
    commission: float | None
    """Dollars; None for the combo as a whole."""
    realized_pnl: float | None


@dataclass(frozen=True, slots=True)
class SimPosition:
    """A position with its mark; ``average_cost`` includes multiplier and commission."""

    con_id: int
    quantity: int
    average_cost: float
    mark: float
    market_value: float
    unrealized_pnl: float
    realized_pnl: float


@dataclass(frozen=True, slots=True)
class SimAccount:
    """Account values in dollars."""

    net_liquidation: float
    total_cash: float
    option_market_value: float
    initial_margin: float
    maintenance_margin: float
    available_funds: float
    excess_liquidity: float
    buying_power: float
    realized_pnl: float
    unrealized_pnl: float


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Margin before and after an order, in dollars."""

    initial_before: float
    maintenance_before: float
    equity_before: float
    initial_after: float
    maintenance_after: float
    equity_after: float
    commission: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """A request about an order that is refused with a gateway's code and text."""

    client_id: int
    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """An order was accepted, changed, filled or ended; ``code`` and ``text`` go out as a message when set."""

    order: SimOrder
    code: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Executed:
    """An execution happened; for a combo the whole first, then each leg."""

    execution: SimExecution


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position changed by a fill or vanished after settlement (quantity 0)."""

    con_id: int
    quantity: int
    average_cost: float


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """Cash or margin changed."""


ExchangeEvent = Rejected | OrderChanged | Executed | PositionChanged | AccountChanged
