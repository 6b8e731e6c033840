"""The budget of the hedge: expected carry a month, and debits against the credits of condors (000-10, 003-08, decision 26).

Both guards make a target smaller, never larger, and are suspended while VIX is above the moderate regime. They leave
one contract of each layer that has any, and what is held already is not sold for what has been spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind, entry_cash_usd_cents
from daemon.core.book.condors import TradeRole, trade_role
from daemon.core.hedge.hedged import Hedged
from daemon.core.hedge.policy import SLEEVE, HedgePolicy, HedgeSplit, HedgeTotal, LayerPolicy
from daemon.core.hedge.sizing import HedgeTarget, split
from daemon.core.orders.intent import Reason, Strategy
from daemon.core.records import CondorRecord, HedgeBudget

TRAILING_DAYS: Final = 30
CARRY_GUARD: Final = "carry_guard"
DEBIT_GUARD: Final = "debit_guard"
BUDGET_BOUND: Final = "budget_bound"
GUARDS: Final = (CARRY_GUARD, DEBIT_GUARD, BUDGET_BOUND)
"""Names of the reasons by which a target is smaller than sizing asked for."""

Contracts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the hedge has cost and the condors have brought in lately, in dollars, fees left out."""

    debits_usd: float
    """Paid for the hedge in 30 days, less what its sales and settlements brought."""
    credits_usd: float
    """Entry credits of the condors of 30 days, and of all that are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCost:
    """What a target of one layer would cost."""

    carry_usd: float
    """Expected cost of one contract in 30 days."""
    price_usd: float
    """The most that an order may pay for one contract."""
    held: int
    """Contracts held that stay: of a layer that rolls those of the new unit only."""
    proceeds_usd: float
    """The least that a roll would bring for the contracts it sells."""
    counts_usd: float
    """What one contract counts for in the measure."""


def spent(
    entries: Iterable[BookEntry], condors: Iterable[CondorRecord], still_open: Iterable[str], session: date
) -> Spent:
    """Return debits and credits up to a session; ``still_open`` names the open condors (decision 26).

    The second engine has money of its own, which is no part of it (003-15).
    """
    after = session - timedelta(days=TRAILING_DAYS)
    records = {condor.condor_id: condor for condor in condors}
    counted = {name for name, condor in records.items() if condor.entry_session > after} | set(still_open)
    debits_cents = credits_cents = 0
    for entry in entries:
        if entry.subject == SLEEVE:
            continue
        if entry.strategy is Strategy.HEDGE:
            paid = not entry.contract.is_future and entry.session > after  # a future is margined, not paid for
            debits_cents -= entry_cash_usd_cents(entry) if paid else 0
        elif entry.subject in counted and entry.kind is EntryKind.TRADE:
            opens = trade_role(records[entry.subject], entry) is TradeRole.ENTRY
            credits_cents += entry_cash_usd_cents(entry) if opens else 0
    return Spent(debits_cents / 100, credits_cents / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What a target is guarded by: VIX, the condors it stands against, the floor of its band, the settings."""

    vix: float
    hedged: Hedged
    floor_pct: float
    policy: HedgePolicy

    @property
    def carry_max_usd(self) -> float:
        """Return the most that a target may be expected to cost in 30 days, in dollars."""
        return self.policy.budget.carry_max_pct * self.hedged.wing_notional_usd / 100

    def debits_max_usd(self, past: Spent) -> float:
        """Return the most that the hedge may cost of the credits, in dollars."""
        return self.policy.budget.debits_max_pct * past.credits_usd / 100

    @property
    def suspended(self) -> bool:
        """Whether VIX is so high that the guards rest (decision 26)."""
        return self.policy.guards_rest(self.vix)


def within_budget(
    target: HedgeTarget, costs: Mapping[str, LayerCost], past: Spent, rules: GuardRules
) -> tuple[HedgeTarget, HedgeBudget]:
    """Return the target that both guards leave, with the arithmetic of each that makes it smaller, and the figures.

    The carry guard comes first. ``costs`` has every layer with a share; a target below the floor of the band is named
    as bound by the budget.
    """
    found, guarded = target, rules.policy.budget.enabled
    if guarded and not rules.suspended:
        found = _carry_guard(found, costs, rules)
        found = _debit_guard(found, costs, past, rules)
    if rules.policy.total is HedgeTotal.REGIME and found.total < target.total and found.pct < rules.floor_pct:
        text = f"the budget brings the hedge to {found.pct:.2f} %, below {rules.floor_pct:g} %, the floor of the band"
        bound = Reason(BUDGET_BOUND, text, round(found.pct, 2), rules.floor_pct)
        found = replace(found, reasons=(*found.reasons, bound))
    figures = HedgeBudget(
        wanted=target.total,
        carry_usd=_carry_usd(found.by_layer, costs),
        carry_max_usd=rules.carry_max_usd,
        debits_usd=past.debits_usd,
        credits_usd=past.credits_usd,
        debits_max_usd=rules.debits_max_usd(past),
        guarded=guarded,
        suspended=rules.suspended,
    )
    return found, figures


