"""How many contracts the hedge needs in total and by layer, and when the held number is brought to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor, isfinite
from typing import Final

from daemon.core.hedge.hedged import Hedged
from daemon.core.hedge.policy import HedgeMeasure, HedgePolicy, HedgeSplit, HedgeTotal, LayerPolicy
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import Reason
from daemon.core.risk.exposure import exact

TIE_ORDER: Final = ("L2", "L1", "L3")
"""Which layer takes a contract when remainders are equal (decision 27)."""


@dataclass(frozen=True, slots=True)
class HedgeTarget:
    """The wanted contracts, the percentage and dollars of the measure they stand for, and why there may be none."""

    total: int
    by_layer: dict[str, int]
    pct: float
    target_usd: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitValue:
    """What a contract of a layer is worth by the measures, in points: an option, or a spread as one."""

    forward_pts: float
    delta: float
    mid_pts: float
    vix_share: float = 1.0
    """VIX delta-dollars that a delta-dollar of its own underlying stands for."""
    multiplier: int = MULTIPLIER

    @property
    def delta_usd(self) -> float:
        """Return its VIX delta-dollars."""
        return delta_usd(self.forward_pts, self.delta, self.multiplier) * self.vix_share


def delta_usd(forward_pts: float, delta: float, multiplier: int = MULTIPLIER) -> float:
    """Return the delta-dollars of one contract on its own underlying: 100 x forward x delta, of a future 1000 x."""
    return multiplier * forward_pts * delta


def unit_usd(value: UnitValue, measure: HedgeMeasure, hedged: Hedged) -> float:
    """Return the dollars that one contract counts for in the measure.

    Counted in contracts, one call stands for one condor: the percentage is then of their number (000-18).
    """
    match measure:
        case HedgeMeasure.DELTA_DOLLARS:
            return value.delta_usd
        case HedgeMeasure.VIX_NOTIONAL:
            return value.multiplier * value.forward_pts
        case HedgeMeasure.PREMIUM:
            return value.multiplier * value.mid_pts
        case HedgeMeasure.CONTRACTS:
            return hedged.base_usd / hedged.condors if hedged.base_usd and hedged.condors else 1.0


def size_hedge(
    pct: float, hedged: Hedged, layer_unit_usd: Mapping[str, float], *, break_even: int | None, policy: HedgePolicy
) -> HedgeTarget:
    """Return the contracts that the setting of the total asks for; ``pct`` is p(V) and ``break_even`` its cross-check."""
    if hedged.wing_notional_usd == 0:
        text = "No condor is open, so there is no wing notional to hedge, in dollars."
        reason = Reason("no_wing_notional", text, hedged.wing_notional_usd)
        asked = {HedgeTotal.REGIME: pct, HedgeTotal.FLAT: policy.flat_pct}
        return _nothing(reason, policy, pct=asked.get(policy.total, 0.0), target_usd=0.0)
    match policy.total:
        case HedgeTotal.REGIME:
            return target_contracts(pct, hedged.base_usd, layer_unit_usd, policy)
        case HedgeTotal.FLAT:
            return target_contracts(policy.flat_pct, hedged.base_usd, layer_unit_usd, policy)
        case HedgeTotal.FIXED_CONTRACTS:
            return _of_contracts(policy.fixed_contracts, hedged, layer_unit_usd, policy=policy)
        case HedgeTotal.BREAK_EVEN:
            return _of_break_even(break_even, hedged, layer_unit_usd, policy=policy)


def target_contracts(
    pct: float, base_usd: int, layer_unit_usd: Mapping[str, float], policy: HedgePolicy
) -> HedgeTarget:
    """Return the contracts that stand for ``pct`` percent of the base in the measure (decision 27).

    By ratio the total is rounded half up, then split by the layers' weights; by dollars each layer's share is
    rounded half up. Raises ValueError when what one contract of a layer counts for is missing or not positive:
    then the target is unknown, which is not the same as zero.
    """
    wanted = Fraction(exact(pct)) * base_usd / 100
    units = _units_usd(layer_unit_usd, policy)
    if policy.split is HedgeSplit.DOLLARS:
        by_layer = _split_dollars(wanted, units, policy)
    else:
        by_layer = split(_half_up(wanted / _mean_unit_usd(units, policy)), policy.layers)
    if not any(by_layer.values()):
        text = "What is wanted is less than half of one contract, in dollars of the measure."
        one = min(units.values()) if policy.split is HedgeSplit.DOLLARS else _mean_unit_usd(units, policy)
        reason = Reason("hedge_target_zero", text, float(wanted), float(one))
        return _nothing(reason, policy, pct=pct, target_usd=float(wanted))
    return HedgeTarget(sum(by_layer.values()), by_layer, pct, float(wanted), _zero_shares(by_layer, policy))


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
    money_waits: bool = False,
) -> tuple[bool, Reason]:
    """Say whether every layer is brought to its target now, and why (decision 23).

    After a roll, a harvest or a change of regime any difference is enough; otherwise the total must move by
    ``resize_min_contracts`` and by ``resize_min_pct`` of what is held. Of nothing held any move is enough in percent.
    """
    held, wanted = sum(current.values()), sum(target.values())
    if all(current.get(name, 0) == target.get(name, 0) for name in current.keys() | target.keys()):
        return False, Reason("hedge_on_target", "Every layer holds its target, in contracts.", held, wanted)
    if after_roll:
        text = "A layer has just rolled, so every layer is brought to its target, in contracts."
        return True, Reason("resize_after_roll", text, held, wanted)
    if money_waits:
        text = "The proceeds of a harvest wait for the second layer, so every layer is brought to its target, in contracts."
        return True, Reason("resize_with_proceeds", text, held, wanted)
    if regime_changed:
        text = "The VIX regime has changed, so every layer is brought to its target, in contracts."
        return True, Reason("resize_regime_changed", text, held, wanted)
    needed = max(Decimal(policy.resize_min_contracts), exact(policy.resize_min_pct) * held / 100)
    if abs(wanted - held) >= needed:
        text = "The target has moved far enough from what is held to trade, in contracts."
        return True, Reason("resize_target_moved", text, abs(wanted - held), float(needed))
    text = "The target has not moved far enough from what is held to trade, in contracts."
    return False, Reason("resize_below_threshold", text, abs(wanted - held), float(needed))


def _of_break_even(
    contracts: int | None, hedged: Hedged, layer_unit_usd: Mapping[str, float], *, policy: HedgePolicy
) -> HedgeTarget:
    """Return the contracts of the break-even mode, at most what the top of the high band stands for."""
    most = target_contracts(policy.high.pct_high, hedged.base_usd, layer_unit_usd, policy).total
    if contracts is not None and contracts <= most:
        return _of_contracts(contracts, hedged, layer_unit_usd, policy=policy)
    found = _of_contracts(most, hedged, layer_unit_usd, policy=policy)
    text = "The break-evens ask for more contracts than the top of the high band stands for."
    return replace(found, reasons=(Reason("break_even_bound", text, contracts, most), *found.reasons))


def _of_contracts(
    total: int, hedged: Hedged, layer_unit_usd: Mapping[str, float], *, policy: HedgePolicy
) -> HedgeTarget:
    """Return a number of contracts with the dollars and the percentage of the base that they stand for."""
    units, by_layer = _units_usd(layer_unit_usd, policy), split(total, policy.layers)
    stands_for = float(sum((by_layer[name] * unit for name, unit in units.items()), Fraction(0)))
    pct = 100 * stands_for / hedged.base_usd if hedged.base_usd else 0.0
    if total == 0:
        text = "No contract is wanted by the number that the hedge is set to."
        return _nothing(Reason("hedge_target_zero", text, total), policy, pct=pct, target_usd=0.0)
    return HedgeTarget(total, by_layer, pct, stands_for, _zero_shares(by_layer, policy))


def _nothing(reason: Reason, policy: HedgePolicy, *, pct: float, target_usd: float) -> HedgeTarget:
    return HedgeTarget(0, dict.fromkeys((layer.name for layer in policy.layers), 0), pct, target_usd, (reason,))


def _zero_shares(by_layer: Mapping[str, int], policy: HedgePolicy) -> tuple[Reason, ...]:
    """Name the layers whose share rounds to nothing while others hold contracts."""
    names = [layer.name for layer in policy.layers if layer.weight > 0 and by_layer[layer.name] == 0]
    if not names:
        return ()
    text = "The share of a layer rounds to no contract, so it buys none."
    return (Reason("layer_share_zero", text, ", ".join(names)),)


def _split_dollars(wanted: Fraction, units: Mapping[str, Fraction], policy: HedgePolicy) -> dict[str, int]:
    whole = sum(layer.weight for layer in policy.layers)
    return {
        layer.name: _half_up(wanted * layer.weight / whole / units[layer.name]) if layer.weight else 0
        for layer in policy.layers
    }


def _units_usd(layer_unit_usd: Mapping[str, float], policy: HedgePolicy) -> dict[str, Fraction]:
    """Return what one contract counts for of each layer that has a weight."""
    names = [layer.name for layer in policy.layers if layer.weight > 0]
    for name in names:
        value = layer_unit_usd.get(name)
        if value is None or not isfinite(value) or value <= 0:
            raise ValueError(f"The dollars one contract of {name} counts for must be positive, not {value}.")
    return {name: Fraction(exact(layer_unit_usd[name])) for name in names}


def _mean_unit_usd(units: Mapping[str, Fraction], policy: HedgePolicy) -> Fraction:
    """Return what an average contract of the mix counts for."""
    weights = {layer.name: layer.weight for layer in policy.layers if layer.weight > 0}
    return sum((weight * units[name] for name, weight in weights.items()), Fraction(0)) / sum(weights.values())


def _half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def _tie_place(name: str) -> int:
    return TIE_ORDER.index(name) if name in TIE_ORDER else len(TIE_ORDER)
