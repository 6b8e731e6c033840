"""The extra layer of calls on a fund: when the dollar is strong, how many, when they go; by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hedge_values import POLICY

from daemon.core.hedge.etf import dollar_verdict, etf_sale, size_etf
from daemon.core.records import Signal, Standing

ETF = POLICY.etf


def reer(state: str, value: float | None, standing: Standing = Standing.FRESH) -> Signal:
    return Signal(
        session=date(2020, 3, 3),
        name="reer",
        value=value,
        state=state,
        as_of=date(2020, 2, 20),
        source="file reer.csv",
        standing=standing,
        text="published 130 days before",
    )


class TestDollar:
    @pytest.mark.parametrize(
        ("signals", "buys", "name"),
        [
            ([reer("strong", 1.4)], True, "etf_dollar_strong"),
            ([reer("extreme", 2.3)], True, "etf_dollar_strong"),
            ([reer("extreme", -2.3)], False, "etf_dollar_not_strong"),  # a weak dollar is extreme too
            ([reer("contained", 0.4)], False, "etf_dollar_not_strong"),
            ([reer("neutral", 1.4)], False, "etf_dollar_not_strong"),  # high, and falling
            ([reer("neutral", 1.4, Standing.STALE)], False, "etf_dollar_unknown"),
            ([reer("neutral", None, Standing.MISSING)], False, "etf_dollar_unknown"),
            ([], False, "etf_dollar_unknown"),
        ],
    )
    def test_only_a_fresh_strong_dollar_buys(self, signals: list[Signal], buys: bool, name: str) -> None:
        found, reason = dollar_verdict(signals, ETF)

        assert (found, reason.name) == (buys, name)

    def test_it_is_not_asked_by_setting(self) -> None:
        found, reason = dollar_verdict([], replace(ETF, strong_dollar=False))

        assert (found, reason.name) == (True, "etf_dollar_not_asked")

    def test_what_is_stale_says_why(self) -> None:
        _, reason = dollar_verdict([reer("neutral", 1.4, Standing.STALE)], ETF)

        assert "stale: published 130 days before" in reason.text


class TestSize:
    # A tenth of L1: 40 calls of 250 VIX delta-dollars are 10,000, a tenth of them 1,000.
    @pytest.mark.parametrize(
        ("call_usd", "held_usd", "quantity", "name"),
        [
            (990.0, 0.0, 1, "etf_purchase"),  # 100 x 30 x 0.33
            (300.0, 0.0, 3, "etf_purchase"),
            (300.0, 350.0, 2, "etf_purchase"),  # 650 are left
            (1_000.0, 0.0, 1, "etf_purchase"),
            (1_001.0, 0.0, 0, "etf_zero"),
            (300.0, 701.0, 0, "etf_zero"),
            (300.0, 1_500.0, 0, "etf_zero"),
            (0.0, 0.0, 0, "etf_zero"),
            (300.0, None, 0, "etf_held_unknown"),
        ],
    )
    def test_all_that_is_held_stays_within_a_tenth_of_the_first_layer(
        self, call_usd: float, held_usd: float | None, quantity: int, name: str
    ) -> None:
        found, reason = size_etf(call_usd, held_usd, 10_000.0, ETF)

        assert (found, reason.name, reason.limit) == (quantity, name, 1_000.0)
        if found:
            assert isinstance(reason.value, float)
            assert reason.value <= 1_000.0

    def test_without_a_first_layer_nothing_fits(self) -> None:
        assert size_etf(300.0, 0.0, 0.0, ETF)[0] == 0


class TestSale:
    @pytest.mark.parametrize(
        ("days_left", "times", "name"),
        [
            (6, 4.9, None),
            (5, 0.0, "etf_expires"),
            (4, None, "etf_expires"),
            (0, 9.0, "etf_expires"),
            (20, 5.0, "etf_gained"),
            (20, None, None),
        ],
    )
    def test_a_call_is_sold_before_it_expires_or_when_it_has_gained(
        self, days_left: int, times: float | None, name: str | None
    ) -> None:
        reason = etf_sale(days_left, times, ETF)

        assert (None if reason is None else reason.name) == name

    def test_a_multiple_of_zero_keeps_it(self) -> None:
        assert etf_sale(20, 50.0, replace(ETF, sell_multiple=0.0)) is None
