"""Reading the hedge: what each layer holds, what it would buy, and the hedge notional per regime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.adjusted import adjusted_layers, adjusted_pct, band_in_force, gated_pct, tilted_layers
from daemon.core.hedge.budget import GuardRules, LayerCost, within_budget
from daemon.core.hedge.harvest import LayerNow, harvested, not_bought_back, with_routed
from daemon.core.hedge.hedged import Hedged, break_even_contracts, hedged
from daemon.core.hedge.policy import (
    Band,
    Buying,
    FundCallPolicy,
    HedgeBase,
    HedgePolicy,
    HedgeTotal,
    Instrument,
    LayerPolicy,
    LayerStructure,
)
from daemon.core.hedge.regime import RegimeDecision, RegimeState, decide_regime
from daemon.core.hedge.rolls import choose_call_strike, choose_layer_expiry, is_monthly, next_roll
from daemon.core.hedge.sizing import HedgeTarget, size_hedge, unit_usd
from daemon.core.hedge.units import HedgeUnit, LayerHolding, layer_holding
from daemon.core.market.contracts import OptionContract, OptionParams, Underlying
from daemon.core.market.vix_response import vix_share
from daemon.core.orders.intent import Reason
from daemon.core.records import HedgeBudget, HedgeComputation, HedgeSizing, LayerComputation
from daemon.core.risk.greeks import DAYS_PER_YEAR, Levels
from daemon.engine.adjuster import in_force
from daemon.engine.context import Desk
from daemon.engine.futures import new_future, view_future
from daemon.engine.gather import HedgeChain, Indexes, Refusal, UnitView, index_value, indexes, vix_median, years_to
from daemon.engine.hedge_budget import layer_cost, recently_spent, unit_options
from daemon.engine.put_spreads import choose_put_spread
from daemon.engine.routed import routed_before

STRIKES_TRIED: Final = 4
"""How many listed strikes above the wanted one are tried when the chain of an expiry has gaps."""
REGIME: Final = "hedge.regime"
"""Named value of the store: the last regime, and the session in which VIX first passed the upper border."""


@dataclass(frozen=True, slots=True)
class LayerView:
    """One layer now: what it holds that can still be traded, and the unit its size is measured by."""

    policy: LayerPolicy
    holding: LayerHolding
    measured: UnitView
    reasons: tuple[Reason, ...]

    @property
    def name(self) -> str:
        """Return the layer's name."""
        return self.policy.name

    @property
    def held(self) -> Mapping[HedgeUnit, int]:
        """Return the units held."""
        return self.holding.units

    def earlier(self, new: HedgeUnit | None = None) -> dict[HedgeUnit, int]:
        """Return the units that a roll has left behind, or that a roll into ``new`` leaves behind."""
        stays = new or self.holding.current
        return {unit: quantity for unit, quantity in self.held.items() if unit != stays}


