"""Variance that options imply without a model: Cboe's VIX formula, and the variance between two dates to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from daemon.core.market.cost_of_capital import OptionStrip

YEAR_DAYS: Final = 365.0
MONTH_DAYS: Final = 30.0
_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class VarianceNode:
    """The variance per year, as a fraction squared, up to a number of calendar days from now."""

    days: float
    variance: float

    @classmethod
    def of_index(cls, days: float, level_pts: float) -> VarianceNode:
        """Return what a volatility index of so many days says."""
        return cls(days, (level_pts / _PERCENT) ** 2)


def strip_variance(strip: OptionStrip, *, forward_pts: float, gross_return: float, years: float) -> float:
    """Return the variance per year of one expiry (Cboe, Volatility Index Mathematics Methodology, 2022).

    (2/T) sum(dK/K^2 R Q) - (F/K0 - 1)^2 / T with K0 the highest strike at or below the forward that has both a call
    and a put, whose mean counts there; puts below it, calls above; dK half the distance between the neighbours that
    count. An option without a mid is left out. Raises ValueError without such a K0 or an option on each side of it.
    """
    both = np.isfinite(strip.call_mids_pts) & np.isfinite(strip.put_mids_pts) & (strip.strikes_pts <= forward_pts)
    if not both.any():
        raise ValueError(f"No strike at or below the forward {forward_pts:g} has both a call and a put.")
    centre = float(strip.strikes_pts[both][-1])
    prices = np.where(strip.strikes_pts < centre, strip.put_mids_pts, strip.call_mids_pts)
    prices = np.where(strip.strikes_pts == centre, (strip.call_mids_pts + strip.put_mids_pts) / 2, prices)
    usable = np.isfinite(prices)
    strikes, mids = strip.strikes_pts[usable], prices[usable]
    if not strikes[0] < centre < strikes[-1]:
        raise ValueError(f"The options do not enclose the strike {centre:g}.")
    # By place: half the distance between the neighbours, and the whole one at both ends.
    apart = np.gradient(strikes)
    total = float(np.sum(apart / strikes**2 * mids)) * gross_return
    return 2.0 / years * total - (forward_pts / centre - 1.0) ** 2 / years


def forward_volatility_pts(nodes: Sequence[VarianceNode], from_days: float, to_days: float) -> float | None:
    """Return the volatility in points between two dates, total variance being linear between the nodes.

    Up to the first node variance is even. From 0 to 30 days over Cboe's two expiries this is VIX. None beyond the
    last node, and where the later total is not above the earlier one.
    """
    if not nodes or not 0 <= from_days < to_days <= nodes[-1].days:
        return None
    days = [0.0, *(node.days for node in nodes)]
    totals = [0.0, *(node.days * node.variance for node in nodes)]
    between = float(np.interp(to_days, days, totals) - np.interp(from_days, days, totals))
    return _PERCENT * sqrt(between / (to_days - from_days)) if between > 0 else None
