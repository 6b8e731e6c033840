"""One number for an event log: the same run again gives the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from daemon.adapters.store.codec import instant_text, json_text
from daemon.core.records import EventRecord


def event_digest(events: Iterable[EventRecord]) -> str:
    """Return the SHA-256 of the events in order: name, instant, session, level and fields as canonical JSON.

    Fields carry no wall time, process id or path (decision 4), so neither does the digest.
    """
    digest = hashlib.sha256()
    for event in events:
        when = (instant_text(event.at), event.session.isoformat())
        line = json_text([event.name, *when, event.level.value, dict(event.fields)])
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
