"""Black-76 prices, greeks and implied volatility (Black 1976, J. Financial Economics 3:167).

The time value is computed on the out-of-the-money side and the other side follows by parity, so that
deep wings keep their digits. Only elementary operations and numpy's exp and log are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, inf, isfinite, log, nan, pi, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_SQRT_HALF: Final = sqrt(0.5)
_INV_SQRT_PI: Final = 1.0 / sqrt(pi)
_INV_SQRT_2PI: Final = 1.0 / sqrt(2.0 * pi)

# Rational approximations of erf and erfc by W. J. Cody, Mathematics of Computation 23 (1969) 631-637,
# highest power first: numerator and denominator side by side, for |x| up to 0.46875, up to 4, and beyond.
_CENTRE: Final = np.array(
    [
        (1.85777706184603153e-1, 1.0),
        (3.16112374387056560, 2.36012909523441209e1),
        (1.13864154151050156e2, 2.44024637934444173e2),
        (3.77485237685302021e2, 1.28261652607737228e3),
        (3.20937758913846947e3, 2.84423683343917062e3),
    ]
)
_MIDDLE: Final = np.array(
    [
        (2.15311535474403846e-8, 1.0),
        (5.64188496988670089e-1, 1.57449261107098347e1),
        (8.88314979438837594, 1.17693950891312499e2),
        (6.61191906371416295e1, 5.37181101862009858e2),
        (2.98635138197400131e2, 1.62138957456669019e3),
        (8.81952221241769090e2, 3.29079923573345963e3),
        (1.71204761263407058e3, 4.36261909014324716e3),
        (2.05107837782607147e3, 3.43936767414372164e3),
        (1.23033935479799725e3, 1.23033935480374942e3),
    ]
)
_TAIL: Final = np.array(
    [
        (1.63153871373020978e-2, 1.0),
        (3.05326634961232344e-1, 2.56852019228982242),
        (3.60344899949804439e-1, 1.87295284992346047),
        (1.25781726111229246e-1, 5.27905102951428412e-1),
        (1.60837851487422766e-2, 6.05183413124413191e-2),
        (6.58749161529837803e-4, 2.33520497626869185e-3),
    ]
)
_CENTRE_TO: Final = 0.46875
_MIDDLE_TO: Final = 4.0
_ZERO_FROM: Final = 27.3  # erfc is below the smallest float beyond

_NEWTON_STEPS_MAX: Final = 100
_TOLERANCE: Final = 2e-16


@dataclass(frozen=True, slots=True)
class Black76:
    """Price in points, delta per point, gamma, vega per 1.00 of volatility, theta per year."""

    price: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


def _ratio(coefficients: FloatArray, y: FloatArray) -> FloatArray:
    """Evaluate both polynomials of a table by Horner's rule and divide them."""
    both = np.empty((2, y.size))
    both[...] = coefficients[0][:, None]
    for pair in coefficients[1:]:
        both *= y
        both += pair[:, None]
    ratio: FloatArray = both[0] / both[1]
    return ratio


def _exp_minus_square(t: FloatArray) -> FloatArray:
    """Return exp(-t*t) without the rounding of t*t, by Cody's split at sixteenths."""
    near = np.floor(t * 16.0) / 16.0
    result: FloatArray = np.exp(-near * near) * np.exp((near - t) * (near + t))
    return result


def ndtr(x: npt.ArrayLike) -> FloatArray:
    """Return the standard normal distribution function to full double precision in both tails."""
    z = np.asarray(x, dtype=float)
    flat = z.ravel()
    t = np.minimum(np.abs(flat) * _SQRT_HALF, _ZERO_FROM)
    tail = np.empty_like(t)
    middle = t <= _MIDDLE_TO
    centre = t <= _CENTRE_TO
    if not middle.all():
        far = t[~middle]
        y = 1.0 / (far * far)
        tail[~middle] = 0.5 * _exp_minus_square(far) * (_INV_SQRT_PI - y * _ratio(_TAIL, y)) / far
    near = t[middle]
    tail[middle] = 0.5 * _exp_minus_square(near) * _ratio(_MIDDLE, near)
    inner = t[centre]
    tail[centre] = 0.5 - 0.5 * inner * _ratio(_CENTRE, inner * inner)
    result: FloatArray = np.where(flat > 0.0, 1.0 - tail, tail).reshape(z.shape)
    return result


