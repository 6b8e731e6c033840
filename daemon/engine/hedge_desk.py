"""The hedge desk: three layers of VIX calls, rolled on a fixed calendar and resized by regime."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Final

from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.rolls import last_roll
from daemon.core.hedge.sizing import resize_needed
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import DecisionKind, JobOutcome, Outcome
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal
from daemon.engine.hedge_reader import HedgeReader, HedgeView, LayerView
from daemon.engine.hedge_trader import HedgeTrader, decide
from daemon.errors import BrokerError

ROLL_JOB: Final = "hedge_roll"
RESIZE_JOB: Final = "hedge_resize"


class HedgeDesk:
    """Rolls and resizes; every VIX order rests on a computation that is recorded before it."""

    def __init__(self, desk: Desk, reader: HedgeReader, trader: HedgeTrader) -> None:
        self._desk = desk
        self._reader = reader
        self._trader = trader
        self.turn = asyncio.Lock()
        """Held by whoever trades the hedge, a roll or a resize: orders that still work are in no position yet, so the other one must wait."""

    # -- rolls -------------------------------------------------------------------------------------

    async def roll(self, session: date) -> JobOutcome:
        """Roll every layer whose calendar says so, buying before selling (decision 24)."""
        policy = self._desk.policy.hedge
        if not policy.enabled or not policy.rolls_enabled:
            return self._skip(session, ROLL_JOB, Refusal(Reason("rolls_disabled", "hedge rolls are switched off")))
        async with self.turn:
            return await self._roll(session)

    async def _roll(self, session: date) -> JobOutcome:
        due = self.due(session)
        if not due and not self._reader.left_behind():
            return self._done("no layer is due")
        try:
            view = await self._reader.compute(session, frozenset(due))
        except (Refusal, BrokerError) as error:
            return self._skip(session, ROLL_JOB, error)
        results = [await self._roll_layer(session, view, view.layers[name], due[name]) for name in due]
        for name, layer in view.layers.items():
            if name not in due and layer.earlier():
                results.append(await self._sell_left_behind(view, layer))
        return self._done("; ".join(results))

    def due(self, session: date) -> dict[str, date]:
        """Return the layers to roll with the roll date each has not dealt with yet."""
        layers = self._desk.policy.hedge.layers
        return {layer.name: when for layer in layers if (when := self._due(layer, session)) is not None}

    def _due(self, layer: LayerPolicy, session: date) -> date | None:
        due = last_roll(self.anchor(layer, session), layer.roll_days, session)
        if due is None or self._desk.store.meta(_rolled_key(layer.name)) == due.isoformat():
            return None
        return due

    def anchor(self, layer: LayerPolicy, session: date) -> date:
        """Return the first roll date of a layer: its setting, else the first session of operation."""
        if layer.anchor is not None:
            return layer.anchor
        first = self._desk.store.meta("first_session")
        return date.fromisoformat(first) if first else session

    async def _roll_layer(self, session: date, view: HedgeView, layer: LayerView, due: date) -> str:
        """Buy the new call, then sell the old ones; a layer that could buy nothing stays due."""
        name, new = layer.policy.name, layer.measured.unit
        reason = Reason("roll_due", f"{name} rolls on {due}", due.isoformat(), layer.policy.roll_days)
        target = view.target(name)
        if view.computation.wing_notional_usd and layer.holding.quantity:
            target = max(target, 1)
        if target == 0:
            return self._nothing_to_roll(session, name, due, reason)
        missing = max(0, target - layer.held.get(new, 0))
        bought = await self._trader.trade(
            view, layer, purpose=Purpose.ROLL_BUY, unit=new, change=missing, reason=reason
        )
        old, sold = sum(layer.earlier(new).values()), 0
        if bought or not missing:
            self._desk.store.set_meta(_rolled_key(name), due.isoformat())
            sold = await self._sell_old(view, layer, reason, keep=missing - bought)
        text = f"{name} bought {bought} of {missing} {new}, sold {sold} of {old}"
        decide(
            self._desk,
            session,
            ROLL_JOB,
            kind=DecisionKind.ROLL if bought or not missing else DecisionKind.SKIP,
            subject=name,
            reasons=(reason, *layer.reasons),
            inputs={"result": text},
        )
        fields = {"layer": name, "contract": str(new), "bought": bought, "sold": sold}
        self._desk.journal.emit("hedge_rolled", fields)
        return text

    def _nothing_to_roll(self, session: date, name: str, due: date, reason: Reason) -> str:
        text = f"{name} has nothing to roll: its target is 0 contracts"
        reasons = (reason, Reason("nothing_to_roll", text))
        decide(self._desk, session, ROLL_JOB, kind=DecisionKind.SKIP, subject=name, reasons=reasons)
        self._desk.store.set_meta(_rolled_key(name), due.isoformat())
        return text

    async def _sell_left_behind(self, view: HedgeView, layer: LayerView) -> str:
        """Try again to sell what an earlier roll could not."""
        name, left = layer.policy.name, layer.earlier()
        reason = Reason("left_behind", f"{name} still holds calls of before its last roll", sum(left.values()), 0)
        sold = await self._sell_old(view, layer, reason, keep=0, new_bought=False)
        return f"{name} sold {sold} of {sum(left.values())} left behind"

    async def _sell_old(
        self, view: HedgeView, layer: LayerView, reason: Reason, *, keep: int, new_bought: bool = True
    ) -> int:
        """Sell the calls a roll leaves behind, but ``keep`` for what the purchase fell short of."""
        sold = 0
        for unit, quantity in layer.earlier(layer.measured.unit if new_bought else None).items():
            sold -= await self._trader.trade(
                view,
                layer,
                purpose=Purpose.ROLL_SELL,
                unit=unit,
                change=-max(0, quantity - keep),
                reason=reason,
            )
        return sold

    # -- resize ------------------------------------------------------------------------------------

    async def resize(self, session: date) -> JobOutcome:
        """Bring every layer to its target when there is a reason to, at most once a session (decision 23)."""
        policy = self._desk.policy.hedge
        if not policy.enabled:
            return self._skip(session, RESIZE_JOB, Refusal(Reason("hedge_disabled", "CONDORD_HEDGE_ENABLED is off")))
        async with self.turn:
            return await self._resize(session)

    async def _resize(self, session: date) -> JobOutcome:
        policy = self._desk.policy.hedge
        try:
            view = await self._reader.compute(session)
        except (Refusal, BrokerError) as error:
            return self._skip(session, RESIZE_JOB, error)
        current = {name: layer.holding.quantity for name, layer in view.layers.items()}
        target = {name: view.target(name) for name in view.layers}
        needed, reason = resize_needed(
            current,
            target,
            after_roll=self._rolled_today(session),
            regime_changed=view.regime_changed,
            policy=policy,
        )
        reasons = (reason, *view.computation.reasons)
        if not needed:
            decide(self._desk, session, RESIZE_JOB, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
            return self._done(reason.text)
        results = [
            f"{name} {await self._resize_layer(view, layer, target[name] - current[name], reason):+d}"
            for name, layer in view.layers.items()
            if target[name] != current[name]
        ]
        text = ", ".join(results)
        inputs = {"result": text}
        decide(
            self._desk, session, RESIZE_JOB, kind=DecisionKind.RESIZE, subject="hedge", reasons=reasons, inputs=inputs
        )
        self._desk.journal.emit("hedge_resized", {"why": reason.name, "result": text, "target": target})
        return self._done(text)

    async def _resize_layer(self, view: HedgeView, layer: LayerView, change: int, reason: Reason) -> int:
        """Buy the unit the layer is measured by, or sell: first what rolls have left behind, then that unit."""
        unit, done = layer.measured.unit, 0
        wanted = {unit: change} if change > 0 else _sales(layer, -change)
        for each, part in wanted.items():
            done += await self._trader.trade(view, layer, purpose=Purpose.RESIZE, unit=each, change=part, reason=reason)
        return done

    def _rolled_today(self, session: date) -> bool:
        return any(
            decision.kind is DecisionKind.ROLL
            for decision in self._desk.store.decisions(session)
            if decision.job == ROLL_JOB
        )

    # -- outcomes ----------------------------------------------------------------------------------

    def _done(self, text: str) -> JobOutcome:
        return JobOutcome(Outcome.DONE, text, self._desk.clock.now())

    def _skip(self, session: date, job: str, error: Refusal | BrokerError) -> JobOutcome:
        reasons = error.reasons if isinstance(error, Refusal) else (Reason("broker_failed", str(error), error.code),)
        decide(self._desk, session, job, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
        self._desk.journal.emit("hedge_skipped", {"job": job, "why": "; ".join(reason.text for reason in reasons)})
        return JobOutcome(Outcome.SKIPPED, str(error), self._desk.clock.now())


def _sales(layer: LayerView, quantity: int) -> dict[HedgeUnit, int]:
    """Return how many of which units are sold, the earliest first, as changes."""
    sales: dict[HedgeUnit, int] = {}
    for unit, held in layer.held.items():
        sales[unit] = -min(held, quantity + sum(sales.values()))
    return sales


def _rolled_key(name: str) -> str:
    return f"hedge.rolled.{name}"
