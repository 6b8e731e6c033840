"""Copies of the database: made while the daemon runs, checked, kept for a while, put back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from daemon.adapters.store.connection import open_reading, open_writing
from daemon.errors import StoreError

FOLDER: Final = "backups"
"""Of the state folder."""
_STEM: Final = "condord-"
_SUFFIX: Final = ".db"
_STAMP: Final = "%Y%m%dT%H%M%SZ"
_STAMPS: Final = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
_FOLDER_MODE: Final = 0o750


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """What a sound copy of the database holds."""

    path: Path
    size_bytes: int
    events: int
    first_session: date | None
    last_session: date | None


def make_backup(database: Path, folder: Path, *, at: datetime, keep: int) -> tuple[BackupFacts, tuple[Path, ...]]:
    """Copy the database into a folder, check the copy, and remove the oldest beyond ``keep``; return what was removed.

    The daemon may write meanwhile: the copy holds what was committed at one instant. Raises NotReadyError, StoreError.
    """
    target = folder / f"{_STEM}{at.strftime(_STAMP)}{_SUFFIX}"
    with _disk(folder), closing(open_reading(database, older_too=True)) as connection:
        folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        connection.copy_to(target)
    try:
        facts = check_backup(target)
    except StoreError:
        target.unlink()  # a copy that cannot be trusted must not be found when one is needed
        raise
    # The new one stays whatever its name says: the clock may have gone back.
    others = [path for path in backups(folder) if path != target]
    old = tuple(others[: max(0, len(others) - keep + 1)])
    with _disk(folder):
        for path in old:
            path.unlink()
    return facts, old


def backups(folder: Path) -> tuple[Path, ...]:
    """Return the copies of a folder that were made here, the oldest first; files of other names are none of ours."""
    return tuple(sorted(folder.glob(f"{_STEM}{_STAMPS}{_SUFFIX}")))


def check_backup(path: Path) -> BackupFacts:
    """Read a copy from end to end; raise StoreError that says what is wrong, NotReadyError where none is."""
    with closing(open_reading(path, older_too=True)) as connection:
        found = connection.pragma("integrity_check")
        if found != "ok":
            raise StoreError(f"{path} is damaged ({found!r}); take another backup")
        row = connection.rows("SELECT count(*), min(session), max(session) FROM events")[0]
    first, last = (date.fromisoformat(text) if text else None for text in (row[1], row[2]))
    return BackupFacts(path=path, size_bytes=path.stat().st_size, events=row[0], first_session=first, last_session=last)


def restore_backup(database: Path, source: Path, *, at: datetime) -> tuple[BackupFacts, Path | None]:
    """Put a copy in the place of the database; return what it holds, and where the one that was there has gone.

    The caller holds the lock of the state folder. At every instant there is a whole database. Raises StoreError.
    """
    facts = check_backup(source)
    replaced = database.with_name(f"{database.name}.replaced-{at.strftime(_STAMP)}") if database.exists() else None
    with _disk(database.parent):
        if replaced is not None:
            with suppress(StoreError):  # what is too damaged to open is kept as it is
                open_writing(database, "FULL").close()
            os.link(database, replaced)
            for suffix in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    database.with_name(database.name + suffix).rename(replaced.with_name(replaced.name + suffix))
        with closing(open_reading(source, older_too=True)) as connection:
            connection.copy_to(database)
    return facts, replaced


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"the folder {folder} cannot be written: {error.strerror}") from error
