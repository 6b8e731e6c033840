"""Volatility and greeks of positions against QuantLib, and the names of what cannot be computed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from risk_values import (
    CALL,
    CALL_VOL,
    LEGS,
    NOW,
    SPX_EXPIRY,
    SPX_PTS,
    VIX_EXPIRY,
    VIX_FORWARD_PTS,
    calculator,
    condor_positions,
    hedge_position,
    levels,
    quantlib_price,
    spxw,
    vix_call,
    years,
)

from daemon.core.market.contracts import Right, TradingClass
from daemon.core.orders.intent import Strategy
from daemon.core.risk.greeks import Position, parity_forwards, value_positions

BOOK = [*condor_positions(), hedge_position()]


def test_volatility_and_greeks_of_every_leg_are_those_of_quantlib() -> None:
    valuation = value_positions(BOOK, levels())

    assert not valuation.unknown
    assert [position for position, _ in valuation.known] == BOOK
    expected = [*((contract, SPX_PTS, vol) for contract, _, vol in LEGS), (CALL, VIX_FORWARD_PTS, CALL_VOL)]
    for (contract, forward, vol), (_, greeks) in zip(expected, valuation.known, strict=True):
        oracle = calculator(contract, forward, vol, years(contract))
        assert greeks.vol == pytest.approx(vol, rel=1e-8)
        assert greeks.delta == pytest.approx(oracle.deltaForward(), rel=1e-7)
        assert greeks.gamma == pytest.approx(oracle.gammaForward(), rel=1e-7)
        assert greeks.vega_pts == pytest.approx(oracle.vega(years(contract)) / 100, rel=1e-7)
        assert not greeks.estimated


def test_theta_is_what_a_day_takes_away() -> None:
    position = hedge_position()
    half_day_pts = 0.5 / 365
    earlier, later = (
        quantlib_price(CALL, VIX_FORWARD_PTS, CALL_VOL, years(CALL) + move) for move in (half_day_pts, -half_day_pts)
    )

    ((_, greeks),) = value_positions([position], levels()).known

    assert greeks.theta_pts == pytest.approx(later - earlier, rel=1e-4)
    assert greeks.theta_pts < 0


def test_a_missing_mark_is_unknown_by_name_and_the_others_are_known() -> None:
    positions = [replace(BOOK[0], mark_pts=None), *BOOK[1:]]

    valuation = value_positions(positions, levels())

    ((position, reason),) = valuation.unknown
    assert (position.contract, reason.name) == (BOOK[0].contract, "mark_missing")
    assert len(valuation.known) == 4


def test_vix_never_stands_for_the_forward_of_its_options() -> None:
    ((position, reason),) = value_positions(BOOK, levels(forwards_pts={})).unknown

    assert (position.contract, reason.name) == (CALL, "forward_missing")


def test_without_spx_no_condor_is_known() -> None:
    unknown = value_positions(BOOK, levels(spx_pts=None)).unknown

    assert [reason.name for _, reason in unknown] == ["forward_missing"] * 4


def test_a_known_forward_comes_before_spx() -> None:
    forward = SPX_PTS + 12
    position = Position(Strategy.CONDOR, "C", LEGS[1][0], -1, quantlib_price(LEGS[1][0], forward, 0.175))

    ((_, greeks),) = value_positions([position], levels(forwards_pts={(TradingClass.SPXW, SPX_EXPIRY): forward})).known

    assert greeks.vol == pytest.approx(0.175, rel=1e-8)
    assert greeks.forward_pts == forward


def test_a_mark_below_intrinsic_borrows_the_volatility_of_the_nearest_strike_and_says_so() -> None:
    deep = Position(Strategy.CONDOR, "C", spxw(3600, Right.PUT), -1, 3600 - SPX_PTS - 0.1)

    valuation = value_positions([*condor_positions(), deep], levels())

    greeks = dict(zip([position for position, _ in valuation.known], [g for _, g in valuation.known], strict=True))
    assert greeks[deep].estimated
    assert greeks[deep].vol == pytest.approx(0.095, rel=1e-7)


def test_deep_in_the_money_a_mark_a_little_below_intrinsic_counts_without_time_value() -> None:
    deep = replace(hedge_position(), contract=vix_call(10), mark_pts=0.97 * (VIX_FORWARD_PTS - 10))

    ((_, greeks),) = value_positions([deep], levels()).known

    assert greeks.estimated
    assert (greeks.delta, greeks.gamma, greeks.vega_pts, greeks.theta_pts) == (1.0, 0.0, 0.0, 0.0)


def test_a_worthless_call_that_is_marked_at_nothing_has_no_greeks() -> None:
    ((_, greeks),) = value_positions([replace(hedge_position(), mark_pts=0.0)], levels()).known

    assert greeks.estimated
    assert (greeks.delta, greeks.gamma, greeks.vega_pts, greeks.theta_pts) == (0.0, 0.0, 0.0, 0.0)


def test_a_mark_far_below_intrinsic_shows_that_mark_or_forward_is_wrong() -> None:
    deep = replace(hedge_position(), contract=vix_call(10), mark_pts=0.85 * (VIX_FORWARD_PTS - 10))

    ((_, reason),) = value_positions([deep], levels()).unknown

    assert reason.name == "no_volatility"


def test_a_mark_that_fits_no_volatility_is_unknown_when_nothing_of_its_expiry_does() -> None:
    position = replace(hedge_position(), mark_pts=VIX_FORWARD_PTS + 1)

    ((_, reason),) = value_positions([position], levels()).unknown

    assert reason.name == "no_volatility"


def test_a_contract_past_its_settlement_is_no_risk_that_is_known() -> None:
    at = NOW + timedelta(days=60)

    unknown = value_positions(BOOK, levels(at=at)).unknown

    assert [reason.name for _, reason in unknown] == ["settled"] * 5


def test_the_forward_follows_from_a_call_and_a_put_of_one_strike() -> None:
    pair = {
        replace(CALL, right=right): quantlib_price(replace(CALL, right=right), VIX_FORWARD_PTS, 0.9) for right in Right
    }
    alone = {LEGS[0][0]: 5.0}

    forwards = parity_forwards({**pair, **alone})

    assert forwards == {(TradingClass.VIX, VIX_EXPIRY): pytest.approx(VIX_FORWARD_PTS, abs=1e-9)}
