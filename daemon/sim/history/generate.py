"""A seeded market that continues after the last day of history, one session at a time.

Joint daily dynamics of SPX and VIX with figures measured on 1990-2026: returns with fat tails and rare jumps at
85 % of VIX, VIX reverting to a slow level and moving against the index by a beta that falls with its height, the other
volatility indexes by regression with fading residuals, the futures curve from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt, tanh
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import next_session, sessions_between
from daemon.sim.history import fill
from daemon.sim.history.facts import DailyFacts, History, Ohlc, monthlies_after

_SESSIONS_YEAR: Final = 252.0
_REALISED_SHARE: Final = 0.85
_DRIFT_YEAR: Final = 0.08
_JUMPS_YEAR: Final = 2.5
_JUMP_MEAN, _JUMP_SD = -0.03, 0.025
_VIX_LEVELS: Final = (12.0, 17.5, 22.5, 30.0, 45.0)
_VIX_BETAS: Final = (7.0, 6.6, 4.5, 3.7, 2.5)
_DOWN, _UP = 1.25, 0.85
_MEAN_FALL: Final = 0.3676
"""Mean of the negative part of a unit Student t with five degrees of freedom."""
_VIX_REVERSION: Final = 0.024
_VIX_SHOCK: Final = 0.044
_VIX_JUMPS_YEAR: Final = 1.0
_VIX_JUMP_FROM, _VIX_JUMP_TO = 1.15, 1.60
_VIX_MIN_PTS: Final = 9.0
_SLOW_MEAN: Final = log(17.0)
_SLOW_KEPT: Final = 0.5 ** (1 / 100)
_SLOW_SHOCK: Final = 0.018
_OPEN_SHARE: Final = 0.25
_WICK: Final = 0.45
_VIX_WICK: Final = 0.035
_SKEW_MEAN, _SKEW_KEPT, _SKEW_SHOCK = 130.0, 0.98, 3.0
_ISSUES: Final = 2900
_CURVE_KEPT: Final = 0.90
_DEGREES: Final = 5

# Normal draws of one session by use, in this order; two uniform pairs for the jumps.
(
    _RETURN,
    _SHOCK,
    _SLOW,
    _JUMP,
    _GAP,
    _HIGH,
    _LOW,
    _VIX_GAP,
    _VIX_HIGH,
    _VIX_LOW,
    _N9D,
    _N3M,
    _N6M,
    _NVVIX,
    _NSKEW,
    _NADV,
) = range(16)
_NORMALS: Final = 16 + 2 * _DEGREES
_UNIFORMS: Final = 3


@dataclass(slots=True)
class _State:
    """What carries over from one session to the next; logarithms except where named."""

    spx: float
    vix: float
    slow: float
    rest_9d: float
    rest_3m: float
    rest_6m: float
    rest_vvix: float
    skew_pts: float
    curve_days: tuple[float, ...]
    curve_rest: tuple[float, ...]
    rate_pct: float


def with_generated(history: History, until: date, seed: int) -> History:
    """Return the history continued by generated sessions up to a date.

    The same seed gives the same sessions however far they are asked for. A history that already
    reaches the date is returned as it is.
    """
    days = sessions_between(next_session(history.last), until) if until > history.last else ()
    if not days:
        return history
    start = history.facts(history.last)
    generated = {facts.day: facts for facts in _generated(start, days, seed)}
    return History({**history.days, **generated}, f"{history.source} with generated sessions")


def _generated(start: DailyFacts, days: tuple[date, ...], seed: int) -> Iterator[DailyFacts]:
    key = np.random.SeedSequence((seed, start.day.toordinal()))
    normal, uniform = (np.random.Generator(np.random.PCG64(child)) for child in key.spawn(2))
    draws = normal.standard_normal((len(days), _NORMALS))
    chances = uniform.random((len(days), _UNIFORMS))
    state = _state_of(start)
    for day, z, u in zip(days, draws.tolist(), chances.tolist(), strict=True):
        yield _step(state, day, z, u)


def _state_of(facts: DailyFacts) -> _State:
    vix, vix3m, vix6m = facts.vix.close, facts.vix3m, facts.vix6m
    tenors = [float((expiry - facts.day).days) for expiry, _ in facts.futures]
    estimates = fill.curve_from(tenors, vix=vix, vix3m=vix3m, vix6m=vix6m)
    rests = [log(settle / estimate) for (_, settle), estimate in zip(facts.futures, estimates, strict=True)]
    return _State(
        spx=log(facts.spx.close),
        vix=log(vix),
        slow=0.5 * (log(vix3m) + _SLOW_MEAN),
        rest_9d=log(facts.vix9d / fill.vix9d_from(vix, vix3m)),
        rest_3m=log(vix3m / fill.vix3m_from(vix)),
        rest_6m=log(vix6m / fill.vix6m_from(vix, vix3m)),
        rest_vvix=log(facts.vvix / fill.vvix_from(vix)),
        skew_pts=facts.skew,
        curve_days=tuple(tenors),
        curve_rest=tuple(rests),
        rate_pct=facts.bill_rate_pct,
    )


def _student(z: float, others: list[float]) -> float:
    """Return a Student t with five degrees of freedom and unit variance."""
    return z / sqrt(sum(other * other for other in others) / _DEGREES) * sqrt(1 - 2 / _DEGREES)


def _step(state: _State, day: date, z: list[float], u: list[float]) -> DailyFacts:
    """Move the state by one session and return its facts."""
    level = exp(state.vix)
    sigma = _REALISED_SHARE * level / 100 / sqrt(_SESSIONS_YEAR)
    moved = sigma * _student(z[_RETURN], z[16 : 16 + _DEGREES]) + _jump(z, u, level)
    moved = max(moved + _drift(level), -0.15)
    vix_moved = _vix_move(state, z, u, moved=moved, sigma=sigma)
    spx = _spx_ohlc(state.spx, moved, z, sigma)
    vix = _vix_ohlc(state.vix, vix_moved, z)
    _carry(state, z, moved=moved, vix_moved=vix_moved)
    return _facts(state, day, z, spx=spx, vix=vix, moved=moved)


def _drift(level: float) -> float:
    return (_DRIFT_YEAR - _JUMPS_YEAR * _JUMP_MEAN * level / 20) / _SESSIONS_YEAR


def _jump(z: list[float], u: list[float], level: float) -> float:
    happens = u[0] < _JUMPS_YEAR / _SESSIONS_YEAR * level / 20
    return _JUMP_MEAN + _JUMP_SD * z[_JUMP] if happens else 0.0


def _vix_move(state: _State, z: list[float], u: list[float], *, moved: float, sigma: float) -> float:
    beta = float(np.interp(exp(state.vix), _VIX_LEVELS, _VIX_BETAS))
    against = -beta * (min(moved, 0.0) * _DOWN + max(moved, 0.0) * _UP) - beta * sigma * _MEAN_FALL * (_DOWN - _UP)
    shock = _VIX_SHOCK * _student(z[_SHOCK], z[16 + _DEGREES :])
    leap = 0.0
    if u[1] < _VIX_JUMPS_YEAR / _SESSIONS_YEAR:
        leap = log(_VIX_JUMP_FROM + (_VIX_JUMP_TO - _VIX_JUMP_FROM) * u[2])
    change = _VIX_REVERSION * (state.slow - state.vix) + against + shock + leap
    return max(change, log(_VIX_MIN_PTS) - state.vix)


def _spx_ohlc(before: float, moved: float, z: list[float], sigma: float) -> Ohlc:
    gap = _OPEN_SHARE * moved + sqrt(_OPEN_SHARE * (1 - _OPEN_SHARE)) * sigma * z[_GAP]
    return _ohlc(before + gap, before + moved, _WICK * sigma * abs(z[_HIGH]), _WICK * sigma * abs(z[_LOW]))


def _vix_ohlc(before: float, moved: float, z: list[float]) -> Ohlc:
    gap = _OPEN_SHARE * moved + 0.5 * _VIX_SHOCK * z[_VIX_GAP]
    return _ohlc(before + gap, before + moved, _VIX_WICK * abs(z[_VIX_HIGH]), _VIX_WICK * abs(z[_VIX_LOW]))


def _ohlc(opened: float, close: float, above: float, below: float) -> Ohlc:
    high, low = max(opened, close) + above, min(opened, close) - below
    return Ohlc(*(round(exp(value), 2) for value in (opened, high, low, close)))


def _carry(state: _State, z: list[float], *, moved: float, vix_moved: float) -> None:
    state.spx += moved
    state.vix += vix_moved
    surprise = 0.3 * vix_moved / (1.5 * _VIX_SHOCK) + sqrt(1 - 0.3**2) * z[_SLOW]
    state.slow = _SLOW_MEAN + _SLOW_KEPT * (state.slow - _SLOW_MEAN) + _SLOW_SHOCK * surprise
    state.rest_9d = 0.80 * state.rest_9d + 0.045 * z[_N9D]
    state.rest_3m = 0.97 * state.rest_3m + 0.012 * z[_N3M] - 0.20 * vix_moved
    state.rest_6m = 0.95 * state.rest_6m + 0.007 * z[_N6M]
    state.rest_vvix = 0.95 * state.rest_vvix + 0.35 * vix_moved + 0.025 * z[_NVVIX]
    state.skew_pts = _SKEW_MEAN + _SKEW_KEPT * (state.skew_pts - _SKEW_MEAN) + _SKEW_SHOCK * z[_NSKEW]
    state.curve_rest = tuple(_CURVE_KEPT * rest for rest in state.curve_rest)


def _facts(state: _State, day: date, z: list[float], *, spx: Ohlc, vix: Ohlc, moved: float) -> DailyFacts:
    vix3m = round(fill.vix3m_from(vix.close) * exp(state.rest_3m), 2)
    vix6m = round(fill.vix6m_from(vix.close, vix3m) * exp(state.rest_6m), 2)
    breadth = min(max(0.75 * tanh(moved / 0.012) + 0.10 * z[_NADV], -0.95), 0.95)
    advancing = round(_ISSUES * 0.5 * (1 + breadth))
    return DailyFacts(
        day=day,
        spx=spx,
        vix=vix,
        vix9d=round(fill.vix9d_from(vix.close, vix3m) * exp(state.rest_9d), 2),
        vix3m=vix3m,
        vix6m=vix6m,
        vvix=round(min(max(fill.vvix_from(vix.close) * exp(state.rest_vvix), 60.0), 220.0), 2),
        skew=round(min(max(state.skew_pts, 105.0), 170.0), 2),
        bill_rate_pct=state.rate_pct,
        advancing=advancing,
        declining=_ISSUES - advancing,
        futures=_curve(state, day, vix=vix.close, vix3m=vix3m, vix6m=vix6m),
        vro=None,
        proxies=("generated",),
    )


def _curve(state: _State, day: date, *, vix: float, vix3m: float, vix6m: float) -> tuple[tuple[date, float], ...]:
    expiries = monthlies_after(day, fill.CURVE_MONTHS)
    tenors = [float((expiry - day).days) for expiry in expiries]
    values = fill.curve_from(tenors, vix=vix, vix3m=vix3m, vix6m=vix6m)
    rests = np.interp(tenors, state.curve_days, state.curve_rest).tolist()
    return tuple((e, round(value * exp(rest), 4)) for e, value, rest in zip(expiries, values, rests, strict=True))
