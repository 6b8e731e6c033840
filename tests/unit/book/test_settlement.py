"""Settlement values are real: SPX closed at 2304.92 on 2020-03-20, VRO was 25.51 on 2008-02-19."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from ledger_values import CALL_LONG, CALL_SHORT, PUT_LONG, PUT_SHORT, con_id, condor_trades, option, trade

from daemon.core.book.book import BookEntry, EntryKind, fold
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


def settled_usd(entries: Sequence[BookEntry], value_pts: float) -> float:
    """Return the profit of all entries when what they leave settles at a value, fees left out."""
    book = fold(entries)
    rows = [
        row
        for contract in book.positions()
        for row in settlement_entries(book, contract, value_pts, at=AT, session=AT.date())
    ]
    after = fold([*entries, *rows])
    assert after.positions() == {}
    return sum(holding.cash_usd_cents for holding in after.holdings.values()) / 100


class TestCondorsAtTheirExpiry:
    """Two condors 3175/3200 and 3475/3500 for a credit of 3.55: $710."""

    @pytest.mark.parametrize(
        ("value_pts", "profit_usd"),
        [
            (3300.00, 710),  # between the short strikes
            (3200.00, 710),  # at the short put: worth nothing
            (3187.50, 710 - 2500),  # 12.50 points in, halfway to the long put: 2 x 1,250
            (3175.00, 710 - 5000),
            (2304.92, 710 - 5000),  # through both puts: 2 x 2,500
            (3475.01, 710 - 2),
            (3490.25, 710 - 3050),  # 15.25 points over the short call
            (3600.00, 710 - 5000),
        ],
    )
    def test_a_whole_condor(self, value_pts: float, profit_usd: float) -> None:
        assert settled_usd(condor_trades(quantity=2), value_pts) == pytest.approx(profit_usd)

    @pytest.mark.parametrize(
        ("value_pts", "profit_usd"), [(3300, 350), (3187.5, 350 - 2500), (3000, 350 - 5000), (3600, 350)]
    )
    def test_a_put_side_alone(self, value_pts: float, profit_usd: float) -> None:
        # 3.20 - 1.45 = 1.75 for two: $350
        puts = [entry for entry in condor_trades(quantity=2) if entry.contract.right is Right.PUT]

        assert settled_usd(puts, value_pts) == pytest.approx(profit_usd)

    @pytest.mark.parametrize(
        ("value_pts", "profit_usd"),
        [
            (3300, 710 + 560),
            (3410, 710 + 560 - 2000),  # 10 points over the new short call
            (3480, 710 + 560 - 5000),  # the new calls are through; the old ones are gone
            (3187.5, 710 + 560 - 2500),
        ],
    )
    def test_an_adjusted_condor(self, value_pts: float, profit_usd: float) -> None:
        # The calls 3475/3500 were rolled to 3400/3425 for 2.80.
        new_short, new_long = option(3400, Right.CALL), option(3425, Right.CALL)
        rows = ((CALL_SHORT, 2, 60), (CALL_LONG, -2, 30), (new_short, -2, 610), (new_long, 2, 300))
        roll = [trade(f"5.{n}.01", *row) for n, row in enumerate(rows)]

        assert settled_usd([*condor_trades(quantity=2), *roll], value_pts) == pytest.approx(profit_usd)

    @pytest.mark.parametrize(
        ("value_pts", "profit_usd"),
        [(3300, 110), (3490, 110 - 1500), (3600, 110 - 12_500 + 2 * 10_000), (3187.5, 110 - 2500)],
    )
    def test_a_condor_in_parts(self, value_pts: float, profit_usd: float) -> None:
        # One of the two short calls was bought back for 6.00 alone: 710 - 600; one short and two long calls are left.
        bought = trade("6.1.01", CALL_SHORT, 1, 600)

        assert settled_usd([*condor_trades(quantity=2), bought], value_pts) == pytest.approx(profit_usd)
