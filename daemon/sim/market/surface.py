"""Volatility by strike and tenor from the day's volatility indexes.

SPX: at-the-money total variance from VIX9D, VIX, VIX3M and VIX6M, smile by SSVI (Gatheral & Jacquier,
Quantitative Finance 14 (2014) 59-71). VIX: VVIX with the Samuelson effect of its futures, smile quadratic in standardised
moneyness. Both calibrated on public chains; arrays broadcast.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.intp]

NODE_DAYS: Final = (9, 30, 93, 184)
_ATM_TO_INDEX: Final = np.array((0.93, 0.87, 0.83, 0.81))
"""At-the-money volatility over the index of the same tenor."""
_SHORTEST: Final = 0.97
"""The same for the next session, relative to nine days."""
_DAYS_YEAR: Final = 365.0
_SESSIONS_YEAR: Final = 252.0

_SSVI_RHO: Final = -0.55
_SSVI_F: Final = 0.567
_SSVI_POWER: Final = 0.32
_SSVI_DAYS: Final = 30.0

_VIX_FLOOR: Final = 0.27
_VIX_EXTRA: Final = 0.72
_VIX_DECAY_DAYS: Final = 50.0
_VIX_SLOPE: Final = 0.23
_VIX_CURVATURE: Final = -0.040
_VIX_Z: Final = (-1.2, 2.8)
_TINY: Final = 1e-12


def spx_node_variances(indexes_pts: FloatArray) -> FloatArray:
    """Return at-the-money total variance at the four index tenors, last axis; never falling with tenor."""
    vols = indexes_pts / 100.0 * _ATM_TO_INDEX
    variances = vols * vols * (np.array(NODE_DAYS) / _DAYS_YEAR)
    result: FloatArray = np.maximum.accumulate(variances, axis=-1)
    return result


def spx_atm_variance(nodes: FloatArray, knots: FloatArray, sessions: FloatArray) -> FloatArray:
    """Interpolate total variance in sessions to expiry.

    Args:
        nodes: variances (times, 4).
        knots: sessions in each node's calendar days (4,).
        sessions: sessions to expiry (times, expiries).
    """
    starts = np.concatenate(([0.0], knots[:-1]))
    steps = np.diff(nodes, axis=-1, prepend=0.0)
    parts = np.clip((sessions[..., None] - starts) / (knots - starts), 0.0, 1.0)
    short = _SHORTEST + (1.0 - _SHORTEST) * parts[..., 0]
    parts[..., 0] *= short * short
    inside = np.einsum("tej,tj->te", parts, steps)
    beyond = np.maximum(sessions - knots[-1], 0.0) * (nodes[:, -1:] / knots[-1])
    result: FloatArray = inside + beyond
    return result


def spx_variance(
    log_moneyness: FloatArray, atm_variance: FloatArray, sessions: FloatArray, expiry_of: IndexArray
) -> FloatArray:
    """Return total variance by strike from that at the money; the first is by contract, the others by expiry."""
    days = np.maximum(sessions, _TINY) * (_DAYS_YEAR / _SESSIONS_YEAR)
    f = _SSVI_F * (days / _SSVI_DAYS) ** _SSVI_POWER
    scale = f / np.sqrt(np.maximum(atm_variance, _TINY))
    x = scale[:, expiry_of] * log_moneyness
    x += _SSVI_RHO
    root = np.sqrt(x * x + (1.0 - _SSVI_RHO * _SSVI_RHO))
    # 1 + rho * (x - rho) + root, on the moneyness shifted by rho
    root += _SSVI_RHO * x
    root += 1.0 - _SSVI_RHO * _SSVI_RHO
    root *= 0.5 * atm_variance[:, expiry_of]
    return root


def vix_atm_vol(vvix_pts: FloatArray, days: FloatArray) -> FloatArray:
    """Return the at-the-money volatility of VIX options by calendar days to settlement."""
    result: FloatArray = vvix_pts / 100.0 * np.sqrt(_average_variance(days) / _average_variance(np.array(30.0)))
    return result


def _average_variance(days: FloatArray) -> FloatArray:
    """Average (floor + extra * exp(-u / decay))^2 over u from 0 to ``days``."""
    d = np.maximum(days, 1e-3)
    once = _VIX_DECAY_DAYS * (1.0 - np.exp(-d / _VIX_DECAY_DAYS))
    twice = 0.5 * _VIX_DECAY_DAYS * (1.0 - np.exp(-2.0 * d / _VIX_DECAY_DAYS))
    result: FloatArray = _VIX_FLOOR**2 + (2.0 * _VIX_FLOOR * _VIX_EXTRA * once + _VIX_EXTRA**2 * twice) / d
    return result


def vix_vol(log_moneyness: FloatArray, atm_vol: FloatArray, years: FloatArray, expiry_of: IndexArray) -> FloatArray:
    """Return the volatility of VIX options by strike, flat beyond the fitted range; the first is by contract."""
    scale = 1.0 / np.maximum(atm_vol * np.sqrt(years), _TINY)
    z = np.clip(log_moneyness * scale[:, expiry_of], *_VIX_Z)
    result: FloatArray = atm_vol[:, expiry_of] * (1.0 + _VIX_SLOPE * z + _VIX_CURVATURE * z * z)
    return result
