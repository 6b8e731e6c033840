"""Bid and ask around a model price, on the price steps of the contract.

Widths measured on SPXW chains of 2022-2024 (a power law of the mid, wider when VIX is above 25) and on
VIX chains; quotes outside the step grid do not exist.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.sim.market.ticks import STEP_CHANGES_AT

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_SPX_SCALE: Final = 0.148
_SPX_POWER: Final = 0.34
_STRESS_FROM_PTS: Final = 25.0
_STRESS_SLOPE: Final = 1.5
_VIX_CALM_HALF: Final = 0.015
_VIX_STRESS_HALF: Final = 0.03
_VIX_CALM_BELOW_PTS: Final = 20.0
_VIX_STRESS_ABOVE_PTS: Final = 40.0
_EPSILON: Final = 1e-9


def half_width(mid: FloatArray, vix_pts: FloatArray, is_vix: BoolArray) -> FloatArray:
    """Return half the distance from bid to ask in points, before rounding to steps."""
    stress = 1.0 + _STRESS_SLOPE * np.maximum(vix_pts / _STRESS_FROM_PTS - 1.0, 0.0)
    spx = 0.5 * _SPX_SCALE * np.maximum(mid, 0.0) ** _SPX_POWER * stress
    ramp = np.clip(
        (vix_pts - _VIX_CALM_BELOW_PTS) / (_VIX_STRESS_ABOVE_PTS - _VIX_CALM_BELOW_PTS),
        0.0,
        1.0,
    )
    vix = mid * (_VIX_CALM_HALF + (_VIX_STRESS_HALF - _VIX_CALM_HALF) * ramp)
    result: FloatArray = np.where(is_vix, vix, spx)
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
