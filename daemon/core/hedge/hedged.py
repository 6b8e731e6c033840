"""What the hedge stands against: the open condors by the base of the percentage, and their put-side break-evens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from daemon.core.book.condors import OpenCondor
from daemon.core.hedge.policy import HedgeBase, HedgePolicy
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.risk.break_even import HedgeOption, hedge_gain_usd
from daemon.core.risk.exposure import wing_notional_usd
from daemon.core.risk.greeks import Levels

BREAK_EVEN_NEAREST: Final = 0.02
"""A break-even nearer to SPX than this share below it, or passed, counts as this far: the gain there is never zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged:
    """The open condors as sizing sees them."""

    condors: int
    """Contracts at risk."""
    wing_notional_usd: int
    base_usd: int
    """What the percentage is of."""


def hedged(
    condors: Iterable[OpenCondor], base: HedgeBase, *, spx_pts: float, maintenance_margin_usd_cents: int | None
) -> Hedged:
    """Return the open condors in dollars of the base; the margin is the account's, of all that it holds."""
    held = tuple(condors)
    wings_usd = wing_notional_usd(held)
    match base:
        case HedgeBase.WING_NOTIONAL:
            base_usd = wings_usd
        case HedgeBase.MAX_LOSS:
            base_usd = sum(max_loss_usd(condor) for condor in held)
        case HedgeBase.UNDERLYING_NOTIONAL:
            base_usd = round(sum(condor.quantity for condor in held) * MULTIPLIER * spx_pts)
        case HedgeBase.MARGIN:
            assert maintenance_margin_usd_cents is not None, "the caller asks for the margin where it is the base"
            base_usd = round(maintenance_margin_usd_cents / 100)
    return Hedged(
        condors=sum(condor.quantity for condor in held), wing_notional_usd=wings_usd, base_usd=max(0, base_usd)
    )


def max_loss_usd(condor: OpenCondor) -> int:
    """Return the wing notional of a condor less the credit it was entered for, in whole dollars, never negative."""
    return max(0, round(condor.wing_notional_usd - condor.quantity * MULTIPLIER * condor.credit_pts))


def break_even_contracts(
    condors: Iterable[OpenCondor], layers: Mapping[str, Sequence[HedgeOption]], levels: Levels, policy: HedgePolicy
) -> int | None:
    """Return the fewest contracts whose gain at the put-side break-evens pays for some points of loss beyond (000-13).

    Each condor loses 100 dollars a point beyond its break-even; it asks for ``break_even_pts`` of that from the
    average contract of the layers, when SPX falls there at once and VIX answers as it does on average.
    ``layers`` has the options of one contract of each layer. A condor without a put side asks for nothing. None when
    the contracts gain nothing there, with VIX where it has never closed above: then no number of them is enough.
    """
    assert levels.spx_pts is not None, "the caller has SPX"
    farthest_pts = levels.spx_pts * (1 - BREAK_EVEN_NEAREST)
    falls = [
        (condor.quantity, min(condor.record.legs.put.short.strike - condor.credit_pts, farthest_pts))
        for condor in condors
        if condor.record.legs.put is not None
    ]
    if not falls:
        return 0
    quantities, levels_pts = (np.array(column, dtype=float) for column in zip(*falls, strict=True))
    weights = {layer.name: layer.weight for layer in policy.layers if layer.weight > 0}
    gain_usd = sum(
        (weight * hedge_gain_usd(layers[name], levels, levels_pts, days=0.0) for name, weight in weights.items()),
        np.zeros_like(levels_pts),
    ) / sum(weights.values())
    if not (gain_usd > 0).all():
        return None
    return ceil(float((quantities * MULTIPLIER * policy.break_even_pts / gain_usd).sum()))
