"""The adjustment channel: what signals make of the hedge percentage and of the layers' weights (decision 23).

Signals never cause a roll. They give multipliers, each kept within its limits and their product too (003-19), and move
weight between layers; both change at most every so many days, except for extremes (000-19).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import prod
from typing import Final

from daemon.core.orders.intent import Reason
from daemon.core.records import Signal, Standing

EVENTS: Final = "events"
EXTREMES: Final = ("reer", "pe", "pcf")
"""Signals whose extremes allow an adjustment at any time (000-19)."""


class ShiftDirection(StrEnum):
    """Where weight goes "forward in time" (000-08): to later expiries, as 003 and 004 say, or to earlier ones."""

    LATER = "later"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentPolicy:
    """How far each signal may move the hedge."""

    enabled: bool
    """Off, everything is decided and recorded, and nothing is changed."""
    min_days: int
    multiplier_min: float
    multiplier_max: float
    vix_rsi_pct: float
    event_pct: float
    event_l3_pct: float
    """What an event window adds to the weight of the last layer (003-10)."""
    cost_low_multiplier: float
    cost_high_multiplier: float
    divergence_shift_pct: float
    direction: ShiftDirection
    macd_shift_pct: float
    rsi_shift_pct: float
    buy_gate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentState:
    """What is in force, and since when."""

    multiplier: float = 1.0
    shift_pct: float = 0.0
    """Share of a layer's dollars that moves to the next layer (below zero: to the one before)."""
    last_layer_pct: float = 0.0
    since: date | None = None
    """The session of the last adjustment; None before the first."""

    def same(self, other: AdjustmentState) -> bool:
        """Say whether another state does the same to the hedge."""
        return replace(self, since=None) == replace(other, since=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """What was decided before a session."""

    state: AdjustmentState
    changed: bool
    buy_gate_shut: bool
    """Whether nothing is bought above the floor of the band (002-05)."""
    speaks: bool
    """Whether a signal asks for anything."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What one signal adds: a factor of the percentage, or a share to move."""

    name: str
    text: str
    signal: Signal
    value: float

    def reason(self) -> Reason:
        """Return it with the signal's figure and date."""
        value = "" if self.signal.value is None else f" at {self.signal.value:.4g}"
        text = f"{self.text} ({self.signal.name} {self.signal.state}{value} of {self.signal.as_of})"
        return Reason(self.name, text, round(self.value, 6))


def decide_adjustment(
    session: date, signals: Sequence[Signal], before: AdjustmentState, policy: AdjustmentPolicy
) -> Adjustment:
    """Decide what is in force from a session on, with every part, the arithmetic, and what kept it from changing."""
    by_name = {signal.name: signal for signal in signals}
    factors = tuple(_factors(by_name, policy))
    shifts = tuple(_shifts(by_name, policy))
    parts = (*(part.reason() for part in (*factors, *shifts)), *_arithmetic(factors, shifts, policy))
    wanted = AdjustmentState(
        multiplier=_multiplier([part.value for part in factors], policy),
        shift_pct=_shift([part.value for part in shifts], policy),
        last_layer_pct=policy.event_l3_pct if _is(by_name, EVENTS, "event_window") else 0.0,
    )
    shut, gate = _buy_gate(by_name, policy)
    state, kept = _in_force(session, wanted, before, by_name=by_name, policy=policy)
    reasons = (*parts, *gate, *kept, _standing(state), *_silent(signals))
    return Adjustment(
        state=state,
        changed=state is not before,
        buy_gate_shut=shut,
        speaks=bool(parts or gate),
        reasons=reasons,
    )


def _factors(signals: Mapping[str, Signal], policy: AdjustmentPolicy) -> Iterator[_Part]:
    """Yield the multipliers that signals give (000-15, 000-16, 001-10, 004-17)."""
    found = (
        ("vix_rsi", "elevated", 1 + policy.vix_rsi_pct / 100, "RSI of VIX crossed its upper extreme"),
        (EVENTS, "event_window", 1 + policy.event_pct / 100, "an economic event is near"),
        ("cost_of_capital", "low", policy.cost_low_multiplier, "the cost of capital is low in its year"),
        ("cost_of_capital", "high", policy.cost_high_multiplier, "the cost of capital is high in its year"),
    )
    for name, state, factor, text in found:
        if _is(signals, name, state) and factor != 1:
            clipped = _clip(factor, policy.multiplier_min, policy.multiplier_max)
            yield _Part(f"multiplier_{name}", text, signals[name], clipped)


def _shifts(signals: Mapping[str, Signal], policy: AdjustmentPolicy) -> Iterator[_Part]:
    """Yield the shares that move between layers, above zero to later ones (000-08, 002-04).

    Weight goes to the short layers, which react first, while VIX gathers pace; and to the long ones, which stay,
    once it calms down, and after a long rally.
    """
    if _is(signals, "breadth", "bearish_divergence") and _is(signals, "curve", "backwardation"):
        sign = 1 if policy.direction is ShiftDirection.LATER else -1
        text = "breadth diverges and the curve is in backwardation"
        yield _Part("shift_divergence", text, signals["breadth"], sign * policy.divergence_shift_pct)
    for name, state, percent, text in (
        ("vix_macd", "bullish", -policy.macd_shift_pct, "MACD of VIX crossed upwards"),
        ("vix_macd", "bearish", policy.macd_shift_pct, "MACD of VIX crossed downwards"),
        ("spx_rsi", "overbought", policy.rsi_shift_pct, "SPX is overbought"),
        ("spx_rsi", "oversold", -policy.rsi_shift_pct, "SPX is oversold"),
    ):
        if _is(signals, name, state) and percent:
            yield _Part(f"shift_{name}", text, signals[name], percent)


def _arithmetic(factors: Sequence[_Part], shifts: Sequence[_Part], policy: AdjustmentPolicy) -> Iterator[Reason]:
    """Yield the product and the sum as a person would write them."""
    if factors:
        values = [part.value for part in factors]
        kept, limits = _multiplier(values, policy), f"{policy.multiplier_min:g} to {policy.multiplier_max:g}"
        text = _sum_words([f"{value:g}" for value in values], " x ", f"{prod(values):.4g}", f"{kept:.4g}")
        yield Reason("multiplier", f"asked for: {text}", round(kept, 6), limits)
    if shifts:
        values = [part.value for part in shifts]
        kept, most = _shift(values, policy), policy.divergence_shift_pct
        text = _sum_words([f"{value:+g}" for value in values], " ", f"{sum(values):+g}", f"{kept:+g}")
        yield Reason("shift", f"asked for: {text} % of each layer to the next", kept, f"-{most:g} to {most:g}")


def _sum_words(parts: Sequence[str], sign: str, total: str, kept: str) -> str:
    """Write parts with their result, and the limit that keeps it smaller."""
    text = parts[0] if len(parts) == 1 else f"{sign.join(parts)} = {total}"
    return text if kept == total else f"{text}, kept at {kept}"


def _in_force(
    session: date,
    wanted: AdjustmentState,
    before: AdjustmentState,
    *,
    by_name: Mapping[str, Signal],
    policy: AdjustmentPolicy,
) -> tuple[AdjustmentState, tuple[Reason, ...]]:
    """Return the state from now on, and what kept it as it was."""
    reasons: list[Reason] = []
    if wanted.multiplier < before.multiplier and _is(by_name, EVENTS, "event_window"):
        text = "no cut inside the window of an economic event"
        reasons.append(Reason("no_cut_in_event_window", text, wanted.multiplier, before.multiplier))
        wanted = replace(wanted, multiplier=before.multiplier)
    if wanted.same(before):
        return before, tuple(reasons)
    days = None if before.since is None else (session - before.since).days
    extreme = [name for name in EXTREMES if _is(by_name, name, "extreme")]
    if days is not None and days < policy.min_days and not extreme:
        text = f"the last adjustment was on {before.since}, in days"
        return before, (*reasons, Reason("adjusted_lately", text, days, policy.min_days))
    if extreme and days is not None and days < policy.min_days:
        reasons.append(Reason("extreme_overrides", f"{', '.join(extreme)} is extreme, so it changes early", days))
    return replace(wanted, since=session), tuple(reasons)


def _buy_gate(signals: Mapping[str, Signal], policy: AdjustmentPolicy) -> tuple[bool, tuple[Reason, ...]]:
    """Say whether volatility looks contained by cost of capital, exchange rate and rates together (002-05)."""
    wanted = (("cost_of_capital", "low"), ("reer", "contained"), ("rate_difference", "favourable"))
    if not all(_is(signals, name, state) for name, state in wanted):
        return False, ()
    text = ", ".join(f"{name} {state}" for name, state in wanted)
    if not policy.buy_gate:
        return False, (Reason("buy_gate_off", f"would buy nothing above the floor of the band: {text}"),)
    return True, (Reason("buy_gate", f"nothing is bought above the floor of the band: {text}"),)


def _standing(state: AdjustmentState) -> Reason:
    """Say what is in force, whoever asked for what."""
    since = f"since {state.since}" if state.since else "as ever"
    parts = [f"multiplier {state.multiplier:.4g}", f"shift {state.shift_pct:+g} %"]
    if state.last_layer_pct:
        parts.append(f"last layer {state.last_layer_pct:+g} %")
    return Reason("in_force", f"in force {since}: {', '.join(parts)}", round(state.multiplier, 6))


def _silent(signals: Sequence[Signal]) -> Iterator[Reason]:
    """Yield what says nothing because it is stale or missing."""
    for standing in (Standing.STALE, Standing.MISSING):
        names = [signal.name for signal in signals if signal.standing is standing]
        if names:
            yield Reason(f"signals_{standing}", f"{standing} and so neutral", ", ".join(names))


def _is(signals: Mapping[str, Signal], name: str, state: str) -> bool:
    found = signals.get(name)
    return found is not None and found.standing is Standing.FRESH and found.state == state


def _multiplier(factors: Sequence[float], policy: AdjustmentPolicy) -> float:
    return _clip(prod(factors), policy.multiplier_min, policy.multiplier_max)


def _shift(shares_pct: Sequence[float], policy: AdjustmentPolicy) -> float:
    return _clip(sum(shares_pct), -policy.divergence_shift_pct, policy.divergence_shift_pct)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
