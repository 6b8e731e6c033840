"""The first answer behind a port: is it the TWS protocol at all, which version, which time zone."""

from __future__ import annotations

import struct
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.errors import WrongProtocolError

_LENGTH: Final = struct.Struct(">I")
_LONGEST: Final = 256
"""Bytes; the real answer is a version and a time, some 30 bytes."""
_SHOWN: Final = 40
LOWEST_VERSION: Final = 157
DEFAULT_ZONE: Final = "America/New_York"
_ABBREVIATIONS: Final = {
    "EST": DEFAULT_ZONE,
    "EDT": DEFAULT_ZONE,
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "GMT": "UTC",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
}
"""What gateways with an unconfigured zone print; abbreviations alone would miss the summer time."""


class Greeting:
    """Reads the peer's first frame; knows nothing of what follows it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._data = b""
        self.done = False
        self.server_version = 0
        self.zone: str | None = None

    def feed(self, data: bytes) -> None:
        """Look at more bytes; raises WrongProtocolError when they cannot be an answer of a gateway."""
        if self.done:
            return
        self._data += data
        if len(self._data) < _LENGTH.size:
            return
        (length,) = _LENGTH.unpack_from(self._data)
        if not 0 < length <= _LONGEST:
            raise self._wrong(f"it answered {self._data[:_SHOWN]!r}")
        if len(self._data) >= _LENGTH.size + length:
            self._read(self._data[_LENGTH.size : _LENGTH.size + length])

    def _read(self, payload: bytes) -> None:
        fields = payload.decode(errors="replace").split("\0")
        if len(fields) != 3 or fields[2] or not fields[0].isdecimal():
            raise self._wrong(f"its first message is {payload[:_SHOWN]!r}")
        self.server_version = int(fields[0])
        if self.server_version < LOWEST_VERSION:
            raise self._wrong(f"it speaks version {self.server_version}, and {LOWEST_VERSION} or later is needed")
        self.zone = zone_of(fields[1])
        self.done = True

    def _wrong(self, why: str) -> WrongProtocolError:
        return WrongProtocolError(
            f"What listens on {self._address} is not a TWS or IB Gateway that we can talk to: {why}. "
            "Check CONDORD_GATEWAY_HOST and CONDORD_GATEWAY_PORT."
        )


def zone_of(connection_time: str) -> str | None:
    """Return the zone of the gateway's login from the time in its greeting; None when it names no known zone."""
    name = connection_time.partition(" ")[2].partition(" ")[2].strip()
    return known_zone(name)


def known_zone(name: str) -> str | None:
    """Return a zone of the zone database for a name or a common abbreviation."""
    name = _ABBREVIATIONS.get(name, name)
    try:
        return ZoneInfo(name).key if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def readable_time(text: str, login_zone: str) -> str:
    """Return an execution time in a spelling that the library reads right.

    A dash between date and time means UTC; a zone the zone database does not know would make the
    library drop the whole execution.
    """
    if text[8:9] == "-":
        return f"{text[:8]} {text[9:]} UTC"
    day, _, rest = text.partition(" ")
    clock, _, name = rest.strip().partition(" ")
    if not clock:
        return text
    return f"{day} {clock} {known_zone(name.strip()) or login_zone}"
