"""An event as one line: for people, and as a flat object for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import UTC, date, time
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK
from daemon.core.phrasing import sentence, words
from daemon.core.records import EventRecord, Level

_MARK: Final = {Level.DEBUG: ".", Level.INFO: " ", Level.WARNING: "!", Level.ERROR: "X"}
"""Stands between time and event, so that what matters is seen in the margin."""
_NAME_WIDTH: Final = 21


def text_line(event: EventRecord) -> str:
    """Return an event as a line for people: New York time, the name in words, what it says."""
    local = event.at.astimezone(NEW_YORK)
    day = "" if local.date() == event.session else f"{local:%Y-%m-%d} "
    usual = {"of_session": event.session.isoformat()}
    fields = {key: value for key, value in event.fields.items() if usual.get(key) != value}
    name = f"{words(event.name):<{_NAME_WIDTH}}"
    return _one_line(f"{day}{local:%H:%M:%S} ET {_MARK[event.level]} {name} {sentence(event.name, fields)}".rstrip())


def json_fields(event: EventRecord) -> dict[str, object]:
    """Return an event as one flat object; a field that has a name of the frame gets a ``_`` behind it."""
    frame: dict[str, object] = {
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "level": event.level.value,
        "event": event.name,
        "session": event.session.isoformat(),
    }
    return frame | {f"{key}_" if key in frame else key: value for key, value in event.fields.items()}


def json_value(value: object) -> object:
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


def _one_line(text: str) -> str:
    """Replace what would break the line or the terminal; texts of the gateway may contain anything."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
