"""The journal of systemd, spoken to in its own protocol, so that fields of an event can be asked for.

Source: systemd.io/JOURNAL_NATIVE_PROTOCOL: a datagram of lines ``KEY=value``; a value that has line breaks
stands behind its length in eight bytes.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from daemon.core.event_lines import json_value, text_line
from daemon.core.records import EventRecord, Level

SOCKET: Final = Path("/run/systemd/journal/socket")
PRIORITY: Final = {Level.DEBUG: 7, Level.INFO: 6, Level.WARNING: 4, Level.ERROR: 3}
"""Syslog priorities (syslog(3)); a stream says them in a prefix (sd-daemon(3))."""

_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""What the journal takes as the name of a field; it leaves out others."""
_PREFIX: Final = "CONDORD_"


class JournalSocket:
    """Sends events to the journal; never waits for it."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, event: EventRecord) -> bool:
        """Send one event; return whether the journal took it."""
        try:
            self._socket.sendto(b"".join(_encoded(name, text) for name, text in _fields(event)), self._path)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def goes_to_journal(stream: TextIO, journal_stream: str | None) -> bool:
    """Whether a stream is the journal: ``JOURNAL_STREAM`` names its device and inode (systemd.exec(5))."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return journal_stream == f"{status.st_dev}:{status.st_ino}"


def _fields(event: EventRecord) -> Iterator[tuple[str, str]]:
    yield "MESSAGE", text_line(event)
    yield "PRIORITY", str(PRIORITY[event.level])
    yield "SYSLOG_IDENTIFIER", "condord"
    ours: dict[str, object] = {"event": event.name, "session": event.session.isoformat()}
    for key, value in (dict(event.fields) | ours).items():
        name = f"{_PREFIX}{key.upper()}"
        if _NAME.fullmatch(name):
            yield name, value if isinstance(value, str) else json.dumps(value, default=json_value, ensure_ascii=False)


def _encoded(name: str, text: str) -> bytes:
    value = text.encode(errors="backslashreplace")
    if b"\n" not in value:
        return b"%s=%s\n" % (name.encode(), value)
    return b"%s\n%s%s\n" % (name.encode(), len(value).to_bytes(8, "little"), value)
