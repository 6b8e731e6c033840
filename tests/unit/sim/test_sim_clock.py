from datetime import date

import pytest
from sim_world import at

from daemon.sim.market.clock import Moment, moment, sessions_in


def test_an_instant_in_session_counts_minutes_from_the_open() -> None:
    assert moment(at(date(2020, 3, 2), 10, 0)) == Moment(date(2020, 3, 2), 30.0, 0.0)


def test_the_time_before_an_open_belongs_to_the_session_before() -> None:
    before = moment(at(date(2020, 3, 2), 9, 0))

    assert before.day == date(2020, 2, 28)
    assert before.minute == 390.0
    assert 0.99 < before.night < 1.0


def test_a_weekend_is_one_long_night() -> None:
    saturday = moment(at(date(2020, 2, 29), 12, 45))

    assert saturday.day == date(2020, 2, 28)
    assert saturday.night == pytest.approx(20.75 / 65.5)


def test_an_early_close_ends_after_210_minutes() -> None:
    assert moment(at(date(2019, 11, 29), 14, 0)).minute == 210.0


@pytest.mark.parametrize(
    ("day", "calendar_days", "sessions"),
    [
        (date(2024, 1, 2), 7, 5.0),  # Tuesday to Tuesday
        (date(2024, 1, 5), 9, 5 + 2 / 4),  # to a Sunday before a holiday Monday: half way from Friday to Tuesday
        (date(2024, 1, 2), 1, 1.0),
    ],
)
def test_calendar_days_hold_sessions_with_a_fraction_between_closes(
    day: date, calendar_days: int, sessions: float
) -> None:
    assert sessions_in(day, calendar_days) == pytest.approx(sessions)
