from collections.abc import Sequence
from dataclasses import replace

import pytest
from ledger_values import (
    CONDOR_LEGS,
    PUT_LONG,
    PUT_SHORT,
    VIX_CALL,
    condor_intent,
    condor_record,
    condor_trades,
    option,
    trade,
)

from daemon.core.book.book import BookEntry, fold
from daemon.core.book.condors import OpenCondor, TradeRole, layer_positions, open_condors, trade_role
from daemon.core.condor.legs import CondorLegs
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Purpose

SECOND = "C20200219-1"


def seen(entries: Sequence[BookEntry]) -> tuple[OpenCondor, ...]:
    records = (condor_record(), condor_record(condor_intent(subject=SECOND)))
    return open_condors(fold(entries), records, entries)


class TestOpenCondors:
    def test_a_filled_condor_is_open_with_its_net_credit(self) -> None:
        (condor,) = seen(condor_trades(quantity=2))

        assert (condor.record.condor_id, condor.quantity, condor.whole) == ("C20200218-1", 2, condor.record.legs)
        assert condor.credit_pts == pytest.approx(3.55)

    def test_the_credit_is_the_average_over_partial_fills(self) -> None:
        better = [replace(entry, exec_id=ExecId(f"{entry.exec_id}9.01")) for entry in condor_trades(quantity=1)]
        better[1] = replace(better[1], price_pts100=350)

        (condor,) = seen([*condor_trades(quantity=2), *better])

        assert condor.quantity == 3
        assert condor.credit_pts == pytest.approx((2 * 3.55 + 3.85) / 3)

    def test_a_partly_closed_condor_keeps_the_credit_of_its_entry(self) -> None:
        closing = [
            trade(f"9.{n}.01", leg.contract, -leg.ratio, 50, ref="exit") for n, leg in enumerate(CONDOR_LEGS, start=1)
        ]

        (condor,) = seen([*condor_trades(quantity=2), *closing])

        assert (condor.quantity, condor.whole) == (1, condor.record.legs)
        assert condor.credit_pts == pytest.approx(3.55)

    def test_a_closed_condor_and_one_that_never_filled_are_not_open(self) -> None:
        closing = [
            trade(f"9.{n}.01", leg.contract, -2 * leg.ratio, 50, ref="exit")
            for n, leg in enumerate(CONDOR_LEGS, start=1)
        ]

        assert seen([*condor_trades(quantity=2), *closing]) == ()

    def test_condors_are_listed_in_the_order_they_were_planned(self) -> None:
        entries = [*condor_trades(subject=SECOND, first=2), *condor_trades()]

        assert [condor.record.condor_id for condor in seen(entries)] == ["C20200218-1", SECOND]

    def test_a_condor_that_is_known_is_taken_as_it_is_and_the_others_are_derived(self) -> None:
        entries = [*condor_trades(), *condor_trades(subject=SECOND, first=2)]
        records = (condor_record(), condor_record(condor_intent(subject=SECOND)))
        first, second = seen(entries)

        again = open_condors(fold(entries), records, entries, known={SECOND: second})

        assert again == (first, second)
        assert again[1] is second
        assert again[0] is not first

    def test_a_known_condor_that_holds_nothing_any_more_is_not_open(self) -> None:
        (condor,) = seen(condor_trades())

        assert open_condors(fold([]), (condor.record,), [], known={condor.record.condor_id: condor}) == ()

    @pytest.mark.parametrize("leg", range(4))
    def test_a_missing_leg_leaves_parts_and_the_quantity_at_risk(self, leg: int) -> None:
        entries = list(condor_trades(quantity=2))
        del entries[leg]

        (condor,) = seen(entries)

        assert (condor.quantity, condor.whole) == (2, None)
        assert condor.wing_notional_usd == 2 * 2500

    def test_a_closed_side_leaves_the_other_one_whole(self) -> None:
        puts = [trade("9.1.01", PUT_LONG, -2, 100), trade("9.2.01", PUT_SHORT, 2, 150)]

        (condor,) = seen([*condor_trades(quantity=2), *puts])

        assert condor.whole == CondorLegs(None, condor.record.legs.call)
        assert (condor.quantity, condor.wing_notional_usd) == (2, 5000)

    def test_a_short_option_that_lost_its_cover_counts_with_the_width_of_the_entry(self) -> None:
        entries = [*condor_trades(quantity=2), trade("9.1.01", PUT_LONG, -1, 100)]

        (condor,) = seen(entries)

        assert (condor.quantity, condor.whole) == (2, None)
        assert condor.wing_notional_usd == 2 * 2500

    def test_a_contract_that_is_no_leg_is_not_part_of_a_whole(self) -> None:
        (condor,) = seen([*condor_trades(quantity=2), trade("9.1.01", option(3000), 1, 100)])

        assert (condor.quantity, condor.whole) == (2, None)
        assert condor.held.loose == ((option(3000), 1),)

    def test_a_leg_held_the_wrong_way_round_risks_nothing_on_its_side(self) -> None:
        (condor,) = seen([*condor_trades(quantity=1), trade("9.1.01", PUT_SHORT, 2, 100)])

        assert (condor.quantity, condor.whole) == (1, None)
        assert condor.held.parts == ((CondorLegs(None, condor.record.legs.call), 1),)


