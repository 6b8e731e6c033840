from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.calendar.sessions import new_york
from daemon.core.condor.guess import guess_strike, variance_days
from daemon.core.market.contracts import Right


def both(spx: float, vix: float, days: float, delta: float = 0.15) -> tuple[int, int]:
    """Return the guesses for a put and a call of one delta."""
    put, call = (guess_strike(right, delta, spx=spx, vix=vix, days=days) for right in (Right.PUT, Right.CALL))
    return put, call


class TestGuessStrike:
    # Measured distances of 30-day 0.15-delta strikes by VIX, medians over each range (strategy reference data).
    @pytest.mark.parametrize(
        ("vix", "put_pct", "call_pct"),
        [(13.3, -4.1, 3.2), (17.5, -5.4, 4.3), (22.5, -6.9, 5.6), (29.0, -8.6, 7.2), (45.0, -13.0, 12.5)],
    )
    def test_thirty_day_guesses_lie_where_the_strikes_were_measured(
        self, vix: float, put_pct: float, call_pct: float
    ) -> None:
        put, call = both(4000.0, vix, 30.0)

        tolerance_pct = 0.12 * abs(put_pct)
        assert put_pct == pytest.approx((put / 400_000 - 1) * 100, abs=tolerance_pct)
        assert call_pct == pytest.approx((call / 400_000 - 1) * 100, abs=tolerance_pct)

    @given(
        spx=st.floats(500, 10_000),
        vix=st.floats(9, 90),
        days=st.floats(0.02, 60),
        delta=st.floats(0.05, 0.30),
    )
    def test_guesses_are_on_five_points_with_the_index_between(
        self, spx: float, vix: float, days: float, delta: float
    ) -> None:
        put, call = both(spx, vix, days, delta)

        assert put % 500 == call % 500 == 0
        assert 0 < put <= spx * 100 + 250
        assert spx * 100 - 250 <= call

    @given(vix=st.floats(9, 60), days=st.floats(2, 60))
    def test_a_higher_vix_or_a_smaller_delta_never_brings_the_strikes_closer(self, vix: float, days: float) -> None:
        put, call = both(4000.0, vix, days)

        for farther in (
            both(4000.0, vix * 1.2, days),
            both(4000.0, vix, days, 0.10),
        ):
            assert farther[0] <= put
            assert farther[1] >= call

    @pytest.mark.parametrize("days", range(5, 120))
    def test_one_more_day_moves_the_strikes_out_by_a_little(self, days: int) -> None:
        (put, call), (later_put, later_call) = (both(100_000.0, 20.0, days + more) for more in (0, 1))

        # At most the square root of time, with room for rounding to 5 points.
        most = ((days + 1) / days) ** 0.5 * 1.005
        assert 1 <= (10_000_000 - later_put) / (10_000_000 - put) <= most
        assert 1 <= (later_call - 10_000_000) / (call - 10_000_000) <= most

    @pytest.mark.parametrize(("spx", "vix"), [(0.0, 20.0), (4000.0, 0.0), (float("nan"), 20.0), (4000.0, float("inf"))])
    def test_an_index_that_is_no_price_is_an_error(self, spx: float, vix: float) -> None:
        with pytest.raises(ValueError, match="must be positive"):
            both(spx, vix, 30.0)


def at(day: str, hour: str) -> datetime:
    return new_york(date.fromisoformat(day), time.fromisoformat(hour))


class TestVarianceDays:
    """A session is 365/252 = 1.448 days; a quarter of its variance lies before its open."""

    def test_more_than_a_week_counts_in_calendar_days(self) -> None:
        assert variance_days(at("2020-02-18", "15:30"), date(2020, 3, 20)) == 31

    def test_a_weekend_and_a_holiday_add_nothing(self) -> None:
        to_wednesday = variance_days(at("2020-02-18", "16:00"), date(2020, 2, 19))
        over_weekend = variance_days(at("2023-06-09", "16:00"), date(2023, 6, 12))
        over_long_weekend = variance_days(at("2023-05-26", "16:00"), date(2023, 5, 30))

        assert to_wednesday == over_weekend == over_long_weekend == pytest.approx(1.448, abs=0.001)

    def test_the_rest_of_the_session_counts_by_its_share(self) -> None:
        # At 10:00 there are 6 of 6.5 hours left: 0.75 x 6 / 6.5 x 1.448 = 1.003 days.
        assert variance_days(at("2023-06-09", "10:00"), date(2023, 6, 9)) == pytest.approx(1.003, abs=0.001)

    def test_something_is_left_to_the_last_minute(self) -> None:
        assert 0 < variance_days(at("2023-06-09", "16:00"), date(2023, 6, 9)) < 0.05

    # Next-session condors of measured chains (market reference data): shorts at 0.16 delta, and VIX at that close.
    @pytest.mark.parametrize(
        ("session", "expiry", "vix", "spx", "put", "call"),
        [
            ("2023-12-08", "2023-12-11", 12.35, 4604.37, 4575, 4630),
            ("2024-01-05", "2024-01-08", 13.35, 4697.24, 4670, 4725),
        ],
    )
    def test_guesses_for_the_next_session_lie_near_measured_strikes(
        self, session: str, expiry: str, vix: float, spx: float, put: int, call: int
    ) -> None:
        days = variance_days(at(session, "16:00"), date.fromisoformat(expiry))
        found_put, found_call = both(spx, vix, days, 0.16)

        assert abs(found_put - put * 100) <= 1_000
        assert abs(found_call - call * 100) <= 1_000
