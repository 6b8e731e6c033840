"""Implied volatility: round trips, QuantLib, and an explicit answer where there is none."""

from __future__ import annotations

import math

import pytest
import QuantLib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.core.market.pricing import black76_price, implied_vol

forwards = st.floats(5.0, 8000.0)
moneyness = st.floats(-4.0, 4.0)  # ln(forward / strike) in standard deviations
deviations = st.floats(math.log(0.01), math.log(3.0)).map(math.exp)  # vol * sqrt(years), as often small as large
times = st.floats(1 / 365, 3.0)


@settings(max_examples=500)
@given(forwards, moneyness, deviations, times)
@example(100.0, 4.0, 0.01, 1.0)
@example(100.0, -4.0, 3.0, 1.0)
@example(100.0, 0.0, 0.01, 1.0)
def test_volatility_returns_from_the_price_out_of_the_money(forward: float, z: float, s: float, years: float) -> None:
    strike, vol, is_call = forward * math.exp(-z * s), s / math.sqrt(years), z <= 0.0
    price = float(black76_price(forward, strike, years, vol, 0.97, is_call))

    assert implied_vol(price, forward, strike, years, 0.97, is_call) == pytest.approx(vol, rel=1e-10)


@given(forwards, st.floats(-2.0, 2.0), st.floats(0.01, 1.0), times, st.booleans())
def test_volatility_returns_from_either_side_near_the_money(
    forward: float, z: float, s: float, years: float, is_call: bool
) -> None:
    strike, vol = forward * math.exp(-z * s), s / math.sqrt(years)
    price = float(black76_price(forward, strike, years, vol, 0.97, is_call))

    assert implied_vol(price, forward, strike, years, 0.97, is_call) == pytest.approx(vol, rel=1e-10)


@given(forwards, st.floats(4.0, 30.0), st.floats(0.001, 0.5), st.booleans())
def test_volatility_of_the_far_wings_prices_back(forward: float, z: float, s: float, is_call: bool) -> None:
    strike = forward * math.exp(z * s if is_call else -z * s)
    price = float(black76_price(forward, strike, 1.0, s, 1.0, is_call))

    assert implied_vol(price, forward, strike, 1.0, 1.0, is_call) == pytest.approx(s, rel=1e-8)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(("strike", "price"), [(18.0, 1.9), (20.0, 4.5), (15.0, 4.1), (30.0, 12.3), (18.0, 0.4)])
def test_volatility_equals_that_of_quantlib(strike: float, price: float, is_call: bool) -> None:
    forward, years, discount = 18.0, 30 / 365, 0.997
    price = price if is_call else price - discount * (forward - strike)
    kind = QuantLib.Option.Call if is_call else QuantLib.Option.Put

    deviation = QuantLib.blackFormulaImpliedStdDev(kind, strike, forward, price, discount, 0.0, 0.3, 1e-14, 1000)

    expected = deviation / math.sqrt(years)
    assert implied_vol(price, forward, strike, years, discount, is_call) == pytest.approx(expected, rel=1e-8)


def test_volatility_of_the_vix_like_call_is_recovered() -> None:
    years = 30 / 365

    assert implied_vol(1.2050969511, 18.0, 20.0, years, math.exp(-0.04 * years), True) == pytest.approx(0.95, rel=1e-10)


@pytest.mark.parametrize(
    ("price", "is_call"),
    [
        (0.0, True),
        (-0.1, True),
        (90.0, True),  # the discounted forward
        (95.0, True),
        (18.0, False),  # the discounted intrinsic value of a 120 put
        (17.0, False),
        (108.0, False),  # the discounted strike
        (math.nan, True),
        (math.inf, True),
    ],
)
def test_a_price_outside_the_no_arbitrage_bounds_has_no_volatility(price: float, is_call: bool) -> None:
    assert math.isnan(implied_vol(price, 100.0, 120.0, 0.5, 0.9, is_call))


@pytest.mark.parametrize(
    ("forward", "strike", "years", "discount"),
    [(0.0, 100.0, 0.5, 0.9), (100.0, 0.0, 0.5, 0.9), (100.0, 100.0, 0.0, 0.9), (100.0, 100.0, 0.5, 0.0)],
)
def test_without_forward_strike_time_or_discount_there_is_no_volatility(
    forward: float, strike: float, years: float, discount: float
) -> None:
    assert math.isnan(implied_vol(5.0, forward, strike, years, discount, True))


@given(st.floats(0.01, 80.0), st.floats(1.001, 1.1))
def test_a_higher_price_means_a_higher_volatility(price: float, factor: float) -> None:
    low, high = (implied_vol(p, 100.0, 110.0, 0.5, 0.99, True) for p in (price, price * factor))

    assert low < high
