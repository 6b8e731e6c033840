"""The day's jobs: instants from the calendar, exactly one outcome per session and job, catch-up at start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from daemon.core.calendar.schedule import SchedulePolicy, deadline, instant
from daemon.core.calendar.sessions import next_session, sessions_between
from daemon.core.records import JobOutcome, Outcome
from daemon.engine.context import Desk
from daemon.errors import BrokerError
from daemon.ports import Scheduler

Run = Callable[[date], Awaitable[JobOutcome]]
END_OF_DAY: Final = "end_of_day"
"""The job that closes a session and goes on to the next."""
MISSED_SESSIONS_MAX: Final = 30
"""How many sessions back missed jobs are written down after a long pause."""


@dataclass(frozen=True, slots=True)
class DailyJob:
    """A job that runs once a session; ``until`` is the last moment at which a late run still makes sense."""

    name: str
    at: time
    until: time
    run: Run
    ends_session: bool = False
    """Whether what comes next waits for it, so that it runs however late it is."""


@dataclass(frozen=True, slots=True)
class RepeatedJob:
    """A check that runs every few minutes between two New York times."""

    name: str
    first: time
    last: time
    every_min: int
    run: Callable[[date], Awaitable[None]]


class JobBook:
    """Schedules a session's jobs and keeps their outcomes."""

    def __init__(
        self,
        desk: Desk,
        scheduler: Scheduler,
        daily: tuple[DailyJob, ...],
        repeated: tuple[RepeatedJob, ...],
        on_undone: Callable[[date, DailyJob, JobOutcome], None],
    ) -> None:
        self._desk = desk
        self._scheduler = scheduler
        self._daily = daily
        self._repeated = repeated
        self._on_undone = on_undone
        self._checks: Counter[tuple[date, str]] = Counter()

    async def catch_up(self, today: date) -> tuple[date, ...]:
        """Write down what was missed, run late what still makes sense, schedule the rest of the session.

        Return the sessions whose end was missed.
        """
        missed = self._write_missed(today)
        now = self._desk.clock.now()
        for job in self._daily:
            due = instant(today, job.at)
            if now < due or self._desk.store.job_outcome(today, job.name) is not None:
                continue
            if now <= deadline(today, job.at, job.until):
                self._desk.journal.emit("job_caught_up", {"job": job.name})
                self._scheduler.at(now, self._id(job, today), self._runner(job, today))
            else:
                self._miss(today, job, "its time had passed when the daemon started")
        self.schedule(today)
        return missed

    def schedule(self, today: date) -> None:
        """Schedule every instant of a session that is still to come."""
        now = self._desk.clock.now()
        for job in self._daily:
            when = instant(today, job.at)
            if when > now and self._desk.store.job_outcome(today, job.name) is None:
                self._scheduler.at(when, self._id(job, today), self._runner(job, today))
        for checks in _of_one_beat(self._repeated, today):
            self._schedule_checks(checks, today)

    def next_instants(self, today: date) -> tuple[tuple[str, datetime], ...]:
        """Return the daily jobs still to come, earliest first: of this session, or of the next one."""
        now = self._desk.clock.now()
        ahead = [(job.name, instant(today, job.at)) for job in self._daily if instant(today, job.at) > now]
        if not ahead:
            return self.instants(next_session(today))
        return tuple(sorted(ahead, key=lambda item: item[1]))

    def instants(self, session: date) -> tuple[tuple[str, datetime], ...]:
        """Return when each daily job of a session runs, earliest first."""
        return tuple(sorted(((job.name, instant(session, job.at)) for job in self._daily), key=lambda item: item[1]))

    def _id(self, job: DailyJob, today: date) -> str:
        """Name a run so that runs of the same instant begin in the order of the table, after the checks."""
        return f"{today} {self._daily.index(job) + 1:02d} {job.name}"

    def _runner(self, job: DailyJob, today: date) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            await self._run(job, today)

        return run

    async def _run(self, job: DailyJob, today: date) -> None:
        desk = self._desk
        if desk.store.job_outcome(today, job.name) is not None:
            return
        if not job.ends_session and desk.clock.now() > deadline(today, job.at, job.until):
            self._miss(today, job, "its time had passed when its turn came: the host slept, or its clock was set")
            return
        try:
            outcome = await job.run(today)
        except BrokerError as error:
            self._undone(today, job, JobOutcome(Outcome.FAILED, f"the broker failed: {error}", desk.clock.now()))
        except Exception as error:
            failed = JobOutcome(Outcome.FAILED, f"{type(error).__name__}: {error}", desk.clock.now())
            self._undone(today, job, failed)
            raise
        else:
            self.record(today, job.name, outcome)

    def record(self, today: date, name: str, outcome: JobOutcome) -> None:
        """Record the outcome of a job; a job that has one already keeps it."""
        if self._desk.store.record_job(today, name, outcome):
            fields = {"job": name, "of_session": today.isoformat(), "reason": outcome.reason}
            self._desk.journal.emit(f"job_{outcome.outcome.value}", fields)

    def record_checks(self, today: date) -> None:
        """Record one outcome for each repeated check of a session that ends."""
        now = self._desk.clock.now()
        for check in self._repeated:
            count = self._checks.pop((today, check.name), 0)
            outcome = Outcome.DONE if count else Outcome.SKIPPED
            text = f"{count} checks" if count else "no check ran while this process lived"
            self._desk.store.record_job(today, check.name, JobOutcome(outcome, text, now))

    def _miss(self, today: date, job: DailyJob, why: str) -> None:
        self._undone(today, job, JobOutcome(Outcome.MISSED, why, self._desk.clock.now()))

    def _undone(self, today: date, job: DailyJob, outcome: JobOutcome) -> None:
        self._on_undone(today, job, outcome)
        self.record(today, job.name, outcome)

    def _write_missed(self, today: date) -> tuple[date, ...]:
        last = self._desk.store.meta("last_session")
        if last is None:
            return ()
        days = sessions_between(date.fromisoformat(last), today)[:-1][-MISSED_SESSIONS_MAX:]
        missed = tuple(day for day in days if self._desk.store.job_outcome(day, "end_of_day") is None)
        for day in days:
            for job in self._daily:
                if self._desk.store.job_outcome(day, job.name) is None:
                    self._miss(day, job, "the daemon was not running, or had no gateway")
            ended = JobOutcome(
                Outcome.MISSED, "the daemon was not running at the end, or had no gateway", self._desk.clock.now()
            )
            for check in self._repeated:
                self._desk.store.record_job(day, check.name, ended)
        return missed

    def _schedule_checks(self, checks: Sequence[RepeatedJob], today: date) -> None:
        """Schedule checks of one beat as one job: they run in the order of the table, each in its own hours."""
        now = self._desk.clock.now()
        slots = [slot for check in checks if (slot := next_slot(check, today, now)) is not None]
        if not slots:
            return

        async def run() -> None:
            for check in checks:
                if is_due(check, today, self._desk.clock.now()):
                    await self._run_check(check, today)

        name = f"{today} 00 {'+'.join(check.name for check in checks)}"
        last = max(instant(today, check.last) for check in checks)
        self._scheduler.every(checks[0].every_min, min(slots), last, name, run)

    async def _run_check(self, check: RepeatedJob, today: date) -> None:
        """Run a check; one that fails keeps no other from running."""
        try:
            await check.run(today)
        except BrokerError as error:
            self._desk.journal.emit("check_failed", {"job": check.name, "why": str(error)})
        except Exception as error:  # noqa: BLE001 - told like every crash of a job
            fields = {"job": f"{today} {check.name}", "error": f"{type(error).__name__}: {error}"}
            self._desk.journal.emit("job_crashed", fields)
        else:
            self._checks[today, check.name] += 1


