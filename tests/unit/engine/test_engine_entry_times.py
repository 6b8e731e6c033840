"""How long an entry may work in a session."""

from dataclasses import replace
from datetime import date, time
from pathlib import Path

from engine_fakes import make_desk, make_executor

from daemon.core.calendar.sessions import new_york
from daemon.engine.earlier_entries import EarlierEntries
from daemon.engine.facts import FactRecorder

EARLY = date(2019, 11, 29)  # closes at 13:00


def test_an_entry_at_ten_on_an_early_close_ends_after_the_open_it_had_to_wait_for(tmp_path: Path) -> None:
    desk, _ = make_desk(tmp_path)
    schedule = replace(desk.policy.schedule, condor_entry=time(10, 0), condor_entry_until=time(10, 15))
    desk.policy = replace(desk.policy, schedule=schedule)

    entries = EarlierEntries(desk, make_executor(desk, FactRecorder(desk)))

    assert entries.until(EARLY) == new_york(EARLY, time(10, 0))
