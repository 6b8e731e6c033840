"""What the gateway needs of the exchange behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from daemon.core.market.contracts import Underlying
from daemon.sim.exchange.api import (
    BarSide,
    ChainParams,
    ContractQuery,
    ExchangeEvent,
    Listing,
    OrderRequest,
    Rejected,
    SimAccount,
    SimBar,
    SimExecution,
    SimGreeks,
    SimLeg,
    SimOrder,
    SimPosition,
    SimQuote,
    WhatIf,
)


class ExchangePort(Protocol):
    """A simulated exchange; its time moves only by ``advance``."""

    def advance(self, to: datetime, /) -> list[ExchangeEvent]:
        """Move on to an instant and return what happened on the way."""
        ...

    def next_event_at(self) -> datetime | None:
        """Return when something may happen by itself, None when nothing will."""
        ...

    def submit(self, request: OrderRequest, /) -> list[ExchangeEvent]:
        """Take a new order, or a modification of a working one."""
        ...

    def cancel(self, client_id: int, order_id: int, /) -> list[ExchangeEvent]:
        """Cancel a working order."""
        ...

    def what_if(self, request: OrderRequest, /) -> WhatIf | Rejected:
        """Return the margin an order would need."""
        ...

    def listings(self, query: ContractQuery, /) -> list[Listing]:
        """Return the contracts that fit a description."""
        ...

    def listing(self, con_id: int, /) -> Listing | None:
        """Return one contract."""
        ...

    def spots(self) -> list[Listing]:
        """Return everything listed that has no expiry."""
        ...

    def chain_params(self, underlying: Underlying, /) -> list[ChainParams]:
        """Return expiries and strikes by trading class."""
        ...

    def quotes(self, con_ids: Sequence[int], /) -> list[SimQuote]:
        """Return the quotes of some contracts, in their order."""
        ...

    def open_interest(self, con_id: int, /) -> int | None:
        """Return the open contracts of an option as counted the night before; None of what is no option."""
        ...

    def volume(self, con_id: int, /) -> int | None:
        """Return what has traded of a contract so far in its session; None of what is not traded."""
        ...

    def volatilities(self, con_id: int, /) -> tuple[float, float] | None:
        """Return historical and implied volatility a year, as fractions; None where they are not known."""
        ...

    def combo_quote(self, legs: Sequence[SimLeg], /) -> SimQuote:
        """Return the quote of a combo."""
        ...

    def bars(self, con_id: int, end: datetime, minutes: int, count: int, side: BarSide, /) -> list[SimBar]:
        """Return the last ``count`` bars before an instant; 1440 minutes are daily bars."""
        ...

    def first_bar_at(self, con_id: int, /) -> datetime | None:
        """Return when the earliest bar of a contract starts; None when it has no bars."""
        ...

    def option_at_vol(self, con_id: int, underlying_pts: float, vol: float, /) -> SimGreeks:
        """Value an option at a volatility, its forward being what a client says."""
        ...

    def option_vol(self, con_id: int, underlying_pts: float, price_pts: float, /) -> float:
        """Return the volatility that gives an option a price; NaN where none does."""
        ...

    def daily_pnl(self) -> dict[int, float]:
        """Return by contract what was gained or lost since midnight in New York, in dollars."""
        ...

    def account(self) -> SimAccount:
        """Return the account values."""
        ...

    def positions(self) -> list[SimPosition]:
        """Return the positions with their marks."""
        ...

    def open_orders(self) -> list[SimOrder]:
        """Return the working orders."""
        ...

    def completed_orders(self) -> list[SimOrder]:
        """Return the orders of today that are over."""
        ...

    def executions(self) -> list[SimExecution]:
        """Return the executions since midnight in New York."""
        ...

    def next_order_id(self, client_id: int, /) -> int:
        """Return the next order id of a client."""
        ...

    def market_rule(self, rule_id: int, /) -> tuple[tuple[float, float], ...]:
        """Return the price steps of a rule: (lower edge, increment)."""
        ...

    def dump(self) -> dict[str, Any]:
        """Return the whole state, ready for JSON."""
        ...
