from datetime import date, timedelta
from statistics import NormalDist

import pytest
from condor_values import POLICY, policy
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.core.condor.policy import DteUnit, Sides, StrikesBy, WingsBy
from daemon.core.condor.selection import Aim, bracket, choose_expiry, choose_strike, refine, short_aim, wing_strike
from daemon.core.market.contracts import Right

AIM = Aim(0.15, 0.12, 0.18)
SESSION = date(2020, 2, 18)
STRIKES = tuple(range(200_000, 400_001, 500))


def in_days(*days: int) -> list[date]:
    return [SESSION + timedelta(days=n) for n in days]


class TestChooseExpiry:
    def test_the_expiry_nearest_the_target_is_taken(self) -> None:
        assert in_days(31)[0] == choose_expiry(in_days(24, 27, 31, 36), SESSION, POLICY)

    def test_of_two_expiries_as_near_the_earlier_is_taken_whatever_their_order(self) -> None:
        assert in_days(28)[0] == choose_expiry(in_days(32, 28), SESSION, POLICY)

    @pytest.mark.parametrize("days", [25, 37])
    def test_the_borders_of_the_window_belong_to_it(self, days: int) -> None:
        assert in_days(days)[0] == choose_expiry(in_days(days), SESSION, POLICY)

    def test_there_is_no_expiry_when_all_lie_outside_the_window(self) -> None:
        assert choose_expiry(in_days(24, 38), SESSION, POLICY) is None
        assert choose_expiry([], SESSION, POLICY) is None

    def test_a_same_session_policy_takes_the_expiry_of_the_session(self) -> None:
        same_day = policy(dte_target=0, dte_min=0, dte_max=0)

        assert choose_expiry(in_days(0, 1, 2), SESSION, same_day) == SESSION

    @pytest.mark.parametrize("unit", DteUnit)
    def test_an_expiry_that_is_past_is_never_taken(self, unit: DteUnit) -> None:
        same_day = policy(dte_unit=unit, dte_target=0, dte_min=0, dte_max=0)

        assert choose_expiry(in_days(-1), SESSION, same_day) is None


class TestTheNextSession:
    """Counted in sessions, 1 day to expiry is the next session (calendar of the New York Stock Exchange)."""

    NEXT = policy(dte_unit=DteUnit.SESSIONS, dte_target=1, dte_min=1, dte_max=1)
    SAME = policy(dte_unit=DteUnit.SESSIONS, dte_target=0, dte_min=0, dte_max=0)

    @pytest.mark.parametrize(
        ("session", "after"),
        [
            ("2020-02-18", "2020-02-19"),  # Tuesday to Wednesday
            ("2023-06-09", "2023-06-12"),  # Friday to Monday
            ("2023-05-26", "2023-05-30"),  # Memorial Day on the Monday
            ("2022-12-23", "2022-12-27"),  # Christmas on a Sunday, kept on the Monday
            ("2023-04-06", "2023-04-10"),  # Good Friday
            ("2023-11-22", "2023-11-24"),  # Thanksgiving; the Friday closes early
            ("2023-11-24", "2023-11-27"),
            ("2024-12-31", "2025-01-02"),  # New Year
            ("2025-01-08", "2025-01-10"),  # a day of mourning
            ("2012-10-26", "2012-10-31"),  # a storm closed Monday and Tuesday
            ("2001-09-10", "2001-09-17"),  # four sessions were lost
        ],
    )
    def test_is_found_over_weekends_holidays_and_closures(self, session: str, after: str) -> None:
        entry, wanted = date.fromisoformat(session), date.fromisoformat(after)
        every_weekday = [day for n in range(12) if (day := entry + timedelta(days=n)).weekday() < 5 and day >= wanted]

        assert choose_expiry([entry, *every_weekday], entry, self.NEXT) == wanted
        assert choose_expiry([entry, *every_weekday], entry, self.SAME) == entry

    def test_is_no_other_one_when_it_is_not_listed(self) -> None:
        # Before 2022 SPXW expired on Mondays, Wednesdays and Fridays: Monday 2018-01-22 has no expiry the day after.
        monday, wednesday, friday = date(2018, 1, 22), date(2018, 1, 24), date(2018, 1, 26)

        assert choose_expiry([monday, wednesday, friday], monday, self.NEXT) is None

    def test_calendar_days_would_miss_it_over_a_weekend(self) -> None:
        friday, monday = date(2023, 6, 9), date(2023, 6, 12)

        assert choose_expiry([monday], friday, policy(dte_target=1, dte_min=1, dte_max=1)) is None


