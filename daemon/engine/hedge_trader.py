"""Trading the units of a layer: gates, a fresh quote, a ladder; a decision for everything that is not done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

from daemon.core.calendar.sessions import NEW_YORK, shifted
from daemon.core.condor.legs import closing
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.market.contracts import OptionContract, Underlying
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
from daemon.core.orders.ladder import LadderRules, PriceSteps, rung_pts100
from daemon.core.records import Decision, DecisionKind
from daemon.engine.context import Desk
from daemon.engine.executor import Executor, Ladder
from daemon.engine.gather import Refusal, UnitView, fresh_account_values, indexes, leg_quotes, market_of, priced
from daemon.engine.risk_monitor import Proposal, RiskMonitor
from daemon.engine.what_if import ask_margin

WORK_TIME: Final = timedelta(minutes=15)
"""Longest time one hedge order is worked."""
LAST_WORK: Final = time(16, 10)
"""VIX options stop at 16:15 New York time; no hedge order is worked beyond this."""
SPENT_SHARE: Final = 0.5
"""A spread whose mid is over this share of its width is not bought: its delta, and with it the use of more, is gone."""
SPREAD_STEPS: Final = MappingProxyType({Underlying.VIX: ((0, 1),), Underlying.SPX: ((0, 5),)})
"""Net prices of spreads: a cent everywhere in VIX options, five cents in SPX (Cboe Rule 5.33)."""


HELD_AGAINST_ACCOUNT: Final = frozenset({Purpose.HARVEST, Purpose.DRIFT, Purpose.SLEEVE, Purpose.ETF})
"""Purposes whose gates look at the values of the account (decision 9)."""


class Traded(Protocol):
    """A layer, or what stands beside the layers, as an order of the hedge sees it."""

    @property
    def name(self) -> str:
        """Return the subject of its orders."""

    @property
    def holding(self) -> LayerHolding:
        """Return what it holds that can still be traded."""

    @property
    def measured(self) -> UnitView:
        """Return the unit that was quoted last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one order of the hedge is to do: buy a unit, sell one, or both as one combination."""

    purpose: Purpose
    buy: HedgeUnit | None
    sell: HedgeUnit | None
    quantity: int
    reason: Reason
    notes: tuple[Reason, ...] = ()
    """What the order keeps beside its reason."""
    forced: bool = False
    """Whether a purchase is made into a quote of any width."""
    most_pts100: int | None = None
    """The most that a unit may cost, wherever the market goes while the order is worked; None where nothing bounds it."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Return the legs, those that are bought first."""
        return (*(() if self.buy is None else self.buy.legs), *(() if self.sell is None else closing(self.sell.legs)))

    def __str__(self) -> str:
        return " against ".join(str(unit) for unit in (self.buy, self.sell) if unit is not None)


