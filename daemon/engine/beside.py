"""What the hedge holds beside its layers, call spreads or single calls: measured, recorded, bought and sold as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from daemon.core.hedge.drift_hedge import SpreadPrice
from daemon.core.hedge.harvest import unit_cost_pts
from daemon.core.hedge.policy import FundCallPolicy, SpreadPolicy
from daemon.core.hedge.rolls import last_roll
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import DecisionKind, LayerComputation
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, Refusal, UnitView, priced
from daemon.engine.hedge_reader import HedgeReader, HedgeView
from daemon.engine.hedge_trader import HedgeTrader, Wish, decide

Inputs = Mapping[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class BesideView:
    """One subject beside the layers with the unit that is to be bought or sold."""

    name: str
    holding: LayerHolding
    measured: UnitView


class Beside:
    """Reads and trades the calls or call spreads of one subject; each order rests on a computation that names it."""

    def __init__(self, desk: Desk, reader: HedgeReader, trader: HedgeTrader, purpose: Purpose) -> None:
        self._desk = desk
        self._reader = reader
        self._trader = trader
        self._purpose = purpose
        self.name = purpose.value.lower()

    @property
    def held(self) -> dict[HedgeUnit, int]:
        """Return the units held that can still be traded."""
        return self._reader.holding(self.name).units

    def due(self, session: date, every_days: int) -> date | None:
        """Return the latest date of the subject's own calendar, from the first session of operation on.

        None when it is dealt with, or an order of it holds or may hold something.
        """
        store = self._desk.store
        anchor = date.fromisoformat(store.meta("first_session") or session.isoformat())
        due, dealt_with = last_roll(anchor, every_days, session), store.meta(self._dealt_with)
        if due is None or (dealt_with is not None and date.fromisoformat(dealt_with) >= due):
            return None
        bought = (
            order for order in store.intents(subject=self.name) if order.may_hold and order.spec.legs[0].ratio > 0
        )
        return None if any(order.key.session >= due for order in bought) else due

    def deal_with(self, due: date) -> None:
        """Leave a date of the calendar behind."""
        self._desk.store.set_meta(self._dealt_with, due.isoformat())

    @property
    def _dealt_with(self) -> str:
        """Return the named value of the store that keeps the last date dealt with."""
        return f"hedge.{self.name}"

    async def measure(
        self, session: date, view: HedgeView, seen: Indexes
    ) -> tuple[HedgeView, dict[HedgeUnit, UnitView]]:
        """Quote what is held and record it with the computation; what has no quote is left as it is, and told."""
        found: dict[HedgeUnit, UnitView] = {}
        for unit, held in self.held.items():
            try:
                found[unit] = await self._reader.priced(unit, session, seen)
            except Refusal as refusal:
                fields = {"subject": self.name, "held": held, "contract": str(unit), "why": str(refusal)}
                self._desk.journal.emit("hedge_unit_unpriced", fields)
        rows = [self._row(each, wanted=self.held[unit]) for unit, each in found.items()]
        return (self._record(view, rows) if rows else view), found

    async def offered(self, session: date, seen: Indexes, wanted: SpreadPolicy | FundCallPolicy) -> UnitView:
        """Return what would be bought. Raises Refusal by name where there is none."""
        return (await self._reader.offered(wanted, session, seen))[0]

    def times_cost(self, seen: UnitView) -> float | None:
        """Return what a unit is worth over what it cost; None where the cost is unknown."""
        cost_pts = unit_cost_pts(self._desk.store.entries(), self.name, seen.unit)
        return None if not cost_pts else seen.value.mid_pts / cost_pts

    def price(self, seen: UnitView) -> SpreadPrice:
        """Return what one unit costs, and the most that an order may pay for it. Raises Refusal without quotes."""
        mid_pts = priced(seen.quotes, seen.unit.legs).mid_pts
        return SpreadPrice(mid_usd=mid_pts * MULTIPLIER, dearest_usd=self._dearest_pts100(seen) * MULTIPLIER / 100)

    def _dearest_pts100(self, seen: UnitView) -> int:
        """Return the most that an order may pay for one: so far beyond the natural price of the quotes seen."""
        natural_pts100 = priced(seen.quotes, seen.unit.legs).natural_pts100
        return natural_pts100 + self._desk.policy.hedge.ladder_through_pts100

    async def buy(
        self,
        view: HedgeView,
        seen: UnitView,
        quantity: int,
        *,
        reasons: Sequence[Reason],
        inputs: Inputs,
        notes: tuple[Reason, ...] = (),
    ) -> int:
        """Buy a number of a unit, after the computation has been recorded with it.

        What was counted on as its dearest price stays so: the order follows no market beyond it. The order keeps the
        first reason and the ``notes``; the decision has all reasons.
        """
        self._record(view, [self._row(seen, wanted=self.held.get(seen.unit, 0) + quantity)])
        most_pts100 = self._dearest_pts100(seen)
        return await self._trade(seen, quantity, reasons=reasons, inputs=inputs, notes=notes, most_pts100=most_pts100)

    async def sell(self, seen: UnitView, reason: Reason, *, purpose: Purpose | None = None) -> int:
        """Sell all of a unit, for the subject's own purpose unless another one is given; return how many were sold."""
        inputs: Inputs = {"mid": round(seen.value.mid_pts, 4)}
        return -await self._trade(seen, -self.held[seen.unit], reasons=[reason], inputs=inputs, purpose=purpose)

    def skip(self, session: date, reasons: Sequence[Reason], inputs: Inputs | None = None) -> None:
        """Record why nothing is bought or sold."""
        name, kind = self.name, DecisionKind.SKIP
        decide(self._desk, session, name, kind=kind, subject=name, reasons=tuple(reasons), inputs=inputs)

    async def _trade(
        self,
        seen: UnitView,
        change: int,
        *,
        reasons: Sequence[Reason],
        inputs: Inputs,
        notes: tuple[Reason, ...] = (),
        most_pts100: int | None = None,
        purpose: Purpose | None = None,
    ) -> int:
        desk, unit = self._desk, seen.unit
        target = BesideView(self.name, self._reader.holding(self.name), seen)
        wish = Wish(
            purpose=purpose or self._purpose,
            buy=unit if change > 0 else None,
            sell=unit if change < 0 else None,
            quantity=abs(change),
            reason=reasons[0],
            notes=notes,
            most_pts100=most_pts100,
        )
        done = await self._trader.work(target, wish) * (1 if change > 0 else -1)
        if not done:
            return 0
        decide(
            desk,
            desk.journal.session(),
            self.name,
            kind=DecisionKind.BUY if change > 0 else DecisionKind.SELL,
            subject=self.name,
            reasons=tuple(reasons),
            inputs={"result": f"{done:+d} of {change:+d} {unit}", **inputs},
        )
        fields = {"subject": self.name, "quantity": done, "contract": str(unit), "why": reasons[0].text}
        desk.journal.emit("hedge_traded_beside", fields)
        return done

    def _row(self, seen: UnitView, *, wanted: int) -> LayerComputation:
        value = seen.value
        return LayerComputation(
            layer=self.name,
            contract=seen.unit.long,
            forward_pts=value.forward_pts,
            delta=value.delta,
            delta_usd=value.delta_usd,
            held=self.held.get(seen.unit, 0),
            target=wanted,
            short=seen.unit.short,
        )

    def _record(self, view: HedgeView, rows: Sequence[LayerComputation]) -> HedgeView:
        """Record the session's computation again with what stands beside the layers; those are as they were."""
        store = self._desk.store
        last = store.hedge_computations(view.computation.session)[-1]
        others = [row for row in last.beside if all(_unit(row) != _unit(new) for new in rows)]
        computation = replace(last, beside=(*others, *rows))
        store.record_hedge_computation(computation)
        return replace(view, computation=computation)


def _unit(row: LayerComputation) -> tuple[object, ...]:
    return row.layer, row.contract, row.short
