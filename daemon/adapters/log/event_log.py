"""Where events go: the files of the session, and the terminal or the journal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

from daemon.adapters.log.files import LINES_SUFFIX, TEXT_SUFFIX, SessionFiles
from daemon.adapters.log.journal import PRIORITY, JournalSocket
from daemon.core.event_lines import json_fields, json_value, text_line
from daemon.core.records import EventRecord, Level
from daemon.core.vocabulary import level_of
from daemon.settings import LogFormat, LogSettings

_NUMBER: Final = {
    Level.DEBUG: logging.DEBUG,
    Level.INFO: logging.INFO,
    Level.WARNING: logging.WARNING,
    Level.ERROR: logging.ERROR,
}
_COLOUR: Final = {Level.DEBUG: "\x1b[2m", Level.INFO: "", Level.WARNING: "\x1b[33m", Level.ERROR: "\x1b[1;31m"}
_PLAIN: Final = "\x1b[0m"


def build_logging(
    settings: LogSettings,
    *,
    clock_now: Callable[[], datetime],
    log_session: Callable[[datetime], date],
    log_dir: Path | None,
    terminal: TextIO | None,
    header: str,
    journal: JournalSocket | None = None,
) -> EventLog:
    """Build the log of one program.

    Args:
        settings: Least severe level, the form of the terminal's lines, how long files are kept.
        clock_now: Time of the log's own events.
        log_session: The session that such an event belongs to.
        log_dir: Folder of the session files; None writes none.
        terminal: Stream for people; None writes none.
        header: First line of every session file: version, SIMULATED or account, digest of the settings.
        journal: The journal, when the terminal is one; the terminal then gets what it does not take.
    """
    screen = None if terminal is None else _Screen(terminal)
    to_screen = None
    if screen is not None:
        sink = screen if journal is None else _JournalOrScreen(journal, screen)
        to_screen = _logger(
            sink, _as_record if journal else _screen_line(settings, colour=screen.is_terminal), settings
        )
    return EventLog(
        log_dir,
        files=() if log_dir is None else _session_files(log_dir, header, settings),
        to_screen=to_screen,
        here=lambda: (clock_now(), log_session(clock_now())),
        least=_NUMBER[Level(settings.level.value)],
    )


class EventLog:
    """Writes events as lines; never raises for a disk or a terminal that fails."""

    def __init__(
        self,
        folder: Path | None,
        *,
        files: tuple[tuple[SessionFiles, Any], ...],
        to_screen: Any,
        here: Callable[[], tuple[datetime, date]],
        least: int,
    ) -> None:
        self._folder = folder
        self._files = files
        self._to_screen = to_screen
        self._here = here
        self._least = least
        self._failed = False
        self.on_trouble: Callable[[EventRecord], None] = lambda _event: None
        """Called when the files cannot be written any more, and when they can again."""

    def write(self, event: EventRecord) -> None:
        """Write one event everywhere."""
        self._show(event)

        def lines() -> None:
            for _, to_file in self._files:
                to_file.log(_NUMBER[event.level], event.name, record=event)

        if _NUMBER[event.level] >= self._least:
            self._try(lines)

    def write_page(self, session: date, text: str, facts: Mapping[str, object]) -> None:
        """Append the page of a session to the file for people, and its facts to that for programs."""
        now, _ = self._here()
        closed = EventRecord("session_closed", now, session, level_of("session_closed"), facts)

        def page() -> None:
            for (file, _), shown in zip(
                self._files, (f"\n{text.rstrip()}\n\n", f"{_json_line(closed)}\n"), strict=False
            ):
                file.append(session, shown)

        self._try(page)

    def close(self) -> None:
        """Close the open files; a later event opens them again."""
        for file, _ in self._files:
            file.close()

    def _show(self, event: EventRecord) -> None:
        if self._to_screen is not None:
            self._to_screen.log(_NUMBER[event.level], event.name, record=event)

    def _try(self, write: Callable[[], None]) -> None:
        """Write to the files; tell the first failure after a success, and the first success after a failure."""
        if not self._files:
            return
        try:
            write()
        except OSError as error:
            if not self._failed:
                self._tell("log_failed", {"path": str(self._folder), "text": error.strerror or str(error)})
            self._failed = True
        else:
            if self._failed:
                self._tell("log_recovered", {"path": str(self._folder)})
            self._failed = False

    def _tell(self, name: str, fields: Mapping[str, object]) -> None:
        now, session = self._here()
        event = EventRecord(name, now, session, level_of(name), fields)
        self.on_trouble(event)
        if self._to_screen is None:
            _Screen(sys.stderr).put(text_line(event))
        else:
            self._show(event)


class _Screen:
    """A stream for people; once it fails it is left alone."""

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
            # Closed, or nobody reads any more: the files and the database go on.
            self._broken = True

    debug = info = warning = error = put


class _JournalOrScreen:
    """The journal; what it does not take goes to the stream that leads there, with its priority as prefix."""

    def __init__(self, journal: JournalSocket, stream: _Screen) -> None:
        self._journal = journal
        self._stream = stream

    def put(self, event: EventRecord) -> None:
        if not self._journal.send(event):
            self._stream.put(f"<{PRIORITY[event.level]}>{text_line(event)}")

    debug = info = warning = error = put


def _session_files(folder: Path, header: str, settings: LogSettings) -> tuple[tuple[SessionFiles, Any], ...]:
    """Return the files of a session with what writes lines into them; the one for people first."""
    text = SessionFiles(folder, TEXT_SUFFIX, header=header, keep_days=settings.keep_days)
    lines = SessionFiles(folder, LINES_SUFFIX, keep_days=settings.keep_days)
    return (text, _logger(text, _text_to_file, settings)), (lines, _logger(lines, _json_to_file, settings))


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


_as_json: Final = structlog.processors.JSONRenderer(default=json_value, ensure_ascii=False)


def _json_line(record: EventRecord) -> str:
    return str(_as_json(None, "", json_fields(record)))


def _as_record(_logger: object, _method: str, event_dict: EventDict) -> tuple[tuple[EventRecord], dict[str, object]]:
    return (_record(event_dict),), {}


def _text_to_file(_logger: object, _method: str, event_dict: EventDict) -> tuple[tuple[str], dict[str, date]]:
    record = _record(event_dict)
    return (text_line(record),), {"session": record.session}


def _json_to_file(_logger: object, _method: str, event_dict: EventDict) -> tuple[tuple[str], dict[str, date]]:
    record = _record(event_dict)
    return (_json_line(record),), {"session": record.session}


def _screen_line(settings: LogSettings, *, colour: bool) -> Processor:
    """Return what turns an event into a line of the terminal."""

    def render(_logger: object, _method: str, event_dict: EventDict) -> str:
        record = _record(event_dict)
        if settings.format is LogFormat.JSON:
            return _json_line(record)
        line = text_line(record)
        return f"{_COLOUR[record.level]}{line}{_PLAIN}" if colour and _COLOUR[record.level] else line

    return render
