"""The ledger of these tests is worked out by hand.

Two condors sold at a net 3.55: 2 x (-1.45 + 3.20 + 3.10 - 1.30) x 100 = 710.00 dollars, 1.15 a contract in fees.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from ledger_values import (
    CALL_LONG,
    CALL_SHORT,
    PUT_LONG,
    PUT_SHORT,
    VIX_CALL,
    condor_trades,
    option,
    trade,
)

from daemon.core.book.book import EMPTY, add_fee, append, entry_cash_usd_cents, fold
from daemon.core.book.settlement import settlement_entries
from daemon.core.orders.intent import Strategy
from daemon.errors import InvariantError

CLOSE = datetime(2020, 3, 20, 20, 0, tzinfo=UTC)


class TestFold:
    def test_an_entry_of_one_contract_at_4_35_points_costs_435_dollars(self) -> None:
        assert entry_cash_usd_cents(trade("a.1.1", PUT_LONG, 1, 435)) == -43_500

    def test_a_sold_condor_brings_its_credit_in(self) -> None:
        book = fold(condor_trades(quantity=2))

        holding = book.holdings["C20200218-1"]
        assert holding.strategy is Strategy.CONDOR
        assert holding.positions == {PUT_LONG: 2, PUT_SHORT: -2, CALL_SHORT: -2, CALL_LONG: 2}
        assert holding.cash_usd_cents == 71_000
        assert holding.fees_usd_e4 == 0

    def test_fees_are_kept_apart_from_cash(self) -> None:
        trades = [replace(entry, fee_usd_e4=23_000) for entry in condor_trades(quantity=2)]

        holding = fold(trades).holdings["C20200218-1"]

        assert (holding.cash_usd_cents, holding.fees_usd_e4) == (71_000, 92_000)

    def test_a_condor_that_settles_below_its_puts_loses_width_minus_credit(self) -> None:
        # SPX closed at 2304.92 on 2020-03-20: the most a 25-point condor can lose is (25 - 3.55) x 100 x 2 = 4,290.
        book = fold(condor_trades(quantity=2))
        settled = [
            entry
            for leg in (PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG)
            for entry in settlement_entries(book, leg, 2304.92, at=CLOSE, session=CLOSE.date())
        ]

        after = fold([*condor_trades(quantity=2), *settled])

        assert after.holdings["C20200218-1"].positions == {}
        assert after.holdings["C20200218-1"].cash_usd_cents == -429_000
        assert after.positions() == {}

    def test_a_contract_bought_and_sold_leaves_the_position_and_keeps_the_cash(self) -> None:
        bought, sold = trade("a.1.1", VIX_CALL, 4, 95, subject="L1"), trade("a.2.1", VIX_CALL, -4, 340, subject="L1")

        holding = fold([bought, sold]).holdings["L1"]

        assert holding.positions == {}
        assert holding.cash_usd_cents == 4 * (34_000 - 9_500)

    def test_two_condors_may_hold_one_contract_with_opposite_signs(self) -> None:
        book = fold([trade("a.1.1", PUT_SHORT, -1, 320), trade("a.2.1", PUT_SHORT, 1, 300, subject="C20200219-1")])

        assert book.positions() == {}
        assert [holding.subject for holding in book.open_subjects(Strategy.CONDOR)] == ["C20200218-1", "C20200219-1"]

    def test_a_subject_belongs_to_one_strategy(self) -> None:
        as_hedge = replace(trade("a.2.1", PUT_LONG, 1, 100), strategy=Strategy.HEDGE)

        with pytest.raises(InvariantError, match="C20200218-1"):
            fold([trade("a.1.1", PUT_LONG, 1, 100), as_hedge])

    def test_open_subjects_leave_out_what_is_closed_and_the_other_strategy(self) -> None:
        book = fold([*condor_trades(), trade("b.1.1", VIX_CALL, 4, 95, subject="L1")])

        assert [holding.subject for holding in book.open_subjects(Strategy.HEDGE)] == ["L1"]

    def test_a_contract_of_another_expiry_is_another_position(self) -> None:
        other = option(3200, expiry=date(2020, 3, 18))

        book = fold([trade("a.1.1", PUT_SHORT, -1, 320), trade("a.2.1", other, -1, 310)])

        assert book.positions() == {other: -1, PUT_SHORT: -1}


class TestOneByOne:
    def test_appending_gives_the_same_book_as_folding(self) -> None:
        entries = [*condor_trades(), trade("b.1.1", VIX_CALL, 4, 95, subject="L1", fee=42_000)]

        book = EMPTY
        for entry in entries:
            book = append(book, entry)

        assert book == fold(entries)

    def test_a_late_fee_gives_the_same_book_as_one_that_was_there(self) -> None:
        entry = trade("b.1.1", VIX_CALL, 4, 95, subject="L1")

        assert add_fee(fold([entry]), "L1", 42_000) == fold([replace(entry, fee_usd_e4=42_000)])
