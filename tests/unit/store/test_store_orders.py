import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from ledger_values import (
    AT,
    PUT_LONG,
    SESSION,
    VIX_CALL,
    call_intent,
    condor_intent,
    condor_record,
    condor_trades,
    event,
    trade,
)

from daemon.adapters.store import SqliteStore
from daemon.core.book.book import fold
from daemon.core.condor.legs import CondorLegs
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Intent, IntentState, OrderRef, PermId
from daemon.errors import InvariantError

CONDOR, CALL = condor_intent(quantity=2), call_intent(quantity=4)


def working(store: SqliteStore, intent: Intent) -> OrderRef:
    store.plan_intent(intent)
    store.advance_intent(intent.ref, IntentState.SENDING, AT, "sending")
    store.advance_intent(intent.ref, IntentState.WORKING, AT, "seen", PermId(7001))
    return intent.ref


def transitions(path: Path) -> list[tuple[str, str, int]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT from_state, to_state, net_limit_pts100 FROM intent_transitions").fetchall()


class TestPlanning:
    def test_an_intent_comes_back_as_it_was_planned(self, store: SqliteStore, path: Path) -> None:
        store.plan_intent(CONDOR, condor_record(CONDOR))

        with closing(SqliteStore(path, "OFF")) as reopened:
            assert reopened.intent(CONDOR.ref) == CONDOR
            assert reopened.condors() == (condor_record(CONDOR),)

    def test_a_key_that_exists_is_refused(self, store: SqliteStore) -> None:
        store.plan_intent(CALL)

        with pytest.raises(InvariantError, match="planned already"):
            store.plan_intent(CALL)

    @pytest.mark.parametrize("missing", ["put", "call"])
    def test_a_condor_of_one_side_is_read_back_as_it_was(self, path: Path, missing: str) -> None:
        whole = condor_record(CONDOR)
        put, call = whole.legs.put, whole.legs.call
        legs = CondorLegs(None, call) if missing == "put" else CondorLegs(put, None)
        one_sided = replace(whole, legs=legs)
        with closing(SqliteStore(path)) as store:
            store.plan_intent(CONDOR, one_sided)

        with closing(SqliteStore(path)) as reopened:
            assert reopened.condors() == (one_sided,)

    def test_a_condor_id_that_exists_is_refused_with_its_intent(self, store: SqliteStore) -> None:
        store.plan_intent(CONDOR, condor_record(CONDOR))
        again = condor_intent(attempt=2)

        with pytest.raises(InvariantError, match="condor_id"):
            store.plan_intent(again, condor_record(again))

        assert store.intents() == (CONDOR,)

    def test_a_condor_belongs_to_the_intent_it_is_planned_with(self, store: SqliteStore) -> None:
        with pytest.raises(InvariantError, match="names the intent"):
            store.plan_intent(CALL, condor_record(CONDOR))

    @pytest.mark.parametrize(
        "changed", [replace(CALL, state=IntentState.SENDING), replace(CALL, filled=1), replace(CALL, perm_id=PermId(1))]
    )
    def test_only_a_fresh_intent_is_planned(self, store: SqliteStore, changed: Intent) -> None:
        with pytest.raises(InvariantError, match="must be PLANNED"):
            store.plan_intent(changed)

    def test_intents_are_found_by_session_subject_and_life(self, store: SqliteStore) -> None:
        tomorrow = replace(CALL, key=replace(CALL.key, session=date(2020, 2, 19)))
        for intent in (CONDOR, CALL, tomorrow):
            store.plan_intent(intent)
        store.advance_intent(CONDOR.ref, IntentState.CANCELLED, AT, "withdrawn")

        assert [i.ref for i in store.intents()] == [CONDOR.ref, CALL.ref, tomorrow.ref]
        assert [i.ref for i in store.intents(session=SESSION)] == [CONDOR.ref, CALL.ref]
        assert [i.ref for i in store.intents(subject="L1")] == [CALL.ref, tomorrow.ref]
        assert [i.ref for i in store.intents(session=SESSION, live_only=True)] == [CALL.ref]
        assert store.intent_refs() == {CONDOR.ref, CALL.ref, tomorrow.ref}


class TestAdvancing:
    def test_each_change_of_state_and_price_is_kept(self, store: SqliteStore, path: Path) -> None:
        ref = working(store, CALL)
        store.reprice_intent(ref, 97, None, AT)
        store.advance_intent(ref, IntentState.CANCELLED, AT, "the end of its ladder")

        assert transitions(path) == [
            ("PLANNED", "SENDING", 95),
            ("SENDING", "WORKING", 95),
            ("WORKING", "WORKING", 97),
            ("WORKING", "CANCELLED", 97),
        ]
        found = store.intent(ref)
        assert found is not None
        assert (found.state, found.perm_id, found.spec.net_limit_pts100) == (IntentState.CANCELLED, 7001, 97)

    def test_repeating_a_state_keeps_no_second_transition(self, store: SqliteStore, path: Path) -> None:
        ref = working(store, CALL)

        again = store.advance_intent(ref, IntentState.WORKING, AT, "seen again", PermId(7001))

        assert again == store.intent(ref)
        assert len(transitions(path)) == 2

    def test_a_permanent_id_of_zero_is_none_yet(self, store: SqliteStore) -> None:
        ref = working(store, CALL)

        assert store.advance_intent(ref, IntentState.WORKING, AT, "seen", PermId(0)).perm_id == 7001

    @pytest.mark.parametrize("state", [IntentState.PLANNED, IntentState.SENDING, IntentState.ABSENT])
    def test_an_impossible_change_is_refused(self, store: SqliteStore, state: IntentState) -> None:
        ref = working(store, CALL)

        with pytest.raises(InvariantError, match=f"cannot go from WORKING to {state}"):
            store.advance_intent(ref, state, AT, "planted")

    def test_an_intent_is_sent_once(self, store: SqliteStore) -> None:
        store.plan_intent(CALL)
        store.advance_intent(CALL.ref, IntentState.SENDING, AT, "sending")

        with pytest.raises(InvariantError, match="cannot go from SENDING to SENDING"):
            store.advance_intent(CALL.ref, IntentState.SENDING, AT, "sending")

    def test_an_intent_nobody_planned_is_refused(self, store: SqliteStore) -> None:
        with pytest.raises(InvariantError, match="no intent cd"):
            store.advance_intent(OrderRef("cd.nothing"), IntentState.SENDING, AT, "sending")

    def test_the_price_of_an_order_that_ended_is_not_changed(self, store: SqliteStore) -> None:
        ref = working(store, CALL)
        store.advance_intent(ref, IntentState.CANCELLED, AT, "cancelled")

        with pytest.raises(InvariantError, match="CANCELLED"):
            store.reprice_intent(ref, 97, None, AT)


class TestExecutions:
    def test_an_order_of_one_contract_fills_by_its_executions(self, store: SqliteStore) -> None:
        ref = working(store, CALL)
        states = []
        for number, quantity in enumerate((1, 3), start=1):
            store.record_execution(trade(f"b.{number}.01", VIX_CALL, quantity, 95, subject="L1", ref=ref), event())
            intent = store.intent(ref)
            assert intent is not None
            states.append((intent.filled, intent.state))

        assert states == [(1, IntentState.WORKING), (4, IntentState.FILLED)]

    def test_a_combo_counts_whole_combos_by_its_smallest_leg(self, store: SqliteStore) -> None:
        ref = working(store, CONDOR)
        filled = []
        for entry in (*condor_trades(quantity=1), *condor_trades(quantity=1, first=2)):
            store.record_execution(entry, event())
            intent = store.intent(ref)
            assert intent is not None
            filled.append((intent.filled, intent.state))

        working_state = IntentState.WORKING
        partly = [(0, working_state)] * 3 + [(1, working_state)] * 4
        assert filled == [*partly, (2, IntentState.FILLED)]

    def test_a_sale_fills_by_negative_quantities(self, store: SqliteStore) -> None:
        legs = tuple(replace(leg, ratio=-leg.ratio) for leg in CALL.spec.legs)
        ref = working(store, replace(CALL, spec=replace(CALL.spec, legs=legs)))

        store.record_execution(trade("b.1.01", VIX_CALL, -4, 340, subject="L1", ref=ref), event())

        intent = store.intent(ref)
        assert intent is not None
        assert (intent.filled, intent.state) == (4, IntentState.FILLED)

    def test_a_fill_in_the_wrong_direction_is_booked_and_fills_nothing(self, store: SqliteStore) -> None:
        ref = working(store, CALL)

        store.record_execution(trade("b.1.01", VIX_CALL, -4, 95, subject="L1", ref=ref), event())

        intent = store.intent(ref)
        assert intent is not None
        assert (intent.filled, intent.state) == (0, IntentState.WORKING)
        assert store.book().positions() == {VIX_CALL: -4}

    def test_a_fill_after_the_cancel_is_booked_and_fills_the_intent(self, store: SqliteStore, path: Path) -> None:
        ref = working(store, CALL)
        store.advance_intent(ref, IntentState.CANCELLED, AT, "cancelled")

        assert store.record_execution(trade("b.1.01", VIX_CALL, 4, 95, subject="L1", ref=ref), event())

        intent = store.intent(ref)
        assert intent is not None
        assert intent.state is IntentState.FILLED
        assert transitions(path)[-1] == ("CANCELLED", "FILLED", 95)

    def test_a_partial_fill_after_the_cancel_leaves_the_state(self, store: SqliteStore) -> None:
        ref = working(store, CALL)
        store.advance_intent(ref, IntentState.CANCELLED, AT, "cancelled")

        store.record_execution(trade("b.1.01", VIX_CALL, 1, 95, subject="L1", ref=ref), event())

        intent = store.intent(ref)
        assert intent is not None
        assert (intent.filled, intent.state) == (1, IntentState.CANCELLED)

    def test_execution_and_event_are_booked_together_once(self, store: SqliteStore) -> None:
        ref = working(store, CALL)
        entry = trade("b.1.01", VIX_CALL, 1, 95, subject="L1", ref=ref)

        assert store.record_execution(entry, event(exec_id="b.1.01"))
        assert not store.record_execution(entry, event(exec_id="b.1.01"))

        assert store.entries() == (entry,)
        assert [found.fields for found in store.events()] == [{"exec_id": "b.1.01"}]

    def test_an_execution_without_an_intent_of_ours_is_booked_when_adopted(self, store: SqliteStore) -> None:
        adopted = trade("s.1.01", PUT_LONG, 1, 100, ref="manual")

        assert store.record_execution(adopted, event())
        assert store.entries() == (adopted,)

    def test_the_book_read_again_equals_the_one_in_memory(self, store: SqliteStore, path: Path) -> None:
        working(store, CONDOR)
        working(store, replace(CALL, key=replace(CALL.key, attempt=2)))
        for entry in (*condor_trades(), trade("b.1.01", VIX_CALL, 4, 95, subject="L1")):
            store.record_execution(entry, event())
            store.record_fee(entry.exec_id, 11_500)

        with closing(SqliteStore(path, "OFF")) as reopened:
            assert reopened.entries() == store.entries()
            assert reopened.book() == store.book() == fold(store.entries())
            assert reopened.booked() == store.booked()
            assert reopened.intents() == store.intents()


class TestRevisions:
    first = trade("0000e0d5.1.02.01", VIX_CALL, 4, 95, subject="L1", ref=CALL.ref)
    second = replace(first, exec_id=ExecId("0000e0d5.1.02.02"), quantity=3, price_pts100=96)

    def test_a_higher_revision_supersedes(self, store: SqliteStore) -> None:
        working(store, CALL)

        assert store.record_execution(self.first, event())
        before = store.book()
        assert store.record_execution(self.second, event())

        assert before == fold([self.first])
        assert store.entries() == (self.second,)
        assert store.book().positions() == {VIX_CALL: 3}
        assert store.book() == fold([self.second])

    def test_a_lower_or_equal_revision_is_ignored(self, store: SqliteStore) -> None:
        working(store, CALL)
        store.record_execution(self.second, event())

        assert not store.record_execution(self.first, event())
        assert not store.record_execution(self.second, event())
        assert store.entries() == (self.second,)
        assert len(store.events()) == 1

    def test_a_revision_counts_once_for_the_intent(self, store: SqliteStore) -> None:
        ref = working(store, CALL)
        store.record_execution(replace(self.first, quantity=2), event())
        store.record_execution(self.second, event())

        intent = store.intent(ref)
        assert intent is not None
        assert (intent.filled, intent.state) == (3, IntentState.WORKING)

    def test_a_bust_to_zero_takes_the_position_back(self, store: SqliteStore) -> None:
        working(store, CALL)
        store.record_execution(self.first, event())
        store.record_execution(replace(self.second, quantity=0), event())

        assert store.book().positions() == {}

    def test_superseded_revisions_stay_on_disk(self, store: SqliteStore, path: Path) -> None:
        working(store, CALL)
        store.record_execution(self.first, event())
        store.record_execution(self.second, event())

        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("SELECT revision, quantity FROM executions ORDER BY 1").fetchall() == [(1, 4), (2, 3)]

    def test_a_correction_keeps_the_fee_until_its_own_arrives(self, store: SqliteStore, path: Path) -> None:
        working(store, CALL)
        store.record_execution(self.first, event())
        store.record_fee(self.first.exec_id, 42_000)

        store.record_execution(self.second, event())
        kept = store.entries()
        assert store.record_fee(self.second.exec_id, 31_500)

        assert kept == (replace(self.second, fee_usd_e4=42_000),)
        assert store.entries() == (replace(self.second, fee_usd_e4=31_500),)
        with closing(SqliteStore(path, "OFF")) as reopened:
            assert not reopened.record_fee(self.first.exec_id, 42_000)
            assert reopened.entries() == store.entries()


class TestFees:
    entry = trade("b.1.01", VIX_CALL, 4, 95, subject="L1")

    def test_a_fee_is_added_once(self, store: SqliteStore) -> None:
        store.record_execution(self.entry, event())

        assert store.record_fee(self.entry.exec_id, 42_000)
        assert not store.record_fee(self.entry.exec_id, 43_000)
        assert store.entries() == (replace(self.entry, fee_usd_e4=42_000),)
        assert store.book().holdings["L1"].fees_usd_e4 == 42_000

    def test_a_fee_before_its_execution_waits_for_it(self, store: SqliteStore, path: Path) -> None:
        assert not store.record_fee(self.entry.exec_id, 42_000)
        with closing(SqliteStore(path, "OFF")) as reopened:
            reopened.record_execution(self.entry, event())

            assert reopened.entries() == (replace(self.entry, fee_usd_e4=42_000),)
            assert reopened.book().holdings["L1"].fees_usd_e4 == 42_000
            assert not reopened.record_fee(self.entry.exec_id, 42_000)

    def test_a_fee_of_a_later_revision_waits_for_that_revision(self, store: SqliteStore) -> None:
        store.record_execution(self.entry, event())
        store.record_fee(self.entry.exec_id, 42_000)

        assert not store.record_fee(ExecId("b.1.02"), 31_500)
        before = store.entries()
        store.record_execution(replace(self.entry, exec_id=ExecId("b.1.02"), quantity=3), event())

        assert before[0].fee_usd_e4 == 42_000
        assert store.entries()[0].fee_usd_e4 == 31_500

    def test_fees_that_never_find_their_execution_are_bounded(self, store: SqliteStore, path: Path) -> None:
        for number in range(1, 1012):
            store.record_fee(ExecId(f"bag{number}.01"), 1)

        with closing(sqlite3.connect(path)) as conn:
            kept = conn.execute("SELECT count(*), max(stem = 'bag1011') FROM parked_fees").fetchone()
        assert kept == (1000, 1)

    def test_a_settlement_has_no_fee_to_wait_for(self, store: SqliteStore) -> None:
        store.record_execution(replace(self.entry, fee_usd_e4=0, at=AT + timedelta(days=1)), event())

        assert not store.record_fee(self.entry.exec_id, 42_000)
        assert store.entries()[0].fee_usd_e4 == 0