def _of_one_beat(checks: Iterable[RepeatedJob], today: date) -> list[list[RepeatedJob]]:
    """Return checks together whose instants are the same wherever their hours overlap."""
    beats: dict[tuple[int, int], list[RepeatedJob]] = {}
    for check in checks:
        minute = int(instant(today, check.first).timestamp()) // 60
        beats.setdefault((check.every_min, minute % check.every_min), []).append(check)
    return list(beats.values())


def is_due(check: RepeatedJob, today: date, now: datetime) -> bool:
    """Say whether the slot that has begun is one of a check."""
    first, every = instant(today, check.first), timedelta(minutes=check.every_min)
    return first <= now and first + (now - first) // every * every <= instant(today, check.last)


def next_slot(check: RepeatedJob, today: date, now: datetime) -> datetime | None:
    """Return the next instant of a repeated check strictly after ``now``, or None when the session has none left."""
    first, last = instant(today, check.first), instant(today, check.last)
    every = timedelta(minutes=check.every_min)
    passed = max(0, (now - first) // every + 1)
    when = first + passed * every
    return when if when <= last else None


def daily_jobs(policy: SchedulePolicy, runs: Mapping[str, Run]) -> tuple[DailyJob, ...]:
    """Return the daily jobs that have something to run, in the order in which they are caught up."""
    rows = (
        ("preflight", policy.preflight, policy.end_of_day),
        ("signals", policy.signals, policy.end_of_day),
        ("hedge_roll", policy.hedge_roll, time(15, 45)),
        ("cost_of_capital", policy.cost_of_capital, time(15, 45)),
        ("last_resort", policy.last_resort, time(15, 55)),
        ("condor_entry", policy.condor_entry, policy.condor_entry_until),
        ("hedge_resize", policy.hedge_resize, time(16, 5)),
        ("monitors", policy.monitors, time(16, 5)),
        ("settlement", policy.settlement, time(23, 59)),
        (END_OF_DAY, policy.end_of_day, time(23, 59)),
    )
    return tuple(
        DailyJob(name, at, until, runs[name], ends_session=name == END_OF_DAY)
        for name, at, until in rows
        if name in runs
    )
