"""Economic events: published dates are the agencies' own, computed ones those that the exchanges followed."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from daemon.adapters.economic_calendar import load_economic_calendar
from daemon.core.calendar.events import EconomicCalendar, EventKind, MacroEvent
from daemon.core.calendar.sessions import new_york_date

TABLE = Path(__file__).parents[3] / "../shared/data/macro_calendar.csv"
CALENDAR = load_economic_calendar(None)
PUBLISHED = (EventKind.FOMC, EventKind.CPI, EventKind.PPI, EventKind.PAYROLLS)
DEFAULT_KINDS = PUBLISHED


def days(kind: EventKind, year: int) -> list[date]:
    found = CALENDAR.events_between(date(year, 1, 1), date(year, 12, 31))
    return [event.day for event in found if event.kind is kind]


def on(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


class TestPublishedDates:
    def test_fomc_decisions_of_2022_are_those_of_the_federal_reserve(self) -> None:
        assert days(EventKind.FOMC, 2022) == on(
            "2022-01-26",
            "2022-03-16",
            "2022-05-04",
            "2022-06-15",
            "2022-07-27",
            "2022-09-21",
            "2022-11-02",
            "2022-12-14",
        )

    def test_cpi_releases_of_2022_are_those_of_the_bureau_of_labor_statistics(self) -> None:
        assert days(EventKind.CPI, 2022) == on(
            "2022-01-12",
            "2022-02-10",
            "2022-03-10",
            "2022-04-12",
            "2022-05-11",
            "2022-06-10",
            "2022-07-13",
            "2022-08-10",
            "2022-09-13",
            "2022-10-13",
            "2022-11-10",
            "2022-12-13",
        )

    def test_of_march_2020_neither_the_cancelled_meeting_nor_the_surprises_are_known(self) -> None:
        march = [day for day in days(EventKind.FOMC, 2020) if day.month == 3]

        assert march == []
        assert len(days(EventKind.FOMC, 2020)) == 7

    def test_the_payrolls_that_the_shutdown_of_2013_delayed_stand_on_their_real_day(self) -> None:
        assert date(2013, 10, 22) in days(EventKind.PAYROLLS, 2013)
        assert date(2013, 10, 4) not in days(EventKind.PAYROLLS, 2013)

    @pytest.mark.parametrize(
        ("day", "time"),
        [
            # Federal Reserve, press releases of 24 March 2011 and 13 March 2013.
            ("2011-03-15", datetime(2011, 3, 15, 18, 15, tzinfo=UTC)),
            ("2011-04-27", datetime(2011, 4, 27, 16, 30, tzinfo=UTC)),
            ("2013-01-30", datetime(2013, 1, 30, 19, 15, tzinfo=UTC)),
            ("2013-03-20", datetime(2013, 3, 20, 18, 0, tzinfo=UTC)),
        ],
    )
    def test_decisions_come_at_the_time_that_was_usual_then(self, day: str, time: datetime) -> None:
        found = [event for event in CALENDAR.events_on(date.fromisoformat(day)) if event.kind is EventKind.FOMC]

        assert [event.at for event in found] == [time]

    def test_payrolls_on_a_good_friday_belong_to_the_monday_after(self) -> None:
        (payrolls,) = [e for e in CALENDAR.events_on(date(2021, 4, 5)) if e.kind is EventKind.PAYROLLS]

        assert payrolls.day == date(2021, 4, 2)
        assert payrolls.when == "Fri 2021-04-02 08:30"
        assert payrolls.label == "payrolls of March 2021"


class TestComputedDates:
    @pytest.mark.parametrize(
        ("kind", "day"),
        [
            (EventKind.OPEX, "2020-03-20"),
            (EventKind.OPEX, "2008-03-20"),  # Good Friday was the third one
            (EventKind.OPEX, "2027-06-17"),  # Juneteenth is observed on the third Friday
            (EventKind.VIX_EXPIRY, "2020-03-18"),
            (EventKind.VIX_EXPIRY, "2019-03-19"),  # Good Friday was 30 days after the Wednesday
            (EventKind.EARLY_CLOSE, "2024-07-03"),
            (EventKind.EARLY_CLOSE, "2024-11-29"),
            (EventKind.EARLY_CLOSE, "2024-12-24"),
        ],
    )
    def test_an_expiry_or_early_close_is_found_on_its_session(self, kind: EventKind, day: str) -> None:
        assert kind in [event.kind for event in CALENDAR.events_on(date.fromisoformat(day))]

    def test_2024_closes_early_three_times(self) -> None:
        assert days(EventKind.EARLY_CLOSE, 2024) == on("2024-07-03", "2024-11-29", "2024-12-24")

    def test_an_early_close_stands_at_the_hour_of_its_close(self) -> None:
        (early,) = [e for e in CALENDAR.events_on(date(2024, 11, 29)) if e.kind is EventKind.EARLY_CLOSE]

        assert early.at == datetime(2024, 11, 29, 18, 0, tzinfo=UTC)

    def test_events_of_one_session_come_in_the_order_of_their_times(self) -> None:
        found = CALENDAR.events_on(date(2024, 6, 12))

        assert [event.kind for event in found] == [EventKind.CPI, EventKind.FOMC]


@pytest.mark.skipif(not TABLE.exists(), reason="the collected table of events is not beside the project")
class TestAgainstTheCollectedTable:
    def rows(self, event: str, first: str, last: str) -> list[date]:
        with TABLE.open(encoding="utf-8", newline="") as file:
            taken = [row["date"] for row in csv.DictReader(file) if row["event"] == event]
        return [date.fromisoformat(day) for day in sorted(taken) if first <= day <= last]

    def ours(self, kind: EventKind, first: str, last: str) -> list[date]:
        found = CALENDAR.events_between(date.fromisoformat(first), date.fromisoformat(last))
        return [event.day for event in found if event.kind is kind]

    @pytest.mark.parametrize(
        ("event", "kind"),
        [
            ("fomc_decision", EventKind.FOMC),
            ("cpi", EventKind.CPI),
            ("ppi", EventKind.PPI),
            ("nfp", EventKind.PAYROLLS),
            ("opex", EventKind.OPEX),
        ],
    )
    def test_every_date_from_2007_to_2027_is_that_of_the_table(self, event: str, kind: EventKind) -> None:
        assert self.ours(kind, "2007-01-01", "2027-12-31") == self.rows(event, "2007-01-01", "2027-12-31")

    def test_every_vix_expiry_to_november_2027_is_that_of_the_table(self) -> None:
        span = ("2007-01-01", "2027-11-30")

        assert self.ours(EventKind.VIX_EXPIRY, *span) == self.rows("vix_expiry", *span)


class TestWindow:
    def near(self, day: str, *, before: int, after: int) -> list[EventKind]:
        found = CALENDAR.events_near(date.fromisoformat(day), before=before, after=after)
        return [event.kind for event in found if event.kind in DEFAULT_KINDS]

    def test_the_default_window_is_the_session_before_and_the_session_itself(self) -> None:
        # CPI came on Thursday, 13 February 2020.
        sessions = ("2020-02-11", "2020-02-12", "2020-02-13", "2020-02-14")

        assert [self.near(day, before=1, after=0) for day in sessions] == [[], [EventKind.CPI], [EventKind.CPI], []]

    def test_sessions_after_widen_the_window_over_a_weekend_and_a_holiday(self) -> None:
        # 14 February 2020 is a Friday, the Monday after it Presidents' Day.
        assert self.near("2020-02-18", before=0, after=2) == [EventKind.CPI]
        assert self.near("2020-02-18", before=0, after=1) == []


class TestCoverage:
    def test_2007_to_2026_are_complete_and_2027_has_the_fomc_alone(self) -> None:
        assert CALENDAR.years(EventKind.FOMC) == tuple(range(2007, 2028))
        for kind in (EventKind.CPI, EventKind.PPI, EventKind.PAYROLLS):
            assert CALENDAR.years(kind) == tuple(range(2007, 2027))

    def test_computed_kinds_are_known_in_every_year(self) -> None:
        assert all(CALENDAR.covers(kind, date(2034, 5, 1)) for kind in EventKind if not kind.published)
        assert not CALENDAR.covers(EventKind.CPI, date(2027, 1, 4))

    def test_the_gap_of_2027_is_stated_whatever_the_day(self) -> None:
        (gap,) = CALENDAR.gaps(DEFAULT_KINDS)

        assert "ends with 2026 for cpi, ppi, payrolls, while fomc reaches 2027" in gap

    def test_a_kind_that_no_file_holds_is_a_gap(self) -> None:
        (gap,) = CALENDAR.gaps((EventKind.FOMC, EventKind.GDP))

        assert "holds no full year of gdp" in gap

    def test_a_calendar_is_stale_when_the_coming_days_reach_beyond_it(self) -> None:
        fresh = CALENDAR.staleness(date(2026, 10, 1), DEFAULT_KINDS, days=60)
        (stale,) = CALENDAR.staleness(date(2026, 11, 20), DEFAULT_KINDS, days=60)

        assert fresh == ()
        assert "does not cover cpi, ppi, payrolls of 2027" in stale
        assert "from 2026-11-20 to 2027-01-19" in stale

    def test_a_year_with_a_part_of_its_releases_is_not_covered(self) -> None:
        half = tuple(MacroEvent(EventKind.CPI, date(2027, month, 12), None) for month in range(1, 7))

        assert EconomicCalendar(half).years(EventKind.CPI) == ()


def test_times_are_instants_of_the_new_york_date() -> None:
    for event in CALENDAR.published:
        assert event.at is not None
        assert new_york_date(event.at) == event.day
