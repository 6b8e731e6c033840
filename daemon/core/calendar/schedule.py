"""Job times as one frozen value, which ``settings`` builds, and when they come in a session (decision 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from daemon.core.calendar.sessions import session, shifted

OPEN: Final = time(9, 30)
SETTLE_IN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePolicy:
    """New York times of a regular session; on an early close all of them shift by the close (16:00 to 13:00)."""

    preflight: time
    signals: time
    cost_of_capital: time
    exits_from: time
    exits_every_min: int
    hedge_roll: time
    condor_entry: time
    condor_entry_until: time
    """The working entry order is cancelled at this time."""
    hedge_resize: time
    monitors: time
    last_resort: time
    """Last attempt to close a series that expires today."""
    risk_every_min: int
    settlement: time
    end_of_day: time
    reconcile_every_min: int


def instant(day: date, at: time) -> datetime:
    """Return the instant of a regular session's New York time, moved with an early close (decision 6).

    What the move would push before the open waits until the market has been open for a quarter of an hour.
    """
    when, opened = shifted(day, at), session(day).open_at
    return opened + SETTLE_IN if at >= OPEN and when < opened else when


def deadline(day: date, at: time, until: time) -> datetime:
    """Return when work that begins at ``at`` ends: at ``until``, moved with an early close.

    Work that had to wait for the open still gets its usual time, or a quarter of an hour of it.
    """
    length = datetime.combine(day, until) - datetime.combine(day, at)
    return max(shifted(day, until), instant(day, at) + min(length, SETTLE_IN))
