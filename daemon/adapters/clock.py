"""The only module that asks the computer for the time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The computer's clock, moved by a fixed offset when the daemon follows a simulated gateway's clock."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self._offset = offset

    @property
    def offset(self) -> timedelta:
        """How far trading time is ahead of the computer's."""
        return self._offset

    def follow(self, offset: timedelta) -> None:
        """Take over another offset (only ever from a gateway that says it is simulated)."""
        self._offset = offset

    def now(self) -> datetime:
        """Return the current instant of trading time in UTC."""
        return datetime.now(UTC) + self._offset

    def real(self, instant: datetime) -> datetime:
        """Return the computer's time of an instant of trading time."""
        return instant - self._offset

    async def sleep(self, seconds: float) -> None:
        """Wait; trading time and the computer's run at the same speed."""
        await asyncio.sleep(seconds)
