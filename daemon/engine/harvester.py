"""Harvests: before a resize, part of what has gained a lot is sold, and the first layer's proceeds are routed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from typing import Final

from daemon.core.calendar.sessions import add_sessions, previous_session
from daemon.core.hedge.harvest import (
    CALM_SESSIONS,
    Calm,
    Harvest,
    LayerWorth,
    Routed,
    calm_after,
    harvested,
    harvests,
    proceeds_usd,
    unit_cost_pts,
)
from daemon.core.hedge.market_signals import PRESS
from daemon.core.market.contracts import MULTIPLIER, SignalIndex
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import DecisionKind, Signal, Standing
from daemon.engine.context import Desk
from daemon.engine.hedge_reader import HedgeView
from daemon.engine.hedge_trader import HedgeTrader, decide
from daemon.engine.routed import keep_routed, routed_before
from daemon.errors import BrokerError

JOB: Final = "harvest"
LOOKED_BACK: Final = 3 * CALM_SESSIONS
"""Closes among which the last backwardation is looked for."""


class Harvester:
    """Sells part of the layers that have gained, once in each contract."""

    def __init__(self, desk: Desk, trader: HedgeTrader, refresh: Callable[[], Awaitable[object]]) -> None:
        """``refresh`` reads the account anew: the gates of a harvest look at its values."""
        self._desk = desk
        self._trader = trader
        self._refresh = refresh

    async def harvest(self, session: date, view: HedgeView) -> bool:
        """Sell what the rules of harvests say; return whether anything was sold."""
        desk, policy = self._desk, self._desk.policy.hedge.harvest
        if not policy.enabled:
            return False
        before = harvested(desk.store.entries())
        last = desk.policy.hedge.layers[-1].name
        calm = self._calm(view.computation.vix)
        found, kept = harvests(self._worths(view), calm, before, last_layer=last, policy=policy)
        if found and (why := self._not_now(session)) is not None:
            kept, found = (*(each.reason for each in found), why), ()
        if kept:
            decide(desk, session, JOB, kind=DecisionKind.SKIP, subject="hedge", reasons=kept)
        return bool(found) and await self._sell_all(session, view, found)

    def _not_now(self, session: date) -> Reason | None:
        """Return why nothing is harvested in a session, whatever has gained."""
        if self._says(session, "events", "event_window"):
            return Reason("no_cut_in_event_window", "no cut inside the window of an economic event")
        sessions = self._desk.policy.hedge.harvest.armed_sessions
        if sessions and not any(
            self._says(add_sessions(session, -back), "theta_press", PRESS) for back in range(sessions)
        ):
            text = "harvests are armed by a theta press, and there was none in so many sessions"
            return Reason("harvest_not_armed", text, None, sessions)
        return None

    async def _sell_all(self, session: date, view: HedgeView, found: tuple[Harvest, ...]) -> bool:
        """Sell on fresh values of the account; what the broker does not answer is a named skip, and the resize goes on."""
        try:
            await self._refresh()
            return any([await self._sell(session, view, each) for each in found])
        except BrokerError as error:
            reasons = (*(each.reason for each in found), Reason("broker_failed", str(error), error.code))
            decide(self._desk, session, JOB, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
            return True

    def money_waits(self, session: date) -> bool:
        """Whether proceeds were routed in this session or the one before: so long they may wait (002-07)."""
        routed = routed_before(self._desk)
        return routed is not None and routed.session >= previous_session(session)

    def _worths(self, view: HedgeView) -> Iterator[LayerWorth]:
        entries = self._desk.store.entries()
        for name, layer in view.layers.items():
            unit = layer.measured.unit
            cost_pts = unit_cost_pts(entries, name, unit)
            # A future has no time value to harvest: what it gains is paid in every day.
            if layer.held.get(unit) and cost_pts is not None and not unit.long.is_future:
                yield LayerWorth(
                    layer=name,
                    unit=unit,
                    held=layer.held[unit],
                    target=view.target(name),
                    cost_pts=cost_pts,
                    mid_pts=layer.measured.value.mid_pts,
                )

    def _calm(self, vix: float) -> Calm | None:
        vix3m = self._closes(SignalIndex.VIX3M)
        return calm_after(self._closes(SignalIndex.VIX), vix3m, vix, self._desk.policy.hedge.harvest)

    def _closes(self, index: SignalIndex) -> dict[date, float]:
        rows = self._desk.store.daily_values(index.value, last=LOOKED_BACK)
        return {row.session: row.value for row in rows}

    async def _sell(self, session: date, view: HedgeView, each: Harvest) -> bool:
        desk, worth = self._desk, each.worth
        layer = view.layers[worth.layer]
        sold = -await self._trader.trade(
            layer, purpose=Purpose.HARVEST, unit=worth.unit, change=-each.quantity, reason=each.reason
        )
        if not sold:
            return False
        routed, reasons = self._route(session, view, worth.layer)
        decide(
            desk,
            session,
            JOB,
            kind=DecisionKind.HARVEST,
            subject=worth.layer,
            reasons=(each.reason, *reasons),
            inputs={"held": worth.held, "sold": sold, "cost": worth.cost_pts, "mid": worth.mid_pts},
        )
        fields = {"layer": worth.layer, "sold": sold, "held": worth.held, "contract": str(worth.unit)}
        desk.journal.emit("hedge_harvested", {**fields, "why": each.reason.text, "routed": routed})
        return True

    def _route(self, session: date, view: HedgeView, layer: str) -> tuple[str | None, tuple[Reason, ...]]:
        """Keep what the proceeds of the first layer buy for the second (002-07); rates known to be unfavourable stop it."""
        policy = self._desk.policy.hedge
        first, second = policy.layers[0].name, policy.layers[1].name
        if layer != first or not policy.harvest.route or second not in view.layers:
            return None, ()
        rates = self._signal(session, "rate_difference")
        if rates is not None and rates.standing is Standing.FRESH and rates.state != "favourable":
            return None, (Reason("proceeds_kept", f"the rate difference is not favourable: {rates.text}", rates.value),)
        target = view.layers[second].measured
        if target.unit.long.is_future:
            return None, (Reason("proceeds_kept", f"{second} holds futures, which are not paid for", None, second),)
        money_usd = proceeds_usd(self._desk.store.entries(), first, session)
        contracts = int(money_usd / (MULTIPLIER * target.value.mid_pts))
        text = f"${money_usd:,.0f} of {first} buy {contracts} {target.unit} at {target.value.mid_pts:.2f} for {second}"
        if contracts > 0:
            keep_routed(self._desk, Routed(session=session, unit=str(target.unit), contracts=contracts))
        return text if contracts else None, (Reason("proceeds_routed", text, contracts, second),)

    def _says(self, session: date, name: str, state: str) -> bool:
        signal = self._signal(session, name)
        return signal is not None and signal.standing is Standing.FRESH and signal.state == state

    def _signal(self, session: date, name: str) -> Signal | None:
        return next((signal for signal in self._desk.store.signals(session) if signal.name == name), None)
