import pytest
from condor_values import EXPIRY, POLICY, option, quote
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.condor.build import ComboPrice, CondorLegs, build_legs, entry_legs, exit_legs, price_combo
from daemon.core.market.contracts import Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import Leg

LEGS = build_legs(EXPIRY, 315_000, 350_000, POLICY)
QUOTES = {
    LEGS.put_long: quote(800, 830),
    LEGS.put_short: quote(1000, 1040),
    LEGS.call_short: quote(640, 670),
    LEGS.call_long: quote(400, 420),
}


class TestBuildLegs:
    def test_wings_are_equal_and_outside_of_the_shorts(self) -> None:
        strikes = [contract.strike_pts100 for contract in LEGS.contracts]

        assert strikes == [312_500, 315_000, 350_000, 352_500]
        assert [contract.right for contract in LEGS.contracts] == [Right.PUT, Right.PUT, Right.CALL, Right.CALL]

    def test_every_leg_is_pm_settled_and_of_the_expiry(self) -> None:
        assert {(contract.trading_class, contract.expiry) for contract in LEGS.contracts} == {
            (TradingClass.SPXW, EXPIRY)
        }

    def test_shorts_that_cross_are_an_error_of_ours(self) -> None:
        with pytest.raises(AssertionError, match="must rise"):
            build_legs(EXPIRY, 350_000, 350_000, POLICY)


class TestLegs:
    def test_an_entry_holds_the_wings_and_owes_the_shorts(self) -> None:
        assert {leg.contract: leg.ratio for leg in entry_legs(LEGS)} == {
            LEGS.put_long: 1,
            LEGS.put_short: -1,
            LEGS.call_short: -1,
            LEGS.call_long: 1,
        }

    def test_an_exit_reverses_every_leg_of_the_entry(self) -> None:
        together = zip(entry_legs(LEGS), exit_legs(LEGS), strict=True)

        assert all(a.contract == b.contract and a.ratio == -b.ratio for a, b in together)


class TestPriceCombo:
    def test_an_entry_is_a_credit_at_the_mid_and_a_smaller_one_at_the_natural(self) -> None:
        # Mids 8.15, 10.20, 6.55, 4.10; bids of the shorts 10.00 and 6.40, asks of the longs 8.30 and 4.20.
        assert price_combo(entry_legs(LEGS), QUOTES) == ComboPrice(mid_pts=-4.5, natural_pts100=-390)

    def test_an_exit_is_a_debit_at_the_mid_and_a_larger_one_at_the_natural(self) -> None:
        assert price_combo(exit_legs(LEGS), QUOTES) == ComboPrice(mid_pts=4.5, natural_pts100=510)

    def test_one_vix_call_is_bought_at_the_ask_and_sold_at_the_bid(self) -> None:
        call = option(24, Right.CALL, TradingClass.VIX)
        quotes = {call: quote(95, 100)}

        assert price_combo((Leg(call, 1),), quotes) == ComboPrice(0.975, 100)
        assert price_combo((Leg(call, -1),), quotes) == ComboPrice(-0.975, -95)

    @pytest.mark.parametrize("broken", [None, quote(None, 830), quote(800, None), quote(830, 800)])
    def test_there_is_no_price_when_one_leg_has_no_two_sided_quote(self, broken: Quote | None) -> None:
        quotes = {contract: value for contract, value in QUOTES.items() if contract != LEGS.put_long}
        if broken is not None:
            quotes[LEGS.put_long] = broken

        assert price_combo(entry_legs(LEGS), quotes) is None

    def test_a_bid_of_zero_is_a_price(self) -> None:
        assert price_combo(entry_legs(LEGS), {**QUOTES, LEGS.call_long: quote(0, 5)}) is not None

    @given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 400)), min_size=4, max_size=4))
    def test_nobody_buys_below_the_mid_and_both_directions_meet_there(self, sides: list[tuple[int, int]]) -> None:
        quotes = {
            contract: quote(bid, bid + width) for contract, (bid, width) in zip(LEGS.contracts, sides, strict=True)
        }
        entry, leave = price_combo(entry_legs(LEGS), quotes), price_combo(exit_legs(LEGS), quotes)

        assert entry is not None
        assert leave is not None
        assert entry.mid_pts == -leave.mid_pts
        assert entry.natural_pts100 >= entry.mid_pts * 100 - 1e-9
        assert entry.natural_pts100 + leave.natural_pts100 == sum(width for _, width in sides)


def test_legs_of_different_expiries_are_an_error_of_ours() -> None:
    other = option(3525, Right.CALL)
    other = type(other)(other.trading_class, EXPIRY.replace(day=27), other.strike_pts100, other.right)

    with pytest.raises(AssertionError, match="one expiry"):
        CondorLegs(LEGS.put_long, LEGS.put_short, LEGS.call_short, other)
