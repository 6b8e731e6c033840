"""Indicators of daily closes: moving averages, MACD, RSI, breadth against price, curve, correlation.

Every function takes whole series, oldest first, and returns arrays of the same length that are NaN (or False)
until there is history enough: an indicator that is not known yet is never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.core.market.arrays import BoolArray, FloatArray

MACD_FAST: Final = 12
MACD_SLOW: Final = 26
MACD_SIGNAL: Final = 9
RSI_PERIOD: Final = 14
DIVERGENCE_SESSIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Macd:
    """The difference of two moving averages, its own average, and how far it is above that."""

    line: FloatArray
    signal: FloatArray
    histogram: FloatArray


@dataclass(frozen=True, slots=True)
class Divergences:
    """Sessions in which price reached an extreme that breadth did not follow."""

    bearish: BoolArray
    bullish: BoolArray
    known: BoolArray
    """Whether there was history enough to tell."""


def ema(values: npt.ArrayLike, period: int, *, first: int | None = None) -> FloatArray:
    """Return the exponential moving average with weight 2 / (period + 1), started from a simple one.

    The start is the mean of the ``period`` values up to place ``first``; by default the first that has so many.
    """
    series = _finite(values)
    start = period - 1 if first is None else first
    if start < period - 1:
        raise ValueError(f"A moving average of {period} values cannot start at place {start}.")
    average = np.full(series.size, np.nan)
    if start < series.size:
        level = float(series[start - period + 1 : start + 1].mean())
        average[start:] = _smoothed(level, series[start + 1 :], weight=2.0 / (period + 1))
    return average


def macd(closes: npt.ArrayLike) -> Macd:
    """Return MACD(12, 26, 9) (Appel 1979); both averages start at the same session, as TA-Lib's do."""
    series = _finite(closes)
    first = MACD_SLOW - 1
    line = ema(series, MACD_FAST, first=first) - ema(series, MACD_SLOW, first=first)
    signal = np.full(series.size, np.nan)
    signal[first:] = ema(line[first:], MACD_SIGNAL)
    return Macd(line, signal, line - signal)


def rsi(closes: npt.ArrayLike, period: int = RSI_PERIOD) -> FloatArray:
    """Return the relative strength index from 0 to 100 (Wilder 1978); NaN while nothing has ever moved."""
    series = _finite(closes)
    changes = np.diff(series)
    index = np.full(series.size, np.nan)
    if changes.size < period:
        return index
    up, down = np.maximum(changes, 0.0), np.maximum(-changes, 0.0)
    gains, losses = (_smoothed(float(one[:period].mean()), one[period:], weight=1.0 / period) for one in (up, down))
    with np.errstate(invalid="ignore"):
        index[period:] = 100.0 * gains / (gains + losses)
    return index


def divergences(
    closes: npt.ArrayLike, net_advances: npt.ArrayLike, *, sessions: int = DIVERGENCE_SESSIONS
) -> Divergences:
    """Return where the advance-decline line does not confirm a price extreme (000-08).

    Bearish: price closes at its high of ``sessions``, the line is below its own and the slope of a regression over
    them is not above zero. Bullish is the mirror image. The line is the running sum of advances less declines.
    """
    price, line = _finite(closes), np.cumsum(_finite(net_advances))
    if price.size != line.size:
        raise ValueError(f"There are {price.size} closes and {line.size} sessions of breadth; they must be the same.")
    known = np.arange(price.size) >= sessions - 1
    bearish, bullish = np.zeros(price.size, dtype=bool), np.zeros(price.size, dtype=bool)
    if price.size >= sessions:
        prices, lines = _windows(price, sessions), _windows(line, sessions)
        slopes = lines @ _slope_weights(sessions)
        at_high = prices[:, -1] >= prices.max(axis=1)
        at_low = prices[:, -1] <= prices.min(axis=1)
        bearish[sessions - 1 :] = at_high & (lines[:, -1] < lines.max(axis=1)) & (slopes <= 0)
        bullish[sessions - 1 :] = at_low & (lines[:, -1] > lines.min(axis=1)) & (slopes >= 0)
    return Divergences(bearish, bullish, known)


def curve_ratio(near: npt.ArrayLike, far: npt.ArrayLike) -> FloatArray:
    """Return far over near: M2/M1 of VIX futures, or VIX3M/VIX; above 1 is contango, below 1 backwardation."""
    ratio: FloatArray = _finite(far) / _finite(near)
    return ratio


def rolling_correlation(one: npt.ArrayLike, other: npt.ArrayLike, sessions: int) -> FloatArray:
    """Return the correlation of the daily changes of two series over so many changes (001-08).

    NaN until there are so many, and where one of the two did not move at all.
    """
    first, second = np.diff(_finite(one)), np.diff(_finite(other))
    if first.size != second.size:
        raise ValueError(f"There are {first.size} and {second.size} daily changes; they must be the same.")
    found = np.full(first.size + 1, np.nan)
    if first.size < sessions:
        return found
    ones, others = _windows(first, sessions), _windows(second, sessions)
    ones = ones - ones.mean(axis=1, keepdims=True)
    others = others - others.mean(axis=1, keepdims=True)
    scale = np.sqrt((ones**2).sum(axis=1) * (others**2).sum(axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found[sessions:] = np.where(scale > 0, (ones * others).sum(axis=1) / scale, np.nan)
    return found


def _smoothed(level: float, values: FloatArray, *, weight: float) -> FloatArray:
    """Return a level and what it becomes when it moves towards each value by a weight."""
    return np.array(list(accumulate(values.tolist(), lambda at, value: at + weight * (value - at), initial=level)))


def _slope_weights(count: int) -> FloatArray:
    """Return the weights by which values of equal distance give the slope of their regression line."""
    place = np.arange(count) - (count - 1) / 2
    weights: FloatArray = place / (place**2).sum()
    return weights


def _windows(values: FloatArray, length: int) -> FloatArray:
    return np.lib.stride_tricks.sliding_window_view(values, length)


def _finite(values: npt.ArrayLike) -> FloatArray:
    series: FloatArray = np.asarray(values, dtype=float)
    if series.ndim != 1 or not np.isfinite(series).all():
        raise ValueError("A series must be a row of finite numbers: leave out the sessions that have no value.")
    return series
