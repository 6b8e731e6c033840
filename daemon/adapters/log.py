"""The log: one line an event, in the file of the session and on the terminal or in the journal.

Nothing here is process-wide: every log has its own structlog loggers, so that simulated twins do not
share one. A disk or a terminal that fails never stops trading: the failure is told once, and every event
is in the database anyway.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import UTC, date, datetime, time
from io import FileIO
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.phrasing import sentence, words
from daemon.core.records import EventRecord, Level
from daemon.core.vocabulary import level_of
from daemon.settings import LogFormat, LogSettings

_MARK: Final = {Level.DEBUG: ".", Level.INFO: " ", Level.WARNING: "!", Level.ERROR: "X"}
"""Stands between time and event, so that what matters is seen in the margin."""
_NUMBER: Final = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}
_PRIORITY: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3}
"""Syslog priorities, which the journal reads from a prefix (sd-daemon(3))."""
_COLOUR: Final = {Level.DEBUG: "\x1b[2m", Level.INFO: "", Level.WARNING: "\x1b[33m", Level.ERROR: "\x1b[1;31m"}
_PLAIN: Final = "\x1b[0m"
_NAME_WIDTH: Final = 21
_LOOK_BACK_BYTES: Final = 1_000_000
"""How much of a session's file is looked through for its last header."""


def build_logging(
    settings: LogSettings,
    *,
    clock_now: Callable[[], datetime],
    log_session: Callable[[datetime], date],
    log_dir: Path | None,
    terminal: TextIO | None,
    header: str,
    journal: bool = False,
) -> EventLog:
    """Build the log of one program.

    Args:
        settings: Least severe level, and the form of the terminal's lines.
        clock_now: Time of the log's own events.
        log_session: The session that such an event belongs to.
        log_dir: Folder of the session files; None writes none.
        terminal: Stream for people or for the journal; None writes none.
        header: First line of every session file: version, SIMULATED or account, digest of the settings.
        journal: Whether the terminal is the journal, which wants priorities before the lines.
    """
    file = None if log_dir is None else SessionFiles(log_dir, header)
    screen = None if terminal is None else _Screen(terminal)
    colour = screen is not None and screen.is_terminal and not journal
    return EventLog(
        file=file,
        to_file=None if file is None else _logger(file, _file_line, settings),
        to_screen=None
        if screen is None
        else _logger(screen, _screen_line(settings, colour=colour, journal=journal), settings),
        here=lambda: (clock_now(), log_session(clock_now())),
        least=_NUMBER[Level(settings.level.value)],
    )


class EventLog:
    """Writes events as lines; never raises for a disk or a terminal that fails."""

    def __init__(
        self,
        *,
        file: SessionFiles | None,
        to_file: Any,
        to_screen: Any,
        here: Callable[[], tuple[datetime, date]],
        least: int,
    ) -> None:
        self._file = file
        self._to_file = to_file
        self._to_screen = to_screen
        self._here = here
        self._least = least
        self._failed = False

    def write(self, event: EventRecord) -> None:
        """Write one event everywhere."""
        self._show(event)
        if self._to_file is not None and _NUMBER[event.level] >= self._least:
            self._try(lambda: self._to_file.log(_NUMBER[event.level], event.name, record=event))

    def write_block(self, session: date, text: str) -> None:
        """Append a page of text to the file of a session."""
        file = self._file
        if file is not None:
            self._try(lambda: file.append(session, f"\n{text.rstrip()}\n\n"))

    def close(self) -> None:
        """Close the open file; a later event opens it again."""
        if self._file is not None:
            self._file.close()

    def _show(self, event: EventRecord) -> None:
        if self._to_screen is not None:
            self._to_screen.log(_NUMBER[event.level], event.name, record=event)

    def _try(self, write: Callable[[], None]) -> None:
        """Write to the file; tell the first failure after a success, and the first success after a failure."""
        assert self._file is not None, "only a log with files writes to them"
        try:
            write()
        except OSError as error:
            if not self._failed:
                self._tell("log_failed", {"path": str(self._file.folder), "text": error.strerror or str(error)})
            self._failed = True
        else:
            if self._failed:
                self._tell("log_recovered", {"path": str(self._file.folder)})
            self._failed = False

    def _tell(self, name: str, fields: Mapping[str, object]) -> None:
        now, session = self._here()
        event = EventRecord(name, now, session, level_of(name), fields)
        if self._to_screen is None:
            _Screen(sys.stderr).put(text_line(event))
        else:
            self._show(event)


