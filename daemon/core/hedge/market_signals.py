"""Signals that are told and change no percentage: the curve of futures, betas, property, cover of events, the press."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from math import isfinite, log
from typing import Final

from daemon.core.calendar.events import MacroEvent
from daemon.core.hedge.signal_inputs import (
    FORWARD_SERIES,
    Closes,
    SignalInputs,
    common,
    measured,
    standing,
    too_short,
)
from daemon.core.hedge.signal_values import NEUTRAL, SignalPolicy, missing, read
from daemon.core.market.contracts import SignalIndex
from daemon.core.market.indicators import curve_ratio, rolling_correlation
from daemon.core.market.macro import MacroKind
from daemon.core.market.valuation import regression_slope
from daemon.core.records import Signal, Standing

BETA_CHANGES: Final = 60
BETA_CHANGES_MIN: Final = 40
HIGH_SESSIONS: Final = 252
HIGH_NEAR: Final = 0.98
"""SPX this share of its high, or above, is near it."""
PRESS_VIX_BELOW: Final = 15.0
PRESS_CURVE_FROM: Final = 1.05
PRESS: Final = "temporal_theta_cash_press"
"""State of a market at its high, calm, in contango and stretched (000-12)."""


def futures_curve(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return M2 over M1 of monthly VIX forwards, as the parity of their options gives them (TS of the strategy)."""
    source = "parity of VIX options, the two nearest monthlies"
    first, second = (inputs.measured.get(name, Closes()) for name in FORWARD_SERIES[:2])
    days, near, far = common(first, second)
    if not days:
        return missing("futures_curve", inputs.session, source, "the forwards are not measured yet")
    ratio = float(curve_ratio(near[-1:], far[-1:])[0])
    said = (ratio, _curve_state(ratio), f"M2 {far[-1]:.2f} over M1 {near[-1]:.2f}, below 1 is backwardation")
    every = policy.monitor_every_sessions
    return measured("futures_curve", said, days[-1], source=source, inputs=inputs, policy=policy, every=every)


def vix_beta(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return by how many percent VIX answers a percent of SPX (VB of the strategy; CAPM with a volatility factor)."""
    source = "broker, daily bars of SPX and VIX"
    days, spx, vix = common(inputs.of(SignalIndex.SPX), inputs.of(SignalIndex.VIX))
    moves, answers = (_changes(values)[-BETA_CHANGES:] for values in (spx, vix))
    if len(moves) < BETA_CHANGES_MIN:
        why = inputs.of(SignalIndex.SPX).problem or inputs.of(SignalIndex.VIX).problem or too_short(len(days))
        return missing("vix_beta", inputs.session, source, why)
    said = (regression_slope(moves, answers), NEUTRAL, f"% of VIX for 1 % of SPX, over {len(moves)} sessions")
    return standing("vix_beta", said, days[-1], source=source, inputs=inputs, policy=policy)


def reit_correlation(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return the correlation of the changes of SPX and of a fund of real estate over 60 sessions (003-11, 001-21)."""
    source = f"file {MacroKind.REIT}.csv; broker, daily bars of SPX"
    known = inputs.macro.until(MacroKind.REIT, inputs.before)
    if known is None:
        return missing("reit_correlation", inputs.session, source, "the file is not there, or begins later")
    days, spx, fund = common(inputs.of(SignalIndex.SPX), Closes(known.days, known.values))
    changes = min(BETA_CHANGES, len(days) - 1)
    found = rolling_correlation(spx, fund, changes)[-1] if changes >= BETA_CHANGES_MIN else float("nan")
    if not isfinite(found):
        return missing("reit_correlation", inputs.session, source, too_short(len(days)))
    said = (float(found), NEUTRAL, f"of the changes of {changes} sessions of SPX and the fund")
    return standing("reit_correlation", said, days[-1], source=source, inputs=inputs, policy=policy)


def event_cover(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Say whether the first layer holds an expiry beyond the event whose window holds the session (001-12)."""
    session, source = inputs.session, "economic calendar; the book"
    if inputs.first_expiry is None:
        return missing("event_cover", session, source, "the first layer holds nothing")
    near = inputs.calendar.events_near(session, before=policy.event_sessions_before, after=0)
    events = [event for event in near if event.kind in policy.event_kinds]
    last = max(events, key=_day_of, default=None)
    day, label = (session, "the session; no event near") if last is None else (last.day, f"{last.label} {last.when}")
    left = (inputs.first_expiry - day).days
    state = NEUTRAL if last is None else "covered" if left > 0 else "uncovered"
    said = (float(left), state, f"days that the first layer, until {inputs.first_expiry}, lasts beyond {label}")
    return read("event_cover", session, said, as_of=session, source=source, stale="")


def theta_press(found: Sequence[Signal], inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Say whether SPX is near its high, VIX low, the curve steep, and breadth or RSI stretched (000-12)."""
    named = {signal.name: signal for signal in found}
    source = "broker, daily bars of SPX and VIX; the signals of curve, breadth and RSI"
    days, spx, vix = common(inputs.of(SignalIndex.SPX), inputs.of(SignalIndex.VIX))
    curve = _fresh(named["futures_curve"]) or _fresh(named["curve"])
    stretched = _stretched(named)
    if not days or curve is None or stretched is None:
        lacks = "closes of SPX and VIX" if not days else "a fresh curve" if curve is None else "fresh breadth and RSI"
        return missing("theta_press", inputs.session, source, f"it needs {lacks}")
    highs = inputs.of(SignalIndex.SPX).values[-HIGH_SESSIONS:]
    ratio, of_high = curve.value or 0.0, spx[-1] / max(highs)
    holds = (of_high >= HIGH_NEAR, vix[-1] < PRESS_VIX_BELOW, ratio >= PRESS_CURVE_FROM, stretched)
    text = (
        f"of 4 hold: SPX {100 * (1 - of_high):.1f} % below its high of {len(highs)} sessions, VIX {vix[-1]:.2f}, "
        f"{curve.name.replace('_', ' ')} {ratio:.2f}, breadth or RSI {'stretched' if stretched else 'not stretched'}"
    )
    said = (float(sum(holds)), PRESS if all(holds) else NEUTRAL, text)
    return standing("theta_press", said, days[-1], source=source, inputs=inputs, policy=policy)


def _stretched(named: dict[str, Signal]) -> bool | None:
    """Return whether breadth diverges bearishly or SPX is overbought; None when one that might say so is not known."""
    parts = ((named["breadth"], "bearish_divergence"), (named["spx_rsi"], "overbought"))
    if any(signal.state == state for signal, state in parts):
        return True
    return False if all(_fresh(signal) for signal, _ in parts) else None


def _fresh(signal: Signal) -> Signal | None:
    return signal if signal.standing is Standing.FRESH else None


def _curve_state(ratio: float) -> str:
    return "backwardation" if ratio < 1 else "contango"


def _changes(values: Sequence[float]) -> list[float]:
    return [log(later / before) for before, later in pairwise(values)]


def _day_of(event: MacroEvent) -> date:
    return event.day
