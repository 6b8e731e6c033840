"""Bid and ask around a model price, on the price steps of the contract.

Widths are powers of the mid, measured in regular hours on SPX and VIX chains of 2022-2026: weekly VIX options are
quoted several times as wide as monthly ones. They grow with VIX. Quotes outside the step grid do not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from daemon.core.market.arrays import BoolArray, FloatArray
from daemon.core.market.contracts import TradingClass, Underlying
from daemon.sim.market.ticks import STEP_CHANGES_AT


@dataclass(frozen=True, slots=True)
class WidthKinds:
    """How wide each contract is quoted: scale and power of the mid, by class."""

    is_vix: BoolArray
    """Whether it is written on VIX or on a fund of its futures."""
    scale: FloatArray
    power: FloatArray


def width_kinds(classes: Sequence[TradingClass]) -> WidthKinds:
    """Return the width rule of each contract by its class."""
    rules = [_RULES[cls] for cls in classes]
    return WidthKinds(
        is_vix=np.array([cls.underlying is not Underlying.SPX for cls in classes], dtype=bool),
        scale=np.array([scale for scale, _ in rules]),
        power=np.array([power for _, power in rules]),
    )


_SPX_SCALE, _SPX_POWER = 0.118, 0.36
_STRESS_FROM_PTS: Final = 25.0
_STRESS_SLOPE: Final = 1.5
_MONTHLY_SCALE, _MONTHLY_POWER = 0.052, 0.40
_WEEKLY_SCALE, _WEEKLY_POWER = 0.26, 0.55
_FUND_SCALE, _FUND_POWER = 0.06, 0.45
"""Not measured: 6 cents at a dollar, between monthly and weekly VIX options."""
_VIX_CALM_BELOW_PTS: Final = 20.0
_VIX_STRESS_ABOVE_PTS: Final = 40.0
_EPSILON: Final = 1e-9
_RULES: Final = MappingProxyType(
    {
        TradingClass.SPX: (_SPX_SCALE, _SPX_POWER),
        TradingClass.SPXW: (_SPX_SCALE, _SPX_POWER),
        TradingClass.VIX: (_MONTHLY_SCALE, _MONTHLY_POWER),
        TradingClass.VIXW: (_WEEKLY_SCALE, _WEEKLY_POWER),
        TradingClass.VXX: (_FUND_SCALE, _FUND_POWER),
        TradingClass.UVXY: (_FUND_SCALE, _FUND_POWER),
    }
)


def half_width(mid: FloatArray, vix_pts: FloatArray, kinds: WidthKinds) -> FloatArray:
    """Return half the distance from bid to ask in points, before rounding to steps."""
    spx = 1.0 + _STRESS_SLOPE * np.maximum(vix_pts / _STRESS_FROM_PTS - 1.0, 0.0)
    span = _VIX_STRESS_ABOVE_PTS - _VIX_CALM_BELOW_PTS
    vix = 1.0 + np.minimum(np.maximum((vix_pts - _VIX_CALM_BELOW_PTS) / span, 0.0), 1.0)
    stress = np.where(kinds.is_vix, vix, spx)
    result: FloatArray = 0.5 * kinds.scale * np.maximum(mid, 0.0) ** kinds.power * stress
    return result


def bid_ask(
    mid: FloatArray, half: FloatArray, *, step_below: FloatArray, step_above: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return bid and ask in points; a bid below one step is 0, the ask is at least one step above the bid."""
    bid = _to_step(mid - np.maximum(half, 0.5 * step_below), step_below, step_above)
    bid = np.maximum(bid, 0.0)
    ask = _to_step(mid + np.maximum(half, 0.5 * step_below), step_below, step_above)
    apart = np.where(bid < STEP_CHANGES_AT - _EPSILON, step_below, step_above)
    return bid, np.maximum(ask, bid + apart)


def _to_step(price: FloatArray, step_below: FloatArray, step_above: FloatArray) -> FloatArray:
    step = np.where(price < STEP_CHANGES_AT, step_below, step_above)
    result: FloatArray = np.rint(price / step) * step
    return result
