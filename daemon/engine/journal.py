"""One way to write a fact down: the event log in the store first, then every sink (session file, terminal)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime

from daemon.core.records import EventRecord, Level
from daemon.core.vocabulary import level_of
from daemon.ports import Clock, Store

EventSink = Callable[[EventRecord], None]


class Journal:
    """Writes events. The engine never logs in any other way."""

    def __init__(self, store: Store, clock: Clock, session_of: Callable[[datetime], date]) -> None:
        self._store = store
        self._clock = clock
        self._session_of = session_of
        self._sinks: list[EventSink] = []
        self._closing: date | None = None

    def add_sink(self, sink: EventSink) -> None:
        """Show every later event to ``sink`` too."""
        self._sinks.append(sink)

    def session(self) -> date:
        """Return the session that an event of this moment belongs to."""
        return self._closing or self._session_of(self._clock.now())

    @contextmanager
    def closing(self, session: date) -> Iterator[None]:
        """Keep every event in ``session`` until its end-of-day block is written (decision 7)."""
        self._closing = session
        try:
            yield
        finally:
            self._closing = None

    def emit(self, name: str, fields: Mapping[str, object] | None = None, *, level: Level | None = None) -> None:
        """Write one fact: a name of the vocabulary and its fields."""
        event = self.make(name, fields, level=level)
        self._store.append_event(event)
        self.show(event)

    def make(self, name: str, fields: Mapping[str, object] | None = None, *, level: Level | None = None) -> EventRecord:
        """Make an event of this moment without writing it, for the store to write in a transaction of its own."""
        return EventRecord(name, self._clock.now(), self.session(), level or level_of(name), dict(fields or {}))

    def show(self, event: EventRecord) -> None:
        """Show an event that is written already."""
        for sink in self._sinks:
            sink(event)
