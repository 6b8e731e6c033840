"""Virtual time moves every clock together and jumps to the next timer."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.scheduler import ApScheduler
from daemon.adapters.virtual_time import run_virtual, virtual_now
from daemon.errors import InvariantError

START = datetime(2020, 2, 18, 14, 0, tzinfo=UTC)


def test_a_sleep_of_a_day_passes_at_once_on_every_clock() -> None:
    async def main() -> tuple[float, datetime]:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(86_400)
        return loop.time() - before, datetime.now(UTC)

    real = time.perf_counter()
    slept_s, now = run_virtual(main, START)

    assert time.perf_counter() - real < 5
    assert slept_s == pytest.approx(86_400, abs=0.001)
    assert abs(now - START - timedelta(days=1)) < timedelta(milliseconds=1)


def test_the_loop_and_the_calendar_clock_stay_together_over_many_steps() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        for _ in range(2_000):
            await asyncio.sleep(0.1)
            await asyncio.sleep(0)
            assert virtual_now() == datetime.now(UTC)
        return (datetime.now(UTC) - START).total_seconds() - loop.time()

    assert run_virtual(main, START) == pytest.approx(0, abs=1e-6)


def test_jobs_fire_at_their_instant_in_order() -> None:
    async def main() -> list[tuple[str, float]]:
        clock = SystemClock()
        fired: list[tuple[str, float]] = []
        scheduler = ApScheduler(clock, on_error=lambda name, error: fired.append((name, -1.0)))
        scheduler.start()
        for name, hours in (("c", 50), ("a", 1), ("b", 26)):

            async def job(name: str = name) -> None:
                fired.append((name, (clock.now() - START).total_seconds() / 3600))

            scheduler.at(START + timedelta(hours=hours), name, job)
        await clock.sleep(60 * 3600)
        await scheduler.stop()
        return fired

    fired = run_virtual(main, START)

    assert [name for name, _ in fired] == ["a", "b", "c"]
    assert [hours for _, hours in fired] == pytest.approx([1, 26, 50], abs=1e-5)


def test_a_failing_job_is_reported_and_the_next_one_still_runs() -> None:
    async def main() -> list[str]:
        clock = SystemClock()
        seen: list[str] = []
        scheduler = ApScheduler(clock, on_error=lambda name, error: seen.append(f"{name}: {error}"))
        scheduler.start()

        async def bad() -> None:
            raise ValueError("no")

        async def good() -> None:
            seen.append("good")

        scheduler.at(START + timedelta(hours=1), "bad", bad)
        scheduler.at(START + timedelta(hours=2), "good", good)
        await clock.sleep(3 * 3600)
        await scheduler.stop()
        return seen

    assert run_virtual(main, START) == ["bad: no", "good"]


def test_a_shifted_clock_shifts_the_jobs() -> None:
    async def main() -> float:
        clock = SystemClock(timedelta(days=-100))
        fired: list[float] = []
        scheduler = ApScheduler(clock, on_error=lambda name, error: None)
        scheduler.start()

        async def job() -> None:
            fired.append((datetime.now(UTC) - START).total_seconds())

        scheduler.at(clock.now() + timedelta(minutes=5), "job", job)
        await clock.sleep(600)
        await scheduler.stop()
        return fired[0]

    assert run_virtual(main, START) == pytest.approx(300, abs=0.001)


def test_a_program_that_waits_for_nothing_is_reported() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(InvariantError, match="stands still"):
        run_virtual(main, START)


def test_virtual_time_refuses_a_start_without_a_zone() -> None:
    async def main() -> None:
        return None

    with pytest.raises(InvariantError, match="aware"):
        run_virtual(main, START.replace(tzinfo=None))
