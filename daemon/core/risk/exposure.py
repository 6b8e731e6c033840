"""What the open condors can lose: the base of every hedge percentage and of the entry size."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from daemon.core.records import CondorRecord
from daemon.core.risk.limits import RiskLimits


def exact(number: float) -> Decimal:
    """Return a number as the decimal a person wrote, so that 7.1 % is not 7.09999 %."""
    return Decimal(str(number))


def share_usd(pct: float, amount_usd: Decimal | int) -> int:
    """Return ``pct`` percent of an amount in whole dollars, rounded down."""
    return int((exact(pct) * amount_usd / 100).to_integral_value(ROUND_FLOOR))


def wing_notional_usd(condors: Iterable[tuple[CondorRecord, int]]) -> int:
    """Return W, the sum of quantity x 100 x wider wing over open condors, in dollars (004-16)."""
    # A width in points x 100 is also the dollars one condor can lose: 100 dollars a point.
    return sum(quantity * record.width_pts100 for record, quantity in condors)


def wing_notional_max_usd(nlv_usd_cents: int, limits: RiskLimits) -> int:
    """Return W_max in dollars: the fixed limit or the share of net liquidation, whichever is smaller (004-24).

    Never negative: an account without value may hold nothing.
    """
    of_nlv = share_usd(limits.wing_notional_max_nlv_pct, Decimal(nlv_usd_cents) / 100)
    return max(0, min(limits.wing_notional_max_usd, of_nlv))
