"""The Broker port over an account in this process: one connection of one daemon, with the faults of a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from campaign.account import ACCOUNT, CLIENT, Account, execution_facts, order_fact
from campaign.plans import Kind
from campaign.record import HAND, Shown

from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import next_session
from daemon.core.market.contracts import (
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.core.market.quotes import Bar, DataKind, Greeks, IndexQuote, Mark, Quote
from daemon.core.orders.broker_facts import (
    AccountValues,
    BrokerFact,
    Connected,
    ExecutionFact,
    FeeFact,
    LinkFact,
    LinkState,
    Margin,
    OrderMessage,
    PositionFact,
    Snapshot,
)
from daemon.core.orders.intent import OrderRef, OrderSpec
from daemon.errors import BrokerError, BrokerTimeoutError, LinkDownError
from daemon.ports import FactSink
from daemon.sim.exchange.api import ContractQuery, OrderRequest, Rejected, SimLeg, SimQuote
from daemon.sim.exchange.con_ids import INDEX_CON_IDS, UNDERLYING_CON_IDS, contract_con_id

ANSWER_S = 0.05
TIMEOUT_S = 10.0
CLOSE_FINAL_AFTER = timedelta(minutes=10)
REJECTED = 201


class CampaignBroker:
    """One daemon's connection. What it hears and what it is answered suffers the faults of the plan."""

    def __init__(self, account: Account, shown: Shown) -> None:
        self._account = account
        self._clock = account.clock
        self._sinks: list[FactSink] = []
        self._state = LinkState.DOWN
        self._order_ids: dict[OrderRef, int] = {}
        self._requests: dict[OrderRef, OrderRequest] = {}
        self._positions: Mapping[ConId, PositionFact] = {}
        self._late: set[asyncio.TimerHandle] = set()
        self._shown = shown
        self.requests_sent = 0

    # -- the connection -----------------------------------------------------------------------

    @property
    def link(self) -> LinkState:
        return self._state

    def subscribe(self, sink: FactSink) -> None:
        self._sinks.append(sink)

    async def connect(self) -> Connected:
        account = self._account
        await self._clock.sleep(0.2)
        if account.holds(Kind.LINE_LOST):
            raise LinkDownError("connection refused")
        account.catch_up()
        self._order_ids = {
            OrderRef(order.request.order_ref): order.request.order_id
            for order in account.exchange.open_orders()
            if order.request.client_id == CLIENT
        }
        self._requests = {
            OrderRef(order.request.order_ref): order.request
            for order in account.exchange.open_orders()
            if order.request.client_id == CLIENT
        }
        self._move(LinkState.SYNCING, "connected")
        account.tell = self._hear
        self._positions = {fact.con_id: fact for fact in account.positions_shown()}
        self._move(LinkState.DEGRADED if account.holds(Kind.BROKER_LOST) else LinkState.SYNCED, "everything is read")
        return Connected(ACCOUNT, 176, True, await self.gateway_time())

    async def disconnect(self) -> None:
        self.lose("closed by us")

    def lose(self, text: str) -> None:
        """Let the connection break: what was not heard yet is never heard."""
        for timer in self._late:
            timer.cancel()
        self._late.clear()
        if self._account.tell == self._hear:
            self._account.tell = lambda _facts: None
        if self._state is not LinkState.DOWN:
            self._move(LinkState.DOWN, text)

    def broker_lost(self) -> None:
        """Hear 1100."""
        if self._state in (LinkState.SYNCED, LinkState.SYNCING):
            self._move(LinkState.DEGRADED, "1100")

    def broker_back(self) -> None:
        """Hear 1102."""
        if self._state is LinkState.DEGRADED:
            self._move(LinkState.SYNCING, "1102")

    def _move(self, state: LinkState, text: str) -> None:
        self._state = state
        self._say(LinkFact(state, text))

    # -- what is heard ------------------------------------------------------------------------

    def _say(self, fact: BrokerFact) -> None:
        if isinstance(fact, ExecutionFact) and fact.contract is not None:
            self._stream_position(fact.con_id, fact.contract)
        for sink in self._sinks:
            sink(fact)

    def _stream_position(self, con_id: ConId, contract: OptionContract) -> None:
        quantity = self._account.record.positions.get(contract, 0)
        others = {number: held for number, held in self._positions.items() if number != con_id}
        fact = PositionFact(con_id, contract, quantity, str(contract))
        self._positions = {**others, con_id: fact} if quantity else others

    def _hear(self, facts: Iterable[BrokerFact]) -> None:
        account = self._account
        if account.holds(Kind.BROKER_LOST):
            return
        for fact in facts:
            if account.strikes(Kind.FACTS_LOST):
                continue
            late = account.holds(Kind.FACTS_LATE)
            if late is not None:
                self._say_later(fact, account.random.uniform(0, 30 * late.share))
            else:
                self._say(fact)
            if account.strikes(Kind.FACTS_TWICE):
                self._say_later(fact, account.random.uniform(0, 5))

    def _say_later(self, fact: BrokerFact, seconds: float) -> None:
        def say() -> None:
            self._late.discard(timer)
            self._say(fact)

        timer = asyncio.get_running_loop().call_later(seconds, say)
        self._late.add(timer)

    # -- the account --------------------------------------------------------------------------

    async def gateway_time(self) -> datetime:
        self._ask()
        skew = self._account.holds(Kind.CLOCK_SKEWED)
        return self._clock.now() + timedelta(seconds=20 * skew.share if skew is not None else 0)

    def _ask(self) -> None:
        self.requests_sent += 1
        if self._state in (LinkState.DOWN, LinkState.CONNECTING):
            raise LinkDownError(f"there is no connection ({self._state})")

    async def _answer(self, seconds: float = ANSWER_S) -> None:
        """Wait for an answer, which does not come while the gateway has no broker."""
        self._ask()
        if self._state is LinkState.DEGRADED:
            await self._clock.sleep(TIMEOUT_S)
            raise BrokerTimeoutError("no answer")
        await self._clock.sleep(seconds)
        if self._state is LinkState.DOWN:
            raise LinkDownError("the connection was lost while waiting")
        self._account.catch_up()

    async def snapshot(self) -> Snapshot:
        account = self._account
        if account.holds(Kind.SNAPSHOTS_FAIL):
            self._ask()
            await self._clock.sleep(TIMEOUT_S)
            raise BrokerTimeoutError("the account was not told in time")
        await self._answer()
        orders = [order for order in account.exchange.open_orders() if order.request.client_id != HAND]
        executions = account.executions_shown()
        shown = Snapshot(
            self._clock.now(),
            account.positions_shown(),
            tuple(order_fact(order) for order in orders),
            tuple(order_fact(order) for order in account.exchange.completed_orders()),
            tuple(executions),
            tuple(
                fact
                for execution in account.exchange.executions()
                for fact in execution_facts(execution)
                if isinstance(fact, FeeFact)
            ),
            await self.account_values(),
        )
        shown = self._falsified(shown)
        self._positions = {fact.con_id: fact for fact in shown.positions}
        if self._state is LinkState.SYNCING:
            self._move(LinkState.SYNCED, "the account was read anew")
        return shown

    def _falsified(self, shown: Snapshot) -> Snapshot:
        account = self._account
        if account.holds(Kind.FALSE_FLAT):
            return replace(shown, positions=(), open_orders=(), completed_orders=(), executions=(), fees=())
        if account.holds(Kind.FILLS_WITHHELD):
            return replace(shown, executions=(), fees=())
        self._shown.at = shown.at
        return shown

    async def account_values(self) -> AccountValues:
        self._ask()
        found = self._account.exchange.account()
        return AccountValues(
            round(found.net_liquidation * 100),
            round(found.total_cash * 100),
            round(found.initial_margin * 100),
            round(found.maintenance_margin * 100),
            round(found.available_funds * 100),
            self._clock.now(),
        )

    def positions(self) -> Mapping[ConId, PositionFact]:
        return {} if self._state is LinkState.DOWN else self._positions

    def marks(self) -> Mapping[ConId, Mark]:
        if self._state is LinkState.DOWN or self._account.holds(Kind.MARKS_MISSING):
            return {}
        now = self._clock.now()
        return {ConId(held.con_id): Mark(held.mark, now) for held in self._account.exchange.positions()}

    async def settlement_value(self, trading_class: TradingClass, expiry: date) -> float | None:
        self._ask()
        fixed = settlement_at(trading_class, expiry)
        if not trading_class.am_settled:
            fixed += CLOSE_FINAL_AFTER
        if self._clock.now() < fixed:
            return None
        return self._account.exchange.settlement_value(trading_class, expiry)

    # -- the market ---------------------------------------------------------------------------

    async def option_params(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        await self._answer()
        return tuple(
            OptionParams(
                trading_class := TradingClass(row.trading_class),
                tuple(next_session(day) if trading_class.am_settled else day for day in row.last_trades),
                tuple(round(strike * 100) for strike in row.strikes),
            )
            for row in self._account.exchange.chain_params(underlying)
        )

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        await self._answer()
        found: dict[OptionContract, ContractInfo] = {}
        for contract in wanted:
            con_id = contract_con_id(contract)
            for listing in self._account.exchange.listings(ContractQuery(con_id=con_id)):
                rule = self._account.exchange.market_rule(listing.market_rule_id)
                steps = tuple((round(edge * 100), round(step * 100)) for edge, step in rule)
                found[contract] = ContractInfo(ConId(con_id), contract, steps)
        return found

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        account, now = self._account, self._clock.now()
        self._ask()
        (quote,) = account.exchange.quotes([UNDERLYING_CON_IDS[underlying]])
        if quote.last is None:
            raise BrokerTimeoutError(f"no value of {underlying}")
        stale, delayed = account.holds(Kind.INDEX_STALE), account.holds(Kind.DATA_DELAYED)
        at = quote.at if stale is None else min(quote.at, stale.start)
        self._shown.read(underlying, at)
        assert at <= now
        return IndexQuote(at, quote.last, DataKind.LIVE if delayed is None else DataKind.DELAYED)

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        await self._answer(2 * ANSWER_S)
        rows = self._account.exchange.quotes([info.con_id for info in wanted])
        found = {info.contract: quote_of(row, greeks=greeks) for info, row in zip(wanted, rows, strict=True)}
        return {
            contract: quote
            for contract, quote in found.items()
            if quote is not None and not self._account.strikes(Kind.QUOTES_MISSING)
        }

    async def open_interest(self, wanted: Sequence[ContractInfo]) -> Mapping[OptionContract, int]:
        await self._answer()
        found = {info.contract: self._account.exchange.open_interest(info.con_id) for info in wanted}
        return {contract: number for contract, number in found.items() if number is not None}

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        await self._answer()
        con_id = INDEX_CON_IDS.get(index.value)
        if con_id is None:
            raise BrokerError("no such index", 200)
        rows = self._account.exchange.bars(con_id, self._clock.now(), minutes, count)
        return tuple(Bar(row.start, row.open, row.high, row.low, row.close) for row in rows)

    async def what_if(self, spec: OrderSpec) -> Margin:
        await self._answer()
        if self._account.holds(Kind.MARGIN_UNKNOWN):
            return Margin(None, None, None, None, None)
        answer = self._account.exchange.what_if(self._request(OrderRef(""), spec, 0))
        if isinstance(answer, Rejected):
            raise BrokerError(answer.text, answer.code)
        return Margin(
            round((answer.initial_after - answer.initial_before) * 100),
            round((answer.maintenance_after - answer.maintenance_before) * 100),
            round(answer.initial_after * 100),
            round(answer.maintenance_after * 100),
            round(answer.commission * 10_000),
        )

    # -- orders -------------------------------------------------------------------------------

    def _request(self, ref: OrderRef, spec: OrderSpec, order_id: int) -> OrderRequest:
        sells = not spec.is_combo and spec.legs[0].ratio < 0
        legs = tuple(SimLeg(contract_con_id(leg.contract), 1 if sells else leg.ratio) for leg in spec.legs)
        return OrderRequest(
            client_id=CLIENT,
            order_id=order_id,
            action="SELL" if sells else "BUY",
            quantity=spec.quantity,
            order_type="LMT",
            limit=(-1 if sells else 1) * spec.net_limit_pts100 / 100,
            tif=spec.tif.value,
            legs=legs,
            order_ref=ref,
            account=ACCOUNT,
        )

    def _may_send(self) -> None:
        if self._state is not LinkState.SYNCED:
            raise LinkDownError(f"not sent: the link is {self._state}")

    def _cut(self) -> bool:
        """Whether the connection breaks with these bytes; they may arrive all the same."""
        return self._account.holds(Kind.CUT_AT_SEND) is not None

    async def place(self, ref: OrderRef, spec: OrderSpec) -> None:
        self._may_send()
        await self._clock.sleep(ANSWER_S / 10)
        self._may_send()
        account = self._account
        order_id = account.next_order_id()
        account.refs[order_id] = ref
        self._order_ids[ref] = order_id
        self._requests[ref] = request = self._request(ref, spec, order_id)
        if account.strikes(Kind.ORDERS_REJECTED):
            self._hear([OrderMessage(ref, REJECTED, "Order rejected - reason: by the plan")])
            return
        if not self._cut():
            account.submit(request)
            return
        self._break_with(lambda: account.submit(request))

    def _break_with(self, send: Callable[[], None]) -> None:
        arrives = self._account.strikes(Kind.CUT_AT_SEND)
        self.lose("broken while sending")
        if arrives:
            send()

    async def modify(self, ref: OrderRef, net_limit_pts100: int) -> None:
        self._may_send()
        request = self._working(ref)
        limit = (-1 if request.action == "SELL" else 1) * net_limit_pts100 / 100
        changed = self._requests[ref] = replace(request, limit=limit)
        if self._account.holds(Kind.CHANGES_REFUSED):
            self._hear([OrderMessage(ref, 109, "the price is refused by the plan")])
        elif self._cut():
            self._break_with(lambda: self._account.submit(changed))
        else:
            self._account.submit(changed)

    async def cancel(self, ref: OrderRef) -> None:
        if self._state is LinkState.DEGRADED:
            raise LinkDownError("not sent: the gateway has no broker")
        self._ask()
        self._working(ref)
        order_id = self._order_ids[ref]
        if self._account.holds(Kind.CANCELS_IGNORED):
            return
        if self._cut():
            self._break_with(lambda: self._account.cancel(order_id))
        else:
            self._account.cancel(order_id)

    def _working(self, ref: OrderRef) -> OrderRequest:
        request = self._requests.get(ref)
        if request is None:
            raise BrokerError(f"{ref} is no order that this connection knows as working")
        return request


def quote_of(row: SimQuote, *, greeks: bool) -> Quote | None:
    """Return a quote of the exchange in the daemon's words."""
    if row.bid is None and row.ask is None:
        return None
    said = row.greeks if greeks else None
    return Quote(
        row.at,
        None if row.bid is None else round(row.bid * 100),
        None if row.ask is None else round(row.ask * 100),
        row.bid_size,
        row.ask_size,
        DataKind.LIVE,
        None if said is None else Greeks(said.iv, said.delta, said.gamma, said.vega, said.theta, said.underlying),
    )
