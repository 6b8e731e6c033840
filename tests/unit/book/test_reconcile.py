from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_values import (
    AT,
    CALL_LONG,
    CALL_SHORT,
    PUT_LONG,
    PUT_SHORT,
    SESSION,
    VIX_CALL,
    by_stem,
    call_intent,
    combo_fact,
    con_id,
    condor_intent,
    condor_trades,
    fact,
    fee,
    in_state,
    option,
    order,
    position,
    snapshot,
    trade,
)

from daemon.core.book.book import BookEntry, EntryKind, fold
from daemon.core.book.breaks import BreakKind, Reconciliation
from daemon.core.book.reconcile import OurSide, entry_from_execution, reconcile
from daemon.core.book.settlement import settlement_entries
from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.broker_facts import ExecId, OrderStatus, PositionFact, Snapshot
from daemon.core.orders.intent import Intent, IntentState, OrderRef
from daemon.errors import InvariantError

ENTRY = in_state(condor_intent(), IntentState.FILLED, 7001)
LEGS = {PUT_LONG: 2, PUT_SHORT: -2, CALL_SHORT: -2, CALL_LONG: 2}
HELD = [position(contract, quantity) for contract, quantity in LEGS.items()]


def run(
    entries: Iterable[BookEntry],
    seen: Snapshot,
    *,
    live: Sequence[Intent] = (),
    known: Iterable[Intent] = (ENTRY,),
    settled: Iterable[OptionContract] = (),
) -> Reconciliation:
    booked = by_stem(entries)
    ours = OurSide(
        book=fold(booked.values()),
        booked=booked,
        known_refs={intent.ref for intent in (*known, *live)},
        live_intents=live,
    )
    return reconcile(ours, seen, past_settlement=set(settled).__contains__)


def kinds(result: Reconciliation) -> list[tuple[BreakKind, OptionContract | None]]:
    return [(found.kind, found.contract) for found in result.breaks]


class TestAgreement:
    def test_a_book_that_agrees_has_no_break(self) -> None:
        result = run(condor_trades(), snapshot(positions=HELD))

        assert not result.breaks
        assert not result.blocking
        assert not result.notes
        assert not result.executions_to_book
        assert not result.to_settle
        assert not result.settling

    def test_rows_of_zero_are_no_position(self) -> None:
        rows = [*HELD, position(option(3000), 0), PositionFact(ConId(9), None, 0, "AAPL STK")]

        assert run(condor_trades(), snapshot(positions=rows)).breaks == ()

    def test_condors_that_share_a_contract_are_compared_by_their_net(self) -> None:
        entries = [trade("a.1.1", PUT_SHORT, -2, 320), trade("a.2.1", PUT_SHORT, 1, 300, subject="C20200219-1")]

        assert run(entries, snapshot(positions=[position(PUT_SHORT, -1)])).breaks == ()

    def test_executions_that_are_booked_are_not_booked_again(self) -> None:
        trades = condor_trades()

        result = run(trades, snapshot(positions=HELD, executions=map(fact, trades)))

        assert not result.executions_to_book
        assert not result.breaks


class TestMissedFill:
    def test_missing_executions_are_booked_oldest_first_and_explain_the_position(self) -> None:
        puts, calls = condor_trades()[:2], condor_trades(minutes=1)[2:]

        result = run((), snapshot(positions=HELD, executions=[fact(entry) for entry in (*calls, *puts)]))

        assert [found.exec_id for found in result.executions_to_book] == [e.exec_id for e in (*puts, *calls)]
        assert {kind for kind, _ in kinds(result)} == {BreakKind.MISSED_FILL}
        assert not result.blocking
        assert not result.open_breaks

    def test_the_booked_entry_is_the_execution_under_its_intent(self) -> None:
        expected = condor_trades()[1]

        assert entry_from_execution(fact(expected), ENTRY, SESSION) == expected

    def test_a_combo_execution_is_never_booked(self) -> None:
        result = run((), snapshot(executions=[combo_fact()]))

        assert not result.executions_to_book
        with pytest.raises(InvariantError, match="only legs"):
            entry_from_execution(combo_fact(), ENTRY, SESSION)

    def test_a_correction_is_booked_by_its_difference(self) -> None:
        corrected = replace(fact(condor_trades()[0]), exec_id=ExecId("0000e0d5.1.02.02"), quantity=1)
        rows = [position(PUT_LONG, 1), *HELD[1:]]

        result = run(condor_trades(), snapshot(positions=rows, executions=[fact(condor_trades()[0]), corrected]))

        assert result.executions_to_book == (corrected,)
        assert not result.blocking

    def test_an_execution_without_ref_is_known_by_the_permanent_id_of_a_live_intent(self) -> None:
        working = in_state(condor_intent(), IntentState.WORKING, 7001)
        nameless = replace(fact(condor_trades()[0]), order_ref=None)

        result = run((), snapshot(positions=[position(PUT_LONG, 2)], executions=[nameless]), live=[working], known=())

        assert [found.order_ref for found in result.executions_to_book] == [working.ref]
        assert result.executed == {working.ref}
        assert not result.blocking


