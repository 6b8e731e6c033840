"""How far SPX is from a strike, in standard deviations of the time that is left."""

from __future__ import annotations

from datetime import date
from math import log, sqrt
from typing import Final

DAYS_A_YEAR: Final = 365


def sigmas(spx_pts: float, strike_pts: float, vix: float, session: date, expiry: date) -> float | None:
    """Return ln(strike / SPX) over VIX / 100 x sqrt(days to expiry / 365): positive above SPX, negative below it.

    VIX stands for the volatility of whatever time is left (docs/formulas.md). None on and after the expiry.
    """
    days = (expiry - session).days
    if days <= 0 or spx_pts <= 0 or strike_pts <= 0 or vix <= 0:
        return None
    return log(strike_pts / spx_pts) / (vix / 100 * sqrt(days / DAYS_A_YEAR))
