"""APScheduler behind the Scheduler port: absolute instants only, a memory job store, no misfire limit.

Cron triggers are not used: around midnight they skip a day each spring and run twice each autumn, and
their misfire grace of one second loses jobs. Instants come from the trading calendar.

The library waits on a clock that stands still while the host sleeps, and that knows nothing of a clock that is set; a pulse
makes it look at the time of day again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from daemon.adapters.clock import SystemClock

Job = Callable[[], Awaitable[None]]

GRACE_S: Final = 2.0

logging.getLogger("apscheduler").setLevel(logging.ERROR)


class ApScheduler:
    """Runs coroutines at instants of trading time."""

    def __init__(
        self, clock: SystemClock, on_error: Callable[[str, BaseException], None], *, pulse_s: float | None = None
    ) -> None:
        self._clock = clock
        self._on_error = on_error
        self._pulse_s = pulse_s
        self._pulse: asyncio.TimerHandle | None = None
        self._seen = clock.now()
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone=UTC,
        )

    def start(self) -> None:
        """Begin to fire."""
        self._scheduler.start()
        self._wake_again()

    def _wake_again(self) -> None:
        if self._pulse_s is not None:
            self._pulse = asyncio.get_running_loop().call_later(self._pulse_s, self._wake)

    def _wake(self) -> None:
        before, self._seen = self._seen, self._clock.now()
        if self._seen < before:
            # What runs every few minutes would wait until the clock has come to where it was.
            for job in self._scheduler.get_jobs():
                self._scheduler.reschedule_job(job.id, trigger=job.trigger)
        self._scheduler.wakeup()
        self._wake_again()

    def at(self, when: datetime, name: str, job: Job) -> None:
        """Run ``job`` once at ``when``; a job of the same name is replaced."""
        trigger = DateTrigger(run_date=self._clock.real(when), timezone=UTC)
        self._scheduler.add_job(self._guarded, trigger, args=(name, job), id=name, replace_existing=True)

    def every(self, minutes: int, first: datetime, last: datetime, name: str, job: Job) -> None:
        """Run ``job`` at ``first`` and every ``minutes`` after it until ``last``, never twice at a time.

        A slot that comes while the job still runs is left out.
        """
        begin, end = self._clock.real(first), self._clock.real(last)
        trigger = IntervalTrigger(minutes=minutes, start_date=begin, end_date=end, timezone=UTC)
        self._scheduler.add_job(self._guarded, trigger, args=(name, job), id=name, replace_existing=True)

    def cancel_all(self) -> None:
        """Forget every job that has not fired."""
        self._scheduler.remove_all_jobs()

    async def stop(self) -> None:
        """Stop firing; a job that runs gets a moment to write down how it ended, then it is cancelled."""
        if not self._scheduler.running:
            return
        if self._pulse is not None:
            self._pulse.cancel()
        self._scheduler.remove_all_jobs()
        if self._running:
            await asyncio.wait(self._running, timeout=GRACE_S)
        self._stopped, left = True, tuple(self._running)
        self._scheduler.shutdown(wait=False)  # cancels every coroutine that runs, whatever ``wait`` says
        await asyncio.gather(*left, return_exceptions=True)

    async def _guarded(self, name: str, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None, "the scheduler runs jobs as tasks"
        self._running.add(task)
        try:
            await job()
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        except Exception as error:  # noqa: BLE001 - APScheduler would only log it; we report every failure
            self._on_error(name, error)
        finally:
            self._running.discard(task)
