"""The signals before a session as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, Final

from daemon.core.hedge.signal_values import NEUTRAL
from daemon.core.phrasing import words
from daemon.core.records import Decision, Signal, Standing
from daemon.ports import Store
from daemon.report.words import columns, value_text

NONE_READ: Final = "no signals were read before this session"


def signals_text(store: Store, session: date) -> str:
    """Write each signal with value, state, date, source and what the value is."""
    signals = store.signals(session)
    if not signals:
        return f"{session}: {NONE_READ}"
    rows = [("signal", "value", "says", "as of", "standing", "source", "what it is")]
    rows += [_row(signal) for signal in signals]
    return "\n".join([f"signals before {session}", *columns(rows, "<><<<<<"), "", *_asked(store, session)])


def _asked(store: Store, session: date) -> list[str]:
    """Write what the signals asked for and what is in force, with the arithmetic."""
    decisions = _adjustments(store, session)
    if not decisions:
        return ["no signal asks for an adjustment of the hedge"]
    rows = [(words(reason.name), value_text(reason.value), reason.text) for reason in decisions[-1].reasons]
    return ["what they ask of the hedge", *columns(rows, "<><")]


def _adjustments(store: Store, session: date) -> list[Decision]:
    return [found for found in store.decisions(session) if (found.job, found.subject) == ("signals", "hedge")]


def _row(signal: Signal) -> tuple[str, str, str, str, str, str, str]:
    return (
        words(signal.name),
        "-" if signal.value is None else f"{signal.value:.2f}",
        words(signal.state),
        "-" if signal.as_of is None else f"{signal.as_of}",
        signal.standing.value,
        signal.source,
        signal.text,
    )


def signals_json(store: Store, session: date) -> dict[str, Any]:
    """Return each signal with everything that is recorded of it."""
    return {
        "session": session.isoformat(),
        "signals": [
            {
                "name": signal.name,
                "value": signal.value,
                "state": signal.state,
                "as_of": None if signal.as_of is None else signal.as_of.isoformat(),
                "source": signal.source,
                "standing": signal.standing.value,
                "text": signal.text,
            }
            for signal in store.signals(session)
        ],
        "adjustments": [
            {
                "kind": found.kind.value,
                "reasons": [asdict(reason) for reason in found.reasons],
                "multiplier": found.inputs["multiplier"],
                "shift_pct": found.inputs["shift_pct"],
            }
            for found in _adjustments(store, session)
        ],
    }


def signals_line(signals: Sequence[Signal]) -> str:
    """Say in one line what the signals say, and how many say nothing because they are stale or missing."""
    if not signals:
        return NONE_READ
    said = [f"{words(signal.name)} {words(signal.state)}" for signal in signals if signal.state != NEUTRAL]
    parts = [", ".join(said) or "all neutral"]
    for standing in (Standing.STALE, Standing.MISSING):
        count = sum(signal.standing is standing for signal in signals)
        parts += [f"{count} {standing}"] * bool(count)
    return "; ".join(parts)
