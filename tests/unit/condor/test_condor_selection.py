from datetime import date, timedelta
from statistics import NormalDist

import pytest
from condor_values import POLICY, policy
from hypothesis import assume, given
from hypothesis import strategies as st

from daemon.core.condor.selection import (
    bracket,
    choose_expiry,
    choose_short,
    guess_strikes,
    refine,
)

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


class TestGuessStrikes:
    # Measured distances of 30-day 0.15-delta strikes by VIX, medians over each range (strategy reference data).
    @pytest.mark.parametrize(
        ("vix", "put_pct", "call_pct"),
        [(13.3, -4.1, 3.2), (17.5, -5.4, 4.3), (22.5, -6.9, 5.6), (29.0, -8.6, 7.2), (45.0, -13.0, 12.5)],
    )
    def test_thirty_day_guesses_lie_where_the_strikes_were_measured(
        self, vix: float, put_pct: float, call_pct: float
    ) -> None:
        put, call = guess_strikes(4000.0, vix, SESSION, SESSION + timedelta(days=30), POLICY)

        tolerance_pct = 0.12 * abs(put_pct)
        assert put_pct == pytest.approx((put / 400_000 - 1) * 100, abs=tolerance_pct)
        assert call_pct == pytest.approx((call / 400_000 - 1) * 100, abs=tolerance_pct)

    @given(
        spx=st.floats(500, 10_000),
        vix=st.floats(9, 90),
        days=st.integers(0, 60),
        delta=st.floats(0.05, 0.30),
    )
    def test_guesses_are_on_five_points_with_the_index_between(
        self, spx: float, vix: float, days: int, delta: float
    ) -> None:
        put, call = guess_strikes(spx, vix, SESSION, SESSION + timedelta(days=days), policy(short_delta=delta))

        assert put % 500 == call % 500 == 0
        assert 0 < put <= spx * 100 + 250
        assert spx * 100 - 250 <= call

    @given(vix=st.floats(9, 60), days=st.integers(2, 60))
    def test_a_higher_vix_or_a_smaller_delta_never_brings_the_strikes_closer(self, vix: float, days: int) -> None:
        expiry = SESSION + timedelta(days=days)
        put, call = guess_strikes(4000.0, vix, SESSION, expiry, POLICY)

        for farther in (
            guess_strikes(4000.0, vix * 1.2, SESSION, expiry, POLICY),
            guess_strikes(4000.0, vix, SESSION, expiry, policy(short_delta=0.10)),
        ):
            assert farther[0] <= put
            assert farther[1] >= call

    @pytest.mark.parametrize("days", range(5, 120))
    def test_one_more_day_moves_the_strikes_out_by_a_little(self, days: int) -> None:
        expiries = [SESSION + timedelta(days=days + more) for more in (0, 1)]
        (put, call), (later_put, later_call) = (
            guess_strikes(100_000.0, 20.0, SESSION, expiry, POLICY) for expiry in expiries
        )

        # At most the square root of time, with room for rounding to 5 points.
        most = ((days + 1) / days) ** 0.5 * 1.005
        assert 1 <= (10_000_000 - later_put) / (10_000_000 - put) <= most
        assert 1 <= (later_call - 10_000_000) / (call - 10_000_000) <= most

    @pytest.mark.parametrize(("spx", "vix"), [(0.0, 20.0), (4000.0, 0.0), (float("nan"), 20.0), (4000.0, float("inf"))])
    def test_an_index_that_is_no_price_is_an_error(self, spx: float, vix: float) -> None:
        with pytest.raises(ValueError, match="must be positive"):
            guess_strikes(spx, vix, SESSION, SESSION + timedelta(days=30), POLICY)


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


class TestChooseShort:
    def test_the_strike_nearest_the_target_is_taken(self) -> None:
        assert choose_short({270_000: 0.13, 275_000: 0.148, 280_000: 0.17}, POLICY) == 275_000

    def test_of_two_as_near_the_smaller_delta_is_taken(self) -> None:
        assert choose_short({280_000: 0.16, 275_000: 0.14}, POLICY) == 275_000

    @pytest.mark.parametrize("delta", [0.12, 0.18])
    def test_the_borders_of_the_range_belong_to_it(self, delta: float) -> None:
        assert choose_short({275_000: delta}, POLICY) == 275_000

    def test_there_is_no_strike_when_all_deltas_lie_outside_the_range(self) -> None:
        assert choose_short({270_000: 0.11, 280_000: 0.19, 285_000: float("nan")}, POLICY) is None
        assert choose_short({}, POLICY) is None
