"""The settings of the arbitrage monitors, and their policy."""

from __future__ import annotations

from daemon.core.hedge.monitors import MonitorPolicy
from daemon.settings.fields import Group, setting


class MonitorSettings(Group):
    """How often option chains are looked at for arbitrage, which is told and never traded on."""

    every_sessions: int = setting(
        5,
        "Sessions between two looks at some 20 options of VIX and SPX for arbitrage and the curve of VIX forwards; 0 for "
        "none.",
        unit="sessions",
        ge=0,
        le=60,
        approval=False,
    )
    fee_usd: float = setting(
        1.25, "What one option contract costs to trade, taken off every edge.", unit="USD", ge=0, le=20, approval=False
    )


def monitor_policy(group: MonitorSettings) -> MonitorPolicy:
    """Build the rules of the monitors."""
    return MonitorPolicy(**group.model_dump())
