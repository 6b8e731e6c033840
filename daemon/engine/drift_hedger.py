"""The drift hedge in the engine: once a session, after the layers stand at their targets (003-02 to 003-08)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.book.condors import OpenCondor
from daemon.core.condor.drift import condor_drift
from daemon.core.hedge.drift_hedge import (
    Seen,
    Side,
    Stand,
    bought,
    bought_for,
    confirmation,
    in_need,
    sale,
    sale_reason,
    size_drift,
    stand,
)
from daemon.core.hedge.policy import DRIFT
from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import Intent, Purpose, Strategy
from daemon.core.risk.greeks import Levels, Position, value_positions
from daemon.engine.beside import Beside
from daemon.engine.context import Desk
from daemon.engine.gather import Indexes, UnitView, indexes
from daemon.engine.hedge_budget import recently_spent
from daemon.engine.hedge_reader import HedgeReader, HedgeView
from daemon.engine.hedge_trader import HedgeTrader

STANDS: Final = "hedge.drift"
"""Named value of the store: on which side each open condor stands, and since when."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look has found."""

    session: date
    view: HedgeView
    market: Indexes
    seen: Mapping[str, Seen]
    stands: Mapping[str, Stand]


class DriftHedger:
    """Buys one call spread for condors that have crossed downwards, and sells it by setting."""

    def __init__(self, desk: Desk, reader: HedgeReader, trader: HedgeTrader) -> None:
        self.name = DRIFT
        self._desk = desk
        self._beside = Beside(desk, reader, trader, Purpose.DRIFT)

    async def look(self, session: date, view: HedgeView) -> str:
        """Look at every condor and at what is held; return what was traded in words."""
        desk, policy = self._desk, self._desk.policy.hedge.drift
        if not policy.enabled and not self._beside.held:
            return ""
        condors = {condor.record.condor_id: condor for condor in desk.view().condors}
        market = await indexes(desk)
        seen = {name: self._seen(condor, market.spx) for name, condor in condors.items()}
        stands = self._stand(session, seen)
        view, units = await self._beside.measure(session, view, market)
        words = [await self._sell(each, stands) for each in units.values()]
        if policy.enabled:
            words.append(await self._buy(_Look(session, view, market, seen, stands)))
        return ", ".join(filter(None, words))

    # -- condors -----------------------------------------------------------------------------------

    def _seen(self, condor: OpenCondor, spx_pts: float) -> Seen:
        share = condor_drift(condor, spx_pts)
        return Seen(
            condor_id=condor.record.condor_id,
            credit_usd=condor.credit_pts * condor.quantity * MULTIPLIER,
            share=share,
            put_delta=self._put_delta(condor, spx_pts) if share is not None and share < 0 else None,
        )

    def _put_delta(self, condor: OpenCondor, spx_pts: float) -> float | None:
        """Return the largest delta of its short puts by their marks, the sign left out; None where no mark tells it."""
        puts = [side.put.short for side, _ in condor.held.parts if side.put is not None]
        marks, name = self._desk.marks(puts), condor.record.condor_id
        positions = [
            Position(Strategy.CONDOR, name, put, -1, marks[put].value_pts if put in marks else None) for put in puts
        ]
        valued = value_positions(positions, Levels(self._desk.clock.now(), spx_pts, None, {}))
        return max((abs(greeks.delta) for _, greeks in valued.known), default=None)

    def _stand(self, session: date, seen: Mapping[str, Seen]) -> dict[str, Stand]:
        """Return where every open condor stands, and keep it for the next look; closed ones are forgotten."""
        policies = self._desk.policy
        before = self._kept()
        stands = {
            name: stand(before.get(name), each, session, condors=policies.condor, policy=policies.hedge.drift)
            for name, each in seen.items()
        }
        if stands != before:
            rows = {name: [at.side.value, at.since and at.since.isoformat()] for name, at in stands.items()}
            self._desk.store.set_meta(STANDS, json.dumps(rows, sort_keys=True))
        return stands

    def _kept(self) -> dict[str, Stand]:
        rows = json.loads(self._desk.store.meta(STANDS) or "{}")
        return {
            name: Stand(Side(side), date.fromisoformat(since) if since else None)
            for name, (side, since) in rows.items()
        }

    # -- orders ------------------------------------------------------------------------------------

    def _orders(self) -> tuple[Intent, ...]:
        return self._desk.store.intents(subject=DRIFT)

    async def _sell(self, seen: UnitView, stands: Mapping[str, Stand]) -> str:
        times, purchases = self._beside.times_cost(seen), bought(self._orders())
        facts = sale(seen.unit, times=times, purchases=purchases, stands=stands)
        reason = sale_reason(facts, self._desk.policy.hedge.drift)
        if reason is None:
            return ""
        return f"drift sold {await self._beside.sell(seen, reason)} {seen.unit}"

    async def _buy(self, look: _Look) -> str:
        """Buy for the condors in need, or record by name why not."""
        desk, policy, seen = self._desk, self._desk.policy.hedge.drift, look.seen
        needy = in_need(look.stands, bought(self._orders()), self._beside.held.keys(), policy)
        confirmed, why = confirmation(desk.store.signals(look.session), policy)
        drifted = [seen[name] for name in sorted(needy) if confirmed or look.stands[name].side is Side.UP]
        waiting = [seen[name] for name in sorted(needy - {each.condor_id for each in drifted})]
        if waiting:
            self._beside.skip(look.session, [why], _shares(waiting))
        if not drifted:
            return ""
        unit = await self._beside.offered(look.session, look.market, policy.spread)
        quantity, reasons = size_drift(drifted, self._beside.price(unit), self._room_usd(look), policy)
        if not quantity:
            self._beside.skip(look.session, reasons, _shares(drifted))
            return ""
        inputs = {"forward": unit.forward_pts, "vix": look.market.vix, **_shares(drifted)}
        done = await self._beside.buy(
            look.view, unit, quantity, reasons=[*reasons, why], inputs=inputs, notes=(bought_for(drifted),)
        )
        return f"drift bought {done} of {quantity} {unit.unit}"

    def _room_usd(self, look: _Look) -> float | None:
        """Return what the debit guard leaves for purchases; None where it does not hold (003-08, decision 26)."""
        budget = look.view.computation.sized.budget
        if budget is None or not budget.guarded or budget.suspended:
            return None
        return budget.debits_max_usd - recently_spent(self._desk, look.session).debits_usd


def _shares(drifted: Sequence[Seen]) -> dict[str, float | int | str | None]:
    """Say of each condor how far it has drifted, and the delta of its short put."""
    return {each.condor_id: _share(each) for each in drifted}


def _share(seen: Seen) -> str:
    share = "unknown" if seen.share is None else f"{seen.share:+.2f}"
    return share if seen.put_delta is None else f"{share} put {seen.put_delta:.2f}"
