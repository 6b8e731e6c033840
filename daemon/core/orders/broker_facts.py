"""Facts that a broker reports, in our own words. The adapter makes them; engine and book read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.intent import OrderRef, PermId

PAPER_PREFIXES: Final = ("DU", "DF", "DI")
"""How the ids of Interactive Brokers' paper accounts begin."""

ExecId = NewType("ExecId", str)
"""The broker's text of one execution, with its correction number after the last dot."""


def exec_stem(exec_id: ExecId) -> tuple[str, int]:
    """Split an execution id into the stem that identifies it and its revision; the highest revision wins."""
    stem, _, revision = exec_id.rpartition(".")
    return (stem, int(revision)) if stem and revision.isdigit() else (exec_id, 0)


class OrderStatus(StrEnum):
    """What a gateway says of an order; Inactive alone proves nothing."""

    PENDING = "pending"
    WORKING = "working"
    FILLED = "filled"
    CANCELLED = "cancelled"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class OrderFact:
    """An order as the broker shows it: live, in a list of open orders, or in the completed ones."""

    order_ref: OrderRef | None
    perm_id: PermId
    status: OrderStatus
    filled: int
    remaining: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class ExecutionFact:
    """One fill of one leg (or of the combo as a whole, ``contract`` None): quantity signed, positive bought."""

    exec_id: ExecId
    order_ref: OrderRef | None
    perm_id: PermId
    con_id: ConId
    contract: OptionContract | None
    is_combo: bool
    quantity: int
    price_pts100: int
    at: datetime
    description: str = ""


@dataclass(frozen=True, slots=True)
class FeeFact:
    """The commission report of one execution, in 1/10,000 dollar, positive when we pay."""

    exec_id: ExecId
    fee_usd_e4: int


@dataclass(frozen=True, slots=True)
class OrderMessage:
    """An error or warning of the gateway about one of our orders."""

    order_ref: OrderRef
    code: int
    text: str


class LinkState(StrEnum):
    """State of the connection to the broker."""

    DOWN = "DOWN"
    CONNECTING = "CONNECTING"
    SYNCING = "SYNCING"
    SYNCED = "SYNCED"
    DEGRADED = "DEGRADED"


@dataclass(frozen=True, slots=True)
class LinkFact:
    """A change of the connection."""

    state: LinkState
    text: str


@dataclass(frozen=True, slots=True)
class NoticeFact:
    """A message of the gateway that belongs to no order."""

    code: int
    text: str


BrokerFact = OrderFact | ExecutionFact | FeeFact | OrderMessage | LinkFact | NoticeFact


@dataclass(frozen=True, slots=True)
class PositionFact:
    """A position of the account; ``contract`` is None for anything that is not an SPX or VIX option."""

    con_id: ConId
    contract: OptionContract | None
    quantity: int
    description: str
    cost_pts100: int | None = None
    """What the account says that it paid for one, in points x 100, commissions included; None where it says nothing."""


@dataclass(frozen=True, slots=True)
class AccountValues:
    """Account values in whole cents."""

    net_liquidation_usd_cents: int
    total_cash_usd_cents: int
    initial_margin_usd_cents: int
    maintenance_margin_usd_cents: int
    available_funds_usd_cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Margin:
    """A what-if answer in whole cents; None where the broker left it unset, never zero."""

    initial_change_usd_cents: int | None
    maintenance_change_usd_cents: int | None
    initial_after_usd_cents: int | None
    maintenance_after_usd_cents: int | None
    commission_usd_e4: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A complete, consistent answer of the broker: every request ended and no execution came in between."""

    at: datetime
    positions: tuple[PositionFact, ...]
    open_orders: tuple[OrderFact, ...]
    completed_orders: tuple[OrderFact, ...]
    executions: tuple[ExecutionFact, ...]
    fees: tuple[FeeFact, ...]
    account: AccountValues | None
    """None while the gateway does not tell all of them."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What a new connection told about itself."""

    account: str
    server_version: int
    simulated: bool
    gateway_time: datetime
