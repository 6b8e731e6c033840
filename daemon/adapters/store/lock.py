"""One daemon a state folder: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from daemon.errors import AlreadyRunningError, StoreError

LOCK_NAME: Final = "condord.lock"
_REMEDY: Final = "name another folder with CONDORD_STATE_DIR"
_PID_BYTES_MAX: Final = 32
LOCKS: Final = Path("/proc/locks")


def lock_is_held(state_dir: Path, *, locks: Path = LOCKS) -> bool:
    """Whether some process holds the lock of a state folder, by the kernel's list (proc_locks(5)); no lock is taken."""
    try:
        inode = (state_dir / LOCK_NAME).stat().st_ino
        lines = locks.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    # A line has number, kind, manner, mode, process, device with inode, and the bytes from and to.
    held = (line.split() for line in lines)
    return any(len(parts) > 5 and parts[1] == "FLOCK" and parts[5].rpartition(":")[2] == str(inode) for parts in held)


class InstanceLock:
    """Holds ``condord.lock`` of a state folder (or a lock of another name); usable in a ``with`` statement."""

    def __init__(
        self, state_dir: Path, *, name: str = LOCK_NAME, holder: str = "daemon", remedy: str = _REMEDY
    ) -> None:
        self._path = state_dir / name
        self._holder = holder
        self._remedy = remedy
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    def acquire(self) -> None:
        """Take the lock. Raises AlreadyRunningError naming the process that holds it, or StoreError."""
        assert self._fd is None, "the lock is held already"
        fd = self._open()
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError as error:
            holder = os.pread(fd, _PID_BYTES_MAX, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise AlreadyRunningError(
                f"another {self._holder} (process {holder}) holds the state folder {self._path.parent}; "
                f"stop it first, or {self._remedy}"
            ) from error
        except OSError as error:
            os.close(fd)
            raise StoreError(f"the lock {self._path} cannot be taken: {error.strerror}") from error
        self._fd = fd

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(
                f"the state folder {self._path.parent} cannot be written ({self._path.name}: {error.strerror}); "
                f"make it writable, or {self._remedy}"
            ) from error

    def release(self) -> None:
        """Give the lock back; does nothing when it is not held. The file stays."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
