"""How bytes travel when they do not travel by TCP: to a peer inside this process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol


class Peer(Protocol):
    """The other end of an open connection."""

    def send(self, data: bytes) -> None:
        """Take bytes that we sent."""
        ...

    def close(self) -> None:
        """Learn that we closed the connection."""
        ...


class Transport(Protocol):
    """Something that a connection can be opened to."""

    def open(self, on_data: Callable[[bytes], None], on_close: Callable[[], None]) -> Peer:
        """Open a connection; both callbacks may be called at any time and return at once.

        Raises ConnectionRefusedError when the other end accepts none just now.
        """
        ...


class Queue:
    """Carries calls to the next step of the event loop in the order they were made, never re-entrant."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def put(self, call: Callable[[], None]) -> None:
        """Make a call in the next step of the loop."""
        self._calls.append(call)
        self._schedule()

    def _schedule(self) -> None:
        if self._calls and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        try:
            for _ in range(len(self._calls)):
                self._calls.popleft()()
        finally:
            self._schedule()
