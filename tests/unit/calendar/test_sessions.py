"""Sessions against exchange_calendars, the mourning days, daylight saving and the days of the log."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.calendar.sessions import (
    add_sessions,
    is_session,
    log_session,
    new_york,
    new_york_date,
    next_session,
    previous_session,
    session,
    session_on_or_after,
    session_on_or_before,
    sessions_between,
    shifted,
)

FIRST, LAST = date(1990, 1, 1), date(2028, 12, 31)
BLIZZARD = date(1994, 2, 11)  # closed at 14:30, which exchange_calendars leaves out
CLOSED_AT_TWO = {date(1990, 12, 24), date(1991, 12, 24), date(1992, 11, 27), date(1992, 12, 24)}


@pytest.fixture(scope="module")
def xnys() -> Mapping[date, tuple[datetime, datetime]]:
    """Opens and closes of XNYS in exchange_calendars, in UTC, by session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas deprecations inside the oracle
        import exchange_calendars

        calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
        hours = zip(calendar.sessions, calendar.opens, calendar.closes, strict=True)
        return {day.date(): (opens.to_pydatetime(), closes.to_pydatetime()) for day, opens, closes in hours}


def test_sessions_of_39_years_equal_those_of_exchange_calendars(xnys: Mapping[date, tuple[datetime, datetime]]) -> None:
    assert len(xnys) == 9820
    assert sessions_between(FIRST, LAST) == tuple(xnys)


def test_opens_and_closes_equal_those_of_exchange_calendars(xnys: Mapping[date, tuple[datetime, datetime]]) -> None:
    differing = {day for day, hours in xnys.items() if (session(day).open_at, session(day).close_at) != hours}

    assert differing == {BLIZZARD, *CLOSED_AT_TWO}


def test_early_closes_equal_those_of_exchange_calendars(xnys: Mapping[date, tuple[datetime, datetime]]) -> None:
    early = {day for day, (opens, closes) in xnys.items() if closes - opens < timedelta(hours=6)}

    assert {day for day in xnys if session(day).early_close} == early | {BLIZZARD}


@pytest.mark.parametrize(
    "day",
    [
        date(2001, 9, 11),
        date(2001, 9, 14),
        date(2004, 6, 11),  # President Reagan
        date(2007, 1, 2),  # President Ford
        date(2012, 10, 29),  # Hurricane Sandy
        date(2012, 10, 30),
        date(2018, 12, 5),  # President G. H. W. Bush
        date(2025, 1, 9),  # President Carter
        date(2022, 6, 20),  # first Juneteenth, observed
        date(2025, 4, 18),  # Good Friday
    ],
)
def test_exchange_is_closed_on_unscheduled_and_moving_holidays(day: date) -> None:
    assert not is_session(day)


@pytest.mark.parametrize("day", [date(2021, 12, 31), date(2025, 10, 13), date(2025, 11, 11), date(2021, 6, 18)])
def test_exchange_is_open_on_days_that_only_banks_or_others_keep(day: date) -> None:
    assert is_session(day)


def test_regular_session_runs_from_nine_thirty_to_four_and_options_fifteen_minutes_longer() -> None:
    regular = session(date(2020, 2, 18))

    assert regular.open_at == datetime(2020, 2, 18, 14, 30, tzinfo=UTC)
    assert regular.close_at == datetime(2020, 2, 18, 21, 0, tzinfo=UTC)
    assert regular.options_close_at == datetime(2020, 2, 18, 21, 15, tzinfo=UTC)
    assert not regular.early_close


@pytest.mark.parametrize(
    ("day", "one_o_clock"),
    [
        (date(2019, 7, 3), datetime(2019, 7, 3, 17, tzinfo=UTC)),
        (date(2019, 11, 29), datetime(2019, 11, 29, 18, tzinfo=UTC)),
        (date(2025, 12, 24), datetime(2025, 12, 24, 18, tzinfo=UTC)),
    ],
)
def test_early_close_ends_the_index_at_one_and_options_at_quarter_past(day: date, one_o_clock: datetime) -> None:
    short = session(day)

    assert short.early_close
    assert short.close_at == one_o_clock
    assert short.options_close_at == one_o_clock + timedelta(minutes=15)
    assert short.open_at == new_york(day, time(9, 30))


@pytest.mark.parametrize("day", [date(2020, 4, 10), date(2020, 2, 22), date(2025, 1, 9)])
def test_times_of_a_closed_day_are_refused_by_name(day: date) -> None:
    with pytest.raises(ValueError, match=f"{day} .* is not a trading session"):
        session(day)


@pytest.mark.parametrize("day", [date(1989, 12, 29), date(2036, 1, 2)])
@pytest.mark.parametrize("question", [is_session, session, next_session, previous_session, session_on_or_after])
def test_days_outside_the_calendar_are_refused_with_its_range(question: Callable[[date], object], day: date) -> None:
    with pytest.raises(ValueError, match="covers 1990 to 2035"):
        question(day)


