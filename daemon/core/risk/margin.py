"""Our own estimate of the margin of a condor: a cross-check of what the broker says, never in place of it."""

from __future__ import annotations

from daemon.core.condor.legs import CondorLegs


def condor_margin_usd_cents(legs: CondorLegs, quantity: int) -> int:
    """Return the initial margin of condors in a strategy-based (Reg-T) account.

    The width x 100 dollars of one side for a condor of equal widths, and for a vertical alone. Interactive Brokers
    margins a condor of unequal widths as two spreads with two requirements (its pages on options margin).
    """
    # A width in points x 100 is also the dollars of one spread: 100 dollars a point.
    widths_usd = [side.width_pts100 for side in legs.sides]
    return 100 * quantity * (widths_usd[0] if len(set(widths_usd)) == 1 else sum(widths_usd))
