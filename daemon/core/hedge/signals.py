"""What indicators, breadth, curve, cost of capital, files and the calendar say before a session (strategy, section 1).

Every signal carries value, date, source and standing. Only a fresh one says anything: what is stale or missing is
neutral and tells why. Nothing of the session itself is used, so that a rehearsal knows no more than a day could.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from math import isfinite
from typing import Final

import numpy as np

from daemon.core.hedge.macro_signals import DIVERGENCE_DAYS, macro_signals, pcf_divergence
from daemon.core.hedge.market_signals import event_cover, futures_curve, reit_correlation, theta_press, vix_beta
from daemon.core.hedge.signal_inputs import (
    COST_SERIES,
    INDICATOR_SESSIONS,
    RATE_SERIES,
    Closes,
    Said,
    SignalInputs,
    ago,
    common,
    measured,
    standing,
    too_short,
)
from daemon.core.hedge.signal_values import NEUTRAL, SignalPolicy, missing, read
from daemon.core.market.contracts import SignalIndex
from daemon.core.market.cost_of_capital import cost_of_equity, percentile_rank
from daemon.core.market.indicators import curve_ratio, divergences, macd, rolling_correlation, rsi
from daemon.core.market.macro import MacroData, MacroKind
from daemon.core.records import Signal

SESSIONS_KEPT: Final = 260
"""Closes that are looked at: a year for percentiles."""
CORRELATION_SESSIONS: Final = 21
CORRELATION_BROKEN: Final = -0.5
PERCENTILE_SESSIONS: Final = 252
PERCENTILE_SESSIONS_MIN: Final = 40
MEASURED_MIN: Final = 12
"""Fewest measurements from options that a place among them is told of; with fewer VIX stands in."""
RATES_ALIKE: Final = 0.0025
"""Largest distance of the financing rate from the bill rate that counts as favourable, per year."""
SVIX_TO_VIX: Final = 0.985
"""SVIX at 30 days as a share of VIX, where the strip of options itself is not measured."""
MONTH_YEARS: Final = 30 / 365


def read_signals(inputs: SignalInputs, policy: SignalPolicy) -> tuple[Signal, ...]:
    """Return every signal before a session, always the same ones in the same order."""
    found = (
        *(_macd(index, inputs, policy) for index in (SignalIndex.VIX, SignalIndex.VVIX, SignalIndex.SPX)),
        _spx_rsi(inputs, policy),
        _vix_rsi(inputs, policy),
        _breadth(inputs, policy),
        _curve("curve", SignalIndex.VIX, SignalIndex.VIX3M, inputs=inputs, policy=policy),
        _curve("near_curve", SignalIndex.VIX9D, SignalIndex.VIX, inputs=inputs, policy=policy),
        futures_curve(inputs, policy),
        _correlation(inputs, policy),
        vix_beta(inputs, policy),
        _cost_of_capital(inputs, policy),
        _rate_difference(inputs, policy),
        *macro_signals(inputs.session, inputs.macro, policy),
        pcf_divergence(inputs.session, inputs.macro, _spx_change(inputs), policy),
        reit_correlation(inputs, policy),
        _events(inputs, policy),
        event_cover(inputs, policy),
    )
    return (*found, theta_press(found, inputs, policy))


def _macd(index: SignalIndex, inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    def said(values: Sequence[float]) -> Said | None:
        histogram = macd(values).histogram
        if not isfinite(histogram[-1]):
            return None
        crossed = np.flatnonzero(np.diff(np.sign(histogram[np.isfinite(histogram)])))
        what = "histogram of MACD(12, 26, 9)"
        if crossed.size == 0:
            return float(histogram[-1]), NEUTRAL, f"{what}, no cross in its history"
        age = int(np.isfinite(histogram).sum()) - 2 - int(crossed[-1])
        way = "upwards" if histogram[-1] > 0 else "downwards"
        state = ("bullish" if histogram[-1] > 0 else "bearish") if age < policy.sessions else NEUTRAL
        return float(histogram[-1]), state, f"{what}, crossed zero {way} {ago(age)}"

    return _of_index(f"{index.value.lower()}_macd", index, said, inputs=inputs, policy=policy)


def _spx_rsi(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    def said(values: Sequence[float]) -> Said | None:
        value = float(rsi(values)[-1])
        if not isfinite(value):
            return None
        state = "overbought" if value > policy.rsi_high else "oversold" if value < policy.rsi_low else NEUTRAL
        return value, state, f"RSI(14), extremes {policy.rsi_high:g} and {policy.rsi_low:g}"

    return _of_index("spx_rsi", SignalIndex.SPX, said, inputs=inputs, policy=policy)


def _vix_rsi(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Stay elevated from the cross above the upper extreme until the cross below the middle (001-10, 004-17)."""

    def said(values: Sequence[float]) -> Said | None:
        index = rsi(values)
        if not isfinite(index[-1]):
            return None
        ups = np.flatnonzero((index[:-1] <= policy.rsi_high) & (index[1:] > policy.rsi_high))
        downs = np.flatnonzero((index[:-1] >= policy.rsi_middle) & (index[1:] < policy.rsi_middle))
        last_up, last_down = (int(found[-1]) if found.size else -1 for found in (ups, downs))
        what = f"RSI(14), above {policy.rsi_high:g} until below {policy.rsi_middle:g}"
        if last_up <= last_down or last_up < 0:
            return float(index[-1]), NEUTRAL, what
        return float(index[-1]), "elevated", f"{what}, crossed {ago(index.size - 2 - last_up)}"

    return _of_index("vix_rsi", SignalIndex.VIX, said, inputs=inputs, policy=policy)


