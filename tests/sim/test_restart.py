"""The daemon may die at any moment: after a restart no order is doubled and no fill is lost."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from rehearsals import FIRST, Life, live

from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import IntentState, Purpose
from daemon.core.records import Outcome

MOMENTS = (
    (15, 30, 0, 1),
    (15, 30, 0, 50_000),
    (15, 30, 1, 0),
    (15, 31, 30, 0),
    (15, 33, 0, 500_000),
    (15, 35, 0, 5_000),
    (15, 50, 0, 1),
    (15, 50, 0, 150_000),
    (15, 51, 0, 300_000),
)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: f"{m[0]}.{m[1]}.{m[2]}.{m[3]:06d}")
def test_a_death_at_any_moment_of_the_entry_doubles_and_loses_nothing(
    tmp_path: Path, moment: tuple[int, int, int, int]
) -> None:
    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(*moment))
        await life.die()
        await life.clock.sleep(5)
        program = await life.start()
        await life.until(FIRST, time(16, 45))

        store = program.store
        entries = [i for i in store.intents(session=FIRST) if i.key.purpose is Purpose.ENTRY]
        assert sum(1 for i in entries if i.perm_id is not None) == 1
        assert sum(1 for i in entries if i.filled) <= 1
        assert all(i.state.terminal for i in entries)
        decided = [d for d in store.decisions(FIRST) if d.job == "condor_entry"]
        assert len(decided) == 1
        account = {f.contract: f.quantity for f in program.broker.positions().values() if f.quantity}
        assert account == store.book().positions()
        assert program.engine.desk.link.breaks_open == 0
        outcome = store.job_outcome(FIRST, "condor_entry")
        assert outcome is not None
        assert outcome.outcome in (Outcome.DONE, Outcome.SKIPPED)
        resting = [i for i in store.intents(live_only=True) if i.key.purpose is Purpose.EXIT]
        assert len(resting) == (1 if any(i.filled for i in entries) else 0)
        assert all(i.state is IntentState.WORKING for i in resting)

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)


def test_a_daemon_that_was_down_over_night_finds_its_positions_and_its_resting_orders(tmp_path: Path) -> None:
    async def scene(life: Life) -> None:
        await life.start()
        await life.until(FIRST, time(16, 0))
        await life.die()
        await life.until(date(2020, 2, 20), time(9, 0))
        program = await life.start()
        await life.until(date(2020, 2, 20), time(16, 45))

        store = program.store
        missed = store.job_outcome(date(2020, 2, 19), "condor_entry")
        assert missed is not None
        assert missed.outcome is Outcome.MISSED
        (decision,) = [d for d in store.decisions(date(2020, 2, 19)) if d.job == "condor_entry"]
        assert decision.reasons[0].name == "daemon_not_running"
        account = {f.contract: f.quantity for f in program.broker.positions().values() if f.quantity}
        assert account == store.book().positions()
        assert len([d for d in store.decisions(date(2020, 2, 20)) if d.job == "condor_entry"]) == 1

    live(tmp_path / "state", new_york(FIRST, time(15, 20)), scene)
