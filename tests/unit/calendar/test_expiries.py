"""Expiries against Cboe's published lists, every real VIX future since 2004 and saved option chains."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.core.calendar.expiries import (
    dte,
    expiries,
    last_trade_at,
    last_trade_session,
    settlement_at,
    spx_monthly,
    vix_monthly,
)
from daemon.core.calendar.sessions import is_session, next_session, sessions_between
from daemon.core.market.contracts import TradingClass

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()
FAR = date(2035, 12, 31)
SPX, SPXW, VIX, VIXW = TradingClass.SPX, TradingClass.SPXW, TradingClass.VIX, TradingClass.VIXW
SESSIONS = sessions_between(date(2004, 1, 1), date(2033, 12, 31))
NEAR_DAYS = 28


def rows(name: str) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a shared data file, or skip the test where the file is not at hand."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data file {name} is not beside the repository")
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
        yield from csv.DictReader(lines)


def listed(trading_class: TradingClass, as_of: date, days: int) -> tuple[date, ...]:
    return expiries(trading_class, as_of, as_of + timedelta(days=days))


# Monthly dates


@pytest.mark.parametrize(
    ("month", "expiry"),
    [
        ((2008, 2), date(2008, 2, 19)),
        ((2014, 3), date(2014, 3, 18)),
        ((2019, 3), date(2019, 3, 19)),
        ((2022, 3), date(2022, 3, 15)),
        ((2024, 6), date(2024, 6, 18)),
        ((2025, 1), date(2025, 1, 22)),
        ((2025, 2), date(2025, 2, 19)),
        ((2025, 3), date(2025, 3, 18)),
        ((2025, 12), date(2025, 12, 17)),
        ((2026, 1), date(2026, 1, 21)),
        ((2026, 5), date(2026, 5, 19)),
        ((2026, 7), date(2026, 7, 22)),
        ((2027, 5), date(2027, 5, 18)),
        ((2030, 3), date(2030, 3, 19)),
        ((2030, 6), date(2030, 6, 18)),
    ],
)
def test_vix_monthly_is_30_days_before_the_next_third_friday_or_the_session_before(
    month: tuple[int, int], expiry: date
) -> None:
    assert vix_monthly(*month) == expiry


def test_every_monthly_vix_future_since_2004_expired_on_the_computed_date() -> None:
    real = {
        tuple(map(int, row["contract_month"].split("-"))): row["expiry"]
        for row in rows("vix_futures_settle_daily.csv.gz")
    }

    assert len(real) > 250
    assert {month: vix_monthly(*month).isoformat() for month in real} == real


def test_every_recorded_vix_settlement_was_on_the_computed_date() -> None:
    for row in rows("vix_settlement_vro.csv"):
        year, month = map(int, row["contract_month"].split("-"))
        assert vix_monthly(year, month).isoformat() == row["expiry"]


def test_spx_and_vix_monthlies_equal_the_macro_calendar() -> None:
    events: dict[str, set[str]] = defaultdict(set)
    for row in rows("macro_calendar.csv"):
        events[row["event"]].add(row["date"])

    months = [(year, month) for year in range(1990, 2028) for month in range(1, 13)]
    assert {spx_monthly(*month).isoformat() for month in months} == events["opex"]
    assert events["vix_expiry"] == {
        vix_monthly(*month).isoformat() for month in months if (2004, 1) <= month < (2027, 12)
    }


@pytest.mark.parametrize(
    ("month", "expiry"),
    [
        ((2020, 3), date(2020, 3, 20)),
        ((2019, 4), date(2019, 4, 18)),
        ((2022, 4), date(2022, 4, 14)),
        ((2025, 4), date(2025, 4, 17)),
        ((2026, 6), date(2026, 6, 18)),
        ((2027, 6), date(2027, 6, 17)),
    ],
)
def test_spx_monthly_is_the_third_friday_or_the_session_before(month: tuple[int, int], expiry: date) -> None:
    assert spx_monthly(*month) == expiry


# Lists as Cboe published them


def test_spxw_of_september_2016_equals_the_list_cboe_published() -> None:
    # Cboe options hub, 17 August 2016; Tuesday 6 September stands for Labor Day.
    published = ["08-22", "08-24", "08-26", "08-29", "08-31", "09-02", "09-06", "09-07", "09-09"]

    assert [f"{day:%m-%d}" for day in listed(SPXW, date(2016, 8, 22), 18)] == published


def test_first_wednesday_and_monday_series_are_those_cboe_announced() -> None:
    wednesdays = [day for day in listed(SPXW, date(2016, 2, 23), 20) if day.weekday() == 2]
    mondays = [day for day in listed(SPXW, date(2016, 8, 15), 15) if day.weekday() == 0]

    assert wednesdays == [date(2016, 3, 2), date(2016, 3, 9)]
    assert mondays == [date(2016, 8, 22), date(2016, 8, 29)]


@pytest.mark.parametrize(
    ("as_of", "weekdays"),
    [
        (date(2015, 9, 8), {4}),
        (date(2016, 6, 6), {2, 4}),
        (date(2020, 2, 24), {0, 2, 4}),
        (date(2022, 5, 2), {0, 1, 2, 4}),
        (date(2022, 6, 6), {0, 1, 2, 3, 4}),
        (date(2025, 6, 23), {0, 1, 2, 3, 4}),
    ],
)
def test_spxw_weekdays_grow_as_the_exchange_added_them(as_of: date, weekdays: set[int]) -> None:
    next_days = listed(SPXW, as_of, 11)  # no holiday and no month-end but a listed weekday

    assert {day.weekday() for day in next_days} == weekdays


def test_vix_weeklies_began_in_october_2015() -> None:
    assert listed(VIXW, date(2015, 10, 7), 90) == ()
    # Cboe options hub, 9 October and 3 November 2015; 24 November because 25 December is a Friday.
    assert listed(VIXW, date(2015, 10, 9), 26) == (date(2015, 10, 14), date(2015, 10, 28), date(2015, 11, 4))
    assert listed(VIXW, date(2015, 11, 3), 21) == (date(2015, 11, 4), date(2015, 11, 11), date(2015, 11, 24))


def test_vix_weeklies_and_monthlies_together_fill_six_weeks() -> None:
    # Cboe micro site, August 2016: weeks 31 to 36, of which week 33 is the monthly.
    weeklies = expiries(VIXW, date(2016, 7, 29), FAR)

    assert [day.isocalendar().week for day in weeklies] == [31, 32, 34, 35, 36]
    assert expiries(VIX, date(2016, 7, 29), FAR)[0].isocalendar().week == 33


def test_nine_vix_monthlies_are_listed() -> None:
    assert expiries(VIX, date(2020, 2, 18), FAR) == (
        date(2020, 2, 19),
        date(2020, 3, 18),
        date(2020, 4, 15),
        date(2020, 5, 20),
        date(2020, 6, 17),
        date(2020, 7, 22),
        date(2020, 8, 19),
        date(2020, 9, 16),
        date(2020, 10, 21),
    )


def test_month_end_is_listed_whatever_its_weekday() -> None:
    assert date(2020, 3, 31) in listed(SPXW, date(2020, 2, 18), 60)  # a Tuesday
    assert date(2020, 4, 30) in listed(SPXW, date(2020, 2, 18), 90)  # a Thursday


def test_third_friday_lists_a_morning_and_an_afternoon_series() -> None:
    as_of, third_friday = date(2020, 2, 18), date(2020, 3, 20)

    assert third_friday in listed(SPX, as_of, 45)
    assert third_friday in listed(SPXW, as_of, 45)


@pytest.mark.parametrize(
    ("holiday", "expiry"),
    [
        (date(2020, 4, 10), date(2020, 4, 9)),  # Good Friday to Thursday
        (date(2020, 5, 25), date(2020, 5, 26)),  # Memorial Day to Tuesday
        (date(2019, 12, 25), date(2019, 12, 24)),  # Christmas on a Wednesday to Tuesday
        (date(2020, 1, 1), date(2019, 12, 31)),  # the month-end Tuesday anyway
    ],
)
def test_spxw_leaves_holidays_for_the_session_cboe_names(holiday: date, expiry: date) -> None:
    days = listed(SPXW, holiday - timedelta(days=12), 20)

    assert holiday not in days
    assert expiry in days


@pytest.mark.parametrize(("w", "expiry"), [((2025, 6, 4), date(2025, 6, 3)), ((2019, 12, 25), date(2019, 12, 24))])
def test_vix_weekly_is_a_day_earlier_when_its_wednesday_or_the_friday_30_days_on_is_a_holiday(
    w: tuple[int, int, int], expiry: date
) -> None:
    wednesday = date(*w)
    days = listed(VIXW, wednesday - timedelta(days=14), 21)

    assert wednesday not in days
    assert expiry in days


def test_last_day_of_a_series_is_listed_for_afternoon_and_not_for_morning_settlement() -> None:
    assert date(2020, 2, 19) in listed(SPXW, date(2020, 2, 19), 0)
    assert listed(VIX, date(2020, 2, 19), 0) == ()
    assert listed(SPX, date(2020, 3, 20), 0) == ()


# Lists as saved option chains show them


def chains() -> Mapping[tuple[TradingClass, date, str], set[date]]:
    """Expiries quoted in the saved chains, by class, trade date and part of the day."""
    snapshots = {row["snapshot_id"]: row for row in rows("option_chain_snapshots.csv")}
    whole = {
        key
        for key, row in snapshots.items()
        if dte(*map(date.fromisoformat, (row["trade_date"], row["first_expiry"]))) < 7
    }
    found: dict[tuple[TradingClass, date, str], set[date]] = defaultdict(set)
    for name in ("spx_option_chains_close", "spx_option_chains_intraday", "vix_option_chains"):
        for row in rows(f"{name}.csv.gz"):
            if row["snapshot_id"] in whole:
                snapshot = snapshots[row["snapshot_id"]]
                key = TradingClass(row["root"]), date.fromisoformat(snapshot["trade_date"]), snapshot["session"]
                found[key].add(date.fromisoformat(row["expiry"]))
    return found


def test_near_expiries_equal_those_of_every_saved_chain() -> None:
    # A chain leaves out what expires that day, and third Fridays where its source did not tell AM from PM.
    found = chains()
    assert len(found) > 150
    for (trading_class, as_of, part), quoted in found.items():
        days = min((max(quoted) - as_of).days, NEAR_DAYS)
        ours = set(listed(trading_class, as_of, days)) - {as_of}
        real = {day for day in quoted if day != as_of and dte(as_of, day) <= days}
        unnamed = {day for day in ours if day == spx_monthly(day.year, day.month)} if trading_class is SPXW else set()
        mourning = {date(2025, 1, 9)}  # listed before the exchange closed for it
        assert ours - unnamed <= real, (trading_class, as_of, part)
        assert real - mourning <= ours, (trading_class, as_of, part)


# Last trade and settlement


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


@pytest.mark.parametrize(
    ("trading_class", "expiry", "last_trade", "settles"),
    [
        # SPXW stops at 16:00 on its day and settles there.
        (SPXW, date(2020, 3, 18), "2020-03-18 20:00", "2020-03-18 20:00"),
        # An early close stops it at 13:00.
        (SPXW, date(2019, 11, 29), "2019-11-29 18:00", "2019-11-29 18:00"),
        # VIX trades to 16:15 on Tuesday and settles on Wednesday's open.
        (VIX, date(2020, 3, 18), "2020-03-17 20:15", "2020-03-18 13:30"),
        # February 2008: Tuesday settlement after Presidents' Day, so Friday is the last day.
        (VIX, date(2008, 2, 19), "2008-02-15 21:15", "2008-02-19 14:30"),
        (VIXW, date(2020, 3, 10), "2020-03-09 20:15", "2020-03-10 13:30"),
        # Third Friday in the morning; Thursday 18 April 2019 for Good Friday.
        (SPX, date(2020, 3, 20), "2020-03-19 20:15", "2020-03-20 13:30"),
        (SPX, date(2019, 4, 18), "2019-04-17 20:15", "2019-04-18 13:30"),
        # The session before is an early close: options stop at 13:15.
        (VIXW, date(2018, 12, 26), "2018-12-24 18:15", "2018-12-26 14:30"),
    ],
)
def test_series_stop_and_settle_when_the_exchange_says(
    trading_class: TradingClass, expiry: date, last_trade: str, settles: str
) -> None:
    assert last_trade_at(trading_class, expiry) == utc(last_trade)
    assert settlement_at(trading_class, expiry) == utc(settles)


def test_day_of_mourning_2018_moved_settlements_as_cboe_announced() -> None:
    # Cboe notice C2018120300: index weeklies at Tuesday's close, VIX weeklies on Thursday's auction, last trade Tuesday.
    tuesday, wednesday, thursday = date(2018, 12, 4), date(2018, 12, 5), date(2018, 12, 6)

    assert expiries(SPXW, tuesday, thursday) == (tuesday,)
    assert expiries(VIXW, tuesday, thursday) == (thursday,)
    assert last_trade_session(VIXW, thursday) == tuesday
    for named in (wednesday, thursday):
        assert settlement_at(VIXW, named) == utc("2018-12-06 14:30")
    assert last_trade_session(SPXW, wednesday) == tuesday
    assert settlement_at(SPXW, wednesday) == utc("2018-12-04 21:00")


def test_dte_counts_calendar_days() -> None:
    assert dte(date(2020, 2, 18), date(2020, 3, 20)) == 31
    assert dte(date(2020, 2, 18), date(2020, 2, 18)) == 0


# Properties


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TradingClass), st.sampled_from(SESSIONS))
def test_listed_expiries_are_sessions_in_order_that_still_trade(trading_class: TradingClass, as_of: date) -> None:
    days = expiries(trading_class, as_of, FAR)

    assert list(days) == sorted(set(days))
    assert all(is_session(day) for day in days)
    assert all(last_trade_session(trading_class, day) >= as_of for day in days if day != date(2018, 12, 6))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(TradingClass), st.sampled_from(SESSIONS))
def test_a_listed_expiry_stays_listed_until_it_ends(trading_class: TradingClass, as_of: date) -> None:
    tomorrow = next_session(as_of)
    first_kept = next_session(tomorrow) if trading_class.am_settled else tomorrow
    kept = {day for day in expiries(trading_class, as_of, FAR) if day >= first_kept}

    assert kept <= set(expiries(trading_class, tomorrow, FAR))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([day for day in SESSIONS if day >= date(2015, 11, 1)]))
def test_every_hedge_window_has_an_expiry_since_weeklies_exist(as_of: date) -> None:
    both = {*expiries(VIX, as_of, FAR), *expiries(VIXW, as_of, FAR)}

    for low, high in ((9, 16), (30, 45), (75, 110)):
        assert any(low <= dte(as_of, day) <= high for day in both)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([day for day in SESSIONS if day >= date(2016, 9, 1)]))
def test_every_condor_window_has_an_expiry_since_mondays_exist(as_of: date) -> None:
    days = expiries(SPXW, as_of, FAR)

    for low, high in ((5, 9), (25, 37), (38, 52)):
        assert any(low <= dte(as_of, day) <= high for day in days)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([day for day in SESSIONS if day >= date(2022, 6, 1)]))
def test_this_and_the_next_session_are_expiries_since_all_weekdays_exist(as_of: date) -> None:
    assert expiries(SPXW, as_of, next_session(as_of)) == (as_of, next_session(as_of))


# Options on funds


def test_options_on_funds_expire_on_fridays_and_on_the_session_before_a_closed_one() -> None:
    # Good Friday of 2020 was 10 April; the third Fridays behind the six weeks are those of April, May and June.
    found = listed(TradingClass.VXX, date(2020, 3, 3), 400)

    assert found == (
        date(2020, 3, 6),
        date(2020, 3, 13),
        date(2020, 3, 20),
        date(2020, 3, 27),
        date(2020, 4, 3),
        date(2020, 4, 9),
        date(2020, 4, 17),
        date(2020, 5, 15),
        date(2020, 6, 19),
    )
    assert found == listed(TradingClass.UVXY, date(2020, 3, 3), 400)


def test_options_on_funds_trade_until_the_close_of_their_expiry() -> None:
    expiry = date(2020, 3, 20)

    assert last_trade_session(TradingClass.VXX, expiry) == expiry
    assert last_trade_at(TradingClass.VXX, expiry) == settlement_at(TradingClass.VXX, expiry)
    assert settlement_at(TradingClass.VXX, expiry) == settlement_at(TradingClass.SPXW, expiry)
    assert expiry in listed(TradingClass.VXX, expiry, 30)
