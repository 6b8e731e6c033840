"""The broker's side of an in-process session: one account that goes on, whatever becomes of the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from random import Random

from campaign.plans import Fault, Kind, Plan, packaged
from campaign.record import HAND, Record

from daemon.core.calendar.sessions import next_session
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass, Underlying
from daemon.core.orders.broker_facts import (
    BrokerFact,
    ExecId,
    ExecutionFact,
    FeeFact,
    OrderFact,
    OrderMessage,
    OrderStatus,
    PositionFact,
    exec_stem,
)
from daemon.core.orders.intent import OrderRef, PermId
from daemon.ports import Clock
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.exchange.api import (
    ExchangeEvent,
    Executed,
    OrderChanged,
    OrderRequest,
    Rejected,
    SimExecution,
    SimLeg,
    SimOrder,
    SimStatus,
)
from daemon.sim.exchange.con_ids import contract_of, option_con_id
from daemon.sim.market import Market

ACCOUNT = "DU1234567"
CLIENT = 1
STATUSES = {
    SimStatus.PRE_SUBMITTED: OrderStatus.WORKING,
    SimStatus.SUBMITTED: OrderStatus.WORKING,
    SimStatus.CANCELLED: OrderStatus.CANCELLED,
    SimStatus.FILLED: OrderStatus.FILLED,
    SimStatus.INACTIVE: OrderStatus.INACTIVE,
}

MARKETS = 4
"""How many markets there are: each costs time to be drawn, and what goes wrong hardly rests on the prices."""


@cache
def market(seed: int) -> Market:
    """Return one of the markets; it has no state but what it has computed already."""
    return Market(packaged(), seed)


class Account:
    """The exchange with its clock, what is true of the account, and the faults of the plan."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self.plan = plan
        self.clock = clock
        config = ExchangeConfig(
            account=ACCOUNT,
            seed=plan.seed,
            partial_probability=plan.partial_share,
            slip_steps=plan.slip_steps,
        )
        self.exchange = Exchange(market(plan.seed % MARKETS), config, None, clock.now())
        self.random = Random(plan.seed)
        self.record = Record(self.exchange)
        self.corrected: set[str] = set()
        self.met: set[str] = set()
        """Kinds of fault that came to pass."""
        self.tell: Callable[[Iterable[BrokerFact]], None] = lambda _facts: None
        """Who hears of what happens: the connection of the daemon."""
        self.refs: dict[int, OrderRef] = {}
        self._last_id = 0
        self._timer: asyncio.TimerHandle | None = None

    def holds(self, kind: Kind) -> Fault | None:
        """Return the fault of a kind that goes on now, if any."""
        now = self.clock.now()
        found = next((f for f in self.plan.faults if f.kind is kind and f.start <= now < f.end), None)
        if found is not None:
            self.met.add(kind)
        return found

    def strikes(self, kind: Kind) -> bool:
        """Whether a fault that goes on now happens this time, by its share."""
        found = self.holds(kind)
        return found is not None and self.random.random() < found.share

    def catch_up(self) -> None:
        """Bring the exchange to the clock and tell what happened on the way."""
        self._told(self.exchange.advance(self.clock.now()))

    def submit(self, request: OrderRequest) -> None:
        """Take an order or a change of one."""
        self.catch_up()
        self._told(self.exchange.submit(request))

    def cancel(self, order_id: int) -> None:
        """Take a cancel."""
        self.catch_up()
        self._told(self.exchange.cancel(CLIENT, order_id))

    def trade_by_hand(self) -> None:
        """Buy a VIX call as a person would, in a contract that no strategy of ours picks."""
        self.catch_up()
        params = self.exchange.chain_params(Underlying.VIX)
        expiries = [row for row in params if row.trading_class == TradingClass.VIX.value]
        strike = max(strike for row in expiries for strike in row.strikes if strike <= 70)
        expiry = next(
            day
            for day in sorted(settlement for row in expiries for settlement in row.last_trades)
            if (day - self.clock.now().date()).days > 40
        )
        contract = OptionContract(TradingClass.VIX, next_session(expiry), round(strike * 100), Right.CALL)
        request = OrderRequest(
            client_id=HAND,
            order_id=self.exchange.next_order_id(HAND),
            action="BUY",
            quantity=1,
            order_type="MKT",
            limit=None,
            tif="DAY",
            legs=(SimLeg(option_con_id(contract), 1),),
            order_ref="",
            account=ACCOUNT,
        )
        self._told(self.exchange.submit(request))

    def close(self) -> None:
        """End the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _told(self, events: Iterable[ExchangeEvent]) -> None:
        facts: list[BrokerFact] = []
        for event in events:
            facts += self._facts(event)
        if facts:
            self.tell(facts)
        self._set_timer()

    def _set_timer(self) -> None:
        self.close()
        due = self.exchange.next_event_at()
        if due is not None:
            left_s = max(0.001, (due - self.clock.now()).total_seconds())
            self._timer = asyncio.get_running_loop().call_later(left_s, self.catch_up)

    def _facts(self, event: ExchangeEvent) -> list[BrokerFact]:
        match event:
            case Executed():
                return self._executed(event.execution)
            case OrderChanged() if event.order.request.client_id == CLIENT:
                facts: list[BrokerFact] = [order_fact(event.order)]
                if event.code is not None:
                    facts.append(OrderMessage(OrderRef(event.order.request.order_ref), event.code, event.text))
                return facts
            case Rejected() if event.client_id == CLIENT:
                ref = self.ref_of(event.order_id)
                return [] if ref is None else [OrderMessage(ref, event.code, event.text)]
        return []

    def next_order_id(self) -> int:
        """Return the number of the next order of the daemon, over all its lives."""
        self._last_id = max(self._last_id + 1, self.exchange.next_order_id(CLIENT))
        return self._last_id

    def ref_of(self, order_id: int) -> OrderRef | None:
        """Return the ref that was sent under a number."""
        return self.refs.get(order_id)

    def _executed(self, execution: SimExecution) -> list[BrokerFact]:
        facts = execution_facts(execution)
        if execution.client_id != CLIENT:
            return []
        if self.strikes(Kind.FILLS_CORRECTED):
            self.corrected.add(exec_stem(ExecId(execution.exec_id))[0])
            facts += [revised(fact) for fact in facts if isinstance(fact, ExecutionFact)]
        return facts

    def positions_shown(self) -> tuple[PositionFact, ...]:
        """Return the positions as the gateway lists them, settled ones as long as they are there."""
        return tuple(
            PositionFact(ConId(held.con_id), contract_of(held.con_id), held.quantity, str(held.con_id))
            for held in self.exchange.positions()
            if held.quantity
        )

    def executions_shown(self) -> list[ExecutionFact]:
        """Return today's executions with their corrections."""
        found: list[ExecutionFact] = []
        for execution in self.exchange.executions():
            facts = [fact for fact in execution_facts(execution) if isinstance(fact, ExecutionFact)]
            found += facts
            if exec_stem(ExecId(execution.exec_id))[0] in self.corrected:
                found += [revised(fact) for fact in facts]
        return found


