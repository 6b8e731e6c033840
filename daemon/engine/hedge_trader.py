"""Trading the calls of a layer: gates, a fresh quote, a ladder; a decision for everything that is not done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import partial
from typing import Final

from daemon.core.calendar.sessions import shifted
from daemon.core.condor.build import price_combo
from daemon.core.market.contracts import OptionContract
from daemon.core.market.quotes import Quote
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
from daemon.core.orders.ladder import LadderRules, rung_pts100
from daemon.core.records import Decision, DecisionKind
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import CallView, Refusal, check_quotes, market_of
from daemon.engine.hedge_reader import HedgeView, LayerView
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.engine.what_if import ask_margin

WORK_TIME: Final = timedelta(minutes=15)
"""Longest time one hedge order is worked."""
LAST_WORK: Final = time(16, 10)
"""VIX options stop at 16:15 New York time; no hedge order is worked beyond this."""


class HedgeTrader:
    """Buys and sells calls of one layer at a time."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk

    async def trade(
        self,
        view: HedgeView,
        layer: LayerView,
        *,
        purpose: Purpose,
        contract: OptionContract,
        change: int,
        reason: Reason,
    ) -> int:
        """Buy (positive) or sell calls; return the signed quantity that was filled."""
        if change == 0:
            return 0
        try:
            intent, ladder = await self._order(
                view, layer, purpose=purpose, contract=contract, change=change, why=reason
            )
        except Refusal as refusal:
            self._skip(purpose, layer, refusal.reasons)
            return 0
        done = await self._executor.work(intent, ladder)
        if done.state is IntentState.UNKNOWN:
            self._skip(purpose, layer, (Reason("unknown_order", f"{done.ref} has an unknown outcome"),))
        return done.filled if change > 0 else -done.filled

    async def _order(
        self,
        view: HedgeView,
        layer: LayerView,
        *,
        purpose: Purpose,
        contract: OptionContract,
        change: int,
        why: Reason,
    ) -> tuple[Intent, Ladder]:
        """Make the order, or refuse by the name of what is against it."""
        desk, policy, name = self._desk, self._desk.policy.hedge, layer.policy.name
        proposal = Proposal(strategy=Strategy.HEDGE, purpose=purpose, subject=name, index_age_s=view.index_age_s)
        if refusals := self._risk.refusals(proposal):
            raise Refusal(*refusals)
        call = await self._fresh(layer, contract)
        legs = (Leg(contract, 1 if change > 0 else -1),)
        price = price_combo(legs, {contract: call.quote})
        if price is None:
            raise Refusal(Reason("no_hedge_quote", f"{contract} has no two-sided quote"))
        if change > 0:
            self._refuse_wide(contract, call.quote)
        rules = LadderRules(
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            price_steps=call.info.price_steps_pts100,
        )
        limit = rung_pts100(0, price, rules)
        if limit is None:
            raise Refusal(Reason("no_legal_price", f"{contract} has no legal price from mid to natural", price.mid_pts))
        spec = OrderSpec(legs, abs(change), limit, TimeInForce.DAY)
        if change > 0:
            await ask_margin(desk, spec)  # its figures refuse no hedge (decision 9), the broker's refusal does
        now = desk.clock.now()
        intent = Intent(
            self._executor.next_key(Strategy.HEDGE, purpose, name),
            spec,
            now,
            reasons=(why,),
            mid_at_decision_pts=price.mid_pts,
            quoted=price,
        )
        until = min(now + WORK_TIME, shifted(desk.journal.session(), LAST_WORK))
        market = partial(market_of, desk, legs)
        return intent, Ladder(rules=rules, price=market, step_s=policy.ladder_step_s, until=until)

    def _refuse_wide(self, contract: OptionContract, quote: Quote) -> None:
        """Refuse to buy into a quote that is too wide; what is held may be sold into any bid."""
        limit_pct = self._desk.policy.hedge.max_spread_pct
        spread_pct = _spread_pct(quote)
        if spread_pct is None or spread_pct > limit_pct:
            text = f"The quote of {contract} is too wide a share of its mid, in percent."
            raise Refusal(Reason("hedge_spread_too_wide", text, spread_pct, limit_pct))

    async def _fresh(self, layer: LayerView, contract: OptionContract) -> CallView:
        """Return the call with a quote young enough to trade on."""
        known = layer.call
        age_s = (self._desk.clock.now() - known.quote.at).total_seconds()
        if contract == known.info.contract and age_s <= self._desk.policy.limits.quote_max_age_s:
            return known
        infos = await self._desk.broker.contracts([contract])
        quotes = await self._desk.broker.quotes(list(infos.values()), greeks=False)
        if contract not in quotes:
            raise Refusal(Reason("no_hedge_quote", f"no contract or no quote for {contract}"))
        check_quotes(self._desk, quotes)
        return CallView(infos[contract], quotes[contract], known.forward_pts, known.iv, known.delta)

    def _skip(self, purpose: Purpose, layer: LayerView, reasons: tuple[Reason, ...]) -> None:
        session = self._desk.journal.session()
        decide(
            self._desk,
            session,
            purpose.value.lower(),
            kind=DecisionKind.SKIP,
            subject=layer.policy.name,
            reasons=reasons,
        )


def decide(
    desk: Desk,
    session: date,
    job: str,
    *,
    kind: DecisionKind,
    subject: str,
    reasons: tuple[Reason, ...],
    inputs: Mapping[str, float | int | str | None] | None = None,
) -> None:
    """Record a decision of the hedge."""
    decision = Decision(session, job, kind, subject, desk.clock.now(), reasons, dict(inputs or {}))
    desk.store.record_decision(decision)


def _spread_pct(quote: Quote) -> float | None:
    if quote.mid_pts is None or quote.mid_pts <= 0 or quote.bid_pts100 is None or quote.ask_pts100 is None:
        return None
    return (quote.ask_pts100 - quote.bid_pts100) / quote.mid_pts
