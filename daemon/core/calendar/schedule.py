"""Job times as one frozen value; ``settings`` builds it (decision 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePolicy:
    """New York times of a regular session; on an early close all of them shift by the close (16:00 to 13:00)."""

    preflight: time
    exits_from: time
    exits_every_min: int
    hedge_roll: time
    condor_entry: time
    condor_entry_until: time
    """The working entry order is cancelled at this time."""
    hedge_resize: time
    last_resort: time
    """Last attempt to close a series that expires today."""
    risk_every_min: int
    settlement: time
    end_of_day: time
    reconcile_every_min: int
