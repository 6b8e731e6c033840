"""The prices a working order walks through: from the mid towards the natural price, in the market as it then is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from daemon.core.orders.intent import ComboPrice

NET_STEP_PTS100: Final = 5
"""Smallest step of the net price of a combination in points x 100: 0.05 (Cboe Rule 5.33, complex orders in SPX)."""
RUNGS_MAX: Final = 60
"""Most prices one working order takes; a wider distance is walked in wider steps."""

PriceSteps = Sequence[tuple[int, int]]
"""((from_price, step), ...) in points x 100, lowest edge first, as in the market rule of the exchange."""
COMBO_STEPS: Final[PriceSteps] = ((0, NET_STEP_PTS100),)


def legal_at_or_below(price_pts100: int, price_steps: PriceSteps) -> int:
    """Return the highest net price at or below ``price_pts100`` whose size is a legal price.

    A negative price is a sale: its size is rounded up, so that we never accept less than asked.
    """
    step = _step_at(price_pts100, price_steps)
    rounded = price_pts100 // step * step
    # A sale rounded up across an edge (2.99 -> 3.00) must also fit the step that holds there.
    step_there = _step_at(rounded, price_steps)
    return rounded // step_there * step_there


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRules:
    """How far and in which steps a working order may go. One unit of its legs is bought; a credit is negative."""

    step_pts100: int
    """What is given up at each step, against the mid as it then is."""
    through_pts100: int
    """How far the limit may pass the natural price as it then is."""
    floor_pts100: int | None = None
    """The largest net we accept (for a credit: minus the smallest credit)."""
    price_steps: PriceSteps | None = None
    """Legal prices of a single option; a combination has steps of 0.05 everywhere."""

    def __post_init__(self) -> None:
        assert self.step_pts100 > 0, f"a ladder step must be positive, not {self.step_pts100}"


def rung_pts100(place: int, price: ComboPrice, rules: LadderRules) -> int | None:
    """Return the net limit after ``place`` steps in the market as it is now, or None when it allows none.

    The first rung is the mid, rounded towards paying less; each further one gives up a step more, up to
    ``natural + through`` and never beyond the floor. None when even the mid is beyond it. Every rung of a single
    option is a legal price of its contract and none is zero or of the other sign: nobody pays to sell.
    """
    bounds = _bounds(price, rules)
    if bounds is None:
        return None
    first, last = bounds
    steps = _steps(rules)
    return legal_at_or_below(min(first + place * _stride(first, last, rules.step_pts100), last), steps)


def place_after(limit_pts100: int, price: ComboPrice, rules: LadderRules) -> int:
    """Return the place of the first rung beyond a limit, in the market as it is now, for an order that has it."""
    bounds = _bounds(price, rules)
    if bounds is None or limit_pts100 < bounds[0]:
        return 0
    return min((limit_pts100 - bounds[0]) // _stride(*bounds, rules.step_pts100) + 1, RUNGS_MAX - 1)


def places_to(price: ComboPrice, rules: LadderRules) -> int:
    """Return the place of the last rung in the market as it is now; 0 where the market allows none."""
    bounds = _bounds(price, rules)
    return 0 if bounds is None else -(-(bounds[1] - bounds[0]) // _stride(*bounds, rules.step_pts100))


def _bounds(price: ComboPrice, rules: LadderRules) -> tuple[int, int] | None:
    """Return the first and the last rung of a market."""
    steps = _steps(rules)
    first = legal_at_or_below(_floor_pts100(price.mid_pts), steps)
    last = price.natural_pts100 + rules.through_pts100
    if rules.floor_pts100 is not None:
        last = min(last, rules.floor_pts100)
    if rules.price_steps is not None:
        tick = steps[0][1]
        if price.mid_pts > 0:
            first = max(first, tick)
        else:
            last = min(last, -tick)
    last = legal_at_or_below(last, steps)
    return (first, last) if first <= last else None


def _steps(rules: LadderRules) -> PriceSteps:
    return COMBO_STEPS if rules.price_steps is None else rules.price_steps


def _stride(first: int, last: int, step_pts100: int) -> int:
    """Return how much one place gives up: whole steps, wider ones where the way is too long for the places."""
    strides = -(-(last - first) // step_pts100)
    return step_pts100 * max(1, -(-strides // (RUNGS_MAX - 1)))


def _floor_pts100(price_pts: float) -> int:
    return int((Decimal(str(price_pts)) * 100).to_integral_value(ROUND_FLOOR))


def _step_at(price_pts100: int, price_steps: PriceSteps) -> int:
    step = price_steps[0][1]
    for edge, increment in price_steps:
        if abs(price_pts100) >= edge:
            step = increment
    return step
