"""Black-76 against textbook values, QuantLib and its own limits and symmetries."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.market.pricing import black76, black76_price, ndtr

MONTH = 30 / 365

forwards = st.floats(5.0, 8000.0)
moneyness = st.floats(-3.0, 3.0)  # ln(strike / forward) in standard deviations
deviations = st.floats(0.01, 1.5)  # vol * sqrt(years)
times = st.floats(1 / 365, 3.0)
rates = st.floats(-0.01, 0.10)


def forward_of(spot: float, rate: float, dividend: float, years: float) -> float:
    return spot * math.exp((rate - dividend) * years)


# The normal distribution


@pytest.mark.parametrize(
    ("x", "expected"),
    [  # from the Taylor series in 60 to 400 decimal digits
        (-0.1, 4.601721627229710185e-1),
        (-0.5, 3.085375387259868964e-1),
        (-1.0, 1.586552539314570514e-1),
        (-2.0, 2.275013194817920720e-2),
        (-3.5, 2.326290790355250363e-4),
        (-5.0, 2.866515718791939117e-7),
        (-8.0, 6.220960574271784124e-16),
        (-10.0, 7.619853024160526066e-24),
        (-20.0, 2.753624118606233695e-89),
        (-30.0, 4.906713927148187060e-198),
        (-37.0, 5.725571222524576823e-300),
    ],
)
def test_lower_tail_has_all_its_digits_up_to_the_rounding_of_x(x: float, expected: float) -> None:
    rounding = 2.3e-16 * (2.0 + x * x)

    assert float(ndtr(x)) == pytest.approx(expected, rel=rounding)
    assert float(ndtr(-x)) == pytest.approx(1.0 - expected, rel=3e-16)


def test_normal_distribution_has_its_limits_and_keeps_the_shape() -> None:
    values = ndtr(np.array([[-np.inf, 0.0], [np.inf, np.nan]]))

    assert values.shape == (2, 2)
    assert values[0].tolist() == [0.0, 0.5]
    assert values[1, 0] == 1.0
    assert np.isnan(values[1, 1])


# Published and exact values


@pytest.mark.parametrize(
    ("spot", "strike", "years", "rate", "dividend", "vol", "call", "put"),
    [
        pytest.param(42, 40, 0.5, 0.10, 0.0, 0.20, 4.75942239287, 0.8085993729, id="Hull BSM"),
        pytest.param(60, 65, 0.25, 0.08, 0.0, 0.30, 2.13336844492, 5.84628220986, id="Haug BSM"),
        pytest.param(100, 95, 0.5, 0.10, 0.05, 0.20, 9.62898352202, 2.46478764676, id="Haug Merton"),
        pytest.param(19, 19, 0.75, 0.10, 0.10, 0.28, 1.70105072524, 1.70105072524, id="Haug Black-76"),
        pytest.param(20, 20, 4 / 12, 0.09, 0.09, 0.25, 1.11664145656, 1.11664145656, id="Hull Black-76"),
        pytest.param(18, 20, MONTH, 0.04, 0.04, 0.95, 1.2050969511, 3.19853240558, id="VIX-like"),
        pytest.param(6000, 5800, MONTH, 0.04, 0.012, 0.16, 246.195554099, 33.0732629011, id="SPX-like"),
    ],
)
def test_prices_equal_textbook_values(
    spot: float, strike: float, years: float, rate: float, dividend: float, vol: float, call: float, put: float
) -> None:
    forward, discount = forward_of(spot, rate, dividend, years), math.exp(-rate * years)

    prices = black76_price(forward, strike, years, vol, discount, [True, False])

    assert prices.tolist() == pytest.approx([call, put], rel=2e-11)


def test_greeks_of_hulls_example_equal_its_values_on_the_forward() -> None:
    # Hull's greeks are per point of spot; the forward moves by e^{rT} points for one of spot, e^{-rT} D = 1.
    years, rate = 0.5, 0.10
    growth = math.exp(rate * years)

    greeks = black76(42 * growth, 40, years, 0.20, 1 / growth, True)

    assert float(greeks.delta) * growth == pytest.approx(0.779131290943, rel=1e-11)
    assert float(greeks.gamma) * growth**2 == pytest.approx(0.0499626704059, rel=1e-11)
    assert float(greeks.vega) == pytest.approx(8.8134150596, rel=1e-11)


def test_thetas_of_hulls_example_equal_its_values_with_spot_held() -> None:
    # As time passes with the spot held the forward falls by r F: theta on spot = theta on forward - r F delta.
    years, rate, forward = 0.5, 0.10, 42 * math.exp(0.05)

    both = black76(forward, 40, years, 0.20, math.exp(-rate * years), [True, False])

    thetas = both.theta - rate * forward * both.delta
    assert thetas.tolist() == pytest.approx([-4.55909219459, -0.75417449659], rel=1e-10)


def test_delta_of_an_spx_like_put_equals_its_value_per_point_of_spot() -> None:
    forward = forward_of(6000, 0.04, 0.012, MONTH)

    put = black76(forward, 5800, MONTH, 0.16, math.exp(-0.04 * MONTH), False)

    assert float(put.delta) * forward / 6000 == pytest.approx(-0.208139954672, rel=1e-10)


def test_greeks_of_a_vix_like_call_equal_exact_values() -> None:
    call = black76(18, 20, MONTH, 0.95, math.exp(-0.04 * MONTH), True)

    values = [float(value) for value in astuple(call)]
    assert values == pytest.approx(
        [1.2050969511, 0.399718518719, 0.0786008882006, 1.98849479903, -11.4436389813], rel=5e-11
    )


def test_futures_deltas_equal_haugs_values() -> None:
    both = black76(105, 100, 0.5, 0.36, math.exp(-0.05), [True, False])

    assert both.delta.tolist() == pytest.approx([0.59462865973, -0.356600764771], rel=1e-11)
    assert both.price[0] == pytest.approx(12.4328445082, rel=1e-11)


def test_put_of_one_session_equals_its_exact_value() -> None:
    put = black76(6000, 5940, 1 / 252, 0.12, 1.0, False)

    assert float(put.price) == pytest.approx(1.92890408444, rel=1e-11)
    assert float(put.delta) == pytest.approx(-0.0912143729504, rel=1e-11)


def test_legs_of_a_condor_equal_their_exact_values() -> None:
    strikes, vols = np.array([5715, 5690, 6200, 6225]), np.array([0.185, 0.187, 0.138, 0.1365])

    short_put, long_put, short_call, long_call = black76_price(
        6000, strikes, MONTH, vols, 1.0, [False, False, True, True]
    ).tolist()

    legs = [short_put, long_put, short_call, long_call]
    assert legs == pytest.approx([30.194186, 26.617483, 27.560120, 22.275777], abs=5e-7)
    assert short_put - long_put + short_call - long_call == pytest.approx(8.861046, abs=2e-6)  # four rounded legs


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("vol", [0.08, 0.25, 0.95, 2.0])
@pytest.mark.parametrize("years", [1 / 365, MONTH, 0.5])
@pytest.mark.parametrize("ratio", [0.7, 0.95, 1.0, 1.02, 1.4])
def test_prices_and_greeks_equal_quantlib(ratio: float, years: float, vol: float, is_call: bool) -> None:
    forward, strike, discount = 18.0, 18.0 * ratio, math.exp(-0.04 * years)
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call if is_call else QuantLib.Option.Put, strike)
    oracle = QuantLib.BlackCalculator(payoff, forward, vol * math.sqrt(years), discount)

    greeks = black76(forward, strike, years, vol, discount, is_call)

    # QuantLib subtracts for the deep wings; 1e-14 points is its noise.
    ours = [float(value) for value in astuple(greeks)[:4]]
    theirs = [oracle.value(), oracle.deltaForward(), oracle.gammaForward(), oracle.vega(years)]
    assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-14)
    assert float(greeks.theta) == pytest.approx(oracle.theta(forward, years), rel=1e-10, abs=1e-11)


# Limits


@pytest.mark.parametrize(("years", "vol"), [(0.0, 0.2), (-0.1, 0.2), (0.5, 0.0), (0.5, -0.1), (0.0, 0.0)])
def test_price_without_time_or_volatility_is_the_discounted_intrinsic_value(years: float, vol: float) -> None:
    greeks = black76(100.0, [90.0, 100.0, 110.0], years, vol, 0.9, [[True], [False]])

    assert greeks.price.tolist() == [[9.0, 0.0, 0.0], [0.0, 0.0, 9.0]]
    assert greeks.delta.tolist() == [[0.9, 0.45, 0.0], [0.0, -0.45, -0.9]]
    assert not greeks.gamma.any()
    assert not greeks.vega.any()


def test_theta_of_an_expired_option_is_zero_and_without_volatility_only_interest() -> None:
    assert black76(100.0, 90.0, 0.0, 0.2, 1.0, True).theta == 0.0
    assert float(black76(100.0, 90.0, 0.5, 0.0, math.exp(-0.02), True).theta) == pytest.approx(
        0.04 * 10.0 * math.exp(-0.02)
    )


def test_a_strike_of_zero_makes_the_call_the_discounted_forward() -> None:
    assert black76_price(100.0, 0.0, 0.5, 0.3, 0.9, [True, False]).tolist() == [90.0, 0.0]


def test_a_missing_input_gives_a_missing_price_only_there() -> None:
    prices = black76_price(100.0, 100.0, 0.5, [np.nan, 0.2], 1.0, True)

    assert np.isnan(prices).tolist() == [True, False]


def test_deep_wings_keep_their_digits() -> None:
    # N(d) = N(-30): the price is far below the rounding of the forward; Mills' ratio gives its size.
    s, forward = 0.01, 100.0
    strike = forward * math.exp(30 * s)

    price = float(black76_price(forward, strike, 1.0, s, 1.0, True))

    tail = math.exp(-0.5 * (30 - s / 2) ** 2) / math.sqrt(2 * math.pi)
    assert price == pytest.approx(forward * tail * s / 30**2, rel=0.02)


def test_all_results_have_the_shape_of_the_broadcast_arguments() -> None:
    greeks = black76(100.0, [[90.0], [100.0], [110.0]], 0.5, 0.2, 1.0, [True, False])

    assert {value.shape for value in (greeks.price, greeks.delta, greeks.gamma, greeks.vega, greeks.theta)} == {(3, 2)}


# Properties


@given(forwards, moneyness, deviations, times, rates)
def test_call_minus_put_is_the_discounted_forward_minus_strike(
    forward: float, z: float, s: float, years: float, rate: float
) -> None:
    strike, discount = forward * math.exp(z * s), math.exp(-rate * years)

    call, put = black76_price(forward, strike, years, s / math.sqrt(years), discount, [True, False])

    assert abs(call - put - discount * (forward - strike)) <= 1e-12 * max(forward, strike)


@given(forwards, moneyness, deviations, times, st.floats(0.01, 100.0), st.booleans())
def test_price_is_homogeneous_of_degree_one_in_forward_and_strike(
    forward: float, z: float, s: float, years: float, scale: float, is_call: bool
) -> None:
    strike, vol = forward * math.exp(z * s), s / math.sqrt(years)

    one = float(black76_price(forward, strike, years, vol, 1.0, is_call))
    scaled = float(black76_price(scale * forward, scale * strike, years, vol, 1.0, is_call))

    assert scaled == pytest.approx(scale * one, rel=1e-9, abs=1e-12 * scale * forward)


@given(forwards, moneyness, deviations, times, st.booleans())
def test_price_lies_between_intrinsic_value_and_its_bound_and_grows_with_volatility(
    forward: float, z: float, s: float, years: float, is_call: bool
) -> None:
    strike, vol = forward * math.exp(z * s), s / math.sqrt(years)

    low, high = black76_price(forward, strike, years, [vol, 1.01 * vol], 0.9, is_call).tolist()

    assert 0.9 * max(forward - strike if is_call else strike - forward, 0.0) <= low < high
    assert high < 0.9 * (forward if is_call else strike)


@given(forwards, moneyness, deviations, times, rates, st.booleans())
def test_greeks_equal_central_differences_of_the_price(
    forward: float, z: float, s: float, years: float, rate: float, is_call: bool
) -> None:
    strike, vol = forward * math.exp(z * s), s / math.sqrt(years)

    def price(f: float = forward, v: float = vol, t: float = years) -> float:
        return float(black76_price(f, strike, t, v, math.exp(-rate * t), is_call))

    greeks = black76(forward, strike, years, vol, math.exp(-rate * years), is_call)

    # Steps of 1e-3 standard deviations: truncation near 1e-6, rounding near 1e-10 of the forward a step.
    df, dv, dt = 1e-3 * s * forward, 1e-3 * vol, 1e-3 * years
    assert float(greeks.delta) == pytest.approx((price(f=forward + df) - price(f=forward - df)) / (2 * df), abs=1e-5)
    second = (price(f=forward + df) - 2 * price() + price(f=forward - df)) / (df * df)
    assert float(greeks.gamma) == pytest.approx(second, abs=1e-4 / (s * forward))
    assert float(greeks.vega) == pytest.approx(
        (price(v=vol + dv) - price(v=vol - dv)) / (2 * dv), abs=1e-5 * forward * math.sqrt(years)
    )
    assert float(greeks.theta) == pytest.approx(
        -(price(t=years + dt) - price(t=years - dt)) / (2 * dt), abs=1e-5 * forward * (s / years + abs(rate))
    )


@given(forwards, st.lists(st.floats(0.5, 2.0), min_size=3, max_size=3, unique=True), deviations)
def test_call_prices_fall_and_bend_upwards_in_the_strike(forward: float, ratios: list[float], s: float) -> None:
    low, middle, high = sorted(ratio * forward for ratio in ratios)

    a, b, c = black76_price(forward, [low, middle, high], 1.0, s, 1.0, True).tolist()

    weight = (high - middle) / (high - low)
    rounding = 1e-12 * forward
    assert a + rounding >= b >= c - rounding
    assert b <= weight * a + (1 - weight) * c + rounding
