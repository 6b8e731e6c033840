"""Price steps of each trading class as they stood on a date (Cboe rules)."""

from __future__ import annotations

from datetime import date
from typing import Final

from daemon.core.market.contracts import TradingClass, Underlying

STEP_CHANGES_AT: Final = 3.0
VIX_PENNIES_FROM: Final = date(2022, 10, 24)
"""From then VIX options trade in 0.01 below 3 points and 0.05 above; before in 0.05 and 0.10."""

Steps = tuple[float, float]
"""Step below 3 points and step from 3 points up."""

_NICKELS: Final[Steps] = (0.05, 0.10)
_PENNIES: Final[Steps] = (0.01, 0.05)
_ALWAYS_PENNIES: Final[Steps] = (0.01, 0.01)
_FUTURES: Final[Steps] = (0.05, 0.05)


def steps(trading_class: TradingClass, day: date) -> Steps:
    """Return the steps of single orders in points."""
    if trading_class is TradingClass.VX:
        return _FUTURES
    if trading_class is TradingClass.VIXW:
        return _ALWAYS_PENNIES
    if trading_class.underlying.is_fund:
        return _PENNIES  # both classes are in the penny program
    if trading_class is TradingClass.VIX and day >= VIX_PENNIES_FROM:
        return _PENNIES
    return _NICKELS


def combo_step_pts100(underlying: Underlying) -> int:
    """Return the step of a combination's net price in points x 100: 0.05 for SPX, 0.01 for VIX."""
    return 5 if underlying is Underlying.SPX else 1
