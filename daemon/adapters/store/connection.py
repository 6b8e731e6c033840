"""Opening the database file: checks, settings of SQLite, errors in our own words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from daemon.adapters.store.schema import STEPS, Steps
from daemon.errors import InvariantError, NotReadyError, StoreError

if TYPE_CHECKING:
    from sqlite_utils import Database

BUSY_TIMEOUT_S: Final = 5.0
APPLICATION_ID: Final = 0x636F6E64
"""Marks the file as ours: the letters ``cond``."""
_STEPS_BETWEEN_LOOKS: Final = 1_000
"""Steps of SQLite's machine, less than a millisecond."""
_MIGRATION_SET: Final = "condord"
_FOLDER_MODE: Final = 0o750
_FILE_MODE: Final = 0o640

Value = str | int | float | bytes | None


@dataclass(slots=True)
class CommitTimes:
    """How long the disk took for the commits of this process."""

    count: int = 0
    total_s: float = 0.0

    def add(self, took_s: float) -> None:
        """Count one more."""
        self.count += 1
        self.total_s += took_s


class Connection:
    """The one connection of a store: statements and transactions, with StoreError for whatever the disk does."""

    def __init__(self, path: Path, conn: sqlite3.Connection, db: Database | None = None) -> None:
        """Take over a connection; ``db`` wraps one that is written to."""
        self.path = path
        self._conn = conn
        self._db = db
        self.commits = CommitTimes()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it."""
        assert self._db is not None, "only a connection for writing has transactions"
        with translated(self.path):
            with self._db.atomic():
                yield
                began_s = time.perf_counter()
            self.commits.add(time.perf_counter() - began_s)

    def write(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one statement of a transaction; return how many rows it changed."""
        assert self._conn.in_transaction, "a write belongs into a transaction"
        return self._conn.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[sqlite3.Row]:
        """Read rows."""
        with translated(self.path):
            return self._conn.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Value] = ()) -> sqlite3.Row | None:
        """Read one row, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def pragma(self, name: str) -> Value:
        """Read a setting of SQLite."""
        found: Value = self.rows(f"PRAGMA {name}")[0][0]
        return found

    def integrity(self, limit_s: float) -> str | None:
        """Return what SQLite's check of every page says, ``ok`` when all are sound; None when there was not the time."""
        end = time.monotonic() + limit_s
        self._conn.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
        try:
            return str(self.pragma("integrity_check"))
        except StoreError:
            if time.monotonic() > end:
                return None
            raise
        finally:
            self._conn.set_progress_handler(None, 0)

    def copy_to(self, target: Path) -> None:
        """Copy what is committed to ``target``, replacing it in one step. Raises StoreError."""
        with translated(target):
            _copy(self._conn, target)

    def close(self) -> None:
        """Close the connection."""
        self._conn.close()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into our own exceptions, with the file's name."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise InvariantError(f"{path} refused a contradiction: {error}") from error
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, error)) from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    text = str(error)
    hints = {
        "file is not a database": "is not an SQLite database; move it away or name another state folder",
        "locked": "is locked by another process; end that process or wait for it",
        "readonly": "cannot be written; check the rights of the file and its folder",
        "unable to open": "cannot be opened; check that its folder exists and may be written",
        "full": "cannot grow because the disk is full; free some space",
        "disk I/O error": "cannot be read or written; free some space where it lies, or check that disk",
        "malformed": "is damaged; restore a backup",
    }
    hint = next((hint for word, hint in hints.items() if word in text), "failed")
    return f"database {path} {hint} ({text})"


def open_writing(
    path: Path,
    synchronous: str,
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    steps: Steps = STEPS,
) -> Connection:
    """Open the database for the one writer, create it or bring it up to date.

    An existing file is copied beside itself before it is migrated. Raises StoreError.
    """
    _make_folder(path.parent)
    with translated(path):
        conn = _connect(path, "rwc", busy_timeout_s)
        try:
            _check_ours(path, conn, steps)
            _configure(path, conn, synchronous)
            db = _migrate(path, conn, steps)
        except BaseException:
            conn.close()
            raise
    return Connection(path, conn, db)


def open_reading(
    path: Path,
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    steps: Steps = STEPS,
    older_too: bool = False,
) -> Connection:
    """Open the database for reading only, also while the daemon writes. Raises NotReadyError, StoreError.

    With ``older_too`` also one that an earlier version wrote, whose tables may be others.
    """
    _require_there(path)
    with translated(path):
        conn = _connect_reading(path, busy_timeout_s)
        try:
            _check_ours(path, conn, steps)
            if not older_too:
                _check_current(path, conn, steps)
        except BaseException:
            conn.close()
            raise
    return Connection(path, conn)


