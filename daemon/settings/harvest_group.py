"""The settings of harvests, and their policy."""

from __future__ import annotations

from daemon.core.hedge.policy import HarvestPolicy
from daemon.settings.fields import Group, setting


class HarvestSettings(Group):
    """When part of a layer that has gained is sold before its roll, and where the money goes."""

    enabled: bool = setting(True, "Whether layers are harvested.")
    cost_multiple: float = setting(
        5, "Worth of a layer's contract over its cost at which part of it is sold.", unit="times", ge=1.5, le=100
    )
    backwardated_closes: int = setting(
        3,
        "Closes in a row with VIX above VIX3M after which the return of contango causes a harvest of what has gained.",
        unit="closes",
        ge=1,
        le=100,
    )
    calm_share: float = setting(
        0.8, "Share of the highest of those closes of VIX below which it must be for that.", unit="times", ge=0.1, le=1
    )
    share_pct: float = setting(
        25, "Share of the layer that is sold, at least one contract and never over half.", unit="%", ge=1, le=50
    )
    last_floor_pct: float = setting(
        50, "Share of its target that the last layer keeps through a harvest.", unit="%", ge=0, le=100
    )
    route: bool = setting(True, "Whether the proceeds of the first layer buy contracts for the second.")
    armed_sessions: int = setting(
        0,
        "Sessions after a theta press (SPX at its high, VIX low, curve steep) in which harvests are made; 0 for all.",
        unit="sessions",
        ge=0,
        le=252,
    )


def harvest_policy(group: HarvestSettings) -> HarvestPolicy:
    """Build the rules of harvests."""
    return HarvestPolicy(**group.model_dump())
