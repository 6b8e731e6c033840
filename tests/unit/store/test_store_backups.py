"""Backups: sound copies of a database that is written meanwhile, and putting one back without a gap."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from daemon.adapters.store import SqliteStore, backups, open_readonly
from daemon.core.records import EventRecord, Level
from daemon.errors import NotReadyError, StoreError

AT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
SESSION = date(2026, 11, 20)


def event(name: str) -> EventRecord:
    return EventRecord("gateway_waiting", AT, SESSION, Level.INFO, {"why": name})


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, synchronous="FULL")


def told(path: Path) -> list[object]:
    with closing(open_readonly(path)) as store:
        return [found.fields["why"] for found in store.events()]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "condord.db"
    with closing(opened(path)) as store:
        store.append_event(event("first"))
    return path


def make(database: Path, *, at: datetime = AT, keep: int = 30) -> tuple[backups.BackupFacts, tuple[Path, ...]]:
    return backups.make_backup(database, database.parent / backups.FOLDER, at=at, keep=keep)


def test_a_backup_holds_what_was_committed_while_the_daemon_goes_on_writing(database: Path) -> None:
    with closing(opened(database)) as store:
        store.append_event(event("second"))
        facts, removed = make(database)
        store.append_event(event("third"))

    assert (facts.events, facts.first_session, facts.last_session, removed) == (2, SESSION, SESSION, ())
    assert facts.path.name == "condord-20261120T230000Z.db"
    assert told(facts.path) == ["first", "second"]


def test_only_the_newest_backups_are_kept_and_no_other_file_goes(database: Path) -> None:
    (database.parent / "backups").mkdir()
    (database.parent / "backups" / "mine.db").write_text("mine")
    made = [make(database, at=AT + timedelta(days=day), keep=2) for day in range(3)]

    assert made[2][1] == (made[0][0].path,)
    assert {path.name for path in (database.parent / "backups").iterdir()} == {
        "mine.db",
        "condord-20261121T230000Z.db",
        "condord-20261122T230000Z.db",
    }


def test_a_backup_by_a_clock_that_went_back_is_kept_and_copies_of_other_names_count_for_nothing(
    database: Path,
) -> None:
    later, _ = make(database)
    mine = later.path.with_name("condord-before-the-change.db")
    later.path.rename(mine)
    newer, _ = make(database)

    made, removed = make(database, at=AT - timedelta(hours=1), keep=1)

    assert removed == (newer.path,)
    assert {path.name for path in made.path.parent.iterdir()} == {made.path.name, mine.name}


def test_a_copy_that_fails_leaves_nothing_half_done_behind(database: Path) -> None:
    (database.parent / "backups" / "condord-20261120T230000Z.db").mkdir(parents=True)

    with pytest.raises(StoreError, match="cannot be written"):
        make(database)

    assert [path.name for path in (database.parent / "backups").iterdir()] == ["condord-20261120T230000Z.db"]


def test_a_damaged_database_leaves_the_backups_that_are_there(database: Path) -> None:
    good, _ = make(database)
    with closing(sqlite3.connect(database)) as conn:  # an index that lacks a row of its table
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("CREATE TABLE t (a); ")
        conn.execute("INSERT INTO t VALUES (1)")
        conn.execute("CREATE INDEX t_a ON t (a)")
        root = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 't_a'").fetchone()[0]
        size = conn.execute("PRAGMA page_size").fetchone()[0]
        conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\x0a\x00\x00\x00\x00" + size.to_bytes(2, "big") + b"\x00")  # a leaf of an index without cells

    with pytest.raises(StoreError, match="is damaged"):
        make(database, at=AT + timedelta(days=1), keep=1)

    assert list((database.parent / "backups").iterdir()) == [good.path]


def test_a_restored_backup_is_the_database_and_the_one_before_is_kept(database: Path) -> None:
    facts, _ = make(database)
    with closing(opened(database)) as store:
        store.append_event(event("later"))

    restored, replaced = backups.restore_backup(database, facts.path, at=AT)

    assert restored == facts
    assert told(database) == ["first"]
    assert replaced is not None
    assert told(replaced) == ["first", "later"]
    with closing(opened(database)) as store:
        store.append_event(event("goes on"))
    assert told(database) == ["first", "goes on"]


def test_what_was_not_written_back_yet_stays_with_the_database_that_is_replaced(database: Path) -> None:
    facts, _ = make(database)
    crashed = opened(database)  # never closed: its last event stands in the write-ahead log only
    crashed.append_event(event("in the log"))

    _, replaced = backups.restore_backup(database, facts.path, at=AT)

    assert replaced is not None
    assert told(database) == ["first"]
    assert told(replaced) == ["first", "in the log"]
    crashed.close()


def test_a_backup_replaces_a_database_that_nothing_can_open(database: Path) -> None:
    facts, _ = make(database)
    database.write_bytes(b"no database at all, but long enough to be taken for one" * 10)

    _, replaced = backups.restore_backup(database, facts.path, at=AT)

    assert told(database) == ["first"]
    assert replaced is not None
    assert replaced.read_bytes().startswith(b"no database")


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (None, NotReadyError, "there is no database"),
        (b"text" * 300, StoreError, "is not an SQLite database"),
    ],
)
def test_what_is_no_backup_changes_nothing(
    database: Path, content: bytes | None, error: type[Exception], says: str
) -> None:
    source = database.parent / "other.db"
    if content is not None:
        source.write_bytes(content)

    with pytest.raises(error, match=says):
        backups.restore_backup(database, source, at=AT)

    assert told(database) == ["first"]
    assert not list(database.parent.glob("*.replaced-*"))
