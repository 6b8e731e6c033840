"""The hedge desk: three layers, rolled on a fixed calendar and resized by regime."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from daemon.core.hedge.budget import GUARDS
from daemon.core.hedge.policy import LayerPolicy, RollOrder
from daemon.core.hedge.rolls import RollWindow, last_chance, open_roll, vvix_verdict
from daemon.core.hedge.sizing import resize_needed
from daemon.core.hedge.units import HedgeUnit
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import DecisionKind, JobOutcome, Outcome, Standing
from daemon.engine.context import Desk
from daemon.engine.gather import Refusal
from daemon.engine.harvester import Harvester
from daemon.engine.hedge_reader import HedgeReader, HedgeView, LayerView
from daemon.engine.hedge_trader import HedgeTrader, Wish, decide
from daemon.errors import BrokerError

ROLL_JOB: Final = "hedge_roll"
RESIZE_JOB: Final = "hedge_resize"
VVIX_SIGNAL: Final = "vvix_macd"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """Whether a roll is done now, whether it looks at no width of the quotes any more, and why."""

    window: RollWindow
    now: bool
    forced: bool
    reasons: tuple[Reason, ...]


class LooksBeside(Protocol):
    """Buys and sells by rules of its own what is no layer."""

    name: str

    async def look(self, session: date, view: HedgeView) -> str:
        """Trade what is due; return what was done in words, or nothing."""


class HedgeDesk:
    """Rolls and resizes; every VIX order rests on a computation that is recorded before it."""

    def __init__(
        self,
        desk: Desk,
        reader: HedgeReader,
        trader: HedgeTrader,
        harvester: Harvester,
        beside: tuple[LooksBeside, ...] = (),
    ) -> None:
        """``beside`` looks each session, after the layers, at what the hedge holds beside them."""
        self._desk = desk
        self._reader = reader
        self._trader = trader
        self._harvester = harvester
        self._beside = beside
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
        rolls = {name: self._verdict(name, window, session) for name, window in self.open_rolls(session).items()}
        due = {name: roll for name, roll in rolls.items() if roll.now}
        for name in sorted(rolls.keys() - due.keys()):
            reasons = (self._due_reason(name, rolls[name].window), *rolls[name].reasons)
            decide(self._desk, session, ROLL_JOB, kind=DecisionKind.SKIP, subject=name, reasons=reasons)
        if not due and not self._reader.left_behind():
            return self._done("no layer is due")
        try:
            view = await self._reader.compute(session, frozenset(due))
        except (Refusal, BrokerError) as error:
            return self._skip(session, ROLL_JOB, error)
        results = [await self._roll_layer(session, view, view.layers[name], due[name]) for name in due]
        for name, layer in view.layers.items():
            if name not in due and layer.earlier():
                results.append(await self._sell_left_behind(session, layer))
        return self._done("; ".join(results))

    def due(self, session: date) -> dict[str, date]:
        """Return the layers that may roll with the roll date each has not dealt with yet."""
        return {name: window.scheduled for name, window in self.open_rolls(session).items()}

    def open_rolls(self, session: date) -> dict[str, RollWindow]:
        """Return the layers that may roll with the window of the roll."""
        early, layers = self._desk.policy.hedge.roll_by_vvix, self._reader.layers()
        found = {layer.name: self._open_roll(layer, session, early=early) for layer in layers}
        return {name: window for name, window in found.items() if window is not None}

    def _open_roll(self, layer: LayerPolicy, session: date, *, early: bool) -> RollWindow | None:
        rolled = self._desk.store.meta(_rolled_key(layer.name))
        dealt_with = date.fromisoformat(rolled) if rolled else None
        return open_roll(layer, self.anchor(layer, session), session, dealt_with=dealt_with, early=early)

    def _verdict(self, name: str, window: RollWindow, session: date) -> _Verdict:
        """Say whether a roll is done in this session: it may wait for VVIX (001-22) or for a narrower quote."""
        if self._last_chance(name, window, session):
            text = "The roll can wait no longer, so a quote of any width is bought into, up to the end of the ladder."
            reason = Reason("roll_forced", text, session.isoformat(), window.last.isoformat())
            return _Verdict(window=window, now=True, forced=True, reasons=(reason,))
        if not self._desk.policy.hedge.roll_by_vvix:
            return _Verdict(window=window, now=True, forced=False, reasons=())
        signal = next((each for each in self._desk.store.signals(session) if each.name == VVIX_SIGNAL), None)
        fresh = signal is not None and signal.standing is Standing.FRESH
        unknown = "the signals were not read" if signal is None else signal.text
        now, reason = vvix_verdict(window, session, signal.value if signal and fresh else None, unknown)
        return _Verdict(window=window, now=now, forced=False, reasons=(reason,))

    def _last_chance(self, name: str, window: RollWindow, session: date) -> bool:
        layer = next(layer for layer in self._desk.policy.hedge.layers if layer.name == name)
        current = self._reader.holding(name).current
        return last_chance(layer, window, session, None if current is None else current.expiry)

    def _due_reason(self, name: str, window: RollWindow) -> Reason:
        layer = next(layer for layer in self._desk.policy.hedge.layers if layer.name == name)
        when = window.scheduled
        return Reason("roll_due", f"{name} rolls on {when}", when.isoformat(), layer.roll_days)

    def anchor(self, layer: LayerPolicy, session: date) -> date:
        """Return the first roll date of a layer."""
        return self._reader.anchor(layer, session)

    async def _roll_layer(self, session: date, view: HedgeView, layer: LayerView, roll: _Verdict) -> str:
        """Buy what is new, then sell what is old; a layer that could buy nothing stays due."""
        name, new, window = layer.policy.name, layer.measured.unit, roll.window
        reason = self._due_reason(name, window)
        target = view.target(name)
        if view.computation.wing_notional_usd and layer.holding.quantity and layer.policy.weight:
            target = max(target, 1)
        if target == 0:
            return self._nothing_to_roll(session, name, window.scheduled, reason)
        missing, old = max(0, target - layer.held.get(new, 0)), sum(layer.earlier(new).values())
        exchanged = await self._exchange(layer, missing, reason=reason, forced=roll.forced)
        bought = exchanged + await self._trader.trade(
            layer,
            purpose=Purpose.ROLL_BUY,
            unit=new,
            change=missing - exchanged,
            reason=reason,
            forced=roll.forced,
        )
        done, sold = bought > 0 or not missing, exchanged
        if done:
            self._desk.store.set_meta(_rolled_key(name), window.scheduled.isoformat())
            sold += await self._sell_old(layer, reason, keep=missing - bought, gone=exchanged)
        text = f"{name} bought {bought} of {missing} {new}, sold {sold} of {old}"
        decide(
            self._desk,
            session,
            ROLL_JOB,
            kind=DecisionKind.ROLL if done else DecisionKind.SKIP,
            subject=name,
            reasons=(reason, *roll.reasons, *layer.reasons, *_guards(view)),
            inputs={"result": text},
        )
        self._desk.journal.emit("hedge_rolled", {"layer": name, "contract": str(new), "bought": bought, "sold": sold})
        return text

    async def _exchange(self, layer: LayerView, missing: int, *, reason: Reason, forced: bool) -> int:
        """Roll as one combination where that is set: buy the new unit against the last old one; return how many."""
        new, old = layer.measured.unit, next(reversed(layer.earlier(layer.measured.unit).items()), None)
        if self._desk.policy.hedge.roll_order is not RollOrder.COMBINATION or old is None or missing == 0:
            return 0
        if not set(new.contracts).isdisjoint(old[0].contracts) or new.underlying is not old[0].underlying:
            return 0  # no combination buys and sells one contract, or is of two underlyings
        if new.long.is_future or old[0].long.is_future:
            return 0  # futures trade one by one: their combinations belong to another exchange than those of options
        quantity = min(missing, old[1])
        wish = Wish(purpose=Purpose.ROLL_BUY, buy=new, sell=old[0], quantity=quantity, reason=reason, forced=forced)
        return await self._trader.work(layer, wish)

    def _nothing_to_roll(self, session: date, name: str, due: date, reason: Reason) -> str:
        text = f"{name} has nothing to roll: its target is 0 contracts"
        reasons = (reason, Reason("nothing_to_roll", text))
        decide(self._desk, session, ROLL_JOB, kind=DecisionKind.SKIP, subject=name, reasons=reasons)
        self._desk.store.set_meta(_rolled_key(name), due.isoformat())
        return text

    async def _sell_left_behind(self, session: date, layer: LayerView) -> str:
        """Try again to sell what an earlier roll could not."""
        name, left = layer.policy.name, layer.earlier()
        reason = Reason("left_behind", f"{name} still holds contracts of before its last roll", sum(left.values()), 0)
        sold = await self._sell_old(layer, reason, keep=0, new_bought=False)
        text = f"{name} sold {sold} of {sum(left.values())} left behind"
        if sold:
            inputs = {"result": text}
            decide(
                self._desk, session, ROLL_JOB, kind=DecisionKind.SELL, subject=name, reasons=(reason,), inputs=inputs
            )
        return text

    async def _sell_old(
        self, layer: LayerView, reason: Reason, *, keep: int, gone: int = 0, new_bought: bool = True
    ) -> int:
        """Sell the units a roll leaves behind, but ``keep`` of each for what the purchase fell short of.

        ``gone`` of the last one are sold already.
        """
        earlier = layer.earlier(layer.measured.unit if new_bought else None)
        last, sold = next(reversed(earlier), None), 0
        for unit, quantity in earlier.items():
            left = quantity - (gone if unit == last else 0)
            sold -= await self._trader.trade(
                layer, purpose=Purpose.ROLL_SELL, unit=unit, change=-max(0, left - keep), reason=reason
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
        try:
            view = await self._reader.compute(session)
            if await self._harvester.harvest(session, view):
                view = await self._reader.compute(session)
        except (Refusal, BrokerError) as error:
            return self._skip(session, RESIZE_JOB, error)
        words = [await self._to_targets(session, view)]
        words += [await self._look_beside(each, session, view) for each in self._beside]
        return self._done("; ".join(filter(None, words)))

    async def _look_beside(self, beside: LooksBeside, session: date, view: HedgeView) -> str:
        """Trade what is no layer; what stands against it is a named skip, and changes nothing about the layers."""
        try:
            return await beside.look(session, view)
        except (Refusal, BrokerError) as error:
            decide(
                self._desk, session, beside.name, kind=DecisionKind.SKIP, subject=beside.name, reasons=_reasons(error)
            )
            return ""

    async def _to_targets(self, session: date, view: HedgeView) -> str:
        """Bring every layer to its target if there is a reason to."""
        policy = self._desk.policy.hedge
        current = {name: layer.holding.quantity for name, layer in view.layers.items()}
        target = {name: view.target(name) for name in view.layers}
        needed, reason = resize_needed(
            current,
            target,
            after_roll=self._rolled_today(session),
            regime_changed=view.regime_changed,
            policy=policy,
            money_waits=self._harvester.money_waits(session),
        )
        reasons = (reason, *view.computation.reasons)
        if not needed:
            decide(self._desk, session, RESIZE_JOB, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
            return reason.text
        results = [
            f"{name} {await self._resize_layer(layer, target[name] - current[name], reason):+d}"
            for name, layer in view.layers.items()
            if target[name] != current[name]
        ]
        text = ", ".join(results)
        inputs = {"result": text}
        decide(
            self._desk, session, RESIZE_JOB, kind=DecisionKind.RESIZE, subject="hedge", reasons=reasons, inputs=inputs
        )
        self._desk.journal.emit("hedge_resized", {"why": reason.name, "result": text, "target": target})
        return text

    async def _resize_layer(self, layer: LayerView, change: int, reason: Reason) -> int:
        """Buy the unit the layer is measured by, or sell: first what rolls have left behind, then that unit."""
        unit, done = layer.measured.unit, 0
        wanted = {unit: change} if change > 0 else _sales(layer, -change)
        for each, part in wanted.items():
            done += await self._trader.trade(layer, purpose=Purpose.RESIZE, unit=each, change=part, reason=reason)
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
        reasons = _reasons(error)
        decide(self._desk, session, job, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
        self._desk.journal.emit("hedge_skipped", {"job": job, "why": "; ".join(reason.text for reason in reasons)})
        return JobOutcome(Outcome.SKIPPED, str(error), self._desk.clock.now())


def _reasons(error: Refusal | BrokerError) -> tuple[Reason, ...]:
    return error.reasons if isinstance(error, Refusal) else (Reason("broker_failed", str(error), error.code),)


def _sales(layer: LayerView, quantity: int) -> dict[HedgeUnit, int]:
    """Return how many of which units are sold, the earliest first, as changes."""
    sales: dict[HedgeUnit, int] = {}
    for unit, held in layer.held.items():
        sales[unit] = -min(held, quantity + sum(sales.values()))
    return sales


def _guards(view: HedgeView) -> tuple[Reason, ...]:
    """Return why the targets of a roll are smaller than sizing asked for."""
    return tuple(reason for reason in view.computation.reasons if reason.name in GUARDS)


def _rolled_key(name: str) -> str:
    return f"hedge.rolled.{name}"