def text_line(event: EventRecord) -> str:
    """Return an event as a line for people: New York time, the name in words, what it says."""
    local = event.at.astimezone(NEW_YORK)
    day = "" if local.date() == event.session else f"{local:%Y-%m-%d} "
    usual = {"of_session": event.session.isoformat()}
    fields = {key: value for key, value in event.fields.items() if usual.get(key) != value}
    name = f"{words(event.name):<{_NAME_WIDTH}}"
    return _one_line(f"{day}{local:%H:%M:%S} ET {_MARK[event.level]} {name} {sentence(event.name, fields)}".rstrip())


def _one_line(text: str) -> str:
    """Replace what would break the line or the terminal; texts of the gateway may contain anything."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


class SessionFiles:
    """One file a session, opened to append; every line is one write to the disk."""

    def __init__(self, folder: Path, header: str) -> None:
        self.folder = folder
        self._header = header
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
            self._file = FileIO(self.folder / f"{session}.log", "a+")
            self._session = session
            self._begin(self._file, session)
        return self._file

    def _begin(self, file: FileIO, session: date) -> None:
        """Write the header where the file has none, or its last one is of other settings or another version."""
        header = f"# {self._header}  session {session}\n".encode()
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _LOOK_BACK_BYTES))
        before = file.read(min(size, _LOOK_BACK_BYTES)) or b""
        if before and not before.endswith(b"\n"):
            _write_all(file, b"\n")  # a crash or a full disk cut the last line
        headers = [line for line in before.splitlines(keepends=True) if line.startswith(b"# ")]
        if not headers or headers[-1] != header:
            _write_all(file, header)


def _write_all(file: FileIO, data: bytes) -> None:
    written = file.write(data)
    if written != len(data):
        raise OSError(28, os.strerror(28))


class _Screen:
    """A stream for people or the journal; once it fails it is left alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    @property
    def is_terminal(self) -> bool:
        return self._stream.isatty()

    def put(self, text: str) -> None:
        if self._broken:
            return
        encoding = self._stream.encoding or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            # Closed, or nobody reads any more: the file and the database go on.
            self._broken = True

    debug = info = warning = error = put


def _logger(sink: object, render: Processor, settings: LogSettings) -> Any:
    return structlog.wrap_logger(
        sink,
        processors=[render],
        wrapper_class=structlog.make_filtering_bound_logger(settings.level.value),
        cache_logger_on_first_use=False,
    )


def _record(event_dict: EventDict) -> EventRecord:
    record = event_dict["record"]
    assert isinstance(record, EventRecord), "only events are written"
    return record


def _file_line(_logger: object, _method: str, event_dict: EventDict) -> tuple[tuple[str], dict[str, date]]:
    record = _record(event_dict)
    return (text_line(record),), {"session": record.session}


def _screen_line(settings: LogSettings, *, colour: bool, journal: bool) -> Processor:
    """Return what turns an event into a line of the terminal or the journal."""
    as_json = structlog.processors.JSONRenderer(default=_json_value, ensure_ascii=False)

    def render(logger: object, method: str, event_dict: EventDict) -> str:
        record = _record(event_dict)
        if settings.format is LogFormat.JSON:
            line = str(as_json(logger, method, _json_fields(record)))
        elif colour and _COLOUR[record.level]:
            line = f"{_COLOUR[record.level]}{text_line(record)}{_PLAIN}"
        else:
            line = text_line(record)
        return f"<{_PRIORITY[method]}>{line}" if journal else line

    return render


def _json_fields(event: EventRecord) -> dict[str, object]:
    """Return an event as one flat object; a field that has a name of the frame gets a ``_`` behind it."""
    frame: dict[str, object] = {
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "level": event.level.value,
        "event": event.name,
        "session": event.session.isoformat(),
    }
    return frame | {f"{key}_" if key in frame else key: value for key, value in event.fields.items()}


def _json_value(value: object) -> object:
    """Return what JSON has no form for as text, list or object."""
    match value:
        case date() | time():
            return value.isoformat()
        case Mapping():
            return {str(key): item for key, item in value.items()}
        case set() | frozenset():
            return sorted(value, key=str)
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in dataclass_fields(value)}
        case _:
            return str(value)


def goes_to_journal(stream: TextIO, journal_stream: str | None) -> bool:
    """Whether a stream is the journal: ``JOURNAL_STREAM`` names its device and inode (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return journal_stream == f"{status.st_dev}:{status.st_ino}"
