"""A working order under any market and any broker: its price keeps to its bounds, and an entry is never made twice."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from engine_fakes import FakeBroker, make_desk, make_executor
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_values import CALL_LONG, CALL_SHORT, CONDOR_LEGS, PUT_LONG, PUT_SHORT, SESSION

from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import new_york
from daemon.core.condor.build import price_combo
from daemon.core.condor.entry import credit_floor_pts100, entry_rules
from daemon.core.condor.legs import CondorLegs, Vertical, closing
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.market.quotes import Quote
from daemon.core.orders.broker_facts import OrderFact, OrderMessage, OrderStatus
from daemon.core.orders.intent import (
    ComboPrice,
    Intent,
    IntentKey,
    OrderRef,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import LadderRules, rung_pts100
from daemon.engine.condor_entries import CondorEntries
from daemon.engine.condor_plan import EntryPlan
from daemon.engine.condor_search import CondorCandidate
from daemon.engine.context import Desk
from daemon.engine.executor import Ladder
from daemon.engine.facts import FactRecorder
from daemon.engine.gather import Refusal
from daemon.errors import BrokerTimeoutError
from daemon.settings import load

POLICY = load([], {"HOME": "/nowhere"}).condor_policy()
LEGS = CondorLegs(Vertical(PUT_SHORT, PUT_LONG), Vertical(CALL_SHORT, CALL_LONG))
START = new_york(SESSION, load([], {"HOME": "/nowhere"}).schedule.condor_entry)
FLOOR = credit_floor_pts100(LEGS.width_pts100, POLICY)
MARKET = ComboPrice(-4.50, -400)
COLLAR = load([], {"HOME": "/nowhere"}).risk_limits().collar_condor_pts100

QUOTES = {
    PUT_LONG: Quote(START, 800, 830, 10, 10),
    PUT_SHORT: Quote(START, 1050, 1080, 10, 10),
    CALL_SHORT: Quote(START, 520, 540, 10, 10),
    CALL_LONG: Quote(START, 320, 335, 10, 10),
}

markets = st.builds(
    lambda twice_mid, half: ComboPrice(twice_mid / 200, -(-twice_mid // 2) + half),
    st.integers(-2000, 400),
    st.integers(0, 400),
)
"""Any market of a condor, also one that has turned into a debit, with any spread."""
gone = st.sampled_from([Refusal(Reason("leg_not_quoted", "no quote")), BrokerTimeoutError("no quote in time")])
widths = st.integers(1, 200).map(lambda points: points * 100)


@st.composite
def quotes(draw: st.DrawFn) -> dict[object, Quote]:
    """Quotes of four legs, each with a bid at or below its ask."""
    bids = draw(st.lists(st.integers(0, 9000), min_size=4, max_size=4))
    spreads = draw(st.lists(st.integers(0, 500), min_size=4, max_size=4))
    rows = zip(LEGS.contracts, bids, spreads, strict=True)
    return {leg: Quote(START, bid, bid + spread, 10, 10) for leg, bid, spread in rows}


class TestSignsAndCash:
    @given(quotes())
    def test_opening_and_closing_at_the_mid_cost_nothing_and_at_natural_never_earn(
        self, seen: dict[object, Quote]
    ) -> None:
        opened, closed = (price_combo(legs, seen) for legs in (LEGS.held, closing(LEGS.held)))  # type: ignore[arg-type]

        assert opened is not None
        assert closed is not None
        assert opened.mid_pts == -closed.mid_pts
        assert opened.natural_pts100 + closed.natural_pts100 >= 0

    @given(st.lists(markets, min_size=1, max_size=30), widths)
    def test_a_credit_order_never_pays_and_takes_no_less_than_its_smallest_credit(
        self, path: list[ComboPrice], width_pts100: int
    ) -> None:
        rules, floor = entry_rules(width_pts100, POLICY), credit_floor_pts100(width_pts100, POLICY)

        limits = [rung_pts100(place, price, rules) for place, price in enumerate(path)]

        for limit in limits:
            assert limit is None or limit <= floor <= 0
            assert limit is None or -limit * MULTIPLIER / 100 >= POLICY.min_credit_pct / 100 * width_pts100


def run_order(path: list[ComboPrice | Exception], *, floor: int | None, through: int) -> list[tuple[int, ComboPrice]]:
    """Work an order through a market that is another one at each step; return each new limit with its market."""
    found: list[tuple[int, ComboPrice]] = []
    left: Iterator[ComboPrice | Exception] = iter(path)
    now: list[ComboPrice] = []

    async def price() -> ComboPrice:
        seen = next(left, path[-1])
        if isinstance(seen, Exception):
            raise seen
        now[:] = [seen]
        return seen

    async def body(desk: Desk, broker: FakeBroker, facts: FactRecorder) -> None:
        broker.on_modify = lambda ref, limit: found.append((limit, now[0]))
        rules = LadderRules(step_pts100=5, through_pts100=through, floor_pts100=floor)
        ladder = Ladder(rules=rules, price=price, step_s=60, until=START + timedelta(minutes=15))
        key = IntentKey(SESSION, Strategy.CONDOR, Purpose.ENTRY, "C20200218-1", 1)
        spec = OrderSpec(CONDOR_LEGS, 2, -450, TimeInForce.DAY)
        await make_executor(desk, facts).work(Intent(key, spec, START, mid_at_decision_pts=-4.5, quoted=MARKET), ladder)

    in_virtual_time(body)
    return found


def in_virtual_time(body: object) -> None:
    """Run ``body(desk, broker, facts)`` at the time of the entry, with a consumer of facts beside it."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            desk, broker = make_desk(Path(folder))
            facts = FactRecorder(desk)
            broker.subscribe(facts.sink)
            consumer = asyncio.create_task(facts.run())
            try:
                await body(desk, broker, facts)  # type: ignore[operator]
            finally:
                consumer.cancel()
                desk.store.close()

    run_virtual(main, START)


