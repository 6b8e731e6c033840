"""Indicators against published worksheets, TA-Lib and arithmetic by hand."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
import talib

from daemon.core.market.arrays import FloatArray
from daemon.core.market.indicators import curve_ratio, divergences, ema, macd, rolling_correlation, rsi

DATA = (Path(__file__).parents[3] / "../shared/data").resolve()

# The worksheets of StockCharts' ChartSchool for the 14-day RSI (closes of QQQQ) and the 10-day EMA (closes of INTC).
RSI_CLOSES = np.fromstring(
    "44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931 46.0328 45.6140 46.2820 "
    "46.2820 46.0028 46.0328 46.4116 46.2222 45.6439 46.2122 46.2521 45.7137 46.4515 45.7835 45.3548 44.0288 44.1783 "
    "44.2181 44.5672 43.4205 42.6628 43.1314",
    sep=" ",
)
RSI_PUBLISHED = np.fromstring(
    "70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 33.08 37.77",
    sep=" ",
)
EMA_CLOSES = np.fromstring(
    "22.27 22.19 22.08 22.17 22.18 22.13 22.23 22.43 22.24 22.29 22.15 22.39 22.38 22.61 23.36 24.05 23.75 23.83 "
    "23.95 23.63",
    sep=" ",
)
EMA_PUBLISHED = np.fromstring("22.22 22.21 22.24 22.27 22.33 22.52 22.80 22.97 23.13 23.28 23.34", sep=" ")


def closes(name: str) -> FloatArray:
    """Return the closes of a shared data file, or skip the test where the file is not at hand."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data file {name} is not beside the repository")
    with path.open() as lines:
        return np.array([float(row["close"]) for row in csv.DictReader(lines)])


def test_rsi_equals_the_published_worksheet() -> None:
    found = rsi(RSI_CLOSES)

    assert np.isnan(found[:14]).all()
    assert found[14:] == pytest.approx(RSI_PUBLISHED, abs=0.01)


def test_moving_average_equals_the_published_worksheet() -> None:
    found = ema(EMA_CLOSES, 10)

    assert np.isnan(found[:9]).all()
    assert found[9:] == pytest.approx(EMA_PUBLISHED, abs=0.011)


@pytest.mark.parametrize("name", ["spx_daily.csv", "vix_daily.csv", "vvix_daily.csv"])
def test_macd_and_rsi_equal_ta_lib_on_decades_of_real_closes(name: str) -> None:
    series = closes(name)
    line, signal, histogram = talib.MACD(series, 12, 26, 9)
    ours = macd(series)

    # TA-Lib shows the line only where it has a signal.
    assert ours.line[33:] == pytest.approx(line[33:], rel=1e-9, abs=1e-9)
    assert ours.signal == pytest.approx(signal, rel=1e-9, abs=1e-9, nan_ok=True)
    assert ours.histogram == pytest.approx(histogram, rel=1e-9, abs=1e-9, nan_ok=True)
    assert rsi(series) == pytest.approx(talib.RSI(series, 14), rel=1e-9, nan_ok=True)


def test_macd_of_a_straight_line_is_the_distance_of_the_two_averages() -> None:
    # An average of period p lags a line of slope 1 by (p - 1) / 2 once it has settled: 12.5 - 5.5 = 7.
    found = macd(np.arange(400.0))

    assert found.line[-1] == pytest.approx(7.0, abs=1e-6)
    assert found.histogram[-1] == pytest.approx(0.0, abs=1e-6)


def test_histories_that_are_too_short_give_no_number() -> None:
    assert np.isnan(macd(np.arange(1.0, 34.0)).histogram).all()
    assert math.isfinite(macd(np.arange(1.0, 35.0)).histogram[-1])
    assert np.isnan(rsi(np.arange(1.0, 15.0))).all()
    assert np.isnan(rsi(np.full(40, 20.0))).all()


def test_a_gap_in_a_series_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out the sessions"):
        rsi([20.0, math.nan, 21.0])


def test_price_at_its_high_over_a_falling_line_is_a_bearish_divergence() -> None:
    # 19 sessions of rising price while more issues fall than rise; the line was highest at the start.
    found = divergences(np.arange(100.0, 120.0), np.full(20, -50.0))

    assert found.known.tolist() == [False] * 19 + [True]
    assert found.bearish[-1]
    assert not found.bullish.any()


def test_price_at_its_low_over_a_rising_line_is_a_bullish_divergence() -> None:
    found = divergences(np.arange(120.0, 100.0, -1.0), np.full(20, 50.0))

    assert found.bullish[-1]
    assert not found.bearish.any()


def test_a_line_that_rose_over_the_window_confirms_the_high_even_below_its_own() -> None:
    # The line climbs by 50 a session and gives back 10 on the last: below its high, slope above zero.
    net = np.full(20, 50.0)
    net[-1] = -10.0

    assert not divergences(np.arange(100.0, 120.0), net).bearish.any()


def test_a_high_of_an_earlier_session_is_no_divergence_now() -> None:
    price = np.arange(100.0, 120.0)
    price[-1] = 117.5

    assert not divergences(price, np.full(20, -50.0)).bearish.any()


def test_price_and_breadth_of_different_sessions_are_refused() -> None:
    with pytest.raises(ValueError, match="20 closes and 19 sessions"):
        divergences(np.arange(20.0), np.arange(19.0))


def test_curve_of_the_february_crash_is_in_backwardation() -> None:
    # Closes of Cboe: 2018-02-05 VIX 37.32, VIX3M 28.47; 2017-11-03 VIX 9.14, VIX3M 12.11.
    assert curve_ratio([37.32, 9.14], [28.47, 12.11]) == pytest.approx([0.7629, 1.3249], abs=1e-4)


def test_correlation_of_changes_equals_numpys() -> None:
    generator = np.random.default_rng(1)
    one, other = generator.normal(size=60).cumsum(), generator.normal(size=60).cumsum()
    found = rolling_correlation(one, other, 21)

    assert np.isnan(found[:21]).all()
    for place in (21, 40, 59):
        expected = np.corrcoef(np.diff(one)[place - 21 : place], np.diff(other)[place - 21 : place])[0, 1]
        assert found[place] == pytest.approx(expected, abs=1e-12)


def test_correlation_with_something_that_stands_still_is_unknown() -> None:
    assert np.isnan(rolling_correlation(np.arange(30.0) ** 2, np.full(30, 5.0), 21)).all()


def test_spx_and_vix_move_against_each_other_over_the_decades() -> None:
    spx, vix = closes("spx_daily.csv"), closes("vix_daily.csv")
    common = min(spx.size, vix.size)
    found = rolling_correlation(np.log(spx[-common:]), np.log(vix[-common:]), 250)

    # Measured by others as well: -0.69 in the nineties to -0.80 in the calm of 2012 to 2017.
    assert np.nanmedian(found) == pytest.approx(-0.74, abs=0.06)