def black76_price(  # noqa: PLR0913, PLR0917 - the six arguments of the formula
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> FloatArray:
    """Return option prices in points on a forward; arguments broadcast, volatility as a fraction per year.

    Without time or volatility left the price is the discounted intrinsic value.
    """
    return black76(forward, strike, years, vol, discount, is_call).price


def black76(  # noqa: PLR0913, PLR0917 - the six arguments of the formula
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Black76:
    """Return prices and greeks of options on a forward; arguments broadcast.

    Delta is with respect to the forward. Without time or volatility left the price is the discounted
    intrinsic value, delta its slope (half at the money), and gamma and vega are zero.
    """
    f, k, t, v, d, call = np.broadcast_arrays(
        *(np.asarray(a, dtype=float) for a in (forward, strike, years, vol, discount)), np.asarray(is_call, dtype=bool)
    )
    side = np.where(call, 1.0, -1.0)
    root_t = np.sqrt(np.maximum(t, 0.0))
    s = np.maximum(v, 0.0) * root_t
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.log(f / k)
        d1 = x / s + 0.5 * s
        d1 = np.where((s == 0.0) & (x == 0.0), 0.0, d1)
        out = np.where(f <= k, 1.0, -1.0)
        n1, n2 = ndtr(np.stack((out * d1, out * (d1 - s))))
        price = d * (np.maximum(out * (f * n1 - k * n2), 0.0) + np.maximum(side * (f - k), 0.0))
        density = _INV_SQRT_2PI * np.exp(-0.5 * d1 * d1)
        alive = s > 0.0
        gamma = np.where(alive, d * density / (f * s), 0.0)
        vega = np.where(alive, d * f * density * root_t, 0.0)
        decay = np.where(alive, 0.5 * vega * v / t, 0.0)
        rate = np.where(t > 0.0, -np.log(d) / t, 0.0)
    delta = d * side * np.where(side == out, n1, 1.0 - n1)
    return Black76(price=price, delta=delta, gamma=gamma, vega=vega, theta=rate * price - decay)


def implied_vol(  # noqa: PLR0913, PLR0917 - the six arguments of the formula
    price: float,
    forward: float,
    strike: float,
    years: float,
    discount: float,
    is_call: bool,  # noqa: FBT001
) -> float:
    """Return the volatility that gives a price, as a fraction per year; NaN where no volatility does.

    The price must lie strictly between the discounted intrinsic value and the discounted forward
    (call) or strike (put).
    """
    if not (forward > 0.0 and strike > 0.0 and years > 0.0 and discount > 0.0 and isfinite(price)):
        return nan
    intrinsic = max(forward - strike if is_call else strike - forward, 0.0)
    time_value = price / discount - intrinsic
    beta = time_value / sqrt(forward * strike)
    x = -abs(log(forward / strike))
    if not 0.0 < beta < exp(0.5 * x):
        return nan
    return _total_deviation(x, beta) / sqrt(years)


def _normalised_price(x: float, s: float) -> float:
    """Return the out-of-the-money price over discount * sqrt(forward * strike), for x = -|ln(forward/strike)|."""
    h = x / s
    up = exp(0.5 * x) * erfc(-(h + 0.5 * s) * _SQRT_HALF)
    down = exp(-0.5 * x) * erfc(-(h - 0.5 * s) * _SQRT_HALF)
    return 0.5 * (up - down)


def _total_deviation(x: float, beta: float) -> float:
    """Solve for s = vol * sqrt(years): Newton on the logarithm of the price inside a shrinking bracket."""
    low, high = 0.0, inf
    s = sqrt(2.0 * abs(x)) or 2.5 * beta
    for _ in range(_NEWTON_STEPS_MAX):
        value = _normalised_price(x, s)
        if value < beta:
            low = s
        else:
            high = s
        slope = _INV_SQRT_2PI * exp(-0.5 * ((x / s) ** 2 + 0.25 * s * s))
        guess = s - value * log(value / beta) / slope if value > 0.0 and slope > 0.0 else nan
        if not low < guess < high:
            guess = 2.0 * s if high == inf else 0.5 * (low + high)
        if abs(guess - s) <= _TOLERANCE * s:
            return guess
        s = guess
    return s
