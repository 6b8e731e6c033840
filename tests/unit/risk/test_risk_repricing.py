"""The fast formula against QuantLib, the exact one, and its own limits."""

from __future__ import annotations

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.market.arrays import BoolArray, FloatArray
from daemon.core.market.pricing import black76_price
from daemon.core.risk.repricing import DEVIATION_MAX, grid_prices

ERROR_OF_FORWARD = 2e-9


def priced(
    forward: FloatArray | float, strike: FloatArray, deviation: FloatArray | float, is_call: BoolArray
) -> FloatArray:
    """One price an option, on a grid of one scenario."""
    three = (len(strike), 1, 1)
    out = np.empty(three)
    grid_prices(
        np.broadcast_to(np.reshape(forward, (-1, 1, 1)), three),
        strike,
        np.broadcast_to(np.reshape(deviation, (-1, 1, 1)), three),
        is_call,
        out,
    )
    return out[:, 0, 0]


@given(
    forward=st.floats(8.0, 7000.0),
    distance=st.floats(-6.0, 6.0),
    deviation=st.floats(0.001, DEVIATION_MAX),
    is_call=st.booleans(),
)
def test_prices_are_those_of_quantlib(forward: float, distance: float, deviation: float, is_call: bool) -> None:
    strike = forward * float(np.exp(distance * deviation))
    kind = QuantLib.Option.Call if is_call else QuantLib.Option.Put

    found = priced(forward, np.array([strike]), deviation, np.array([is_call]))[0]

    oracle = QuantLib.blackFormula(kind, strike, forward, deviation)
    assert found == pytest.approx(oracle, abs=ERROR_OF_FORWARD * (forward + strike))


@given(forward=st.floats(8.0, 7000.0), distance=st.floats(-5.0, 5.0), deviation=st.floats(0.001, DEVIATION_MAX))
def test_call_less_put_is_forward_less_strike(forward: float, distance: float, deviation: float) -> None:
    strike = np.full(2, forward * np.exp(distance * deviation))

    call, put = priced(forward, strike, deviation, np.array([True, False]))

    assert call - put == pytest.approx(forward - strike[0], abs=1e-9 * (forward + strike[0]))


@pytest.mark.parametrize("forward", [90.0, 100.0, 110.0])
def test_without_time_or_volatility_the_price_is_the_intrinsic_value(forward: float) -> None:
    call, put = priced(forward, np.array([100.0, 100.0]), 0.0, np.array([True, False]))

    assert call == pytest.approx(max(forward - 100.0, 0.0), abs=1e-6)
    assert put == pytest.approx(max(100.0 - forward, 0.0), abs=1e-6)


def test_beyond_the_fast_range_the_exact_formula_is_taken() -> None:
    strike = np.array([80.0, 100.0, 130.0])
    calls = np.array([True, False, True])

    found = priced(100.0, strike, 4.0, calls)

    assert found == pytest.approx(black76_price(100.0, strike, 1.0, 4.0, 1.0, calls), rel=1e-12)


def test_blocks_and_broadcast_axes_give_what_single_prices_give() -> None:
    forward = np.linspace(3000.0, 4000.0, 40)[None, :, None] + np.arange(60.0)[:, None, None]
    deviation = np.linspace(0.01, 0.4, 30)[None, None, :] * np.linspace(1.0, 2.0, 60)[:, None, None]
    strike, calls = np.linspace(2900.0, 4100.0, 60), np.arange(60) % 2 == 0
    out = np.empty((60, 40, 30))

    grid_prices(forward, strike, deviation, calls, out)

    exact = black76_price(forward, strike[:, None, None], 1.0, deviation, 1.0, calls[:, None, None])
    assert np.abs(out - exact).max() < ERROR_OF_FORWARD * 8000