class TestUnexplained:
    @pytest.mark.parametrize(("contract", "account"), [(PUT_LONG, 1), (PUT_SHORT, 2), (CALL_SHORT, 0)])
    def test_a_quantity_that_differs_in_a_contract_of_ours_blocks_entries(
        self, contract: OptionContract, account: int
    ) -> None:
        rows = [position(leg, account if leg == contract else quantity) for leg, quantity in LEGS.items()]

        result = run(condor_trades(), snapshot(positions=rows))

        (found,) = result.blocking
        assert kinds(result) == [(BreakKind.UNEXPLAINED, contract)]
        assert (found.book_qty, found.account_qty, found.con_id) == (LEGS[contract], account, con_id(contract))
        assert result.open_breaks == (found,)

    def test_an_account_that_shows_nothing_is_not_taken_for_flat(self) -> None:
        result = run(condor_trades(), snapshot())

        assert kinds(result) == [(BreakKind.UNEXPLAINED, contract) for contract in sorted(LEGS)]

    def test_a_contract_that_condors_hold_with_opposite_signs_is_still_ours(self) -> None:
        entries = [trade("a.1.1", PUT_SHORT, -1, 320), trade("a.2.1", PUT_SHORT, 1, 300, subject="C20200219-1")]

        result = run(entries, snapshot(positions=[position(PUT_SHORT, 1)]))

        assert kinds(result) == [(BreakKind.UNEXPLAINED, PUT_SHORT)]

    def test_a_strangers_execution_in_a_contract_of_ours_is_named_even_when_quantities_agree(self) -> None:
        there, back = trade("s.1.1", PUT_LONG, 1, 100, ref="manual"), trade("s.2.1", PUT_LONG, -1, 100, ref="manual")

        result = run(condor_trades(), snapshot(positions=HELD, executions=[fact(there), fact(back)]))

        (found,) = result.breaks
        assert (found.kind, found.contract) == (BreakKind.UNEXPLAINED, PUT_LONG)
        assert "s.1.1, s.2.1" in found.text

    def test_a_strangers_execution_that_was_adopted_is_ours(self) -> None:
        adopted = trade("s.1.1", PUT_LONG, 1, 100, ref="manual")
        rows = [position(PUT_LONG, 3), *HELD[1:]]

        result = run([*condor_trades(), adopted], snapshot(positions=rows, executions=[fact(adopted)]))

        assert not result.breaks

    def test_an_execution_with_a_ref_of_ours_that_was_never_planned_is_not_booked(self) -> None:
        unknown = trade("s.1.1", PUT_LONG, 1, 100, ref="cd.20200101.condor.ENTRY.C20200101-1.1")
        rows = [position(PUT_LONG, 3), *HELD[1:]]

        result = run(condor_trades(), snapshot(positions=rows, executions=[fact(unknown)]))

        assert not result.executions_to_book
        assert kinds(result) == [(BreakKind.UNEXPLAINED, PUT_LONG)]

    def test_a_position_without_execution_in_a_contract_of_a_live_order_is_unexplained(self) -> None:
        working = in_state(call_intent(), IntentState.WORKING, 7002)

        result = run((), snapshot(positions=[position(VIX_CALL, 4)]), live=[working])

        assert kinds(result) == [(BreakKind.UNEXPLAINED, VIX_CALL)]


class TestForeign:
    def test_positions_that_no_open_strategy_holds_are_listed_and_block_nothing(self) -> None:
        stock = PositionFact(ConId(265598), None, 100, "AAPL STK")

        result = run(condor_trades(), snapshot(positions=[stock, *HELD, position(option(3000), -1)]))

        assert kinds(result) == [(BreakKind.FOREIGN, option(3000)), (BreakKind.FOREIGN, None)]
        assert "AAPL STK" in result.breaks[1].text
        assert not result.blocking
        assert result.open_breaks == result.breaks


