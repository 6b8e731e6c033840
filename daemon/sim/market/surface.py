"""Volatility by strike and tenor from the day's volatility indexes.

SPX: at-the-money total variance from VIX9D, VIX, VIX3M and VIX6M, smile by SSVI (Gatheral & Jacquier,
Quantitative Finance 14 (2014) 59-71) with a steeper smile at longer tenors. VIX: VVIX with the Samuelson effect
of its futures, smile by standardised moneyness. Fitted to chains of 2020-2026; arrays broadcast.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from daemon.core.market.arrays import FloatArray, IndexArray

NODE_DAYS: Final = (9, 30, 93, 184)
# At-the-money volatility over the index of each node, in logarithms: at SKEW 130 and VIX 18, per point of SKEW,
# per unit of ln VIX.
_ATM_LEVEL: Final = np.array((-0.185, -0.205, -0.250, -0.265))
_ATM_PER_SKEW: Final = np.array((-0.0008, -0.0023, -0.0029, -0.0029))
_ATM_PER_VIX: Final = np.array((0.10, 0.05, 0.02, 0.0))
_ATM_RANGE: Final = (-0.36, -0.02)
_SKEW_MIDDLE, _VIX_MIDDLE = 130.0, 18.0
_SHORTEST: Final = 0.95
"""The next session relative to nine days, at VIX 18."""
_SHORTEST_PER_VIX: Final = 0.10
_DAYS_YEAR: Final = 365.0
_NODE_YEARS: Final = np.array(NODE_DAYS) / _DAYS_YEAR

# SSVI by sessions to expiry: rho and ln f at one session and VIX 17, per unit of ln sessions, per unit of ln VIX.
_RHO: Final = (-0.40, -0.06, -0.09)
_RHO_RANGE: Final = (-0.80, -0.25)
_LOG_F: Final = (-0.55, 0.15, -0.15)
_SHAPE_VIX: Final = 17.0
_SESSIONS_MIN: Final = 0.02

_VIX_FLOOR: Final = 0.27
_VIX_EXTRA: Final = 0.72
_VIX_DECAY_DAYS: Final = 50.0
# At-the-money volatility against VVIX, which counts the whole smile: by days to settlement.
_VIX_MONEY_DAYS: Final = (40.0, 57.0, 85.0)
_VIX_MONEY: Final = (0.885, 0.95, 1.0)
# Smile in standardised moneyness z: 1 + up * (1 - exp(-z / reach)) above the forward,
# 1 - down * (1 - exp(z / depth)) below.
_VIX_Z_MAX: Final = 40.0
_VIX_TILT_FROM: Final = 20.0
_VIX_UP, _VIX_REACH = 2.0, 5.0
_VIX_DOWN, _VIX_DEPTH = 0.45, 1.125
_FUND_SHARE: Final = 0.73
"""At-the-money volatility of a fund that moves as its futures do, as a share of VVIX."""
_TINY: Final = 1e-12


# A set of options is small, so that the calls count, not the numbers: two plain functions stand for slower ones.
def _within(values: FloatArray, low: float, high: float) -> FloatArray:
    """Return what ``numpy.clip`` returns."""
    result: FloatArray = np.minimum(np.maximum(values, low), high)
    return result


def _shifted(values: FloatArray) -> FloatArray:
    """Return the values one place on along the last axis, beginning with zero."""
    result = np.zeros_like(values)
    result[..., 1:] = values[..., :-1]
    return result


def spx_node_variances(indexes_pts: FloatArray, skew_pts: FloatArray) -> FloatArray:
    """Return at-the-money total variance at the four index tenors, last axis; never falling with tenor.

    Args:
        indexes_pts: VIX9D, VIX, VIX3M and VIX6M (times, 4).
        skew_pts: SKEW (times, 1): the fatter the tail, the lower the money for an equal index.
    """
    vix = np.log(indexes_pts[:, 1:2] / _VIX_MIDDLE)
    ratios = _ATM_LEVEL + _ATM_PER_SKEW * (skew_pts - _SKEW_MIDDLE) + _ATM_PER_VIX * vix
    vols = indexes_pts / 100.0 * np.exp(_within(ratios, *_ATM_RANGE))
    variances = vols * vols * _NODE_YEARS
    result: FloatArray = np.maximum.accumulate(variances, axis=-1)
    return result


def spx_atm_variance(nodes: FloatArray, knots: FloatArray, sessions: FloatArray, vix_pts: FloatArray) -> FloatArray:
    """Interpolate total variance in sessions to expiry.

    Args:
        nodes: variances (times, 4).
        knots: sessions in each node's calendar days (4,).
        sessions: sessions to expiry (times, expiries).
        vix_pts: VIX (times, 1).
    """
    starts = _shifted(knots)
    steps = nodes - _shifted(nodes)
    parts = _within((sessions[..., None] - starts) / (knots - starts), 0.0, 1.0)
    shortest = np.minimum(_SHORTEST * (vix_pts / _VIX_MIDDLE) ** _SHORTEST_PER_VIX, 1.0)
    short = shortest + (1.0 - shortest) * parts[..., 0]
    parts[..., 0] *= short * short
    inside = np.einsum("tej,tj->te", parts, steps)
    beyond = np.maximum(sessions - knots[-1], 0.0) * (nodes[:, -1:] / knots[-1])
    result: FloatArray = inside + beyond
    return result


@dataclass(frozen=True, slots=True)
class SpxSmile:
    """The smile of each expiry (times, expiries): money variance, SSVI correlation and steepness."""

    atm_variance: FloatArray
    rho: FloatArray
    steepness: FloatArray


def spx_smile(atm_variance: FloatArray, sessions: FloatArray, vix_pts: FloatArray) -> SpxSmile:
    """Return the smile of each expiry by its tenor and by VIX (times, 1)."""
    tenor = np.log(np.maximum(sessions, _SESSIONS_MIN))
    vix = np.log(vix_pts / _SHAPE_VIX)
    rho = _within(_RHO[0] + _RHO[1] * tenor + _RHO[2] * vix, *_RHO_RANGE)
    return SpxSmile(atm_variance, rho, np.exp(_LOG_F[0] + _LOG_F[1] * tenor + _LOG_F[2] * vix))


def spx_variance(log_moneyness: FloatArray, smile: SpxSmile, expiry_of: IndexArray) -> FloatArray:
    """Return total variance by contract: w/2 * (1 + rho x + sqrt((x + rho)^2 + 1 - rho^2)) with x = f k / sqrt(w)."""
    scale = smile.steepness / np.sqrt(np.maximum(smile.atm_variance, _TINY))
    rho = smile.rho.take(expiry_of, axis=1)
    x = scale.take(expiry_of, axis=1) * log_moneyness
    x += rho
    rest = (1.0 - smile.rho * smile.rho).take(expiry_of, axis=1)
    root = np.sqrt(x * x + rest)
    root += rho * x
    root += rest
    root *= 0.5 * smile.atm_variance.take(expiry_of, axis=1)
    return root


def vix_atm_vol(vvix_pts: FloatArray, vix_pts: FloatArray, days: FloatArray) -> FloatArray:
    """Return the at-the-money volatility of VIX options by calendar days to settlement."""
    decay = np.sqrt(_average_variance(days) / _average_variance(np.array(30.0)))
    below = (1.0 - np.interp(days, _VIX_MONEY_DAYS, _VIX_MONEY)) * _vix_tilt(vix_pts)
    result: FloatArray = vvix_pts / 100.0 * decay * (1.0 - below)
    return result


def _vix_tilt(vix_pts: FloatArray) -> FloatArray:
    """Return how much of the smile is left at a height of VIX: a market that is up already fears less of a rise."""
    result: FloatArray = np.minimum(np.sqrt(_VIX_TILT_FROM / vix_pts), 1.0)
    return result


def _average_variance(days: FloatArray) -> FloatArray:
    """Average (floor + extra * exp(-u / decay))^2 over u from 0 to ``days``."""
    d = np.maximum(days, 1e-3)
    once = _VIX_DECAY_DAYS * (1.0 - np.exp(-d / _VIX_DECAY_DAYS))
    twice = 0.5 * _VIX_DECAY_DAYS * (1.0 - np.exp(-2.0 * d / _VIX_DECAY_DAYS))
    result: FloatArray = _VIX_FLOOR**2 + (2.0 * _VIX_FLOOR * _VIX_EXTRA * once + _VIX_EXTRA**2 * twice) / d
    return result


@dataclass(frozen=True, slots=True)
class VixSmile:
    """The smile of each VIX expiry: money volatility and years (times, expiries), share of the tilt left (times, 1)."""

    atm_vol: FloatArray
    years: FloatArray
    tilt: FloatArray


def vix_smile(vvix_pts: FloatArray, vix_pts: FloatArray, years: FloatArray) -> VixSmile:
    """Return the smile of each expiry; VVIX and VIX are columns."""
    return VixSmile(vix_atm_vol(vvix_pts, vix_pts, years * _DAYS_YEAR), years, _vix_tilt(vix_pts))


def fund_smile(vvix_pts: FloatArray, vix_pts: FloatArray, years: FloatArray, *, multiple: float) -> VixSmile:
    """Return the smile of options on a fund: its futures are always of 30 days, so no expiry is nearer the money.

    Not fitted to data: about 65 % for VXX when VVIX is 90, as brokers show, and the smile of VIX options.
    """
    atm = multiple * _FUND_SHARE * vvix_pts / 100.0 * np.ones_like(years)
    return VixSmile(atm, years, _vix_tilt(vix_pts))


def vix_vol(log_moneyness: FloatArray, smile: VixSmile, expiry_of: IndexArray) -> FloatArray:
    """Return the volatility of VIX options by contract; it rises with the strike and levels off."""
    scale = 1.0 / np.maximum(smile.atm_vol * np.sqrt(smile.years), _TINY)
    z = _within(log_moneyness * scale.take(expiry_of, axis=1), -_VIX_Z_MAX, _VIX_Z_MAX)
    above = _VIX_UP * (1.0 - np.exp(-np.maximum(z, 0.0) / _VIX_REACH))
    below = _VIX_DOWN * (1.0 - np.exp(np.minimum(z, 0.0) / _VIX_DEPTH))
    result: FloatArray = smile.atm_vol.take(expiry_of, axis=1) * (1.0 + smile.tilt * (above - below))
    return result
