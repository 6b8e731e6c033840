"""The program's memory: SQLite through sqlite-utils, its backups, and the lock of a state folder."""

from daemon.adapters.store import backups
from daemon.adapters.store.digest import event_digest
from daemon.adapters.store.lock import InstanceLock, lock_is_held
from daemon.adapters.store.sqlite_store import DATABASE, SqliteStore, open_readonly

__all__ = ["DATABASE", "InstanceLock", "SqliteStore", "backups", "event_digest", "lock_is_held", "open_readonly"]
