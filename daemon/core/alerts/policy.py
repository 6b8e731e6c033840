"""When alerts are sent: from which level, outside which hours, how many, how soon again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from daemon.core.alerts.kinds import AlertLevel
from daemon.core.calendar.resets import ResetPolicy, reset_until

HOUR: Final = timedelta(hours=1)
REMINDER_MAX: Final = timedelta(days=1)
"""Longest pause between two messages about a cause that goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """The rules of the alert desk."""

    level: AlertLevel
    """The least level that is sent."""
    quiet_from: time
    quiet_until: time
    """No quiet hours where both are equal."""
    zone: ZoneInfo
    """Of quiet hours and of the times in messages."""
    quiet_urgent: bool
    """Whether urgent ones are sent in quiet hours too."""
    gather_s: float
    """How long a message waits for what happens at the same time."""
    wait_s: float
    """How long what often passes by itself must last to be told."""
    repeat_min: int
    """Time until what repeats, or goes on, is told again; it doubles with each message."""
    per_hour: int
    kind_per_hour: int
    digest: bool
    """Whether the end of each day is told."""
    resets: ResetPolicy
    """Announced outages: what begins in one is told only if it outlasts it."""

    def lasted(self, since: datetime) -> datetime:
        """Return when something that often passes by itself has lasted long enough to be told."""
        return max(since + timedelta(seconds=self.wait_s), reset_until(since, self.resets) or since)

    def tells(self, level: AlertLevel) -> bool:
        """Whether alerts of a level are sent at all."""
        return level.rank >= self.level.rank

    def after_quiet(self, at: datetime, level: AlertLevel) -> datetime:
        """Return the first instant from ``at`` on, in UTC, at which quiet hours let a level pass."""
        if self.quiet_from == self.quiet_until or (level is AlertLevel.URGENT and self.quiet_urgent):
            return at
        local = at.astimezone(self.zone)
        if not self._quiet(local.time()):
            return at
        day = local.date() if local.time() < self.quiet_until else local.date() + timedelta(days=1)
        return max(at, datetime.combine(day, self.quiet_until, self.zone).astimezone(UTC))

    def _quiet(self, now: time) -> bool:
        if self.quiet_from < self.quiet_until:
            return self.quiet_from <= now < self.quiet_until
        return now >= self.quiet_from or now < self.quiet_until

    def again_after(self, messages: int) -> timedelta:
        """Return the pause after so many messages about one cause."""
        return min(timedelta(minutes=self.repeat_min << min(messages - 1, 16)), REMINDER_MAX)
