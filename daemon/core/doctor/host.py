"""Judging the host: folders, disk, database, daemon, halts, clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from daemon.core.calendar.sessions import LAST_YEAR
from daemon.core.doctor.check import Check, fail, ok, skipped, warn
from daemon.core.records import RunState, RunStateRecord

FOLDER_SETTINGS: Final = {
    "state_folder": "CONDORD_STATE_DIR",
    "log_folder": "CONDORD_LOG_DIR",
    "runtime_folder": "CONDORD_RUNTIME_DIR",
}
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "9p"}
)
"""SQLite keeps no write-ahead log where the processes of several hosts may write (sqlite.org, "Write-Ahead Logging")."""
DISK_LEAST_BYTES: Final = 100_000_000
DISK_LOW_BYTES: Final = 1_000_000_000
BACKUP_AGE_MAX: Final = timedelta(days=4)
"""The timer makes one each weekday: after a weekend with a holiday the newest is this old."""
AHEAD_MAX: Final = timedelta(minutes=5)
RELEASED: Final = date(2025, 1, 1)
"""No computer that runs this version has an earlier date."""
_EVERYBODY: Final = 0o002


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderFacts:
    """One folder as it is, and as the user sees it who asks."""

    path: str
    user: str
    exists: bool
    is_folder: bool = False
    owner: str = ""
    group: str = ""
    mode: int = 0
    readable: bool = False
    writable: bool = False
    can_be_made: bool = False
    """Where it is not there: whether the nearest folder above it that is there may be written."""
    problem: str = ""
    """Why it could not even be looked at, or what else is wrong with it."""


@dataclass(frozen=True, slots=True)
class FileSystemFacts:
    """The file system below the state folder."""

    kind: str
    database_elsewhere: bool
    """Whether the database is on another one than its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """The database as a reader finds it."""

    path: str
    exists: bool
    problem: str = ""
    """Why it cannot be opened, in a sentence."""
    outdated: bool = False
    """Whether an earlier version of the program wrote it."""
    write_ahead: bool = False
    size_bytes: int = 0
    account: str | None = None
    """Whose positions the book holds, ``PAPER DU1234567``."""
    last_event_at: datetime | None = None
    run_state: RunStateRecord | None = None


@dataclass(frozen=True, slots=True)
class IntegrityFacts:
    """What SQLite's check of every page said; None where it did not end within the time."""

    said: str | None
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The newest backup; ``made_at`` None: there is none."""

    count: int
    newest: str = ""
    made_at: datetime | None = None
    problem: str = ""
    """Why it cannot be restored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonFacts:
    """Whether a daemon runs in this state folder."""

    pid: int | None = None
    """As it says itself."""
    ready: bool = False
    """Whether it is connected and reconciled."""
    waiting: str = ""
    """Why it is not connected."""
    breaks_open: int | None = None
    alerts: bool = False
    """Whether it has outlets for alerts."""
    lock_held: bool = False
    silent: bool = False
    """Whether one listens and does not answer."""
    refused: str = ""
    """Why it could not be asked."""


def folder_check(name: str, facts: FolderFacts) -> Check:
    """Judge one folder."""
    setting = FOLDER_SETTINGS[name]
    if facts.problem:
        return fail(name, facts.problem, f"name another folder with {setting}", facts.path)
    if not facts.exists:
        if facts.can_be_made:
            return ok(name, f"{facts.path} is made at the first start", facts.path)
        return fail(
            name, f"{facts.path} is not there, and {facts.user} cannot make it",
            f"install -d -o {facts.user} -m 0750 {facts.path}, or name another folder with {setting}", facts.path,
        )  # fmt: skip
    if not facts.is_folder:
        return fail(name, f"{facts.path} is no folder", f"move it away, or name another with {setting}", facts.path)
    return _rights(name, facts)


def _rights(name: str, facts: FolderFacts) -> Check:
    said = f"{facts.path} ({facts.owner}:{facts.group} {facts.mode:04o})"
    if facts.mode & _EVERYBODY:
        return warn(name, f"{said}: everybody may write it", f"chmod 0750 {facts.path}", facts.path)
    if facts.writable:
        return ok(name, f"{said}, writable", facts.path)
    if facts.owner == facts.user:
        return fail(name, f"{said}: its owner may not write it", f"chmod u+rwx {facts.path}", facts.path)
    if facts.readable:
        return ok(name, f"{said}: {facts.owner} writes it, {facts.user} may read it", facts.path)
    return fail(
        name, f"{said} is closed to {facts.user}",
        f"run this as {facts.owner}, or become a member of {facts.group}: adduser {facts.user} {facts.group}", facts.path,
    )  # fmt: skip


def file_system_check(facts: FileSystemFacts) -> Check:
    """Judge the file system of the state folder."""
    fix = "put the state folder on a local disk: CONDORD_STATE_DIR"
    if facts.kind in NETWORK_FILE_SYSTEMS:
        return fail("file_system", f"{facts.kind} is a network file system: no write-ahead log", fix, facts.kind)
    if facts.database_elsewhere:
        return warn(
            "file_system", "the database is a link to another file system: a restore cannot keep what was there",
            "move the whole state folder instead: CONDORD_STATE_DIR", facts.kind,
        )  # fmt: skip
    return ok("file_system", f"{facts.kind}, local", facts.kind)


