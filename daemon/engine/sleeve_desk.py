"""The second engine in the engine: call spreads on a calendar of its own, from money of its own (001-14, 003-15)."""

from __future__ import annotations

from datetime import date

from daemon.core.hedge.policy import SLEEVE
from daemon.core.hedge.sleeve import cap_usd, size_sleeve, sleeve_sale
from daemon.core.hedge.sub_ledger import sub_ledger
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Purpose, Reason
from daemon.engine.beside import Beside
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, UnitView, fresh_account_values, indexes
from daemon.engine.hedge_reader import HedgeReader, HedgeView
from daemon.engine.hedge_trader import HedgeTrader


class SleeveDesk:
    """Buys for the sleeve on its dates while its cap allows, and sells what has gained enough."""

    def __init__(self, desk: Desk, reader: HedgeReader, trader: HedgeTrader) -> None:
        self.name = SLEEVE
        self._desk = desk
        self._beside = Beside(desk, reader, trader, Purpose.SLEEVE)

    async def look(self, session: date, view: HedgeView) -> str:
        """Look at what is held, and buy if a date of the calendar is open; return what was traded in words."""
        policy = self._desk.policy.hedge.sleeve
        if not policy.enabled and not self._beside.held:
            return ""
        market = await indexes(self._desk)
        view, units = await self._beside.measure(session, view, market)
        words = [await self._sell(each) for each in units.values()]
        due = self._beside.due(session, policy.every_days) if policy.enabled else None
        if due is not None:
            words.append(await self._buy(view, market, due))
        return ", ".join(filter(None, words))

    async def _sell(self, seen: UnitView) -> str:
        reason = sleeve_sale(self._beside.times_cost(seen), self._desk.policy.hedge.sleeve)
        return "" if reason is None else f"sleeve sold {await self._beside.sell(seen, reason)} {seen.unit}"

    async def _buy(self, view: HedgeView, market: Indexes, due: date) -> str:
        """Buy with the money of one purchase; a refusal of the ledger settles the date, anything else leaves it open."""
        desk, policy, session = self._desk, self._desk.policy.hedge.sleeve, self._desk.journal.session()
        why = Reason("sleeve_due", f"The sleeve buys every {policy.every_days} days.", due.isoformat())
        most_usd = cap_usd((await fresh_account_values(desk)).net_liquidation_usd_cents, policy)
        unit = await self._beside.offered(session, market, policy.spread)
        marks = {contract: mark.value_pts for contract, mark in desk.marks(self._contracts()).items()}
        ledger = sub_ledger(desk.store.entries(), SLEEVE, marks)
        quantity, reasons = size_sleeve(ledger, self._beside.price(unit).dearest_usd, most_usd, policy)
        done = 0
        if quantity:
            inputs = {"cash_usd": ledger.cash_usd, "value_usd": ledger.value_usd, "cap_usd": most_usd}
            done = await self._beside.buy(view, unit, quantity, reasons=[*reasons, why], inputs=inputs)
        else:
            self._beside.skip(session, [*reasons, why])
        if done or not quantity:
            self._beside.deal_with(due)
        return f"sleeve bought {done} of {quantity} {unit.unit}" if quantity else ""

    def _contracts(self) -> tuple[OptionContract, ...]:
        holding = self._desk.view().book.holdings.get(SLEEVE)
        return () if holding is None else tuple(holding.positions)
