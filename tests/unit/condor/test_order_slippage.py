"""Slippage in three parts: what each of them means, that they add up, and that unknown is not zero."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_values import condor_intent

from daemon.core.orders.intent import ComboPrice, FillMarket
from daemon.core.orders.slippage import market_of_fill, slippage_of


class TestParts:
    def test_an_entry_that_waited_in_a_falling_market(self) -> None:
        # Decided at a credit of 4.50; when the price was set that filled the mid was 4.40 and the natural 3.90; sold
        # at 4.15. Waiting cost 0.10, half the spread was 0.50, and 0.25 of it came back.
        parts = slippage_of(-4.50, FillMarket(-4.40, -3.90), -4.15)

        assert parts.delay_pts == pytest.approx(0.10)
        assert parts.spread_pts == pytest.approx(0.50)
        assert parts.execution_pts == pytest.approx(-0.25)

    def test_a_call_bought_through_the_ask(self) -> None:
        parts = slippage_of(1.30, FillMarket(1.25, 1.40), 1.45)

        assert parts.delay_pts == pytest.approx(-0.05)
        assert parts.spread_pts == pytest.approx(0.15)
        assert parts.execution_pts == pytest.approx(0.05)

    def test_dollars_are_those_of_the_quantity(self) -> None:
        # 0.35 points x 100 dollars x 2 condors = 70 dollars.
        parts = slippage_of(-4.50, FillMarket(-4.40, -3.90), -4.15)

        assert parts.usd_cents(7_000, units=2) == (2_000, 10_000, -5_000)

    @given(
        st.integers(-8000, 8000),
        st.integers(-8000, 8000),
        st.integers(0, 2000),
        st.integers(-8000, 8000),
        st.integers(1, 7),
    )
    def test_the_parts_add_up_in_points_and_to_the_cent(
        self, decided: int, later: int, half: int, fill: int, units: int
    ) -> None:
        """All prices are in half cents, as mids of several legs are; a mean over units may be finer."""
        mid, fill_pts = decided / 200, fill / 200 / units
        parts = slippage_of(mid, FillMarket(later / 200 / units, (later + half) / 200 / units), fill_pts)
        total_usd_cents = round((fill_pts - mid) * 100 * 100 * units)

        assert parts.delay_pts + parts.spread_pts + parts.execution_pts == pytest.approx(fill_pts - mid, abs=1e-9)
        assert sum(parts.usd_cents(total_usd_cents, units)) == total_usd_cents
        assert parts.spread_pts >= 0


class TestMarketOfAFill:
    ORDER = replace(condor_intent(quantity=5), quoted=ComboPrice(-4.50, -400))

    def test_the_first_fill_is_of_the_market_its_price_was_made_from(self) -> None:
        assert market_of_fill(self.ORDER, 2) == FillMarket(-4.50, -4.00)

    def test_a_later_fill_at_another_price_is_weighed_by_its_units(self) -> None:
        # Two units at -4.50 / -4.00 and three at -4.20 / -3.80.
        before = replace(self.ORDER, filled=2, fill_market=FillMarket(-4.50, -4.00), quoted=ComboPrice(-4.20, -380))

        found = market_of_fill(before, 5)

        assert found is not None
        assert found.mid_pts == pytest.approx((2 * -4.50 + 3 * -4.20) / 5)
        assert found.natural_pts == pytest.approx((2 * -4.00 + 3 * -3.80) / 5)

    def test_an_execution_that_completes_no_unit_changes_nothing(self) -> None:
        before = replace(self.ORDER, filled=2, fill_market=FillMarket(-4.50, -4.00))

        assert market_of_fill(before, 2) == before.fill_market

    def test_a_part_without_a_known_market_makes_the_whole_unknown(self) -> None:
        unknown = replace(self.ORDER, quoted=None)

        assert market_of_fill(unknown, 1) is None
        assert market_of_fill(replace(self.ORDER, filled=1, fill_market=None), 5) is None
