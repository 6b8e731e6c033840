import pytest
from condor_values import EXPIRY, option, quote
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.condor.build import build_side, price_combo
from daemon.core.condor.legs import CondorLegs, closing
from daemon.core.market.contracts import Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import ComboPrice, Leg

LEGS = CondorLegs(build_side(EXPIRY, Right.PUT, 315_000, 312_500), build_side(EXPIRY, Right.CALL, 350_000, 352_500))
PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG = LEGS.contracts
QUOTES = {
    PUT_LONG: quote(800, 830),
    PUT_SHORT: quote(1000, 1040),
    CALL_SHORT: quote(640, 670),
    CALL_LONG: quote(400, 420),
}


class TestBuildSide:
    def test_the_long_strikes_stand_outside_of_the_shorts(self) -> None:
        strikes = [contract.strike_pts100 for contract in LEGS.contracts]

        assert strikes == [312_500, 315_000, 350_000, 352_500]
        assert [contract.right for contract in LEGS.contracts] == [Right.PUT, Right.PUT, Right.CALL, Right.CALL]

    def test_every_leg_is_pm_settled_and_of_the_expiry(self) -> None:
        assert {(contract.trading_class, contract.expiry) for contract in LEGS.contracts} == {
            (TradingClass.SPXW, EXPIRY)
        }

    def test_a_long_strike_inside_of_the_short_is_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="farther out of the money"):
            build_side(EXPIRY, Right.CALL, 350_000, 347_500)


class TestPriceCombo:
    def test_an_entry_is_a_credit_at_the_mid_and_a_smaller_one_at_the_natural(self) -> None:
        # Mids 8.15, 10.20, 6.55, 4.10; bids of the shorts 10.00 and 6.40, asks of the longs 8.30 and 4.20.
        assert price_combo(LEGS.held, QUOTES) == ComboPrice(mid_pts=-4.5, natural_pts100=-390)

    def test_an_exit_is_a_debit_at_the_mid_and_a_larger_one_at_the_natural(self) -> None:
        assert price_combo(closing(LEGS.held), QUOTES) == ComboPrice(mid_pts=4.5, natural_pts100=510)

    def test_one_vix_call_is_bought_at_the_ask_and_sold_at_the_bid(self) -> None:
        call = option(24, Right.CALL, TradingClass.VIX)
        quotes = {call: quote(95, 100)}

        assert price_combo((Leg(call, 1),), quotes) == ComboPrice(0.975, 100)
        assert price_combo((Leg(call, -1),), quotes) == ComboPrice(-0.975, -95)

    @pytest.mark.parametrize("broken", [None, quote(None, 830), quote(800, None), quote(830, 800)])
    def test_there_is_no_price_when_one_leg_has_no_two_sided_quote(self, broken: Quote | None) -> None:
        quotes = {contract: value for contract, value in QUOTES.items() if contract != PUT_LONG}
        if broken is not None:
            quotes[PUT_LONG] = broken

        assert price_combo(LEGS.held, quotes) is None

    def test_a_bid_of_zero_is_a_price(self) -> None:
        assert price_combo(LEGS.held, {**QUOTES, CALL_LONG: quote(0, 5)}) is not None

    @given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 400)), min_size=4, max_size=4))
    def test_nobody_buys_below_the_mid_and_both_directions_meet_there(self, sides: list[tuple[int, int]]) -> None:
        quotes = {
            contract: quote(bid, bid + width) for contract, (bid, width) in zip(LEGS.contracts, sides, strict=True)
        }
        entry, leave = price_combo(LEGS.held, quotes), price_combo(closing(LEGS.held), quotes)

        assert entry is not None
        assert leave is not None
        assert entry.mid_pts == -leave.mid_pts
        assert entry.natural_pts100 >= entry.mid_pts * 100 - 1e-9
        assert entry.natural_pts100 + leave.natural_pts100 == sum(width for _, width in sides)
