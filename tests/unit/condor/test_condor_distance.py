"""Distance to a strike in standard deviations of the time that is left."""

from datetime import date, timedelta

import pytest

from daemon.core.condor.distance import sigmas

DAY = date(2020, 3, 2)


@pytest.mark.parametrize(
    ("strike_pts", "vix", "days", "expected"),
    [
        # Over a year the deviation is VIX itself: a level e^0.2 above SPX is one deviation away at VIX 20.
        (3000 * 1.2214027581601699, 20.0, 365, 1.0),
        (3000 / 1.2214027581601699, 20.0, 365, -1.0),
        # A quarter of the time, half of the deviation.
        (3000 * 1.2214027581601699, 20.0, 91.25, 2.0),
        (3000.0, 20.0, 30, 0.0),
    ],
)
def test_a_deviation_is_vix_over_the_square_root_of_the_time_left(
    strike_pts: float, vix: float, days: float, expected: float
) -> None:
    whole = round(days)
    found = sigmas(3000.0, strike_pts, vix, DAY, DAY + timedelta(days=whole))

    assert found is not None
    assert found == pytest.approx(expected * (days / whole) ** 0.5, rel=1e-9)


def test_on_the_expiry_no_time_is_left_to_measure_by() -> None:
    assert sigmas(3000.0, 2900.0, 20.0, DAY, DAY) is None
    assert sigmas(3000.0, 2900.0, 20.0, DAY, DAY - timedelta(days=1)) is None