def _require_there(path: Path) -> None:
    try:
        path.stat()
    except PermissionError as error:
        raise StoreError(
            f"database {path} cannot be read: {error.strerror}; reading needs to be in the group of {path.parent}"
        ) from error
    except OSError as error:
        raise NotReadyError(
            f"there is no database {path} yet; start the daemon once, or name its state folder"
        ) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the state folder {folder} cannot be made: {error.strerror}") from error


def _connect(path: Path, mode: str, busy_timeout_s: float, *, immutable: bool = False) -> sqlite3.Connection:
    options = f"mode={mode}" + ("&immutable=1" if immutable else "")
    conn = sqlite3.connect(f"file:{quote(str(path.absolute()))}?{options}", uri=True, timeout=busy_timeout_s)
    conn.row_factory = sqlite3.Row
    return conn


def _connect_reading(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Connect with ``mode=ro``.

    Where no daemon runs, the write-ahead files are gone, and somebody who may not write the folder cannot
    make them: the file alone is then complete and is read as it is.
    """
    conn = _connect(path, "ro", busy_timeout_s)
    try:
        conn.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError:
        conn.close()
        if path.with_name(path.name + "-wal").exists():
            raise
        return _connect(path, "ro", busy_timeout_s, immutable=True)
    return conn


def _check_ours(path: Path, conn: sqlite3.Connection, steps: Steps) -> None:
    """Refuse a file of another program, and one that a newer version of this program wrote."""
    marked = conn.execute("PRAGMA application_id").fetchone()[0]
    is_new = conn.execute("PRAGMA schema_version").fetchone()[0] == 0
    if marked != APPLICATION_ID and not is_new:
        raise StoreError(f"database {path} belongs to another program; name another state folder")
    unknown = sorted(_applied(conn) - {name for name, _ in steps})
    if unknown:
        raise StoreError(
            f"database {path} was written by a newer version of condord (it has {', '.join(unknown)}); "
            "install that version"
        )


def _check_current(path: Path, conn: sqlite3.Connection, steps: Steps) -> None:
    if {name for name, _ in steps} - _applied(conn):
        raise StoreError(
            f"database {path} was written by an older version of condord; start the daemon once to update it"
        )


def _applied(conn: sqlite3.Connection) -> set[str]:
    """Return the names of the migrations that were applied, from the table that sqlite-utils keeps of them.

    Read without that package: it takes longer to import than a command may take that only looks.
    """
    if conn.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone() is None:
        return set()
    found = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (_MIGRATION_SET,))
    return {name for (name,) in found}


def _configure(path: Path, conn: sqlite3.Connection, synchronous: str) -> None:
    mode = conn.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise StoreError(f"database {path} cannot keep a write-ahead log (mode {mode}); use a local disk")
    conn.execute(f"PRAGMA synchronous = {synchronous}")
    conn.execute("PRAGMA foreign_keys = ON")
    if conn.execute("PRAGMA foreign_keys").fetchone()[0] != 1:
        raise StoreError(f"database {path}: this build of SQLite does not check foreign keys")


def _migrate(path: Path, conn: sqlite3.Connection, steps: Steps) -> Database:
    """Bring the tables up to date; return the connection as sqlite-utils wraps it."""
    from sqlite_utils import Database  # noqa: PLC0415 - see _applied
    from sqlite_utils.migrations import Migrations  # noqa: PLC0415

    db, migrations = Database(conn, execute_plugins=False), Migrations(_MIGRATION_SET)
    for name, step in steps:
        migrations(name=name)(step)
    pending = [migration.name for migration in migrations.pending(db)]
    if pending and migrations.applied(db):
        _copy(conn, path.with_name(f"{path.name}.before-{pending[0]}"))
    if pending:
        conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrations.apply(db)
    return db


def _copy(conn: sqlite3.Connection, target: Path) -> None:
    scratch = target.with_name(target.name + ".part")
    scratch.unlink(missing_ok=True)
    try:
        scratch.touch(_FILE_MODE)
        with closing(sqlite3.connect(scratch)) as copy:
            conn.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file that is whole by itself, also while it is read
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)  # half a copy must not go on filling a disk that is full
