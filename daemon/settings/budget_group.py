"""The settings of what the hedge may cost, and their policy."""

from __future__ import annotations

from daemon.core.hedge.policy import BudgetPolicy
from daemon.settings.fields import Group, setting


class BudgetSettings(Group):
    """What the hedge may cost; both limits are suspended while VIX is above where the high regime begins."""

    enabled: bool = setting(
        True, "Whether the two limits make targets smaller; off, the figures are told all the same."
    )
    carry_max_pct: float = setting(
        1.4,
        "Most that the hedge is expected to cost in 30 days, as a share of the wing notional; a larger target is cut.",
        unit="%",
        ge=0,
        le=100,
    )
    debits_max_pct: float = setting(
        20,
        "Most that purchases of the hedge less its sales of 30 days may be of the entry credits of condors; a target "
        "that would cost more is cut, and nothing is sold for it.",
        unit="%",
        ge=0,
        le=1000,
    )
    carry_alert_pct: float = setting(
        1.4,
        "Measured cost of the hedge in 30 days, as a share of the mean wing notional of the last 90 days, above which "
        "the log warns.",
        unit="%",
        ge=0,
        le=100,
        approval=False,
    )


def budget_policy(group: BudgetSettings) -> BudgetPolicy:
    """Build what the hedge may cost."""
    return BudgetPolicy(**group.model_dump())
