"""What a target of the hedge would cost, gathered from the layers, the marks and the book; then the guards."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from daemon.core.hedge.budget import LayerCost, Spent, spent
from daemon.core.hedge.carry import expected_carry
from daemon.core.hedge.signals import implied_cost
from daemon.core.risk.break_even import HedgeOption
from daemon.engine.context import Desk
from daemon.engine.gather import years_to

if TYPE_CHECKING:
    from daemon.engine.hedge_reader import LayerView


def recently_spent(desk: Desk, session: date) -> Spent:
    """Return what the hedge has cost and the condors have brought in lately."""
    still_open = [condor.record.condor_id for condor in desk.view().condors]
    return spent(desk.store.entries(), desk.store.condors(), still_open, session)


def layer_cost(
    desk: Desk, view: LayerView, session: date, *, vix: float, next_roll: date, rolls: bool, counts_usd: float
) -> LayerCost:
    """Return what a target of a layer would cost; a mark that is missing counts as no proceeds."""
    measured = view.measured
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
        price_usd=measured.unit.long.premium_multiplier * measured.value.mid_pts,
        held=view.held.get(measured.unit, 0) if rolls else view.holding.quantity,
        proceeds_usd=_proceeds_usd(desk, view) if rolls else 0.0,
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


def _proceeds_usd(desk: Desk, view: LayerView) -> float:
    """Return what the units that a roll leaves behind are worth by the account's own marks."""
    earlier = view.earlier(view.measured.unit)
    marks = desk.marks(contract for unit in earlier for contract in unit.contracts)
    return sum(
        quantity * leg.ratio * marks[leg.contract].value_pts * leg.contract.premium_multiplier
        for unit, quantity in earlier.items()
        for leg in unit.legs
        if leg.contract in marks
    )
