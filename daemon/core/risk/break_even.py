"""Where a condor breaks even at its expiry, alone and with its share of the hedge (001-18)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import CondorLegs
from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import OptionContract, Right, Underlying
from daemon.core.market.pricing import black76_price
from daemon.core.market.vix_response import SPX_VOL_MIN, elasticity_of, future_after, spx_vol_change, vix_beta
from daemon.core.risk.greeks import DAYS_PER_YEAR, Levels, OptionGreeks, Position

_REACH: Final = 0.30
"""Break-evens are looked for this far from SPX, as a fraction."""
_STEPS: Final = 241
_VIX_HIGHEST_PTS: Final = 82.69
"""No average beyond what has been: the highest close of VIX, 2020-03-16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgeOption:
    """Signed options of the hedge with what their price in another market needs."""

    contract: OptionContract
    quantity: int
    forward_pts: float
    years: float
    vol: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvens:
    """SPX in points where the result is zero; None on a side that is not there or does not lose within 30 % of SPX."""

    low_pts: float | None
    high_pts: float | None


def break_evens(condor: OpenCondor) -> BreakEvens:
    """Return the break-evens of a whole condor alone, in points: the short strikes less and plus the credit."""
    legs = _whole(condor)
    return BreakEvens(
        low_pts=None if legs.put is None else legs.put.short.strike - condor.credit_pts,
        high_pts=None if legs.call is None else legs.call.short.strike + condor.credit_pts,
    )


def hedged_break_evens(
    condor: OpenCondor, hedge: Iterable[tuple[Position, OptionGreeks]], levels: Levels, *, wing_notional_usd: int
) -> BreakEvens | None:
    """Return the break-evens with the whole condor's share of the hedge, at the condor's expiry; None without both indexes.

    The share is that of its wings in the open wing notional. The hedge counts with what it gains or loses from now
    on, when VIX answers the move of SPX as it does on average.
    """
    if levels.spx_pts is None or levels.vix_pts is None:
        return None
    legs = _whole(condor)
    strikes = [contract.strike for contract in legs.contracts]
    reach = np.linspace(levels.spx_pts * (1.0 - _REACH), levels.spx_pts * (1.0 + _REACH), _STEPS)
    spx_pts = np.unique(np.concatenate((reach, strikes)))
    days = levels.years(legs.contracts[0]) * DAYS_PER_YEAR
    options = (
        HedgeOption(
            contract=position.contract,
            quantity=position.quantity,
            forward_pts=greeks.forward_pts,
            years=greeks.years,
            vol=greeks.vol,
        )
        for position, greeks in hedge
    )
    hedge_usd = hedge_gain_usd(options, levels, spx_pts, days=days)
    share_pts = hedge_usd * (legs.width_pts100 / 100) / max(wing_notional_usd, 1)
    return _roots(spx_pts, _condor_pts(condor, spx_pts) + share_pts, centre_pts=_centre_pts(legs))


def hedge_gain_usd(hedge: Iterable[HedgeOption], levels: Levels, spx_pts: FloatArray, *, days: float) -> FloatArray:
    """Return what options of the hedge gain from now until ``days`` on, in dollars, for each level of SPX.

    Both indexes must be known.
    """
    assert levels.spx_pts is not None, "the caller has SPX"
    assert levels.vix_pts is not None, "the caller has VIX"
    ceiling = max(_VIX_HIGHEST_PTS, levels.vix_pts)
    log_move = np.minimum(vix_beta(levels.vix_pts) * np.log(spx_pts / levels.spx_pts), np.log(ceiling / levels.vix_pts))
    options = tuple(hedge)
    if not options:
        return np.zeros_like(spx_pts)
    moved = [_moved(option, levels.vix_pts, spx_pts / levels.spx_pts, log_move, days=days) for option in options]
    rows = [
        (
            option.contract.formula_strike,
            option.years,
            option.forward_pts,
            option.vol,
            option.quantity * option.contract.multiplier,
        )
        for option in options
    ]
    strike, years, forward, vol, units = (column[:, None] for column in np.array(rows).T)
    is_call = np.array([[option.contract.right is Right.CALL] for option in options])
    later_forward, later_vol = (np.array(column) for column in zip(*moved, strict=True))
    left = (years * DAYS_PER_YEAR - days) / DAYS_PER_YEAR
    later = black76_price(later_forward, strike, left, later_vol, 1.0, is_call)
    today = black76_price(forward, strike, years, vol, 1.0, is_call)
    result: FloatArray = (units * (later - today)).sum(axis=0)
    return result


def _moved(
    option: HedgeOption, vix_pts: float, spx_move: FloatArray, vix_log_move: FloatArray, *, days: float
) -> tuple[FloatArray, FloatArray]:
    """Return forward and volatility of an option after ``days``, for each move of SPX and of VIX with it."""
    now, vol = option.years * DAYS_PER_YEAR, np.full_like(spx_move, option.vol)
    if option.contract.underlying.is_fund:
        return option.forward_pts * np.exp(elasticity_of(option.contract.underlying, now) * vix_log_move), vol
    if option.contract.underlying is Underlying.VIX:
        return future_after(option.forward_pts, vix_pts, vix_log_move, now, now - days), vol
    shifted = vol + spx_vol_change(vix_pts, np.expm1(vix_log_move), now)
    return option.forward_pts * spx_move, np.maximum(shifted, np.minimum(vol, SPX_VOL_MIN))


def _condor_pts(condor: OpenCondor, spx_pts: FloatArray) -> FloatArray:
    result: FloatArray = np.full_like(spx_pts, condor.credit_pts)
    for leg in _whole(condor).held:
        sign = 1.0 if leg.contract.right is Right.CALL else -1.0
        result = result + leg.ratio * np.maximum(sign * (spx_pts - leg.contract.strike), 0.0)
    return result


def _centre_pts(legs: CondorLegs) -> float:
    """Return where a condor keeps all of its credit: between its short strikes, or at the only one."""
    return sum(side.short.strike for side in legs.sides) / len(legs.sides)


def _whole(condor: OpenCondor) -> CondorLegs:
    assert condor.whole is not None, f"{condor.record.condor_id} is in parts and has no break-evens of its own"
    return condor.whole


def _roots(spx_pts: FloatArray, result: FloatArray, *, centre_pts: float) -> BreakEvens:
    """Return the nearest change of sign on each side of the centre; none where the centre itself loses."""
    if not np.interp(centre_pts, spx_pts, result) > 0.0:
        return BreakEvens(low_pts=None, high_pts=None)
    below, above = (
        np.flatnonzero((result <= 0) & (spx_pts < centre_pts)),
        np.flatnonzero((result <= 0) & (spx_pts > centre_pts)),
    )
    return BreakEvens(
        low_pts=_between(spx_pts, result, int(below[-1]), int(below[-1]) + 1) if below.size else None,
        high_pts=_between(spx_pts, result, int(above[0]), int(above[0]) - 1) if above.size else None,
    )


def _between(spx_pts: FloatArray, result: FloatArray, losing: int, gaining: int) -> float:
    """Return where the straight line between a losing and a gaining point is zero."""
    share = result[losing] / (result[losing] - result[gaining])
    return float(spx_pts[losing] + share * (spx_pts[gaining] - spx_pts[losing]))
