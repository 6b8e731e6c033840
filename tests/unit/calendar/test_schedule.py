"""Job times in a session: an early close moves them, and none before the open."""

from datetime import UTC, date, datetime, time

import pytest

from daemon.core.calendar.schedule import deadline, instant
from daemon.core.calendar.sessions import new_york

REGULAR = date(2019, 11, 27)
EARLY = date(2019, 11, 29)  # the day after Thanksgiving: 09:30 to 13:00


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (time(9, 0), datetime(2019, 11, 29, 11, 0, tzinfo=UTC)),  # pre-flight moves with the close: 06:00
        (time(15, 30), datetime(2019, 11, 29, 17, 30, tzinfo=UTC)),  # half an hour before 13:00
        (time(16, 40), datetime(2019, 11, 29, 18, 40, tzinfo=UTC)),
        (time(10, 30), datetime(2019, 11, 29, 14, 45, tzinfo=UTC)),  # 07:30 would be before the open
    ],
)
def test_an_early_close_moves_the_jobs_but_none_before_the_open(at: time, expected: datetime) -> None:
    assert instant(EARLY, at) == expected


@pytest.mark.parametrize(
    ("at", "until", "expected"),
    [
        (time(15, 30), time(15, 45), time(12, 45)),
        (time(15, 55), time(15, 59), time(12, 59)),
        (time(10, 0), time(10, 15), time(10, 0)),  # from 09:45 on: 07:15 would be before it begins
        (time(10, 0), time(10, 5), time(9, 50)),  # its usual five minutes
        (time(12, 20), time(12, 50), time(10, 0)),  # 09:50 would leave five of thirty minutes
        (time(10, 30), time(15, 45), time(12, 45)),
    ],
)
def test_on_an_early_close_work_ends_with_it_but_never_before_it_could_begin(
    at: time, until: time, expected: time
) -> None:
    assert deadline(EARLY, at, until) == new_york(EARLY, expected)
    assert deadline(REGULAR, at, until) == new_york(REGULAR, until)
