"""Adoption: a person gives what the book cannot explain to a condor or layer, and it is explained from then on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine_fakes import CALL, con_id
from reconcile_world import World, play

from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId, ExecutionFact, PositionFact
from daemon.core.orders.intent import IntentState, PermId
from daemon.engine.adoption import AdoptionRequest
from daemon.errors import SettingsError

PUT = OptionContract(TradingClass.SPXW, CALL.expiry, 300000, Right.PUT)


def request(*what: str, into: str = "layer:L1", price_pts100: int | None = None) -> AdoptionRequest:
    return AdoptionRequest(what=what, into=into, reason="bought by hand", price_pts100=price_pts100)


def number(contract: OptionContract) -> str:
    return str(con_id(contract))


def stranger(world: World, quantity: int, exec_id: str = "0009.1.01.01") -> ExecutionFact:
    """Let somebody trade the call by hand."""
    fact = ExecutionFact(
        ExecId(exec_id), None, PermId(4711), con_id(CALL), CALL, False, quantity, 130, world.desk.clock.now()
    )
    world.broker.executions.append(fact)
    world.broker.held[CALL] = world.broker.held.get(CALL, 0) + quantity
    return fact


async def bought(world: World) -> None:
    """Let the book hold three calls that an order of ours bought."""
    intent = world.sent()
    world.broker.placed.append((intent.ref, intent.spec))
    world.broker.fill(intent.ref)
    await world.reconciler.run("before")


def test_a_foreign_position_belongs_to_its_layer_at_what_the_account_paid(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        world.broker.held[CALL] = 2
        world.broker.paid_pts100[CALL] = 131
        result = await world.reconciler.adopt(request(number(CALL)))

        assert result.breaks == ()
        (entry,) = world.desk.store.entries()
        assert (entry.subject, entry.quantity, entry.price_pts100, entry.fee_usd_e4) == ("L1", 2, 131, 0)
        told = [event for event in world.desk.store.events() if event.name == "position_adopted"]
        assert [event.fields["reason"] for event in told] == ["bought by hand"]
        assert (await world.reconciler.run("later")).breaks == ()

    play(tmp_path, scene)


def test_a_position_whose_executions_are_listed_is_booked_by_them(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        first, second = stranger(world, 2), stranger(world, 1, "0009.2.01.01")
        world.broker.paid_pts100[CALL] = 131
        result = await world.reconciler.adopt(request(number(CALL)))

        assert result.breaks == ()
        booked = {entry.exec_id: (entry.quantity, entry.price_pts100) for entry in world.desk.store.entries()}
        assert booked == {first.exec_id: (2, 130), second.exec_id: (1, 130)}

    play(tmp_path, scene)


def test_what_listed_executions_leave_unexplained_needs_a_price(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await bought(world)
        stranger(world, -1)
        world.broker.held[CALL] = 0
        with pytest.raises(SettingsError, match="-2 of it were traded is not known"):
            await world.reconciler.adopt(request(number(CALL)))
        result = await world.reconciler.adopt(request(number(CALL), price_pts100=250))

        assert result.breaks == ()
        adopted = {(entry.quantity, entry.price_pts100) for entry in world.desk.store.entries()[1:]}
        assert adopted == {(-1, 130), (-2, 250)}

    play(tmp_path, scene)


def test_what_is_missing_in_the_account_needs_a_price(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await bought(world)
        world.broker.held[CALL] = 1
        with pytest.raises(SettingsError, match="give --price POINTS"):
            await world.reconciler.adopt(request(number(CALL)))
        result = await world.reconciler.adopt(request(number(CALL), price_pts100=250))

        assert result.blocking == ()
        entry = world.desk.store.entries()[-1]
        assert (entry.quantity, entry.price_pts100) == (-2, 250)

    play(tmp_path, scene)


def test_an_execution_by_hand_is_booked_under_its_own_id(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        await bought(world)
        fact = stranger(world, -1)
        assert (await world.reconciler.run("found")).blocking
        result = await world.reconciler.adopt(request(fact.exec_id))

        assert result.breaks == ()
        entry = world.desk.store.entries()[-1]
        assert (entry.exec_id, entry.quantity, entry.price_pts100, entry.fee_usd_e4) == (fact.exec_id, -1, 130, None)
        with pytest.raises(SettingsError, match="in the book already"):
            await world.reconciler.adopt(request(fact.exec_id))

    play(tmp_path, scene)


def test_an_order_of_unknown_outcome_ends_by_the_fill_that_is_adopted_into_it(tmp_path: Path) -> None:
    async def scene(world: World) -> None:
        intent = world.sent()
        world.broker.held[CALL] = 3
        world.broker.paid_pts100[CALL] = 101
        await world.reconciler.run("its executions are of another day")
        assert world.state(intent.ref) is IntentState.UNKNOWN
        await world.reconciler.adopt(request(number(CALL)))

        assert world.state(intent.ref) is IntentState.FILLED
        assert world.desk.link.breaks_open == 0

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (request("1"), "neither the contract id of a break nor an execution"),
        (request(number(CALL), into="layer:L9"), "there are layer:L1, layer:L2, layer:L3"),
        (request(number(CALL), into="condor:C20200218-7"), "no layer and no condor of ours"),
        (request(number(PUT)), "is no contract of L1"),
        (request("265598"), "only options on SPX and VIX and futures on VIX"),
    ],
)
def test_what_fits_nobody_is_refused_and_nothing_of_it_is_booked(
    tmp_path: Path, asked: AdoptionRequest, words: str
) -> None:
    async def scene(world: World) -> None:
        world.broker.held |= {CALL: 2, PUT: -1}
        world.broker.paid_pts100 |= {CALL: 131, PUT: 900}
        stock = PositionFact(ConId(265598), None, 10, "AAPL STK")
        seen = world.broker.positions
        world.broker.positions = lambda: {**seen(), stock.con_id: stock}  # type: ignore[method-assign]
        both = replace(asked, what=(number(CALL), *asked.what))
        with pytest.raises(SettingsError, match=words):
            await world.reconciler.adopt(both)
        assert world.desk.store.entries() == ()

    play(tmp_path, scene)