def disk_check(free_bytes: dict[str, int]) -> Check:
    """Judge the free bytes by folder; the fullest counts."""
    folder, free = min(free_bytes.items(), key=lambda item: item[1])
    said = f"{size_text(free)} free for {folder}"
    fix = "free some space; CONDORD_LOG_KEEP_DAYS and CONDORD_STORE_BACKUPS_KEEP bound what condord keeps"
    if free < DISK_LEAST_BYTES:
        return fail("disk", said, fix, free)
    return warn("disk", said, fix, free) if free < DISK_LOW_BYTES else ok("disk", said, free)


def size_text(count: int) -> str:
    """Write a number of bytes."""
    for unit, size in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"


def database_check(facts: DatabaseFacts) -> Check:
    """Judge the database as far as it opens."""
    if facts.problem:
        return fail("database", facts.problem, "see docs/service.md, Backups: condord restore FILE", facts.path)
    if not facts.exists:
        return ok("database", f"{facts.path} is made at the first start", 0)
    said = f"{facts.path}, {size_text(facts.size_bytes)}" + (f", the book of {facts.account}" if facts.account else "")
    if facts.outdated:
        return warn(
            "database", f"{said}: written by an earlier version",
            "start the daemon: it copies the database and brings it up to date", facts.size_bytes,
        )  # fmt: skip
    if not facts.write_ahead:
        return warn(
            "database", f"{said}: not in write-ahead mode, as after a restore", "start the daemon: it sets it",
            facts.size_bytes,
        )  # fmt: skip
    return ok("database", said, facts.size_bytes)


def integrity_check(facts: IntegrityFacts) -> Check:
    """Judge what SQLite said of the pages."""
    if facts.said is None:
        return warn(
            "integrity", f"not checked to the end within {facts.limit_s:g} s",
            "condord backup copies the database and checks all of the copy",
        )  # fmt: skip
    if facts.said != "ok":
        return fail("integrity", f"damaged: {facts.said}", "stop the daemon, then: condord restore FILE", facts.said)
    return ok("integrity", "every page is sound", facts.said)


def backups_check(facts: BackupFacts, *, now: datetime, database: bool) -> Check:
    """Judge the newest backup; ``database`` says whether there is anything to copy."""
    if facts.made_at is None:
        if not database:
            return skipped("backups", "there is no database yet")
        return warn("backups", "there is none", "condord backup, and a timer that does it: docs/service.md", 0)
    age = now - facts.made_at
    said = f"{facts.count}, the newest {_age_text(age)} old ({facts.newest})"
    if facts.problem:
        return fail("backups", facts.problem, "condord backup, then look at the disk", facts.newest)
    if age > BACKUP_AGE_MAX:
        return warn("backups", said, "condord backup; systemctl list-timers condord-backup", age.days)
    return ok("backups", f"{said}, restorable", age.days)


def _age_text(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def daemon_check(facts: DaemonFacts) -> Check:
    """Judge the daemon of this state folder; that none runs is no fault."""
    if facts.silent:
        return fail("daemon", "one runs and does not answer", "condord log --errors; systemctl restart condord")
    if facts.refused:
        return warn(
            "daemon", facts.refused, "run this as a member of the daemon's group; restart one of another version"
        )
    if facts.pid is not None:
        return _running(facts, facts.pid)
    if facts.lock_held:
        return warn(
            "daemon", "one holds the state folder, and none listens in the runtime folder",
            "give this command the settings of the daemon: --env-file, CONDORD_RUNTIME_DIR",
        )  # fmt: skip
    return ok("daemon", "none runs here, the state folder is free")


def _running(facts: DaemonFacts, pid: int) -> Check:
    said = f"process {pid} runs and answers"
    if not facts.ready:
        why = facts.waiting or "it connects and reconciles"
        return warn("daemon", f"{said}, not ready: {why}", "mend what the checks of the gateway name, or wait", pid)
    if facts.breaks_open:
        text = f"{said}; breaks open: {facts.breaks_open}, so that nothing new is entered"
        return warn("daemon", text, "condord status; docs/reconciliation.md tells how a break is closed", pid)
    return ok("daemon", f"{said}, connected and reconciled", pid)


def halt_file_check(reason: str | None, path: str) -> Check:
    """Judge the halt file by the reason that it gives; None: there is none."""
    if reason is None:
        return ok("halt_file", "there is none")
    return warn("halt_file", f"nothing new is sent: {reason}", f"rm {path}; condord resume --reason TEXT", reason)


def run_state_check(record: RunStateRecord | None) -> Check:
    """Judge the run state that is recorded."""
    if record is None or record.state is RunState.RUNNING:
        return ok("run_state", RunState.RUNNING, RunState.RUNNING)
    return warn(
        "run_state", f"{record.state} by the {record.by}: {record.reason}",
        "condord resume --reason TEXT, once the reason is gone", record.state,
    )  # fmt: skip


def clock_check(now: datetime, last_event_at: datetime | None) -> Check:
    """Judge the computer's date alone; the gateway's clock is a check of its own."""
    said, fix = f"{now:%Y-%m-%d %H:%M:%S} UTC", "set the clock, and let NTP keep it: timedatectl set-ntp true"
    if not RELEASED <= now.date() <= date(LAST_YEAR, 12, 31):
        return fail("clock", f"{said} cannot be: it is before this version or after {LAST_YEAR}", fix, said)
    if last_event_at is not None and last_event_at > now + AHEAD_MAX:
        return warn("clock", f"{said}, and the last recorded event is of {last_event_at:%Y-%m-%d %H:%M:%S}", fix, said)
    return ok("clock", said, said)
