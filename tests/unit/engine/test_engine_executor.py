"""The executor: commit before sending, follow the ladder, never guess an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from engine_fakes import LATER, START, FakeBroker, hedge_intent, make_desk, make_executor

from daemon.adapters.virtual_time import run_virtual
from daemon.core.orders.broker_facts import LinkState, OrderFact, OrderMessage, OrderStatus
from daemon.core.orders.intent import ComboPrice, Intent, IntentState, OrderRef, OrderSpec, Purpose, Reason
from daemon.core.orders.ladder import LadderRules
from daemon.core.records import RunState, RunStateRecord
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.facts import FactRecorder
from daemon.engine.gather import Refusal
from daemon.errors import BrokerTimeoutError, LinkDownError

STANDING = ComboPrice(1.00, 110)
"""A market whose prices, in steps of 0.05 from its mid to its ask, are 1.00, 1.05 and 1.10."""


async def standing() -> ComboPrice:
    return STANDING


LADDER = Ladder(rules=LadderRules(step_pts100=5, through_pts100=0), price=standing, step_s=60, until=LATER)
Body = Callable[[Executor, FakeBroker, Desk], Awaitable[Intent]]


def run(folder: Path, body: Body) -> tuple[Intent, FakeBroker, Desk]:
    """Run ``body`` in virtual time with a recorder that consumes facts."""

    async def main() -> tuple[Intent, FakeBroker, Desk]:
        desk, broker = make_desk(folder)
        facts = FactRecorder(desk)
        broker.subscribe(facts.sink)
        consumer = asyncio.create_task(facts.run())
        try:
            return await body(make_executor(desk, facts), broker, desk), broker, desk
        finally:
            consumer.cancel()

    return run_virtual(main, START)


def test_an_intent_is_committed_as_sending_before_the_broker_sees_it(tmp_path: Path) -> None:
    seen: list[IntentState] = []

    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        def place(ref: OrderRef, spec: OrderSpec) -> None:
            intent = desk.store.intent(ref)
            assert intent is not None
            seen.append(intent.state)
            broker.acknowledge(ref, spec)
            broker.fill(ref)

        broker.on_place = place
        return await executor.work(hedge_intent(), LADDER)

    done, _, _ = run(tmp_path, body)

    assert seen == [IntentState.SENDING]
    assert (done.state, done.filled) == (IntentState.FILLED, 3)


def test_the_ladder_raises_the_limit_step_by_step_and_stops_when_filled(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_modify = lambda ref, limit: broker.fill(ref) if limit == 105 else None
        return await executor.work(hedge_intent(), LADDER)

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.FILLED
    assert [limit for _, limit in broker.modified] == [105]


def test_an_order_that_never_fills_is_cancelled_at_the_end_with_evidence(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        return await executor.work(hedge_intent(), LADDER)

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.CANCELLED
    assert [limit for _, limit in broker.modified] == [105, 110]
    assert len(broker.cancelled) == 1


def test_a_partial_fill_is_kept_when_the_rest_is_cancelled(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_modify = lambda ref, limit: broker.fill(ref, 1) if limit == 105 else None
        return await executor.work(hedge_intent(), LADDER)

    done, _, desk = run(tmp_path, body)

    assert (done.state, done.filled) == (IntentState.CANCELLED, 1)
    assert sum(desk.view().book.positions().values()) == 1


def test_a_cancel_without_evidence_leaves_the_order_unknown(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_cancel = lambda ref: None
        return await executor.work(hedge_intent(), LADDER)

    done, _, _ = run(tmp_path, body)

    assert done.state is IntentState.UNKNOWN


def test_an_order_that_could_not_be_sent_is_rejected_and_can_be_tried_again(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.state = LinkState.DOWN
        return await executor.work(hedge_intent(), LADDER)

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.REJECTED
    assert broker.cancelled == []


@pytest.mark.parametrize("code", [201, 110, 460])
def test_a_refusal_with_a_code_ends_the_order_as_rejected(tmp_path: Path, code: int) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_place = lambda ref, spec: broker.tell(OrderMessage(ref, code, "no"))
        return await executor.work(hedge_intent(), LADDER)

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.REJECTED
    assert broker.modified == []


def test_a_mere_warning_does_not_end_an_order(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        def place(ref: OrderRef, spec: OrderSpec) -> None:
            broker.acknowledge(ref, spec)
            broker.tell(OrderMessage(ref, 10349, "Order TIF was set to DAY based on order preset."))

        broker.on_place = place
        broker.on_modify = lambda ref, limit: broker.fill(ref)
        return await executor.work(hedge_intent(), LADDER)

    done, _, _ = run(tmp_path, body)

    assert done.state is IntentState.FILLED


def test_inactive_alone_proves_nothing_and_with_a_refusal_it_is_a_rejection(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        def modify(ref: OrderRef, limit: int) -> None:
            perm = broker.open_orders[ref].perm_id
            broker.tell(OrderFact(ref, perm, OrderStatus.INACTIVE, 0, 3))
            if limit == 110:
                broker.tell(OrderMessage(ref, 201, "Order rejected - reason: margin"))
                broker.tell(OrderFact(ref, perm, OrderStatus.INACTIVE, 0, 3))

        broker.on_modify = modify
        return await executor.work(hedge_intent(), LADDER)

    done, broker, _ = run(tmp_path, body)

    assert [limit for _, limit in broker.modified] == [105, 110]
    assert done.state is IntentState.REJECTED


def test_a_fill_that_crosses_the_cancel_is_booked(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        def cancel(ref: OrderRef) -> None:
            perm = broker.open_orders[ref].perm_id
            broker.tell(OrderFact(ref, perm, OrderStatus.CANCELLED, 0, 3))
            broker.fill(ref)

        broker.on_cancel = cancel
        done = await executor.work(hedge_intent(), LADDER)
        await desk.clock.sleep(1)
        now = desk.store.intent(done.ref)
        assert now is not None
        return now

    done, _, desk = run(tmp_path, body)

    assert (done.state, done.filled) == (IntentState.FILLED, 3)
    assert sum(desk.view().book.positions().values()) == 3


def test_the_same_execution_told_twice_is_booked_once(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        def modify(ref: OrderRef, limit: int) -> None:
            if limit == 105:
                broker.fill(ref)
                broker.tell(broker.executions[-1])

        broker.on_modify = modify
        done = await executor.work(hedge_intent(), LADDER)
        await desk.clock.sleep(1)
        return done

    done, _, desk = run(tmp_path, body)

    assert done.filled == 3
    assert len(desk.store.entries()) == 1


def test_a_second_intent_of_the_same_key_gets_the_next_attempt(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        first = await executor.work(hedge_intent(), LADDER)
        key = executor.next_key(first.key.strategy, first.key.purpose, first.key.subject)
        assert key.attempt == 2
        return first

    run(tmp_path, body)


def lose_link(broker: FakeBroker, desk: Desk) -> None:
    """Let the connection go down under a working order, as the next price change finds out."""

    def modify(ref: OrderRef, limit: int) -> None:
        broker.on_modify = lambda ref, limit: None
        raise LinkDownError("no connection")

    broker.on_modify = modify


def test_an_order_lost_from_sight_is_worked_on_when_the_link_is_back(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        lose_link(broker, desk)
        working = asyncio.create_task(executor.work(hedge_intent(), LADDER))
        await desk.clock.sleep(300)
        (ref,) = broker.open_orders
        seen = desk.store.intent(ref)
        assert seen is not None
        assert seen.state is IntentState.UNKNOWN
        broker.on_modify = lambda ref, limit: broker.fill(ref)
        broker.tell(broker.open_orders[ref])
        return await working

    done, broker, _ = run(tmp_path, body)

    assert (done.state, done.filled) == (IntentState.FILLED, 3)
    assert [limit for _, limit in broker.modified] == [105, 105]
    assert len(broker.placed) == 1


def test_an_order_that_stays_out_of_sight_to_the_end_of_its_time_is_unknown(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        lose_link(broker, desk)
        done = await executor.work(hedge_intent(), LADDER)
        assert desk.clock.now() >= LATER
        return done

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.UNKNOWN
    assert broker.cancelled == []


def test_an_entry_halted_while_out_of_sight_is_cancelled_when_it_is_seen_again(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        lose_link(broker, desk)
        entry = hedge_intent()
        entry = replace(entry, key=replace(entry.key, purpose=Purpose.ENTRY))
        working = asyncio.create_task(executor.work(entry, LADDER))
        await desk.clock.sleep(120)
        desk.store.set_run_state(RunStateRecord(RunState.HALTED, "person", "enough", desk.clock.now()))
        (ref,) = broker.open_orders
        broker.tell(broker.open_orders[ref])
        return await working

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.CANCELLED
    assert [limit for _, limit in broker.modified] == [105]


def test_an_order_left_by_an_earlier_process_is_sent_its_price_again_and_worked_on(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        left = await executor.send(hedge_intent(limit=105))
        await desk.clock.sleep(1)
        found = await executor.in_sight(left.ref, LATER)
        broker.on_modify = lambda ref, limit: broker.fill(ref) if limit == 110 else None
        return await executor.go_on(found, LADDER, STANDING)

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.FILLED
    assert [limit for _, limit in broker.modified] == [105, 110]
    assert len(broker.placed) == 1


def test_a_lost_link_makes_what_is_being_worked_unknown_at_once_until_the_broker_tells(tmp_path: Path) -> None:
    states: list[IntentState] = []

    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        working = asyncio.create_task(executor.work(hedge_intent(), replace(LADDER, step_s=600)))
        await desk.clock.sleep(30)
        (ref,) = broker.open_orders
        executor.lose_sight()
        for _ in range(2):
            seen = desk.store.intent(ref)
            assert seen is not None
            states.append(seen.state)
            broker.tell(broker.open_orders[ref])
            await desk.clock.sleep(1)
        broker.fill(ref)
        return await working

    done, broker, _ = run(tmp_path, body)

    assert states == [IntentState.UNKNOWN, IntentState.WORKING]
    assert (done.state, len(broker.placed)) == (IntentState.FILLED, 1)


def test_no_rung_is_left_out_over_an_outage_and_none_is_sent_before_the_link_is_synchronised(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        lose_link(broker, desk)
        working = asyncio.create_task(executor.work(hedge_intent(), LADDER))
        await desk.clock.sleep(90)
        (ref,) = broker.open_orders
        desk.link.synced = False
        broker.tell(broker.open_orders[ref])  # while connecting, before everything is read
        await desk.clock.sleep(30)
        desk.link.synced = True
        return await working

    done, broker, _ = run(tmp_path, body)

    assert done.state is IntentState.CANCELLED
    assert [limit for _, limit in broker.modified] == [105, 105, 110]


def moving(*steps: ComboPrice | Exception) -> Ladder:
    """Return the ladder in a market that is asked for once at each step; the last one stays."""
    left = list(steps)

    async def price() -> ComboPrice:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    return replace(LADDER, price=price)


def walked(folder: Path, ladder: Ladder, intent: Intent | None = None) -> tuple[list[int], Desk]:
    """Return the limits that an order which never fills is given after its first, and the desk."""

    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        return await executor.work(intent or hedge_intent(), ladder)

    _, broker, desk = run(folder, body)
    return [limit for _, limit in broker.modified], desk


def test_each_price_is_made_from_the_market_as_it_is_at_its_step(tmp_path: Path) -> None:
    # One step above a mid of 1.20, two above 1.30, three above 1.30: the market runs away and is followed in steps.
    ladder = moving(ComboPrice(1.20, 140), ComboPrice(1.30, 150))

    limits, _ = walked(tmp_path, ladder)

    assert limits[:3] == [125, 140, 145]
    assert limits[-1] == 150


def test_a_limit_is_taken_back_when_the_market_comes_towards_us(tmp_path: Path) -> None:
    limits, _ = walked(tmp_path, moving(ComboPrice(1.00, 110), ComboPrice(0.80, 85)))

    assert limits == [105, 85]


@pytest.mark.parametrize(
    "gone", [Refusal(Reason("leg_not_quoted", "no quote for a leg")), BrokerTimeoutError("no quote in time")]
)
def test_without_a_market_the_price_stays_and_that_is_said_once(tmp_path: Path, gone: Exception) -> None:
    limits, desk = walked(tmp_path, moving(gone, gone, STANDING))

    kept = [event for event in desk.store.events() if event.name == "order_price_kept"]
    assert limits == [110]  # the third step, as far as the market allows
    assert [event.fields["limit_pts100"] for event in kept] == [100]


def test_a_link_that_is_lost_while_the_market_is_asked_for_leaves_no_step_out(tmp_path: Path) -> None:
    limits, _ = walked(tmp_path, moving(LinkDownError("gone"), STANDING))

    assert limits == [105, 110]


def test_an_order_that_fills_while_the_market_is_asked_for_keeps_its_price(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        async def price() -> ComboPrice:
            broker.fill(broker.placed[0][0])
            await desk.clock.sleep(1)
            return STANDING

        return await executor.work(hedge_intent(), replace(LADDER, price=price))

    done, broker, _ = run(tmp_path, body)

    assert (done.state, broker.modified) == (IntentState.FILLED, [])


@pytest.mark.parametrize(("keeps_rest", "limits", "filled"), [(True, [105, 110], 3), (False, [105], 1)])
def test_the_rest_of_a_partial_fill_is_worked_on_or_left(
    tmp_path: Path, keeps_rest: bool, limits: Sequence[int], filled: int
) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_modify = lambda ref, limit: broker.fill(ref, 1 if limit == 105 else 2)
        return await executor.work(hedge_intent(), replace(LADDER, keeps_rest=keeps_rest))

    done, broker, desk = run(tmp_path, body)

    assert [limit for _, limit in broker.modified] == limits
    assert (done.filled, done.state) == (filled, IntentState.FILLED if keeps_rest else IntentState.CANCELLED)
    assert sum(desk.view().book.positions().values()) == filled


def test_the_market_behind_each_part_of_a_fill_is_kept(tmp_path: Path) -> None:
    async def body(executor: Executor, broker: FakeBroker, desk: Desk) -> Intent:
        broker.on_modify = lambda ref, limit: broker.fill(ref, 1 if limit == 125 else 2)
        ladder = moving(ComboPrice(1.20, 140), ComboPrice(1.50, 155))
        return await executor.work(replace(hedge_intent(), mid_at_decision_pts=1.2, quoted=STANDING), ladder)

    done, _, desk = run(tmp_path, body)

    # One of three in a market of 1.20 and 1.40, two in one of 1.50 and 1.55.
    assert done.fill_market is not None
    assert astuple(done.fill_market) == pytest.approx((4.20 / 3, 4.50 / 3))
    assert desk.store.intent(done.ref) == done