class HedgeTrader:
    """Buys and sells units of one layer, or of what stands beside the layers, at a time."""

    def __init__(self, desk: Desk, executor: Executor, risk: RiskMonitor) -> None:
        self._desk = desk
        self._executor = executor
        self._risk = risk

    async def trade(
        self,
        layer: Traded,
        *,
        purpose: Purpose,
        unit: HedgeUnit,
        change: int,
        reason: Reason,
        forced: bool = False,
    ) -> int:
        """Buy (positive) or sell units; return the signed quantity that was filled.

        A purchase that is ``forced`` looks at no width of the quotes.
        """
        if change == 0:
            return 0
        buy, sell = (unit, None) if change > 0 else (None, unit)
        wish = Wish(purpose=purpose, buy=buy, sell=sell, quantity=abs(change), reason=reason, forced=forced)
        return await self.work(layer, wish) * (1 if change > 0 else -1)

    async def work(self, layer: Traded, wish: Wish) -> int:
        """Work one order to its end; return how many units were filled."""
        try:
            intent, ladder = await self._order(layer, wish)
        except Refusal as refusal:
            what_for = (wish.reason,) if wish.purpose in HELD_AGAINST_ACCOUNT else ()
            self._skip(wish.purpose, layer, (*refusal.reasons, *what_for))
            return 0
        done = await self._executor.work(intent, ladder)
        if done.state is IntentState.UNKNOWN:
            self._skip(wish.purpose, layer, (Reason("unknown_order", f"{done.ref} has an unknown outcome"),))
        elif not done.filled and wish.purpose in HELD_AGAINST_ACCOUNT:  # what layers lack shows in their resize
            text = f"Nothing of {done.ref} was filled before its end; its last limit, in points."
            most_pts = None if wish.most_pts100 is None else wish.most_pts100 / 100
            unfilled = Reason("order_not_filled", text, done.spec.net_limit_pts100 / 100, most_pts)
            self._skip(wish.purpose, layer, (unfilled, wish.reason))
        return done.filled

    async def _order(self, layer: Traded, wish: Wish) -> tuple[Intent, Ladder]:
        """Make the order, or refuse by the name of what is against it."""
        desk, policy, name = self._desk, self._desk.policy.hedge, layer.name
        end = shifted(desk.journal.session(), LAST_WORK)
        if desk.clock.now() >= end:
            now_text, end_text = (f"{at.astimezone(NEW_YORK):%H:%M}" for at in (desk.clock.now(), end))
            text = f"No order of the hedge is worked from {end_text} New York time on."
            raise Refusal(Reason("hedge_too_late", text, now_text, end_text))
        proposal = await self._proposal(name, wish.purpose)
        self._refuse_gated(proposal)
        if layer.holding.uncovered:
            raise Refusal(_uncovered(name, layer.holding))
        quotes = await self._fresh(layer, wish)
        price = priced(quotes, wish.legs)
        if wish.buy is not None:
            self._refuse_illiquid(wish.buy, quotes, forced=wish.forced)
            await self._refuse_unheld(wish.buy)
        rules = LadderRules(
            step_pts100=policy.ladder_step_pts100,
            through_pts100=policy.ladder_through_pts100,
            floor_pts100=wish.most_pts100,
            price_steps=await self._price_steps(wish),
        )
        limit = rung_pts100(0, price, rules)
        if limit is None:
            most_pts = None if wish.most_pts100 is None else wish.most_pts100 / 100
            text = f"{wish} has no legal price from mid to natural{'' if most_pts is None else ' that it may cost'}"
            raise Refusal(Reason("no_legal_price", text, price.mid_pts, most_pts))
        spec = OrderSpec(wish.legs, wish.quantity, limit, TimeInForce.DAY)
        if wish.buy is not None:
            # Its figures refuse no roll and no resize (decision 9), the broker's refusal does.
            margin = await ask_margin(desk, spec)
            if proposal.account is not None:
                self._refuse_gated(replace(proposal, margin_after_usd_cents=margin.initial_after_usd_cents))
        now = desk.clock.now()
        intent = Intent(
            self._executor.next_key(Strategy.HEDGE, wish.purpose, name),
            spec,
            now,
            reasons=(wish.reason, *wish.notes),
            mid_at_decision_pts=price.mid_pts,
            quoted=price,
        )
        until = min(now + WORK_TIME, end)
        market = partial(market_of, desk, wish.legs)
        return intent, Ladder(rules=rules, price=market, step_s=policy.ladder_step_s, until=until)

    def _refuse_gated(self, proposal: Proposal) -> None:
        if refusals := self._risk.refusals(proposal):
            raise Refusal(*refusals)

    async def _proposal(self, subject: str, purpose: Purpose) -> Proposal:
        """Return what the gates look at; rolls and resizes are not held against the account (decision 9).

        The indexes are read anew: orders before this one may have been worked for long.
        """
        age_s = (await indexes(self._desk)).age_s
        proposal = Proposal(strategy=Strategy.HEDGE, purpose=purpose, subject=subject, index_age_s=age_s)
        if purpose not in HELD_AGAINST_ACCOUNT:
            return proposal
        account = await fresh_account_values(self._desk)
        # A sale leaves the margin at most where it is; what a purchase needs is asked of the broker later.
        return replace(proposal, account=account, margin_after_usd_cents=account.initial_margin_usd_cents)

    def _refuse_illiquid(self, unit: HedgeUnit, known: Mapping[OptionContract, Quote], *, forced: bool) -> None:
        """Refuse to buy into a quote that is too wide or too low; what is held may be sold into any bid."""
        policy, quotes = self._desk.policy.hedge, {contract: known[contract] for contract in unit.contracts}
        low = [contract for contract, quote in quotes.items() if (quote.bid_pts100 or 0) < policy.min_bid_pts100]
        if low:
            text = f"The bid of {low[0]} is too low to be bought, in points."
            bid_pts = (quotes[low[0]].bid_pts100 or 0) / 100
            raise Refusal(Reason("hedge_bid_too_low", text, bid_pts, policy.min_bid_pts100 / 100))
        mid_pts = priced(quotes, unit.legs).mid_pts
        if unit.width_pts is not None and mid_pts > SPENT_SHARE * unit.width_pts:
            text = f"{unit} has gained most of what it can, so no more of it is bought; its mid, in points."
            raise Refusal(Reason("hedge_spread_spent", text, mid_pts, SPENT_SHARE * unit.width_pts))
        spread_pct = _spread_pct(quotes.values())
        if not forced and (spread_pct is None or spread_pct > policy.max_spread_pct):
            text = f"The quote of {unit} is too wide a share of the mid, in percent."
            raise Refusal(Reason("hedge_spread_too_wide", text, spread_pct, policy.max_spread_pct))

    async def _refuse_unheld(self, unit: HedgeUnit) -> None:
        """Refuse what too few hold, where that is asked for; what is not told is not taken for enough."""
        least = self._desk.policy.hedge.min_open_interest
        if not least or unit.long.is_future:
            return  # the exchange counts it for futures too, but by another tick; they are never thin
        infos = await self._desk.broker.contracts(unit.contracts)
        held = await self._desk.broker.open_interest([infos[contract] for contract in unit.contracts])
        for contract in unit.contracts:
            number = held.get(contract)
            if number is None:
                text = f"The open interest of {contract} is not told, so it is not known whether it can be sold again."
                raise Refusal(Reason("hedge_open_interest_unknown", text, None, least))
            if number < least:
                text = f"The open interest of {contract} is too low to be bought, in contracts."
                raise Refusal(Reason("hedge_open_interest_too_low", text, number, least))

    async def _fresh(self, layer: Traded, wish: Wish) -> Mapping[OptionContract, Quote]:
        """Return the quotes of an order, young enough to trade on."""
        known, now = layer.measured.quotes, self._desk.clock.now()
        oldest_s = max((now - quote.at).total_seconds() for quote in known.values())
        contracts = [leg.contract for leg in wish.legs]
        if set(contracts) == known.keys() and oldest_s <= self._desk.policy.limits.quote_max_age_s:
            return known
        return await leg_quotes(self._desk, contracts)

    async def _price_steps(self, wish: Wish) -> PriceSteps | None:
        """Return the legal prices: of the one option, or of a spread; a combination that rolls may cost or pay."""
        if wish.buy is not None and wish.sell is not None:
            return None
        if len(wish.legs) > 1:
            return SPREAD_STEPS[wish.legs[0].contract.underlying]
        contract = wish.legs[0].contract
        return (await self._desk.broker.contracts([contract]))[contract].price_steps_pts100

    def _skip(self, purpose: Purpose, layer: Traded, reasons: tuple[Reason, ...]) -> None:
        session = self._desk.journal.session()
        decide(
            self._desk,
            session,
            purpose.value.lower(),
            kind=DecisionKind.SKIP,
            subject=layer.name,
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


def _uncovered(layer: str, holding: LayerHolding) -> Reason:
    shorts = ", ".join(f"{quantity:+d} {contract}" for contract, quantity in holding.uncovered.items())
    text = f"{layer} is short what nothing covers ({shorts}); a person must look before it trades again."
    return Reason("layer_uncovered", text, -sum(holding.uncovered.values()), 0)


def _spread_pct(quotes: Iterable[Quote]) -> float | None:
    """Return ask less bid over the mid of all options together, in percent; None without a mid."""
    both = [(quote.bid_pts100 or 0, quote.ask_pts100 or 0) for quote in quotes]
    mids = sum(bid + ask for bid, ask in both) / 2
    return None if mids <= 0 else 100 * sum(ask - bid for bid, ask in both) / mids
