import warnings
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import exchange_calendars
import pytest
from hedge_values import L1, L2, L3, layer
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.calendar.expiries import last_trade_session
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.rolls import (
    choose_call_strike,
    choose_layer_expiry,
    last_roll,
    listing,
    next_roll,
    planned_rolls,
    session_without_expiry,
)
from daemon.core.market.contracts import TradingClass


def oracle_sessions() -> frozenset[date]:
    """Return the sessions of the New York Stock Exchange as an independent calendar has them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library warns about its own use of pandas
        calendar = exchange_calendars.get_calendar("XNYS", start="2015-01-01", end="2027-12-31")
    return frozenset(stamp.date() for stamp in calendar.sessions)


ORACLE = oracle_sessions()


def roll_dates(anchor: date, roll_days: int, until: date) -> tuple[date, ...]:
    """Return the roll sessions up to a date by asking for one after the other."""
    found: list[date] = []
    day = next_roll(anchor, roll_days, anchor - timedelta(days=1))
    while day <= until:
        found.append(day)
        day = next_roll(anchor, roll_days, day)
    return tuple(found)


DAYS = st.dates(date(2016, 1, 1), date(2026, 6, 30))
ROLL_DAYS = st.sampled_from([1, 7, 8, 10, 21, 50, 60])


class TestRollDates:
    def test_dates_follow_the_anchor_by_eight_days_moved_to_sessions(self) -> None:
        # From Tuesday 2020-02-18: 02-26, 03-05, 03-13, then Saturday 03-21 moves to Monday, Sunday 03-29 to Monday.
        assert roll_dates(date(2020, 2, 18), 8, date(2020, 3, 31)) == (
            date(2020, 2, 18),
            date(2020, 2, 26),
            date(2020, 3, 5),
            date(2020, 3, 13),
            date(2020, 3, 23),
            date(2020, 3, 30),
        )

    def test_a_holiday_moves_a_roll_without_moving_the_next_one(self) -> None:
        # Good Friday 2020-04-10 moves to Monday 04-13; the next is 21 days after the Friday, not after the Monday.
        assert roll_dates(date(2020, 3, 20), 21, date(2020, 5, 4)) == (
            date(2020, 3, 20),
            date(2020, 4, 13),
            date(2020, 5, 1),
        )

    def test_an_anchor_on_a_weekend_moves_too(self) -> None:
        assert roll_dates(date(2020, 2, 15), 21, date(2020, 2, 20)) == (date(2020, 2, 18),)  # Presidents' Day

    def test_there_is_no_date_before_the_anchor(self) -> None:
        assert next_roll(date(2020, 2, 18), 8, date(2020, 2, 3)) == date(2020, 2, 18)
        assert last_roll(date(2020, 2, 18), 8, date(2020, 2, 14)) is None

    def test_a_period_of_no_days_is_an_error(self) -> None:
        for ask in (next_roll, last_roll):
            with pytest.raises(ValueError, match="at least 1 day"):
                ask(date(2020, 2, 18), 0, date(2020, 3, 18))

    @given(DAYS, ROLL_DAYS, st.integers(0, 200))
    def test_dates_are_the_sessions_on_or_after_the_plain_calendar(
        self, anchor: date, roll_days: int, span: int
    ) -> None:
        until = anchor + timedelta(days=span)
        plain = [anchor + timedelta(days=n * roll_days) for n in range(span // roll_days + 1)]
        moved = {next(day + timedelta(n) for n in range(8) if day + timedelta(n) in ORACLE) for day in plain}

        assert roll_dates(anchor, roll_days, until) == tuple(sorted(day for day in moved if day <= until))

    @given(DAYS, ROLL_DAYS, st.integers(-30, 120))
    def test_the_next_roll_is_the_first_date_after(self, anchor: date, roll_days: int, offset: int) -> None:
        after = anchor + timedelta(days=offset)
        coming = roll_dates(anchor, roll_days, max(after, anchor) + timedelta(days=roll_days + 10))

        assert next_roll(anchor, roll_days, after) == next(day for day in coming if day > after)

    @given(DAYS, ROLL_DAYS, st.integers(-30, 120))
    def test_the_last_roll_is_the_latest_date_so_far_or_none(self, anchor: date, roll_days: int, offset: int) -> None:
        day = anchor + timedelta(days=offset)
        dates = roll_dates(anchor, roll_days, day)

        assert last_roll(anchor, roll_days, day) == (dates[-1] if dates else None)


def listed(session: date, *days: int, monthly: Sequence[int] = ()) -> list[tuple[date, bool]]:
    return [(session + timedelta(days=n), n in monthly) for n in days]


SESSION = date(2020, 2, 18)


def choose(layer: LayerPolicy, *days: int, monthly: Sequence[int] = ()) -> tuple[int | None, list[str]]:
    expiry, reasons = choose_layer_expiry(listed(SESSION, *days, monthly=monthly), SESSION, layer)
    return None if expiry is None else (expiry - SESSION).days, [reason.name for reason in reasons]


class TestChooseLayerExpiry:
    def test_the_nearest_to_the_target_in_the_window_is_taken(self) -> None:
        assert choose(L2, 22, 29, 36, 43, 64) == (36, [])

    def test_a_roll_leaves_enough_days_until_the_next_one(self) -> None:
        # Decision 24: at least 11 days, although the window of the layer begins at 9.
        assert choose(L1, 9, 10, 16) == (16, [])
        assert choose(layer(L1, min_buy_dte=0), 9, 10, 16) == (10, [])

    def test_of_two_as_near_the_later_is_taken(self) -> None:
        assert choose(L3, 76, 104, monthly=(76, 104)) == (104, [])

    def test_the_long_layer_takes_monthly_expiries_only(self) -> None:
        assert choose(L3, 85, 90, 99, monthly=(99,)) == (99, [])

    def test_with_an_empty_window_the_next_above_is_taken_and_said(self) -> None:
        assert choose(L1, 8, 18, 22, 25) == (18, ["outside_window"])
        assert choose(L1, 8, 23) == (23, ["outside_window"])

    @pytest.mark.parametrize("days", [(), (8,), (24, 29)])
    def test_with_nothing_near_the_window_there_is_no_expiry_and_a_reason(self, days: tuple[int, ...]) -> None:
        assert choose(L1, *days) == (None, ["no_expiry_in_window"])


class TestPlannedRolls:
    def test_the_calendar_names_expiry_and_days_of_each_roll(self) -> None:
        # VIX expiries of 2020: 4 and 10 March (30 days after the 11th is Good Friday), 18 March the monthly, 25 March.
        rolls = planned_rolls(L1, date(2020, 2, 18), after=date(2020, 2, 18), until=date(2020, 3, 13))

        assert [(roll.session, roll.trading_class, roll.expiry, roll.dte) for roll in rolls] == [
            (date(2020, 2, 26), TradingClass.VIXW, date(2020, 3, 10), 13),
            (date(2020, 3, 5), TradingClass.VIX, date(2020, 3, 18), 13),
            (date(2020, 3, 13), TradingClass.VIXW, date(2020, 3, 25), 12),
        ]
        assert [(roll.next_session, roll.dte_left) for roll in rolls] == [
            (date(2020, 3, 5), 5),
            (date(2020, 3, 13), 5),
            (date(2020, 3, 23), 2),  # Saturday moves to Monday
        ]

    def test_the_long_layer_buys_the_monthly_nearest_to_90_days(self) -> None:
        (roll,) = planned_rolls(L3, date(2020, 2, 18), after=date(2020, 2, 17), until=date(2020, 3, 31))

        assert (roll.expiry, roll.trading_class, roll.dte) == (date(2020, 5, 20), TradingClass.VIX, 92)

    def test_a_roll_that_finds_nothing_is_shown_with_its_reason(self) -> None:
        none = layer(L1, dte_min=300, min_buy_dte=300, dte_max=310, dte_target=305)
        (roll,) = planned_rolls(none, SESSION, after=date(2020, 2, 17), until=SESSION)

        assert (roll.expiry, roll.trading_class, roll.dte, roll.dte_left) == (None, None, None, None)
        assert [reason.name for reason in roll.reasons] == ["no_expiry_in_window"]

    def test_no_roll_leaves_less_than_the_least_days_but_for_the_days_it_is_moved_by(self) -> None:
        # 001-06: never below 3, 7 and 30 days; a date on a closed day moves by up to 3 days (4 with a holiday).
        for policy, least in ((L1, 3), (L2, 7), (L3, 30)):
            rolls = planned_rolls(policy, date(2016, 1, 4), after=date(2016, 1, 3), until=date(2027, 3, 31))
            late = [(roll.next_session - roll.session).days - policy.roll_days for roll in rolls]

            assert all(
                roll.dte_left is not None and roll.dte_left + max(0, moved) >= least
                for roll, moved in zip(rolls, late, strict=True)
            )


class TestWindows:
    YEAR = tuple(sorted(day for day in ORACLE if day.year == 2026))

    @pytest.mark.parametrize("policy", [L1, L2, L3], ids=lambda layer: layer.name)
    def test_the_usual_layers_find_an_expiry_on_each_session(self, policy: LayerPolicy) -> None:
        assert session_without_expiry(policy, self.YEAR) is None

    def test_a_window_of_monthlies_needs_the_five_weeks_between_them(self) -> None:
        narrow = layer(L3, dte_min=80, min_buy_dte=80, dte_max=100)

        assert session_without_expiry(narrow, self.YEAR) is not None
        assert session_without_expiry(layer(narrow, dte_max=108), self.YEAR) is None  # 29 days and the week above

    def test_beyond_the_listed_months_there_is_nothing(self) -> None:
        far = layer(L3, dte_target=290, dte_min=280, min_buy_dte=280, dte_max=300)

        assert session_without_expiry(far, self.YEAR) == self.YEAR[0]


class TestYearsOfRolls:
    @pytest.mark.parametrize("policy", [L1, L2, L3], ids=lambda layer: layer.name)
    @pytest.mark.parametrize("offset", range(8))
    def test_every_contract_bought_can_still_be_sold_on_the_next_roll_day(
        self, policy: LayerPolicy, offset: int
    ) -> None:
        anchor = date(2016, 1, 4) + timedelta(days=offset)
        rolls = roll_dates(anchor, policy.roll_days, date(2027, 3, 31))
        too_late: list[tuple[date, date | None, date]] = []
        outside: set[date] = set()
        for bought, sold in pairwise(rolls):
            expiry, reasons = choose_layer_expiry(listing(bought), bought, policy)
            trading_class = TradingClass.VIX if policy.monthly_only else TradingClass.VIXW
            if reasons:
                outside.add(bought)
            if expiry is None or last_trade_session(trading_class, expiry) < sold:
                too_late.append((bought, expiry, sold))

        assert too_late == []
        # The day of mourning of 2018-12-05 moved an expiry by a day, out of the window of L1. Months of five weeks
        # have no monthly 80 to 110 days ahead on some days: every tenth roll of L3 buys 111 to 114 days.
        assert outside <= {date(2018, 11, 19)} or (policy is L3 and len(outside) <= len(rolls) // 8)


class TestChooseCallStrike:
    STRIKES = (2000, 2050, 2100, 2200, 2300, 2400, 2500)

    @pytest.mark.parametrize(
        ("forward", "otm_pct", "strike"),
        [
            (19.1, 10.0, 2200),  # 21.01
            (20.0, 10.0, 2200),  # exactly 22, which in binary is a little more
            (20.01, 10.0, 2300),
            (18.0, 8.0, 2000),
            (21.0, 0.0, 2100),
        ],
    )
    def test_the_first_strike_at_or_above_the_distance_is_taken(
        self, forward: float, otm_pct: float, strike: int
    ) -> None:
        assert choose_call_strike(forward, self.STRIKES, otm_pct) == strike

    def test_the_order_of_the_listing_does_not_matter(self) -> None:
        assert choose_call_strike(19.1, self.STRIKES[::-1], 10.0) == 2200

    def test_there_is_no_strike_when_none_is_listed_so_high(self) -> None:
        assert choose_call_strike(23.0, self.STRIKES, 10.0) is None
        assert choose_call_strike(23.0, (), 10.0) is None
