"""What flattening would send, in its order, with the prices of now; nothing is sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from daemon.core.book.book import Holding
from daemon.core.book.condors import OpenCondor
from daemon.core.condor.legs import closing
from daemon.core.condor.unwinding import ClosingStep, closing_steps
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import Leg, OrderRef, Strategy
from daemon.engine.condor_quotes import PricedStep, priced_steps
from daemon.engine.context import Desk
from daemon.errors import BrokerError


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenOrder:
    """One order that flattening would send, with the prices it would be worked between, or why it has none."""

    strategy: Strategy
    subject: str
    legs: tuple[Leg, ...]
    quantity: int
    mid_pts: float | None
    natural_pts: float | None
    note: str
    resting: tuple[OrderRef, ...]
    """Orders of the subject that are cancelled first, with evidence."""


async def flatten_plan(desk: Desk) -> tuple[FlattenOrder, ...]:
    """Return the orders of a flattening as it would begin now: every condor, then every layer of the hedge."""
    condors = [_orders(desk, Strategy.CONDOR, c.record.condor_id, condor_steps(c)) for c in open_condors(desk)]
    layers = [_orders(desk, Strategy.HEDGE, layer.subject, sales(desk, layer)) for layer in open_layers(desk)]
    return tuple(order for orders in await asyncio.gather(*condors, *layers) for order in orders)


def open_condors(desk: Desk) -> list[OpenCondor]:
    """Return the condors that can still be traded, those that expire first at the head."""
    tradable = [condor for condor in desk.view().condors if desk.alive(condor.held.positions)]
    return sorted(tradable, key=lambda condor: condor.record.expiry)


def open_layers(desk: Desk) -> list[Holding]:
    """Return the hedge layers that hold what can still be traded."""
    return [layer for layer in desk.view().book.open_subjects(Strategy.HEDGE) if desk.alive(layer.positions)]


def sales(desk: Desk, layer: Holding) -> tuple[ClosingStep, ...]:
    """Return the orders that close a layer, one after the other: uncovered short options first, a spread as a whole."""
    holding = layer_holding(desk.alive(layer.positions))
    bought = [ClosingStep((Leg(option, 1),), abs(held)) for option, held in sorted(holding.uncovered.items())]
    return (*bought, *(ClosingStep(closing(unit.legs), quantity) for unit, quantity in holding.units.items()))


def condor_steps(condor: OpenCondor) -> tuple[ClosingStep, ...]:
    """Return the orders that close a condor, the long options that are held back at the end."""
    first = closing_steps(condor.held)
    closing = {leg.contract for step in first for leg in step.legs}
    last = [
        ClosingStep((Leg(option, -1),), held)
        for option, held in condor.held.loose
        if held > 0 and option not in closing
    ]
    return (*first, *last)


async def _orders(
    desk: Desk, strategy: Strategy, subject: str, steps: tuple[ClosingStep, ...]
) -> tuple[FlattenOrder, ...]:
    resting = tuple(order.ref for order in desk.store.intents(subject=subject, live_only=True))
    try:
        rows = await priced_steps(desk, steps)
    except BrokerError as error:
        rows = tuple(PricedStep(step, None, None, str(error)) for step in steps)
    return tuple(_order(strategy, subject, row, resting if place == 0 else ()) for place, row in enumerate(rows))


def _order(strategy: Strategy, subject: str, row: PricedStep, resting: tuple[OrderRef, ...]) -> FlattenOrder:
    price = row.price
    return FlattenOrder(
        strategy=strategy,
        subject=subject,
        legs=row.step.legs,
        quantity=row.step.quantity,
        mid_pts=None if price is None else price.mid_pts,
        natural_pts=None if price is None else price.natural_pts100 / 100,
        note=row.why,
        resting=resting,
    )
