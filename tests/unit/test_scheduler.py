"""APScheduler behind our port: instants of trading time, and an end without loose ends."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import VirtualLoop, run_virtual

START = datetime(2020, 3, 2, 20, 30, tzinfo=UTC)


def run_job_and_stop(seconds: float) -> tuple[list[str], float]:
    """Start a job that takes some seconds, stop the scheduler at once; return what happened and how long it took."""
    happened: list[str] = []

    async def job() -> None:
        happened.append("begun")
        try:
            await asyncio.sleep(seconds)
            happened.append("done")
        except asyncio.CancelledError:
            happened.append("cancelled")
            raise

    async def main() -> float:
        clock = SystemClock()
        scheduler = ApScheduler(clock, lambda name, error: happened.append(f"{name}: {error!r}"))
        scheduler.start()
        scheduler.at(clock.now(), "job", job)
        scheduler.at(clock.now() + timedelta(seconds=1), "later", job)
        await asyncio.sleep(0.1)
        before = clock.now()
        await scheduler.stop()
        await scheduler.stop()
        return (clock.now() - before).total_seconds()

    return happened, run_virtual(main, START)


def test_a_job_that_is_nearly_done_may_finish_when_the_scheduler_stops() -> None:
    happened, took_s = run_job_and_stop(1.0)

    assert happened == ["begun", "done"]
    assert took_s < 2


def test_a_job_that_goes_on_is_cancelled_without_a_word_of_the_library(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        happened, took_s = run_job_and_stop(1000.0)

    assert happened == ["begun", "cancelled"]
    assert took_s < 3
    assert caplog.records == []


def fired_at(pulse_s: float | None, slept: timedelta) -> float:
    """Schedule a job an hour ahead, let the host sleep in between; return how late it ran, in seconds."""
    late_s: list[float] = []

    async def main() -> None:
        clock = SystemClock()
        due = clock.now() + timedelta(hours=1)

        async def job() -> None:
            late_s.append((clock.now() - due).total_seconds())

        scheduler = ApScheduler(clock, lambda name, error: None, pulse_s=pulse_s)
        scheduler.start()
        scheduler.at(due, "job", job)
        await asyncio.sleep(60)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.set_clock(slept)
        await asyncio.sleep(2 * 3600)
        await scheduler.stop()

    run_virtual(main, START)
    (found,) = late_s
    return found


def test_a_host_that_slept_makes_no_job_later_than_a_pulse_after_it_woke() -> None:
    assert fired_at(30.0, timedelta(minutes=50)) == pytest.approx(0, abs=30)
    assert fired_at(30.0, timedelta(hours=3)) == pytest.approx(2 * 3600 + 60, abs=30)


def test_without_a_pulse_it_is_later_by_all_the_time_it_slept() -> None:
    assert fired_at(None, timedelta(minutes=50)) == pytest.approx(50 * 60, abs=1)


def test_a_clock_that_is_set_back_runs_the_job_once_and_at_its_hour() -> None:
    assert fired_at(30.0, timedelta(minutes=-20)) == pytest.approx(0, abs=1)


def test_a_clock_that_is_set_back_leaves_no_gap_in_what_runs_every_few_minutes() -> None:
    ran: list[datetime] = []

    async def main() -> None:
        clock = SystemClock()

        async def job() -> None:
            ran.append(clock.now())

        scheduler = ApScheduler(clock, lambda name, error: None, pulse_s=30.0)
        scheduler.start()
        scheduler.every(5, START + timedelta(minutes=5), START + timedelta(hours=2), "check", job)
        await asyncio.sleep(22 * 60)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.set_clock(timedelta(minutes=-20))
        await asyncio.sleep(11 * 60)
        await scheduler.stop()

    run_virtual(main, START)

    minutes = [round((at - START).total_seconds() / 60) for at in ran]
    assert minutes == [5, 10, 15, 20, 5, 10]
