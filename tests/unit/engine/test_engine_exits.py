"""Exits of condors: confirmed before they act, never two orders for one condor, and nothing sent after a crossing fill."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from engine_fakes import SESSION, START
from exits_world import ACT, CHEAP, DEAR, LEGS, NAME, STOP, TOUCH, World, option, play

from daemon.core.condor.policy import TakeProfitOrder
from daemon.core.market.contracts import (
    ContractInfo,
    OptionContract,
    Right,
    Underlying,
)
from daemon.core.market.quotes import IndexQuote, Quote
from daemon.core.orders.intent import (
    IntentState,
    OrderRef,
    Purpose,
    TimeInForce,
)
from daemon.core.records import RunState, RunStateRecord
from daemon.errors import BrokerTimeoutError


def test_a_single_bad_mark_never_triggers_a_stop(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        for shown in (CHEAP, DEAR, CHEAP, DEAR, DEAR, CHEAP, DEAR):
            world.broker.shown = dict(shown)
            await world.check()
        assert world.sent == []
        assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.WORKING]  # the take-profit rests

    play(tmp_path, scene, **STOP)


def test_bad_marks_that_fresh_quotes_do_not_confirm_close_nothing_and_have_to_persist_anew(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.shown = dict(DEAR)
        await world.check(3)
        assert world.sent == []
        assert len(world.events("exit_not_confirmed")) == 1
        world.broker.mids = dict(DEAR)
        await world.check(2)
        assert world.sent == []
        await world.check(1)
        assert len(world.sent) == 1

    play(tmp_path, scene, **STOP)


def test_a_loss_that_persists_closes_once_after_the_take_profit_has_gone(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.shown, world.broker.mids = dict(DEAR), dict(DEAR)
        await world.check(6)

        (resting,) = world.orders(Purpose.EXIT, TimeInForce.GTC)
        assert resting.state is IntentState.CANCELLED
        first, *later = world.sent
        assert all(i.created_at >= first.created_at + timedelta(minutes=5) for i in later)  # one after the other
        assert first.reasons[0].name == "stop_loss"
        assert first.created_at >= START + timedelta(minutes=10)  # the third of three looks

    play(tmp_path, scene, **STOP)


def test_one_and_the_same_mark_counts_once(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.shown, world.broker.mids = dict(DEAR), dict(DEAR)
        frozen = world.broker.marks()
        world.broker.marks = lambda: frozen  # type: ignore[method-assign]
        await world.check(3)
        assert world.sent == []

    play(tmp_path, scene, **STOP, mark_max_age_s=86400.0)


def test_marks_that_are_too_old_judge_nothing_and_that_is_said_once(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.shown, world.broker.mids = dict(DEAR), dict(DEAR)
        old = {key: replace(mark, at=mark.at - timedelta(hours=2)) for key, mark in world.broker.marks().items()}
        world.broker.marks = lambda: old  # type: ignore[method-assign]
        await world.check(5)
        assert world.sent == []
        assert len(world.events("exit_unwatched")) == 1

    play(tmp_path, scene, **STOP)


def test_a_leg_that_another_condor_cancels_out_in_the_account_is_quoted(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.mids = dict(DEAR)
        world.broker.shown = {strike: price for strike, price in DEAR.items() if strike != 3470}
        await world.check(3)
        assert option(3470, Right.CALL) in world.broker.asked
        assert len(world.sent) == 1

    play(tmp_path, scene, **STOP)


RULES = {"stop": STOP, "touch": TOUCH, "drift": ACT}


@pytest.mark.parametrize("rule", RULES)
def test_a_fill_that_crosses_the_cancel_is_booked_and_nothing_is_sent(tmp_path: Path, rule: str) -> None:
    async def scene(world: World) -> None:
        broker = world.broker
        broker.shown, broker.mids, broker.spx = dict(DEAR), dict(DEAR), 3195.0

        def cancel(ref: OrderRef) -> None:
            broker.fill(ref)
            broker.confirm_cancel(ref)

        broker.on_cancel = cancel
        await world.check(5)
        assert world.sent == []
        assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.FILLED]
        assert world.desk.view().condors == ()

    play(tmp_path, scene, **RULES[rule])


@pytest.mark.parametrize("rule", RULES)
def test_a_cancel_without_evidence_sends_nothing(tmp_path: Path, rule: str) -> None:
    async def scene(world: World) -> None:
        broker = world.broker
        broker.shown, broker.mids, broker.spx = dict(DEAR), dict(DEAR), 3195.0
        broker.on_cancel = lambda ref: None
        await world.check(5)
        assert world.sent == []
        assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.UNKNOWN]

    play(tmp_path, scene, **RULES[rule])


@pytest.mark.parametrize("rule", RULES)
def test_a_persons_halt_leaves_what_rests(tmp_path: Path, rule: str) -> None:
    async def scene(world: World) -> None:
        world.broker.shown, world.broker.mids, world.broker.spx = dict(DEAR), dict(DEAR), 3195.0
        world.desk.store.set_run_state(RunStateRecord(RunState.HALTED, "person", "enough", START))
        await world.check(5)
        assert world.sent == []
        assert [i.state for i in world.orders(Purpose.EXIT)] == [IntentState.WORKING]

    play(tmp_path, scene, **RULES[rule])


def test_a_touch_of_a_moment_closes_nothing_and_one_that_persists_does(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        for spx in (3199, 3198, 3205, 3199):
            world.broker.spx = spx
            await world.check()
        assert world.sent == []
        await world.check(2)
        assert [i.reasons[0].name for i in world.sent] == ["short_strike_touched"]

    play(tmp_path, scene, **TOUCH)


def test_an_unknown_spx_confirms_nothing_and_leaves_the_count_as_it_is(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        broker, index = world.broker, world.broker.index_quote
        broker.spx = 3195.0
        await world.check(2)
        asked = 0

        async def second_is_lost(underlying: Underlying) -> IndexQuote:
            nonlocal asked
            asked += 1
            if asked == 2:
                raise BrokerTimeoutError("no value of SPX")
            return await index(underlying)

        broker.index_quote = second_is_lost  # type: ignore[method-assign]
        await world.check(1)
        assert world.sent == []
        await world.check(1)
        assert [i.reasons[0].name for i in world.sent] == ["short_strike_touched"]

    play(tmp_path, scene, **TOUCH)


def test_a_part_without_a_price_does_not_keep_a_touched_condor_from_closing(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        call = LEGS.held[2]
        world.broker.fill_leg(world.orders(Purpose.EXIT)[0].ref, replace(call, ratio=1), 2, 200)
        del world.broker.mids[3495]  # both long calls are left over, and nobody quotes them
        world.broker.spx = 3195.0
        await world.desk.clock.sleep(1)
        await world.check(3)
        (order,) = world.sent
        assert {leg.contract.strike for leg in order.spec.legs} == {3175, 3200}

    play(tmp_path, scene, **TOUCH)


def test_a_stop_that_cannot_be_confirmed_for_want_of_a_price_says_so(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.shown, world.broker.mids = dict(DEAR), {s: p for s, p in DEAR.items() if s != 3495}
        call = LEGS.held[2]
        world.broker.fill_leg(world.orders(Purpose.EXIT)[0].ref, replace(call, ratio=1), 2, 200)
        await world.desk.clock.sleep(1)
        await world.check(4)
        assert world.sent == []
        (postponed,) = world.events("exit_postponed")
        assert "3495" in str(postponed["why"])

    play(tmp_path, scene, stop_enabled=True, stop_loss_credits=1.5)  # 12.00 less 0.50 against 4.00


def test_an_exit_that_has_begun_goes_on_after_the_market_came_back(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.spx = 3195.0
        await world.check(3)
        assert len(world.sent) == 1
        world.broker.spx = 3335.0
        await world.check(8)
        assert len(world.sent) > 1
        assert {i.reasons[0].name for i in world.sent} == {"short_strike_touched"}
        assert len([i for i in world.sent if not i.state.terminal]) == 1

    play(tmp_path, scene, **TOUCH)


def test_a_checked_profit_is_taken_at_no_worse_a_price_and_gives_way_to_an_exit(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await world.check()
        assert world.orders(Purpose.EXIT, TimeInForce.GTC) == []
        (profit,) = world.sent
        assert profit.reasons[0].name == "take_profit"
        await world.check(3)
        (profit,) = world.sent
        assert profit.spec.net_limit_pts100 <= 200  # half of 4.00
        world.broker.spx = 3195.0
        await world.check(4)
        profit, touched = world.sent
        assert profit.state is IntentState.CANCELLED
        assert touched.reasons[0].name == "short_strike_touched"

    play(tmp_path, scene, take_profit_order=TakeProfitOrder.CHECKED, **TOUCH)


def test_a_resting_take_profit_says_what_ends_the_condor_when_it_fills(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        (order,) = world.orders(Purpose.EXIT, TimeInForce.GTC)
        assert [reason.text for reason in order.reasons] == ["take-profit at its share of the credit"]

    play(tmp_path, scene)


def test_a_take_profit_that_the_settings_no_longer_ask_for_is_cancelled(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        policy = world.desk.policy
        world.desk.policy = replace(policy, condor=replace(policy.condor, take_profit_pct=75.0))
        await world.check()
        before, after = world.orders(Purpose.EXIT, TimeInForce.GTC)
        assert (before.state, before.spec.net_limit_pts100) == (IntentState.CANCELLED, 200)
        assert (after.state, after.spec.net_limit_pts100) == (IntentState.WORKING, 100)

        world.desk.policy = replace(policy, condor=replace(policy.condor, take_profit_enabled=False))
        await world.check()
        assert all(i.state is IntentState.CANCELLED for i in world.orders(Purpose.EXIT))

    play(tmp_path, scene)


def test_an_entry_of_the_same_minute_waits_until_the_exit_is_sent(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.spx = 3195.0
        await world.check(2)
        release = asyncio.Event()
        quotes = world.broker.quotes

        async def slow(wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
            await release.wait()
            return await quotes(wanted, greeks=greeks)

        world.broker.quotes = slow  # type: ignore[method-assign]
        await world.exits.check_exits(SESSION)
        entry = asyncio.create_task(world.exits.closer.all_sent())
        await world.desk.clock.sleep(5)
        assert not entry.done()
        assert world.sent == []
        release.set()
        await entry
        assert len(world.sent) == 1

    play(tmp_path, scene, **TOUCH)


def test_exit_rules_that_changed_since_the_entry_are_told_with_the_condors_they_concern(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.exits.tell_changed_rules()
        assert world.events("exit_rule_changed") == [
            {"setting": "CONDORD_CONDOR_TIME_EXIT_DTE", "value": "5", "before": "21", "condors": [NAME]}
        ]

    play(tmp_path, scene)
