"""The risk monitor at the moment an order is sent, and over the steps of its ladder."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from engine_fakes import LATER, SESSION, START, FakeBroker, hedge_intent, make_desk, make_executor
from ledger_values import condor_intent, condor_record

from daemon.adapters.halt_file import HALT_FILE
from daemon.adapters.virtual_time import run_virtual
from daemon.core.orders.intent import ComboPrice, Intent, IntentKey, IntentState, OrderRef, OrderSpec, Purpose, Strategy
from daemon.core.orders.ladder import LadderRules
from daemon.core.records import PERSON, PROGRAM, Level, RunState, RunStateRecord
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.facts import FactRecorder
from daemon.engine.risk_monitor import Proposal

Body = Callable[[Executor, FakeBroker, Desk], Awaitable[None]]


def run(folder: Path, body: Body) -> None:
    async def main() -> None:
        desk, broker = make_desk(folder)
        facts = FactRecorder(desk)
        broker.subscribe(facts.sink)
        consumer = asyncio.create_task(facts.run())
        try:
            await body(make_executor(desk, facts), broker, desk)
        finally:
            consumer.cancel()

    run_virtual(main, START)


def with_limits(desk: Desk, **limits: object) -> None:
    desk.policy = replace(desk.policy, limits=replace(desk.policy.limits, **limits))  # type: ignore[arg-type]


def rising(*mids: float) -> Ladder:
    """Return a ladder whose market is another one at each step, the last one for ever."""
    left = list(mids)

    async def price() -> ComboPrice:
        mid = left.pop(0) if len(left) > 1 else left[0]
        return ComboPrice(mid, round(100 * mid) + 20)

    return Ladder(rules=LadderRules(step_pts100=5, through_pts100=0), price=price, step_s=60, until=LATER)


def intent(purpose: Purpose, attempt: int = 1) -> Intent:
    made = hedge_intent(attempt=attempt)
    key = replace(made.key, purpose=purpose, attempt=attempt)
    return replace(made, key=IntentKey(SESSION, key.strategy, purpose, key.subject, attempt))


def state_of(desk: Desk, ref: OrderRef) -> IntentState:
    found = desk.store.intent(ref)
    assert found is not None
    return found.state


class TestRunaway:
    def test_one_order_more_than_a_minute_may_have_is_not_sent_and_halts_the_program(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, orders_per_minute_max=2)
            for attempt in (1, 2, 3):
                made = replace(intent(Purpose.RESIZE, attempt), created_at=desk.clock.now())
                last = await executor.send(made)
                await desk.clock.sleep(1)

            assert len(broker.placed) == 2
            assert last.state is IntentState.CANCELLED
            assert last.reasons[-1].name == "order_rate"
            record = desk.store.run_state()
            assert (record.state, record.by, record.reason) == (
                RunState.HALTED,
                PROGRAM,
                "order_rate: 3, the limit is 2",
            )
            (told,) = [event for event in desk.store.events() if event.name == "run_state_changed"]
            assert told.level is Level.ERROR

        run(tmp_path, body)

    def test_orders_a_minute_apart_are_within_the_rate(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, orders_per_minute_max=1)
            for attempt in (1, 2):
                await executor.send(replace(intent(Purpose.RESIZE, attempt), created_at=desk.clock.now()))
                await desk.clock.sleep(60)

            assert len(broker.placed) == 2

        run(tmp_path, body)

    def test_no_count_keeps_an_exit_from_going_out_and_none_counts_it(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, orders_per_minute_max=1, session_orders_max=1, session_contracts_max=4)
            for attempt in range(1, 6):
                await executor.send(replace(intent(Purpose.EXIT, attempt), created_at=desk.clock.now()))
            await executor.send(replace(intent(Purpose.RESIZE), created_at=desk.clock.now()))

            assert len(broker.placed) == 6
            assert desk.store.run_state().state is RunState.RUNNING

        run(tmp_path, body)

    def test_orders_are_counted_anew_from_a_persons_resume(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, session_orders_max=1)
            await executor.send(replace(intent(Purpose.RESIZE), created_at=desk.clock.now()))
            await desk.clock.sleep(1)
            executor._risk.run_states.resume("go on")
            await desk.clock.sleep(1)
            await executor.send(replace(intent(Purpose.RESIZE, 2), created_at=desk.clock.now()))

            assert len(broker.placed) == 2

        run(tmp_path, body)

    def test_a_halt_by_a_person_lets_no_count_begin_anew(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, session_orders_max=1)
            await executor.send(replace(intent(Purpose.RESIZE), created_at=desk.clock.now()))
            await desk.clock.sleep(1)
            executor._risk.run_states.halt("travelling", RunState.EXITS_ONLY)  # the hedge goes on
            await desk.clock.sleep(1)
            await executor.send(replace(intent(Purpose.RESIZE, 2), created_at=desk.clock.now()))

            assert len(broker.placed) == 1

        run(tmp_path, body)

    def test_the_program_never_takes_the_place_of_what_a_person_has_set(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            person = RunStateRecord(RunState.HALTED, PERSON, "a holiday", desk.clock.now())
            desk.store.set_run_state(person)

            executor._risk.run_states.halt_by_program("5 orders were rejected in a row")

            assert desk.store.run_state() == person

        run(tmp_path, body)


class TestCollar:
    def test_no_price_beyond_it_is_set_and_the_order_says_so_and_waits(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            # The mid was 1.00 at the decision: half of it is the collar. The market runs away to 1.60 and comes back.
            done = await executor.work(intent(Purpose.RESIZE), rising(1.30, 1.60, 1.60, 1.20))

            limits = [limit for _, limit in broker.modified]
            assert limits == [135, 140]  # 1.30 and a step; then, four steps on, the natural price of 1.20
            assert max(limits) <= 150
            assert done.state is IntentState.CANCELLED
            kept = [event for event in desk.store.events() if event.name == "order_price_kept"]
            assert len(kept) == 1
            assert "too many points from the mid of 1 at the decision" in str(kept[0].fields["why"])

        run(tmp_path, body)

    def test_an_order_that_ends_at_it_names_it(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            done = await executor.work(intent(Purpose.RESIZE), rising(1.60))

            reason = executor.refusal(done.ref)
            assert reason is not None
            assert (reason.name, reason.limit) == ("price_collar", 0.5)

        run(tmp_path, body)

    def test_an_order_that_ends_inside_it_again_does_not_name_it(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            # Set to 1.35, then the market is beyond the collar, and from then on its natural price is 1.35.
            done = await executor.work(intent(Purpose.RESIZE), rising(1.30, 1.60, 1.60, 1.60, 1.15))

            assert [limit for _, limit in broker.modified] == [135]
            assert done.state is IntentState.CANCELLED
            assert executor.refusal(done.ref) is None

        run(tmp_path, body)

    def test_an_order_whose_first_price_is_beyond_it_is_not_sent(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            made = intent(Purpose.RESIZE)
            spec: OrderSpec = replace(made.spec, net_limit_pts100=151)

            done = await executor.work(replace(made, spec=spec), rising(1.0))

            assert broker.placed == []
            assert done.never_sent
            assert [reason.name for reason in done.reasons] == ["price_collar"]

        run(tmp_path, body)

    def test_an_exit_has_none(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            await executor.work(intent(Purpose.EXIT), rising(3.0))

            assert max(limit for _, limit in broker.modified) == 320

        run(tmp_path, body)


class TestEntriesAtWork:
    def test_what_may_still_fill_counts_among_condors_and_wings(self, tmp_path: Path) -> None:
        # An entry of 2 condors with wings of 25 points, 5,000 dollars, is out; another of 2,500 would be one more.
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            with_limits(desk, condors_max=1, wing_notional_max_usd=7_000)
            first = condor_intent(quantity=2)
            await executor.send(first, condor_record(first))
            account = await broker.account_values()
            asked = Proposal(
                strategy=Strategy.CONDOR,
                purpose=Purpose.ENTRY,
                subject="C20200218-2",
                added_wing_notional_usd=2_500,
                account=account,
            )

            refused = {reason.name: reason.value for reason in executor._risk.refusals(asked)}

            assert (refused["open_condors"], refused["wing_notional"]) == (2, 7_500)

        run(tmp_path, body)


class TestHaltsOfALadder:
    @pytest.mark.parametrize("purpose", [Purpose.ENTRY, Purpose.ROLL_BUY, Purpose.RESIZE])
    def test_a_halt_file_ends_it_within_two_seconds(self, tmp_path: Path, purpose: Purpose) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            ladder = replace(rising(1.0), step_s=600)
            work = asyncio.create_task(executor.work(intent(purpose), ladder))
            await desk.clock.sleep(30.3)
            (tmp_path / HALT_FILE).write_text("enough", encoding="utf-8")
            at = desk.clock.now()
            done = await work

            assert desk.clock.now() - at <= timedelta(seconds=2)
            assert done.state is IntentState.CANCELLED
            assert broker.modified == []

        run(tmp_path, body)

    def test_exits_only_leaves_the_hedge_at_work(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            desk.store.set_run_state(RunStateRecord(RunState.EXITS_ONLY, PERSON, "travelling", desk.clock.now()))
            broker.on_modify = lambda ref, limit: broker.fill(ref)

            done = await executor.work(intent(Purpose.ROLL_BUY), rising(1.0))

            assert done.state is IntentState.FILLED

        run(tmp_path, body)

    def test_a_persons_halt_leaves_a_worked_exit_at_its_price_and_a_resume_lets_it_walk_on(
        self, tmp_path: Path
    ) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            work = asyncio.create_task(executor.work(intent(Purpose.EXIT), rising(1.0)))
            await desk.clock.sleep(30)
            desk.store.set_run_state(RunStateRecord(RunState.HALTED, PERSON, "enough", desk.clock.now()))
            await desk.clock.sleep(300)
            (ref,) = broker.open_orders
            assert state_of(desk, ref) is IntentState.WORKING
            assert (broker.modified, broker.cancelled) == ([], [])
            desk.store.set_run_state(RunStateRecord(RunState.RUNNING, PERSON, "back", desk.clock.now()))
            await desk.clock.sleep(10)
            assert [limit for _, limit in broker.modified] == [105]
            broker.fill(ref)
            await work

        run(tmp_path, body)

    def test_a_halt_of_the_program_lets_an_exit_walk_on(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            desk.store.set_run_state(RunStateRecord(RunState.HALTED, PROGRAM, "too many orders", desk.clock.now()))
            broker.on_modify = lambda ref, limit: broker.fill(ref)

            done = await executor.work(intent(Purpose.EXIT), rising(1.0))

            assert done.state is IntentState.FILLED

        run(tmp_path, body)

    def test_an_order_is_not_sent_when_a_halt_came_after_its_gates(self, tmp_path: Path) -> None:
        async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> None:
            (tmp_path / HALT_FILE).write_text("enough", encoding="utf-8")

            done = await executor.work(intent(Purpose.ENTRY), rising(1.0))

            assert broker.placed == []
            assert done.never_sent
            assert [reason.name for reason in done.reasons] == ["halted"]

        run(tmp_path, body)
