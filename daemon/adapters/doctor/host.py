"""Facts of the host: folders, file systems, free space, the database and its backups, the daemon."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from daemon.adapters.clock import computer_now
from daemon.adapters.control import SilentDaemonError, ask, check_path, daemon_listens
from daemon.adapters.store import backups, lock_is_held, open_readonly
from daemon.adapters.store.connection import open_reading
from daemon.core.doctor.host import (
    BackupFacts,
    DaemonFacts,
    DatabaseFacts,
    FileSystemFacts,
    FolderFacts,
    IntegrityFacts,
)
from daemon.errors import CondordError, NotReadyError, SettingsError, StoreError

ASK_S: Final = 3.0
INTEGRITY_S: Final = 5.0
MOUNTS: Final = Path("/proc/self/mountinfo")
_ACCOUNT: Final = "account"


def folder_facts(path: Path, *, socket: bool = False) -> FolderFacts:
    """Return a folder as it is; ``socket``: a control socket is to be made in it, whose path has a longest length."""
    user = _user(os.geteuid())
    try:
        if socket:
            check_path(path)
        status = path.stat()
    except SettingsError as error:
        return FolderFacts(path=str(path), user=user, exists=True, problem=str(error))
    except FileNotFoundError:
        above = nearest(path)
        made = above.is_dir() and os.access(above, os.W_OK | os.X_OK, effective_ids=True)
        return FolderFacts(path=str(path), user=user, exists=False, can_be_made=made)
    except OSError as error:
        problem = f"{path} cannot be looked at by {user}: {error.strerror}"
        return FolderFacts(path=str(path), user=user, exists=True, problem=problem)
    return FolderFacts(
        path=str(path),
        user=user,
        exists=True,
        is_folder=path.is_dir(),
        owner=_user(status.st_uid),
        group=_group(status.st_gid),
        mode=status.st_mode & 0o7777,
        readable=os.access(path, os.R_OK | os.X_OK, effective_ids=True),
        writable=os.access(path, os.W_OK | os.X_OK, effective_ids=True),
    )


def nearest(path: Path) -> Path:
    """Return the folder itself, or the nearest one above it that can be looked at."""
    return next((place for place in (path, *path.parents) if _device(place) is not None), Path("/"))


def _device(path: Path) -> int | None:
    """Return the file system that a file or folder is on; None where it is not there or closed to us."""
    try:
        return path.stat().st_dev
    except OSError:
        return None


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def file_system_facts(folder: Path, database: Path, *, mounts: Path = MOUNTS) -> FileSystemFacts:
    """Return the kind of file system below a folder, and whether its database lies on another."""
    here = nearest(folder)
    elsewhere = _device(database) not in (None, _device(here))
    return FileSystemFacts(_kind(here.resolve(), mounts.read_text(encoding="utf-8")), elsewhere)


def _kind(folder: Path, mounts: str) -> str:
    """Return the kind of the mount that holds a folder: of the longest mount point above it, and the last of equal ones."""
    best, kind = -1, "unknown"
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = Path(fields.split()[4].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), rest.split()[0]
    return kind


def free_bytes(*folders: Path) -> dict[str, int]:
    """Return the free bytes by folder."""
    return {str(folder): shutil.disk_usage(nearest(folder)).free for folder in folders}


def database_facts(path: Path) -> DatabaseFacts:
    """Read what the database says of itself; nothing is written."""
    try:
        with closing(open_reading(path, older_too=True)) as connection:
            write_ahead = connection.pragma("journal_mode") == "wal"
    except NotReadyError:
        return DatabaseFacts(path=str(path), exists=False)
    except StoreError as error:
        return DatabaseFacts(path=str(path), exists=True, problem=str(error))
    known: dict[str, Any] = {"path": str(path), "exists": True, "write_ahead": write_ahead}
    known["size_bytes"] = sum(file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.exists())
    try:
        with closing(open_readonly(path)) as store:
            known["account"], known["run_state"] = store.meta(_ACCOUNT), store.run_state()
            known["last_event_at"] = store.last_event_at()
    except StoreError:
        # It opened a moment ago: only its version can be in the way.
        return DatabaseFacts(**known, outdated=True)
    return DatabaseFacts(**known)


def integrity_facts(path: Path, *, limit_s: float = INTEGRITY_S) -> IntegrityFacts:
    """Let SQLite check every page, for as long as there is time."""
    try:
        with closing(open_reading(path, older_too=True)) as connection:
            return IntegrityFacts(connection.integrity(limit_s), limit_s)
    except StoreError as error:
        return IntegrityFacts(str(error), limit_s)


def backup_facts(folder: Path, *, read: bool) -> BackupFacts:
    """Look at the newest backup; ``read``: from end to end, which takes as long as the database is large."""
    try:
        found = backups.backups(folder)
        if not found:
            return BackupFacts(count=0)
        newest = found[-1]
        made_at = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
        if read:
            backups.check_backup(newest)
    except CondordError as error:
        return BackupFacts(count=len(found), newest=str(newest), made_at=made_at, problem=str(error))
    except OSError as error:
        return BackupFacts(count=0, newest=str(folder), made_at=computer_now(), problem=f"{folder}: {error.strerror}")
    return BackupFacts(count=len(found), newest=newest.name, made_at=made_at)


def daemon_facts(state_dir: Path, runtime_dir: Path) -> DaemonFacts:
    """Ask the daemon how it is; its lock is looked up and not touched."""
    held = lock_is_held(state_dir)
    try:
        if not daemon_listens(runtime_dir):
            return DaemonFacts(lock_held=held)
        said = ask(runtime_dir, "health", timeout_s=ASK_S, alike=True)
    except SilentDaemonError:
        return DaemonFacts(lock_held=held, silent=True)
    except CondordError as error:
        return DaemonFacts(lock_held=held, refused=str(error))
    return DaemonFacts(
        pid=said["pid"],
        ready=said["ready"],
        waiting=said["waiting"],
        breaks_open=said["breaks_open"],
        alerts=said["alerts"],
        lock_held=held,
    )
