"""Work that goes on beside the jobs: an order that is walked to the market must not hold the next look back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from daemon.engine.journal import Journal

GRACE_S: Final = 2.0
"""How long work may take to write down how it ended when the program stops."""


class Background:
    """Owns tasks from their start to their end; a failure is written down like that of a job."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Start named work."""
        task = asyncio.create_task(self._guarded(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Let what runs come to its end for a moment, then cancel it."""
        left = tuple(self._tasks)
        if left:
            await asyncio.wait(left, timeout=GRACE_S)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - nobody awaits it: here is where a failure is told
            self._journal.emit("job_crashed", {"job": name, "error": f"{type(error).__name__}: {error}"})
