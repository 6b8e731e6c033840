"""APScheduler behind our port: instants of trading time, and an end without loose ends."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import run_virtual

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
