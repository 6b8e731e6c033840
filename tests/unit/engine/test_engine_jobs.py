"""Jobs: instants from the calendar, exactly one outcome each, catch-up at start."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from engine_fakes import make_desk

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import VirtualLoop, run_virtual
from daemon.core.calendar.sessions import NEW_YORK, new_york, session
from daemon.core.records import JobOutcome, Level, Outcome
from daemon.engine.context import Desk
from daemon.engine.jobs import DailyJob, JobBook, RepeatedJob, next_slot
from daemon.errors import BrokerError

DAY = date(2020, 2, 18)
EARLY = date(2019, 11, 29)


class Jobs:
    """A job book over jobs that note when they ran."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ran: list[tuple[str, datetime]] = []
        self.missed: list[tuple[date, str]] = []
        self.failed: list[tuple[date, str]] = []
        self.error: Exception | None = None
        self.crashed: list[str] = []
        clock = desk.clock
        assert isinstance(clock, SystemClock)
        self.scheduler = ApScheduler(clock, on_error=lambda name, error: self.crashed.append(name), pulse_s=30.0)
        daily = tuple(
            DailyJob(name, at, until, self._run(name))
            for name, at, until in (
                ("hedge_roll", time(10, 30), time(15, 45)),
                ("condor_entry", time(15, 30), time(15, 45)),
                ("end_of_day", time(16, 40), time(23, 59)),
            )
        )
        checks = (RepeatedJob("exits", time(9, 45), time(15, 59), 5, self._check),)
        self.book = JobBook(desk, self.scheduler, daily, checks, self._undone)

    def _undone(self, day: date, job: DailyJob, outcome: JobOutcome) -> None:
        (self.missed if outcome.outcome is Outcome.MISSED else self.failed).append((day, job.name))

    def _run(self, name: str):  # type: ignore[no-untyped-def]
        async def run(today: date) -> JobOutcome:
            self.ran.append((name, self.desk.clock.now()))
            if self.error is not None:
                raise self.error
            return JobOutcome(Outcome.DONE, "ran", self.desk.clock.now())

        return run

    async def _check(self, today: date) -> None:
        self.ran.append(("exits", self.desk.clock.now()))
        if self.error is not None:
            raise self.error


def play(
    folder: Path,
    start: datetime,
    hours: float,
    *,
    error: Exception | None = None,
    last: str | None = None,
    sleep: timedelta = timedelta(0),
) -> Jobs:
    """Start the job book at an instant and let some hours pass; at 15:29 of them the host may sleep."""

    async def main() -> Jobs:
        desk, _ = make_desk(folder)
        if last is not None:
            desk.store.set_meta("last_session", last)
        jobs = Jobs(desk)
        jobs.error = error
        jobs.scheduler.start()
        await jobs.book.catch_up(desk.journal.session())
        if sleep:
            await desk.clock.sleep((new_york(DAY, time(15, 29)) - desk.clock.now()).total_seconds())
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.set_clock(sleep)
        await desk.clock.sleep(hours * 3600)
        await jobs.scheduler.stop()
        return jobs

    return run_virtual(main, start)


def test_every_job_of_a_session_runs_once_at_its_time(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(8, 0)), 12)

    daily = [(name, at.replace(microsecond=0)) for name, at in jobs.ran if name != "exits"]
    assert daily == [
        ("hedge_roll", new_york(DAY, time(10, 30))),
        ("condor_entry", new_york(DAY, time(15, 30))),
        ("end_of_day", new_york(DAY, time(16, 40))),
    ]
    assert sum(name == "exits" for name, _ in jobs.ran) == 75  # 09:45 to 15:55, every five minutes


def test_a_late_start_runs_what_still_makes_sense_and_writes_down_the_rest(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(15, 40)), 0.5)

    assert [name for name, _ in jobs.ran if name != "exits"] == ["hedge_roll", "condor_entry"]
    assert jobs.missed == []


def test_a_start_after_the_entry_time_misses_the_entry_with_its_one_outcome(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(15, 50)), 0.2)

    outcome = jobs.desk.store.job_outcome(DAY, "condor_entry")
    assert outcome is not None
    assert outcome.outcome is Outcome.MISSED
    assert (DAY, "condor_entry") in jobs.missed


@pytest.mark.parametrize(
    ("slept", "ran", "missed"),
    [
        (timedelta(minutes=10), ["hedge_roll", "condor_entry"], []),  # it wakes at 15:39, in time for the entry
        (timedelta(minutes=50), ["hedge_roll"], ["condor_entry"]),
    ],
)
def test_a_job_that_a_sleeping_host_has_passed_is_missed_and_not_run_late(
    tmp_path: Path, slept: timedelta, ran: list[str], missed: list[str]
) -> None:
    jobs = play(tmp_path, new_york(DAY, time(10, 29)), 1, sleep=slept)

    assert [name for name, _ in jobs.ran if name not in {"exits", "end_of_day"}] == ran
    assert [name for _, name in jobs.missed] == missed


