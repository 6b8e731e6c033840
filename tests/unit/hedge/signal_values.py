"""Inputs of signals made from the packaged history, as a daemon would have known them before a session."""

from __future__ import annotations

from datetime import date

from daemon.core.calendar.events import EconomicCalendar, EventKind
from daemon.core.calendar.sessions import add_sessions
from daemon.core.hedge.signal_inputs import Closes, SignalInputs
from daemon.core.hedge.signal_values import SignalPolicy
from daemon.core.market.contracts import SignalIndex
from daemon.core.market.macro import MacroData, MacroKind, MacroSeries
from daemon.core.records import Signal
from daemon.sim.history import load_packaged
from daemon.sim.history.facts import DailyFacts

POLICY = SignalPolicy(
    sessions=10,
    history_sessions=60,
    strip_every_sessions=5,
    monitor_every_sessions=5,
    max_age_sessions=1,
    macro_max_age_days=120,
    rsi_high=70,
    rsi_middle=50,
    rsi_low=30,
    cost_low_pct=25,
    cost_high_pct=75,
    event_kinds=(EventKind.FOMC, EventKind.CPI, EventKind.PPI),
    event_sessions_before=1,
)
HISTORY = load_packaged()


def value_of(facts: DailyFacts, index: SignalIndex) -> float:
    net = (facts.advancing or 0) - (facts.declining or 0)
    return {
        SignalIndex.SPX: facts.spx.close,
        SignalIndex.VIX: facts.vix.close,
        SignalIndex.VVIX: facts.vvix,
        SignalIndex.VIX9D: facts.vix9d,
        SignalIndex.VIX3M: facts.vix3m,
        SignalIndex.BREADTH: float(net),
    }[index]


def closes_before(session: date, index: SignalIndex, *, until: date | None = None) -> Closes:
    """Return up to 120 closes of the sessions before one, or up to an earlier day."""
    last = until or add_sessions(session, -1)
    days = [day for day in (add_sessions(last, -back) for back in range(119, -1, -1)) if day in HISTORY.days]
    return Closes(tuple(days), tuple(value_of(HISTORY.facts(day), index) for day in days))


def inputs(session: date, **changes: object) -> SignalInputs:
    given: dict[str, object] = {
        "session": session,
        "closes": {index: closes_before(session, index) for index in SignalIndex},
        "measured": {},
        "macro": MacroData(),
        "calendar": EconomicCalendar(()),
    }
    return SignalInputs(**(given | changes))  # type: ignore[arg-type]  # any field by its name


def macro(kind: MacroKind, days: list[date], values: list[float]) -> MacroData:
    return MacroData({kind: MacroSeries(f"{kind}.csv", tuple(days), tuple(values))})


def named(signals: tuple[Signal, ...], name: str) -> Signal:
    (found,) = [signal for signal in signals if signal.name == name]
    return found
