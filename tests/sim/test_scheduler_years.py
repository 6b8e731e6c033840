"""Twenty years of jobs on the real scheduler in virtual time: each once a session, at its hour, over every clock change."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars
from engine_fakes import make_desk

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import run_virtual
from daemon.core.calendar.sessions import next_session
from daemon.core.records import JobOutcome, Outcome
from daemon.engine.jobs import END_OF_DAY, JobBook, daily_jobs

FIRST, LAST = date(2007, 1, 3), date(2026, 12, 31)
NEW_YORK = ZoneInfo("America/New_York")
HOURS = {
    "preflight": time(9, 0),
    "signals": time(9, 5),
    "hedge_roll": time(10, 30),
    "condor_entry": time(15, 30),
    "last_resort": time(15, 30),
    "hedge_resize": time(15, 50),
    "monitors": time(15, 57),
    "settlement": time(16, 20),
    "end_of_day": time(16, 40),
}
"""Decision 6, with the hours of the signals and of the monitors."""
SETTLED_IN = timedelta(hours=9, minutes=45)
"""What an early close would push before the open waits until then."""


def expected() -> list[tuple[datetime, str]]:
    """Return every instant of every job from the sessions and closes of exchange_calendars."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about the library's own use of it
        calendar = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
        closes = list(calendar.closes.items())
    found = []
    for day, close in closes:
        early = timedelta(hours=3) if close.tz_convert(NEW_YORK).hour == 13 else timedelta(0)
        midnight = datetime.combine(day.date(), time(0))
        for name, hour in HOURS.items():
            wall = datetime.combine(day.date(), hour) - early
            if early and time(9, 30) <= hour and wall.time() < time(9, 30):
                wall = midnight + SETTLED_IN
            found.append((wall.replace(tzinfo=NEW_YORK).astimezone(UTC), name))
    return sorted(found)


def test_twenty_years_of_jobs_run_once_a_session_at_their_hour(tmp_path: Path) -> None:
    ran: list[tuple[datetime, str]] = []

    async def main() -> None:
        desk, _ = make_desk(tmp_path)
        clock = desk.clock
        assert isinstance(clock, SystemClock)
        scheduler = ApScheduler(clock, lambda name, error: None)

        def run(name: str):  # type: ignore[no-untyped-def]
            async def job(today: date) -> JobOutcome:
                ran.append((clock.now().replace(microsecond=0), name))
                if name == END_OF_DAY and (tomorrow := next_session(today)) <= LAST:
                    book.schedule(tomorrow)
                return JobOutcome(Outcome.DONE, "", clock.now())

            return job

        jobs = daily_jobs(desk.policy.schedule, {name: run(name) for name in HOURS})
        book = JobBook(desk, scheduler, jobs, (), lambda day, job, outcome: None)
        scheduler.start()
        book.schedule(FIRST)
        await clock.sleep((datetime(2027, 1, 2, tzinfo=UTC) - clock.now()).total_seconds())
        await scheduler.stop()

    run_virtual(main, datetime(2007, 1, 2, 12, tzinfo=UTC))

    assert sorted(ran) == expected()
