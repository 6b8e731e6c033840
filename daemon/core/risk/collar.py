"""The price collar: how far from the mid at its decision an order may be, whatever a ladder asks for."""

from __future__ import annotations

from daemon.core.market.contracts import Underlying
from daemon.core.orders.intent import OrderSpec
from daemon.core.risk.exposure import exact
from daemon.core.risk.limits import RiskLimits


def collar_pts100(spec: OrderSpec, mid_pts: float, limits: RiskLimits) -> float:
    """Return the largest distance of a net limit from the mid, in points x 100.

    Orders in SPX have a fixed distance; those in VIX calls a share of their mid, but at least a few ticks.
    """
    if spec.legs[0].contract.underlying is Underlying.SPX:
        return limits.collar_condor_pts100
    share_pts100 = float(exact(limits.collar_call_pct) * abs(exact(mid_pts)))
    return max(limits.collar_call_min_pts100, share_pts100)


def distance_pts100(net_limit_pts100: int, mid_pts: float) -> float:
    """Return how far a net limit is from the mid, in points x 100, on either side."""
    return float(abs(net_limit_pts100 - exact(mid_pts) * 100))
