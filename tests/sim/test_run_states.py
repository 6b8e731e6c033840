"""Halts by a person, by the halt file and by the program itself: what stops, how soon, and what goes on."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from rehearsals import FIRST, Done, Life, live, rehearse

from daemon.adapters.halt_file import HALT_FILE
from daemon.app.program import Program
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Intent, IntentState, Purpose, Strategy
from daemon.core.records import PERSON, PROGRAM, DecisionKind, Level, RunState
from daemon.errors import UserError

NEXT = date(2020, 2, 19)
START = new_york(FIRST, time(15, 20))
SOON = timedelta(seconds=2)
SHORT: Any = {
    "CONDOR_DTE_TARGET": "7",
    "CONDOR_DTE_MIN": "6",
    "CONDOR_DTE_MAX": "9",
    "CONDOR_TAKE_PROFIT_ENABLED": "false",
}
"""A condor entered on 18 February is closed on the 19th from 09:45."""


def orders(program: Program, purpose: Purpose, session: date = FIRST) -> list[Intent]:
    return [intent for intent in program.store.intents(session=session) if intent.key.purpose is purpose]


async def working_entry(life: Life) -> Program:
    """Start, and wait until the entry rests at its first price, half-way to its next one."""
    program = await life.start()
    await life.until(FIRST, time(15, 32, 30))
    (entry,) = orders(program, Purpose.ENTRY)
    assert entry.state is IntentState.WORKING
    return program


def ended_at(program: Program) -> datetime:
    (cancelled,) = [event.at for event in program.store.events() if event.name == "order_cancelled"]
    return cancelled


class TestAPersonsHalt:
    @pytest.mark.parametrize("state", [RunState.HALTED, RunState.EXITS_ONLY])
    def test_it_ends_a_working_entry_within_two_seconds_between_two_steps_of_its_ladder(
        self, tmp_path: Path, state: RunState
    ) -> None:
        async def scene(life: Life) -> None:
            program = await working_entry(life)
            at = life.clock.now()

            await program.engine.halt("a holiday", state)

            assert ended_at(program) - at <= SOON
            await life.until(NEXT, time(9, 0))
            (entry,) = orders(program, Purpose.ENTRY)
            assert entry.state is IntentState.CANCELLED
            (decision,) = [d for d in program.store.decisions(FIRST) if d.job == "condor_entry"]
            assert decision.kind is DecisionKind.SKIP
            assert decision.reasons[0].name == ("halted" if state is RunState.HALTED else "exits_only")

        live(tmp_path / "state", START, scene, CONDOR_LADDER_STEP_S="300", CONDOR_MIN_CREDIT_PCT="0")

    def test_exits_stop_for_it_and_for_no_halt_of_the_program(self, tmp_path: Path) -> None:
        async def scene(life: Life) -> None:
            program = await life.start()
            await life.until(FIRST, time(16, 0))
            program.engine.run_states.halt_by_program("a test")
            await life.until(NEXT, time(9, 30))
            await program.engine.halt("a holiday")
            await life.until(NEXT, time(10, 30))
            assert orders(program, Purpose.EXIT, NEXT) == []

            await program.engine.resume("back")
            program.engine.run_states.halt_by_program("a test")
            await life.until(NEXT, time(10, 45))
            (closed,) = orders(program, Purpose.EXIT, NEXT)
            assert closed.state is IntentState.FILLED

        live(tmp_path / "state", START, scene, **SHORT)


class TestTheHaltFile:
    def test_it_ends_a_working_entry_within_two_seconds_and_outlives_being_taken_away(self, tmp_path: Path) -> None:
        async def scene(life: Life) -> None:
            program = await working_entry(life)
            file, at = tmp_path / "state" / HALT_FILE, life.clock.now()

            file.write_text("the house\nis on fire\n", encoding="utf-8")
            await life.clock.sleep(SOON.total_seconds())

            assert ended_at(program) - at <= SOON
            record = program.store.run_state()
            assert (record.state, record.by, record.reason) == (
                RunState.HALTED,
                PERSON,
                "halt file: the house is on fire",
            )
            with pytest.raises(UserError, match="take it away first"):
                await program.engine.resume("too early")
            file.unlink()
            await life.until(NEXT, time(15, 0))
            assert program.store.run_state() == record
            await program.engine.resume("the fire is out")
            await life.until(NEXT, time(15, 50))
            assert len(orders(program, Purpose.ENTRY, NEXT)) == 1

        live(tmp_path / "state", START, scene, CONDOR_LADDER_STEP_S="300", CONDOR_MIN_CREDIT_PCT="0")

    def test_one_that_is_there_at_the_start_lets_no_order_out(self, tmp_path: Path) -> None:
        async def scene(life: Life) -> None:
            program = await life.start()
            await life.until(FIRST, time(16, 0))
            await life.die()
            (tmp_path / "state" / HALT_FILE).write_text("", encoding="utf-8")

            program = await life.start()
            await life.until(NEXT, time(16, 45))

            assert program.store.run_state().by == PERSON
            assert [intent for intent in program.store.intents(session=NEXT) if intent.perm_id is not None] == []

        live(tmp_path / "state", START, scene, **SHORT)


def entry_reasons(done: Done, session: date) -> list[str]:
    (decision,) = [d for d in done.store.decisions(session) if d.job == "condor_entry"]
    assert decision.kind is DecisionKind.SKIP
    return [reason.name for reason in decision.reasons]


class TestTheProgramsOwnHalt:
    def test_one_order_more_than_a_session_may_have_halts_it_loudly_and_exits_go_on(self, tmp_path: Path) -> None:
        done = rehearse(tmp_path / "out", NEXT, RISK_SESSION_ORDERS_MAX="1", **SHORT)

        record = done.store.run_state()
        assert (record.state, record.by) == (RunState.HALTED, PROGRAM)
        assert record.reason == "session_orders: 2, the limit is 1"
        (told,) = [event for event in done.store.events() if event.name == "run_state_changed"]
        assert told.level is Level.ERROR
        assert entry_reasons(done, NEXT) == ["halted_by_program"]
        intents = done.store.intents()
        assert [i.state for i in intents if i.key.purpose is Purpose.EXIT] == [IntentState.FILLED]
        assert [i for i in intents if i.key.strategy is Strategy.HEDGE and i.perm_id is not None] == []

    def test_contracts_are_counted_too(self, tmp_path: Path) -> None:
        # The entry is of two condors, 8 contracts; the calls of its hedge are more.
        done = rehearse(tmp_path / "out", FIRST, RISK_SESSION_CONTRACTS_MAX="8")

        assert done.store.run_state().reason == "session_contracts: 9, the limit is 8"

    def test_rejections_in_a_row_halt_it_also_over_sessions(self, tmp_path: Path) -> None:
        faults = '[[fault]]\nkind = "reject_order"\ncode = 201\n'
        done = rehearse(tmp_path / "out", date(2020, 2, 20), faults=faults, RISK_REJECTS_MAX="2")

        assert done.store.run_state().reason == "2 orders were rejected in a row, the limit is 2"
        assert entry_reasons(done, NEXT)[0] == "order_rejected"
        assert entry_reasons(done, date(2020, 2, 20)) == ["halted_by_program"]

    def test_a_person_who_resumes_lets_it_go_on_in_the_same_session(self, tmp_path: Path) -> None:
        async def scene(life: Life) -> None:
            program = await life.start()
            await life.until(FIRST, time(15, 55))
            assert program.store.run_state().by == PROGRAM
            await program.engine.resume("it was only a small limit")
            await life.until(NEXT, time(15, 45))
            assert len(orders(program, Purpose.ENTRY, NEXT)) == 1

        live(tmp_path / "state", START, scene, RISK_SESSION_ORDERS_MAX="1")


def test_after_a_loss_entries_stop_by_name_and_exits_and_rolls_of_the_hedge_go_on(tmp_path: Path) -> None:
    # SPX fell by 3.4 % on 24 February 2020 and by 3.0 % on the 25th. L1 rolls on the 26th, 8 days after the first
    # session; the first condor, of 18 March, is closed 20 days before its expiry, on the 27th.
    done = rehearse(
        tmp_path / "out",
        date(2020, 2, 27),
        RISK_SESSION_LOSS_MAX_PCT="0.2",
        RISK_WEEK_LOSS_MAX_PCT="0.3",
        RISK_DRAWDOWN_MAX_PCT="0.5",
        CONDOR_TIME_EXIT_DTE="20",
    )

    refused = {day: entry_reasons(done, date(2020, 2, day)) for day in (24, 25, 26, 27)}
    assert refused[24] == ["session_loss"]
    assert refused[25] == ["session_loss", "week_loss", "drawdown"]
    later = [i for i in done.store.intents() if i.key.session >= date(2020, 2, 25) and i.filled]
    assert {Purpose.ROLL_BUY, Purpose.ROLL_SELL, Purpose.EXIT} <= {i.key.purpose for i in later}
    (risk,) = done.store.risks(date(2020, 2, 27))
    assert {"week_loss", "drawdown"} <= {use.name for use in risk.limits if use.breached}
