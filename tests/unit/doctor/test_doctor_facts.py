"""What the doctor reads of a real host: folders, a database, a lock, a unit, packages; and what it leaves as it was."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from daemon.adapters.doctor import program
from daemon.adapters.doctor.host import (
    backup_facts,
    daemon_facts,
    database_facts,
    file_system_facts,
    folder_facts,
    free_bytes,
    integrity_facts,
)
from daemon.adapters.doctor.program import (
    clash_facts,
    package_fact,
    package_facts,
    python_facts,
    sqlite_facts,
    zone_facts,
)
from daemon.adapters.doctor.units import UNIT, unit_facts
from daemon.adapters.store import InstanceLock, SqliteStore, backups, lock_is_held
from daemon.adapters.store.connection import open_writing
from daemon.adapters.store.schema import STEPS
from daemon.app.doctor import Wanted, examine
from daemon.core.doctor.check import State, exit_code
from daemon.core.doctor.program import sqlite_check, zone_instants
from daemon.core.records import PERSON, EventRecord, Level, RunState, RunStateRecord
from daemon.errors import SettingsError
from daemon.settings.folders import Folders

NOW = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
MOUNTS = """\
22 27 0:21 / /proc rw - proc proc rw
27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
90 27 0:50 / /srv/share rw - nfs4 host:/share rw
91 27 0:51 / /srv/with\\040blank rw - xfs /dev/sdb1 rw
"""
SCORE = "  UMask= all right 0.1\n→ Overall exposure level for condord.service: 0.9 SAFE\n"


def test_a_folder_is_read_with_its_rights(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o750)

    found = folder_facts(folder)

    assert (found.exists, found.is_folder, found.writable, found.mode) == (True, True, True, 0o750)
    assert found.owner == found.user


def test_a_folder_that_is_not_there_can_be_made_below_one_that_is(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    assert folder_facts(tmp_path / "a" / "b").can_be_made
    assert not folder_facts(file).is_folder
    assert "Not a directory" in folder_facts(file / "below").problem


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that nobody may look into, also not the superuser who may run these tests."""
    folder = tmp_path / "closed"
    real = Path.stat

    def stat(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if folder in self.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return real(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    return folder


def test_a_folder_behind_a_closed_one_is_told_and_breaks_nothing(closed: Path) -> None:
    closed.mkdir()
    hidden = closed / "state"

    assert "Permission denied" in folder_facts(hidden).problem
    assert free_bytes(hidden)[str(hidden)] > 0
    assert not file_system_facts(hidden, hidden / "condord.db").database_elsewhere
    assert "cannot be read" in database_facts(hidden / "condord.db").problem
    assert clash_facts([str(hidden)]).elsewhere == ()


def test_a_state_folder_that_is_closed_leaves_what_is_in_it_open(closed: Path) -> None:
    folders = Folders(closed / "state", closed / "logs", closed / "run")

    found = examine(SettingsError("another setting is wrong"), folders, Wanted(offline=True))

    states = {check.name: check.state for check in found.checks}
    inside = ("database", "integrity", "backups", "daemon", "halt_file", "run_state")
    assert {states[name] for name in inside} == {State.SKIPPED}
    assert states["state_folder"] is State.FAIL
    assert states["settings"] is State.FAIL
    assert exit_code(found.checks) == 2


def test_a_runtime_folder_whose_socket_would_have_too_long_a_path_is_told(tmp_path: Path) -> None:
    assert "CONDORD_RUNTIME_DIR" in folder_facts(tmp_path / ("x" * 100), socket=True).problem


@pytest.mark.parametrize(
    ("folder", "kind"), [("/var/lib", "ext4"), ("/srv/share/x", "nfs4"), ("/srv/with blank", "xfs"), ("/srv", "ext4")]
)
def test_the_nearest_mount_above_a_folder_is_its_file_system(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS + f"99 27 0:60 / {tmp_path} rw - {kind} x rw\n")

    assert file_system_facts(tmp_path / folder[1:], tmp_path / "none.db", mounts=mounts).kind == kind


def test_a_database_on_another_file_system_is_told(tmp_path: Path) -> None:
    assert not file_system_facts(tmp_path, tmp_path / "none.db").database_elsewhere
    assert file_system_facts(tmp_path, Path("/proc/self/status")).database_elsewhere


def test_free_bytes_of_a_folder_to_come_are_those_above_it(tmp_path: Path) -> None:
    found = free_bytes(tmp_path / "to" / "come")

    assert found[str(tmp_path / "to" / "come")] > 0


def store_with_a_past(path: Path) -> None:
    store = SqliteStore(path)
    store.set_meta("account", "PAPER DU1234567")
    store.set_run_state(RunStateRecord(RunState.HALTED, PERSON, "testing", NOW))
    for hour in range(3):
        at = NOW + timedelta(hours=hour)
        store.append_event(EventRecord("daemon_ready", at, NOW.date(), Level.INFO, {"status": "well"}))
    store.close()


def test_a_database_is_read_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "condord.db"
    store_with_a_past(path)
    before = path.read_bytes()

    found = database_facts(path)

    assert (found.exists, found.problem, found.outdated, found.write_ahead) == (True, "", False, True)
    assert found.account == "PAPER DU1234567"
    assert found.last_event_at == NOW + timedelta(hours=2)
    assert found.run_state is not None
    assert found.run_state.state is RunState.HALTED
    assert integrity_facts(path).said == "ok"
    assert path.read_bytes() == before


def test_a_database_of_an_earlier_version_is_told_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "condord.db"
    open_writing(path, "OFF", steps=STEPS[:-1]).close()
    before = path.read_bytes()

    found = database_facts(path)

    assert (found.outdated, found.problem) == (True, "")
    assert integrity_facts(path).said == "ok"
    assert path.read_bytes() == before


def test_a_database_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "condord.db"
    assert not database_facts(path).exists
    path.write_text("this is no database, however long it may be")

    assert "is not an SQLite database" in database_facts(path).problem


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    path = tmp_path / "condord.db"
    store_with_a_past(path)
    pages = bytearray(path.read_bytes())
    pages[3 * 4096 : 4 * 4096] = b"\xff" * 4096
    path.write_bytes(pages)

    assert integrity_facts(path).said != "ok"


def test_a_check_of_every_page_ends_when_its_time_is_over(tmp_path: Path) -> None:
    path = tmp_path / "condord.db"
    store = SqliteStore(path, "OFF")
    for number in range(400):
        fields = {"status": "x" * 400, "number": number}
        store.append_event(EventRecord("daemon_ready", NOW, NOW.date(), Level.INFO, fields))
    store.close()

    assert integrity_facts(path, limit_s=-1).said is None


def test_the_newest_backup_is_read_to_its_end(tmp_path: Path) -> None:
    database, folder = tmp_path / "condord.db", tmp_path / "backups"
    assert backup_facts(folder, read=True).made_at is None
    store_with_a_past(database)
    backups.make_backup(database, folder, at=NOW, keep=3)

    found = backup_facts(folder, read=True)
    assert (found.count, found.newest, found.problem) == (1, "condord-20261120T190000Z.db", "")

    (folder / found.newest).write_bytes(b"broken")
    assert "is not an SQLite database" in backup_facts(folder, read=True).problem


def test_a_lock_that_is_held_is_seen_without_touching_it(tmp_path: Path) -> None:
    assert not lock_is_held(tmp_path)
    with InstanceLock(tmp_path):
        assert lock_is_held(tmp_path)
        assert daemon_facts(tmp_path, tmp_path).lock_held
    assert not lock_is_held(tmp_path)


def test_packages_are_read_from_what_is_installed() -> None:
    found = package_facts()

    assert found is not None
    assert {"click", "ib_insync", "tzdata"} <= {fact.name for fact in found}
    assert all(fact.fits for fact in found)
    assert python_facts().fits


def test_a_package_that_is_not_installed_or_does_not_fit_is_seen() -> None:
    assert package_fact(Requirement("condord-has-no-such-package>=1")).installed is None
    assert not package_fact(Requirement("click>=99")).fits
    assert package_fact(Requirement("click")).fits


def test_another_package_named_daemon_on_the_path_is_seen(tmp_path: Path) -> None:
    (tmp_path / "daemon").mkdir()
    (tmp_path / "daemon" / "__init__.py").touch()

    assert clash_facts([]).elsewhere == ()
    assert clash_facts([str(tmp_path), "/nowhere"]).elsewhere == (str(tmp_path / "daemon" / "__init__.py"),)


def test_a_distribution_that_brings_a_package_named_daemon_is_seen(tmp_path: Path) -> None:
    other = tmp_path / "python_daemon-3.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: python-daemon\nVersion: 3.0\n")
    (other / "top_level.txt").write_text("daemon\n")
    code = "from daemon.adapters.doctor.program import clash_facts; print(clash_facts().owners)"

    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert "python-daemon" in done.stdout


@pytest.mark.parametrize("full", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk is full")])
def test_where_no_scratch_file_can_be_made_the_write_ahead_log_stays_unknown(
    full: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object, **_kwargs: object) -> object:
        raise full

    monkeypatch.setattr(program, "TemporaryDirectory", refused)
    found = sqlite_check(sqlite_facts())

    assert found.state is State.SKIPPED
    assert "no scratch file can be made" in found.text


def test_this_python_has_the_sqlite_and_the_zone_that_are_needed() -> None:
    facts, zone = sqlite_facts(), zone_facts(zone_instants((2026,)))

    assert facts.write_ahead
    assert facts.json
    assert zone is not None
    assert [offset.total_seconds() / 3600 for _, offset in zone.offsets] == [-5, -4, -4, -5]


def host(root: Path, unit: str | None) -> Path:
    """Make a host with systemd, and a unit if one is given."""
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "etc/systemd/system").mkdir(parents=True)
    if unit is not None:
        (root / "etc/systemd/system" / UNIT).write_text(unit)
    return root


def test_a_unit_is_held_against_the_shipped_one_wherever_the_program_is(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shipped.write_text("ExecStart=/opt/condord/bin/condord run\n")
    same = host(tmp_path / "a", "ExecStart=/opt/condord/bin/condord run\n")
    moved = host(tmp_path / "b", f"ExecStart={sys.prefix}/bin/condord run\n")
    other = host(tmp_path / "c", "ExecStart=/opt/condord/bin/condord run --clock gateway\n")

    found = [unit_facts(root=root, shipped=[shipped], run=lambda _: SCORE) for root in (same, moved, other)]

    assert [facts.same for facts in found] == [True, True, False]
    assert [facts.exposure for facts in found] == [0.9] * 3
    assert unit_facts(root=same, shipped=[], run=lambda _: SCORE).same is None


def test_a_drop_in_is_told(tmp_path: Path) -> None:
    root = host(tmp_path, "[Service]\n")
    drop_in = root / "etc/systemd/system" / f"{UNIT}.d" / "gateway.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\n")

    assert unit_facts(root=root, shipped=[], run=lambda _: SCORE).drop_ins == (str(drop_in),)


def test_a_host_without_systemd_or_without_the_unit_says_so(tmp_path: Path) -> None:
    assert unit_facts(root=tmp_path).why_not == "no systemd runs here"
    assert "not installed" in unit_facts(root=host(tmp_path / "a", None)).why_not


def test_a_systemd_that_does_not_answer_leaves_the_score_open(tmp_path: Path) -> None:
    def broken(_command: object) -> str:
        raise subprocess.TimeoutExpired("systemd-analyze", 5)

    root = host(tmp_path, "[Service]\n")

    assert "did not answer" in unit_facts(root=root, shipped=[], run=broken).exposure_problem
    assert "no score" in unit_facts(root=root, shipped=[], run=lambda _: "").exposure_problem
