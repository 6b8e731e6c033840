"""The rules of the condor desk as one frozen value; ``settings`` builds it, the core never has a default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daemon.core.calendar.events import EventKind


class GateMode(StrEnum):
    """What follows when a gate of events or of VIX minds an entry; OFF records what would have been refused."""

    OFF = "off"
    HALF = "half"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondorPolicy:
    """Entry, working order and exits of the daily iron condor."""

    enabled: bool
    dte_target: int
    dte_min: int
    dte_max: int
    short_delta: float
    """Absolute delta of both short strikes (003-05)."""
    short_delta_min: float
    short_delta_max: float
    wing_pts: int
    """Distance of the long strikes, equal on both sides, in index points."""
    entry_risk_pct: float
    """Wing notional of one entry as a percentage of the largest allowed wing notional."""
    min_credit_pct: float
    """Smallest credit as a percentage of the wing width; also the floor of the working order."""
    max_spread_pct: float
    """Largest (mid - natural) / mid of the condor, in percent (decision 20)."""
    ladder_step_pts100: int
    ladder_step_s: float
    ladder_through_pts100: int
    """How far beyond the natural price the working order may go, in points x 100."""
    take_profit_enabled: bool
    take_profit_pct: float
    """Share of the credit that is taken as profit, in percent."""
    time_exit_enabled: bool
    time_exit_dte: int
    event_mode: GateMode
    event_kinds: tuple[EventKind, ...]
    event_sessions_before: int
    """Sessions before an event's own from which its window runs."""
    event_sessions_after: int
    vix_gate_mode: GateMode
    vix_gate_min: float
    vix_gate_max: float
