"""What a stop and a person's halt leave behind at the broker."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

from rehearsals import FIRST, Life, live

from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import IntentState, Purpose, Strategy, TimeInForce

ROLL_DAY = date(2020, 2, 26)
"""18 February + 8 days."""


def test_a_stop_while_layers_are_traded_one_by_one_leaves_no_order_that_nobody_works(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(15, 50, 5))
        working = program.engine.executor.working
        assert working

        await program.engine.stop("the machine goes down")
        await life.clock.sleep(60)

        hedges = [i for i in program.store.intents(session=FIRST) if i.key.strategy is Strategy.HEDGE]
        assert all(intent.state.terminal for intent in hedges)
        assert {i.ref for i in hedges if i.perm_id is not None} == working
        life.program = None
        program.store.close()
        program.log.close()

    start = new_york(FIRST, time(15, 20))
    live(tmp_path / "state", start, scene, HEDGE_LADDER_STEP_S="120", CONDOR_ENTRY_RISK_PCT="50")


def test_a_halt_leaves_the_resting_take_profits_where_they_are_even_on_their_last_day(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(16, 0))
        (condor,) = program.store.condors()
        await program.engine.halt("on holiday")
        await life.until(condor.expiry, time(15, 58))

        exits = [i for i in program.store.intents(subject=condor.condor_id) if i.key.purpose is Purpose.EXIT]
        assert [(i.spec.tif, i.state) for i in exits] == [(TimeInForce.GTC, IntentState.WORKING)]

    live(
        tmp_path / "state",
        new_york(FIRST, time(15, 20)),
        scene,
        CONDOR_DTE_TARGET="7",
        CONDOR_DTE_MIN="5",
        CONDOR_DTE_MAX="9",
        CONDOR_TIME_EXIT_DTE="1",
        CONDOR_TAKE_PROFIT_PCT="95",
    )


def test_a_resize_waits_for_a_roll_that_is_still_at_work(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(ROLL_DAY, time(10, 0))
        await life.die()
        await life.until(ROLL_DAY, time(15, 44))
        program = await life.start()
        await life.until(ROLL_DAY, time(16, 45))

        store = program.store
        rolled = store.job_outcome(ROLL_DAY, "hedge_roll")
        assert rolled is not None
        assert rolled.at > new_york(ROLL_DAY, time(15, 50))
        resizes = [i for i in store.intents(session=ROLL_DAY) if i.key.purpose is Purpose.RESIZE]
        assert all(intent.created_at >= rolled.at for intent in resizes)
        last = store.hedge_computations(ROLL_DAY)[-1]
        assert last.at >= rolled.at

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, seed=2, HEDGE_LADDER_STEP_S="300")


def test_a_stop_in_the_moment_of_the_start_ends_the_daemon(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        await life.start()  # the connection has just come about when the scene stops the daemon

    live(tmp_path / "state", new_york(FIRST, time(8, 0)), scene)
