"""The hedge desk: compute the hedge notional per regime, record it, and only then roll or resize VIX calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import sessions_between, shifted
from daemon.core.condor.build import price_combo
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.regime import RegimeState, decide_regime
from daemon.core.hedge.rolls import choose_call_strike, choose_layer_expiry, last_roll
from daemon.core.hedge.sizing import delta_usd, resize_needed, target_contracts
from daemon.core.market.contracts import OptionContract, OptionParams, TradingClass, Underlying
from daemon.core.orders.intent import (
    Intent,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.ladder import entry_ladder
from daemon.core.records import (
    Decision,
    DecisionKind,
    HedgeComputation,
    JobOutcome,
    LayerComputation,
    Outcome,
)
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import CallView, Refusal, VixChain, indexes, vix_median
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.errors import BrokerError

ROLL_JOB: Final = "hedge_roll"
RESIZE_JOB: Final = "hedge_resize"
STRIKES_TRIED: Final = 4
"""How many listed strikes above the wanted one are tried when the chain of an expiry has gaps."""
WORK_TIME: Final = timedelta(minutes=15)
"""Longest time one hedge order is worked."""
LAST_WORK: Final = time(16, 10)
"""VIX options stop at 16:15 New York time; no hedge order is worked beyond this."""


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer now: what it holds and the call its delta-dollars are of."""

    policy: LayerPolicy
    held: Mapping[OptionContract, int]
    call: CallView
    reasons: tuple[Reason, ...]

    @property
    def held_quantity(self) -> int:
        """Return the calls held that can still be traded."""
        return sum(self.held.values())


@dataclass(frozen=True, slots=True)
class HedgeView:
    """The recorded computation with the layers behind it."""

    computation: HedgeComputation
    layers: Mapping[str, LayerView]
    regime: RegimeState
    regime_changed: bool
    index_age_s: float


