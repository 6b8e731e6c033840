"""What a target of the hedge would cost, gathered from the layers, the quotes and the book; then the guards."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

from daemon.core.condor.legs import closing
from daemon.core.hedge.budget import LayerCost, Spent, spent
from daemon.core.hedge.carry import expected_carry
from daemon.core.hedge.signals import implied_cost
from daemon.core.risk.break_even import HedgeOption
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal, market_of, years_to

if TYPE_CHECKING:
    from daemon.engine.hedge_reader import LayerView


def recently_spent(desk: Desk, session: date) -> Spent:
    """Return what the hedge has cost and the condors have brought in lately."""
    still_open = [condor.record.condor_id for condor in desk.view().condors]
    return spent(desk.store.entries(), desk.store.condors(), still_open, session)


async def layer_cost(
    desk: Desk, view: LayerView, session: date, *, vix: float, next_roll: date, rolls: bool, counts_usd: float
) -> LayerCost:
    """Return what a target of a layer would cost, purchases and sales both at the ends of their ladders."""
    measured, policy = view.measured, desk.policy.hedge
    sells = rolls and policy.budget.enabled and not policy.guards_rest(vix)  # else nothing asks what they bring
    dearest_pts100 = measured.natural_pts100 + policy.ladder_through_pts100
    carry = expected_carry(
        unit_options(desk, view),
        vix,
        days_to_roll=(next_roll - session).days,
        roll_days=view.policy.roll_days,
        spread_pts=sum((quote.ask_pts100 or 0) - (quote.bid_pts100 or 0) for quote in measured.quotes.values()) / 100,
        capital_rate=implied_cost(desk.macro, session, vix),
    )
    return LayerCost(
        carry_usd=carry.usd,
        price_usd=measured.unit.long.premium_multiplier * dearest_pts100 / 100,
        held=view.held.get(measured.unit, 0) if rolls else view.holding.quantity,
        proceeds_usd=await _proceeds_usd(desk, view) if sells else 0.0,
        counts_usd=counts_usd,
    )


def unit_options(desk: Desk, view: LayerView) -> tuple[HedgeOption, ...]:
    """Return the options of one unit of a layer with what their price in another market needs."""
    now = desk.clock.now()
    return tuple(
        HedgeOption(
            contract=option.info.contract,
            quantity=direction,
            forward_pts=option.forward_pts,
            years=years_to(now, option.info.contract),
            vol=option.iv or 0.0,  # none to find: the option is worth its intrinsic value
        )
        for direction, option in view.measured.options
    )


async def _proceeds_usd(desk: Desk, view: LayerView) -> float:
    """Return the least that a roll would bring for the units it leaves behind; what cannot be sold now brings nothing."""
    total_usd = 0.0
    for unit, quantity in view.earlier(view.measured.unit).items():
        with suppress(Refusal):
            price = await market_of(desk, closing(unit.legs), no_bid_is_zero=True)
            least_pts100 = max(0, -price.natural_pts100 - desk.policy.hedge.ladder_through_pts100)
            total_usd += quantity * unit.long.premium_multiplier * least_pts100 / 100
    return total_usd