class TestBracket:
    def test_strikes_surround_the_guess_at_the_step(self) -> None:
        assert bracket(310_200, STRIKES, 2500, 5) == (305_000, 307_500, 310_000, 312_500, 315_000)

    def test_an_even_count_has_its_extra_strike_below(self) -> None:
        assert bracket(310_000, STRIKES, 1000, 4) == (308_000, 309_000, 310_000, 311_000)

    def test_a_wider_listing_gives_neighbours_without_repeats(self) -> None:
        assert bracket(310_000, range(300_000, 320_001, 2500), 500, 3) == (307_500, 310_000, 312_500)

    def test_the_end_of_the_listing_moves_the_bracket_inwards(self) -> None:
        assert bracket(400_900, STRIKES, 500, 3) == (399_000, 399_500, 400_000)

    def test_nothing_listed_gives_nothing(self) -> None:
        assert bracket(310_000, (), 500, 5) == ()

    @given(
        guess=st.integers(100_000, 500_000),
        listed=st.lists(st.integers(200_000, 400_000), max_size=60),
        step=st.integers(100, 5000),
        count=st.integers(0, 12),
    )
    def test_the_bracket_is_listed_and_rising_and_only_ends_early_at_both_ends(
        self, guess: int, listed: list[int], step: int, count: int
    ) -> None:
        found = bracket(guess, listed, step, count)

        assert set(found) <= set(listed)
        assert tuple(sorted(set(found))) == found
        assert len(found) <= count
        if found and len(found) < count:
            assert (found[0], found[-1]) == (min(listed), max(listed))


def put_delta(strike: float) -> float:
    """Return |delta| of a 30-day put on 3000 with a linear skew, from the normal distribution alone."""
    deviation = 0.06 * (1 - (strike - 3000) / 3000)
    return 1 - NormalDist().cdf((3000 / strike - 1) / deviation)


class TestRefine:
    def test_without_a_point_there_is_no_answer(self) -> None:
        assert refine({}, 0.15, STRIKES) is None
        assert refine({300_000: float("nan"), 290_000: 0.0}, 0.15, STRIKES) is None

    def test_without_a_listing_there_is_no_answer(self) -> None:
        assert refine({280_000: 0.15}, 0.15, ()) is None

    def test_one_point_leads_to_the_listed_strike_nearest_to_it(self) -> None:
        assert refine({280_100: 0.3}, 0.15, STRIKES) == 280_000

    def test_between_two_points_the_answer_is_interpolated(self) -> None:
        # Quantiles -1.2816 and -0.8416: the target's -1.0364 lies 55.7 % of the way, at 2755.7.
        assert refine({270_000: 0.10, 280_000: 0.20}, 0.15, STRIKES) == 275_500

    def test_beyond_the_points_the_answer_is_extrapolated(self) -> None:
        # Slope 0.2533 a 100 points of quantile from 0.20 to 0.2787 (-0.5868): 0.15 lies about 76 points below.
        assert refine({280_000: 0.20, 290_000: 0.27872}, 0.15, STRIKES) == 272_500

    def test_calls_whose_delta_falls_with_the_strike_work_the_same(self) -> None:
        assert refine({320_000: 0.20, 330_000: 0.10}, 0.15, STRIKES) == 324_500

    def test_equal_deltas_keep_the_answer_at_an_observed_strike(self) -> None:
        assert refine({280_000: 0.2, 281_000: 0.2}, 0.15, STRIKES) == 280_000

    def test_where_the_deltas_are_flat_the_observed_strike_of_that_delta_is_kept(self) -> None:
        assert refine({320_000: 0.15, 321_000: 0.15, 340_000: 0.10}, 0.15, STRIKES) == 320_000

    @given(
        seen=st.sets(st.integers(2650, 2950), min_size=2, max_size=6),
        target=st.floats(0.10, 0.20),
    )
    def test_two_rounds_find_the_best_listed_strike_on_a_smooth_smile(self, seen: set[int], target: float) -> None:
        points = {strike * 100: put_delta(strike) for strike in seen}
        assume(max(seen) - min(seen) >= 20)
        found = 0
        for _ in range(2):
            found = refine(points, target, STRIKES) or 0
            points[found] = put_delta(found / 100)

        best = min(abs(put_delta(strike / 100) - target) for strike in STRIKES)
        assert abs(points[found] - target) == pytest.approx(best, abs=0.0015)


