"""Reconciliation: what is missing is booked, what is nowhere is proven twice, what nobody explains blocks entries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from engine_fakes import CALL, SESSION, START, con_id, hedge_intent
from reconcile_world import World, play

from daemon.core.orders.broker_facts import ExecId, ExecutionFact, OrderFact, OrderStatus, Snapshot
from daemon.core.orders.intent import IntentState, Leg, OrderRef, OrderSpec, PermId, TimeInForce
from daemon.engine.day import DayDesk
from daemon.engine.limit_watch import LimitWatch
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates
from daemon.engine.settlement import Settler

GTC = OrderSpec((Leg(CALL, 1),), 3, 100, TimeInForce.GTC)


def test_a_fill_that_nobody_told_is_found_and_booked_once(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        world.broker.placed.append((intent.ref, intent.spec))
        world.broker.fill(intent.ref, tell=False)
        await world.reconciler.run("test")
        result = await world.reconciler.run("again")

        assert world.state(intent.ref) is IntentState.FILLED
        assert len(world.desk.store.entries()) == 1
        assert (result.breaks, world.desk.link.breaks_open) == ((), 0)

    play(tmp_path, scene)


def test_a_working_order_of_an_earlier_process_is_recognised_by_its_ref(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        world.broker.open_orders[intent.ref] = OrderFact(intent.ref, PermId(77), OrderStatus.WORKING, 0, 3)
        await world.reconciler.run("test")

        assert world.state(intent.ref) is IntentState.WORKING
        assert world.broker.placed == []

    play(tmp_path, scene)


def test_an_order_that_is_nowhere_is_unknown_first_and_absent_only_after_a_second_proof(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        await world.reconciler.run("first")
        assert (world.state(intent.ref), world.reconciler.absence_pending) == (IntentState.UNKNOWN, True)

        await world.desk.clock.sleep(10)
        await world.reconciler.run("too soon")
        assert world.state(intent.ref) is IntentState.UNKNOWN

        await world.desk.clock.sleep(25)
        await world.reconciler.run("second")
        assert (world.state(intent.ref), world.reconciler.absence_pending) == (IntentState.ABSENT, False)

    play(tmp_path, scene)


def test_a_position_that_moves_between_the_proofs_starts_them_anew(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        await world.reconciler.run("first")
        world.broker.held[CALL] = 3
        await world.desk.clock.sleep(40)
        await world.reconciler.run("second")
        assert world.state(intent.ref) is IntentState.UNKNOWN

    play(tmp_path, scene)


def test_a_plan_whose_bytes_never_left_is_withdrawn(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = hedge_intent()
        world.desk.store.plan_intent(intent)
        await world.reconciler.run("test")
        assert world.state(intent.ref) is IntentState.CANCELLED

    play(tmp_path, scene)


def test_a_quantity_nobody_explains_is_an_open_break_until_it_is_gone(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        world.broker.placed.append((intent.ref, intent.spec))
        world.broker.fill(intent.ref)
        await world.reconciler.run("right")
        world.broker.held[CALL] = 1
        assert not world.reconciler.matches_stream()
        await world.reconciler.run("wrong")
        assert world.desk.link.breaks_open == 1

        world.broker.held[CALL] = 3
        assert world.reconciler.matches_stream()
        await world.reconciler.run("right again")
        assert (world.desk.link.breaks_open, world.reconciler.in_doubt()) == (1, True)
        await world.reconciler.run("and confirmed")
        assert (world.desk.link.breaks_open, world.reconciler.in_doubt()) == (0, False)

    play(tmp_path, scene)


def test_one_snapshot_that_shows_the_account_falsely_flat_ends_no_break(tmp_path: Path) -> None:
    """A fill that is never listed makes a break; a list without positions agrees with a book that lacks it."""

    async def scene(world: World) -> None:
        world.sent()
        world.broker.held[CALL] = 3
        await world.reconciler.run("its fill was never told")
        assert world.desk.link.breaks_open == 1

        world.broker.held.clear()
        await world.reconciler.run("falsely flat")
        assert world.desk.link.breaks_open == 1

        world.broker.held[CALL] = 3
        await world.reconciler.run("as it is")
        assert world.desk.link.breaks_open == 1

    play(tmp_path, scene)


def test_an_open_order_with_our_ref_that_no_intent_knows_is_cancelled(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        stray = OrderRef("cd.20200217.condor.ENTRY.C20200217-1.1")
        world.broker.open_orders[stray] = OrderFact(stray, PermId(5), OrderStatus.WORKING, 0, 1)
        await world.reconciler.run("test")
        assert world.broker.cancelled == [stray]

    play(tmp_path, scene)


def test_a_corrected_execution_replaces_the_first_revision(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        for revision, price in (("01", 100), ("02", 90)):
            exec_id = ExecId(f"0001.0000.01.{revision}")
            fact = ExecutionFact(exec_id, intent.ref, PermId(9), con_id(CALL), CALL, False, 3, price, START)
            world.broker.executions.append(fact)
        world.broker.held[CALL] = 3
        await world.reconciler.run("test")

        (entry,) = world.desk.store.entries()
        assert (entry.price_pts100, entry.quantity) == (90, 3)

    play(tmp_path, scene)


def test_the_periodic_check_looks_at_the_broker_while_the_outcome_of_an_order_is_unknown(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.on_cancel = lambda ref: None
        intent = await world.executor.send(hedge_intent())
        await world.executor.cancel(intent.ref, "a cancel that nobody confirms")
        assert world.state(intent.ref) is IntentState.UNKNOWN
        risk = RiskMonitor(world.desk, RunStates(world.desk))
        day = DayDesk(world.desk, world.reconciler, Settler(world.desk), LimitWatch(world.desk, risk))

        await day.check_book(SESSION)

        assert world.state(intent.ref) is IntentState.WORKING

    play(tmp_path, scene)


def test_an_order_whose_contracts_the_account_holds_without_explanation_is_never_proven_absent(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        world.broker.held[CALL] = intent.spec.quantity  # it filled; yesterday's executions are not listed any more

        for _ in range(4):
            result = await world.reconciler.run("a test")
            await world.desk.clock.sleep(31)

        assert world.state(intent.ref) is IntentState.UNKNOWN
        assert [found.contract for found in result.blocking] == [CALL]

    play(tmp_path, scene)


@pytest.mark.parametrize("slow_s", [0.0, 5.0])
def test_an_order_that_is_sent_while_the_account_is_read_is_not_missed_in_what_was_read(
    tmp_path: Path, slow_s: float
) -> None:
    async def scene(world: World) -> None:
        intent, read, place = replace(hedge_intent(), spec=GTC), world.broker.snapshot, world.broker.place

        async def late(ref: OrderRef, spec: OrderSpec) -> None:
            await world.desk.clock.sleep(slow_s)  # the contract is looked up first
            await place(ref, spec)

        async def early() -> Snapshot:
            answer = await read()
            await world.desk.clock.sleep(10)
            return answer

        world.broker.place, world.broker.snapshot = late, early  # type: ignore[method-assign]
        sending = asyncio.create_task(world.executor.send(intent))
        await asyncio.sleep(0)
        reconciling = asyncio.create_task(world.reconciler.run("test"))
        await world.desk.clock.sleep(7)
        if not slow_s:
            await sending
            late_one = hedge_intent(attempt=2)
            await world.executor.send(late_one)
            await reconciling
            assert world.state(late_one.ref) is IntentState.WORKING
        await asyncio.gather(sending, reconciling)
        assert world.state(intent.ref) is IntentState.WORKING
        assert [e.name for e in world.desk.store.events() if e.name == "order_unknown"] == []

    play(tmp_path, scene)
