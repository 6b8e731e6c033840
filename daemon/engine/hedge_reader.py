"""Reading the hedge: what each layer holds, what it would buy, and the hedge notional per regime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.policy import LayerPolicy
from daemon.core.hedge.regime import RegimeState, decide_regime
from daemon.core.hedge.rolls import choose_call_strike, choose_layer_expiry
from daemon.core.hedge.sizing import delta_usd, target_contracts
from daemon.core.market.contracts import OptionContract, OptionParams, TradingClass, Underlying
from daemon.core.orders.intent import Reason
from daemon.core.records import HedgeComputation, LayerComputation
from daemon.engine.context import Desk
from daemon.engine.gather import CallView, Refusal, VixChain, indexes, vix_median
from daemon.engine.risk_monitor import RiskMonitor

STRIKES_TRIED: Final = 4
"""How many listed strikes above the wanted one are tried when the chain of an expiry has gaps."""
REGIME: Final = "hedge.regime"
"""Named value of the store: the last regime, and the session in which VIX first passed the upper border."""


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

    def earlier(self, new: OptionContract | None = None) -> dict[OptionContract, int]:
        """Return the calls that a roll has left behind, or that a roll into ``new`` leaves behind."""
        stays = new if new is not None else current_call(self.held) if self.held else None
        return {contract: quantity for contract, quantity in self.held.items() if contract != stays}


@dataclass(frozen=True, slots=True)
class HedgeView:
    """The recorded computation with the layers behind it."""

    computation: HedgeComputation
    layers: Mapping[str, LayerView]
    regime: RegimeState
    regime_changed: bool
    index_age_s: float

    def target(self, layer: str) -> int:
        """Return the contracts a layer should hold."""
        return next(row.target for row in self.computation.layers if row.layer == layer)


class HedgeReader:
    """Computes the hedge notional per regime from the market and the book."""

    def __init__(self, desk: Desk, risk: RiskMonitor) -> None:
        self._desk = desk
        self._risk = risk

    def left_behind(self) -> bool:
        """Whether a layer holds more than one call that can still be traded."""
        layers = layer_positions(self._desk.view().book).values()
        return any(len(self._desk.alive(held)) > 1 for held in layers)

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
        store.set_meta(REGIME, f"{state.name} {since}".strip())
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
        text = self._desk.store.meta(REGIME)
        if not text:
            return None
        name, _, since = text.partition(" ")
        return RegimeState(name, date.fromisoformat(since) if since else None)

    async def _layer(self, layer: LayerPolicy, session: date, vix: float, *, new: bool) -> LayerView:
        desk = self._desk
        held = desk.alive(layer_positions(desk.view().book).get(layer.name, {}))
        if held and not new:
            contract = current_call(held)
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


def current_call(held: Mapping[OptionContract, int]) -> OptionContract:
    """Return the call a layer stands in: the latest it bought; earlier ones wait to be sold or to settle."""
    return max(held)


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
