from datetime import date

import pytest

from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.sim.exchange.margin import reg_t_margin

MARCH, APRIL = date(2020, 3, 20), date(2020, 4, 17)


Leg = tuple[OptionContract, int]


def _leg(
    strike: float, right: str, quantity: int, *, expiry: date = MARCH, cls: TradingClass = TradingClass.SPXW
) -> Leg:
    return OptionContract(cls, expiry, round(strike * 100), Right(right)), quantity


def _margin(*legs: Leg, mode: str = "equal_only") -> float:
    levels = {Underlying.SPX: 3300.0, Underlying.VIX: 20.0}
    return reg_t_margin(legs, index_level=levels.__getitem__, mark=lambda _: 5.0, mode=mode)


def _condor(quantity: int = 1, *, put_width: float = 25, call_width: float = 25, expiry: date = MARCH) -> list[Leg]:
    return [
        _leg(3200 - put_width, "P", quantity, expiry=expiry),
        _leg(3200, "P", -quantity, expiry=expiry),
        _leg(3400, "C", -quantity, expiry=expiry),
        _leg(3400 + call_width, "C", quantity, expiry=expiry),
    ]


def test_ten_condors_with_ten_point_wings_need_10000_dollars() -> None:
    """The broker's own example for iron condors."""
    assert _margin(*_condor(10, put_width=10, call_width=10)) == 10_000


def test_unequal_wings_are_two_spreads() -> None:
    assert _margin(*_condor(put_width=25, call_width=50)) == 7_500


def test_unequal_wings_can_be_charged_at_the_wider() -> None:
    assert _margin(*_condor(put_width=25, call_width=50), mode="wider_wing") == 5_000


def test_a_credit_vertical_needs_its_width() -> None:
    assert _margin(_leg(3200, "P", -3), _leg(3150, "P", 3)) == 15_000


def test_a_debit_vertical_and_long_options_need_nothing_more() -> None:
    assert _margin(_leg(3200, "P", 1), _leg(3150, "P", -1)) == 0
    assert _margin(_leg(20, "C", 40, cls=TradingClass.VIX)) == 0


def test_condors_of_different_expiries_do_not_help_each_other() -> None:
    assert _margin(*_condor(), *_condor(expiry=APRIL)) == 5_000


def test_overlapping_condors_of_one_expiry_need_the_sum_of_their_widths() -> None:
    shifted = [_leg(contract.strike + 5, contract.right, quantity) for contract, quantity in _condor(2)]

    assert _margin(*_condor(2), *shifted) == 10_000


def test_a_ladder_whose_strikes_net_is_charged_by_what_one_side_can_lose() -> None:
    moved = {Right.PUT: -25, Right.CALL: 10}
    below = [
        _leg(contract.strike + moved[contract.right], contract.right, quantity) for contract, quantity in _condor()
    ]
    netted = [leg for leg in (*_condor(), *below) if leg[0].strike != 3175]

    assert _margin(*netted) == 5_000


def test_a_naked_put_needs_15_per_cent_less_the_distance_at_least_10_of_the_strike_plus_its_value() -> None:
    near = _margin(_leg(3250, "P", -1))
    far = _margin(_leg(2500, "P", -1))

    assert near == pytest.approx((0.15 * 3300 - 50 + 5) * 100)
    assert far == pytest.approx((0.10 * 2500 + 5) * 100)


def test_a_short_without_enough_wings_is_part_naked() -> None:
    covered = _margin(_leg(3200, "P", -1), _leg(3175, "P", 1))

    assert _margin(_leg(3200, "P", -2), _leg(3175, "P", 1)) > covered + 30_000
