"""Black-76 prices of many contracts over many instants, without greeks.

The tail of the normal distribution is Hart's rational approximation in the form of G. West, "Better approximations to cumulative
normal functions" (Wilmott, 2005): full double precision within seven standard deviations, zero beyond.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_ABOVE: Final = (
    3.52624965998911e-02,
    0.700383064443688,
    6.37396220353165,
    33.912866078383,
    112.079291497871,
    221.213596169931,
    220.206867912376,
)
_BELOW: Final = (
    8.83883476483184e-02,
    1.75566716318264,
    16.064177579207,
    86.7807322029461,
    296.564248779674,
    637.333633378831,
    793.826512519948,
    440.413735824752,
)
_BEYOND: Final = 7.07
_TINY: Final = 1e-12


def undiscounted(forward: FloatArray, strikes: FloatArray, deviation: FloatArray, is_call: BoolArray) -> FloatArray:
    """Return undiscounted option prices in points; deviation is volatility times the root of time, by instant and contract."""
    log_ratio = np.log(forward / strikes)
    out = np.where(log_ratio <= 0.0, 1.0, -1.0)
    safe = np.maximum(deviation, _TINY)
    d1 = log_ratio / safe + 0.5 * safe
    time_value = out * (forward * _distribution(out * d1) - strikes * _distribution(out * (d1 - safe)))
    ahead = forward - strikes
    intrinsic = np.maximum(np.where(is_call, ahead, -ahead), 0.0)
    result: FloatArray = np.maximum(time_value, 0.0) + intrinsic
    return result


def _distribution(x: FloatArray) -> FloatArray:
    """Return the normal distribution function."""
    size = np.minimum(np.abs(x), _BEYOND)
    above = np.full_like(size, _ABOVE[0])
    for coefficient in _ABOVE[1:]:
        above *= size
        above += coefficient
    below = np.full_like(size, _BELOW[0])
    for coefficient in _BELOW[1:]:
        below *= size
        below += coefficient
    above *= np.exp(-0.5 * size * size)
    above /= below
    result: FloatArray = np.where(x > 0.0, 1.0 - above, above)
    return result
