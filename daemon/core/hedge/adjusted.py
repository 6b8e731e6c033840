"""An adjustment at work: the percentage kept within the band of the regime, the weights moved between layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Final

from daemon.core.hedge.adjustments import AdjustmentState
from daemon.core.hedge.policy import Band, HedgePolicy, HedgeSplit, HedgeTotal, LayerPolicy
from daemon.core.orders.intent import Reason
from daemon.core.risk.exposure import exact

_WEIGHT_SCALE: Final = 10_000
"""Moved weights are whole again by this factor: a contract's share is exact to a hundredth of a percent."""


def adjusted_pct(pct: float, band: Band, state: AdjustmentState) -> tuple[float, tuple[Reason, ...]]:
    """Return p(V) x multiplier, kept within the band (004-06, 003-19), with the arithmetic."""
    if state.multiplier == 1:
        return pct, ()
    product = pct * state.multiplier
    kept = min(max(product, band.pct_low), band.pct_high)
    text = f"{pct:.4g} % x {state.multiplier:g} = {product:.4g} %"
    if kept != product:
        text += f", kept at {kept:g} %"
    limits = f"{band.pct_low:g} to {band.pct_high:g}"
    return kept, (Reason("adjusted", f"{text}, in force since {state.since}", round(kept, 6), limits),)


def gated_pct(pct: float, band: Band, held_pct: float) -> tuple[float, tuple[Reason, ...]]:
    """Return the percentage behind a shut buy-gate: nothing above the band's floor is bought, nothing sold (002-05)."""
    kept = min(pct, max(band.pct_low, held_pct))
    if kept == pct:
        return pct, ()
    text = f"the buy-gate is shut: {kept:.4g} % instead of {pct:.4g} %"
    return kept, (Reason("buy_gate", text, round(kept, 6), band.pct_low),)


def band_in_force(regime: str, pct: float, policy: HedgePolicy) -> Band:
    """Return the band that bounds the percentage: the regime's, or the moderate one once it fell back to its top."""
    bands = {band.name: band for band in (policy.low, policy.moderate, policy.high)}
    band = bands[regime]
    return policy.moderate if pct < band.pct_low else band


def tilted_layers(
    policy: HedgePolicy, unit_usd: Mapping[str, float], regime: str
) -> tuple[HedgePolicy, tuple[Reason, ...]]:
    """Return the policy with a share of the first layer's dollars moved to the last one in the low regime (004-03).

    Longer calls cost less a day (decision 28). The sum stays; a plain total is left alone, and so is a hedge in which
    one of the two has no weight.
    """
    share = Fraction(exact(policy.low_regime_tilt_pct)) / 100
    first, last = policy.layers[0], policy.layers[-1]
    low = regime == policy.low.name and policy.total is HedgeTotal.REGIME
    if not (share and low and first.weight and last.weight):
        return policy, ()
    before = _dollars(policy, unit_usd)
    moved = share * before[first.name]
    after = before | {first.name: before[first.name] - moved, last.name: before[last.name] + moved}
    text = f"{_shares_text(before, after)} while the regime is {regime}"
    return _weighted(policy, after, unit_usd), (Reason("low_regime_tilt", text, policy.low_regime_tilt_pct, 25),)


def adjusted_layers(
    policy: HedgePolicy, unit_usd: Mapping[str, float], state: AdjustmentState
) -> tuple[HedgePolicy, tuple[Reason, ...]]:
    """Return the policy with the layers' weights moved (000-08, 002-04, 003-10); a plain total is left alone.

    What moves is a share of a layer's dollars in the measure, their sum stays; a layer without a weight gets none.
    """
    if policy.total is not HedgeTotal.REGIME or (state.shift_pct == 0 and state.last_layer_pct == 0):
        return policy, ()
    before = _dollars(policy, unit_usd)
    after = _thickened(
        _moved(before, Fraction(exact(state.shift_pct)) / 100), Fraction(exact(state.last_layer_pct)) / 100
    )
    text = f"{_shares_text(before, after)}, in force since {state.since}"
    return _weighted(policy, after, unit_usd), (Reason("shifted", text, state.shift_pct),)


def _dollars(policy: HedgePolicy, unit_usd: Mapping[str, float]) -> dict[str, Fraction]:
    """Return what the weights of the layers stand for in dollars of the measure, to a common factor."""
    return {layer.name: layer.weight * _unit(layer, unit_usd, policy) for layer in policy.layers if layer.weight > 0}


def _weighted(policy: HedgePolicy, dollars: Mapping[str, Fraction], unit_usd: Mapping[str, float]) -> HedgePolicy:
    """Return the policy with the weights that stand for some dollars."""
    weights = {
        layer.name: round(_WEIGHT_SCALE * dollars[layer.name] / _unit(layer, unit_usd, policy))
        for layer in policy.layers
        if layer.name in dollars
    }
    return replace(policy, layers=tuple(replace(each, weight=weights.get(each.name, 0)) for each in policy.layers))


def _unit(layer: LayerPolicy, unit_usd: Mapping[str, float], policy: HedgePolicy) -> Fraction:
    """Return the dollars of a contract where weights count contracts; where they count dollars, one."""
    return Fraction(exact(unit_usd[layer.name])) if policy.split is HedgeSplit.RATIO else Fraction(1)


def _moved(dollars: Mapping[str, Fraction], share: Fraction) -> dict[str, Fraction]:
    """Move a share of each layer's dollars to the next one, or, below zero, to the one before."""
    names = list(dollars) if share > 0 else list(dollars)[::-1]
    moved = dict(dollars)
    for giver, taker in pairwise(names):
        moved[giver] -= abs(share) * dollars[giver]
        moved[taker] += abs(share) * dollars[giver]
    return moved


def _thickened(dollars: Mapping[str, Fraction], share: Fraction) -> dict[str, Fraction]:
    """Give the last layer a share more, from all layers alike, so that the sum stays."""
    last = list(dollars)[-1]
    thick = {name: amount * (1 + share) if name == last else amount for name, amount in dollars.items()}
    scale = sum(dollars.values(), Fraction(0)) / sum(thick.values(), Fraction(0))
    return {name: amount * scale for name, amount in thick.items()}


def _shares_text(before: Mapping[str, Fraction], after: Mapping[str, Fraction]) -> str:
    whole = sum(before.values())
    shares = ", ".join(
        f"{name} {float(100 * before[name] / whole):.1f} to {float(100 * after[name] / whole):.1f} %" for name in before
    )
    return f"shares of the dollars: {shares}"
