"""What all signals share: their rules, and how one that is stale or missing is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.calendar.events import EventKind
from daemon.core.records import Signal, Standing

NEUTRAL: Final = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalPolicy:
    """When a figure counts, and where its extremes are."""

    sessions: int
    """Sessions in which a cross or a divergence counts after it happened."""
    history_sessions: int
    """Closes that are asked for when none are kept."""
    strip_every_sessions: int
    """Sessions between two measurements of the cost of capital from options; 0 for none."""
    monitor_every_sessions: int
    """Sessions between two looks of the arbitrage monitors; 0 for none."""
    max_age_sessions: int
    """Sessions that a daily close may be behind."""
    macro_max_age_days: int
    """Days since the publication of a figure from a file."""
    rsi_high: float
    rsi_middle: float
    rsi_low: float
    cost_low_pct: float
    cost_high_pct: float
    event_kinds: tuple[EventKind, ...]
    event_sessions_before: int
    """Sessions before that of an event in which it counts already."""


def read(name: str, session: date, said: tuple[float, str, str], *, as_of: date, source: str, stale: str) -> Signal:
    """Return the signal of a value, state and text; ``stale`` says why it does not count, and is empty when it does."""
    value, state, text = said
    return Signal(
        session=session,
        name=name,
        value=value,
        state=NEUTRAL if stale else state,
        as_of=as_of,
        source=source,
        standing=Standing.STALE if stale else Standing.FRESH,
        text=f"{stale}; {text}" if stale else text,
    )


def missing(name: str, session: date, source: str, why: str) -> Signal:
    """Return a signal that has no value."""
    return Signal(
        session=session,
        name=name,
        value=None,
        state=NEUTRAL,
        as_of=None,
        source=source,
        standing=Standing.MISSING,
        text=why,
    )