def test_counting_past_the_last_known_session_is_refused() -> None:
    with pytest.raises(ValueError, match="outside 1990 to 2035"):
        add_sessions(date(2035, 12, 31), 1)


def test_counting_from_a_closed_day_is_refused() -> None:
    with pytest.raises(ValueError, match="2020-04-10 is not a trading session"):
        add_sessions(date(2020, 4, 10), 1)


def test_neighbours_step_over_a_long_weekend() -> None:
    assert next_session(date(2020, 4, 9)) == date(2020, 4, 13)
    assert previous_session(date(2020, 4, 13)) == date(2020, 4, 9)
    assert session_on_or_after(date(2020, 4, 10)) == date(2020, 4, 13)
    assert session_on_or_before(date(2020, 4, 12)) == date(2020, 4, 9)


def test_a_session_is_its_own_nearest() -> None:
    assert session_on_or_after(date(2020, 4, 9)) == date(2020, 4, 9)
    assert session_on_or_before(date(2020, 4, 9)) == date(2020, 4, 9)


def test_the_first_light_window_has_31_sessions() -> None:
    window = sessions_between(date(2020, 2, 18), date(2020, 3, 31))

    assert len(window) == 31
    assert (window[0], window[-1]) == (date(2020, 2, 18), date(2020, 3, 31))


def test_a_range_that_ends_before_it_begins_is_empty() -> None:
    assert sessions_between(date(2020, 3, 2), date(2020, 2, 28)) == ()


@given(st.sampled_from(sessions_between(date(1995, 1, 1), date(2030, 1, 1))), st.integers(-500, 500))
def test_counting_forth_and_back_returns_to_the_start(day: date, n: int) -> None:
    there = add_sessions(day, n)

    assert add_sessions(there, -n) == day
    assert len(sessions_between(min(day, there), max(day, there))) == abs(n) + 1


@given(st.dates(date(1990, 1, 3), date(2035, 12, 30)))
def test_neighbours_enclose_every_day_without_gap(day: date) -> None:
    before, after = previous_session(day), next_session(day)

    assert before < day < after
    assert sessions_between(before, after) == ((before, day, after) if is_session(day) else (before, after))


def test_new_york_time_follows_daylight_saving() -> None:
    assert new_york(date(2020, 3, 6), time(16, 0)) == datetime(2020, 3, 6, 21, 0, tzinfo=UTC)
    assert new_york(date(2020, 3, 9), time(16, 0)) == datetime(2020, 3, 9, 20, 0, tzinfo=UTC)
    assert new_york(date(2020, 3, 9), time(16, 0)).tzinfo is UTC


def test_new_york_date_changes_at_new_york_midnight() -> None:
    assert new_york_date(datetime(2020, 3, 10, 3, 59, tzinfo=UTC)) == date(2020, 3, 9)
    assert new_york_date(datetime(2020, 3, 10, 4, 0, tzinfo=UTC)) == date(2020, 3, 10)


def test_job_times_move_three_hours_earlier_on_early_closes_only() -> None:
    assert shifted(date(2020, 11, 25), time(15, 30)) == new_york(date(2020, 11, 25), time(15, 30))
    assert shifted(date(2020, 11, 27), time(15, 30)) == new_york(date(2020, 11, 27), time(12, 30))
    assert shifted(date(2020, 11, 27), time(16, 40)) == new_york(date(2020, 11, 27), time(13, 40))


def test_job_times_of_a_closed_day_are_refused() -> None:
    with pytest.raises(ValueError, match="not a trading session"):
        shifted(date(2020, 11, 26), time(15, 30))


@pytest.mark.parametrize(
    ("written", "belongs_to"),
    [
        ((date(2020, 3, 13), time(9, 0)), date(2020, 3, 13)),
        ((date(2020, 3, 13), time(16, 40)), date(2020, 3, 13)),  # the block itself
        ((date(2020, 3, 13), time(16, 41)), date(2020, 3, 16)),  # Friday night to Monday
        ((date(2020, 3, 14), time(12, 0)), date(2020, 3, 16)),
        ((date(2020, 3, 16), time(0, 5)), date(2020, 3, 16)),
        ((date(2020, 3, 16), time(23, 59)), date(2020, 3, 17)),
        ((date(2020, 4, 9), time(17, 0)), date(2020, 4, 13)),  # Good Friday
        ((date(2020, 11, 27), time(13, 39)), date(2020, 11, 27)),  # early close: the block comes at 13:40
        ((date(2020, 11, 27), time(13, 41)), date(2020, 11, 30)),
    ],
)
def test_log_lines_belong_to_the_session_whose_end_of_day_block_comes_next(
    written: tuple[date, time], belongs_to: date
) -> None:
    assert log_session(new_york(*written)) == belongs_to


def test_log_days_follow_the_end_of_day_setting() -> None:
    instant = new_york(date(2020, 3, 13), time(16, 41))

    assert log_session(instant, time(17, 0)) == date(2020, 3, 13)
