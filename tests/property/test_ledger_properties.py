"""The book does not depend on how executions arrive, and a reconciliation finds what is planted and nothing else."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_values import (
    AT,
    CALL_LONG,
    CALL_SHORT,
    PUT_LONG,
    PUT_SHORT,
    SESSION,
    VIX_CALL,
    by_stem,
    con_id,
    condor_intent,
    current_entries,
    event,
    fact,
    in_state,
    option,
    order,
    position,
    snapshot,
    trade,
)

from daemon.adapters.store import SqliteStore
from daemon.core.book.book import EMPTY, BookEntry, append, fold
from daemon.core.book.breaks import BreakKind, Reconciliation
from daemon.core.book.reconcile import OurSide, reconcile
from daemon.core.book.settlement import settlement_entries
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.broker_facts import ExecId, PositionFact, Snapshot, exec_stem
from daemon.core.orders.intent import IntentState

CONTRACTS = (PUT_LONG, PUT_SHORT, CALL_SHORT, CALL_LONG, VIX_CALL)
SUBJECTS = ("C20200218-1", "C20200219-1", "C20200220-1", "L1", "L2")
ENTRY = in_state(condor_intent(), IntentState.FILLED, 7001)
FOREIGN = option(2000)
quantities = st.integers(-9, 9)


@st.composite
def execution_lists(draw: st.DrawFn) -> list[BookEntry]:
    """Executions of several subjects, some in more than one revision."""
    entries = []
    for number in range(draw(st.integers(0, 8))):
        first = trade(
            f"0000e0d5.{number}.02.01",
            draw(st.sampled_from(CONTRACTS)),
            draw(quantities),
            draw(st.integers(0, 9_000)),
            subject=draw(st.sampled_from(SUBJECTS)),
            ref=ENTRY.ref,
            fee=draw(st.none() | st.integers(0, 99_999)),
            at=AT + timedelta(seconds=draw(st.integers(0, 3))),
        )
        revisions = draw(st.integers(1, 3))
        entries += [
            replace(
                first, exec_id=ExecId(f"0000e0d5.{number}.02.{revision:02}"), quantity=first.quantity + revision - 1
            )
            for revision in range(1, revisions + 1)
        ]
    return entries


@contextmanager
def scratch_store() -> Iterator[SqliteStore]:
    with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "condord.db", "OFF")) as store:
        yield store


class TestBook:
    @given(execution_lists())
    def test_appending_one_by_one_equals_folding(self, entries: list[BookEntry]) -> None:
        book = EMPTY
        for entry in current_entries(entries):
            book = append(book, entry)

        assert book == fold(current_entries(entries))

    @settings(max_examples=40, deadline=None)
    @given(execution_lists(), st.data())
    def test_the_store_ends_with_the_same_book_whatever_the_order_of_executions_and_fees(
        self, entries: list[BookEntry], data: st.DataObject
    ) -> None:
        with_fees = [replace(entry, fee_usd_e4=11_500 * (1 + exec_stem(entry.exec_id)[1])) for entry in entries]
        bare = [replace(entry, fee_usd_e4=None) for entry in entries]
        fees = [(entry.exec_id, entry.fee_usd_e4 or 0) for entry in with_fees]
        items: list[BookEntry | tuple[ExecId, int]] = [*bare, *fees, *bare[:2], *fees[:2]]
        arriving = data.draw(st.permutations(items))

        with scratch_store() as store:
            for item in arriving:
                if isinstance(item, BookEntry):
                    store.record_execution(item, event(exec_id=item.exec_id))
                else:
                    store.record_fee(*item)
                assert store.book() == fold(store.entries())
            found, book = store.entries(), store.book()
            with closing(SqliteStore(store.path, "OFF")) as reopened:
                assert reopened.entries() == found

        assert found == current_entries(with_fees)
        assert book == fold(found)


@dataclass(frozen=True)
class World:
    """A book, and the account that it must be equal to."""

    entries: tuple[BookEntry, ...]

    @property
    def rows(self) -> dict[OptionContract, int]:
        return fold(self.entries).positions()

    def reconcile(self, seen: Snapshot, *, settled: frozenset[OptionContract] = frozenset()) -> Reconciliation:
        booked = by_stem(self.entries)
        ours = OurSide(book=fold(self.entries), booked=booked, known_refs={ENTRY.ref}, live_intents=())
        return reconcile(ours, seen, past_settlement=settled.__contains__)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    return World(current_entries(draw(execution_lists())))


def rows(held: dict[OptionContract, int]) -> list[PositionFact]:
    return [position(contract, quantity) for contract, quantity in held.items()]


def found(result: Reconciliation) -> list[tuple[BreakKind, OptionContract | None]]:
    return [(item.kind, item.contract) for item in result.breaks]


class TestReconciliation:
    @given(worlds(), st.randoms(use_true_random=False))
    def test_an_account_equal_to_the_book_has_no_break(self, world: World, random: object) -> None:
        shuffled = rows(world.rows)
        random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random

        result = world.reconcile(snapshot(positions=shuffled, executions=map(fact, world.entries)))

        assert found(result) == []
        assert result.executions_to_book == ()

    @given(worlds(), st.sets(st.integers(0, 7)))
    def test_executions_missing_in_the_book_are_found_and_heal_it(self, world: World, lost: set[int]) -> None:
        missing = tuple(entry for number, entry in enumerate(world.entries) if number in lost)
        behind = World(tuple(entry for entry in world.entries if entry not in missing))

        result = behind.reconcile(snapshot(positions=rows(world.rows), executions=map(fact, world.entries)))

        assert result.executions_to_book == tuple(map(fact, missing))
        assert {kind for kind, _ in found(result)} <= {BreakKind.MISSED_FILL}
        assert fold(current_entries([*behind.entries, *missing])) == fold(world.entries)

    @given(worlds(), st.data())
    def test_a_quantity_changed_in_a_contract_of_ours_is_the_one_break_found(
        self, world: World, data: st.DataObject
    ) -> None:
        held = sorted({contract for holding in fold(world.entries).holdings.values() for contract in holding.positions})
        if not held:
            return
        changed = data.draw(st.sampled_from(held))
        by = data.draw(quantities.filter(bool))

        account = {**world.rows, changed: world.rows.get(changed, 0) + by}

        assert found(world.reconcile(snapshot(positions=rows(account)))) == [(BreakKind.UNEXPLAINED, changed)]

    @given(worlds(), quantities.filter(bool))
    def test_a_foreign_position_is_the_one_break_found(self, world: World, quantity: int) -> None:
        result = world.reconcile(snapshot(positions=rows({**world.rows, FOREIGN: quantity})))

        assert found(result) == [(BreakKind.FOREIGN, FOREIGN)]
        assert not result.blocking

    @given(worlds())
    def test_an_orphan_is_the_one_break_found(self, world: World) -> None:
        result = world.reconcile(snapshot(positions=rows(world.rows), open_orders=[order(ENTRY.ref, perm_id=8001)]))

        assert found(result) == [(BreakKind.OUR_ORPHAN, None)]

    @given(worlds(), st.sets(st.sampled_from(CONTRACTS)), st.sets(st.sampled_from(CONTRACTS)))
    def test_expiring_contracts_heal_whether_the_account_lists_them_or_not(
        self, world: World, expired: set[OptionContract], gone: set[OptionContract]
    ) -> None:
        settled = frozenset(expired)
        listed = {c: quantity for c, quantity in world.rows.items() if c not in expired or c not in gone}

        before = world.reconcile(snapshot(positions=rows(listed)), settled=settled)
        book = fold(world.entries)
        closing_entries = tuple(
            entry
            for contract in before.to_settle
            for entry in settlement_entries(book, contract, 1234.56, at=AT, session=SESSION)
        )
        after = World((*world.entries, *closing_entries)).reconcile(snapshot(positions=rows(listed)), settled=settled)

        assert {kind for kind, _ in found(before)} <= {BreakKind.SETTLED}
        assert found(after) == []
        assert after.to_settle == ()
        assert not set(fold((*world.entries, *closing_entries)).positions()) & expired


def test_contract_numbers_of_these_tests_are_different() -> None:
    assert len({con_id(contract) for contract in (*CONTRACTS, FOREIGN)}) == len(CONTRACTS) + 1
