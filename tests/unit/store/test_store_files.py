"""The file: what opens, what is refused with which words, what survives."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ledger_values import AT, VIX_CALL, call_intent, event, trade
from sqlite_utils import Database

from daemon.adapters.store import SqliteStore, open_readonly
from daemon.adapters.store.connection import open_reading, open_writing, translated
from daemon.adapters.store.schema import STEPS
from daemon.core.orders.intent import IntentState
from daemon.core.records import RunState
from daemon.errors import NotReadyError, StoreError

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "condord.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as opened:
        yield opened


def notes(db: Database) -> None:
    """What a later version does."""
    db.execute("CREATE TABLE notes (text TEXT NOT NULL) STRICT")


GROWN = (*STEPS, ("0011_notes", notes))


LEGS_OF_THE_SECOND_VERSION = ((312_500, "P"), (315_000, "P"), (350_000, "C"), (352_500, "C"))
"""Strikes in points x 100, in the order of the columns."""


@contextmanager
def as_nobody() -> Iterator[None]:
    """Act with the rights of a user who owns nothing."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


class TestSettingsOfSqlite:
    @pytest.mark.parametrize(
        ("name", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
    )
    def test_the_daemon_writes_durably(self, store: SqliteStore, name: str, value: object) -> None:
        assert store._connection.pragma(name) == value

    def test_a_rehearsal_may_leave_syncing_out(self, path: Path) -> None:
        with closing(SqliteStore(path, "OFF")) as store:
            assert store._connection.pragma("synchronous") == 0

    def test_the_state_folder_is_for_owner_and_group(self, store: SqliteStore) -> None:
        assert store.path.parent.stat().st_mode & 0o027 == 0


class TestRefusals:
    def test_a_file_that_is_no_database(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_text("not a database, but long enough to be taken for one" * 30)

        with pytest.raises(StoreError, match="is not an SQLite database"):
            SqliteStore(path)

    def test_a_database_of_another_program(self, path: Path) -> None:
        path.parent.mkdir()
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("CREATE TABLE songs (name TEXT)")

        with pytest.raises(StoreError, match="belongs to another program"):
            SqliteStore(path)

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(StoreError, match=r"state folder .* cannot be made"):
            SqliteStore(tmp_path / "file" / "condord.db")

    def test_a_folder_that_cannot_be_written(self) -> None:
        with pytest.raises(StoreError, match=r"cannot be opened; check that its folder exists and may be written"):
            SqliteStore(Path("/proc/condord.db"))

    def test_a_database_that_another_process_has_locked(self, path: Path) -> None:
        SqliteStore(path).close()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")

            with pytest.raises(StoreError, match="is locked by another process"):
                open_writing(path, "FULL", busy_timeout_s=0.001)

    def test_a_damaged_database(self, path: Path) -> None:
        SqliteStore(path).close()
        content = bytearray(path.read_bytes())
        content[100:4096] = b"\xff" * (4096 - 100)
        path.write_bytes(bytes(content))

        with pytest.raises(StoreError, match="is damaged; restore a backup"):
            SqliteStore(path)

    def test_a_database_of_a_newer_version(self, path: Path) -> None:
        open_writing(path, "OFF", steps=GROWN).close()

        with pytest.raises(StoreError, match=r"newer version of condord \(it has 0011_notes\)"):
            SqliteStore(path)
        with pytest.raises(StoreError, match="newer version"):
            open_readonly(path)


class TestMigrations:
    def test_an_existing_database_is_copied_before_it_is_migrated(self, path: Path) -> None:
        with closing(SqliteStore(path)) as store:
            store.set_meta("account", "DU1")

        open_writing(path, "OFF", steps=GROWN).close()

        backup = path.with_name("condord.db.before-0011_notes")
        with closing(SqliteStore(backup)) as before, closing(sqlite3.connect(path)) as after:
            assert before.meta("account") == "DU1"
            assert after.execute("SELECT count(*) FROM notes").fetchone() == (0,)
            assert after.execute("SELECT value FROM meta").fetchall() == [("DU1",)]

    def test_a_database_of_the_first_version_gains_the_table_of_risks_and_keeps_what_it_has(self, path: Path) -> None:
        conn = open_writing(path, "OFF", steps=STEPS[:1])
        with conn.transaction():
            conn.write("INSERT INTO meta VALUES (?, ?)", ("account", "DU1"))
        conn.close()

        with closing(SqliteStore(path)) as store:
            assert store.meta("account") == "DU1"
            assert store.risks() == ()
        assert path.with_name("condord.db.before-0002_risks").exists()

    def test_condors_of_the_second_version_are_kept_when_their_table_is_made_anew(self, path: Path) -> None:
        open_writing(path, "OFF", steps=STEPS[:2]).close()
        with closing(sqlite3.connect(path)) as old, old:
            old.execute(
                "INSERT INTO intents (ref, session, strategy, purpose, subject, attempt, legs, quantity, net_limit_pts100,"
                " tif, created_at, state, reasons) VALUES ('cd.1', '2020-02-18', 'condor', 'ENTRY', 'C20200218-1', 1,"
                " ?, 2, -355, 'DAY', '2020-02-18T20:30:00.000000+00:00', 'FILLED', '[]')",
                [json.dumps([["SPXW", "2020-03-20", *leg, 1] for leg in LEGS_OF_THE_SECOND_VERSION])],
            )
            old.execute(
                "INSERT INTO condors (condor_id, entry_session, put_long, put_short, call_short, call_long, policy,"
                " intent_ref) VALUES ('C20200218-1', '2020-02-18', ?, ?, ?, ?, '{}', 'cd.1')",
                [json.dumps(["SPXW", "2020-03-20", *leg]) for leg in LEGS_OF_THE_SECOND_VERSION],
            )
            old.execute(
                "INSERT INTO decisions (session, job, kind, subject, at, reasons, inputs) VALUES ('2020-02-18',"
                " 'condor_entry', 'enter', 'C20200218-1', '2020-02-18T20:34:00.000000+00:00', '[]', '{\"spx\":3367.5}')"
            )

        with closing(SqliteStore(path)) as store:
            (condor,) = store.condors()

        assert [str(leg) for leg in condor.legs.contracts] == [
            "SPXW 2020-03-20 3125P",
            "SPXW 2020-03-20 3150P",
            "SPXW 2020-03-20 3500C",
            "SPXW 2020-03-20 3525C",
        ]
        assert condor.spx_at_entry_pts == 3367.5
        assert path.with_name("condord.db.before-0003_one_sided_condors").exists()

    def test_the_market_behind_an_order_of_the_third_version_is_unknown(self, path: Path) -> None:
        open_writing(path, "OFF", steps=STEPS[:3]).close()
        with closing(sqlite3.connect(path)) as old, old:
            old.execute(
                "INSERT INTO intents (ref, session, strategy, purpose, subject, attempt, legs, quantity, net_limit_pts100,"
                " tif, created_at, state, filled, reasons, mid_at_decision_pts) VALUES ('cd.1', '2020-02-18', 'hedge',"
                " 'RESIZE', 'L1', 1, ?, 2, 95, 'DAY', '2020-02-18T20:30:00.000000+00:00', 'FILLED', 2, '[]', 0.9)",
                [json.dumps([["VIXW", "2020-03-04", 1700, "C", 1]])],
            )

        with closing(SqliteStore(path)) as store:
            (intent,) = store.intents()

        assert (intent.mid_at_decision_pts, intent.quoted, intent.fill_market) == (0.9, None, None)
        assert path.with_name("condord.db.before-0004_markets_of_orders").exists()

    def test_a_halt_of_the_seventh_version_still_holds(self, path: Path) -> None:
        open_writing(path, "OFF", steps=STEPS[:7]).close()
        with closing(sqlite3.connect(path)) as old, old:
            old.execute(
                "INSERT INTO run_state VALUES (1, 'HALTED', 'person', 'a holiday', '2020-02-18T20:30:00.000000+00:00')"
            )

        with closing(SqliteStore(path)) as store:
            found = store.run_state()

        assert (found.state, found.by, found.reason) == (RunState.HALTED, "person", "a holiday")

    def test_a_new_or_current_database_is_not_copied(self, path: Path) -> None:
        for _ in range(2):
            SqliteStore(path).close()

        assert [found.name for found in path.parent.iterdir()] == ["condord.db"]

    def test_a_migration_that_fails_changes_nothing(self, path: Path) -> None:
        SqliteStore(path).close()

        def broken(db: Database) -> None:
            db.execute("CREATE TABLE half (text TEXT) STRICT")
            db.execute("CREATE TABLE notes (text TEXT)")

        with pytest.raises(StoreError, match="already exists"):
            open_writing(path, "OFF", steps=(*GROWN, ("0012_broken", broken)))

        with closing(sqlite3.connect(path)) as conn:
            tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master")}
        assert "notes" in tables
        assert "half" not in tables

    def test_a_reader_does_not_migrate(self, path: Path) -> None:
        SqliteStore(path).close()

        with pytest.raises(StoreError, match="older version of condord; start the daemon once"):
            open_reading(path, steps=GROWN)


class TestReading:
    def test_there_is_nothing_to_read_before_the_first_start(self, path: Path) -> None:
        with pytest.raises(NotReadyError, match="start the daemon once"):
            open_readonly(path)

        assert not path.exists()

    def test_a_reader_sees_what_the_daemon_commits_while_it_runs(self, store: SqliteStore, path: Path) -> None:
        call = call_intent()
        with closing(open_readonly(path)) as reader:
            assert not reader.intents()
            assert not reader.entries()

            store.plan_intent(call)
            store.record_execution(trade("b.1.01", VIX_CALL, 4, 95, subject="L1", ref=call.ref), event())

            assert reader.entries() == store.entries()
            assert reader.book() == store.book()
            assert reader.intents() == store.intents()
            assert reader.booked() == store.booked()
            assert reader.intent(call.ref) == store.intent(call.ref)
            assert reader.intent_refs() == {call.ref}
            assert reader.events() == store.events()

    def test_a_reader_cannot_write(self, store: SqliteStore, path: Path) -> None:
        with closing(open_readonly(path)) as reader, pytest.raises(StoreError, match="opened for reading"):
            reader.set_meta("a", "b")

        assert store.meta("a") is None

    def test_a_reader_does_not_hold_the_daemon_up(self, store: SqliteStore, path: Path) -> None:
        with closing(open_readonly(path)) as reader:
            reader._connection._conn.execute("BEGIN")
            assert reader.meta("a") is None

            store.set_meta("a", "b")

            assert store.meta("a") == "b"

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user, which only root can")
    @pytest.mark.parametrize("daemon_runs", [True, False])
    def test_somebody_who_may_only_read_the_folder_reads_it(self, tmp_path: Path, daemon_runs: bool) -> None:
        path = tmp_path / "condord.db"
        for folder in (tmp_path, *tmp_path.parents):
            if not folder.stat().st_mode & 0o005:
                folder.chmod(0o755)
        store = SqliteStore(path)
        store.set_meta("account", "DU1")
        if not daemon_runs:
            store.close()
        for file in tmp_path.iterdir():
            file.chmod(0o644)

        with as_nobody(), closing(open_readonly(path)) as reader:
            seen = reader.meta("account")
        store.close()

        assert seen == "DU1"


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{tests!r}]
from ledger_values import *
from daemon.adapters.store import SqliteStore
from daemon.core.orders.broker_facts import ExecId
store = SqliteStore(Path({path!r}), {synchronous!r})
for number in range(1, 1_000_000):
    intent = call_intent(attempt=number)
    store.plan_intent(intent)
    store.advance_intent(intent.ref, IntentState.SENDING, AT, "sending")
    store.record_execution(trade(f"b.{{number}}.01", VIX_CALL, 4, 95, subject="L1", ref=intent.ref), event(n=number))
    print(number, flush=True)
"""


@pytest.mark.parametrize(("synchronous", "killed_after"), [("FULL", 1), ("FULL", 40), ("OFF", 7)])
def test_a_killed_writer_leaves_everything_it_had_committed(path: Path, synchronous: str, killed_after: int) -> None:
    tests = str(Path(__file__).parents[2])
    code = WRITER.format(tests=tests, path=str(path), synchronous=synchronous)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(killed_after)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().splitlines()]

    with closing(SqliteStore(path)) as store:
        booked, intents, events = store.entries(), store.intents(), store.events()
        assert store._connection.pragma("integrity_check") == "ok"
    assert len(booked) >= told[-1] >= killed_after
    assert [found.fields["n"] for found in events] == list(range(1, len(booked) + 1))
    assert [intent.state for intent in intents[: len(booked)]] == [IntentState.FILLED] * len(booked)
    assert len(intents) - len(booked) in (0, 1)
    assert all(intent.filled == 0 and intent.created_at == AT for intent in intents[len(booked) :])


@pytest.mark.parametrize(
    ("said", "advice"),
    [("disk I/O error", "free some space where it lies"), ("database or disk is full", "free some space")],
)
def test_a_disk_that_gives_up_is_told_with_what_to_do(tmp_path: Path, said: str, advice: str) -> None:
    with pytest.raises(StoreError, match=advice), translated(tmp_path / "condord.db"):
        raise sqlite3.OperationalError(said)
