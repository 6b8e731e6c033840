"""The simulated exchange: time moves by ``advance`` alone, everything that is due happens in order.

Nothing is polled. When an order arrives or a session opens, the first minute at which the order fills is computed over
the whole rest of the session; until then the order costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import NEW_YORK, new_york, new_york_date, next_session
from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.sim.exchange import con_ids, texts
from daemon.sim.exchange.account import AccountView
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
from daemon.sim.exchange.bars import first_bar_at, price_bars
from daemon.sim.exchange.config import ExchangeConfig
from daemon.sim.exchange.daily import daily_pnl_usd
from daemon.sim.exchange.fills import fill_order
from daemon.sim.exchange.ledger import Lot
from daemon.sim.exchange.listings import MARKET_RULES, Listings, listing, spots
from daemon.sim.exchange.matching import uniform
from daemon.sim.exchange.orders import Due, Refusal, Working, refusal, window
from daemon.sim.exchange.planner import Planner
from daemon.sim.exchange.quoter import Quoter
from daemon.sim.exchange.state import State, dump_state, new_state, restored_state
from daemon.sim.exchange.volatility import volatilities
from daemon.sim.exchange.volume import volume
from daemon.sim.market import Market

_FIRST_PERM_ID: Final = 1_000_000_000
_PERM_IDS: Final = 900_000_000
_INSTANTS_MAX: Final = 1_000_000


class Exchange:
    """One account on one market. ``state`` is an earlier ``dump()``; the exchange then continues from there."""

    def __init__(self, market: Market, config: ExchangeConfig, state: Mapping[str, Any] | None, now: datetime) -> None:
        self._market = market
        self._config = config
        self._quoter = Quoter(market)
        self._planner = Planner(self._quoter, config)
        self._listings = Listings(market)
        self._state: State = restored_state(state, now) if state is not None else new_state(config, now)
        self._view = AccountView(self._state.ledger, self._quoter, config)
        self._today = new_york_date(self._state.now)
        self._midnight = _next_midnight(self._state.now)
        self._next: datetime | None = None
        self._next_known = False

    # Time

    @property
    def now(self) -> datetime:
        """Return the exchange's time."""
        return self._state.now

    def next_event_at(self) -> datetime | None:
        """Return when something happens next without a new request; None when nothing will."""
        if not self._next_known:
            self._next, self._next_known = self._earliest(), True
        return self._next

    def advance(self, to: datetime) -> list[ExchangeEvent]:
        """Move time forward and return what happened on the way, in order of time."""
        if to < self._state.now:
            raise ValueError(
                f"the exchange is at {self._state.now.isoformat()} and cannot go back to {to.isoformat()}."
            )
        events: list[ExchangeEvent] = []
        for _ in range(_INSTANTS_MAX):
            at = self.next_event_at()
            if at is None or at > to:
                self._move(to)
                return events
            self._move(max(at, self._state.now))
            self._next_known = False
            events += _account_last(self._happen())
        raise AssertionError(f"more than {_INSTANTS_MAX} instants before {to.isoformat()}: time does not advance")

    def _move(self, to: datetime) -> None:
        self._state.now = to
        if to >= self._midnight:
            self._start_date()

    def _start_date(self) -> None:
        """Forget what a gateway shows for the current day only."""
        state = self._state
        self._today = today = new_york_date(state.now)
        self._midnight = _next_midnight(state.now)
        state.executions = [execution for execution in state.executions if new_york_date(execution.at) == today]
        state.completed = [order for order in state.completed if _ended_on(order, today)]
        state.realized_before_e4 = state.ledger.realized_e4
        state.ledger.forget_flat()

    def _earliest(self) -> datetime | None:
        state = self._state
        times = [order.due_at for order in state.working.values()]
        times += [self._position_due(con_id) for con_id in state.ledger.open_lots() if con_id not in con_ids.SHARE_OF]
        times += [receivable.at for receivable in state.ledger.receivables]
        return min(times, default=None)

    def _position_due(self, con_id: int) -> datetime:
        settles, vanishes = _expiry_instants(con_id, self._config.vanish_at)
        return settles if self._state.ledger.lots[con_id].settled_pts100 is None else vanishes

    def _happen(self) -> list[ExchangeEvent]:
        """Do everything that is due at this instant: cash, expired positions, settlements, then orders."""
        now = self._state.now
        events = self._book_cash(now)
        for con_id in tuple(self._state.ledger.open_lots()):
            if con_id not in con_ids.SHARE_OF and self._position_due(con_id) <= now:
                events += self._expire(con_id)
        due = [order for order in self._state.working.values() if order.due_at <= now]
        for order in [order for order in due if order.due is Due.END]:
            events += self._end(order, SimStatus.CANCELLED, 202, texts.CANCELLED)
        events += self._start([order for order in due if order.due is Due.START])
        for order in due:
            if order.due is Due.FILL and order.due_at <= now:
                events += self._fill(order)
        return events

    # Orders

    def submit(self, request: OrderRequest) -> list[ExchangeEvent]:
        """Take a new order, or change the working one of the same client and number."""
        self._next_known = False
        key = (request.client_id, request.order_id)
        if key in self._state.working:
            return self._modify(self._state.working[key], request)
        refused = self._id_refusal(request)
        if refused is None:
            self._state.last_order_ids[request.client_id] = request.order_id
            refused = self._refusal(request)
        if refused is not None:
            return [_rejected(request, refused)]
        return self._accept(request)

    def _id_refusal(self, request: OrderRequest) -> Refusal | None:
        done = self._completed(request.client_id, request.order_id)
        if done is not None and done.status is SimStatus.FILLED:
            return Refusal(104, "Cannot modify a filled order.")
        if request.order_id < self.next_order_id(request.client_id):
            return Refusal(103, "Duplicate order id")
        return None

    def _refusal(self, request: OrderRequest) -> Refusal | None:
        refused = refusal(request, account=self._config.account, at=self._state.now)
        if refused is None and self._config.check_funds:
            after = self._view.what_if(request, self._state.now)
            needs = after.initial_after > after.initial_before or after.equity_after < after.equity_before
            if needs and after.equity_after < after.initial_after:
                return Refusal(201, texts.funds_text(after))
        return refused

    def _accept(self, request: OrderRequest) -> list[ExchangeEvent]:
        state = self._state
        hours = window(request.legs, state.now)
        assert hours is not None, "an expired contract was refused before"
        order = Working(
            request=replace(request, account=self._config.account),
            perm_id=self._next_perm_id(),
            status=SimStatus.PRE_SUBMITTED,
            submitted_at=state.now,
            due=Due.START,
            due_at=hours[0],
        )
        state.working[order.key] = order
        if state.now < hours[0]:
            return [OrderChanged(order.view(), 399, texts.waiting_text(request, hours[0]))]
        accepted = OrderChanged(order.view())
        order.status = SimStatus.SUBMITTED
        self._plan(order, state.now + timedelta(milliseconds=self._config.fill_latency_ms))
        return [accepted, OrderChanged(order.view())]

    def _modify(self, order: Working, request: OrderRequest) -> list[ExchangeEvent]:
        same = order.request.legs == request.legs and order.request.action == request.action
        if not same:
            return [_rejected(request, Refusal(105, "Order being modified does not match original order."))]
        refused = refusal(request, account=self._config.account, at=self._state.now)
        if refused is None and request.quantity <= order.filled:
            refused = Refusal(201, "Order rejected - reason: The new quantity is already filled.")
        if refused is not None:
            return [_rejected(request, refused)]
        order.request = replace(request, account=self._config.account)
        if order.status is SimStatus.SUBMITTED:
            hours = window(request.legs, self._state.now)
            assert hours is not None, "an expired contract was refused before"
            if self._state.now >= hours[0]:
                self._plan(order, self._state.now + timedelta(milliseconds=self._config.fill_latency_ms))
        return [OrderChanged(order.view())]

    def cancel(self, client_id: int, order_id: int) -> list[ExchangeEvent]:
        """Cancel a working order; a done or unknown one is refused with 10148 or 10147."""
        order = self._state.working.get((client_id, order_id))
        if order is not None:
            self._next_known = False
            return self._end(order, SimStatus.CANCELLED, 202, texts.CANCELLED)
        done = self._completed(client_id, order_id)
        if done is None:
            return [Rejected(client_id, order_id, 10147, texts.not_found_text(order_id))]
        return [Rejected(client_id, order_id, 10148, texts.not_cancellable_text(order_id, done.status))]

    def what_if(self, request: OrderRequest) -> WhatIf | Rejected:
        """Return margin before and after an order without sending it."""
        refused = refusal(request, account=self._config.account, at=self._state.now)
        return _rejected(request, refused) if refused else self._view.what_if(request, self._state.now)

    def _completed(self, client_id: int, order_id: int) -> Working | None:
        return next((order for order in self._state.completed if order.key == (client_id, order_id)), None)

    def _next_perm_id(self) -> int:
        self._state.orders_seen += 1
        start = int(uniform(self._config.seed, 1) * _PERM_IDS)
        return _FIRST_PERM_ID + (start + self._state.orders_seen) % _PERM_IDS

    def _end(self, order: Working, status: SimStatus, code: int | None, text: str) -> list[ExchangeEvent]:
        order.status, order.completed_at, order.ahead = status, self._state.now, None
        del self._state.working[order.key]
        self._state.completed.append(order)
        return [OrderChanged(order.view(), code, text)]

    def _start(self, orders: Sequence[Working]) -> list[ExchangeEvent]:
        """Begin the session for orders that waited for it; their fills are found together."""
        if not orders:
            return []
        events: list[ExchangeEvent] = []
        for order in orders:
            if order.status is SimStatus.PRE_SUBMITTED:
                order.status = SimStatus.SUBMITTED
                events.append(OrderChanged(order.view()))
        self._planner.look_ahead(orders, new_york_date(self._state.now), 0)
        for order in orders:
            self._plan(order, self._state.now)
        return events

    # Matching

    def _plan(self, order: Working, earliest: datetime) -> None:
        """Set what happens next to a working order: a fill, its end, or the next session."""
        hours = window(order.request.legs, self._state.now)
        assert hours is not None, "orders end with their contracts"
        fills_at = self._planner.first_fill_at(order, max(earliest, hours[0]), hours[1])
        if fills_at is not None:
            order.due, order.due_at = Due.FILL, fills_at
            return
        after = window(order.request.legs, hours[1])
        if order.request.tif == "DAY" or after is None:
            order.due, order.due_at = Due.END, hours[1]
        else:
            order.due, order.due_at = Due.START, after[0]

    def _fill(self, order: Working) -> list[ExchangeEvent]:
        """Fill an order whose time has come, whole or in part."""
        now = self._state.now
        prices = self._planner.prices_at(order, now)
        if prices is None:
            self._plan(order, now + timedelta(minutes=1))
            return []
        net, legs = prices
        self._state.fills_seen += 1
        reports = fill_order(
            order,
            self._state.ledger,
            self._config,
            quantity=self._fill_quantity(order),
            net_pts100=net,
            leg_pts100=legs,
            at=now,
            number=self._state.fills_seen,
        )
        self._state.executions += [report.execution for report in reports if isinstance(report, Executed)]
        if order.remaining == 0:
            return [*reports, *self._end(order, SimStatus.FILLED, None, ""), AccountChanged()]
        self._plan(order, now + timedelta(seconds=self._config.partial_rest_s))
        return [*reports, OrderChanged(order.view()), AccountChanged()]

    def _fill_quantity(self, order: Working) -> int:
        left = order.remaining
        key = (self._config.seed, order.draw_key, order.fills)
        if left == 1 or uniform(*key, 1) >= self._config.partial_probability:
            return left
        return 1 + int(uniform(*key, 2) * (left - 1))

    # Expiry

    def settlement_value(self, trading_class: TradingClass, expiry: date) -> float | None:
        """Return the final value of a series in points, or None before it is fixed."""
        if self._state.now < settlement_at(trading_class, expiry):
            return None
        facts = self._market.history.facts(expiry)
        if trading_class is TradingClass.SPXW:
            return facts.spx.close
        if trading_class.underlying.is_fund:
            return self._market.index(trading_class.underlying, settlement_at(trading_class, expiry))
        return facts.spx.open if trading_class is TradingClass.SPX else self._market.soq(expiry)

    def _expire(self, con_id: int) -> list[ExchangeEvent]:
        """Settle a position, or remove it once it is settled; no execution is reported.

        An option on a fund that ends in the money is exercised: it pays its value as others do, and the shares come in
        at the close, which together is what the strike costs.
        """
        contract = _contract(con_id)
        ledger = self._state.ledger
        if ledger.lots[con_id].settled_pts100 is not None:
            shares = self._exercise(contract, ledger.lots[con_id])
            ledger.vanish(con_id, new_york(next_session(contract.expiry), self._config.vanish_at))
            return [PositionChanged(con_id, 0, 0.0), *shares, *self._book_cash(self._state.now)]
        value = self.settlement_value(contract.trading_class, contract.expiry)
        assert value is not None, "positions settle when their value is fixed"
        ledger.settle(con_id, _intrinsic_pts100(contract, value))
        return [AccountChanged()]

    def _exercise(self, contract: OptionContract, lot: Lot) -> list[ExchangeEvent]:
        """Take or deliver the shares of options on a fund, at the price that settled them."""
        if not contract.underlying.is_fund or not lot.settled_pts100:
            return []
        fund_id, side = con_ids.FUND_CON_IDS[contract.underlying], contract.right.outward
        close_pts100 = contract.strike_pts100 + side * lot.settled_pts100
        shares = side * lot.quantity * contract.multiplier
        self._state.ledger.fill(fund_id, shares, price_pts100=close_pts100, commission_e4=0, multiplier=1)
        held = self._state.ledger.lots[fund_id]
        return [PositionChanged(fund_id, held.quantity, held.average_cost)]

    def _book_cash(self, now: datetime) -> list[ExchangeEvent]:
        before = self._state.ledger.cash_e4
        self._state.ledger.book_cash(now)
        return [AccountChanged()] if self._state.ledger.cash_e4 != before else []

    # Questions

    def listings(self, query: ContractQuery) -> list[Listing]:
        """Return the contracts that fit a description and still trade."""
        return self._listings.find(query, self._state.now)

    def spots(self) -> list[Listing]:
        """Return everything listed that has no expiry."""
        return spots()

    def listing(self, con_id: int) -> Listing | None:
        """Return the contract of a number, expired ones too; None when there is none."""
        return listing(con_id, self._today)

    def chain_params(self, underlying: Underlying) -> list[ChainParams]:
        """Return expiries and strikes of each class on an underlying."""
        return self._listings.chain_params(underlying, self._state.now)

    def market_rule(self, rule_id: int) -> tuple[tuple[float, float], ...]:
        """Return a price rule as (from price, step); empty when there is none of that number."""
        return MARKET_RULES.get(rule_id, ())

    def quotes(self, ids: Sequence[int]) -> list[SimQuote]:
        """Return quotes in the order asked; an unknown number gets an empty quote."""
        return self._quoter.quotes(ids, self._state.now)

    def open_interest(self, con_id: int) -> int | None:
        """Return the open contracts of an option as counted the night before; None of what is no option."""
        contract = con_ids.option_of(con_id)
        return None if contract is None else self._market.open_interest(contract, self._today)

    def volume(self, con_id: int) -> int | None:
        """Return what has traded of a contract so far in its session; None of what is not traded."""
        return volume(self._market, con_id, self._state.now)

    def volatilities(self, con_id: int) -> tuple[float, float] | None:
        """Return historical and implied volatility a year, as fractions; None where they are not known."""
        return volatilities(self._market, con_id, self._state.now)

    def combo_quote(self, legs: Sequence[SimLeg]) -> SimQuote:
        """Return the implied net quote of buying a combination once."""
        return self._quoter.combo_quote(legs, self._state.now)

    def bars(
        self, con_id: int, end: datetime, minutes: int, count: int, side: BarSide = BarSide.TRADES
    ) -> list[SimBar]:
        """Return at most ``count`` bars of a contract up to ``end``, never past now, oldest first.

        A bar of 1440 minutes is a session.
        """
        end = min(end, self._state.now)
        return price_bars(self._quoter, con_id, end=end, minutes=minutes, count=count, side=side)

    def first_bar_at(self, con_id: int) -> datetime | None:
        """Return when the earliest bar of a contract starts; None when it has no bars."""
        return first_bar_at(self._market, con_id, self._state.now)

    def option_at_vol(self, con_id: int, underlying_pts: float, vol: float) -> SimGreeks:
        """Value an option at a volatility (a fraction per year), its forward being what a client says."""
        return self._quoter.option_at_vol(con_id, self._state.now, underlying_pts=underlying_pts, vol=vol)

    def option_vol(self, con_id: int, underlying_pts: float, price_pts: float) -> float:
        """Return the volatility that gives an option a price; NaN where none does."""
        return self._quoter.option_vol(con_id, self._state.now, underlying_pts=underlying_pts, price_pts=price_pts)

    def daily_pnl(self) -> dict[int, float]:
        """Return by contract what was gained or lost since midnight in New York, in dollars."""
        return daily_pnl_usd(
            self._state.ledger.lots,
            self._state.executions,
            self._view.marks_e4(self._state.now),
            quoter=self._quoter,
            midnight=new_york(self._today, time(0)),
        )

    def account(self) -> SimAccount:
        """Return the account values in dollars."""
        return self._view.account(self._state.now, realized_before_e4=self._state.realized_before_e4)

    def positions(self) -> list[SimPosition]:
        """Return the open positions by contract number."""
        return self._view.positions(self._state.now)

    def open_orders(self) -> list[SimOrder]:
        """Return the working orders, oldest first."""
        return [order.view() for order in self._state.working.values()]

    def completed_orders(self) -> list[SimOrder]:
        """Return the orders that ended today."""
        return [order.view() for order in self._state.completed]

    def executions(self) -> list[SimExecution]:
        """Return the executions since midnight in New York."""
        return list(self._state.executions)

    def next_order_id(self, client_id: int) -> int:
        """Return the lowest number a client may use for a new order."""
        return self._state.last_order_ids.get(client_id, 0) + 1

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON values, for ``state`` of a later exchange."""
        return dump_state(self._state) | {"funds_from": self._market.funds.first.isoformat()}


def _contract(con_id: int) -> OptionContract:
    contract = con_ids.contract_of(con_id)
    assert contract is not None, "the account holds options and futures only"
    return contract


@lru_cache(maxsize=4096)
def _expiry_instants(con_id: int, vanish_at: time) -> tuple[datetime, datetime]:
    """Return when a contract settles and when it leaves the account."""
    contract = _contract(con_id)
    settles = settlement_at(contract.trading_class, contract.expiry)
    return settles, new_york(contract.expiry + timedelta(days=1), vanish_at)


def _account_last(events: list[ExchangeEvent]) -> list[ExchangeEvent]:
    """Report the account once an instant, after everything else."""
    rest: list[ExchangeEvent] = [event for event in events if not isinstance(event, AccountChanged)]
    return rest if len(rest) == len(events) else [*rest, AccountChanged()]


def _next_midnight(at: datetime) -> datetime:
    return new_york(at.astimezone(NEW_YORK).date() + timedelta(days=1), time(0))


def _ended_on(order: Working, day: date) -> bool:
    return order.completed_at is not None and new_york_date(order.completed_at) == day


def _rejected(request: OrderRequest, refused: Refusal) -> Rejected:
    return Rejected(request.client_id, request.order_id, refused.code, refused.text)


def _intrinsic_pts100(contract: OptionContract, value: float) -> int:
    over = round(value * 100) - contract.strike_pts100
    return max(over if contract.right is Right.CALL else -over, 0)
