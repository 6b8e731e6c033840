"""Every method that writes, three questions: committed, rolled back on an error, nothing left open?"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from approval_values import OLD, log_of
from ledger_values import AT, SESSION, VIX_CALL, call_intent, condor_intent, condor_record, event, trade

from daemon.adapters.store import SqliteStore
from daemon.core.market.contracts import ConId
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import IntentState, PermId
from daemon.core.records import (
    DayRecord,
    Decision,
    DecisionKind,
    HedgeComputation,
    JobOutcome,
    Outcome,
    RiskRecord,
    RunState,
    RunStateRecord,
)
from daemon.errors import InvariantError, StoreError

CALL = call_intent()
BOUGHT = trade("0000e0d5.9.01", VIX_CALL, 4, 95, subject="L1", ref=CALL.ref)


@dataclass(frozen=True)
class Case:
    """A method, what it needs before, the call, and the table whose last row it writes."""

    name: str
    call: Callable[[SqliteStore], object]
    table: str
    before: Callable[[SqliteStore], object] = lambda store: None


def planned(store: SqliteStore) -> None:
    store.plan_intent(CALL)


def bought(store: SqliteStore) -> None:
    store.plan_intent(CALL)
    store.record_execution(BOUGHT, event())


CASES = [
    Case("set_meta", lambda s: s.set_meta("account", "DU1"), "meta"),
    Case(
        "set_run_state",
        lambda s: s.set_run_state(RunStateRecord(RunState.HALTED, "person", "holiday", AT)),
        "run_states",
    ),
    Case("record_job", lambda s: s.record_job(SESSION, "entry", JobOutcome(Outcome.DONE, "", AT)), "jobs"),
    Case(
        "record_decision",
        lambda s: s.record_decision(Decision(SESSION, "entry", DecisionKind.SKIP, "condor", AT, ())),
        "decisions",
    ),
    Case("plan_intent", lambda s: s.plan_intent(condor_intent(), condor_record()), "condors"),
    Case(
        "advance_intent",
        lambda s: s.advance_intent(CALL.ref, IntentState.SENDING, AT, "sending"),
        "intent_transitions",
        planned,
    ),
    Case("reprice_intent", lambda s: s.reprice_intent(CALL.ref, 96, None, AT), "intent_transitions", planned),
    Case("record_execution", lambda s: s.record_execution(BOUGHT, event()), "events", planned),
    Case("record_fee of an unknown execution", lambda s: s.record_fee(ExecId("x.1"), 100), "parked_fees"),
    Case(
        "record_hedge_computation",
        lambda s: s.record_hedge_computation(HedgeComputation(SESSION, AT, 14.5, "low", 7.8, 2_500, 195.0, 0.0, 2, ())),
        "hedge_computations",
    ),
    Case(
        "record_day",
        lambda s: s.record_day(DayRecord(SESSION, 1.0, 1.0, 1, 1, 1, 1, None, None, None, None, 0)),
        "days",
    ),
    Case(
        "record_risk",
        lambda s: s.record_risk(
            RiskRecord(
                session=SESSION,
                at=AT,
                spx=None,
                vix=None,
                condors=None,
                hedge=None,
                linked_delta_usd=None,
                wing_notional_usd=0,
                maintenance_margin_usd_cents=0,
                max_loss_usd=(),
                worst=None,
            )
        ),
        "risks",
    ),
    Case("record_governance", lambda s: s.record_governance(log_of(OLD), [event("daemon_started")]), "events"),
    Case("append_event", lambda s: s.append_event(event("daemon_started")), "events"),
]


def dump(path: Path) -> list[str]:
    """What another connection sees: committed, and nothing else."""
    with closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


def in_memory(store: SqliteStore) -> object:
    return store.entries(), store.book(), store.intents(), store.intents(live_only=True), store.condors()


def refuse_inserts(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(FAIL, 'planted'); END")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
class TestEveryWritingMethod:
    def test_is_committed_when_it_returns(self, case: Case, store: SqliteStore, path: Path) -> None:
        case.before(store)
        before = dump(path)

        case.call(store)

        assert dump(path) != before
        assert not store._connection._conn.in_transaction

    def test_changes_nothing_when_its_last_row_is_refused(self, case: Case, store: SqliteStore, path: Path) -> None:
        case.before(store)
        refuse_inserts(path, case.table)
        before, remembered = dump(path), in_memory(store)

        with pytest.raises(InvariantError, match="planted"):
            case.call(store)

        assert dump(path) == before
        assert in_memory(store) == remembered
        assert not store._connection._conn.in_transaction

    def test_works_again_after_the_error(self, case: Case, store: SqliteStore, path: Path) -> None:
        case.before(store)
        refuse_inserts(path, case.table)
        with pytest.raises(InvariantError):
            case.call(store)
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("DROP TRIGGER refuse")

        case.call(store)

        with closing(SqliteStore(path, "OFF")) as reopened:
            assert in_memory(reopened) == in_memory(store)

    def test_raises_and_changes_nothing_while_another_process_writes(
        self, case: Case, store: SqliteStore, path: Path
    ) -> None:
        case.before(store)
        remembered = in_memory(store)
        store._connection._conn.execute("PRAGMA busy_timeout = 1")

        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="locked by another process"):
                case.call(store)
            other.execute("ROLLBACK")

        assert in_memory(store) == remembered
        assert not store._connection._conn.in_transaction


def test_a_fee_of_a_booked_execution_is_committed_or_rolled_back(store: SqliteStore, path: Path) -> None:
    bought(store)
    before = dump(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("CREATE TRIGGER refuse BEFORE UPDATE ON executions BEGIN SELECT RAISE(FAIL, 'planted'); END")

    with pytest.raises(InvariantError, match="planted"):
        store.record_fee(BOUGHT.exec_id, 42_000)

    assert store.entries() == (BOUGHT,)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DROP TRIGGER refuse")
    assert dump(path) == before
    assert store.record_fee(BOUGHT.exec_id, 42_000)
    assert dump(path) != before


class TestContradictions:
    def test_a_contract_number_of_another_contract_is_refused_with_everything(
        self, store: SqliteStore, path: Path
    ) -> None:
        bought(store)
        before, remembered = dump(path), in_memory(store)
        other = replace(BOUGHT, exec_id=ExecId("b.2.1"), contract=replace(VIX_CALL, strike_pts100=1900))

        with pytest.raises(InvariantError, match="contract id"):
            store.record_execution(other, event())

        assert dump(path) == before
        assert in_memory(store) == remembered

    def test_a_contract_with_two_numbers_is_refused(self, store: SqliteStore) -> None:
        bought(store)

        with pytest.raises(InvariantError, match="contract id 99"):
            store.record_execution(replace(BOUGHT, exec_id=ExecId("b.2.1"), con_id=ConId(99)), event())

    def test_an_event_that_cannot_be_kept_undoes_the_execution(self, store: SqliteStore) -> None:
        planned(store)

        with pytest.raises(InvariantError, match="cannot be kept"):
            store.record_execution(BOUGHT, event(price=float("nan")))

        assert store.entries() == ()
        assert store.intent(CALL.ref) == CALL

    def test_a_second_permanent_id_is_refused(self, store: SqliteStore) -> None:
        planned(store)
        store.advance_intent(CALL.ref, IntentState.SENDING, AT, "sending")
        store.advance_intent(CALL.ref, IntentState.WORKING, AT, "seen", PermId(7001))

        with pytest.raises(InvariantError, match="7002"):
            store.advance_intent(CALL.ref, IntentState.WORKING, AT, "seen", PermId(7002))

        assert store.intents()[0].perm_id == 7001
