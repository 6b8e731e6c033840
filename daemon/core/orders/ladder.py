"""The prices a working order walks through: from the mid in our favour to the natural price and a little beyond."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Final

NET_STEP_PTS100: Final = 5
"""Smallest step of the net price of a combination in points x 100: 0.05 (Cboe Rule 5.33, complex orders in SPX)."""
RUNGS_MAX: Final = 60
"""Most prices one working order takes; a wider distance is walked in wider steps."""

PriceSteps = Sequence[tuple[int, int]]
"""((from_price, step), ...) in points x 100, lowest edge first, as in the market rule of the exchange."""


def legal_at_or_below(price_pts100: int, price_steps: PriceSteps) -> int:
    """Return the highest net price at or below ``price_pts100`` whose size is a legal price.

    A negative price is a sale: its size is rounded up, so that we never accept less than asked.
    """
    step = _step_at(price_pts100, price_steps)
    rounded = price_pts100 // step * step
    # A sale rounded up across an edge (2.99 -> 3.00) must also fit the step that holds there.
    step_there = _step_at(rounded, price_steps)
    return rounded // step_there * step_there


def entry_ladder(
    mid_pts: float,
    natural_pts100: int,
    *,
    step_pts100: int,
    through_pts100: int,
    floor_pts100: int | None,
    price_steps: PriceSteps | None = None,
) -> tuple[int, ...]:
    """Return the net limits for a buy of the legs, best first, in points x 100 (negative = credit).

    The first is the mid, rounded towards paying less; the last is at most ``natural + through`` and never
    above ``floor_pts100``, the largest net we accept (for a credit: minus the smallest credit). Empty when
    even the first rung would be above it. With ``price_steps`` (a single option) every rung is a legal price
    of its contract and none is zero or of the other sign: nobody pays to sell.
    """
    assert step_pts100 > 0, f"a ladder step must be positive, not {step_pts100}"
    steps = ((0, NET_STEP_PTS100),) if price_steps is None else price_steps
    first = legal_at_or_below(_floor_pts100(mid_pts), steps)
    last = natural_pts100 + through_pts100
    if floor_pts100 is not None:
        last = min(last, floor_pts100)
    if price_steps is not None:
        tick = price_steps[0][1]
        if mid_pts > 0:
            first = max(first, tick)
        else:
            last = min(last, -tick)
    return _rungs(first, legal_at_or_below(last, steps), step_pts100=step_pts100, steps=steps)


def _rungs(first: int, last: int, *, step_pts100: int, steps: PriceSteps) -> tuple[int, ...]:
    """Walk from ``first`` to ``last`` inclusive in equal strides of whole steps."""
    if first > last:
        return ()
    strides = -(-(last - first) // step_pts100)
    stride = step_pts100 * max(1, -(-strides // (RUNGS_MAX - 1)))
    wanted = (*range(first, last, stride), last)
    return tuple(sorted({legal_at_or_below(rung, steps) for rung in wanted}))


def _floor_pts100(price_pts: float) -> int:
    return int((Decimal(str(price_pts)) * 100).to_integral_value(ROUND_FLOOR))


def _step_at(price_pts100: int, price_steps: PriceSteps) -> int:
    step = price_steps[0][1]
    for edge, increment in price_steps:
        if abs(price_pts100) >= edge:
            step = increment
    return step
