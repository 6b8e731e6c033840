from dataclasses import replace

import pytest
from ledger_values import CALL_LONG, CALL_SHORT, PUT_LONG, PUT_SHORT, VIX_CALL, condor_trades, trade

from daemon.core.book.book import EntryKind, fold
from daemon.core.book.pnl import (
    holding_pnl_usd_cents,
    strategy_pnl_usd_cents,
    unrealised_usd,
    value_usd_e4,
)
from daemon.core.orders.intent import Strategy

MARKS = {PUT_LONG: 0.70, PUT_SHORT: 1.55, CALL_SHORT: 1.60, CALL_LONG: 0.60}
"""The condor is worth 1.85 to buy back; sold at 3.55 it has earned 1.70 x 100 x 2 = 340.00 dollars."""


class TestHolding:
    def test_an_open_condor_has_earned_credit_minus_cost_minus_fees(self) -> None:
        holding = fold(replace(entry, fee_usd_e4=23_000) for entry in condor_trades(quantity=2)).holdings["C20200218-1"]

        assert value_usd_e4(holding.positions, MARKS) == -3_700_000
        assert holding_pnl_usd_cents(holding, MARKS) == 34_000 - 920

    @pytest.mark.parametrize("missing", MARKS)
    def test_pnl_is_unknown_while_a_mark_is_missing(self, missing: object) -> None:
        holding = fold(condor_trades()).holdings["C20200218-1"]
        marks = {contract: mark for contract, mark in MARKS.items() if contract is not missing}

        assert holding_pnl_usd_cents(holding, marks) is None
        assert value_usd_e4(holding.positions, marks) is None

    def test_a_worthless_mark_of_zero_is_a_mark(self) -> None:
        holding = fold([trade("a.1.1", VIX_CALL, 4, 95, subject="L1")]).holdings["L1"]

        assert holding_pnl_usd_cents(holding, {VIX_CALL: 0.0}) == -38_000

    @pytest.mark.parametrize(("fee_usd_e4", "cents"), [(49, 0), (50, -1), (149, -1), (150, -2)])
    def test_fractions_of_a_cent_are_rounded_once_and_halves_against_us(self, fee_usd_e4: int, cents: int) -> None:
        holding = fold([trade("a.1.1", VIX_CALL, 1, 0, subject="L1", fee=fee_usd_e4)]).holdings["L1"]

        assert holding_pnl_usd_cents(holding, {VIX_CALL: 0.0}) == cents


class TestStrategy:
    def test_pnl_of_a_strategy_adds_open_and_closed_subjects(self) -> None:
        expired = replace(trade("settlement:a", VIX_CALL, -4, 0, subject="L1"), kind=EntryKind.SETTLEMENT)
        book = fold([*condor_trades(quantity=2), trade("a.1.1", VIX_CALL, 4, 95, subject="L1"), expired])

        assert strategy_pnl_usd_cents(book, Strategy.HEDGE, {}) == -38_000
        assert strategy_pnl_usd_cents(book, Strategy.CONDOR, MARKS) == 34_000
        assert strategy_pnl_usd_cents(book, Strategy.CONDOR, {}) is None


class TestUnrealised:
    def test_what_is_held_gains_over_its_mean_price(self) -> None:
        bought = [trade("a.1.1", VIX_CALL, 3, 100, subject="L1"), trade("b.1.1", VIX_CALL, 1, 200, subject="L1")]

        # 4 calls at 1.25 on average, worth 2.00: 0.75 x 100 x 4
        assert unrealised_usd(bought, {VIX_CALL: 2.0}) == pytest.approx(300)

    def test_what_is_closed_leaves_at_the_mean_price(self) -> None:
        entries = [trade("a.1.1", VIX_CALL, 4, 125, subject="L1"), trade("b.1.1", VIX_CALL, -3, 900, subject="L1")]

        assert unrealised_usd(entries, {VIX_CALL: 2.0}) == pytest.approx(75)

    def test_what_is_turned_over_begins_anew_at_the_price_of_the_turn(self) -> None:
        entries = [trade("a.1.1", VIX_CALL, 1, 100, subject="L1"), trade("b.1.1", VIX_CALL, -3, 300, subject="L1")]

        # Short 2 at 3.00, worth 2.00.
        assert unrealised_usd(entries, {VIX_CALL: 2.0}) == pytest.approx(200)

    def test_nothing_held_has_gained_nothing_and_needs_no_mark(self) -> None:
        entries = [trade("a.1.1", VIX_CALL, 1, 100, subject="L1"), trade("b.1.1", VIX_CALL, -1, 300, subject="L1")]

        assert unrealised_usd(entries, {}) == 0

    def test_two_layers_hold_one_contract_each_at_its_own_price_and_a_missing_mark_leaves_it_unknown(self) -> None:
        entries = [trade("a.1.1", VIX_CALL, 1, 100, subject="L1"), trade("b.1.1", VIX_CALL, 1, 300, subject="L2")]

        assert unrealised_usd(entries, {VIX_CALL: 2.0}) == pytest.approx(100 - 100)
        assert unrealised_usd(entries, {}) is None
