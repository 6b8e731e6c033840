"""Sums over condors, hedge and book: checked by moving the market and pricing anew with QuantLib."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from risk_values import (
    CALL,
    CALL_VOL,
    LEGS,
    SPX_EXPIRY,
    SPX_PTS,
    VIX_EXPIRY,
    VIX_FORWARD_PTS,
    VIX_PTS,
    condor_holding,
    condor_positions,
    hedge_position,
    levels,
    quantlib_price,
    spxw,
    years,
)

from daemon.core.market.contracts import OptionContract, Right, TradingClass, vix_future
from daemon.core.market.pricing import black76
from daemon.core.market.vix_response import future_elasticity
from daemon.core.orders.intent import Strategy
from daemon.core.records import Sensitivity
from daemon.core.risk.exposure import Exposure, layer_exposures, max_loss_usd, measure_exposure
from daemon.core.risk.greeks import Levels, Position, value_positions
from daemon.core.risk.stress import stress

BOOK = [*condor_positions(quantity=2), hedge_position(quantity=5)]


def measured(positions: list[Position], at: Levels | None = None) -> Exposure:
    market = levels() if at is None else at
    return measure_exposure(value_positions(positions, market), market)


def condor_usd(*, spx_pts: float = SPX_PTS, vol: float = 0.0, days: float = 0.0) -> float:
    return 200 * math.fsum(
        direction * quantlib_price(contract, spx_pts, own + vol, years(contract) - days / 365)
        for contract, direction, own in LEGS
    )


def test_condor_sums_are_what_a_move_of_spx_volatility_and_time_changes() -> None:
    found = measured(BOOK).condors

    assert found is not None
    up, here, down = (condor_usd(spx_pts=SPX_PTS + move) for move in (0.5, 0.0, -0.5))
    assert found.delta_usd == pytest.approx(up - down, rel=1e-3)
    assert found.gamma_usd == pytest.approx((up - 2 * here + down) / 0.25, rel=1e-3)
    assert found.vega_usd == pytest.approx(condor_usd(vol=0.005) - condor_usd(vol=-0.005), rel=1e-3)
    assert found.theta_usd == pytest.approx(condor_usd(days=0.5) - condor_usd(days=-0.5), rel=1e-3)
    assert found.gamma_usd < 0 < found.theta_usd


def test_hedge_sums_are_on_its_future_and_theta_adds_up_over_the_book() -> None:
    found = measured(BOOK)

    assert found.hedge is not None
    assert found.condors is not None
    up, down = (quantlib_price(CALL, VIX_FORWARD_PTS + move, CALL_VOL) for move in (0.01, -0.01))
    assert found.hedge.delta_usd == pytest.approx(500 * (up - down) / 0.02, rel=1e-4)
    assert found.theta_usd == pytest.approx(found.condors.theta_usd + found.hedge.theta_usd)
    assert found.hedge.theta_usd < 0


def test_the_linked_delta_moves_the_future_by_its_measured_share_of_the_answer_of_vix() -> None:
    found = measured([hedge_position(quantity=5)])

    # VIX below 15 answers a log return of SPX with -7.0; a future of 29 days takes 0.42 e^(-29/6.5) + 0.58 e^(-29/149).
    days = years(CALL) * 365
    share = 0.42 * math.exp(-days / 6.5) + 0.58 * math.exp(-days / 149)
    move = 0.0001
    future = VIX_FORWARD_PTS * math.exp(-7.0 * share * math.log1p(-move))
    gain = 500 * (quantlib_price(CALL, future, CALL_VOL) - quantlib_price(CALL, VIX_FORWARD_PTS, CALL_VOL))
    assert found.linked_delta_usd == pytest.approx(-gain / (move * SPX_PTS), rel=1e-2)
    assert gain > 0


def test_an_unknown_leg_leaves_its_condor_and_every_sum_it_belongs_to_unknown() -> None:
    positions = [replace(BOOK[0], mark_pts=None), *BOOK[1:], *condor_positions(1, "C20200218-2")[1:]]

    found = measured(positions)

    assert found.condors is None
    assert found.theta_usd is None
    assert found.linked_delta_usd is None
    assert found.subjects["C20200218-1"] is None
    assert found.subjects["C20200218-2"] is not None
    assert found.hedge is not None
    assert [reason.name for reason in found.unknown] == ["mark_missing"]


def test_without_vix_the_greeks_are_known_and_only_the_link_is_not() -> None:
    found = measured(BOOK, levels(vix_pts=None))

    assert found.theta_usd is not None
    assert found.linked_delta_usd is None


def test_a_contract_that_two_condors_hold_against_each_other_needs_no_mark_in_the_sums() -> None:
    contract = spxw(3205, Right.PUT)
    against = Position(Strategy.CONDOR, "C20200218-2", contract, 2, None)
    own = [replace(row, mark_pts=None) if row.contract == contract else row for row in condor_positions(2)]

    found = measured([*own, against])

    assert found.condors is not None
    assert found.unknown == ()
    assert found.subjects["C20200218-1"] is None


def test_nothing_held_is_known_to_be_nothing() -> None:
    found = measured([])

    assert found.condors == Sensitivity(delta_usd=0.0, gamma_usd=0.0, theta_usd=0.0, vega_usd=0.0)
    assert found.theta_usd == 0.0


class TestMaxLoss:
    CONDOR = {contract: direction * 2 for contract, direction, _ in LEGS}  # noqa: RUF012 - read only

    def test_a_condor_loses_its_width_less_its_credit(self) -> None:
        assert max_loss_usd([condor_holding(self.CONDOR, 870.0)]) == {SPX_EXPIRY: 2 * 2_500 - 870.0}

    def test_condors_of_one_expiry_lose_on_one_side_only(self) -> None:
        put_side = {contract: quantity for contract, quantity in self.CONDOR.items() if contract.right is Right.PUT}
        call_side = {contract: quantity for contract, quantity in self.CONDOR.items() if contract.right is Right.CALL}

        found = max_loss_usd([condor_holding(put_side, 500.0), condor_holding(call_side, 370.0, "C20200218-2")])

        assert found == {SPX_EXPIRY: 2 * 2_500 - 870.0}

    def test_an_uncovered_short_call_has_no_largest_loss(self) -> None:
        legs = {contract: quantity for contract, quantity in self.CONDOR.items() if contract != spxw(3485, Right.CALL)}

        assert max_loss_usd([condor_holding(legs, 870.0)]) == {SPX_EXPIRY: math.inf}

    def test_nothing_open_loses_nothing(self) -> None:
        assert max_loss_usd([]) == {}


def test_what_the_hedge_holds_on_spx_is_a_sum_of_its_own() -> None:
    put = spxw(3200, Right.PUT)
    long = Position(Strategy.HEDGE, "L2", put, 2, quantlib_price(put, SPX_PTS, 0.2))

    found, without = measured([*BOOK, long]), measured(BOOK)

    assert found.hedge == without.hedge
    assert (found.condors, without.hedge_on_spx) == (without.condors, None)
    assert found.hedge_on_spx is not None
    assert without.theta_usd is not None
    up, down = (quantlib_price(put, SPX_PTS + move, 0.2) for move in (0.5, -0.5))
    assert found.hedge_on_spx.delta_usd == pytest.approx(200 * (up - down), rel=1e-3)
    assert found.theta_usd == pytest.approx(without.theta_usd + found.hedge_on_spx.theta_usd)


def test_a_layer_has_its_own_greeks_and_its_delta_dollars() -> None:
    (found,) = layer_exposures(value_positions(BOOK, levels()), VIX_PTS)
    whole = measured(BOOK).hedge

    assert (found.layer, found.contracts, found.greeks) == ("L2", 5, whole)
    assert whole is not None
    assert found.delta_usd == pytest.approx(VIX_FORWARD_PTS * whole.delta_usd)


def test_a_spread_of_a_layer_counts_once() -> None:
    long = hedge_position()
    farther = replace(
        long, contract=replace(long.contract, strike_pts100=long.contract.strike_pts100 + 1000), quantity=-5
    )

    (found,) = layer_exposures(value_positions([long, farther], levels()), VIX_PTS)

    assert found.contracts == 5


def test_a_layer_with_an_option_that_has_no_mark_is_unknown() -> None:
    (found,) = layer_exposures(value_positions([replace(hedge_position(), mark_pts=None)], levels()), VIX_PTS)

    assert (found.contracts, found.delta_usd, found.greeks) == (5, None, None)


def test_a_shock_of_vix_moves_the_short_layers_delta_dollars_most_for_each_delta() -> None:
    # Typical purchases at VIX 15 to 25: 12, 37 and 80 days, 10 % above forwards of 18, 18.7 and 19.3 (models of VIX calls).
    shock = 0.30
    changes = []
    for days, forward_pts, vol in ((12, 18.0, 1.15), (37, 18.7, 0.96), (80, 19.3, 0.82)):
        moved_pts = forward_pts * math.exp(float(future_elasticity(days)) * shock)
        strike, time = 1.1 * forward_pts, days / 365
        before, after = (black76(pts, strike, time, vol, 1.0, is_call=True).delta for pts in (forward_pts, moved_pts))
        changes.append(float(moved_pts * after - forward_pts * before) / float(before))

    assert changes == sorted(changes, reverse=True)
    assert changes[0] > 1.5 * changes[2]


def test_a_future_counts_a_thousand_dollars_a_point_and_nothing_else() -> None:
    future = vix_future(VIX_EXPIRY)
    held = Position(Strategy.HEDGE, "L1", future, 2, 16.0)

    found = measured([held])

    assert found.hedge == Sensitivity(delta_usd=2_000.0, gamma_usd=0.0, theta_usd=0.0, vega_usd=0.0)
    assert found.unknown == ()


def test_a_future_gains_what_its_curve_gains_in_a_stress() -> None:
    future = vix_future(VIX_EXPIRY)
    at = levels()
    found = stress(value_positions([Position(Strategy.HEDGE, "L1", future, 1, VIX_FORWARD_PTS)], at), at)

    assert found is not None
    # VIX trebles at once: the future of 29 days and some hours takes its elasticity of that.
    days = years(future) * 365
    share = 0.42 * math.exp(-days / 6.5) + 0.58 * math.exp(-days / 149)
    assert found.crash[0].hedge_usd == pytest.approx(1000 * VIX_FORWARD_PTS * (3**share - 1), rel=1e-6)


VXX_CALL = OptionContract(TradingClass.VXX, SPX_EXPIRY, 3600, Right.CALL)
VXX_PTS, VXX_VOL = 30.0, 0.7


def vxx_position(quantity: int = 3) -> Position:
    return Position(Strategy.HEDGE, "etf", VXX_CALL, quantity, quantlib_price(VXX_CALL, VXX_PTS, VXX_VOL))


def with_vxx() -> Levels:
    known = levels()
    return replace(known, forwards_pts={**known.forwards_pts, (TradingClass.VXX, SPX_EXPIRY): VXX_PTS})


def test_what_the_hedge_holds_on_funds_is_a_sum_of_its_own_and_its_theta_counts() -> None:
    found = measured([*BOOK, vxx_position()], with_vxx())
    without = measured(BOOK)

    assert found.hedge == without.hedge
    assert without.hedge_on_funds is None
    assert found.hedge_on_funds is not None
    assert found.theta_usd is not None
    assert without.theta_usd is not None
    up, down = (quantlib_price(VXX_CALL, VXX_PTS + move, VXX_VOL) for move in (0.01, -0.01))
    assert found.hedge_on_funds.delta_usd == pytest.approx(300 * (up - down) / 0.02, rel=1e-4)
    assert found.theta_usd == pytest.approx(without.theta_usd + found.hedge_on_funds.theta_usd)


def test_without_the_forward_of_a_fund_the_sums_are_unknown() -> None:
    found = measured([*BOOK, vxx_position()])

    assert (found.hedge, found.theta_usd) == (None, None)
    assert [reason.name for reason in found.unknown] == ["forward_missing"]


def test_in_a_stress_a_fund_moves_as_a_future_of_thirty_days_does() -> None:
    market = with_vxx()
    found = stress(value_positions([vxx_position()], market), market)

    # VIX +200 %: 0.42 e^(-30/6.5) + 0.58 e^(-30/149) = 0.4784 of ln 3 in the logarithm of the share.
    assert found is not None
    share = VXX_PTS * 3**0.4784
    gained = quantlib_price(VXX_CALL, share, VXX_VOL) - quantlib_price(VXX_CALL, VXX_PTS, VXX_VOL)
    assert found.crash[0].hedge_usd == pytest.approx(300 * gained, rel=1e-3)
    assert found.crash[0].condor_usd == 0.0
