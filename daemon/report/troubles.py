"""Warnings and errors of a session, each told once with how often it came."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from daemon.core.phrasing import sentence, words
from daemon.core.records import EventRecord, Level
from daemon.report.words import new_york_time


@dataclass(frozen=True, slots=True)
class TroubleLine:
    """One warning or error of a session, and every repetition of it in the same words."""

    session: date
    level: Level
    name: str
    """The event in words."""
    text: str
    count: int
    first_at: datetime
    last_at: datetime

    @property
    def when(self) -> str:
        """Return the New York time, or how often and from when to when."""
        first, last = new_york_time(self.first_at), new_york_time(self.last_at)
        return first if self.count == 1 else f"{self.count} times, {first} to {last}"


def trouble_lines(events: Iterable[EventRecord]) -> tuple[TroubleLine, ...]:
    """Group warnings and errors by session and words: errors of a session first, then in the order they began."""
    lines: dict[tuple[date, str, str], TroubleLine] = {}
    for event in events:
        if event.level in (Level.WARNING, Level.ERROR):
            text = sentence(event.name, event.fields)
            key = (event.session, event.name, text)
            known = lines.get(key)
            lines[key] = (
                TroubleLine(event.session, event.level, words(event.name), text, 1, event.at, event.at)
                if known is None
                else replace(known, count=known.count + 1, last_at=event.at)
            )
    return tuple(sorted(lines.values(), key=lambda line: (line.session, line.level is not Level.ERROR, line.first_at)))
