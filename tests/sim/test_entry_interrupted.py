"""An entry that is interrupted: by a death of the daemon, by a lost gateway. One order a session reaches the broker."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from rehearsals import FIRST, Life, live, rehearse

from daemon.app.program import Program
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Intent, Purpose
from daemon.core.records import DecisionKind, Outcome, RunState

PARTIAL_SEED = 5
"""With this seed of the exchange the first order fills in two parts, 20 s apart."""


def entry_orders(program: Program) -> list[Intent]:
    return [intent for intent in program.store.intents(session=FIRST) if intent.key.purpose is Purpose.ENTRY]


@pytest.mark.parametrize("dies_at", [time(15, 30, 2), time(15, 31), time(15, 33, 30)])
def test_a_working_order_is_taken_over_by_the_next_process_and_no_second_one_is_sent(
    tmp_path: Path, dies_at: time
) -> None:
    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, dies_at)
        await life.die()
        await life.clock.sleep(5)
        program = await life.start()
        await life.until(FIRST, time(15, 49))

        (order,) = entry_orders(program)
        (decision,) = [d for d in program.store.decisions(FIRST) if d.job == "condor_entry"]
        names = [event.name for event in program.store.events(session=FIRST)]
        assert "order_taken_over" in names
        assert order.state.terminal
        assert order.filled == order.spec.quantity
        assert decision.kind is DecisionKind.ENTER

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, CONDOR_LADDER_STEP_S="120")


def test_an_order_left_working_is_cancelled_when_entries_were_halted_meanwhile(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(15, 30, 30))
        await life.die()
        program = await life.start()
        await program.engine.halt("enough for today")
        await life.until(FIRST, time(15, 49))

        (order,) = entry_orders(program)
        assert (order.state.value, order.filled) == ("CANCELLED", 0)
        assert program.store.run_state().state is RunState.HALTED

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, CONDOR_LADDER_STEP_S="120")


def test_an_order_filled_while_nobody_looked_counts_as_the_entry_of_its_session(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(15, 30, 30))
        (order,) = entry_orders(program)
        while entry_orders(program)[0].spec.net_limit_pts100 == order.spec.net_limit_pts100:
            await life.clock.sleep(0.01)
        # The generous price is at the exchange now, where an order fills after 0.2 s.
        await life.die()
        await life.until(FIRST, time(15, 58))
        program = await life.start()
        await life.until(FIRST, time(16, 45))

        (order,) = entry_orders(program)
        (decision,) = [d for d in program.store.decisions(FIRST) if d.job == "condor_entry"]
        outcome = program.store.job_outcome(FIRST, "condor_entry")
        assert outcome is not None
        assert outcome.outcome is Outcome.MISSED
        assert decision.kind is DecisionKind.ENTER
        assert order.filled == order.spec.quantity

    start = new_york(FIRST, time(15, 20))
    live(tmp_path / "state", start, scene, CONDOR_LADDER_STEP_S="120", CONDOR_LADDER_STEP_PTS="1.50")


def test_an_entry_due_while_the_gateway_is_away_is_made_when_it_is_back(tmp_path: Path) -> None:
    faults = '[[fault]]\nkind = "drop_connection"\nat = "2020-02-18 15:29:58"\nrefuse_s = 300\n'

    done = rehearse(tmp_path / "out", FIRST, faults=faults)

    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert decision.kind is DecisionKind.ENTER
    assert decision.at > new_york(FIRST, time(15, 35))
    assert done.result.summary.errors == 0


def test_an_entry_that_never_finds_the_gateway_is_skipped_with_that_reason(tmp_path: Path) -> None:
    faults = '[[fault]]\nkind = "drop_connection"\nat = "2020-02-18 15:29:58"\nrefuse_s = 1500\n'

    done = rehearse(tmp_path / "out", FIRST, faults=faults)

    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert decision.kind is DecisionKind.SKIP
    assert decision.reasons[0].name == "broker_failed"


def test_an_order_filled_while_the_gateway_was_silent_until_after_the_entry_time_is_the_entry(tmp_path: Path) -> None:
    faults = (
        '[[fault]]\nkind = "silent"\nfrom = "2020-02-18 15:31"\nuntil = "2020-02-18 16:05"\nlost = true\n'
        '[[fault]]\nkind = "drop_connection"\nat = "2020-02-18 16:05"\n'
    )

    # The order leaves at 15:30:01, when the throttle has room for it, and the generous price a tenth of a second before
    # the silence; an order fills after 0.2 s.
    done = rehearse(tmp_path / "out", FIRST, faults=faults, CONDOR_LADDER_STEP_PTS="1.50", CONDOR_LADDER_STEP_S="58.9")

    (order,) = [i for i in done.store.intents(session=FIRST) if i.key.purpose is Purpose.ENTRY]
    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert order.filled == order.spec.quantity
    assert decision.kind is DecisionKind.ENTER


def test_a_working_entry_survives_a_connection_that_drops(tmp_path: Path) -> None:
    faults = '[[fault]]\nkind = "drop_connection"\nat = "2020-02-18 15:30:30"\nrefuse_s = 150\n'

    done = rehearse(tmp_path / "out", FIRST, faults=faults, CONDOR_LADDER_STEP_S="120")

    entries = [i for i in done.store.intents(session=FIRST) if i.key.purpose is Purpose.ENTRY]
    (decision,) = [d for d in done.store.decisions(FIRST) if d.job == "condor_entry"]
    assert len(entries) == 1
    assert entries[0].filled == entries[0].spec.quantity
    assert decision.kind is DecisionKind.ENTER


def test_the_take_profit_of_a_partly_filled_entry_waits_for_the_rest_of_the_order(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(15, 30))
        while not any(0 < order.filled < order.spec.quantity for order in entry_orders(program)):
            assert program.clock.now() < new_york(FIRST, time(15, 45)), "the exchange fills this order in two parts"
            await life.clock.sleep(0.05)
        await life.die()
        program = await life.start()
        await life.until(FIRST, time(15, 49))

        (order,) = entry_orders(program)
        resting = [intent for intent in program.store.intents(live_only=True) if intent.key.purpose is Purpose.EXIT]
        assert (order.filled, order.spec.quantity) == (2, 2)
        assert [intent.spec.quantity for intent in resting] == [2]

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene, seed=PARTIAL_SEED, CONDOR_LADDER_STEP_PTS="1.00")


@pytest.mark.parametrize(("complete", "filled"), [("true", 2), ("false", 1)])
def test_what_a_partial_fill_brought_is_protected_whether_its_rest_is_completed_or_left(
    tmp_path: Path, complete: str, filled: int
) -> None:
    """The exchange fills the rest of this order 20 s after its first part; a step is half of that."""
    done = rehearse(
        tmp_path / "out",
        FIRST,
        seed=PARTIAL_SEED,
        CONDOR_COMPLETE_PARTIAL_FILLS=complete,
        CONDOR_LADDER_STEP_PTS="1.00",
        CONDOR_LADDER_STEP_S="10",
    )

    (order,) = [i for i in done.store.intents() if i.key.purpose is Purpose.ENTRY]
    (resting,) = [i for i in done.store.intents() if i.key.purpose is Purpose.EXIT]
    assert (order.filled, order.state.value) == (filled, "FILLED" if filled == 2 else "CANCELLED")
    assert (resting.spec.quantity, resting.state.value) == (filled, "WORKING")
    assert done.result.summary.breaks_open == 0
