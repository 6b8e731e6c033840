"""In which orders what a condor holds is closed, so that no short option ever loses its cover."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.condor.legs import Structure, closing
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Leg


@dataclass(frozen=True, slots=True)
class ClosingStep:
    """One order that closes a part: its legs and how many of them."""

    legs: tuple[Leg, ...]
    quantity: int


def closing_steps(held: Structure) -> tuple[ClosingStep, ...]:
    """Return the orders that may work at one time, uncovered short options first.

    Each either buys a short option back or closes short and long together. A long option left over is sold only
    when nothing of its series and right is short any more; until then it is in none of the orders.
    """
    bought = [ClosingStep((Leg(option, 1),), -quantity) for option, quantity in held.loose if quantity < 0]
    parts = [ClosingStep(closing(legs.held), units) for legs, units in held.parts]
    short = {_group(option) for option, quantity in held.positions.items() if quantity < 0}
    sold = [
        ClosingStep((Leg(option, -1),), quantity)
        for option, quantity in held.loose
        if quantity > 0 and _group(option) not in short
    ]
    return (*bought, *parts, *sold)


def _group(option: OptionContract) -> tuple[object, ...]:
    return option.trading_class, option.expiry, option.right