class TestSettlement:
    settled = tuple(LEGS)

    def after_booking(self) -> list[BookEntry]:
        book = fold(condor_trades())
        closing = (settlement_entries(book, leg, 2304.92, at=AT, session=SESSION) for leg in LEGS)
        return [*condor_trades(), *(entry for entries in closing for entry in entries)]

    @pytest.mark.parametrize("rows", [(), tuple(position(contract, 0) for contract in LEGS)])
    def test_contracts_that_left_the_account_after_settlement_wait_for_it(self, rows: tuple[PositionFact, ...]) -> None:
        result = run(condor_trades(), snapshot(positions=rows), settled=self.settled)

        assert kinds(result) == [(BreakKind.SETTLED, contract) for contract in sorted(LEGS)]
        assert result.to_settle == tuple(sorted(LEGS))
        assert not result.blocking
        assert not result.open_breaks

    def test_contracts_still_listed_are_settling_and_no_break(self) -> None:
        result = run(condor_trades(), snapshot(positions=HELD), settled=self.settled)

        assert not result.breaks
        assert result.settling == tuple(sorted(LEGS))
        assert result.to_settle == tuple(sorted(LEGS))

    def test_contracts_settled_in_the_book_may_be_listed_until_the_night(self) -> None:
        result = run(self.after_booking(), snapshot(positions=HELD), settled=self.settled)

        assert not result.breaks
        assert not result.to_settle
        assert result.settling == tuple(sorted(LEGS))

    def test_contracts_settled_in_the_book_that_left_the_account_are_done(self) -> None:
        result = run(self.after_booking(), snapshot(), settled=self.settled)

        assert not result.breaks
        assert not result.to_settle
        assert not result.settling

    @pytest.mark.parametrize("settled_in_book", [False, True])
    def test_another_quantity_than_settled_is_unexplained(self, settled_in_book: bool) -> None:
        entries = self.after_booking() if settled_in_book else condor_trades()

        result = run(entries, snapshot(positions=[position(PUT_LONG, 3), *HELD[1:]]), settled=self.settled)

        assert kinds(result) == [(BreakKind.UNEXPLAINED, PUT_LONG)]

    def test_an_expired_position_that_was_never_ours_is_foreign(self) -> None:
        result = run((), snapshot(positions=[position(PUT_LONG, 3)]), settled=[PUT_LONG])

        assert kinds(result) == [(BreakKind.FOREIGN, PUT_LONG)]

    def test_a_contract_shared_with_opposite_signs_is_settled_for_each(self) -> None:
        entries = [trade("a.1.1", PUT_SHORT, -1, 320), trade("a.2.1", PUT_SHORT, 1, 300, subject="C20200219-1")]

        result = run(entries, snapshot(), settled=[PUT_SHORT])

        assert result.to_settle == (PUT_SHORT,)
        assert not result.blocking

    def test_the_brokers_own_settlement_execution_is_no_strangers_trade(self) -> None:
        report = replace(fact(trade("ib.1.1", PUT_LONG, -2, 87_008)), order_ref=None)

        result = run(condor_trades(), snapshot(executions=[report]), settled=self.settled)

        assert not result.executions_to_book
        assert not result.blocking

    def test_a_missed_fill_of_ours_in_an_expired_contract_is_booked_and_no_settlement_report(self) -> None:
        result = run((), snapshot(executions=map(fact, condor_trades())), settled=self.settled)

        assert len(result.executions_to_book) == 4
        assert not result.blocking

    def test_a_contract_that_leaves_before_its_settlement_is_unexplained(self) -> None:
        entries = [trade("a.1.1", VIX_CALL, 4, 95, subject="L1")]

        assert kinds(run(entries, snapshot())) == [(BreakKind.UNEXPLAINED, VIX_CALL)]


