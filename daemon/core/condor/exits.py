"""When and at what price a condor is closed."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_FLOOR

from daemon.core.condor.policy import CondorPolicy
from daemon.core.orders.ladder import NET_STEP_PTS100
from daemon.core.risk.exposure import exact


def take_profit_limit_pts100(credit_pts: float, policy: CondorPolicy) -> int:
    """Return the debit limit of the resting take-profit, in points x 100, on 0.05 points rounded down, at least one.

    ``credit_pts`` is what the entry received per condor; ``take_profit_pct`` of it is kept.
    """
    assert credit_pts > 0, f"a take-profit needs a credit, not {credit_pts} points"
    debit_pts100 = exact(credit_pts) * (100 - exact(policy.take_profit_pct))
    steps = int((debit_pts100 / NET_STEP_PTS100).to_integral_value(ROUND_FLOOR))
    return max(1, steps) * NET_STEP_PTS100


def time_exit_due(session: date, expiry: date, policy: CondorPolicy) -> bool:
    """Say whether so few calendar days are left that the condor is closed whatever its value."""
    return policy.time_exit_enabled and (expiry - session).days <= policy.time_exit_dte


def expires_today(session: date, expiry: date) -> bool:
    """Say whether the condor's series has its last trading day in this session (SPXW)."""
    return session == expiry
