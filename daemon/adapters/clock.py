"""The only module that asks the computer for the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def computer_now() -> datetime:
    """Return the computer's time in UTC."""
    return datetime.now(UTC)


class SystemClock:
    """The computer's clock, moved by a fixed offset when the daemon follows a simulated gateway's clock.

    ``read`` is how the computer's time is read; in virtual time there is a faster way to the same answer.
    """

    def __init__(self, offset: timedelta = timedelta(0), *, read: Callable[[], datetime] = computer_now) -> None:
        self._offset = offset
        self._read = read

    @property
    def offset(self) -> timedelta:
        """How far trading time is ahead of the computer's."""
        return self._offset

    def follow(self, offset: timedelta) -> None:
        """Take over another offset (only ever from a gateway that says it is simulated)."""
        self._offset = offset

    def now(self) -> datetime:
        """Return the current instant of trading time in UTC."""
        return self._read() + self._offset

    def real(self, instant: datetime) -> datetime:
        """Return the computer's time of an instant of trading time."""
        return instant - self._offset

    async def sleep(self, seconds: float) -> None:
        """Wait; trading time and the computer's run at the same speed."""
        import asyncio  # noqa: PLC0415 - whoever only asks for the time does without it

        await asyncio.sleep(seconds)
