from datetime import date

import pytest
from sim_world import packaged

from daemon.core.calendar.sessions import sessions_between
from daemon.errors import HistoryError
from daemon.sim.history.packaged import PATH, SESSIONS_BEFORE, WINDOWS, as_csv, packaged_days


def test_every_window_is_complete_with_sixty_sessions_before_it() -> None:
    history = packaged()

    assert tuple(history.days) == packaged_days()
    for first, last in WINDOWS:
        start = next(begin for begin, end in history.windows() if begin <= first and last <= end)
        assert len(sessions_between(start, first)) > SESSIONS_BEFORE


@pytest.mark.parametrize(
    ("day", "spx_close", "vix_close"),
    [
        (date(2018, 2, 5), 2648.94, 37.32),
        (date(2020, 3, 16), 2386.13, 82.69),
        (date(2024, 8, 5), 5186.33, 38.57),
        (date(2025, 4, 8), 4982.77, 52.33),
    ],
)
def test_closes_of_the_great_days_are_as_published(day: date, spx_close: float, vix_close: float) -> None:
    facts = packaged().facts(day)

    assert (facts.spx.close, facts.vix.close) == (spx_close, vix_close)


def test_writing_the_table_again_gives_the_same_bytes() -> None:
    assert as_csv(packaged().days.values()) == PATH.read_text(encoding="utf-8")


def test_the_table_stays_small() -> None:
    assert PATH.stat().st_size < 150_000


def test_an_absent_session_names_the_nearest_windows() -> None:
    with pytest.raises(HistoryError) as caught:
        packaged().facts(date(2019, 5, 1))

    assert "has no session 2019-05-01" in str(caught.value)
    assert "2017-06-08 to 2018-02-28 and 2019-11-05 to 2020-04-30" in str(caught.value)


def test_a_holiday_is_called_one() -> None:
    with pytest.raises(HistoryError, match=r"2020-04-10 \(Friday\) is not a trading session"):
        packaged().facts(date(2020, 4, 10))


def test_nothing_crosses_a_gap() -> None:
    history = packaged()

    assert history.before(date(2019, 11, 5)) is None
