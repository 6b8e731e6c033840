"""How many VIX calls the hedge needs in total and by layer, and when the held number is brought to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, isfinite
from typing import Final

from daemon.core.hedge.policy import HedgePolicy, LayerPolicy
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import Reason
from daemon.core.risk.exposure import exact

TIE_ORDER: Final = ("L2", "L1", "L3")
"""Which layer takes a contract when remainders are equal (decision 27)."""


@dataclass(frozen=True, slots=True)
class HedgeTarget:
    """The wanted contracts, the delta-dollars they stand for, and why there may be none."""

    total: int
    by_layer: dict[str, int]
    target_usd: float
    reasons: tuple[Reason, ...]


def delta_usd(forward_pts: float, delta: float) -> float:
    """Return the delta-dollars of one call: 100 x forward x delta."""
    return MULTIPLIER * forward_pts * delta


def target_contracts(
    pct: float, wing_notional_usd: int, layer_delta_usd: Mapping[str, float], policy: HedgePolicy
) -> HedgeTarget:
    """Return the contracts whose delta-dollars are ``pct`` percent of the wing notional (decision 27).

    The total is rounded half up, then split by the layers' weights. Raises ValueError when the delta-dollars
    of a layer are missing or not positive: then the target is unknown, which is not the same as zero.
    """
    weights = {layer.name: layer.weight for layer in policy.layers}
    none_held = dict.fromkeys(weights, 0)
    if wing_notional_usd == 0:
        text = "No condor is open, so there is no wing notional to hedge, in dollars."
        return HedgeTarget(0, none_held, 0.0, (Reason("no_wing_notional", text, wing_notional_usd),))
    wanted = Fraction(exact(pct)) * wing_notional_usd / 100
    one = _mean_delta_usd(weights, layer_delta_usd)
    total = floor(wanted / one + Fraction(1, 2))
    if total == 0:
        text = "The wanted delta-dollars are less than half of one contract."
        reasons = (Reason("hedge_target_zero", text, float(wanted), float(one)),)
        return HedgeTarget(0, none_held, float(wanted), reasons)
    return HedgeTarget(total, split(total, policy.layers), float(wanted), ())


def split(total: int, layers: Sequence[LayerPolicy]) -> dict[str, int]:
    """Split contracts by weight with the largest remainder, ties to L2, then L1, then L3 (001-02, decision 27)."""
    assert total >= 0, f"a number of contracts cannot be {total}"
    whole = sum(layer.weight for layer in layers)
    shares = {layer.name: Fraction(total * layer.weight, whole) for layer in layers}
    parts = {name: floor(share) for name, share in shares.items()}
    by_remainder = sorted(parts, key=lambda name: (parts[name] - shares[name], _tie_place(name), name))
    for name in by_remainder[: total - sum(parts.values())]:
        parts[name] += 1
    assert sum(parts.values()) == total, f"{parts} does not add up to {total}"
    return parts


def resize_needed(
    current: Mapping[str, int],
    target: Mapping[str, int],
    *,
    after_roll: bool,
    regime_changed: bool,
    policy: HedgePolicy,
) -> tuple[bool, Reason]:
    """Say whether every layer is brought to its target now, and why (decision 23).

    After a roll or a change of regime any difference is enough; otherwise the total must move by
    ``resize_min_contracts`` and by ``resize_min_pct`` of what is held. Of nothing held any move is enough in percent.
    """
    held, wanted = sum(current.values()), sum(target.values())
    if all(current.get(name, 0) == target.get(name, 0) for name in current.keys() | target.keys()):
        return False, Reason("hedge_on_target", "Every layer holds its target, in contracts.", held, wanted)
    if after_roll:
        text = "A layer has just rolled, so every layer is brought to its target, in contracts."
        return True, Reason("resize_after_roll", text, held, wanted)
    if regime_changed:
        text = "The VIX regime has changed, so every layer is brought to its target, in contracts."
        return True, Reason("resize_regime_changed", text, held, wanted)
    needed = max(Decimal(policy.resize_min_contracts), exact(policy.resize_min_pct) * held / 100)
    if abs(wanted - held) >= needed:
        text = "The target has moved far enough from what is held to trade, in contracts."
        return True, Reason("resize_target_moved", text, abs(wanted - held), float(needed))
    text = "The target has not moved far enough from what is held to trade, in contracts."
    return False, Reason("resize_below_threshold", text, abs(wanted - held), float(needed))


def _mean_delta_usd(weights: Mapping[str, int], layer_delta_usd: Mapping[str, float]) -> Fraction:
    """Return the delta-dollars of an average contract of the 4:4:2 mix."""
    weighing = {name: weight for name, weight in weights.items() if weight > 0}
    for name in weighing:
        value = layer_delta_usd.get(name)
        if value is None or not isfinite(value) or value <= 0:
            raise ValueError(
                f"The delta-dollars of one call of {name} must be positive to size the hedge, not {value}."
            )
    weighted = sum((weight * Fraction(exact(layer_delta_usd[name])) for name, weight in weighing.items()), Fraction(0))
    return weighted / sum(weighing.values())


def _tie_place(name: str) -> int:
    return TIE_ORDER.index(name) if name in TIE_ORDER else len(TIE_ORDER)
