"""Settlement values are real: SPX closed at 2304.92 on 2020-03-20, VRO was 25.51 on 2008-02-19."""

from datetime import UTC, date, datetime

import pytest
from ledger_values import CALL_LONG, PUT_LONG, PUT_SHORT, con_id, condor_trades, option, trade

from daemon.core.book.book import EntryKind, fold
from daemon.core.book.settlement import intrinsic_pts100, settlement_entries, settlement_entry
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import exec_stem
from daemon.core.orders.intent import Strategy
from daemon.errors import InvariantError

AT = datetime(2020, 3, 20, 20, 0, tzinfo=UTC)
VIX_HALF = option(22.5, Right.CALL, date(2008, 2, 19), TradingClass.VIX)


class TestIntrinsicValue:
    @pytest.mark.parametrize(
        ("contract", "value_pts", "pays_pts100"),
        [
            (PUT_SHORT, 2304.92, 89_508),
            (CALL_LONG, 2304.92, 0),
            (VIX_HALF, 25.51, 301),
            (option(22.5, Right.PUT, date(2008, 2, 19), TradingClass.VIX), 25.51, 0),
            (option(25, Right.CALL, date(2008, 2, 19), TradingClass.VIX), 25.0, 0),
            (option(3200, Right.CALL), 3200.005, 1),
        ],
    )
    def test_an_option_pays_what_it_is_in_the_money(
        self, contract: OptionContract, value_pts: float, pays_pts100: int
    ) -> None:
        assert intrinsic_pts100(contract, value_pts) == pays_pts100

    @pytest.mark.parametrize("value_pts", [0.0, -1.0, float("nan"), float("inf")])
    def test_a_value_that_cannot_be_an_index_is_refused(self, value_pts: float) -> None:
        with pytest.raises(InvariantError, match="cannot settle at"):
            intrinsic_pts100(PUT_SHORT, value_pts)


class TestEntries:
    def test_the_entry_closes_the_holding_and_is_named_after_it(self) -> None:
        entry = settlement_entry(
            PUT_SHORT,
            con_id(PUT_SHORT),
            quantity_held=-2,
            value_pts=2304.92,
            strategy=Strategy.CONDOR,
            subject="C20200218-1",
            at=AT,
            session=AT.date(),
        )

        assert entry.exec_id == "settlement:SPXW:2020-03-20:3200P:C20200218-1"
        assert (entry.kind, entry.quantity, entry.price_pts100) == (EntryKind.SETTLEMENT, 2, 89_508)
        assert (entry.order_ref, entry.fee_usd_e4) == (None, 0)

    def test_a_strike_with_a_fraction_keeps_the_id_whole(self) -> None:
        book = fold([trade("a.1.1", VIX_HALF, 4, 95, subject="L1")])

        (entry,) = settlement_entries(book, VIX_HALF, 25.51, at=AT, session=AT.date())

        assert entry.exec_id == "settlement:VIX:2008-02-19:22.5C:L1"
        assert exec_stem(entry.exec_id) == (entry.exec_id, 0)

    def test_each_subject_settles_its_own_part_of_a_shared_contract(self) -> None:
        book = fold(
            [
                trade("a.1.1", PUT_SHORT, -2, 320),
                trade("a.2.1", PUT_SHORT, 2, 300, subject="C20200219-1"),
                trade("a.3.1", PUT_LONG, 2, 145),
            ]
        )

        entries = settlement_entries(book, PUT_SHORT, 2304.92, at=AT, session=AT.date())

        assert [(entry.subject, entry.quantity) for entry in entries] == [("C20200218-1", 2), ("C20200219-1", -2)]

    def test_a_contract_that_nobody_holds_settles_nothing(self) -> None:
        assert settlement_entries(fold(condor_trades()), option(3000), 2304.92, at=AT, session=AT.date()) == ()