@dataclass(frozen=True, slots=True)
class HedgeView:
    """The recorded computation with the layers behind it."""

    computation: HedgeComputation
    layers: Mapping[str, LayerView]
    regime: RegimeState
    regime_changed: bool

    def target(self, layer: str) -> int:
        """Return the contracts a layer should hold."""
        return next(row.target for row in self.computation.layers if row.layer == layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Basis:
    """What a target rests on, as it was read."""

    session: date
    vix: float
    decision: RegimeDecision
    layers: Mapping[str, LayerView]
    units_usd: Mapping[str, float]
    """What one contract of each layer counts for."""
    book: Hedged

    @property
    def held_usd(self) -> float:
        """Return what is held, in dollars of the measure."""
        return sum(view.holding.quantity * self.units_usd[name] for name, view in self.layers.items())

    @property
    def now(self) -> dict[str, LayerNow]:
        """Return the layers as harvests see them."""
        return {
            name: LayerNow(view.measured.unit, view.holding.quantity, self.units_usd[name])
            for name, view in self.layers.items()
        }


class HedgeReader:
    """Computes the hedge notional per regime from the market and the book."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def left_behind(self) -> bool:
        """Whether a layer holds more than one unit that can still be traded."""
        return any(len(self.holding(layer.name).units) > 1 for layer in self._desk.policy.hedge.layers)

    def layers(self) -> tuple[LayerPolicy, ...]:
        """Return the layers that have a share of the hedge, or still hold something; the others are not looked at."""
        layers = self._desk.policy.hedge.layers
        return tuple(layer for layer in layers if layer.weight > 0 or self.holding(layer.name).units)

    def holding(self, layer: str) -> LayerHolding:
        """Return what a layer holds that can still be traded."""
        positions = layer_positions(self._desk.view().book).get(layer, {})
        return layer_holding(self._desk.alive(positions))

    def anchor(self, layer: LayerPolicy, session: date) -> date:
        """Return the first roll date of a layer: its setting, else the first session of operation."""
        if layer.anchor is not None:
            return layer.anchor
        first = self._desk.store.meta("first_session")
        return date.fromisoformat(first) if first else session

    async def compute(self, session: date, rolling: frozenset[str] = frozenset()) -> HedgeView:
        """Compute the hedge notional per regime and record it; only then may a VIX order be placed."""
        view = await self.read(session, rolling)
        self._record(view.computation, view.regime)
        return view

    async def read(self, session: date, rolling: frozenset[str] = frozenset()) -> HedgeView:
        """Compute the hedge notional per regime; refuses by name when the market cannot be read.

        A layer that rolls, or holds nothing of any delta, is measured by what it would buy; the others by what they
        hold.
        """
        desk, policy = self._desk, self._desk.policy.hedge
        seen = await indexes(desk)
        vix = await vix_median(desk)
        previous = self._regime()
        since_high = None
        if previous is not None and previous.high_since is not None:
            since_high = len(sessions_between(previous.high_since, session)) - 1
        decision = decide_regime(vix, previous, session, since_high, policy)
        layers = {
            layer.name: await self._layer(layer, session, seen, new=layer.name in rolling) for layer in self.layers()
        }
        book = await self._hedged(seen)
        units = {name: unit_usd(view.measured.value, policy.measure, book) for name, view in layers.items()}
        _refuse_unmeasured(units, policy)
        asked = self._break_even(seen, layers)
        basis = _Basis(session=session, vix=vix, decision=decision, layers=layers, units_usd=units, book=book)
        costs = {name: await self._cost(basis, name, rolls=name in rolling) for name in layers}
        target, budget = self._target(basis, costs, asked=asked)
        computation = HedgeComputation(
            session,
            desk.clock.now(),
            vix,
            decision.state.name,
            target.pct,
            book.wing_notional_usd,
            target.target_usd,
            basis.held_usd,
            target.total,
            tuple(
                _layer_computation(view, units[name], target.by_layer[name], carry_usd=costs[name].carry_usd)
                for name, view in layers.items()
            ),
            (*decision.reasons, *target.reasons),
            HedgeSizing(
                total=policy.total.value,
                base=policy.base.value,
                base_usd=book.base_usd,
                measure=policy.measure.value,
                break_even_contracts=asked,
                budget=budget,
            ),
        )
        changed = previous is not None and previous.name != decision.state.name
        return HedgeView(computation, layers, decision.state, changed)

    def _target(
        self, basis: _Basis, costs: Mapping[str, LayerCost], *, asked: int | None
    ) -> tuple[HedgeTarget, HedgeBudget]:
        """Size the hedge: what the signals ask of the band, then harvests, then the budget (decision 26)."""
        desk, policy, decision, book = self._desk, self._desk.policy.hedge, basis.decision, basis.book
        band = band_in_force(decision.state.name, decision.pct, policy)
        pct, weighted, adjusted = self._adjusted(basis, band)
        wanted = size_hedge(pct, book, basis.units_usd, break_even=asked, policy=weighted)
        wanted = replace(wanted, reasons=(*adjusted, *wanted.reasons))
        kept = self._after_harvests(wanted, basis.now, top_usd=band.pct_high * book.base_usd / 100)
        rules = GuardRules(vix=basis.vix, hedged=book, floor_pct=band.pct_low, policy=weighted)
        return within_budget(kept, costs, recently_spent(desk, basis.session), rules)

    def _adjusted(self, basis: _Basis, band: Band) -> tuple[float, HedgePolicy, tuple[Reason, ...]]:
        """Apply what the signals have put in force: percentage and weights, with the arithmetic (004-06)."""
        policy, force, base_usd = self._desk.policy.hedge, in_force(self._desk), basis.book.base_usd
        if policy.total is not HedgeTotal.REGIME:
            return basis.decision.pct, policy, ()
        pct, reasons = adjusted_pct(basis.decision.pct, band, force.state)
        if force.buy_gate_shut and base_usd:
            pct, gate = gated_pct(pct, band, 100 * basis.held_usd / base_usd)
            reasons = (*reasons, *gate)
        tilted, tilts = tilted_layers(policy, basis.units_usd, basis.decision.state.name)
        weighted, shifted = adjusted_layers(tilted, basis.units_usd, force.state)
        return pct, weighted, (*reasons, *tilts, *shifted)

    async def _hedged(self, seen: Indexes) -> Hedged:
        """Return the open condors by the base that the percentage is of."""
        base, margin_usd_cents = self._desk.policy.hedge.base, None
        if base is HedgeBase.MARGIN:
            margin_usd_cents = (await self._desk.broker.account_values()).maintenance_margin_usd_cents
        condors = self._desk.view().condors
        return hedged(condors, base, spx_pts=seen.spx, maintenance_margin_usd_cents=margin_usd_cents)

    def _after_harvests(self, target: HedgeTarget, layers: Mapping[str, LayerNow], *, top_usd: float) -> HedgeTarget:
        """Return the target without what harvests sold, and with what the first layer's buys for the second."""
        before, routed = harvested(self._desk.store.entries()), routed_before(self._desk)
        kept = not_bought_back(target, before, layers)
        policy = self._desk.policy.hedge
        second = policy.layers[1].name
        taken = second in layers and before.has(second, layers[second].unit)
        if routed is None or taken or policy.total is not HedgeTotal.REGIME:
            return kept
        return with_routed(kept, routed, layers, second=second, top_usd=top_usd)

    async def _cost(self, basis: _Basis, name: str, *, rolls: bool) -> LayerCost:
        view, session = basis.layers[name], basis.session
        following = next_roll(self.anchor(view.policy, session), view.policy.roll_days, session)
        counts_usd = basis.units_usd[name]
        return await layer_cost(
            self._desk, view, session, vix=basis.vix, next_roll=following, rolls=rolls, counts_usd=counts_usd
        )

    def _break_even(self, seen: Indexes, layers: Mapping[str, LayerView]) -> int | None:
        """Return the contracts that the put-side break-evens ask for (000-13)."""
        options = {name: unit_options(self._desk, view) for name, view in layers.items()}
        levels = Levels(self._desk.clock.now(), seen.spx, seen.vix, {})
        return break_even_contracts(self._desk.view().condors, options, levels, self._desk.policy.hedge)

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

    async def _layer(self, layer: LayerPolicy, session: date, seen: Indexes, *, new: bool) -> LayerView:
        holding = self.holding(layer.name)
        current = holding.current
        if current is not None and not new:
            measured = await self.priced(current, session, seen)
            if measured.value.delta_usd > 0:
                return LayerView(layer, holding, measured, ())
        measured, reasons = await self.offered(layer, session, seen)
        return LayerView(layer, holding, measured, reasons)

    async def priced(self, unit: HedgeUnit, session: date, seen: Indexes) -> UnitView:
        """Quote what is held on the forward of its expiry."""
        if unit.long.is_future:
            return await view_future(self._desk, unit.long)
        strikes = await self._strikes(unit.long, session)
        chain = HedgeChain(self._desk, unit.long.trading_class, unit.expiry, strikes)
        return self._measured(await chain.view(unit, await chain.forward(await self._spot_pts(chain, seen))), seen)

    async def offered(self, wanted: Buying, session: date, seen: Indexes) -> tuple[UnitView, tuple[Reason, ...]]:
        """Return what would be bought by the rules of a layer or of something beside the layers."""
        if isinstance(wanted, LayerPolicy) and wanted.instrument is Instrument.VIX_FUTURE:
            return await new_future(self._desk, wanted, session)
        chain, reasons = await self._new_chain(wanted, session)
        forward = await chain.forward(await self._spot_pts(chain, seen))
        return self._measured(await self._new_unit(chain, forward, wanted), seen), reasons

    def _measured(self, view: UnitView, seen: Indexes) -> UnitView:
        """Return a unit with what its delta stands for on VIX."""
        days = years_to(self._desk.clock.now(), view.unit.long) * DAYS_PER_YEAR
        return replace(view, vix_share=vix_share(view.unit.long.underlying, seen.vix, days))

    async def _spot_pts(self, chain: HedgeChain, seen: Indexes) -> float:
        """Return the index, or the share of the fund, near which the forward of a chain is looked for."""
        underlying = chain.trading_class.underlying
        if underlying.is_fund:
            return (await index_value(self._desk, underlying)).value_pts
        return seen.vix if underlying is Underlying.VIX else seen.spx

    async def _strikes(self, contract: OptionContract, session: date) -> tuple[int, ...]:
        for row in await self._desk.option_params(contract.underlying, session):
            if row.trading_class is contract.trading_class:
                return row.strikes_pts100
        raise Refusal(Reason("no_chain", f"the broker lists no {contract.trading_class} options"))

    async def _new_chain(self, layer: Buying, session: date) -> tuple[HedgeChain, tuple[Reason, ...]]:
        by_expiry: dict[date, OptionParams] = {}
        for row in await self._desk.option_params(layer.classes[0].underlying, session):
            for expiry in row.expiries if row.trading_class in layer.classes else ():
                by_expiry.setdefault(expiry, row)
        listed = [(expiry, is_monthly(row.trading_class, expiry)) for expiry, row in sorted(by_expiry.items())]
        chosen, reasons = choose_layer_expiry(listed, session, layer)
        if chosen is None:
            raise Refusal(*reasons)
        row = by_expiry[chosen]
        return HedgeChain(self._desk, row.trading_class, chosen, row.strikes_pts100), reasons

    async def _new_unit(self, chain: HedgeChain, forward_pts: float, layer: Buying) -> UnitView:
        """Return what the layer would buy: puts by delta, or the calls listed first at its distances from the forward.

        A call that is held the other way round is passed over: the exchange would net both, and neither subject could
        be valued or closed by itself any more.
        """
        if isinstance(layer, LayerPolicy) and layer.instrument is Instrument.SPX_PUT_SPREAD:
            return await choose_put_spread(self._desk, chain, forward_pts, layer)
        long = await self._listed_call(chain, forward_pts, layer.otm_pct, direction=1)
        if isinstance(layer, FundCallPolicy) or layer.structure is LayerStructure.CALL:
            return await chain.view(HedgeUnit(long), forward_pts)
        short = await self._listed_call(
            chain, forward_pts, layer.short_otm_pct, direction=-1, above_pts100=long.strike_pts100
        )
        return await chain.view(HedgeUnit(long, short), forward_pts)

    async def _listed_call(
        self, chain: HedgeChain, forward_pts: float, otm_pct: float, *, direction: int, above_pts100: int = 0
    ) -> OptionContract:
        held = self._desk.view().positions
        strikes = tuple(strike for strike in chain.strikes_pts100 if strike > above_pts100)
        for _ in range(STRIKES_TRIED):
            strike = choose_call_strike(forward_pts, strikes, otm_pct)
            if strike is None:
                break
            contract = chain.call(strike)
            opposed = held.get(contract, 0) * direction < 0
            if not opposed and contract in await self._desk.broker.contracts([contract]):
                return contract
            strikes = tuple(listed for listed in strikes if listed != strike)
        text = f"no call of {chain.expiry} is listed {otm_pct:g} % above the forward {forward_pts:.2f}"
        raise Refusal(Reason("no_strike_listed", text, forward_pts, otm_pct))


def _layer_computation(view: LayerView, one_usd: float, target: int, *, carry_usd: float) -> LayerComputation:
    measured = view.measured
    value = measured.value
    return LayerComputation(
        layer=view.policy.name,
        contract=measured.unit.long,
        forward_pts=value.forward_pts,
        delta=value.delta,
        delta_usd=value.delta_usd,
        held=view.holding.quantity,
        target=target,
        unit_usd=one_usd,
        short=measured.unit.short,
        carry_usd=carry_usd,
    )


def _refuse_unmeasured(units_usd: Mapping[str, float], policy: HedgePolicy) -> None:
    """Refuse to size by a unit that counts for nothing: its price or delta is then no measure of it."""
    for layer in policy.layers:
        if layer.weight > 0 and not units_usd[layer.name] > 0:
            text = f"One contract of {layer.name} counts for nothing in {policy.measure.value}, so it cannot be sized."
            raise Refusal(Reason("layer_unmeasured", text, units_usd[layer.name], 0))
