"""What a layer holds, as calls and call spreads."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.hedge.units import HedgeUnit, layer_holding
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Leg

MARCH, APRIL = date(2020, 3, 25), date(2020, 4, 15)


def call(strike: float, expiry: date = MARCH, cls: TradingClass = TradingClass.VIXW) -> OptionContract:
    return OptionContract(cls, expiry, round(strike * 100), Right.CALL)


class TestUnit:
    def test_a_spread_buys_the_lower_call_and_sells_the_upper_one(self) -> None:
        spread = HedgeUnit(call(22), call(32))

        assert spread.legs == (Leg(call(22), 1), Leg(call(32), -1))
        assert spread.width_pts == 10.0
        assert str(spread) == "VIXW 2020-03-25 22/32C"

    def test_a_call_alone_has_one_leg_and_no_width(self) -> None:
        assert HedgeUnit(call(22)).legs == (Leg(call(22), 1),)
        assert HedgeUnit(call(22)).width_pts is None
        assert str(HedgeUnit(call(22))) == "VIXW 2020-03-25 22C"

    @pytest.mark.parametrize("short", [call(22), call(20), call(32, APRIL), call(32, MARCH, TradingClass.VIX)])
    def test_a_short_call_must_be_above_in_the_same_series(self, short: OptionContract) -> None:
        with pytest.raises(AssertionError):
            HedgeUnit(call(22), short)


class TestHolding:
    def test_shorts_are_paired_with_longs_of_their_series_from_below(self) -> None:
        found = layer_holding({call(22): 3, call(24): 1, call(32): -2, call(36): -1, call(40, APRIL): 2})

        assert found.units == {
            HedgeUnit(call(22), call(32)): 2,
            HedgeUnit(call(22), call(36)): 1,
            HedgeUnit(call(24)): 1,
            HedgeUnit(call(40, APRIL)): 2,
        }
        assert (found.quantity, found.uncovered) == (6, {})

    def test_a_short_that_no_long_below_it_covers_is_named(self) -> None:
        found = layer_holding({call(34): 2, call(32): -1, call(40): -3})

        assert found.units == {HedgeUnit(call(34), call(40)): 2}
        assert found.uncovered == {call(32): -1, call(40): -1}

    def test_a_layer_stands_in_the_latest_expiry_whatever_its_class(self) -> None:
        # A monthly of April is later than a weekly of March, although "VIXW" sorts behind "VIX".
        later = call(24, APRIL, TradingClass.VIX)

        assert layer_holding({later: 1, call(22): 1}).current == HedgeUnit(later)
        assert layer_holding({}).current is None

    @given(st.dictionaries(st.integers(10, 30), st.integers(-5, 5).filter(bool), max_size=8))
    def test_units_and_uncovered_shorts_add_up_to_the_positions(self, by_strike: dict[int, int]) -> None:
        positions = {call(strike): quantity for strike, quantity in by_strike.items()}
        found = layer_holding(positions)
        total = dict.fromkeys(positions, 0)
        for unit, quantity in found.units.items():
            for leg in unit.legs:
                total[leg.contract] += leg.ratio * quantity
        for contract, quantity in found.uncovered.items():
            total[contract] += quantity

        assert total == positions
        assert all(quantity > 0 for quantity in found.units.values())
        assert all(quantity < 0 for quantity in found.uncovered.values())


def put(strike: float) -> OptionContract:
    return OptionContract(TradingClass.SPXW, APRIL, round(strike * 100), Right.PUT)


class TestPutSpreads:
    def test_a_spread_buys_the_upper_put_and_sells_the_lower_one(self) -> None:
        spread = HedgeUnit(put(3200), put(2950))

        assert spread.legs == (Leg(put(3200), 1), Leg(put(2950), -1))
        assert spread.width_pts == 250.0
        assert str(spread) == "SPXW 2020-04-15 3200/2950P"

    @pytest.mark.parametrize(
        "short", [put(3200), put(3250), OptionContract(TradingClass.SPXW, APRIL, 295000, Right.CALL)]
    )
    def test_the_short_put_must_be_below_in_the_same_series(self, short: OptionContract) -> None:
        with pytest.raises(AssertionError):
            HedgeUnit(put(3200), short)

    def test_shorts_are_paired_with_longs_from_above(self) -> None:
        found = layer_holding({put(3200): 2, put(3100): 1, put(2950): -1, put(2900): -1, put(3300): -1, call(22): 3})

        assert found.units == {
            HedgeUnit(call(22)): 3,
            HedgeUnit(put(3100)): 1,
            HedgeUnit(put(3200), put(2900)): 1,
            HedgeUnit(put(3200), put(2950)): 1,
        }
        assert found.uncovered == {put(3300): -1}
