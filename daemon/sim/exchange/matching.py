"""When an order fills and at what price: top of the book only, as a paper account does.

An order is seen as a purchase of its legs (a sale reverses the ratios and the sign of the limit). It fills at the
first instant at which its limit reaches the point ``mid + min(natural - mid, steps * price step + fraction *
(natural - mid))``, the whole distance times a factor drawn once per order. It pays that point rounded up to the
net price step, or its limit where that is lower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
import numpy.typing as npt

from daemon.core.market.arrays import FloatArray
from daemon.sim.exchange.config import ExchangeConfig

_EPSILON: Final = 1e-9
_MASK: Final = (1 << 64) - 1


def uniform(*key: int) -> float:
    """Return a number from 0 to 1 that depends on the key alone (splitmix64)."""
    state = 0
    for part in key:
        state = (state ^ part) * 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state / (_MASK + 1)


@dataclass(frozen=True, slots=True)
class Book:
    """Net price of buying the legs of an order over time: mid and natural, in points."""

    mid: FloatArray
    natural: FloatArray
    sellable: npt.NDArray[np.bool_]
    """Whether every leg that is sold has a bid."""


def net_book(ratios: FloatArray, bids: FloatArray, asks: FloatArray) -> Book:
    """Return the net quotes of buying legs in the given ratios; bids and asks are times by legs."""
    buys, sells = np.maximum(ratios, 0.0), np.maximum(-ratios, 0.0)
    mid = (0.5 * (bids + asks)) @ ratios
    natural = asks @ buys - bids @ sells
    sellable: npt.NDArray[np.bool_] = np.all(bids[:, ratios < 0] > 0.0, axis=1)
    return Book(mid, natural, sellable)


def fill_points(book: Book, config: ExchangeConfig, *, step_pts: float, draw: float) -> FloatArray:
    """Return the lowest net limit that fills at each instant, in points; ``draw`` is the order's own number."""
    distance = book.natural - book.mid
    factor = 1.0 + config.slip_jitter * (2.0 * draw - 1.0)
    slip = np.minimum(distance, (config.slip_steps * step_pts + config.slip_fraction * distance) * factor)
    result: FloatArray = book.mid + slip
    return result


def first_fill(points: FloatArray, limit_pts: float) -> int | None:
    """Return the first place at which a limit fills, or None."""
    reached = np.isfinite(points) & (points <= limit_pts + _EPSILON)
    place = int(np.argmax(reached))
    return place if reached[place] else None


def paid_pts100(point: float, limit_pts100: int | None, *, step_pts100: int) -> int:
    """Return the net price paid in points x 100: the fill point rounded up to a step, at most the limit."""
    price = ceil(point * 100 / step_pts100 - _EPSILON) * step_pts100
    return price if limit_pts100 is None else min(price, limit_pts100)


def leg_prices_pts100(
    ratios: Sequence[int], bids: Sequence[float], asks: Sequence[float], net_pts100: int
) -> tuple[int, ...]:
    """Split a net price over legs in whole cents: from mids towards natural in proportion to each spread.

    The last cents go to legs of ratio one, largest price first, so that the sum is exact.
    """
    mids = [50.0 * (bid + ask) for bid, ask in zip(bids, asks, strict=True)]
    halves = [50.0 * (ask - bid) for bid, ask in zip(bids, asks, strict=True)]
    net_mid = sum(ratio * mid for ratio, mid in zip(ratios, mids, strict=True))
    room = sum(abs(ratio) * half for ratio, half in zip(ratios, halves, strict=True))
    share = (net_pts100 - net_mid) / room if room > 0 else 0.0
    prices = [
        max(floor(mid + (half if ratio > 0 else -half) * share + 0.5), 0)
        for ratio, mid, half in zip(ratios, mids, halves, strict=True)
    ]
    return _balanced(ratios, prices, net_pts100)


def _balanced(ratios: Sequence[int], prices: list[int], net_pts100: int) -> tuple[int, ...]:
    """Move single legs until the net is exact."""
    order = sorted(range(len(prices)), key=lambda n: (abs(ratios[n]), -prices[n], n))
    for place in order:
        missing = net_pts100 - sum(ratio * price for ratio, price in zip(ratios, prices, strict=True))
        change = int(missing / ratios[place])
        prices[place] = max(prices[place] + change, 0)
    return tuple(prices)
