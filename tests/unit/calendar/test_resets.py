"""Announced outages of the broker: North American windows of its system status page, and the weekly login."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from daemon.core.calendar.resets import ResetPolicy, login_ended, reset_until

POLICY = ResetPolicy(
    night_from=time(0, 15),
    night_until=time(1, 45),
    weekend_from=time(23, 0),
    weekend_until=time(3, 0),
    weekly_login=time(1, 0),
)
OLDER = ResetPolicy(
    night_from=time(23, 45),
    night_until=time(0, 45),
    weekend_from=time(23, 0),
    weekend_until=time(3, 0),
    weekly_login=time(1, 0),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)


@pytest.mark.parametrize(
    ("policy", "now", "until"),
    [
        (POLICY, "2026-11-19 00:14", None),  # a Thursday
        (POLICY, "2026-11-19 00:15", "2026-11-19 01:45"),
        (POLICY, "2026-11-19 01:44", "2026-11-19 01:45"),
        (POLICY, "2026-11-19 01:45", None),
        (POLICY, "2026-11-20 22:59", None),  # Friday evening
        (POLICY, "2026-11-20 23:30", "2026-11-21 03:00"),
        (POLICY, "2026-11-21 02:59", "2026-11-21 03:00"),
        (POLICY, "2026-11-21 12:00", None),
        (POLICY, "2026-11-22 00:30", "2026-11-22 01:45"),  # Sunday
        (OLDER, "2026-11-18 23:50", "2026-11-19 00:45"),
        (OLDER, "2026-11-19 00:30", "2026-11-19 00:45"),
        (OLDER, "2026-11-20 23:50", "2026-11-21 03:00"),  # of two the later end
        (POLICY, "2026-11-01 01:30", "2026-11-01 01:45"),  # the night in which the clocks go back
    ],
)
def test_an_announced_outage_is_known_with_its_end(policy: ResetPolicy, now: str, until: str | None) -> None:
    assert reset_until(at(now), policy) == (None if until is None else at(until))


@pytest.mark.parametrize(
    ("since", "now", "ended"),
    [
        ("2026-11-20 16:00", "2026-11-22 00:59", None),
        ("2026-11-20 16:00", "2026-11-22 01:00", "2026-11-22 01:00"),
        ("2026-11-20 16:00", "2026-11-24 09:00", "2026-11-22 01:00"),
        ("2026-11-22 10:00", "2026-11-24 09:00", None),
        ("2026-11-01 16:00", "2026-11-21 09:00", "2026-11-15 01:00"),
    ],
)
def test_a_login_ends_on_sunday(since: str, now: str, ended: str | None) -> None:
    assert login_ended(at(since), at(now), POLICY) == (None if ended is None else at(ended))
