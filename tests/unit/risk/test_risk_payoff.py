"""The payoff at expiry against hand arithmetic: strikes, credits and widths of iron condors are enough for it."""

from datetime import date

import pytest

from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.risk.payoff import Payoff, payoff

APRIL, MAY = date(2020, 4, 17), date(2020, 5, 15)


def option(strike: float, right: Right, expiry: date = APRIL) -> OptionContract:
    return OptionContract(TradingClass.SPXW, expiry, round(strike * 100), right)


def condor(quantity: int = 1, expiry: date = APRIL) -> dict[OptionContract, int]:
    """Return condors 3170/3145P 3480/3505C."""
    return {
        option(3145, Right.PUT, expiry): quantity,
        option(3170, Right.PUT, expiry): -quantity,
        option(3480, Right.CALL, expiry): -quantity,
        option(3505, Right.CALL, expiry): quantity,
    }


@pytest.fixture
def one() -> Payoff:
    """One condor sold at 4.35 points."""
    return payoff([(condor(), 435.0)])


def test_a_condor_breaks_even_at_its_short_strikes_less_and_plus_the_credit(one: Payoff) -> None:
    assert one.break_evens_pts == pytest.approx((3170 - 4.35, 3480 + 4.35))


def test_the_largest_loss_is_the_wing_less_the_credit_and_the_largest_gain_the_credit(one: Payoff) -> None:
    assert one.largest_loss_usd == pytest.approx(-(25 - 4.35) * 100)
    assert one.largest_gain_usd == pytest.approx(435)


@pytest.mark.parametrize(
    ("spx_pts", "usd"),
    [
        (0, -2065),
        (3000, -2065),
        (3145, -2065),
        (3160, 435 - 1000),
        (3170, 435),
        (3300, 435),
        (3490, 435 - 1000),
        (9000, -2065),
    ],
)
def test_between_strikes_it_is_straight_and_beyond_them_flat(one: Payoff, spx_pts: float, usd: float) -> None:
    assert one.usd_at(spx_pts) == pytest.approx(usd)


def test_fees_move_the_whole_line_and_the_break_evens_with_it() -> None:
    after = payoff([(condor(2), 870.0 - 10.4)])

    assert after.largest_loss_usd == pytest.approx(-4130 - 10.4)
    assert after.break_evens_pts[0] == pytest.approx(3170 - 4.35 + 10.4 / 200)


def test_condors_of_two_expiries_add_up_as_if_spx_stood_at_one_level_at_both() -> None:
    both = payoff([(condor(), 435.0), (condor(2, MAY), 1000.0)])

    assert both.usd_at(3160) == pytest.approx(1435 - 3 * 1000)
    assert both.largest_loss_usd == pytest.approx(1435 - 3 * 2500)


def test_contracts_that_two_condors_hold_the_other_way_round_cancel_out() -> None:
    flat = payoff([(condor(), 435.0), ({contract: -held for contract, held in condor().items()}, -300.0)])

    assert flat.positions == ()
    assert (flat.largest_loss_usd, flat.largest_gain_usd, flat.break_evens_pts) == (135.0, 135.0, ())


def test_an_uncovered_call_has_no_largest_loss_and_a_break_even_beyond_its_strike() -> None:
    naked = payoff([({option(3480, Right.CALL): -1}, 435.0)])

    assert naked.largest_loss_usd is None
    assert naked.largest_gain_usd == pytest.approx(435)
    assert naked.break_evens_pts == pytest.approx((3484.35,))


def test_a_call_that_is_held_alone_has_no_largest_gain() -> None:
    held = payoff([({option(3480, Right.CALL): 1}, -435.0)])

    assert held.largest_gain_usd is None
    assert held.largest_loss_usd == pytest.approx(-435)
    assert held.break_evens_pts == pytest.approx((3484.35,))


def test_an_uncovered_put_can_lose_its_whole_strike() -> None:
    assert payoff([({option(3170, Right.PUT): -1}, 435.0)]).largest_loss_usd == pytest.approx(435 - 317_000)


def test_a_condor_that_only_loses_has_no_break_even() -> None:
    assert payoff([(condor(), -100.0)]).break_evens_pts == ()