def test_sessions_that_passed_while_down_get_their_missed_outcomes(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(8, 0)), 0.1, last="2020-02-13")

    missed = {day for day, name in jobs.missed if name == "condor_entry"}
    assert missed == {date(2020, 2, 13), date(2020, 2, 14)}


def test_the_checks_of_sessions_that_passed_while_down_have_an_outcome_too(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(8, 0)), 0.1, last="2020-02-13")

    for day in (date(2020, 2, 13), date(2020, 2, 14)):
        outcome = jobs.desk.store.job_outcome(day, "exits")
        assert outcome is not None
        assert outcome.outcome is Outcome.MISSED


def test_a_broker_failure_is_the_outcome_and_the_job_is_not_run_again(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(15, 29)), 0.1, error=BrokerError("no answer"))

    outcome = jobs.desk.store.job_outcome(DAY, "condor_entry")
    assert outcome is not None
    assert (outcome.outcome, "no answer" in outcome.reason) == (Outcome.FAILED, True)
    assert [name for name, _ in jobs.ran].count("condor_entry") == 1
    assert jobs.failed == [(DAY, "hedge_roll"), (DAY, "condor_entry")]


def test_a_job_that_crashes_is_undone_too(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(15, 29)), 0.02, error=ValueError("no such strike"))

    outcome = jobs.desk.store.job_outcome(DAY, "condor_entry")
    assert outcome is not None
    assert outcome.outcome is Outcome.FAILED
    assert jobs.failed == [(DAY, "hedge_roll"), (DAY, "condor_entry")]


def test_a_check_that_the_broker_fails_is_a_warning_and_comes_again_at_its_next_slot(tmp_path: Path) -> None:
    jobs = play(tmp_path, new_york(DAY, time(9, 44)), 0.2, error=BrokerError("no answer"))

    assert [name for name, _ in jobs.ran] == ["exits", "exits", "exits"]
    assert jobs.crashed == []
    told = [event for event in jobs.desk.store.events() if event.name == "check_failed"]
    assert [event.level for event in told] == [Level.WARNING] * 3


def test_repeated_checks_end_with_the_session() -> None:
    check = RepeatedJob("exits", time(9, 45), time(15, 59), 5, lambda today: None)  # type: ignore[arg-type, return-value]
    closed = session(DAY).close_at

    assert next_slot(check, DAY, new_york(DAY, time(9, 50))) == new_york(DAY, time(9, 55))
    assert next_slot(check, DAY, closed - timedelta(minutes=4)) is None


def checks_played(folder: Path, crashing: str | None = None) -> tuple[Desk, list[tuple[str, datetime]]]:
    """Run checks of two beats on a regular day from 09:30 to 10:09; one of them may crash."""
    ran: list[tuple[str, datetime]] = []

    async def main() -> Desk:
        desk, _ = make_desk(folder)
        clock = desk.clock
        assert isinstance(clock, SystemClock)

        def check(name: str, first: time, last: time, every_min: int = 5) -> RepeatedJob:
            async def run(today: date) -> None:
                ran.append((name, clock.now().replace(microsecond=0)))
                if name == crashing:
                    raise KeyError(name)

            return RepeatedJob(name, first, last, every_min, run)

        checks = (
            check("exits", time(9, 45), time(9, 55)),
            check("reconcile", time(9, 35), time(10, 0)),
            check("odd", time(9, 42), time(10, 10), 7),
        )
        scheduler = ApScheduler(clock, on_error=lambda name, error: None)
        book = JobBook(desk, scheduler, (), checks, lambda day, job, outcome: None)
        scheduler.start()
        book.schedule(DAY)
        await clock.sleep(39 * 60)
        await scheduler.stop()
        book.record_checks(DAY)
        return desk

    return run_virtual(main, new_york(DAY, time(9, 30))), ran


def test_checks_keep_their_own_hours_and_run_in_their_order_where_their_instants_meet(tmp_path: Path) -> None:
    desk, ran = checks_played(tmp_path)

    def minutes(name: str) -> list[str]:
        return [f"{at.astimezone(NEW_YORK):%H:%M}" for ran_name, at in ran if ran_name == name]

    assert minutes("exits") == ["09:45", "09:50", "09:55"]
    assert minutes("reconcile") == ["09:35", "09:40", "09:45", "09:50", "09:55", "10:00"]
    assert minutes("odd") == ["09:42", "09:49", "09:56", "10:03"]
    together = [name for name, at in ran if at == new_york(DAY, time(9, 50))]
    assert together == ["exits", "reconcile"]
    outcomes = [desk.store.job_outcome(DAY, name) for name in ("exits", "reconcile", "odd")]
    assert [outcome.reason for outcome in outcomes if outcome is not None] == ["3 checks", "6 checks", "4 checks"]


def test_a_check_that_crashes_is_told_and_keeps_no_other_from_running(tmp_path: Path) -> None:
    desk, ran = checks_played(tmp_path, crashing="exits")

    assert [name for name, _ in ran].count("reconcile") == 6
    told = [event for event in desk.store.events() if event.name == "job_crashed"]
    assert [event.fields["error"] for event in told] == ["KeyError: 'exits'"] * 3
    assert all("exits" in str(event.fields["job"]) for event in told)
