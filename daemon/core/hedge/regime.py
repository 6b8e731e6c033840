"""The VIX regime and the percentage of wing notional the hedge stands for (004-02 to 004-05, decision 25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite

from daemon.core.hedge.policy import Band, HedgePolicy
from daemon.core.orders.intent import Reason


@dataclass(frozen=True, slots=True)
class RegimeState:
    """The regime, and the session in which VIX first passed the upper border of the present stay above it."""

    name: str
    """``low``, ``moderate`` or ``high``: the name of the band."""
    high_since: date | None


@dataclass(frozen=True, slots=True)
class RegimeDecision:
    """The regime as it now is, its percentage p(V), and why."""

    state: RegimeState
    pct: float
    reasons: tuple[Reason, ...]


def decide_regime(
    vix: float,
    previous: RegimeState | None,
    session: date,
    sessions_since_high: int | None,
    policy: HedgePolicy,
) -> RegimeDecision:
    """Return the regime of a VIX value (the 15-minute median at decision time) and its percentage.

    ``sessions_since_high`` counts the sessions from ``previous.high_since`` to this one. Once it reaches
    ``high_fallback_sessions`` while the regime is still high, the percentage is the moderate band's top.
    Without a previous state the borders hold without hysteresis. Raises ValueError on a VIX that is no price.
    """
    if not isfinite(vix) or vix <= 0:
        raise ValueError(f"VIX must be a positive number to decide the regime, not {vix}.")
    band = _band(vix, previous, policy)
    high_since = _high_since(vix, previous, session=session, policy=policy)
    state = RegimeState(band.name, high_since)
    if band is policy.high and _fell_back(previous, high_since, sessions_since_high, policy=policy):
        pct, fallback = policy.moderate.pct_high, _fallback_reason(sessions_since_high, policy)
        return RegimeDecision(state, pct, (fallback,))
    return RegimeDecision(state, ramp_pct(vix, band), _reasons(vix, band, previous, policy=policy))


def ramp_pct(vix: float, band: Band) -> float:
    """Return p(V) of a band: linear between its borders, clipped to its percentages outside of them."""
    share = (vix - band.vix_low) / (band.vix_high - band.vix_low)
    pct = band.pct_low + share * (band.pct_high - band.pct_low)
    return min(max(pct, band.pct_low), band.pct_high)


def _plain(vix: float, policy: HedgePolicy) -> int:
    """Return the place of the band a value lies in: low below the lower border, high above the upper one."""
    if vix < policy.moderate.vix_low:
        return 0
    return 1 if vix <= policy.moderate.vix_high else 2


def _band(vix: float, previous: RegimeState | None, policy: HedgePolicy) -> Band:
    """Return the band, leaving the previous one only when a border is passed by the hysteresis."""
    bands = (policy.low, policy.moderate, policy.high)
    if previous is None:
        return bands[_plain(vix, policy)]
    names = tuple(band.name for band in bands)
    if previous.name not in names:
        raise ValueError(f"The recorded regime {previous.name!r} is none of {', '.join(names)}.")
    before = names.index(previous.name)
    upwards = _plain(vix - policy.hysteresis_pts, policy)
    downwards = _plain(vix + policy.hysteresis_pts, policy)
    return bands[max(upwards, min(downwards, before))]


def _high_since(vix: float, previous: RegimeState | None, *, session: date, policy: HedgePolicy) -> date | None:
    """Return when VIX first exceeded the upper border; forgotten once it is below it by the hysteresis."""
    if _plain(vix + policy.hysteresis_pts, policy) < 2:
        return None
    if previous is not None and previous.high_since is not None:
        return previous.high_since
    return session if _plain(vix, policy) == 2 or (previous and previous.name == policy.high.name) else None


def _fell_back(
    previous: RegimeState | None, high_since: date | None, sessions_since_high: int | None, *, policy: HedgePolicy
) -> bool:
    if previous is None or previous.high_since is None or high_since != previous.high_since:
        return False
    if sessions_since_high is None:
        raise ValueError(f"VIX is high since {high_since}, so the number of sessions since then is needed.")
    return sessions_since_high >= policy.high_fallback_sessions


def _fallback_reason(sessions_since_high: int | None, policy: HedgePolicy) -> Reason:
    text = "VIX has been high for so many sessions that the hedge falls back to the top of the moderate band."
    return Reason("high_fallback", text, sessions_since_high, policy.high_fallback_sessions)


def _reasons(vix: float, band: Band, previous: RegimeState | None, *, policy: HedgePolicy) -> tuple[Reason, ...]:
    if previous is not None and previous.name != band.name:
        text = f"VIX passed the border by the hysteresis: the regime changed from {previous.name} to {band.name}."
        return (Reason("regime_changed", text, vix, policy.hysteresis_pts),)
    if previous is not None and (policy.low, policy.moderate, policy.high)[_plain(vix, policy)] is not band:
        text = f"VIX passed the border by less than the hysteresis: the regime stays {band.name}."
        return (Reason("regime_kept_by_hysteresis", text, vix, policy.hysteresis_pts),)
    return ()
