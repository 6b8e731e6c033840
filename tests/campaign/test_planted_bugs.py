"""Every checker is shown to fire: a real defect is planted in the program, and the campaign's world finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

import pytest
from campaign import codec, plans
from campaign.checkers import Violation
from campaign.plans import Fault, Kind, Plan
from campaign.world import run

from daemon.adapters.ib import conversation
from daemon.adapters.store import SqliteStore, ledger, sqlite_store
from daemon.adapters.store.ledger import Ledger
from daemon.core.book import reconcile as comparing
from daemon.core.book.breaks import Reconciliation
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Intent, IntentState, Purpose
from daemon.engine import reconciler
from daemon.engine.earlier_entries import EarlierEntries
from daemon.engine.executor import Executor
from daemon.engine.link import LinkKeeper
from daemon.engine.reconciler import Reconciler
from daemon.engine.risk_monitor import RiskMonitor

FIRST, SECOND = date(2020, 2, 18), date(2020, 2, 19)
Patch = pytest.MonkeyPatch


def at(hour: int, minute: int, second: int = 0, *, day: date = FIRST) -> datetime:
    return new_york(day, time(hour, minute, second))


def found(*faults: Fault, codec: bool = False) -> tuple[Violation, ...]:
    """Run two sessions with faults and return what the checkers say."""
    return run(Plan(0, (FIRST, SECOND), {}, 0.0, 2.0, faults, codec)).violations


def numbers(violations: tuple[Violation, ...]) -> set[int]:
    return {violation.invariant for violation in violations}


def wrapped(patch: Patch, owner: Any, name: str, around: Callable[..., Any]) -> None:
    """Replace a function by one that is given the original first."""
    original = getattr(owner, name)
    patch.setattr(owner, name, lambda *args, **kwargs: around(original, *args, **kwargs))


def test_without_a_defect_nothing_is_found_whatever_goes_wrong() -> None:
    faults = (
        Fault(at(15, 30, 30), at(15, 32), Kind.CUT_AT_SEND, 1.0),
        Fault(at(15, 33), at(15, 34), Kind.KILLED, 1.0),
        Fault(at(15, 50), at(15, 55), Kind.FACTS_LOST, 1.0),
        Fault(at(9, 0), at(17, 0), Kind.FILLS_CORRECTED, 1.0),
        Fault(at(16, 10), at(16, 30), Kind.FALSE_FLAT, 1.0),
    )

    assert found(*faults) == ()


def test_an_order_whose_sending_is_not_committed_before_its_bytes_is_found(monkeypatch: Patch) -> None:
    def forgetful(original: Any, store: SqliteStore, ref: Any, state: IntentState, *args: Any) -> Intent:
        if state is IntentState.SENDING:
            intent = store.intent(ref)
            assert intent is not None
            return intent
        return original(store, ref, state, *args)  # type: ignore[no-any-return]

    wrapped(monkeypatch, SqliteStore, "advance_intent", forgetful)

    assert 1 in numbers(found())


def test_an_order_that_is_sent_again_for_want_of_an_answer_is_found(monkeypatch: Patch) -> None:
    async def twice(original: Any, executor: Executor, intent: Intent, *args: Any) -> Intent:
        done: Intent = await original(executor, intent, *args)
        if intent.key.purpose is Purpose.ENTRY:
            await executor._desk.broker.place(intent.ref, intent.spec)
        return done

    wrapped(monkeypatch, Executor, "send", twice)

    assert 2 in numbers(found())


def test_a_correction_that_is_booked_beside_what_it_corrects_is_found(monkeypatch: Patch) -> None:
    for module in (ledger, sqlite_store, comparing):
        monkeypatch.setattr(module, "exec_stem", lambda exec_id: (exec_id, 0))

    assert 3 in numbers(found(Fault(at(9, 0), at(17, 0), Kind.FILLS_CORRECTED, 1.0)))


def test_a_second_entry_after_a_restart_is_found(monkeypatch: Patch) -> None:
    async def nothing(_earlier: EarlierEntries, _session: date) -> None:
        return None

    monkeypatch.setattr(EarlierEntries, "finish", nothing)
    monkeypatch.setattr(EarlierEntries, "decided", lambda _earlier, _session: None)

    assert 4 in numbers(found(Fault(at(15, 30, 30), at(15, 31), Kind.KILLED, 1.0)))


def test_a_book_that_differs_without_an_open_break_is_found(monkeypatch: Patch) -> None:
    def blind(original: Any, *args: Any, **kwargs: Any) -> Reconciliation:
        found: Reconciliation = original(*args, **kwargs)
        return replace(found, executions_to_book=(), breaks=())

    wrapped(monkeypatch, reconciler, "reconcile", blind)

    assert 5 in numbers(found(Fault(at(15, 30), at(15, 59), Kind.FACTS_LOST, 0.6)))


def test_an_entry_against_the_word_of_a_person_is_found(monkeypatch: Patch) -> None:
    for gate in ("refusals", "at_sending"):
        monkeypatch.setattr(RiskMonitor, gate, lambda *args, **kwargs: ())

    assert 6 in numbers(found(Fault(at(15, 0), at(16, 0), Kind.HALTED, 1.0)))


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"RISK_CONDORS_MAX": "1"}, "as condor 2, the limit is 1"),
        # Each entry may use all of the limit: 3 condors of 2,500 dollars, twice.
        (
            {"RISK_WING_NOTIONAL_MAX_USD": "9000", "CONDOR_ENTRY_RISK_PCT": "100"},
            "for 15000 dollars of wings, the limit is 9000",
        ),
        ({"RISK_SESSION_ORDERS_MAX": "1"}, "as order 2 of its session, the limit is 1"),
        ({"RISK_SESSION_CONTRACTS_MAX": "8"}, "of its session, the limit is 8"),
    ],
)
def test_an_order_over_a_limit_is_found(monkeypatch: Patch, limit: dict[str, str], said: str) -> None:
    for gate in ("refusals", "at_sending"):
        monkeypatch.setattr(RiskMonitor, gate, lambda *args, **kwargs: ())
    monkeypatch.setattr(RiskMonitor, "wing_notional_usd", lambda *args, **kwargs: 0)

    violations = run(Plan(0, (FIRST, SECOND), limit, 0.0, 2.0, ())).violations

    assert any(violation.invariant == 6 and said in violation.text for violation in violations)


def test_a_short_option_without_its_wing_is_found(monkeypatch: Patch) -> None:
    async def wingless(original: Any, executor: Executor, intent: Intent, *args: Any) -> Intent:
        if intent.key.purpose is Purpose.ENTRY:
            spec = replace(intent.spec, legs=intent.spec.legs[1:])
            intent = replace(intent, spec=spec)
        return await original(executor, intent, *args)  # type: ignore[no-any-return]

    wrapped(monkeypatch, Executor, "send", wingless)

    assert 7 in numbers(found())


def test_an_order_for_an_account_that_is_no_paper_account_is_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(codec, "ACCOUNT", "U1234567")
    monkeypatch.setattr(conversation, "choose_account", lambda accounts, configured: accounts[0])

    assert 8 in numbers(found(codec=True))


def test_fees_that_are_never_booked_are_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Ledger, "write_fee", lambda *args: None)

    assert 9 in numbers(found())


def test_a_price_that_is_remembered_and_not_written_is_found(monkeypatch: Patch) -> None:
    def unwritten(store: SqliteStore, ref: Any, net_limit_pts100: int, *_: Any) -> None:
        intent = store.intent(ref)
        assert intent is not None
        spec = replace(intent.spec, net_limit_pts100=net_limit_pts100)
        store._intents.remember(replace(intent, spec=spec))

    monkeypatch.setattr(SqliteStore, "reprice_intent", unwritten)

    assert 10 in numbers(found())


def test_a_job_that_runs_again_after_a_restart_is_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(SqliteStore, "job_outcome", lambda *args: None)
    wrapped(monkeypatch, SqliteStore, "record_job", lambda original, *args: original(*args) or True)

    assert 11 in numbers(found(Fault(at(9, 30), at(9, 31), Kind.STOPPED, 1.0)))


def test_a_decision_without_its_reason_is_found(monkeypatch: Patch) -> None:
    def silent(original: Any, store: SqliteStore, decision: Any) -> None:
        original(store, replace(decision, reasons=()))

    wrapped(monkeypatch, SqliteStore, "record_decision", silent)

    assert 12 in numbers(found())


def test_an_order_that_stays_unknown_for_ever_is_found(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Reconciler, "_prove_absence", lambda *args: None)

    # The bytes of the entry are lost with the connection.
    assert 13 in numbers(found(Fault(at(15, 30), at(15, 31), Kind.CUT_AT_SEND, 0.0)))


def test_a_log_that_repeats_itself_at_every_attempt_is_found(monkeypatch: Patch) -> None:
    def says(keeper: LinkKeeper, why: str, retry_s: float) -> None:
        keeper._desk.journal.emit("gateway_waiting", {"why": why, "retry_s": retry_s})

    monkeypatch.setattr(LinkKeeper, "_say_waiting", says)

    assert 14 in numbers(found(Fault(at(0, 0), at(17, 0, day=SECOND), Kind.LINE_LOST, 1.0)))


@pytest.mark.parametrize("codec", [False, True])
def test_the_same_seed_gives_the_same_events_twice(*, codec: bool) -> None:
    first, again = (run(plans.draw(7, codec=codec)).digest for _ in range(2))

    assert first
    assert first == again
