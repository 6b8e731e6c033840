"""Black-76 prices, greeks and implied volatility (Black 1976, J. Financial Economics 3:167).

The time value is computed on the out-of-the-money side and the other side follows by parity, so that
deep wings keep their digits and parity holds to the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, inf, log, nan, pi, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.core.market.arrays import FloatArray

_SQRT_HALF: Final = sqrt(0.5)
_INV_SQRT_2PI: Final = 1.0 / sqrt(2.0 * pi)
_SOLVER_STEPS_MAX: Final = 100
_SOLVER_LAST_STEP: Final = 1e-7  # the error after a third-order step of this size is below rounding


@dataclass(frozen=True, slots=True)
class Black76:
    """Price in points, delta per point of the forward, gamma, vega per 1.00 of volatility, theta per year."""

    price: FloatArray
    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray


def ndtr(x: npt.ArrayLike) -> FloatArray:
    """Return the standard normal distribution function, in both tails as exact as the rounding of x allows."""
    scaled = np.asarray(x, dtype=float) * -_SQRT_HALF
    # The C library's erfc, one number at a time, is exact to the last digits. A rational approximation in array
    # operations is slower for a few hundred options and faster beyond, where it saves a rehearsal 1 % of its time.
    flat = np.fromiter(map(erfc, scaled.ravel().tolist()), dtype=float, count=scaled.size)
    return 0.5 * flat.reshape(scaled.shape)


def black76_price(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> FloatArray:
    """Return option prices in points on a positive forward; arguments broadcast, volatility is a fraction per year.

    Without time or volatility left the price is the discounted intrinsic value. NaN gives NaN.
    """
    terms = _terms(_array(forward), _array(strike), _array(vol), root_years=np.sqrt(np.maximum(_array(years), 0.0)))
    return terms.price(_array(discount), _side(is_call))


def black76(
    forward: npt.ArrayLike,
    strike: npt.ArrayLike,
    years: npt.ArrayLike,
    vol: npt.ArrayLike,
    discount: npt.ArrayLike,
    is_call: npt.ArrayLike,
) -> Black76:
    """Return prices and greeks of options on a positive forward; arguments broadcast, all results have one shape.

    Without time or volatility left the price is the discounted intrinsic value, delta its slope (half
    at the money), and gamma and vega are zero. NaN gives NaN.
    """
    t, v, d, side = np.maximum(_array(years), 0.0), _array(vol), _array(discount), _side(is_call)
    root_t = np.sqrt(t)
    terms = _terms(_array(forward), _array(strike), v, root_years=root_t)
    price = terms.price(d, side)
    delta = d * side * np.where(side == terms.out, terms.n1, 1.0 - terms.n1)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.exp(-0.5 * terms.d1 * terms.d1) * _INV_SQRT_2PI
        gamma = np.where(terms.s == 0.0, 0.0, d * density / (terms.f * terms.s))
        rate = np.where(t > 0.0, -np.log(d) / t, 0.0)
    vega = gamma * terms.f * terms.f * terms.s * root_t
    decay = 0.5 * gamma * (terms.f * v) ** 2
    if np.shape(gamma) != np.shape(price):
        gamma, vega = np.broadcast_to(gamma, price.shape), np.broadcast_to(vega, price.shape)
    return Black76(price=price, delta=delta, gamma=gamma, vega=vega, theta=rate * price - decay)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Parts of the formula: s = vol*sqrt(years), the out-of-the-money side (+1 call, -1 put), N(out*d1), N(out*d2)."""

    f: FloatArray
    k: FloatArray
    s: FloatArray
    d1: FloatArray
    out: FloatArray
    n1: FloatArray
    n2: FloatArray

    def price(self, discount: FloatArray, side: FloatArray) -> FloatArray:
        """Return the discounted sum of time value (equal for call and put) and intrinsic value."""
        time_value = np.maximum(self.out * (self.f * self.n1 - self.k * self.n2), 0.0)
        result: FloatArray = discount * (time_value + np.maximum(side * (self.f - self.k), 0.0))
        return result


