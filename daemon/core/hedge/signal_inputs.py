"""What signals are made of, and what a figure becomes when it is old or not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.calendar.events import EconomicCalendar
from daemon.core.calendar.sessions import previous_session, sessions_between
from daemon.core.hedge.signal_values import SignalPolicy, read
from daemon.core.market.contracts import SignalIndex
from daemon.core.market.macro import MacroData
from daemon.core.records import Signal

INDICATOR_SESSIONS: Final = 150
"""Closes an indicator is made of: a start so long ago moves MACD and RSI by less than a thousandth."""
COST_SERIES: Final = "COST_OF_CAPITAL"
RATE_SERIES: Final = "FINANCING_RATE"
"""Names under which the store keeps what options said, per year."""
FORWARD_SERIES: Final = ("VIX_M1", "VIX_M2", "VIX_M3")
"""The same of the parity forwards of the three nearest monthly VIX expiries, in points."""

Said = tuple[float, str, str]
"""Value, state, and what the value is."""


@dataclass(frozen=True, slots=True)
class Closes:
    """The closes of one index, rising by session, and why the last request for it failed."""

    days: tuple[date, ...] = ()
    values: tuple[float, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalInputs:
    """Everything that is known before a session."""

    session: date
    closes: Mapping[SignalIndex, Closes]
    measured: Mapping[str, Closes]
    """What options said when they were measured, by the name of the series."""
    macro: MacroData
    calendar: EconomicCalendar
    first_expiry: date | None = None
    """The last expiry that the first layer holds; None when it holds nothing."""

    @property
    def before(self) -> date:
        """Return the session before."""
        return previous_session(self.session)

    def of(self, index: SignalIndex) -> Closes:
        """Return the closes of an index."""
        return self.closes.get(index, Closes())


def standing(name: str, said: Said, as_of: date, *, source: str, inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return the signal of a figure: stale when sessions have passed since without a newer one."""
    return _aged(name, said, as_of, source=source, inputs=inputs, most=policy.max_age_sessions)


def measured(
    name: str, said: Said, as_of: date, *, source: str, inputs: SignalInputs, policy: SignalPolicy, every: int
) -> Signal:
    """Return the signal of a measurement; it may be as old as the next one is away, and the usual delay more."""
    return _aged(name, said, as_of, source=source, inputs=inputs, most=every + policy.max_age_sessions)


def _aged(name: str, said: Said, as_of: date, *, source: str, inputs: SignalInputs, most: int) -> Signal:
    late = len(sessions_between(as_of, inputs.before)) - 1
    why = f"{late} sessions old, at most {most} allowed" if late > most else ""
    return read(name, inputs.session, said, as_of=as_of, source=source, stale=why)


def common(one: Closes, other: Closes) -> tuple[list[date], list[float], list[float]]:
    """Return the sessions that both know, the newest ones, with the values of each."""
    values = dict(zip(other.days, other.values, strict=True))
    both = [(day, value, values[day]) for day, value in zip(one.days, one.values, strict=True) if day in values]
    both = both[-INDICATOR_SESSIONS:]
    return [row[0] for row in both], [row[1] for row in both], [row[2] for row in both]


def ago(sessions: int) -> str:
    """Say how long before a session something was."""
    return "at the last close" if sessions == 0 else f"{sessions} session{'s' if sessions > 1 else ''} before"


def too_short(sessions: int) -> str:
    """Say why a figure of closes is missing."""
    return f"not enough history: {sessions} sessions are known"