def _carry_guard(target: HedgeTarget, costs: Mapping[str, LayerCost], rules: GuardRules) -> HedgeTarget:
    """Return the largest target whose expected carry is within its limit (000-10, 004-13)."""
    carry_usd, most_usd = _carry_usd(target.by_layer, costs), rules.carry_max_usd
    if carry_usd <= most_usd:
        return target
    least = {name: min(1, count) for name, count in target.by_layer.items()}
    kept = _largest(target, least, lambda counts: _carry_usd(counts, costs) <= most_usd, policy=rules.policy)
    parts = " + ".join(
        f"{name} {target.by_layer[name]} x ${cost.carry_usd:,.0f}"
        for name, cost in costs.items()
        if target.by_layer[name]
    )
    text = (
        f"expected to cost {parts} = ${carry_usd:,.0f} in 30 days, of W ${rules.hedged.wing_notional_usd:,} "
        f"{rules.policy.budget.carry_max_pct:g} % are ${most_usd:,.0f}: {_instead(kept, target)}"
    )
    why = Reason(CARRY_GUARD, text, round(carry_usd, 2), round(most_usd, 2))
    return _cut(target, kept, why, costs=costs, hedged=rules.hedged)


def _debit_guard(target: HedgeTarget, costs: Mapping[str, LayerCost], past: Spent, rules: GuardRules) -> HedgeTarget:
    """Return the largest target whose purchases the credits leave room for (003-08); nothing held is sold for it.

    A sale pays for a purchase once it is booked, or where one roll does both: any other may not come about.
    """
    most_usd, wanted_usd = rules.debits_max_usd(past), _debit_usd(target.by_layer, costs)

    def affordable(counts: Contracts) -> bool:
        buys_usd = _debit_usd(counts, costs)
        return buys_usd == 0 or past.debits_usd + buys_usd <= most_usd

    if affordable(target.by_layer):
        return target
    held = dict.fromkeys(target.by_layer, 0) | {name: cost.held for name, cost in costs.items()}
    least = {name: min(count, max(1, held[name])) for name, count in target.by_layer.items()}
    kept = _largest(target, least, affordable, policy=rules.policy)
    text = (
        f"30 days of debits less sales are ${past.debits_usd:,.0f} and this target costs up to ${wanted_usd:,.0f}, of "
        f"credits ${past.credits_usd:,.0f} {rules.policy.budget.debits_max_pct:g} % are ${most_usd:,.0f}: "
        f"{_instead(kept, target)}"
    )
    why = Reason(DEBIT_GUARD, text, round(past.debits_usd + wanted_usd, 2), round(most_usd, 2))
    return _cut(target, kept, why, costs=costs, hedged=rules.hedged)


def _largest(
    target: HedgeTarget, least: Contracts, fits: Callable[[Contracts], bool], *, policy: HedgePolicy
) -> dict[str, int]:
    """Return the most contracts below a target that fit, split by the layers' weights; the least if none do."""
    layers = _weighted(target, policy)
    for total in range(target.total - 1, sum(least.values()), -1):
        shares = split(total, layers)
        counts = {name: min(count, max(shares[name], least[name])) for name, count in target.by_layer.items()}
        if sum(counts.values()) < target.total and fits(counts):
            return counts
    return dict(least)


def _weighted(target: HedgeTarget, policy: HedgePolicy) -> tuple[LayerPolicy, ...]:
    """Return the layers by what shares out contracts: their weights, or what dollars came to."""
    if policy.split is HedgeSplit.RATIO:
        return policy.layers
    return tuple(replace(layer, weight=target.by_layer[layer.name]) for layer in policy.layers)


def _cut(
    target: HedgeTarget, counts: dict[str, int], why: Reason, *, costs: Mapping[str, LayerCost], hedged: Hedged
) -> HedgeTarget:
    """Return a target of fewer contracts with what they stand for, and why."""
    if counts == target.by_layer:
        return replace(target, reasons=(*target.reasons, why))
    usd = sum(counts[name] * cost.counts_usd for name, cost in costs.items())
    pct = 100 * usd / hedged.base_usd if hedged.base_usd else 0.0
    return HedgeTarget(sum(counts.values()), counts, pct, usd, (*target.reasons, why))


def _instead(kept: Contracts, target: HedgeTarget) -> str:
    total = sum(kept.values())
    return f"{total} instead of {target.total} contracts" if total < target.total else "no contract fewer is allowed"


def _carry_usd(counts: Contracts, costs: Mapping[str, LayerCost]) -> float:
    return sum(counts[name] * cost.carry_usd for name, cost in costs.items())


def _debit_usd(counts: Contracts, costs: Mapping[str, LayerCost]) -> float:
    """Return the most that the purchases of a target cost, each layer's less what its own roll brings."""
    bought_usd = {name: max(0, counts[name] - cost.held) * cost.price_usd for name, cost in costs.items()}
    return sum(max(0.0, bought_usd[name] - cost.proceeds_usd) for name, cost in costs.items())