def _terms(f: FloatArray, k: FloatArray, vol: FloatArray, *, root_years: FloatArray) -> _Terms:
    s = np.maximum(vol, 0.0) * root_years
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.log(f / k)
        d1 = x / s + 0.5 * s
    if not s.all():
        d1 = np.where((s == 0.0) & (x == 0.0), 0.0, d1)
    out = np.where(f <= k, 1.0, -1.0)
    n1, n2 = ndtr(np.array((out * d1, out * (d1 - s))))
    return _Terms(f=f, k=k, s=s, d1=d1, out=out, n1=n1, n2=n2)


def _array(values: npt.ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=float)


def _side(is_call: npt.ArrayLike) -> FloatArray:
    """Return +1 for a call and -1 for a put."""
    return np.where(is_call, 1.0, -1.0)


def implied_vol(
    price: float,
    forward: float,
    strike: float,
    years: float,
    discount: float,
    is_call: bool,  # noqa: FBT001 - it stands where it stands in the price
) -> float:
    """Return the volatility that gives a price, as a fraction per year; NaN where no volatility does.

    The price must lie strictly between the discounted intrinsic value and the discounted forward
    (call) or strike (put).
    """
    if not (forward > 0.0 and strike > 0.0 and years > 0.0 and discount > 0.0):
        return nan
    intrinsic, bound = max(forward - strike if is_call else strike - forward, 0.0), forward if is_call else strike
    if not discount * intrinsic < price < discount * bound:
        return nan
    beta = (price / discount - intrinsic) / sqrt(forward * strike)
    x = -abs(log(forward / strike))
    return _solve_deviation(x, beta) / sqrt(years) if 0.0 < beta < exp(0.5 * x) else nan


def _normalised_price(x: float, s: float) -> float:
    """Return the out-of-the-money price over discount*sqrt(forward*strike), for x = -|ln(forward/strike)|."""
    h = x / s
    up = exp(0.5 * x) * erfc(-(h + 0.5 * s) * _SQRT_HALF)
    down = exp(-0.5 * x) * erfc(-(h - 0.5 * s) * _SQRT_HALF)
    return 0.5 * (up - down)


def _solve_deviation(x: float, beta: float) -> float:
    """Solve for s = vol*sqrt(years), by Halley steps inside a shrinking bracket.

    The price is steepest in s at sqrt(2|x|), the start. Below the price there the equation is solved in
    the logarithm of the price, above it in the logarithm of its distance to the upper bound, where it
    is close to linear (P. Jaeckel, "Let's Be Rational", Wilmott 2015).
    """
    top = exp(0.5 * x)
    s = sqrt(-2.0 * x) or 2.5 * beta
    small = beta < _normalised_price(x, s)
    low, high = (0.0, s) if small else (0.0, inf)
    for _ in range(_SOLVER_STEPS_MAX):
        value = _normalised_price(x, s)
        low, high = (s, high) if value < beta else (low, s)
        guess = s + _halley_step(x, s, value=value, beta=beta, top=None if small else top)
        if abs(guess - s) <= _SOLVER_LAST_STEP * s:
            return guess
        if not low < guess < high:
            guess = 2.0 * s if high == inf else 0.5 * (low + high)
        s = guess
    return s


def _halley_step(x: float, s: float, *, value: float, beta: float, top: float | None) -> float:
    """Return the third-order correction to s, or NaN where the price has no digits left."""
    slope = _INV_SQRT_2PI * exp(-0.5 * ((x / s) ** 2 + 0.25 * s * s))
    distance = value if top is None else top - value
    if not (distance > 0.0 and slope > 0.0):
        return nan
    miss = log(value / beta) if top is None else log((top - beta) / distance)
    relative_slope = slope / distance
    bend = x * x / (s * s * s) - 0.25 * s + (relative_slope if top is not None else -relative_slope)
    newton = -miss / relative_slope
    return newton / max(1.0 + 0.5 * newton * bend, 0.25)
