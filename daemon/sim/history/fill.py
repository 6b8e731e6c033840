"""What stands in for a figure that was not published, as functions of the same session's facts only.

Regressions on daily closes 2009-2026 (VIX9D on VIX and VIX3M, VIX3M and VIX6M on the nearer indexes,
futures on the volatility indexes); the medians of the same period for SKEW and the bill rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import exp, log
from typing import Final

import numpy as np

from daemon.sim.history.facts import monthlies_after

SKEW_MEDIAN: Final = 120.0
BILL_RATE_MEDIAN_PCT: Final = 2.0
CURVE_MONTHS: Final = 7

# ln F = a + b1 ln VIX + b2 ln VIX3M + b3 ln VIX6M by days to settlement (middle of each bucket);
# at settlement the future is VIX itself.
_CURVE_DAYS: Final = (0.0, 5.0, 15.0, 25.0, 37.5, 52.5, 70.0, 90.0, 115.0)
_CURVE: Final = np.array(
    [
        (0.0, 1.0, 0.0, 0.0),
        (0.015, 0.601, 0.379, 0.007),
        (-0.018, 0.267, 0.700, 0.027),
        (-0.090, 0.052, 0.795, 0.165),
        (-0.137, -0.086, 0.697, 0.413),
        (-0.194, -0.167, 0.540, 0.668),
        (-0.178, -0.140, 0.154, 1.020),
        (-0.175, -0.124, -0.242, 1.396),
        (-0.143, -0.006, -0.747, 1.773),
    ]
)


def vix3m_from(vix: float) -> float:
    """Estimate VIX3M in points from VIX (regression of 2009-2026, residual 6 %)."""
    return exp(0.614 + 0.8255 * log(vix))


def vix6m_from(vix: float, vix3m: float) -> float:
    """Estimate VIX6M in points from VIX and VIX3M (regression of 2009-2026, residual 2.6 %)."""
    return exp(0.246 - 0.397 * log(vix) + 1.326 * log(vix3m))


def vix9d_from(vix: float, vix3m: float) -> float:
    """Estimate VIX9D in points from VIX and VIX3M (regression of 2011-2026, residual 7.4 %)."""
    return vix * exp(0.86 * log(vix / vix3m) + 0.040)


def vvix_from(vix: float) -> float:
    """Estimate VVIX in points from VIX (regression of 2007-2026, residual 15 %)."""
    return exp(3.95 + 0.20 * log(vix))


def curve_from(days: Sequence[float], *, vix: float, vix3m: float, vix6m: float) -> list[float]:
    """Estimate VIX futures in points by calendar days to settlement (residual 3 to 4 %)."""
    logs = _CURVE @ np.array((1.0, log(vix), log(vix3m), log(vix6m)))
    return [float(value) for value in np.exp(np.interp(days, _CURVE_DAYS, logs))]


def curve_at(days: Sequence[float], known: Mapping[float, float]) -> list[float]:
    """Interpolate a constant-maturity curve (days to points) linearly in days."""
    tenors = sorted(known)
    return [float(value) for value in np.interp(days, tenors, [known[tenor] for tenor in tenors])]


def complete_curve(
    day: date, settles: Mapping[date, float], *, vix: float, vix3m: float, vix6m: float
) -> tuple[tuple[tuple[date, float], ...], bool]:
    """Return seven or more months of futures and whether some are estimates.

    Estimated months follow the last observed one: they keep its distance from the estimate, in logarithms.
    """
    last = max(settles, default=day)
    missing = [expiry for expiry in monthlies_after(day, CURVE_MONTHS) if expiry > last]
    known = dict(settles)
    if missing:
        tenors = [(expiry - day).days for expiry in (*missing, last)]
        *estimates, at_last = curve_from(tenors, vix=vix, vix3m=vix3m, vix6m=vix6m)
        scale = settles[last] / at_last if settles else 1.0
        known |= {expiry: round(value * scale, 4) for expiry, value in zip(missing, estimates, strict=True)}
    return tuple(sorted(known.items())), bool(missing)
