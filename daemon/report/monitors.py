"""What the arbitrage monitors saw, as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from daemon.core.phrasing import words
from daemon.core.records import Monitor
from daemon.ports import Store
from daemon.report.words import UNKNOWN, columns, new_york_time, plural

NO_LOOK: Final = "no option chains were looked at up to this session"


def last_look(store: Store, session: date) -> tuple[Monitor, ...]:
    """Return the lines of the last session with a look, up to a session."""
    lines = store.monitors(date.min, session)
    return tuple(line for line in lines if line.session == lines[-1].session)


def monitors_text(store: Store, session: date) -> str:
    """Write each line of the last look with value, limit and what it is."""
    lines = last_look(store, session)
    if not lines:
        return f"{session}: {NO_LOOK}"
    rows = [("monitor", "of", "value", "limit", "unit", "", "what it is"), *map(_row, lines)]
    title = f"arbitrage monitors of {lines[0].session} {new_york_time(lines[0].at)}: {look_words(lines)}"
    return "\n".join([title, *columns(rows, "<<>><<<"), "", "Nothing is traded on any of this."])


def _row(line: Monitor) -> tuple[str, ...]:
    return (
        words(line.kind),
        line.subject,
        figure(line.value),
        "" if line.limit is None else figure(line.limit),
        line.unit,
        "beyond" if line.beyond else "",
        line.text,
    )


def figure(value: float | None) -> str:
    """Write a value of a monitor; one that could not be told by a word."""
    return UNKNOWN if value is None else f"{value:.2f}"


def look_words(lines: Sequence[Monitor]) -> str:
    """Say how many lines a look has, and which kinds are beyond their limit."""
    beyond = sorted({words(line.kind) for line in lines if line.beyond})
    return f"{plural(len(lines), 'line')}, {'beyond its limit: ' + ', '.join(beyond) if beyond else 'none beyond its limit'}"


def monitors_json(store: Store, session: date) -> dict[str, Any]:
    """Return the lines of the last look up to a session."""
    lines = last_look(store, session)
    return {"session": lines[0].session.isoformat() if lines else None, "lines": [monitor_json(line) for line in lines]}


def monitor_json(line: Monitor) -> dict[str, Any]:
    """Return a line with everything that is recorded of it."""
    values = {**asdict(line), "session": line.session.isoformat(), "at": line.at.isoformat()}
    return {**values, "kind": line.kind.value, "beyond": line.beyond}