class TestOrders:
    working = in_state(condor_intent(), IntentState.WORKING, 7001)

    def test_an_open_order_is_evidence_of_its_intent(self) -> None:
        shown = order(self.working.ref)

        result = run((), snapshot(open_orders=[shown]), live=[self.working])

        assert result.evidence == {self.working.ref: shown}
        assert not result.absent
        assert not result.breaks

    def test_a_completed_order_without_ref_is_evidence_by_its_permanent_id(self) -> None:
        shown = order(None, status=OrderStatus.CANCELLED)

        assert run((), snapshot(completed=[shown]), live=[self.working]).evidence == {self.working.ref: shown}

    def test_an_open_order_outranks_a_completed_one(self) -> None:
        ended, shown = order(self.working.ref, status=OrderStatus.CANCELLED), order(self.working.ref)

        result = run((), snapshot(open_orders=[shown], completed=[ended]), live=[self.working])

        assert result.evidence == {self.working.ref: shown}

    @pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.WORKING, IntentState.UNKNOWN])
    def test_a_sent_intent_without_any_trace_is_absent(self, state: IntentState) -> None:
        intent = in_state(condor_intent(), state)

        assert run((), snapshot(), live=[intent]).absent == (intent.ref,)

    def test_a_planned_intent_was_not_sent_and_is_not_absent(self) -> None:
        assert run((), snapshot(), live=[condor_intent()]).absent == ()

    def test_an_intent_with_an_execution_is_not_absent(self) -> None:
        seen = snapshot(positions=HELD, executions=map(fact, condor_trades()))

        result = run((), seen, live=[self.working])

        assert not result.absent
        assert result.executed == {self.working.ref}

    @pytest.mark.parametrize(
        ("ref", "words"), [(ENTRY.ref, "has ended"), ("cd.20190102.condor.ENTRY.C20190102-1.1", "no intent we know")]
    )
    def test_an_open_order_of_ours_without_a_live_intent_is_an_orphan(self, ref: str, words: str) -> None:
        result = run((), snapshot(open_orders=[order(ref)]))

        (found,) = result.breaks
        assert (found.kind, found.order_ref, found.perm_id) == (BreakKind.OUR_ORPHAN, OrderRef(ref), 7001)
        assert words in found.text
        assert not result.blocking

    def test_a_second_open_order_with_one_ref_is_an_orphan(self) -> None:
        orders = [order(self.working.ref), order(self.working.ref, perm_id=7002)]

        result = run((), snapshot(open_orders=orders), live=[self.working])

        (found,) = result.breaks
        assert (found.kind, found.perm_id) == (BreakKind.OUR_ORPHAN, 7002)
        assert "another order" in found.text

    @pytest.mark.parametrize("ref", [None, "manual", "cdx.1"])
    def test_orders_of_others_are_none_of_our_business(self, ref: str | None) -> None:
        assert run((), snapshot(open_orders=[order(ref, perm_id=1)])).breaks == ()


class TestFees:
    def test_fees_are_added_where_a_booked_entry_lacks_one(self) -> None:
        known = trade("a.1.1", PUT_LONG, 2, 145, fee=23_000)
        lacking, missing = trade("a.2.1", PUT_SHORT, -2, 320), trade("a.3.1", CALL_SHORT, -2, 310, ref=ENTRY.ref)
        fees = [fee(exec_id) for exec_id in ("a.1.1", "a.2.1", "a.3.1", "stranger.1.1")]
        rows = [position(entry.contract, entry.quantity) for entry in (known, lacking, missing)]

        result = run([known, lacking], snapshot(positions=rows, executions=[fact(missing)], fees=fees))

        assert [found.exec_id for found in result.fees_to_add] == ["a.2.1", "a.3.1"]


class TestNetPrice:
    def test_legs_that_add_up_to_the_combo_are_not_mentioned(self) -> None:
        trades = condor_trades(quantity=2)

        result = run(trades, snapshot(positions=HELD, executions=[combo_fact(), *map(fact, trades)]))

        assert not result.notes

    def test_legs_that_cost_something_else_are_mentioned(self) -> None:
        trades = condor_trades(quantity=2)

        result = run(trades, snapshot(positions=HELD, executions=[combo_fact(net_pts100=-360), *map(fact, trades)]))

        assert result.notes == ("order 7001: its legs cost -7.10 points in all, the combo -7.20",)

    def test_only_the_last_revision_counts(self) -> None:
        trades = condor_trades(quantity=2)
        first = combo_fact("0000e0d5.1.01.01", net_pts100=-360)

        result = run(
            trades, snapshot(positions=HELD, executions=[combo_fact("0000e0d5.1.01.02"), first, *map(fact, trades)])
        )

        assert not result.notes


def test_a_break_says_whether_it_blocks_and_whether_it_heals() -> None:
    assert {kind for kind in BreakKind if kind.blocks_entries} == {BreakKind.UNEXPLAINED}
    assert {kind for kind in BreakKind if not kind.heals_itself} == {BreakKind.FOREIGN, BreakKind.UNEXPLAINED}


def test_settlements_are_told_apart_from_trades_by_their_kind() -> None:
    late = trade("a.2.1", PUT_LONG, -2, 100, at=AT + timedelta(minutes=1))
    sold = [trade("a.1.1", PUT_LONG, 2, 145), late]

    result = run(sold, snapshot(positions=[position(PUT_LONG, 2)]), settled=[PUT_LONG])

    assert late.kind is EntryKind.TRADE
    assert kinds(result) == [(BreakKind.FOREIGN, PUT_LONG)]
