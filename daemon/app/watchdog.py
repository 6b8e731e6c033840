"""Pings to the service manager's watchdog, only while the daemon is well (sd_watchdog_enabled(3))."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daemon.errors import CondordError
from daemon.ports import Clock, Notifier, Store

BEATS_IN_PERIOD: Final = 6
"""A beat that finds something wrong sends no ping; one bad beat is no reason to end the daemon."""
LATE_MIN_S: Final = 1.0
"""So late every loop may be, however short the watchdog's period is."""
LINK_WORK_MAX_S: Final = 600.0
"""So long connecting and reconciling may take: a cancel waits 20 s for evidence, and there may be many."""
ALIVE_AT: Final = "alive_at"
"""The instant of the last beat in the store."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a beat looks at."""

    store: Store
    clock: Clock
    link_turns: Callable[[], int]
    """Grows while the keeper of the connection does its work: attempts, heartbeats, changes."""
    link_turn_max_s: float
    """The longest that one of its turns may take."""
    status: Callable[[], str | None]
    """The status line, or None while there is nothing to say."""
    tell: Callable[[str, str], None]
    """Write an event: its name, and why."""


class Watchdog:
    """Looks at loop, link and store several times in each period, and pings when all are well."""

    def __init__(self, vitals: Vitals, notifier: Notifier, period_s: float) -> None:
        self._vitals, self._notifier = vitals, notifier
        self._beat_s = period_s / BEATS_IN_PERIOD
        self._turns = -1
        self._turned_at_s = 0.0
        self._ailment: str | None = None

    async def run(self) -> None:
        """Beat until cancelled."""
        now_s = asyncio.get_running_loop().time
        due_s = now_s()
        while True:
            self._say(self._look(now_s() - due_s, now_s()))
            due_s = now_s() + self._beat_s
            await asyncio.sleep(self._beat_s)

    def _look(self, late_s: float, now_s: float) -> str | None:
        """Return what is wrong, or None."""
        turns = self._vitals.link_turns()
        if turns != self._turns:
            self._turns, self._turned_at_s = turns, now_s
        if late_s > max(self._beat_s, LATE_MIN_S):
            return f"the event loop is {late_s:.1f} s late"
        if now_s - self._turned_at_s > self._vitals.link_turn_max_s:
            return f"the connection has not been looked after for {now_s - self._turned_at_s:.0f} s"
        try:
            self._vitals.store.set_meta(ALIVE_AT, self._vitals.clock.now().isoformat(timespec="seconds"))
        except CondordError as error:
            return str(error)
        return None

    def _say(self, ailment: str | None) -> None:
        """Ping or not, with the status; a change of health is an event."""
        before, self._ailment = self._ailment, ailment
        if ailment is None:
            self._notifier.alive()
            text = self._vitals.status()
        else:
            text = f"not well, the watchdog gets no ping: {ailment}"
        if text is not None:
            self._notifier.status(text)
        if (ailment is None) == (before is None):
            return
        name, why = ("daemon_recovered", before) if ailment is None else ("daemon_unwell", ailment)
        with contextlib.suppress(CondordError):  # the store may be what is wrong
            self._vitals.tell(name, str(why))
