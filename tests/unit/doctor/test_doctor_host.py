"""What the doctor says of folders, disk, database, backups, daemon, halts and clock; each check is broken once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from daemon.core.doctor.check import State
from daemon.core.doctor.host import (
    FOLDER_SETTINGS,
    BackupFacts,
    DaemonFacts,
    DatabaseFacts,
    FileSystemFacts,
    FolderFacts,
    IntegrityFacts,
    backups_check,
    clock_check,
    daemon_check,
    database_check,
    disk_check,
    file_system_check,
    folder_check,
    halt_file_check,
    integrity_check,
    run_state_check,
)
from daemon.core.records import PERSON, RunState, RunStateRecord

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
FOLDER = FolderFacts(
    path="/var/lib/condord",
    user="condord",
    exists=True,
    is_folder=True,
    owner="condord",
    group="condord",
    mode=0o750,
    readable=True,
    writable=True,
)
DATABASE = DatabaseFacts(
    path="/var/lib/condord/condord.db", exists=True, write_ahead=True, size_bytes=2_500_000, account="PAPER DU1234567"
)
BACKUP = BackupFacts(count=3, newest="condord-20261119T230000Z.db", made_at=NOW - timedelta(hours=20))


def test_a_folder_of_our_own_is_ok() -> None:
    found = folder_check("state_folder", FOLDER)

    assert found.state is State.OK
    assert "condord:condord 0750" in found.text


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        ({"exists": False, "can_be_made": True}, State.OK, "is made at the first start"),
        ({"exists": False}, State.FAIL, "condord cannot make it"),
        ({"is_folder": False}, State.FAIL, "is no folder"),
        ({"mode": 0o757}, State.WARN, "everybody may write it"),
        ({"writable": False, "mode": 0o550}, State.FAIL, "its owner may not write it"),
        ({"writable": False, "user": "anna"}, State.OK, "condord writes it, anna may read it"),
        ({"writable": False, "readable": False, "user": "anna"}, State.FAIL, "is closed to anna"),
        ({"problem": "its path is too long"}, State.FAIL, "its path is too long"),
    ],
)
def test_a_folder_is_judged_by_what_may_be_done_in_it(change: dict[str, object], state: State, said: str) -> None:
    found = folder_check("log_folder", replace(FOLDER, **change))  # type: ignore[arg-type]  # one field at a time

    assert found.state is state
    assert said in found.text


def test_each_folder_names_the_setting_that_moves_it() -> None:
    gone = replace(FOLDER, exists=False)

    assert "CONDORD_STATE_DIR" in folder_check("state_folder", gone).fix
    assert "CONDORD_LOG_DIR" in folder_check("log_folder", gone).fix
    assert "CONDORD_RUNTIME_DIR" in folder_check("runtime_folder", gone).fix


@pytest.mark.parametrize("name", FOLDER_SETTINGS)
def test_each_folder_that_everybody_may_write_warns(name: str) -> None:
    assert folder_check(name, replace(FOLDER, mode=0o757)).state is State.WARN


def test_a_network_file_system_fails_and_a_database_elsewhere_warns() -> None:
    assert file_system_check(FileSystemFacts("ext4", database_elsewhere=False)).state is State.OK
    assert file_system_check(FileSystemFacts("nfs4", database_elsewhere=False)).state is State.FAIL
    assert file_system_check(FileSystemFacts("ext4", database_elsewhere=True)).state is State.WARN


@pytest.mark.parametrize(
    ("free", "state"), [(5_000_000_000, State.OK), (999_999_999, State.WARN), (99_999_999, State.FAIL)]
)
def test_the_fullest_disk_counts(free: int, state: State) -> None:
    found = disk_check({"/var/lib/condord": 50_000_000_000, "/var/log/condord": free})

    assert found.state is state
    assert "/var/log/condord" in found.text


def test_a_database_that_opens_is_ok_with_its_size_and_account() -> None:
    found = database_check(DATABASE)

    assert found.state is State.OK
    assert "2.5 MB, the book of PAPER DU1234567" in found.text


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"problem": "database x is not an SQLite database"}, State.FAIL),
        ({"outdated": True}, State.WARN),
        ({"write_ahead": False}, State.WARN),
        ({"exists": False}, State.OK),
    ],
)
def test_a_database_is_judged_by_how_it_opens(change: dict[str, object], state: State) -> None:
    assert database_check(replace(DATABASE, **change)).state is state  # type: ignore[arg-type]  # one field at a time


def test_a_damaged_page_fails_and_a_check_without_end_warns() -> None:
    assert integrity_check(IntegrityFacts("ok", 5)).state is State.OK
    assert integrity_check(IntegrityFacts("row 3 missing from index", 5)).state is State.FAIL
    assert integrity_check(IntegrityFacts(None, 5)).state is State.WARN


def test_a_recent_backup_is_ok_an_old_one_warns_and_a_damaged_one_fails() -> None:
    assert backups_check(BACKUP, now=NOW, database=True).state is State.OK
    assert backups_check(replace(BACKUP, made_at=NOW - timedelta(days=5)), now=NOW, database=True).state is State.WARN
    assert backups_check(replace(BACKUP, problem="it is damaged"), now=NOW, database=True).state is State.FAIL


def test_a_missing_backup_warns_only_where_there_is_something_to_copy() -> None:
    assert backups_check(BackupFacts(count=0), now=NOW, database=True).state is State.WARN
    assert backups_check(BackupFacts(count=0), now=NOW, database=False).state is State.SKIPPED


@pytest.mark.parametrize(
    ("facts", "state", "said"),
    [
        (DaemonFacts(pid=42, ready=True), State.OK, "process 42 runs and answers, connected and reconciled"),
        (DaemonFacts(pid=42, waiting="Nothing accepts connections"), State.WARN, "not ready: Nothing accepts"),
        (DaemonFacts(pid=42), State.WARN, "not ready: it connects and reconciles"),
        (DaemonFacts(pid=42, ready=True, breaks_open=2), State.WARN, "breaks open: 2"),
        (DaemonFacts(), State.OK, "none runs here"),
        (DaemonFacts(silent=True), State.FAIL, "does not answer"),
        (DaemonFacts(refused="the socket is closed to this user"), State.WARN, "closed to this user"),
        (DaemonFacts(lock_held=True), State.WARN, "none listens"),
    ],
)
def test_a_daemon_is_judged_by_its_answer(facts: DaemonFacts, state: State, said: str) -> None:
    found = daemon_check(facts)

    assert found.state is state
    assert said in found.text


def test_a_halt_file_warns_with_its_reason() -> None:
    assert halt_file_check(None, "/x/HALT").state is State.OK
    found = halt_file_check("the desk is away", "/x/HALT")
    assert found.state is State.WARN
    assert "the desk is away" in found.text
    assert "rm /x/HALT" in found.fix


@pytest.mark.parametrize(
    ("state", "expected"),
    [(RunState.RUNNING, State.OK), (RunState.EXITS_ONLY, State.WARN), (RunState.HALTED, State.WARN)],
)
def test_a_halt_that_is_recorded_warns(state: RunState, expected: State) -> None:
    assert run_state_check(RunStateRecord(state, PERSON, "testing", NOW)).state is expected
    assert run_state_check(None).state is State.OK


@pytest.mark.parametrize(
    ("now", "last", "state"),
    [
        (NOW, NOW - timedelta(days=1), State.OK),
        (NOW, None, State.OK),
        (NOW, NOW + timedelta(hours=1), State.WARN),
        (datetime(1970, 1, 1, tzinfo=UTC), None, State.FAIL),
        (datetime(2036, 1, 1, tzinfo=UTC), None, State.FAIL),
    ],
)
def test_a_clock_that_cannot_be_right_is_told(now: datetime, last: datetime | None, state: State) -> None:
    assert clock_check(now, last).state is state