def order_fact(order: SimOrder) -> OrderFact:
    """Return an order in the daemon's words."""
    ref = OrderRef(order.request.order_ref) if order.request.order_ref else None
    return OrderFact(ref, PermId(order.perm_id), STATUSES[order.status], order.filled, order.remaining)


def execution_facts(execution: SimExecution) -> list[BrokerFact]:
    """Return an execution, and its fee, in the daemon's words."""
    contract = None if execution.con_id is None else contract_of(execution.con_id)
    sign = 1 if execution.side == "BOT" else -1
    exec_id = ExecId(execution.exec_id)
    fact = ExecutionFact(
        exec_id=exec_id,
        order_ref=OrderRef(execution.order_ref) if execution.order_ref else None,
        perm_id=PermId(execution.perm_id),
        con_id=ConId(execution.con_id or 0),
        contract=contract,
        is_combo=execution.con_id is None,
        quantity=sign * execution.quantity,
        price_pts100=round(execution.price * 100),
        at=execution.at,
    )
    if execution.commission is None:
        return [fact]
    return [fact, FeeFact(exec_id, round(execution.commission * 10_000))]


def revised(fact: ExecutionFact) -> ExecutionFact:
    """Return an execution under its next revision."""
    stem, revision = exec_stem(fact.exec_id)
    return replace(fact, exec_id=ExecId(f"{stem}.{revision + 1:02d}"))
