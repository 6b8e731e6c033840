"""First guesses of strikes from SPX and VIX alone: they decide only which strikes are quoted first."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from math import exp, isfinite, log, sqrt
from statistics import NormalDist
from typing import Final

from daemon.core.calendar.sessions import new_york_date, session, sessions_between
from daemon.core.market.contracts import Right

STRIKE_STEP_PTS100: Final = 500
"""SPX strikes are chosen on multiples of 5 points, where quotes are tight at every tenor."""

_NORMAL: Final = NormalDist()
_WEEK_DAYS: Final = 7
_SESSIONS_YEAR: Final = 252
_DAYS_YEAR: Final = 365
_HOURS_SHARE: Final = 0.75  # of a session's variance; the rest comes between the close and the open
_SESSIONS_FLOOR: Final = 0.02
_SMILE_CURVATURE: Final = 0.015  # median of measured chains, 5 to 99 days
_SMILE_SLOPE_30D: Final = -0.156
_SMILE_SLOPE_POWER: Final = 0.32
_ATM_OF_VIX: Final = ((9.0, 0.93), (30.0, 0.87), (93.0, 0.83))
"""At-the-money volatility as a share of VIX by days to expiry, measured on four SPX chains."""
_PUT_Z: Final = -4.0
_CALL_Z: Final = 2.2
_ITERATIONS: Final = 20
_DELTA_RANGE: Final = (0.005, 0.5)


def variance_days(now: datetime, expiry: date) -> float:
    """Return the calendar days that the variance up to an expiry amounts to.

    Within a week only what is left of the sessions counts: a weekend carries almost no variance.
    """
    day = new_york_date(now)
    if (expiry - day).days > _WEEK_DAYS:
        return float((expiry - day).days)
    today = session(day)
    left = (today.close_at - now) / (today.close_at - today.open_at)
    sessions = len(sessions_between(day, expiry)) - 1 + _HOURS_SHARE * min(max(left, 0.0), 1.0)
    return max(sessions, _SESSIONS_FLOOR) * _DAYS_YEAR / _SESSIONS_YEAR


def guess_strike(right: Right, delta: float, *, spx: float, vix: float, days: float) -> int:
    """Return where an option of this absolute delta should lie, in points x 100, on 5 points.

    ``spx`` stands for the forward and ``vix`` gives the volatility, bent by the skew measured on SPX chains;
    ``days`` are those of ``variance_days``.
    """
    if not (isfinite(spx) and isfinite(vix) and spx > 0 and vix > 0):
        raise ValueError(f"SPX and VIX must be positive to guess strikes, not {spx} and {vix}.")
    bounded = min(max(delta, _DELTA_RANGE[0]), _DELTA_RANGE[1])
    z_far, signed = (_PUT_Z, -bounded) if right is Right.PUT else (_CALL_Z, bounded)
    return on_step(spx * exp(_log_distance(vix, days, delta=signed, z_far=z_far)))


def on_step(points: float) -> int:
    """Return points as points x 100 on the nearest multiple of 5 points."""
    return round(points * 100 / STRIKE_STEP_PTS100) * STRIKE_STEP_PTS100


def _log_distance(vix: float, days: float, *, delta: float, z_far: float) -> float:
    """Return ln(strike / forward) where an option has this forward delta (a put's is negative), by iteration."""
    atm = _atm_share(days) * vix / 100
    root_years = sqrt(days / _DAYS_YEAR)
    slope = _SMILE_SLOPE_30D * (days / 30) ** _SMILE_SLOPE_POWER
    d1 = _NORMAL.inv_cdf(delta if delta > 0 else 1 + delta)
    distance = 0.0
    for _ in range(_ITERATIONS):
        z = distance / (atm * root_years)
        z = max(z, z_far) if z_far < 0 else min(z, z_far)
        deviation = atm * (1 + slope * z + _SMILE_CURVATURE * z * z) * root_years
        distance = deviation * deviation / 2 - d1 * deviation
    return distance


def _atm_share(days: float) -> float:
    """Interpolate the at-the-money share of VIX in log days, flat outside the measured range."""
    if days <= _ATM_OF_VIX[0][0]:
        return _ATM_OF_VIX[0][1]
    for (near, near_share), (far, far_share) in pairwise(_ATM_OF_VIX):
        if days <= far:
            return near_share + (far_share - near_share) * log(days / near) / log(far / near)
    return _ATM_OF_VIX[-1][1]
