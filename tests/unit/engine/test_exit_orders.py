"""Exit orders under difficulties: condors in parts, rejections, the last resort."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine_fakes import SESSION
from exits_world import CHEAP, DEAR, LEGS, TOUCH, World, play

from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.orders.broker_facts import OrderMessage
from daemon.core.orders.intent import (
    IntentState,
    OrderRef,
    OrderSpec,
    Purpose,
    TimeInForce,
)


class TestParts:
    def test_each_part_closes_by_its_own_order_and_a_left_over_long_option_last(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            # One of the two short calls was bought back alone: a put and a call side, a put side, a loose long call.
            call = LEGS.held[2]
            world.broker.fill_leg(world.orders(Purpose.ENTRY)[0].ref, replace(call, ratio=1), 1, 200)
            world.broker.spx = 3195.0
            await world.desk.clock.sleep(1)
            await world.check(3)

            legs = [sorted(leg.contract.strike for leg in i.spec.legs) for i in world.sent]
            assert sorted(legs) == [[3175, 3200], [3175, 3200, 3470, 3495]]
            assert [i.state for i in world.orders(Purpose.EXIT, TimeInForce.GTC)] == [IntentState.CANCELLED]
            for order in world.sent:
                world.broker.fill_at(order.ref, {leg.contract: CHEAP[leg.contract.strike] for leg in order.spec.legs})
            await world.check(2)
            last = world.sent[-1]
            assert [(leg.contract.strike, leg.ratio) for leg in last.spec.legs] == [(3495, -1)]

        play(tmp_path, scene, **TOUCH)


def expiring() -> CondorLegs:
    today = {leg.contract.strike: replace(leg.contract, expiry=SESSION) for leg in LEGS.held}
    return CondorLegs(Vertical(today[3200], today[3175]), Vertical(today[3470], today[3495]))


def test_the_last_resort_closes_what_a_rule_has_asked_for_and_no_quote_let_go(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.spx, world.broker.mids = 3195.0, {}
        await world.check(4)
        assert world.sent == []
        assert len(world.events("exit_postponed")) == 1
        world.broker.mids = dict(DEAR)
        outcome = await world.exits.last_resort(SESSION)
        assert [i.reasons[0].name for i in world.sent] == ["short_strike_touched"]
        assert outcome.reason.startswith("1 condors to close before they expire today")

    play(tmp_path, scene, legs=expiring(), time_exit_enabled=False, **TOUCH)


class TestRejections:
    """The broker answers every order with 201; looks are 5 minutes apart."""

    @staticmethod
    def reject(world: World, count: int = 1_000) -> list[OrderRef]:
        """Let the broker reject the next orders; return a list that grows with their refs."""
        broker = world.broker
        refs: list[OrderRef] = []
        acknowledge = broker.on_place

        def place(ref: OrderRef, spec: OrderSpec) -> None:
            if len(refs) >= count:
                acknowledge(ref, spec)
                return
            refs.append(ref)
            broker.tell(OrderMessage(ref, 201, "Order rejected - reason: no"))

        broker.on_place = place
        return refs

    def test_a_take_profit_is_tried_ever_more_rarely_and_a_person_is_told(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            (resting,) = world.orders(Purpose.EXIT)
            world.broker.confirm_cancel(resting.ref)  # the broker has cancelled it
            await world.desk.clock.sleep(1)
            self.reject(world)
            began = world.desk.clock.now()
            await world.check(36)  # three hours
            tried = [round((i.created_at - began).total_seconds() / 60) for i in world.orders(Purpose.EXIT)[1:]]
            # At two looks one after the other; then after 10, 20, 40 and 60 minutes.
            assert tried == [0, 5, 15, 35, 75, 135]
            told = world.events("exit_held_back")
            assert [fields["rejected"] for fields in told] == [2, 3, 4, 5, 6]
            assert {fields["kind"] for fields in told} == {"take-profit"}
            assert told[0]["again_at"] == "10:45"  # it began at 10:30 in New York, and 2 seconds
            assert "no" in str(told[0]["why"])

        play(tmp_path, scene)

    def test_an_exit_at_the_market_is_never_given_up_and_goes_on_when_it_is_taken(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            world.broker.spx = 3195.0
            await world.check(2)
            self.reject(world, 4)
            await world.check(20)
            states = [i.state for i in world.sent]
            assert states[:4] == [IntentState.REJECTED] * 4
            assert states[4] is not IntentState.REJECTED
            assert len(world.events("exit_held_back")) == 3

        play(tmp_path, scene, **TOUCH, take_profit_enabled=False)

    def test_the_last_resort_does_not_wait(self, tmp_path: Path) -> None:
        async def scene(world: World) -> None:
            self.reject(world)
            await world.check(3)
            before = len(world.sent)
            assert before == 2
            await world.exits.last_resort(SESSION)
            assert len(world.sent) == before + 1

        play(tmp_path, scene, legs=expiring(), time_exit_dte=0, take_profit_enabled=False)
