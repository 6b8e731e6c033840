"""Dates and instants as the wire spells them, and back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.core.calendar.sessions import NEW_YORK
from daemon.sim.gateway.codec import FieldError
from daemon.sim.gateway.config import TIME_ZONE

_INSTANT: Final = re.compile(r"(\d{8})(?:(-| {1,2})(\d\d:\d\d:\d\d))?(?: (\S+))?")


def date_text(day: date | None) -> str:
    """Spell a date as YYYYMMDD, None as the empty text."""
    return "" if day is None else f"{day.year:04}{day.month:02}{day.day:02}"


def time_text(instant: datetime) -> str:
    """Spell an instant as New York time with its zone."""
    local = instant.astimezone(NEW_YORK)
    return f"{date_text(local)} {local.hour:02}:{local.minute:02}:{local.second:02} {TIME_ZONE}"


def read_instant(said: str, name: str) -> datetime:
    """Read a date or an instant: with a zone, with a dash (UTC), or in New York time; a date is its last second.

    Raises FieldError.
    """
    match = _INSTANT.fullmatch(said.strip())
    if match is None:
        raise FieldError(f"{name} is {said!r}: 'YYYYMMDD HH:MM:SS US/Eastern' or 'YYYYMMDD-HH:MM:SS' is needed")
    day, separator, clock, zone = match.groups()
    try:
        moment = datetime.strptime(f"{day} {clock or '23:59:59'}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007 - zone follows
        where = ZoneInfo(zone) if zone else UTC if separator == "-" else NEW_YORK
    except (ValueError, ZoneInfoNotFoundError):
        raise FieldError(f"{name} is {said!r}: there is no such date, time or zone") from None
    return moment.replace(tzinfo=where).astimezone(UTC)
