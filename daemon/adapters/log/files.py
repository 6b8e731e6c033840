"""One file a session, opened to append, and how long such files are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import FileIO
from pathlib import Path
from typing import Final

TEXT_SUFFIX: Final = ".log"
"""For people, with the page of the day behind the lines."""
LINES_SUFFIX: Final = ".jsonl"
"""For programs: one JSON object a line."""

_LOOK_BACK_BYTES: Final = 1_000_000
"""How much of a session's file is looked through for its last header."""


class SessionFiles:
    """One file a session; every line is one write to the disk."""

    def __init__(self, folder: Path, suffix: str, *, header: str | None = None, keep_days: int = 0) -> None:
        """Write into ``folder``; with ``header`` as first line, without files older than ``keep_days`` (0: all)."""
        self.folder = folder
        self._suffix = suffix
        self._header = header
        self._keep_days = keep_days
        self._session: date | None = None
        self._file: FileIO | None = None

    def debug(self, text: str, session: date) -> None:
        """Write a line to the file of a session."""
        self.append(session, f"{text}\n")

    info = warning = error = debug

    def append(self, session: date, text: str) -> None:
        """Write text to the file of a session. Raises OSError."""
        try:
            _write_all(self._opened(session), text.encode(errors="backslashreplace"))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the open file."""
        file, self._file, self._session = self._file, None, None
        if file is not None:
            file.close()

    def _opened(self, session: date) -> FileIO:
        if self._file is None or session != self._session:
            self.close()
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            self._file = FileIO(self.folder / f"{session}{self._suffix}", "a+")
            self._session = session
            self._begin(self._file, session)
            self._forget(session)
        return self._file

    def _begin(self, file: FileIO, session: date) -> None:
        """Write the header where the file has none, or its last one is of other settings or another version."""
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _LOOK_BACK_BYTES))
        before = file.read(min(size, _LOOK_BACK_BYTES)) or b""
        if before and not before.endswith(b"\n"):
            _write_all(file, b"\n")  # a crash or a full disk cut the last line
        if self._header is None:
            return
        header = f"# {self._header}  session {session}\n".encode()
        headers = [line for line in before.splitlines(keepends=True) if line.startswith(b"# ")]
        if not headers or headers[-1] != header:
            _write_all(file, header)

    def _forget(self, session: date) -> None:
        """Remove the files of sessions that are too long ago; what has another name is not ours."""
        if self._keep_days == 0:
            return
        oldest = session - timedelta(days=self._keep_days)
        for path in self.folder.glob(f"*{self._suffix}"):
            day = _session_of(path)
            if day is not None and day < oldest:
                path.unlink(missing_ok=True)


def follow(path: Path, wait: Callable[[], None]) -> Iterator[str]:
    """Yield what stands in a session's file and what is added to it, and to the files of the sessions behind it.

    ``wait`` is called between two looks; the one who iterates ends it.
    """
    while True:
        with path.open(encoding="utf-8", errors="replace") as file:
            while (later := _next_file(path)) is None:
                yield file.read()
                wait()
            yield file.read()
        path = later


def _next_file(path: Path) -> Path | None:
    """Return the file of the next session once it has begun."""
    behind = [other for other in path.parent.glob(f"*{path.suffix}") if other.stem > path.stem and _session_of(other)]
    return min(behind, default=None)


def _session_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None


def _write_all(file: FileIO, data: bytes) -> None:
    written = file.write(data)
    if written != len(data):
        raise OSError(28, os.strerror(28))