class TestLayers:
    def test_each_layer_shows_what_it_holds(self) -> None:
        later = option(20, VIX_CALL.right, VIX_CALL.expiry.replace(month=4), VIX_CALL.trading_class)
        book = fold(
            [
                *condor_trades(),
                trade("a.1.1", VIX_CALL, 4, 95, subject="L1"),
                trade("a.2.1", later, 4, 95, subject="L2"),
                trade("a.3.1", later, 2, 95, subject="L3"),
                trade("a.4.1", later, -2, 95, subject="L3"),
            ]
        )

        assert layer_positions(book) == {"L1": {VIX_CALL: 4}, "L2": {later: 4}}


class TestAdjusted:
    NEW_SHORT, NEW_LONG = (option(strike, VIX_CALL.right) for strike in (3400, 3425))

    def rolled(self, units: int) -> list[BookEntry]:
        """Two condors at 3.55, and the call side of so many rolled for 2.80 each."""
        ref = condor_intent(purpose=Purpose.DRIFT).ref
        short, long = CONDOR_LEGS[2].contract, CONDOR_LEGS[3].contract
        rows = ((short, 1, 60), (long, -1, 30), (self.NEW_SHORT, -1, 610), (self.NEW_LONG, 1, 300))
        trades = [trade(f"5.{n}.01", c, sign * units, price, ref=ref) for n, (c, sign, price) in enumerate(rows)]
        return [*condor_trades(quantity=2), *trades]

    def test_a_roll_adds_its_credit_and_the_condor_is_whole_with_its_new_side(self) -> None:
        (condor,) = seen(self.rolled(2))

        assert condor.credit_pts == pytest.approx(3.55 + 2.80)
        assert condor.whole is not None
        assert condor.whole.contracts == (PUT_LONG, PUT_SHORT, self.NEW_SHORT, self.NEW_LONG)
        assert (condor.quantity, condor.wing_notional_usd) == (2, 5000)

    def test_half_a_roll_is_spread_over_both_condors_and_leaves_two_parts(self) -> None:
        (condor,) = seen(self.rolled(1))

        assert condor.credit_pts == pytest.approx(3.55 + 1.40)
        assert condor.whole is None
        assert [units for _, units in condor.held.parts] == [1, 1]

    def test_closing_the_new_side_is_no_entry(self) -> None:
        ref = condor_intent(purpose=Purpose.EXIT).ref
        closing = [
            trade("6.1.01", self.NEW_SHORT, 2, 900, ref=ref),
            trade("6.2.01", self.NEW_LONG, -2, 500, ref=ref),
        ]

        (condor,) = seen([*self.rolled(2), *closing])

        assert condor.credit_pts == pytest.approx(6.35)
        assert condor.whole == CondorLegs(condor.record.legs.put, None)


@pytest.mark.parametrize(
    ("purpose", "role"),
    [
        (Purpose.ENTRY, TradeRole.ENTRY),
        (Purpose.DRIFT, TradeRole.ADJUSTMENT),
        (Purpose.EXIT, TradeRole.EXIT),
        (Purpose.FLATTEN, TradeRole.EXIT),
        (Purpose.REPAIR, TradeRole.ENTRY),  # bought, and held long: in the direction of its leg
        (None, TradeRole.ENTRY),
    ],
)
def test_the_purpose_of_its_order_tells_what_a_trade_was(purpose: Purpose | None, role: TradeRole) -> None:
    ref = None if purpose is None else condor_intent(purpose=purpose).ref

    assert trade_role(condor_record(), trade("7.1.01", PUT_LONG, 1, 100, ref=ref)) is role
