"""When a gateway may be gone without anybody's fault: nightly resets, the weekend, and the weekly login.

Source: Interactive Brokers, system status page (reset times) and the gateway's auto-restart considerations. The windows
have changed before, so that they are settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from daemon.core.calendar.sessions import new_york, new_york_date

_FRIDAY: Final = 4
_SATURDAY: Final = 5
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPolicy:
    """New York times of announced outages; a window that ends before it begins lasts over midnight."""

    night_from: time
    """Beginning of the reset of each night but Saturday's."""
    night_until: time
    weekend_from: time
    """Beginning of the long reset, on Friday."""
    weekend_until: time
    weekly_login: time
    """When, on Sunday, logins end and a person must log the gateway in anew."""


def reset_until(now: datetime, policy: ResetPolicy) -> datetime | None:
    """Return the end of the announced outage that an instant lies in; None outside of all."""
    today = new_york_date(now)
    windows = (
        _window(day, first, last)
        for day in (today - timedelta(days=1), today)
        for first, last in _windows_beginning(day, policy)
    )
    return max((end for begin, end in windows if begin <= now < end), default=None)


def login_ended(since: datetime, now: datetime, policy: ResetPolicy) -> datetime | None:
    """Return the last weekly end of logins after one instant and not after another; None when there was none."""
    today = new_york_date(now)
    sunday = today - timedelta(days=(today.weekday() - _SUNDAY) % 7)
    last = new_york(sunday, policy.weekly_login)
    ended = last if last <= now else new_york(sunday - timedelta(days=7), policy.weekly_login)
    return ended if since < ended else None


def _windows_beginning(day: date, policy: ResetPolicy) -> list[tuple[time, time]]:
    found = [] if day.weekday() == _SATURDAY else [(policy.night_from, policy.night_until)]
    return [*found, (policy.weekend_from, policy.weekend_until)] if day.weekday() == _FRIDAY else found


def _window(day: date, first: time, last: time) -> tuple[datetime, datetime]:
    ends = day if first < last else day + timedelta(days=1)
    return new_york(day, first), new_york(ends, last)
