"""Limits under any order of events: the test keeps its own account of them and looks at every order that leaves."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from engine_fakes import FakeBroker, make_desk
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_values import CONDOR_LEGS, SESSION, VIX_CALL, condor_record

from daemon.adapters.halt_file import HALT_FILE
from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import new_york_date, next_session
from daemon.core.calendar.sessions import session as hours_of
from daemon.core.condor.legs import closing
from daemon.core.orders.broker_facts import AccountValues, OrderMessage
from daemon.core.orders.intent import (
    ComboPrice,
    Intent,
    IntentState,
    Leg,
    OrderRef,
    OrderSpec,
    Purpose,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import LadderRules
from daemon.core.records import PERSON, PROGRAM, DayRecord, HedgeComputation, RunState
from daemon.engine.context import BASELINE, Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.facts import FactRecorder
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.engine.run_states import RunStates
from daemon.errors import UserError

WING_USD: Final = 2_500
"""Of one condor, whose wings are 25 points."""
WORTH_USD: Final = 1_000_000
MOST: Final = {
    "condors_max": 2,
    "wing_notional_max_usd": 10_000,
    "session_orders_max": 4,
    "session_contracts_max": 30,
    "orders_per_minute_max": 2,
    "rejects_max": 2,
    "session_loss_max_pct": 1.0,
    "week_loss_max_pct": 2.0,
    "drawdown_max_pct": 3.0,
    "collar_condor_pts100": 30,
}
TRADED_ON_S: Final = 120.0
"""Oldest index value, as shipped."""
OPENING: Final = (Purpose.ENTRY, Purpose.ROLL_BUY, Purpose.RESIZE)
START: Final = hours_of(SESSION).open_at + timedelta(hours=1)


@dataclass
class World:
    """The daemon's risk monitor and executor between a person, a market and a broker, and what a bookkeeper knows."""

    desk: Desk
    broker: FakeBroker
    folder: Path
    risk: RiskMonitor
    executor: Executor
    answers: list[str]
    nlv_usd: int = WORTH_USD
    index_age_s: float | None = 0.0
    account_told: bool = True
    person: RunState = RunState.RUNNING
    counted_from: datetime | None = None
    sent: list[tuple[datetime, OrderRef, OrderSpec, Purpose]] = field(default_factory=list)
    alive: set[OrderRef] = field(default_factory=set)
    closes: list[tuple[date, int]] = field(default_factory=list)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    # -- what the bookkeeper knows -------------------------------------------------------------------

    @property
    def session(self) -> date:
        return new_york_date(self.desk.clock.now())

    @property
    def file(self) -> Path:
        return self.folder / HALT_FILE

    def filled(self, ref: OrderRef) -> int:
        spec = dict(self.broker.placed)[ref]
        done = [f for f in self.broker.executions if f.order_ref == ref and f.contract == spec.legs[0].contract]
        return sum(abs(fact.quantity) for fact in done)

    def open_units(self) -> dict[str, int]:
        """Return the condors that are open, by subject."""
        units: dict[str, int] = {}
        for _, ref, _, purpose in self.sent:
            if purpose in (Purpose.ENTRY, Purpose.EXIT):
                sign = 1 if purpose is Purpose.ENTRY else -1
                units[subject_of(ref)] = units.get(subject_of(ref), 0) + sign * self.filled(ref)
        return {subject: count for subject, count in units.items() if count}

    def losses_pct(self) -> tuple[float, float, float]:
        """Return the falls below the close before, the close before the week, and the highest close."""
        monday = self.session - timedelta(days=self.session.weekday())
        before = self.closes[-1][1] if self.closes else WORTH_USD
        week = next((usd for day, usd in reversed(self.closes) if day < monday), WORTH_USD)
        peak = max([WORTH_USD, *(usd for _, usd in self.closes)])
        return tuple(100 * (usd - self.nlv_usd) / usd for usd in (before, week, peak))  # type: ignore[return-value]

    # -- what every order that leaves must keep ------------------------------------------------------

    def on_place(self, ref: OrderRef, spec: OrderSpec) -> None:
        purpose = self.intent(ref).key.purpose
        if purpose in OPENING:
            self.check_opening(ref, spec, purpose)
        if purpose is Purpose.ENTRY:
            self.check_entry(spec)
        self.sent.append((self.desk.clock.now(), ref, spec, purpose))
        answer = self.answers.pop(0) if self.answers else "ack"
        if answer == "reject":
            self.broker.tell(OrderMessage(ref, 201, "Order rejected - reason: test"))
            return
        self.alive.add(ref)
        if answer != "nothing":
            self.broker.acknowledge(ref, spec)
            self.fill(ref, {"part": 1, "fill": spec.quantity}.get(answer, 0))

    def check_opening(self, ref: OrderRef, spec: OrderSpec, purpose: Purpose) -> None:
        assert not self.file.exists()
        assert self.person is not RunState.HALTED
        assert self.desk.store.run_state().state is not RunState.HALTED
        assert purpose is not Purpose.ENTRY or self.person is RunState.RUNNING
        now = self.desk.clock.now()
        counted = [
            (at, one.contracts)
            for at, _, one, kind in self.sent
            if kind in OPENING
            and new_york_date(at) == self.session
            and (self.counted_from is None or at >= self.counted_from)
        ]
        assert len(counted) + 1 <= MOST["session_orders_max"]
        assert sum(contracts for _, contracts in counted) + spec.contracts <= MOST["session_contracts_max"]
        assert sum(now - at < timedelta(seconds=60) for at, _ in counted) + 1 <= MOST["orders_per_minute_max"]
        self.check_collar(ref, spec.net_limit_pts100)

    def check_entry(self, spec: OrderSpec) -> None:
        entries = [(ref, one) for _, ref, one, purpose in self.sent if purpose is Purpose.ENTRY and ref in self.alive]
        coming = sum(one.quantity - self.filled(ref) for ref, one in entries)
        new = sum(not self.filled(ref) for ref, _ in entries)
        opened = self.open_units()
        assert len(opened) + new + 1 <= MOST["condors_max"]
        wings_usd = WING_USD * (sum(opened.values()) + coming + spec.quantity)
        assert wings_usd <= min(MOST["wing_notional_max_usd"], self.nlv_usd / 2)
        for fallen, most in zip(self.losses_pct(), ("session_loss", "week_loss", "drawdown"), strict=True):
            assert fallen <= MOST[f"{most}_max_pct"]
        assert self.account_told
        assert self.index_age_s is not None
        assert self.index_age_s <= TRADED_ON_S
        assert self.desk.link.breaks_open == 0

    def check_collar(self, ref: OrderRef, limit_pts100: int) -> None:
        mid_pts = self.intent(ref).mid_at_decision_pts
        assert mid_pts is not None
        most = MOST["collar_condor_pts100"] if mid_pts < 0 else 50  # half of the mid of a call at 1.00
        assert abs(limit_pts100 - 100 * mid_pts) <= most

    def on_modify(self, ref: OrderRef, limit_pts100: int) -> None:
        if self.intent(ref).key.purpose in OPENING:
            assert not self.file.exists()
            assert self.person is not RunState.HALTED
            self.check_collar(ref, limit_pts100)
        assert self.person is not RunState.HALTED
        self.fill(ref, {"part": 1, "fill": 9}.get(self.answers.pop(0) if self.answers else "ack", 0))

    def on_cancel(self, ref: OrderRef) -> None:
        what = self.answers.pop(0) if self.answers else "ack"
        if what != "nothing":
            self.fill(ref, {"part": 1, "fill": 9}.get(what, 0))
            self.end(ref)

    def fill(self, ref: OrderRef, units: int) -> None:
        if ref not in self.broker.open_orders:
            return
        units = min(units, dict(self.broker.placed)[ref].quantity - self.filled(ref))
        if units:
            self.broker.fill(ref, units)
        if self.filled(ref) == dict(self.broker.placed)[ref].quantity:
            self.broker.open_orders.pop(ref, None)
            self.alive.discard(ref)

    def end(self, ref: OrderRef) -> None:
        if ref in self.broker.open_orders:
            self.broker.confirm_cancel(ref)
            self.alive.discard(ref)

    def intent(self, ref: OrderRef) -> Intent:
        found = self.desk.store.intent(ref)
        assert found is not None
        return found

    # -- events --------------------------------------------------------------------------------------

    async def enter(self, quantity: int, wait_s: float) -> None:
        self.begin("entry", self.order(Purpose.ENTRY, f"C{self.session:%Y%m%d}-{len(self.sent) + 1}", quantity))
        await self.desk.clock.sleep(wait_s)

    async def hedge(self, layer: str, quantity: int, wait_s: float) -> None:
        self.begin(layer, self.order(Purpose.RESIZE if layer == "L1" else Purpose.ROLL_BUY, layer, quantity))
        await self.desk.clock.sleep(wait_s)

    async def leave(self, place: int) -> None:
        opened = sorted(self.open_units())
        if opened:
            subject = opened[place % len(opened)]
            working = [o for o in self.desk.store.intents(subject=subject, live_only=True) if o.state in AT_WORK]
            if not working and subject not in self.tasks:
                self.begin(subject, self.order(Purpose.EXIT, subject, self.open_units()[subject]))

    def begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Work an order beside what follows; each desk works one at a time."""
        if name in self.tasks and not self.tasks[name].done():
            work.close()
        else:
            self.tasks[name] = asyncio.create_task(work)

    async def order(self, purpose: Purpose, subject: str, quantity: int) -> None:
        strategy = Strategy.HEDGE if purpose in (Purpose.RESIZE, Purpose.ROLL_BUY) else Strategy.CONDOR
        proposal = Proposal(
            strategy=strategy,
            purpose=purpose,
            subject=subject,
            index_age_s=self.index_age_s,
            added_wing_notional_usd=WING_USD * quantity if purpose is Purpose.ENTRY else 0,
            account=await self.account() if self.account_told else None,
            margin_after_usd_cents=0,
            margin_change_usd_cents=0,
            margin_estimate_usd_cents=0,
            theta_after_usd=1.0,
            quick_ratio_after=2.0,
        )
        refused = self.risk.refusals(proposal)
        if purpose is Purpose.EXIT:
            self.check_exit(subject, refused=bool(refused))
        if refused:
            return
        legs = {Strategy.HEDGE: (Leg(VIX_CALL, 1),), Strategy.CONDOR: CONDOR_LEGS}[strategy]
        legs, mid_pts = (closing(legs), 4.5) if purpose is Purpose.EXIT else (legs, 1.0 if len(legs) == 1 else -4.5)
        key = self.executor.next_key(strategy, purpose, subject)
        now = self.desk.clock.now()
        spec = OrderSpec(legs, quantity, round(100 * mid_pts), TimeInForce.DAY)
        intent = Intent(key, spec, now, mid_at_decision_pts=mid_pts)
        record = replace(condor_record(), condor_id=subject, entry_session=self.session, intent=key)
        await self.executor.work(intent, self.ladder(mid_pts), record if purpose is Purpose.ENTRY else None)

    def ladder(self, mid_pts: float) -> Ladder:
        async def price() -> ComboPrice:
            return ComboPrice(mid_pts, round(100 * mid_pts) + 80)  # far beyond every collar

        rules = LadderRules(step_pts100=10, through_pts100=0)
        return Ladder(rules=rules, price=price, step_s=30, until=self.desk.clock.now() + timedelta(minutes=5))

    def check_exit(self, subject: str, *, refused: bool) -> None:
        """Only a person's HALTED and an order of the same condor that nobody knows keep an exit back (decision 9)."""
        unknown = any(o.state in OUT_OF_SIGHT for o in self.desk.store.intents(subject=subject, live_only=True))
        assert refused == (unknown or self.person is RunState.HALTED or self.file.exists())

    async def account(self) -> AccountValues:
        cents = 100 * self.nlv_usd
        return AccountValues(cents, cents, 0, 0, cents, self.desk.clock.now())

    async def worth(self, share: float) -> None:
        self.nlv_usd = round(share * self.nlv_usd)

    async def bad_day(self, share: float) -> None:
        await self.worth(share)
        await self.next_day()

    async def data(self, index_age_s: float | None, account_told: bool, breaks: int) -> None:
        self.index_age_s, self.account_told, self.desk.link.breaks_open = index_age_s, account_told, breaks

    async def late_fill(self, place: int) -> None:
        if self.broker.open_orders:
            self.fill(sorted(self.broker.open_orders)[place % len(self.broker.open_orders)], 1)

    async def halt(self, state: RunState) -> None:
        self.risk.run_states.halt("a person", state)
        self.person = state
        await self.desk.clock.sleep(2)
        stopped = OPENING if state is RunState.HALTED else (Purpose.ENTRY,)
        working = [o for o in self.desk.store.intents(live_only=True) if o.state is IntentState.WORKING]
        assert [o.ref for o in working if o.key.purpose in stopped and o.ref not in self.broker.cancelled] == []

    async def resume(self) -> None:
        if self.file.exists():
            with pytest.raises(UserError):
                self.risk.run_states.resume("too early")
            return
        self.risk.run_states.resume("a person")
        self.person, self.counted_from = RunState.RUNNING, self.desk.clock.now()

    async def halt_file(self, there: bool) -> None:
        self.file.write_text("a person", encoding="utf-8") if there else self.file.unlink(missing_ok=True)

    async def all_clear(self) -> None:
        """Let nothing stand in the way of an entry but the limits."""
        await self.halt_file(False)
        await self.resume()
        await self.data(0.0, True, 0)

    async def next_day(self) -> None:
        """Let every ladder end, every order of the day with it, and go to the next session."""
        await asyncio.gather(*self.tasks.values())
        for ref in sorted(self.broker.open_orders):
            self.end(ref)
        await self.desk.clock.sleep(1)
        day = DayRecord(self.session, 3370.0, 14.5, 100 * self.nlv_usd, 0, 0, 0, None, None, None, None, 0)
        self.desk.store.record_day(day)
        self.closes.append((self.session, self.nlv_usd))
        opens = hours_of(next_session(self.session)).open_at + timedelta(hours=1)
        await self.desk.clock.sleep((opens - self.desk.clock.now()).total_seconds())
        self.compute_hedge()

    def compute_hedge(self) -> None:
        computed = HedgeComputation(self.session, self.desk.clock.now(), 14.5, "low", 7.9, 0, 0.0, 0.0, 0, ())
        self.desk.store.record_hedge_computation(computed)

    def check_state(self) -> None:
        """A person's word holds until a person takes it back, whatever the program has set beside it."""
        if self.file.exists():
            self.person = RunState.HALTED
        record = self.risk.run_states.now()
        if self.person is RunState.HALTED:
            assert (record.state, record.by) == (RunState.HALTED, PERSON)
        elif self.person is RunState.EXITS_ONLY:
            assert (record.state, record.by) in {(RunState.EXITS_ONLY, PERSON), (RunState.HALTED, PROGRAM)}