class TestPrices:
    @settings(max_examples=40, deadline=None)
    @given(st.lists(markets | gone, min_size=1, max_size=14), st.none() | st.just(FLOOR), st.sampled_from([0, 5, 20]))
    def test_a_limit_keeps_to_floor_natural_and_price_collar_whatever_the_market_does(
        self, path: list[ComboPrice | Exception], floor: int | None, through: int
    ) -> None:
        for limit, market in run_order(path, floor=floor, through=through):
            assert limit <= market.natural_pts100 + through
            assert floor is None or limit <= floor
            assert abs(limit - -450) <= COLLAR  # the mid at the decision is a credit of 4.50
            assert limit % 5 == 0


ANSWERS = ("ack", "part", "fill", "reject", "nothing", "inactive")
CANCELS = ("confirm", "ignore", "fill first", "fill after")


@dataclass
class Script:
    """What the broker does at each word of ours, from a list that hypothesis makes."""

    broker: FakeBroker
    answers: list[str]
    cancels: list[str]
    entries: list[OrderRef] = field(default_factory=list)

    def on_place(self, ref: OrderRef, spec: OrderSpec) -> None:
        self.entries.append(ref)
        answer = self._next(self.answers, "ack")
        if answer == "nothing":
            return
        if answer == "reject":
            self.broker.tell(OrderMessage(ref, 201, "Order rejected - reason: test"))
            return
        self.broker.acknowledge(ref, spec)
        self._act(answer, ref)

    def on_modify(self, ref: OrderRef, limit: int) -> None:
        self._act(self._next(self.answers, "ack"), ref)

    def on_cancel(self, ref: OrderRef) -> None:
        what = self._next(self.cancels, "confirm")
        if what == "ignore" or ref not in self.broker.open_orders:
            return
        if what == "fill first":
            self._fill(ref, 2)
        self.broker.confirm_cancel(ref)
        if what == "fill after":
            self._fill(ref, 1)

    def _act(self, answer: str, ref: OrderRef) -> None:
        if answer in ("part", "fill"):
            self._fill(ref, 1 if answer == "part" else 2)
        elif answer == "inactive" and ref in self.broker.open_orders:
            perm = self.broker.open_orders[ref].perm_id
            self.broker.tell(OrderFact(ref, perm, OrderStatus.INACTIVE, 0, 2))

    def _fill(self, ref: OrderRef, units: int) -> None:
        """Fill no more than what is left of an order, as an exchange does."""
        spec = dict(self.broker.placed)[ref]
        done = sum(fact.quantity for fact in self.broker.executions if fact.contract == spec.legs[0].contract)
        units = min(units, spec.quantity - abs(done))
        if units > 0:
            self.broker.fill(ref, units)

    @staticmethod
    def _next(script: list[str], usual: str) -> str:
        return script.pop(0) if script else usual


class StubPlanner:
    """Plans the same entry whenever it is asked."""

    async def plan(self, session: object, *, preview: bool = False) -> EntryPlan:
        candidate = CondorCandidate(LEGS, {}, 0.15, 0.15, {}, 0, 0)
        spec = OrderSpec(LEGS.held, 2, -450, TimeInForce.DAY)
        return EntryPlan("C20200218-1", candidate, MARKET, spec, (), {"spx": 3370.0})


class NoExits:
    """Protects nothing."""

    async def rest_take_profits(self) -> None:
        pass


class TestEntries:
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.sampled_from(ANSWERS), max_size=6),
        st.lists(st.sampled_from(CANCELS), max_size=3),
        st.booleans(),
        st.integers(2, 3),
    )
    def test_no_sequence_of_fills_cancels_and_rejections_leads_to_a_second_entry(
        self, answers: list[str], cancels: list[str], complete: bool, runs: int
    ) -> None:
        async def body(desk: Desk, broker: FakeBroker, facts: FactRecorder) -> None:
            script = Script(broker, answers, cancels)
            desk.policy = replace(desk.policy, condor=replace(POLICY, complete_partial_fills=complete))
            broker.quoted = lambda contract: replace(QUOTES[contract], at=desk.clock.now())
            broker.on_place, broker.on_modify, broker.on_cancel = script.on_place, script.on_modify, script.on_cancel
            for _ in range(runs):  # the job may be run again: after a lost link, by a new process
                entries = CondorEntries(desk, make_executor(desk, facts), None, NoExits())  # type: ignore[arg-type]
                entries._planner = StubPlanner()  # type: ignore[assignment]
                await entries.enter(SESSION)
                await desk.clock.sleep(1)

            assert len(script.entries) == 1
            held = {contract: quantity for contract, quantity in broker.held.items() if quantity}
            assert desk.store.book().positions() == held
            assert all(abs(quantity) <= 2 for quantity in held.values())
            (intent,) = desk.store.intents()
            assert intent.filled == abs(held.get(PUT_SHORT, 0))

        in_virtual_time(body)
