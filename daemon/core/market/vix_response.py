"""How VIX answers a move of SPX, and VIX futures and SPX volatilities a move of VIX: measured averages, no forecast."""

from __future__ import annotations

from bisect import bisect_left
from math import exp
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import Underlying

_VIX_BANDS: Final = (15.0, 20.0, 25.0, 35.0)
_VIX_BETA_TO_SPX: Final = (-7.0, -6.6, -4.5, -3.7, -2.5)
"""Daily regression of the log change of VIX on the log return of SPX, by the VIX of the close before; measured
1990-2026."""
_NEAR_SHARE, _NEAR_DAYS, _FAR_SHARE, _FAR_DAYS = 0.42, 6.5, 0.58, 149.0
"""Fit of the daily elasticity of a VIX future to VIX by days to expiry, error at most 0.05 in the middle of a tenor; measured 2008-2026."""
FUND_DAYS: Final = 30.0
"""Days to expiry of the futures that a fund holds, on average (S&P 500 VIX Short-Term Futures Index)."""
FUND_MULTIPLE: Final = MappingProxyType({Underlying.VXX: 1.0, Underlying.UVXY: 1.5})
"""Daily change of a fund per daily change of that index, before fees; of UVXY since 2018-02-28, before it was 2."""
_FAR_VOL, _NEAR_VOL, _VOL_DAYS = 0.27, 0.72, 50.0
"""Fit of the yearly volatility of the logarithm of a VIX future by days to expiry: 0.27 + 0.72 exp(-days/50); measured
2008-2026."""
_ATM_DAYS: Final = (9.0, 30.0, 93.0)
_ATM_SHARE: Final = (0.93, 0.87, 0.83)
"""At-the-money volatility of SPX options as a share of VIX, by days to expiry; measured on four chains."""
_VIX_TENOR_DAYS: Final = 30.0
SPX_VOL_MIN: Final = 0.03
"""No SPX volatility falls below this, a fraction per year: calmer markets than that have not been."""
_REALISED_SHARE: Final = 0.886
"""Root mean square of the realised volatility of the next 21 sessions over that of VIX, 18.7 over 21.1; measured
1990-2026."""
_DAYS_PER_YEAR: Final = 365.0


def vix_beta(vix_pts: float) -> float:
    """Return the log change of VIX per log return of SPX at a level of VIX; negative."""
    return _VIX_BETA_TO_SPX[bisect_left(_VIX_BANDS, vix_pts)]


def future_elasticity(days: npt.ArrayLike) -> FloatArray:
    """Return the log change of a VIX future per log change of VIX, from 1 at its expiry down with its calendar days."""
    left = np.maximum(np.asarray(days, dtype=float), 0.0)
    result: FloatArray = _NEAR_SHARE * np.exp(-left / _NEAR_DAYS) + _FAR_SHARE * np.exp(-left / _FAR_DAYS)
    return result


def elasticity_of(underlying: Underlying, days: npt.ArrayLike) -> FloatArray:
    """Return the log change per log change of VIX: of the VIX future of some calendar days, or of a fund.

    A fund moves by its multiple of a future that is always of 30 days, whatever the days of its options.
    """
    if underlying.is_fund:
        return FUND_MULTIPLE[underlying] * future_elasticity(np.full_like(np.asarray(days, dtype=float), FUND_DAYS))
    return future_elasticity(days)


def vix_share(underlying: Underlying, vix_pts: float, days: float) -> float:
    """Return the VIX delta-dollars that one delta-dollar of an underlying stands for (002-02, 003-12).

    SPX moves by one over beta and elasticity while the VIX future of the same ``days`` moves by one, both
    in logarithms and as measured on average; falling SPX is rising VIX, so that puts count as calls on VIX do. A fund
    moves by its multiple while the futures it holds move by one.
    """
    if underlying is Underlying.VIX:
        return 1.0
    if underlying.is_fund:
        return FUND_MULTIPLE[underlying]
    return 1.0 / (vix_beta(vix_pts) * float(future_elasticity(days)))


def future_variance(days: float, days_left: float) -> float:
    """Return the variance of the logarithm of a VIX future on the way to fewer days to expiry, as it was on average.

    That is the integral of the squared volatility over the days, in years.
    """
    near, far = max(days_left, 0.0), max(days, 0.0)
    once = 2 * _FAR_VOL * _NEAR_VOL * _VOL_DAYS * (exp(-near / _VOL_DAYS) - exp(-far / _VOL_DAYS))
    twice = _NEAR_VOL**2 * _VOL_DAYS / 2 * (exp(-2 * near / _VOL_DAYS) - exp(-2 * far / _VOL_DAYS))
    return (_FAR_VOL**2 * (far - near) + once + twice) / _DAYS_PER_YEAR


def future_after(
    forward_pts: npt.ArrayLike,
    vix_pts: float,
    vix_log_move: npt.ArrayLike,
    days: npt.ArrayLike,
    days_left: npt.ArrayLike,
) -> FloatArray:
    """Return a VIX future in points after VIX moved and time passed, at its expiry VIX itself.

    Its distance to VIX, in logarithms, melts evenly over its ``days``; the move of VIX passes with the
    elasticity of the ``days_left``.
    """
    left = np.maximum(np.asarray(days_left, dtype=float), 0.0)
    distance = np.log(np.asarray(forward_pts, dtype=float) / vix_pts) * left / np.asarray(days, dtype=float)
    result: FloatArray = vix_pts * np.exp(distance + future_elasticity(left) * np.asarray(vix_log_move, dtype=float))
    return result


def spx_variance(vix_pts: float, days: float) -> float:
    """Return the variance of the logarithm of SPX over some calendar days, as it was on average at a level of VIX."""
    return float((_REALISED_SHARE * vix_pts / 100.0) ** 2 * days / _DAYS_PER_YEAR)


def spx_vol_change(vix_pts: float, vix_move: npt.ArrayLike, days: npt.ArrayLike) -> FloatArray:
    """Return the parallel change of SPX volatility, a fraction per year, when VIX moves by a fraction of itself.

    Up to 30 days the move of VIX passes in full, beyond with the root of 30 over the days. The change is the same
    for each strike of an expiry: the measured slope of the smile in the logarithm of the strike does not depend on
    the level of volatility, and a common factor would make wings dearer than the shorts they protect.
    """
    left = np.asarray(days, dtype=float)
    passes = np.sqrt(_VIX_TENOR_DAYS / np.maximum(left, _VIX_TENOR_DAYS))
    growth = np.exp(passes * np.log1p(np.asarray(vix_move, dtype=float))) - 1.0
    change: FloatArray = np.interp(left, _ATM_DAYS, _ATM_SHARE) * (vix_pts / 100.0) * growth
    return change
