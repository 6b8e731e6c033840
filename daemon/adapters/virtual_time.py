"""Virtual time: an event loop that jumps to its next timer whenever nothing is ready.

Everything that asks for the time - asyncio, APScheduler, ib_insync, our clock - sees the same clock, so the
unmodified program lives through a month in seconds, and twice in the same way. No sockets: a clock that
jumps when idle would overtake bytes in flight.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import time_machine

from daemon.errors import InvariantError

T = TypeVar("T")

_STEP_COST_US: Final = 1
"""What each loop step costs: without it a timer that is due "now" can spin for ever at large times."""


class _JumpingSelector(selectors.SelectSelector):
    """A selector that passes the waiting time to the clock instead of waiting."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Move the clock on by the time-out and report that no file is ready."""
        if timeout is None:
            raise InvariantError("virtual time stands still: every task waits and no timer is set")
        self._advance(max(_STEP_COST_US, math.ceil(timeout * 1e6 - 1e-3)))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of whole microseconds that only its own steps move."""

    def __init__(self, traveller: time_machine.Traveller, start: datetime) -> None:
        self.instant = start
        """The instant of the virtual clock in UTC."""
        self._elapsed_us = 0
        self._traveller = traveller
        super().__init__(_JumpingSelector(self._pass))
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return seconds since the loop was made, on the virtual clock."""
        return self._elapsed_us / 1e6

    def set_clock(self, by: timedelta) -> None:
        """Move the time of day and no timer, as a host does that slept, or whose clock is set."""
        self.instant += by
        self._traveller.shift(by)

    def _pass(self, microseconds: int) -> None:
        self._elapsed_us += microseconds
        self.instant += timedelta(microseconds=microseconds)
        # A hair more than the whole microseconds, because the traveller cuts to nanoseconds.
        self._traveller.shift((microseconds + 1e-4) / 1e6)


def virtual_now() -> datetime:
    """Return what ``datetime.now`` says in virtual time, without the way through the traveller."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop), "there is no virtual time outside run_virtual"
    return loop.instant


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]], start: datetime) -> T:
    """Run a coroutine to its end on a virtual clock that begins at ``start`` (aware)."""
    if start.utcoffset() is None:
        raise InvariantError(f"virtual time needs an aware start, not {start}")
    began = start.astimezone(UTC)
    with (
        time_machine.travel(began, tick=False) as traveller,
        asyncio.Runner(loop_factory=lambda: VirtualLoop(traveller, began)) as runner,
    ):
        return runner.run(main())
