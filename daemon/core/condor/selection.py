"""Choose expiry and short strikes: a guess from VIX, a few quotes around it, then a refinement by observed delta."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import exp, isfinite, log, sqrt
from statistics import NormalDist
from typing import Final

from daemon.core.condor.policy import CondorPolicy

STRIKE_STEP_PTS100: Final = 500
"""SPX strikes are chosen on multiples of 5 points, where quotes are tight at every tenor."""

_NORMAL: Final = NormalDist()
_DTE_FLOOR: Final = 0.25  # a same-day option still has part of a session
_SMILE_CURVATURE: Final = 0.015  # median of measured chains, 5 to 99 days
_SMILE_SLOPE_30D: Final = -0.156
_SMILE_SLOPE_POWER: Final = 0.32
_ATM_OF_VIX: Final = ((9.0, 0.93), (30.0, 0.87), (93.0, 0.83))
"""At-the-money volatility as a share of VIX by days to expiry, measured on four SPX chains."""
_PUT_Z: Final = -4.0
_CALL_Z: Final = 2.2
_ITERATIONS: Final = 20
_DELTA_DIGITS: Final = 9  # two deltas that agree to here are equally far from the target


def choose_expiry(expiries: Sequence[date], session: date, policy: CondorPolicy) -> date | None:
    """Return the expiry nearest ``dte_target`` inside the window; of two as near, the earlier (003-05)."""
    inside = [expiry for expiry in expiries if policy.dte_min <= (expiry - session).days <= policy.dte_max]
    return min(inside, key=lambda expiry: (abs((expiry - session).days - policy.dte_target), expiry), default=None)


def guess_strikes(spx: float, vix: float, session: date, expiry: date, policy: CondorPolicy) -> tuple[int, int]:
    """Return a first guess (put short, call short) in points x 100 at the policy's delta, on 5 points.

    ``spx`` stands for the forward and ``vix`` gives the volatility, bent by the skew measured on SPX chains;
    the guess only decides which strikes are quoted first.
    """
    if not (isfinite(spx) and isfinite(vix) and spx > 0 and vix > 0):
        raise ValueError(f"SPX and VIX must be positive to guess strikes, not {spx} and {vix}.")
    dte = max(float((expiry - session).days), _DTE_FLOOR)
    return (
        _on_step(spx * exp(_log_distance(vix, dte, delta=-policy.short_delta, z_far=_PUT_Z))),
        _on_step(spx * exp(_log_distance(vix, dte, delta=policy.short_delta, z_far=_CALL_Z))),
    )


def bracket(guess_pts100: int, listed: Sequence[int], step_pts100: int, count: int) -> tuple[int, ...]:
    """Return up to ``count`` listed strikes around a guess, about ``step_pts100`` apart, in order.

    Starts at the strike nearest the guess and goes down and up in turn.
    """
    strikes = sorted(set(listed))
    if not strikes or count < 1:
        return ()
    chosen = [_nearest(strikes, guess_pts100)]
    while len(chosen) < count:
        below = [strike for strike in strikes if strike < chosen[0]]
        above = [strike for strike in strikes if strike > chosen[-1]]
        if not below and not above:
            break
        if below:
            chosen.insert(0, _nearest(below, chosen[0] - step_pts100))
        if above and len(chosen) < count:
            chosen.append(_nearest(above, chosen[-1] + step_pts100))
    return tuple(chosen)


def refine(points: Mapping[int, float], target: float, listed: Sequence[int]) -> int | None:
    """Return the listed strike whose delta should be nearest ``target``, from the deltas seen so far.

    ``points`` maps strikes in points x 100 to |delta| of one side. Between and beyond them the normal quantile
    of the delta is taken as linear in the strike. With one usable point the answer is the listed strike nearest
    to it; without any, or with nothing listed, None.
    """
    seen = sorted((strike, _NORMAL.inv_cdf(delta)) for strike, delta in points.items() if 0 < delta < 1)
    if not seen or not listed:
        return None
    if len(seen) == 1:
        return _nearest(listed, seen[0][0])
    nearest_seen = min(seen, key=lambda point: abs(point[1] - _NORMAL.inv_cdf(target)))[0]

    def miss(strike: int) -> tuple[float, float, int, int]:
        delta = _NORMAL.cdf(_interpolate(seen, strike))
        return (round(abs(delta - target), _DELTA_DIGITS), delta, abs(strike - nearest_seen), strike)

    return min(listed, key=miss)


def choose_short(points: Mapping[int, float], policy: CondorPolicy) -> int | None:
    """Return the observed strike nearest the target delta inside the policy's range, or None (003-05).

    Of two strikes as near, the one of smaller delta.
    """
    inside = {
        strike: delta for strike, delta in points.items() if policy.short_delta_min <= delta <= policy.short_delta_max
    }
    return min(
        inside,
        key=lambda strike: (
            round(abs(inside[strike] - policy.short_delta), _DELTA_DIGITS),
            inside[strike],
            strike,
        ),
        default=None,
    )


def _log_distance(vix: float, dte: float, *, delta: float, z_far: float) -> float:
    """Return ln(strike / forward) where an option has this forward delta (a put's is negative), by iteration."""
    atm = _atm_share(dte) * vix / 100
    root_years = sqrt(dte / 365)
    slope = _SMILE_SLOPE_30D * (dte / 30) ** _SMILE_SLOPE_POWER
    d1 = _NORMAL.inv_cdf(delta if delta > 0 else 1 + delta)
    distance = 0.0
    for _ in range(_ITERATIONS):
        z = distance / (atm * root_years)
        z = max(z, z_far) if z_far < 0 else min(z, z_far)
        deviation = atm * (1 + slope * z + _SMILE_CURVATURE * z * z) * root_years
        distance = deviation * deviation / 2 - d1 * deviation
    return distance


def _atm_share(dte: float) -> float:
    """Interpolate the at-the-money share of VIX in log days, flat outside the measured range."""
    if dte <= _ATM_OF_VIX[0][0]:
        return _ATM_OF_VIX[0][1]
    for (near, near_share), (far, far_share) in pairwise(_ATM_OF_VIX):
        if dte <= far:
            return near_share + (far_share - near_share) * log(dte / near) / log(far / near)
    return _ATM_OF_VIX[-1][1]


def _on_step(points: float) -> int:
    return round(points * 100 / STRIKE_STEP_PTS100) * STRIKE_STEP_PTS100


def _nearest(strikes: Sequence[int], wanted: int) -> int:
    return min(strikes, key=lambda strike: (abs(strike - wanted), strike))


def _interpolate(seen: Sequence[tuple[int, float]], strike: int) -> float:
    """Return the value at a strike on the line through the two points around it, or through the end pair."""
    pair = next(
        (pair for pair in pairwise(seen) if strike <= pair[1][0]),
        (seen[-2], seen[-1]),
    )
    (left, left_value), (right, right_value) = pair
    return left_value + (right_value - left_value) * (strike - left) / (right - left)
