"""Four promises of the hedge, checked on what a rehearsal has recorded.

Rolls are those of the calendar; after a resize every layer holds its target and the targets keep the ratio; no order of
the hedge comes without a computation before it; and the guards are kept while they do not rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from daemon.core.book.book import entry_cash_usd_cents
from daemon.core.hedge.harvest import HARVESTED, ROUTED
from daemon.core.hedge.policy import HedgePolicy, LayerPolicy
from daemon.core.hedge.rolls import planned_rolls, roll_window
from daemon.core.hedge.sizing import split
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import Strategy
from daemon.core.records import DayRecord, Decision, DecisionKind, HedgeComputation
from daemon.ports import Store

ROLL_JOB, RESIZE_JOB = "hedge_roll", "hedge_resize"
SHIFTED = ("adjusted", HARVESTED, ROUTED)
"""Reasons of a computation whose targets are not shared out by the plain weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was looked at, and what was wrong."""

    rolls: int
    """Dates of the calendar that were dealt with on their session ..."""
    put_off: int
    """... and those dealt with in a later one, each by a named reason."""
    resizes: int
    unfilled: int
    """Layers that a resize left off their target, each with a named reason."""
    orders: int
    guarded: int
    """Computations that the guards held for."""
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.rolls} rolls on their date, {self.put_off} put off; {self.resizes} resizes, {self.unfilled} layers unfilled; "
            f"{self.orders} orders; {self.guarded} guarded computations; {len(self.faults)} faults"
        )


def check_hedge(store: Store, policy: HedgePolicy) -> Checked:
    """Check a rehearsal that has ended."""
    days = {day.session: day for day in store.days()}
    rolls, put_off, wrong_rolls = _rolls(store, policy, tuple(days))
    resizes, unfilled, wrong_resizes = _resizes(store, policy, days)
    orders, wrong_orders = _orders(store)
    guarded, wrong_guards = _guards(store)
    return Checked(
        rolls=rolls,
        put_off=put_off,
        resizes=resizes,
        unfilled=unfilled,
        orders=orders,
        guarded=guarded,
        faults=(*wrong_rolls, *wrong_resizes, *wrong_orders, *wrong_guards),
    )


def _rolls(store: Store, policy: HedgePolicy, sessions: tuple[date, ...]) -> tuple[int, int, list[str]]:
    """Compare the roll decisions with the calendar; a date without any decision in its session is a fault."""
    faults: list[str] = []
    rolled = late = 0
    decisions = [d for session in sessions for d in store.decisions(session) if d.job == ROLL_JOB]
    for layer in (layer for layer in policy.layers if layer.weight):
        dates = _calendar(layer, store, sessions)
        mine = [d for d in decisions if d.subject == layer.name]
        for decision in (d for d in mine if d.kind is DecisionKind.ROLL):
            due = _due(decision)
            if due not in dates:
                faults.append(f"{decision.session}: {layer.name} rolled for {due}, which is no date of its calendar")
            elif not due <= decision.session <= roll_window(layer, due).last:
                faults.append(f"{decision.session}: {layer.name} rolled outside of the window of {due}")
            elif decision.session == due:
                rolled += 1
            else:
                late += 1
        told = {d.session for d in mine} | {d.session for d in decisions if d.subject == "hedge" and d.reasons}
        faults += [
            f"{day}: {layer.name} should have rolled, and nothing says why not" for day in dates if day not in told
        ]
    return rolled, late, faults


def _calendar(layer: LayerPolicy, store: Store, sessions: tuple[date, ...]) -> tuple[date, ...]:
    anchor = layer.anchor or date.fromisoformat(store.meta("first_session") or "")
    coming = planned_rolls(layer, anchor, after=anchor, until=sessions[-1])
    return tuple(day for day in (anchor, *(roll.session for roll in coming)) if day in sessions)


def _due(decision: Decision) -> date | None:
    """Return the date of the calendar that a roll decision is for."""
    value = next((reason.value for reason in decision.reasons if reason.name == "roll_due"), None)
    return date.fromisoformat(value) if isinstance(value, str) else None


def _resizes(store: Store, policy: HedgePolicy, days: dict[date, DayRecord]) -> tuple[int, int, list[str]]:
    faults: list[str] = []
    resizes = unfilled = 0
    for session, day in days.items():
        decisions = store.decisions(session)
        if not any(d.job == RESIZE_JOB and d.kind is DecisionKind.RESIZE for d in decisions):
            continue
        resizes += 1
        computed, held = store.hedge_computations(session)[-1], _held(day)
        faults += _off_ratio(computed, policy)
        for layer in computed.layers:
            if abs(held.get(layer.layer, 0) - layer.target) <= 1:
                continue
            if _named(decisions, layer.layer) or _unfilled(store, session, layer.layer):
                unfilled += 1
            else:
                faults.append(
                    f"{session}: {layer.layer} holds {held.get(layer.layer, 0)} of {layer.target} after a resize"
                )
    return resizes, unfilled, faults


def _off_ratio(computed: HedgeComputation, policy: HedgePolicy) -> list[str]:
    """Return the targets more than a contract off the plain ratio, where nothing has changed the weights."""
    if any(reason.name in SHIFTED for reason in computed.reasons):
        return []
    plain = split(sum(layer.target for layer in computed.layers), policy.layers)
    return [
        f"{computed.session}: the target of {layer.layer} is {layer.target}, by ratio {plain[layer.layer]}"
        for layer in computed.layers
        if abs(layer.target - plain[layer.layer]) > 1
    ]


def _held(day: DayRecord) -> dict[str, int]:
    lines = sorted((line for line in day.positions if line.strategy == Strategy.HEDGE), key=lambda line: line.subject)
    return {
        name: layer_holding({line.contract: line.quantity for line in group}).quantity
        for name, group in groupby(lines, key=lambda line: line.subject)
    }


def _named(decisions: Iterable[Decision], layer: str) -> bool:
    """Whether an order of a layer was refused by name."""
    return any(d.kind is DecisionKind.SKIP and d.subject == layer and d.reasons for d in decisions)


def _unfilled(store: Store, session: date, layer: str) -> bool:
    """Whether an order of a layer ended without all of it filled."""
    return any(i.filled < i.spec.quantity for i in store.intents(session=session, subject=layer))


def _orders(store: Store) -> tuple[int, list[str]]:
    hedge = [intent for intent in store.intents() if intent.key.strategy is Strategy.HEDGE]
    faults = [
        f"{intent.key.session}: {intent.ref} was planned without a computation before it"
        for intent in hedge
        if not any(c.at <= intent.created_at for c in store.hedge_computations(intent.key.session))
    ]
    return len(hedge), faults


def _guards(store: Store) -> tuple[int, list[str]]:
    """Check both guards of each computation that they hold for; one contract a layer is always left (decision 26)."""
    faults: list[str] = []
    guarded, paid = 0, _paid_usd(store)
    for computed in store.hedge_computations():
        budget = computed.sized.budget
        if (
            budget is None
            or not budget.guarded
            or budget.suspended
            or all(layer.target <= 1 for layer in computed.layers)
        ):
            continue
        guarded += 1
        if budget.carry_usd > budget.carry_max_usd:
            faults.append(f"{computed.session}: expected carry {budget.carry_usd:.2f} of {budget.carry_max_usd:.2f}")
        cost_usd = _cost_usd(store, computed, paid)
        if cost_usd > 0 and budget.debits_usd + cost_usd > budget.debits_max_usd:
            faults.append(
                f"{computed.session}: purchases of {cost_usd:.2f} upon debits of {budget.debits_usd:.2f}, {budget.debits_max_usd:.2f} allowed"
            )
    return guarded, faults


def _paid_usd(store: Store) -> dict[str, float]:
    """Return what the fills of each order have cost, fees left out."""
    paid: dict[str, float] = defaultdict(float)
    for entry in store.entries():
        if entry.order_ref is not None:
            paid[entry.order_ref] -= entry_cash_usd_cents(entry) / 100
    return paid


def _cost_usd(store: Store, computed: HedgeComputation, paid_usd: Mapping[str, float]) -> float:
    """Return what the orders that rest on a computation have cost, purchases less sales.

    Nothing where no layer of more than one contract bought: one is always left.
    """
    later = [other.at for other in store.hedge_computations(computed.session) if other.at > computed.at]
    until = min(later, default=None)
    orders = [
        intent
        for intent in store.intents(session=computed.session)
        if intent.key.strategy is Strategy.HEDGE
        and intent.filled
        and intent.created_at >= computed.at
        and (until is None or intent.created_at < until)
    ]
    targets = {layer.layer: layer.target for layer in computed.layers}
    if not any(targets.get(each.key.subject, 0) > 1 and each.spec.legs[0].ratio > 0 for each in orders):
        return 0.0
    return sum(paid_usd[each.ref] for each in orders)