HEDGE_AGAIN: Final = (World.hedge, ("L1", 1, 61))
OUT_OF_SIGHT: Final = (IntentState.SENDING, IntentState.UNKNOWN)
AT_WORK: Final = (IntentState.PLANNED, IntentState.SENDING, IntentState.WORKING)
Event = tuple[Callable[..., Coroutine[Any, Any, None]], tuple[Any, ...]]
ANSWERS: Final = st.lists(st.sampled_from(["ack", "ack", "part", "fill", "fill", "reject", "nothing"]), max_size=20)


def subject_of(ref: OrderRef) -> str:
    return ref.split(".")[4]


def event(act: Callable[..., Coroutine[Any, Any, None]], *drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    return st.tuples(st.just(act), st.tuples(*drawn))


WAITS: Final = st.sampled_from([5, 61, 61, 400])
ENTER: Final = event(World.enter, st.integers(1, 3), WAITS)
HEDGE: Final = event(World.hedge, st.sampled_from(["L1", "L2"]), st.integers(1, 12), WAITS)
LACKING: Final = st.sampled_from([(None, True, 0), (500.0, True, 0), (0.0, False, 0), (0.0, True, 1)])
EVENTS: Final = st.one_of(
    *[ENTER] * 6,
    *[HEDGE] * 3,
    event(World.leave, st.integers(0, 3)),
    event(World.late_fill, st.integers(0, 3)),
    event(World.worth, st.sampled_from([0.989, 0.991, 1.02])),
    event(World.bad_day, st.sampled_from([0.991, 0.992])),
    event(World.bad_day, st.sampled_from([0.991, 0.992])),
    st.tuples(st.just(World.data), LACKING),
    event(World.halt, st.sampled_from([RunState.EXITS_ONLY, RunState.HALTED])),
    event(World.halt_file, st.booleans()),
    event(World.resume),
    *[event(World.all_clear)] * 2,
)


def live(events: list[Event], answers: list[str]) -> World:
    """Let the events happen one after the other; orders are worked beside them."""

    async def main() -> World:
        with tempfile.TemporaryDirectory() as folder:
            desk, broker = make_desk(Path(folder))
            desk.policy = replace(desk.policy, limits=replace(desk.policy.limits, **MOST))  # type: ignore[arg-type]
            desk.store.set_meta(BASELINE, str(100 * WORTH_USD))
            desk.link.clock_skew_s = 0.0
            facts = FactRecorder(desk)
            broker.subscribe(facts.sink)
            states = RunStates(desk)
            facts.on_answer(lambda rejected: states.answered(rejected=rejected))
            risk = RiskMonitor(desk, states)
            world = World(desk, broker, Path(folder), risk, Executor(desk, facts, risk), list(answers))
            broker.on_place, broker.on_modify, broker.on_cancel = world.on_place, world.on_modify, world.on_cancel
            world.compute_hedge()
            consumer = asyncio.create_task(facts.run())
            try:
                for act, drawn in events:
                    await act(world, *drawn)
                    await desk.clock.sleep(0.1)
                    world.check_state()
                    for task in world.tasks.values():
                        if task.done():
                            task.result()
                await asyncio.gather(*world.tasks.values())
            finally:
                consumer.cancel()
                desk.store.close()
            return world

    return run_virtual(main, START)


@settings(max_examples=100, deadline=None)
@example([(World.enter, (3, 400)), (World.enter, (3, 400))], ["nothing"])  # the first one may yet fill
@example([*[HEDGE_AGAIN] * 4, (World.halt, (RunState.EXITS_ONLY,)), HEDGE_AGAIN], ["fill"] * 5)
@given(st.lists(EVENTS, min_size=10, max_size=24), ANSWERS)
def test_no_order_that_opens_risk_passes_a_limit_or_a_halt_and_only_a_person_lifts_a_persons(
    events: list[Event], answers: list[str]
) -> None:
    live(events, answers)


def test_without_anything_in_their_way_orders_are_sent_up_to_the_limits() -> None:
    # Two condors may be open; each has its own minute. The third entry, the only one refused, is not sent.
    enter: list[Event] = [(World.enter, (2, 61))]

    world = live([*enter, *enter, *enter, (World.leave, (0,))], ["fill", "fill", "fill"])

    assert [purpose for _, _, _, purpose in world.sent] == [Purpose.ENTRY, Purpose.ENTRY, Purpose.EXIT]
    assert list(world.open_units().values()) == [2]
