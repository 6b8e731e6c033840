"""Break-evens alone and with the hedge, the latter checked by pricing the hedge with QuantLib at the root."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest
from risk_values import (
    CALL,
    CALL_VOL,
    SPX_PTS,
    VIX_EXPIRY,
    VIX_FORWARD_PTS,
    VIX_PTS,
    condor_holding,
    condor_record,
    hedge_position,
    levels,
    open_condor,
    quantlib_price,
    vix_call,
)

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import CondorLegs, Structure, Vertical
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Strategy
from daemon.core.risk.break_even import BreakEvens, break_evens, hedged_break_evens
from daemon.core.risk.exposure import max_loss_usd
from daemon.core.risk.greeks import Position, value_positions

FORWARDS = {(TradingClass.VIX, VIX_EXPIRY): VIX_FORWARD_PTS}


def test_alone_they_are_the_short_strikes_less_and_plus_the_credit() -> None:
    assert break_evens(open_condor(credit_pts=4.35)) == BreakEvens(low_pts=3205 - 4.35, high_pts=3460 + 4.35)


def test_a_published_condor_has_its_break_evens_and_its_largest_loss() -> None:
    # Puts 5715 and 5690, calls 6200 and 6225 for 8.861046 points; 886.10 dollars in whole cents.
    expiry = date(2026, 3, 20)
    legs = CondorLegs(
        Vertical(*(OptionContract(TradingClass.SPXW, expiry, strike, Right.PUT) for strike in (571_500, 569_000))),
        Vertical(*(OptionContract(TradingClass.SPXW, expiry, strike, Right.CALL) for strike in (620_000, 622_500))),
    )
    condor = OpenCondor(replace(condor_record(), legs=legs), Structure(((legs, 1),), ()), 8.861046)

    found = break_evens(condor)

    assert found.low_pts == pytest.approx(5706.138954, abs=1e-9)
    assert found.high_pts == pytest.approx(6208.861046, abs=1e-9)
    held = {leg.contract: leg.ratio for leg in legs.held}
    assert max_loss_usd([condor_holding(held, 886.1046)])[expiry] == pytest.approx(1613.8954, abs=0.01)


def test_without_a_hedge_both_ways_agree() -> None:
    found = hedged_break_evens(open_condor(), (), levels(), wing_notional_usd=5_000)

    assert found is not None
    assert found.low_pts == pytest.approx(3205 - 4.35, abs=1e-6)
    assert found.high_pts == pytest.approx(3460 + 4.35, abs=1e-6)


def test_with_calls_that_settle_before_the_condor_the_result_at_the_root_is_zero() -> None:
    hedge = value_positions([hedge_position(quantity=1)], levels(forwards_pts=FORWARDS)).known

    found = hedged_break_evens(open_condor(quantity=2), hedge, levels(forwards_pts=FORWARDS), wing_notional_usd=5_000)

    # At expiry of the calls VIX itself decides: 14.8 x (SPX / 3370)^-7.0 below 15, at most its highest close.
    assert found is not None
    assert found.low_pts is not None
    paid = quantlib_price(CALL, VIX_FORWARD_PTS, CALL_VOL)
    vix = min(VIX_PTS * (found.low_pts / SPX_PTS) ** -7.0, 82.69)
    hedge_usd = 100 * (max(vix - 18, 0.0) - paid)
    condor_usd = 200 * (4.35 - max(0.0, 3205 - found.low_pts))
    assert condor_usd + hedge_usd == pytest.approx(0.0, abs=2.0)
    assert found.high_pts == pytest.approx(3460 + 4.35 - paid / 2, abs=0.05)


def test_a_hedge_that_costs_more_than_the_credit_leaves_no_break_even() -> None:
    hedge = value_positions([hedge_position(quantity=50)], levels()).known

    assert hedged_break_evens(open_condor(), hedge, levels(), wing_notional_usd=5_000) == BreakEvens(
        low_pts=None, high_pts=None
    )


def test_the_hedge_is_shared_by_wing_notional() -> None:
    small = value_positions([hedge_position(quantity=1)], levels()).known
    large = value_positions([hedge_position(quantity=4)], levels()).known

    alone = hedged_break_evens(open_condor(), small, levels(), wing_notional_usd=5_000)

    assert hedged_break_evens(open_condor(), large, levels(), wing_notional_usd=20_000) == alone


@pytest.mark.parametrize("missing", ["spx_pts", "vix_pts"])
def test_without_an_index_they_are_unknown(missing: str) -> None:
    seen = levels(spx_pts=None) if missing == "spx_pts" else levels(vix_pts=None)

    assert hedged_break_evens(open_condor(), (), seen, wing_notional_usd=5_000) is None


def test_a_layer_that_outlives_the_condor_keeps_time_value() -> None:
    far = vix_call(18, expiry=VIX_EXPIRY.replace(month=5, day=20))
    seen = levels(forwards_pts={(TradingClass.VIX, far.expiry): 17.0})
    position = Position(Strategy.HEDGE, "L3", far, 1, quantlib_price(far, 17.0, 0.75))

    found = hedged_break_evens(open_condor(), value_positions([position], seen).known, seen, wing_notional_usd=5_000)

    # What remains is worth something, so the call side gives up less than the whole price of the call.
    assert found is not None
    assert found.high_pts is not None
    price = quantlib_price(far, 17.0, 0.75)
    assert 3460 + 4.35 - price / 2 < found.high_pts < 3460 + 4.35
    assert math.isfinite(found.high_pts)