def _breadth(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Say whether breadth diverged from SPX lately (000-08); the file stands in where the broker has no breadth."""
    source, breadth = "broker, daily bars of AD-NYSE", inputs.of(SignalIndex.BREADTH)
    filed = inputs.macro.until(MacroKind.BREADTH, inputs.before)
    if filed is not None and (not breadth.days or filed.days[-1] > breadth.days[-1]):
        source, breadth = f"file {filed.source}", Closes(filed.days, filed.values)
    spx = inputs.of(SignalIndex.SPX)
    days, price, net = common(spx, breadth)
    if not days:
        why = breadth.problem or "no session with both SPX and breadth is known"
        return missing("breadth", inputs.session, source, why)
    found = divergences(price, net)
    if not found.known[-1]:
        return missing("breadth", inputs.session, source, too_short(len(days)))
    value = float(np.sum(net[-20:]))
    state, what = NEUTRAL, "net advances of 20 sessions"
    for name, at in (("bearish_divergence", found.bearish), ("bullish_divergence", found.bullish)):
        recent = np.flatnonzero(at[-policy.sessions :])
        if recent.size:
            state = name
            what = f"{what}, diverged {ago(min(len(days), policy.sessions) - 1 - int(recent[-1]))}"
            break
    return standing("breadth", (value, state, what), days[-1], source=source, inputs=inputs, policy=policy)


def _curve(name: str, near: SignalIndex, far: SignalIndex, *, inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    source = f"broker, daily bars of {near} and {far}"
    nears, fars = (inputs.of(index) for index in (near, far))
    days, near_values, far_values = common(nears, fars)
    if not days:
        why = nears.problem or fars.problem or "no session with both is known"
        return missing(name, inputs.session, source, why)
    ratio = float(curve_ratio(near_values[-1:], far_values[-1:])[0])
    state = "backwardation" if ratio < 1 else "contango"
    said = (ratio, state, f"{far} over {near}, below 1 is backwardation")
    return standing(name, said, days[-1], source=source, inputs=inputs, policy=policy)


def _correlation(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    source = "broker, daily bars of SPX and VIX"
    spx, vix = (inputs.of(index) for index in (SignalIndex.SPX, SignalIndex.VIX))
    days, price, fear = common(spx, vix)
    found = rolling_correlation(price, fear, CORRELATION_SESSIONS)[-1] if days else float("nan")
    if not isfinite(found):
        return missing(
            "spx_vix_correlation", inputs.session, source, spx.problem or vix.problem or too_short(len(days))
        )
    state = "broken" if found > CORRELATION_BROKEN else NEUTRAL
    said = (float(found), state, f"of the changes of {CORRELATION_SESSIONS} sessions, usual below {CORRELATION_BROKEN}")
    return standing("spx_vix_correlation", said, days[-1], source=source, inputs=inputs, policy=policy)


def _cost_of_capital(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return the trailing-year percentile of the options-implied cost of capital (000-16)."""
    strips = inputs.measured.get(COST_SERIES, Closes())
    if len(strips.days) >= MEASURED_MIN:
        text = f"percentile over {len(strips.days) - 1} measurements of {100 * strips.values[-1]:.2f} % a year"
        said = _placed(strips.values, text, policy)
        return _of_strip("cost_of_capital", said, strips, inputs=inputs, policy=policy)
    vix = inputs.of(SignalIndex.VIX)
    bills = inputs.macro.until(MacroKind.BILL_RATE, inputs.before)
    source = "broker, daily bars of VIX" + (f"; file {bills.source}" if bills else "")
    if len(vix.days) <= PERCENTILE_SESSIONS_MIN:
        return missing("cost_of_capital", inputs.session, source, vix.problem or too_short(len(vix.days)))
    costs = [
        implied_cost(inputs.macro, day, level)
        for day, level in zip(vix.days[-PERCENTILE_SESSIONS - 1 :], vix.values[-PERCENTILE_SESSIONS - 1 :], strict=True)
    ]
    what = f"percentile over {len(costs) - 1} sessions of {100 * costs[-1]:.2f} % a year"
    said = _placed(costs, what if bills else f"{what} over the riskless rate", policy)
    return standing("cost_of_capital", said, vix.days[-1], source=source, inputs=inputs, policy=policy)


def _placed(costs: Sequence[float], text: str, policy: SignalPolicy) -> Said:
    """Return where the last cost stands among those before it."""
    percentile = percentile_rank(costs[:-1], costs[-1])
    if percentile < policy.cost_low_pct:
        return percentile, "low", text
    return percentile, "high" if percentile > policy.cost_high_pct else NEUTRAL, text


def _rate_difference(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Return the financing rate that options imply less the bill rate, in percent a year (IRD of the strategy)."""
    strips = inputs.measured.get(RATE_SERIES, Closes())
    bills = inputs.macro.until(MacroKind.BILL_RATE, inputs.before)
    if not strips.days or bills is None:
        why = "no file bill_rate.csv" if strips.days else "the rate that options imply is not measured"
        return missing("rate_difference", inputs.session, "strip of SPXW options; file bill_rate.csv", why)
    difference = strips.values[-1] - _rate(inputs.macro, strips.days[-1])
    state = "favourable" if abs(difference) <= RATES_ALIKE else NEUTRAL
    text = f"percent a year, {100 * strips.values[-1]:.2f} by options less the bill rate"
    return _of_strip("rate_difference", (100 * difference, state, text), strips, inputs=inputs, policy=policy)


def _of_strip(name: str, said: Said, strips: Closes, *, inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    every, source = policy.strip_every_sessions, "strip of SPXW options"
    return measured(name, said, strips.days[-1], source=source, inputs=inputs, policy=policy, every=every)


def _spx_change(inputs: SignalInputs) -> float | None:
    """Return by what share SPX moved over the days in which P/CF is compared; None without a close of then."""
    spx = inputs.of(SignalIndex.SPX)
    then = [
        value for day, value in zip(spx.days, spx.values, strict=True) if (inputs.before - day).days >= DIVERGENCE_DAYS
    ]
    return spx.values[-1] / then[-1] - 1 if then else None


def implied_cost(macro: MacroData, day: date, vix_pts: float) -> float:
    """Return the cost of equity that VIX implies on a day, a fraction per year."""
    return cost_of_equity(_rate(macro, day), (SVIX_TO_VIX * vix_pts / 100) ** 2, MONTH_YEARS)


def _rate(macro: MacroData, day: date) -> float:
    """Return the bill rate as known on a day; without a file the cost is that over the riskless rate."""
    known = macro.until(MacroKind.BILL_RATE, day)
    return 0.0 if known is None else known.values[-1] / 100


def _events(inputs: SignalInputs, policy: SignalPolicy) -> Signal:
    """Say whether the window of an economic event holds the session (000-15)."""
    session, source = inputs.session, "economic calendar"
    near = inputs.calendar.events_near(session, before=policy.event_sessions_before, after=0)
    found = [event for event in near if event.kind in policy.event_kinds]
    unknown = [] if found else [kind for kind in policy.event_kinds if not inputs.calendar.covers(kind, session)]
    if unknown:
        return missing("events", session, source, f"{session.year} is not covered for {', '.join(unknown)}")
    labels = ", ".join(f"{event.label} {event.when}" for event in found)
    said = (float(len(found)), "event_window" if found else NEUTRAL, labels or "no event near")
    return read("events", session, said, as_of=session, source=source, stale="")


def _of_index(
    name: str,
    index: SignalIndex,
    said: Callable[[Sequence[float]], Said | None],
    *,
    inputs: SignalInputs,
    policy: SignalPolicy,
) -> Signal:
    source = f"broker, daily bars of {index}"
    closes = inputs.of(index)
    found = said(closes.values[-INDICATOR_SESSIONS:]) if closes.days else None
    if found is None:
        return missing(name, inputs.session, source, closes.problem or too_short(len(closes.days)))
    return standing(name, found, closes.days[-1], source=source, inputs=inputs, policy=policy)