class TestShortAim:
    def test_strikes_by_delta_aim_at_the_delta_inside_its_range(self) -> None:
        assert short_aim(POLICY) == Aim(0.15, 0.12, 0.18)

    def test_each_of_two_sides_aims_at_half_of_the_credit_and_of_the_tolerance(self) -> None:
        # 1.15 +- 0.30 for the condor is 0.575 +- 0.15 for each side: two sides in the window are a sum in it.
        assert short_aim(policy(strikes_by=StrikesBy.CREDIT)) == Aim(0.575, 0.425, 0.725)

    @pytest.mark.parametrize("sides", [Sides.PUT, Sides.CALL])
    def test_a_single_side_aims_at_the_whole_credit(self, sides: Sides) -> None:
        assert short_aim(policy(strikes_by=StrikesBy.CREDIT, sides=sides)) == Aim(1.15, 0.85, 1.45)

    def test_strikes_by_expected_move_aim_at_the_multiple(self) -> None:
        by_move = policy(strikes_by=StrikesBy.EXPECTED_MOVE, move_multiple=1.25, move_tolerance=0.1)

        assert short_aim(by_move) == Aim(1.25, 1.15, 1.35)


class TestWingStrike:
    LISTED = tuple(range(300_000, 340_001, 500))
    BY_DELTA = policy(wings_by=WingsBy.DELTA, wing_min_pts=10, wing_max_pts=50)

    @pytest.mark.parametrize(("right", "wing"), [(Right.PUT, 317_500), (Right.CALL, 322_500)])
    def test_stands_at_its_distance_outside_of_the_short(self, right: Right, wing: int) -> None:
        assert wing_strike(320_000, right, self.LISTED, POLICY, None) == wing

    @pytest.mark.parametrize(("right", "short"), [(Right.PUT, 302_000), (Right.CALL, 338_000)])
    def test_beyond_the_chain_there_is_none(self, right: Right, short: int) -> None:
        assert wing_strike(short, right, self.LISTED, POLICY, None) is None

    def test_a_hole_in_the_chain_is_no_wing(self) -> None:
        holed = [strike for strike in self.LISTED if strike != 317_500]

        assert wing_strike(320_000, Right.PUT, holed, POLICY, None) is None

    @pytest.mark.parametrize(
        ("anchor", "wing"),
        [(317_000, 317_000), (319_500, 319_000), (305_000, 315_000), (325_000, 319_000)],
    )
    def test_by_delta_it_is_the_strike_of_that_delta_within_the_bounds_of_the_width(
        self, anchor: int, wing: int
    ) -> None:
        assert wing_strike(320_000, Right.PUT, self.LISTED, self.BY_DELTA, anchor) == wing

    def test_by_delta_it_may_be_any_listed_strike_within_the_bounds(self) -> None:
        wide = (300_000, 310_000, 320_000, 330_000)

        assert wing_strike(310_000, Right.CALL, wide, self.BY_DELTA, 315_000) is None
        assert wing_strike(328_000, Right.CALL, wide, self.BY_DELTA, 340_000) == 330_000


class TestChooseStrike:
    def test_the_strike_nearest_the_target_is_taken(self) -> None:
        assert choose_strike({270_000: 0.13, 275_000: 0.148, 280_000: 0.17}, AIM) == 275_000

    def test_of_two_as_near_the_smaller_delta_is_taken(self) -> None:
        assert choose_strike({280_000: 0.16, 275_000: 0.14}, AIM) == 275_000

    @pytest.mark.parametrize("delta", [0.12, 0.18])
    def test_the_borders_of_the_range_belong_to_it(self, delta: float) -> None:
        assert choose_strike({275_000: delta}, AIM) == 275_000

    def test_there_is_no_strike_when_all_deltas_lie_outside_the_range(self) -> None:
        assert choose_strike({270_000: 0.11, 280_000: 0.19, 285_000: float("nan")}, AIM) is None
        assert choose_strike({}, AIM) is None
