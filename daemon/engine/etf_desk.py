"""The extra layer in the engine: calls on a fund of VIX futures, on a calendar of their own (003-12, 004-09)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from daemon.core.calendar.expiries import dte
from daemon.core.hedge.etf import EXPIRES, dollar_verdict, etf_sale, size_etf
from daemon.core.hedge.policy import ETF
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Purpose, Reason
from daemon.engine.beside import Beside
from daemon.engine.context import Desk
from daemon.engine.gather import NO_QUOTE, Indexes, UnitView, indexes
from daemon.engine.hedge_reader import HedgeReader, HedgeView
from daemon.engine.hedge_trader import HedgeTrader


class EtfDesk:
    """Buys calls on its dates within a share of L1, and sells them long before they could be exercised."""

    def __init__(self, desk: Desk, reader: HedgeReader, trader: HedgeTrader) -> None:
        self.name = ETF
        self._desk = desk
        self._beside = Beside(desk, reader, trader, Purpose.ETF)

    async def look(self, session: date, view: HedgeView) -> str:
        """Look at what is held, and buy if a date of the calendar is open; return what was traded in words."""
        policy = self._desk.policy.hedge.etf
        if not policy.enabled and not self._beside.held:
            return ""
        market = await indexes(self._desk)
        view, units = await self._beside.measure(session, view, market)
        words = [await self._sell(session, each) for each in units.values()]
        self._tell_unquoted(session, units)
        due = self._beside.due(session, policy.every_days) if policy.enabled else None
        if due is not None:
            words.append(await self._buy(view, market, due, units))
        return ", ".join(filter(None, words))

    async def _sell(self, session: date, seen: UnitView) -> str:
        days_left = dte(session, seen.unit.expiry)
        reason = etf_sale(days_left, self._beside.times_cost(seen), self._desk.policy.hedge.etf)
        if reason is None:
            return ""
        # What must be gone before it is exercised is no matter of discretion: losses refuse it as little as a roll.
        purpose = Purpose.ROLL_SELL if reason.name == EXPIRES else Purpose.ETF
        return f"etf sold {await self._beside.sell(seen, reason, purpose=purpose)} {seen.unit}"

    def _tell_unquoted(self, session: date, units: Mapping[HedgeUnit, UnitView]) -> None:
        """Record what should be sold and has no quote: unsold it would be exercised if it ends in the money."""
        sell_dte = self._desk.policy.hedge.etf.sell_dte
        for unit in self._beside.held.keys() - units.keys():
            if (left := dte(session, unit.expiry)) <= sell_dte:
                text = f"{unit} should be sold before it expires and has no quote; days left."
                self._beside.skip(session, [Reason(NO_QUOTE, text, left, sell_dte)])

    async def _buy(self, view: HedgeView, market: Indexes, due: date, units: Mapping[HedgeUnit, UnitView]) -> str:
        """Buy within the share of L1; a rule that refuses settles the date, a market that does leaves it open."""
        desk, policy, session = self._desk, self._desk.policy.hedge.etf, self._desk.journal.session()
        why = Reason("etf_due", f"The extra layer buys every {policy.every_days} days.", due.isoformat())
        strong, verdict = dollar_verdict(desk.store.signals(session), policy)
        if not strong:
            self._beside.skip(session, [verdict, why])
            self._beside.deal_with(due)
            return ""
        unit = await self._beside.offered(session, market, policy.call)
        sums = unit.value.delta_usd, self._held_usd(units), self._first_layer_usd(view)
        quantity, sized = size_etf(*sums, policy)
        done, reasons = 0, [sized, verdict, why]
        if quantity:
            inputs = {"forward": unit.forward_pts, "delta": unit.value.delta, "l1_usd": sums[2]}
            done = await self._beside.buy(view, unit, quantity, reasons=reasons, inputs=inputs)
        else:
            self._beside.skip(session, reasons)
        if done or not quantity:
            self._beside.deal_with(due)
        return f"etf bought {done} of {quantity} {unit.unit}" if quantity else ""

    def _held_usd(self, units: Mapping[HedgeUnit, UnitView]) -> float | None:
        """Return the VIX delta-dollars of all that is held; None where a part of it has no quote."""
        held = self._beside.held
        if held.keys() - units.keys():
            return None
        return sum((quantity * units[unit].value.delta_usd for unit, quantity in held.items()), 0.0)

    def _first_layer_usd(self, view: HedgeView) -> float:
        """Return the VIX delta-dollars of L1's target, 0 where it has no share."""
        first = self._desk.policy.hedge.layers[0].name
        layer = view.layers.get(first)
        return 0.0 if layer is None else view.target(first) * layer.measured.value.delta_usd
