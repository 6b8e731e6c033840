"""A hand-made exchange with a few contracts and prices that a test sets, and a world around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.sim.exchange.api import (
    AccountChanged,
    BarSide,
    ChainParams,
    ContractQuery,
    ExchangeEvent,
    Executed,
    Listing,
    OrderChanged,
    OrderRequest,
    PositionChanged,
    Rejected,
    SecType,
    SimAccount,
    SimBar,
    SimExecution,
    SimGreeks,
    SimLeg,
    SimOrder,
    SimPosition,
    SimQuote,
    SimStatus,
    WhatIf,
)

NOON = datetime(2020, 3, 2, 17, 0, tzinfo=UTC)  # 12:00 in New York, a Monday
SPX, VIX = 416904, 13455763
EXPIRY = date(2020, 4, 1)
STRIKES = (2700.0, 2725.0, 3200.0, 3225.0)
PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG = 700001, 700002, 700003, 700004
VIX_CALL = 700010
CONDOR = (SimLeg(PUT_LONG, 1), SimLeg(PUT_SHORT, -1), SimLeg(CALL_SHORT, -1), SimLeg(CALL_LONG, 1))


def _index(con_id: int, symbol: str, name: str) -> Listing:
    return Listing(con_id, SecType.INDEX, symbol, None, None, None, symbol, symbol, name, "CBOE", 1, 0.01, 26)


def _option(con_id: int, contract: OptionContract, last_trade: date, rule: int) -> Listing:
    symbol = contract.underlying
    local = f"{contract.trading_class:<6}{contract.expiry:%y%m%d}{contract.right}{contract.strike_pts100 * 10:08d}"
    return Listing(
        con_id, SecType.OPTION, symbol, contract, contract.expiry, last_trade, local, contract.trading_class,
        f"{symbol} option", "SMART", 100, 0.05, rule,
    )  # fmt: skip


def _listings() -> dict[int, Listing]:
    spxw = [
        _option(con_id, OptionContract(TradingClass.SPXW, EXPIRY, round(strike * 100), right), EXPIRY, 109)
        for con_id, strike, right in zip(
            (PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG), STRIKES, (Right.PUT, Right.PUT, Right.CALL, Right.CALL),
            strict=True,
        )
    ]  # fmt: skip
    call = OptionContract(TradingClass.VIX, date(2020, 3, 18), 3500, Right.CALL)
    listed = [_index(SPX, "SPX", "S&P 500 Stock Index"), _index(VIX, "VIX", "CBOE Volatility Index \\ né"), *spxw]
    return {one.con_id: one for one in [*listed, _option(VIX_CALL, call, date(2020, 3, 17), 110)]}


@dataclass
class FakeExchange:
    """Fills a limit that reaches the natural price at once; others rest until a test moves the quotes."""

    now: datetime = NOON
    listed: dict[int, Listing] = field(default_factory=_listings)
    bid_ask: dict[int, tuple[float | None, float | None]] = field(
        default_factory=lambda: {
            PUT_LONG: (20.0, 20.4),
            PUT_SHORT: (22.0, 22.4),
            CALL_SHORT: (10.0, 10.4),
            CALL_LONG: (8.0, 8.4),
            VIX_CALL: (2.1, 2.3),
        }
    )
    last: dict[int, float] = field(default_factory=lambda: {SPX: 3090.23, VIX: 33.42})
    orders: dict[tuple[int, int], SimOrder] = field(default_factory=dict)
    fills: list[SimExecution] = field(default_factory=list)
    held: dict[int, tuple[int, float]] = field(default_factory=dict)
    pending: list[ExchangeEvent] = field(default_factory=list)
    cash: float = 1_000_000.0
    interest: dict[int, int] = field(default_factory=lambda: {VIX_CALL: 41_250, PUT_LONG: 812})
    advanced: int = 0
    quoted: int = 0
    next_at: datetime | None = None
    daily: dict[int, float] = field(default_factory=dict)

    def advance(self, to: datetime) -> list[ExchangeEvent]:
        self.advanced += 1
        self.now = to
        if self.next_at is not None and self.next_at <= to:
            self.next_at = None
        events, self.pending = self.pending, []
        for key, order in list(self.orders.items()):
            if order.status is SimStatus.SUBMITTED:
                events += self._match(key)
        return events

    def next_event_at(self) -> datetime | None:
        return self.next_at

    def submit(self, request: OrderRequest) -> list[ExchangeEvent]:
        key = (request.client_id, request.order_id)
        before = self.orders.get(key)
        if before is not None and before.status is not SimStatus.SUBMITTED:
            return [Rejected(*key, 104, "Cannot modify a filled order.")]
        if before is None and request.order_id < self.next_order_id(request.client_id):
            return [Rejected(*key, 103, "Duplicate order id")]
        if before is None:
            order = SimOrder(request, 1_500_000_000 + len(self.orders), SimStatus.SUBMITTED, 0, 0.0, 0.0, self.now)
        else:
            order = replace(before, request=request)
        self.orders[key] = order
        return [OrderChanged(order), *self._match(key)]

    def cancel(self, client_id: int, order_id: int) -> list[ExchangeEvent]:
        order = self.orders.get((client_id, order_id))
        if order is None:
            return [
                Rejected(client_id, order_id, 10147, f"OrderId {order_id} that needs to be cancelled is not found.")
            ]
        if order.status is not SimStatus.SUBMITTED:
            text = f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {order.status}."
            return [Rejected(client_id, order_id, 10148, text)]
        done = replace(order, status=SimStatus.CANCELLED, completed_at=self.now)
        self.orders[(client_id, order_id)] = done
        return [OrderChanged(done, 202, "Order Canceled - reason:")]

    def _match(self, key: tuple[int, int]) -> list[ExchangeEvent]:
        order = self.orders[key]
        sign = 1 if order.request.action == "BUY" else -1
        net = sum(sign * leg.ratio * self._side(leg.con_id, sign * leg.ratio) for leg in order.request.legs)
        limit = order.request.limit
        if limit is not None and net > sign * limit + 1e-9:
            return []
        return self._fill(key, round(sign * net, 2))

    def _side(self, con_id: int, direction: int) -> float:
        bid, ask = self.bid_ask[con_id]
        price = ask if direction > 0 else bid
        return 1e6 if price is None else price

    def _fill(self, key: tuple[int, int], price: float) -> list[ExchangeEvent]:
        order = self.orders[key]
        request, quantity = order.request, order.remaining
        done = replace(
            order, status=SimStatus.FILLED, filled=request.quantity, average_price=price, last_price=price,
            completed_at=self.now,
        )  # fmt: skip
        self.orders[key] = done
        executions = self._executions(done, quantity, price)
        self.fills += executions
        events: list[ExchangeEvent] = [Executed(one) for one in executions]
        events.append(OrderChanged(done))
        moved = [
            self._book(one.con_id, one.quantity if one.side == "BOT" else -one.quantity, one.price)
            for one in executions
            if one.con_id is not None
        ]
        return [*events, *moved, AccountChanged()]

    def _executions(self, order: SimOrder, quantity: int, price: float) -> list[SimExecution]:
        request = order.request
        sign = 1 if request.action == "BUY" else -1
        stem = f"0000e0d5.{order.perm_id:x}"
        whole = SimExecution(
            f"{stem}.01.01", order.perm_id, request.client_id, request.order_id, request.order_ref, request.account,
            None, "BOT" if sign > 0 else "SLD", quantity, price, self.now, order.filled, price, None, None,
        )  # fmt: skip
        legs = [
            replace(
                whole,
                exec_id=f"{stem}.{number:02d}.01",
                con_id=leg.con_id,
                side="BOT" if sign * leg.ratio > 0 else "SLD",
                quantity=quantity * abs(leg.ratio),
                price=self._side(leg.con_id, sign * leg.ratio),
                commission=1.0657,
                realized_pnl=0.0,
            )
            for number, leg in enumerate(request.legs, start=2)
        ]
        return [whole, *legs] if len(legs) > 1 else [replace(legs[0], exec_id=f"{stem}.01.01", price=price)]

    def _book(self, con_id: int, change: int, price: float) -> PositionChanged:
        quantity, cost = self.held.get(con_id, (0, 0.0))
        quantity += change
        self.held[con_id] = (quantity, price * 100)
        self.cash -= change * price * 100
        return PositionChanged(con_id, quantity, price * 100 if quantity else cost)

    def what_if(self, request: OrderRequest) -> WhatIf | Rejected:
        return WhatIf(0.0, 0.0, 1_000_000.0, 2350.0, 2350.0, 999_995.74, 4.2628)

    def listings(self, query: ContractQuery) -> list[Listing]:
        return [one for one in self.listed.values() if _fits(query, one)]

    def spots(self) -> list[Listing]:
        return [one for one in self.listed.values() if one.expiry is None]

    def listing(self, con_id: int) -> Listing | None:
        return self.listed.get(con_id)

    def chain_params(self, underlying: Underlying) -> list[ChainParams]:
        if underlying is Underlying.VIX:
            return [ChainParams("VIX", underlying, VIX, (date(2020, 3, 17),), (35.0,))]
        return [ChainParams("SPXW", underlying, SPX, (EXPIRY,), STRIKES)]

    def quotes(self, con_ids: Sequence[int]) -> list[SimQuote]:
        self.quoted += 1
        return [self._quote(con_id) for con_id in con_ids]

    def _quote(self, con_id: int) -> SimQuote:
        if con_id in self.last:
            level = self.last[con_id]
            return SimQuote(con_id, self.now, None, None, 0, 0, level, 2974.28, 3090.96, 2945.19, 2954.22, None)
        bid, ask = self.bid_ask[con_id]
        mid = ((bid or 0.0) + (ask or 0.0)) / 2
        greeks = SimGreeks(0.32, mid, -0.12, 0.0004, 2.5, -0.9, 3085.5)
        return SimQuote(
            con_id, self.now, bid, ask, 0 if bid is None else 31, 0 if ask is None else 27, None, None, None, None, None,
            greeks,
        )  # fmt: skip

    def open_interest(self, con_id: int) -> int | None:
        return self.interest.get(con_id)

    def volume(self, con_id: int) -> int | None:
        return None if con_id in self.last else 4_321

    def volatilities(self, con_id: int) -> tuple[float, float] | None:
        return (0.21, 0.33) if con_id in self.last else None

    def combo_quote(self, legs: Sequence[SimLeg]) -> SimQuote:
        natural = sum(leg.ratio * self._side(leg.con_id, leg.ratio) for leg in legs)
        other = sum(leg.ratio * self._side(leg.con_id, -leg.ratio) for leg in legs)
        return SimQuote(
            0, self.now, round(other, 2), round(natural, 2), 1, 1, None, None, None, None, None, None
        )  # fmt: skip

    def bars(self, con_id: int, end: datetime, minutes: int, count: int, side: BarSide) -> list[SimBar]:
        step = timedelta(minutes=minutes)
        if con_id not in self.last:
            return []
        level = self.last[con_id]
        first = end - step * min(count, 30)
        return [SimBar(first + step * n, level, level + 1, level - 1, level + 0.5) for n in range(min(count, 30))]

    def first_bar_at(self, con_id: int) -> datetime | None:
        return datetime(2019, 11, 1, 13, 30, tzinfo=UTC) if con_id in self.last else None

    def option_at_vol(self, con_id: int, underlying_pts: float, vol: float) -> SimGreeks:
        return SimGreeks(vol, 100 * vol, 0.5, 0.01, 1.5, -0.5, underlying_pts)

    def option_vol(self, con_id: int, underlying_pts: float, price_pts: float) -> float:
        return price_pts / 100 if price_pts < 1000 else math.nan

    def daily_pnl(self) -> dict[int, float]:
        return dict(self.daily)

    def account(self) -> SimAccount:
        return SimAccount(
            net_liquidation=self.cash + sum(one.market_value for one in self.positions()),
            total_cash=self.cash,
            option_market_value=sum(one.market_value for one in self.positions()),
            initial_margin=2350.0,
            maintenance_margin=2350.0,
            available_funds=self.cash - 2350,
            excess_liquidity=self.cash - 2350,
            buying_power=4 * (self.cash - 2350),
            realized_pnl=0.0,
            unrealized_pnl=0.0,
        )

    def positions(self) -> list[SimPosition]:
        found = []
        for con_id, (quantity, cost) in self.held.items():
            bid, ask = self.bid_ask[con_id]
            mark = ((bid or 0.0) + (ask or 0.0)) / 2
            value = quantity * mark * 100
            if quantity:
                found.append(SimPosition(con_id, quantity, cost, mark, value, value - quantity * cost, 0.0))
        return found

    def open_orders(self) -> list[SimOrder]:
        return [one for one in self.orders.values() if one.status is SimStatus.SUBMITTED]

    def completed_orders(self) -> list[SimOrder]:
        return [one for one in self.orders.values() if one.status is not SimStatus.SUBMITTED]

    def executions(self) -> list[SimExecution]:
        return list(self.fills)

    def next_order_id(self, client_id: int) -> int:
        return max((order_id for client, order_id in self.orders if client == client_id), default=0) + 1

    def market_rule(self, rule_id: int) -> tuple[tuple[float, float], ...]:
        return {109: ((0.0, 0.05), (3.0, 0.1)), 110: ((0.0, 0.01), (3.0, 0.05)), 26: ((0.0, 0.01),)}[rule_id]

    def dump(self) -> dict[str, Any]:
        return {"orders": len(self.orders), "fills": len(self.fills)}


def _fits(query: ContractQuery, one: Listing) -> bool:
    strike = one.option.strike if one.option else None
    right = str(one.option.right) if one.option else None
    expiry = f"{one.last_trade:%Y%m%d}" if one.last_trade else None
    pairs: tuple[tuple[object, object], ...] = (
        (query.con_id, one.con_id),
        (query.symbol, one.symbol),
        (query.sec_type, str(one.sec_type)),
        (query.last_trade_or_month, expiry),
        (query.strike, strike),
        (query.right, right),
        (query.trading_class, one.trading_class),
        (query.local_symbol, one.local_symbol),
    )
    return all(wanted is None or wanted == found for wanted, found in pairs)


@dataclass
class FakeClock:
    """A clock that a test sets."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