class HedgeDesk:
    """Holds three layers of VIX calls at the regime's share of the wing notional."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk

    # -- computation -------------------------------------------------------------------------------

    async def compute(self, session: date, rolling: frozenset[str] = frozenset()) -> HedgeView:
        """Compute the hedge notional per regime and record it; only then may a VIX order be placed."""
        view = await self.read(session, rolling)
        self._record(view.computation, view.regime)
        return view

    async def read(self, session: date, rolling: frozenset[str] = frozenset()) -> HedgeView:
        """Compute the hedge notional per regime; refuses by name when the market cannot be read.

        A layer that rolls, or holds nothing of any delta, is measured by the call it would buy; the others by the
        call they hold.
        """
        desk, policy = self._desk, self._desk.policy.hedge
        seen = await indexes(desk)
        vix = await vix_median(desk)
        previous = self._regime()
        since_high = None
        if previous is not None and previous.high_since is not None:
            since_high = len(sessions_between(previous.high_since, session)) - 1
        decision = decide_regime(vix, previous, session, since_high, policy)
        wing_usd = self._risk.wing_notional_usd()
        layers = {
            layer.name: await self._layer(layer, session, seen.vix, new=layer.name in rolling)
            for layer in policy.layers
        }
        deltas = {name: delta_usd(view.call.forward_pts, view.call.delta) for name, view in layers.items()}
        target = target_contracts(decision.pct, wing_usd, deltas, policy)
        computation = HedgeComputation(
            session,
            desk.clock.now(),
            vix,
            decision.state.name,
            decision.pct,
            wing_usd,
            target.target_usd,
            sum(view.held_quantity * deltas[name] for name, view in layers.items()),
            target.total,
            tuple(_layer_computation(view, deltas[name], target.by_layer[name]) for name, view in layers.items()),
            (*decision.reasons, *target.reasons),
        )
        changed = previous is not None and previous.name != decision.state.name
        return HedgeView(computation, layers, decision.state, changed, seen.age_s)

    def _record(self, computation: HedgeComputation, state: RegimeState) -> None:
        store = self._desk.store
        store.record_hedge_computation(computation)
        since = state.high_since.isoformat() if state.high_since else ""
        store.set_meta("hedge.regime", f"{state.name} {since}".strip())
        self._desk.journal.emit(
            "hedge_computed",
            {
                "vix": computation.vix,
                "regime": computation.regime,
                "pct": round(computation.pct, 4),
                "wing_notional_usd": computation.wing_notional_usd,
                "target_usd": round(computation.target_usd, 2),
                "held_usd": round(computation.held_usd, 2),
                "targets": {layer.layer: layer.target for layer in computation.layers},
            },
        )

    def _regime(self) -> RegimeState | None:
        text = self._desk.store.meta("hedge.regime")
        if not text:
            return None
        name, _, since = text.partition(" ")
        return RegimeState(name, date.fromisoformat(since) if since else None)

    async def _layer(self, layer: LayerPolicy, session: date, vix: float, *, new: bool) -> LayerView:
        desk = self._desk
        held = desk.alive(layer_positions(desk.view().book).get(layer.name, {}))
        if held and not new:
            contract = max(held, key=lambda option: (held[option], option))
            chain = VixChain(desk, contract.trading_class, contract.expiry, await self._strikes(contract, session))
            forward = await chain.forward(vix)
            view = await chain.view(contract, forward)
            if view.delta > 0:
                return LayerView(layer, held, view, ())
        chain, reasons = await self._new_chain(layer, session)
        forward = await chain.forward(vix)
        return LayerView(layer, held, await self._new_call(chain, forward, layer), reasons)

    async def _strikes(self, contract: OptionContract, session: date) -> tuple[int, ...]:
        for row in await self._desk.option_params(Underlying.VIX, session):
            if row.trading_class is contract.trading_class:
                return row.strikes_pts100
        raise Refusal(Reason("no_chain", f"the broker lists no {contract.trading_class} options"))

    async def _new_chain(self, layer: LayerPolicy, session: date) -> tuple[VixChain, tuple[Reason, ...]]:
        rows = await self._desk.option_params(Underlying.VIX, session)
        by_expiry: dict[date, OptionParams] = {}
        for row in rows:
            for expiry in row.expiries:
                by_expiry.setdefault(expiry, row)
        listed = [(expiry, row.trading_class is TradingClass.VIX) for expiry, row in sorted(by_expiry.items())]
        chosen, reasons = choose_layer_expiry(listed, session, layer)
        if chosen is None:
            raise Refusal(*reasons)
        row = by_expiry[chosen]
        return VixChain(self._desk, row.trading_class, chosen, row.strikes_pts100), reasons

    async def _new_call(self, chain: VixChain, forward_pts: float, layer: LayerPolicy) -> CallView:
        strikes: tuple[int, ...] = chain.strikes_pts100
        for _ in range(STRIKES_TRIED):
            strike = choose_call_strike(forward_pts, strikes, layer.otm_pct)
            if strike is None:
                break
            contract = chain.call(strike)
            if contract in await self._desk.broker.contracts([contract]):
                return await chain.view(contract, forward_pts)
            strikes = tuple(listed for listed in strikes if listed != strike)
        text = f"no call of {chain.expiry} is listed {layer.otm_pct:g} % above the forward {forward_pts:.2f}"
        raise Refusal(Reason("no_strike_listed", text, forward_pts, layer.otm_pct))

    # -- rolls -------------------------------------------------------------------------------------

    async def roll(self, session: date) -> JobOutcome:
        """Roll every layer whose calendar says so, buying before selling (decision 24)."""
        policy = self._desk.policy.hedge
        if not policy.enabled or not policy.rolls_enabled:
            return self._skip(session, ROLL_JOB, Refusal(Reason("rolls_disabled", "hedge rolls are switched off")))
        due = self.due(session)
        if not due:
            return JobOutcome(Outcome.DONE, "no layer is due", self._desk.clock.now())
        try:
            view = await self.compute(session, frozenset(due))
        except (Refusal, BrokerError) as error:
            return self._skip(session, ROLL_JOB, error)
        results = [await self._roll_layer(session, view, view.layers[name], due[name]) for name in due]
        return JobOutcome(Outcome.DONE, "; ".join(results), self._desk.clock.now())

    def due(self, session: date) -> dict[str, date]:
        """Return the layers to roll with the roll date each has not dealt with yet."""
        layers = self._desk.policy.hedge.layers
        return {layer.name: when for layer in layers if (when := self._due(layer, session)) is not None}

    def _due(self, layer: LayerPolicy, session: date) -> date | None:
        """Return the latest roll date not yet dealt with, or None."""
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
        desk, name = self._desk, layer.policy.name
        new = layer.call.info.contract
        target = self._target(view, name)
        if view.computation.wing_notional_usd and layer.held_quantity:
            target = max(target, 1)
        old = {contract: quantity for contract, quantity in layer.held.items() if contract != new}
        reason = Reason("roll_due", f"{name} rolls on {due}", due.isoformat(), layer.policy.roll_days)
        if target == 0:
            text = f"{name} has nothing to roll: its target is 0 contracts"
            self._decide(
                session,
                ROLL_JOB,
                kind=DecisionKind.SKIP,
                subject=name,
                reasons=(reason, Reason("nothing_to_roll", text)),
            )
            desk.store.set_meta(_rolled_key(name), due.isoformat())
            return text
        missing = target - layer.held.get(new, 0)
        bought = (
            await self._trade(view, layer, purpose=Purpose.ROLL_BUY, contract=new, change=missing, reasons=(reason,))
            if missing > 0
            else 0
        )
        sold = 0
        if bought or missing <= 0:
            for contract, quantity in old.items():
                keep = max(0, missing - bought)
                sold += await self._sell(view, layer, contract, quantity - min(keep, quantity), (reason,))
        complete = bought == max(0, missing) and sold == sum(old.values())
        if complete:
            desk.store.set_meta(_rolled_key(name), due.isoformat())
        text = f"{name} bought {bought} of {max(0, missing)} {new}, sold {sold} of {sum(old.values())}"
        self._decide(
            session,
            ROLL_JOB,
            kind=DecisionKind.ROLL,
            subject=name,
            reasons=(reason, *layer.reasons),
            inputs={"result": text},
        )
        desk.journal.emit("hedge_rolled", {"layer": name, "contract": str(new), "bought": bought, "sold": sold})
        return text

    async def _sell(
        self, view: HedgeView, layer: LayerView, contract: OptionContract, quantity: int, reasons: tuple[Reason, ...]
    ) -> int:
        """Sell calls of the old contract; return how many were sold."""
        return (
            -await self._trade(
                view, layer, purpose=Purpose.ROLL_SELL, contract=contract, change=-quantity, reasons=reasons
            )
            if quantity
            else 0
        )

    # -- resize ------------------------------------------------------------------------------------

    async def resize(self, session: date) -> JobOutcome:
        """Bring every layer to its target when there is a reason to, at most once a session (decision 23)."""
        policy = self._desk.policy.hedge
        if not policy.enabled:
            return self._skip(session, RESIZE_JOB, Refusal(Reason("hedge_disabled", "CONDORD_HEDGE_ENABLED is off")))
        try:
            view = await self.compute(session)
        except (Refusal, BrokerError) as error:
            return self._skip(session, RESIZE_JOB, error)
        current = {name: layer.held_quantity for name, layer in view.layers.items()}
        target = {layer.layer: layer.target for layer in view.computation.layers}
        needed, reason = resize_needed(
            current,
            target,
            after_roll=self._rolled_today(session),
            regime_changed=view.regime_changed,
            policy=policy,
        )
        if not needed:
            self._decide(
                session,
                RESIZE_JOB,
                kind=DecisionKind.SKIP,
                subject="hedge",
                reasons=(reason, *view.computation.reasons),
            )
            return JobOutcome(Outcome.DONE, reason.text, self._desk.clock.now())
        results = [
            f"{name} {await self._resize_layer(view, layer, target[name] - current[name], reason):+d}"
            for name, layer in view.layers.items()
            if target[name] != current[name]
        ]
        text = ", ".join(results)
        self._decide(
            session, RESIZE_JOB, kind=DecisionKind.RESIZE, subject="hedge", reasons=(reason,), inputs={"result": text}
        )
        self._desk.journal.emit("hedge_resized", {"why": reason.name, "result": text, "target": target})
        return JobOutcome(Outcome.DONE, text, self._desk.clock.now())

    async def _resize_layer(self, view: HedgeView, layer: LayerView, change: int, reason: Reason) -> int:
        return await self._trade(
            view, layer, purpose=Purpose.RESIZE, contract=layer.call.info.contract, change=change, reasons=(reason,)
        )

    def _rolled_today(self, session: date) -> bool:
        return any(
            decision.kind is DecisionKind.ROLL
            for decision in self._desk.store.decisions(session)
            if decision.job == ROLL_JOB
        )

    # -- orders ------------------------------------------------------------------------------------

    async def _trade(
        self,
        view: HedgeView,
        layer: LayerView,
        *,
        purpose: Purpose,
        contract: OptionContract,
        change: int,
        reasons: tuple[Reason, ...],
    ) -> int:
        """Buy (positive) or sell calls of one layer; return the signed quantity that was filled."""
        desk, policy = self._desk, self._desk.policy.hedge
        session, name = desk.journal.session(), layer.policy.name
        proposal = Proposal(strategy=Strategy.HEDGE, purpose=purpose, subject=name, index_age_s=view.index_age_s)
        refusals = self._risk.refusals(proposal)
        if refusals:
            self._decide(session, purpose.value.lower(), kind=DecisionKind.SKIP, subject=name, reasons=refusals)
            return 0
        try:
            call = await self._fresh(layer, contract)
        except Refusal as refusal:
            self._decide(session, purpose.value.lower(), kind=DecisionKind.SKIP, subject=name, reasons=refusal.reasons)
            return 0
        legs = (Leg(contract, 1 if change > 0 else -1),)
        price = price_combo(legs, {contract: call.quote})
        spread_pct = _spread_pct(call)
        if price is None or spread_pct is None or spread_pct > policy.max_spread_pct:
            reason = Reason(
                "hedge_spread_too_wide", f"{contract} is too wide or one-sided", spread_pct, policy.max_spread_pct
            )
            self._decide(session, purpose.value.lower(), kind=DecisionKind.SKIP, subject=name, reasons=(reason,))
            return 0
        rungs = entry_ladder(
            price.mid_pts,
            price.natural_pts100,
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            floor_pts100=None,
            price_steps=call.info.price_steps_pts100,
        )
        if not rungs:
            reason = Reason("no_legal_price", f"{contract} has no legal price between mid and natural", price.mid_pts)
            self._decide(session, purpose.value.lower(), kind=DecisionKind.SKIP, subject=name, reasons=(reason,))
            return 0
        key = self._executor.next_key(Strategy.HEDGE, purpose, name)
        intent = Intent(
            key,
            OrderSpec(legs, abs(change), rungs[0], TimeInForce.DAY),
            desk.clock.now(),
            reasons=reasons,
            mid_at_decision_pts=price.mid_pts,
        )
        until = min(desk.clock.now() + WORK_TIME, shifted(session, LAST_WORK))
        done = await self._executor.work(intent, Ladder(rungs=rungs, step_s=policy.ladder_step_s, until=until))
        if done.state is IntentState.UNKNOWN:
            text = f"{done.ref} has an unknown outcome"
            self._decide(
                session,
                purpose.value.lower(),
                kind=DecisionKind.SKIP,
                subject=name,
                reasons=(Reason("unknown_order", text),),
            )
        return done.filled if change > 0 else -done.filled

    async def _fresh(self, layer: LayerView, contract: OptionContract) -> CallView:
        if contract == layer.call.info.contract:
            return layer.call
        infos = await self._desk.broker.contracts([contract])
        quotes = await self._desk.broker.quotes(list(infos.values()), greeks=False)
        if contract not in quotes:
            raise Refusal(Reason("no_hedge_quote", f"no contract or no quote for {contract}"))
        return CallView(infos[contract], quotes[contract], layer.call.forward_pts, layer.call.iv, layer.call.delta)

    def _target(self, view: HedgeView, name: str) -> int:
        return next(layer.target for layer in view.computation.layers if layer.layer == name)

    def _decide(
        self,
        session: date,
        job: str,
        *,
        kind: DecisionKind,
        subject: str,
        reasons: tuple[Reason, ...],
        inputs: Mapping[str, float | int | str | None] | None = None,
    ) -> None:
        now = self._desk.clock.now()
        self._desk.store.record_decision(Decision(session, job, kind, subject, now, reasons, dict(inputs or {})))

    def _skip(self, session: date, job: str, error: Refusal | BrokerError) -> JobOutcome:
        reasons = error.reasons if isinstance(error, Refusal) else (Reason("broker_failed", str(error), error.code),)
        self._decide(session, job, kind=DecisionKind.SKIP, subject="hedge", reasons=reasons)
        self._desk.journal.emit("hedge_skipped", {"job": job, "why": "; ".join(reason.text for reason in reasons)})
        return JobOutcome(Outcome.SKIPPED, str(error), self._desk.clock.now())


def _rolled_key(name: str) -> str:
    return f"hedge.rolled.{name}"


def _layer_computation(view: LayerView, delta_dollars: float, target: int) -> LayerComputation:
    call = view.call
    return LayerComputation(
        view.policy.name,
        call.info.contract,
        call.forward_pts,
        call.delta,
        delta_dollars,
        view.held_quantity,
        target,
    )


def _spread_pct(call: CallView) -> float | None:
    quote = call.quote
    if quote.mid_pts is None or quote.mid_pts <= 0 or quote.bid_pts100 is None or quote.ask_pts100 is None:
        return None
    return (quote.ask_pts100 - quote.bid_pts100) / quote.mid_pts
