"""Harvest: part of a layer that has gained a lot is sold, and the first layer's proceeds go to the second (000-14).

A layer is harvested once in a contract; what was sold of it is bought anew, at its distance from the forward, by the
layer's next roll. What the proceeds buy for the second layer stays until that layer rolls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from math import ceil
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind, entry_cash_usd_cents
from daemon.core.hedge.policy import HarvestPolicy
from daemon.core.hedge.sizing import HedgeTarget
from daemon.core.hedge.units import HedgeUnit
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Purpose, Reason, Strategy, purpose_of

HALF: Final = 0.5
"""Most of a layer that one harvest sells."""
CALM_SESSIONS: Final = 20
"""Sessions after backwardation in which its end may still cause a harvest."""
HARVESTED: Final = "harvested"
ROUTED: Final = "proceeds_routed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWorth:
    """What a layer holds of its present contract, with what it has cost on average and is worth, in points."""

    layer: str
    unit: HedgeUnit
    held: int
    target: int
    cost_pts: float
    mid_pts: float


@dataclass(frozen=True, slots=True)
class Harvested:
    """What was harvested before, from the book: layer and contract, and by layer the last session."""

    contracts: AbstractSet[tuple[str, OptionContract]]
    last: Mapping[str, date]

    def has(self, layer: str, unit: HedgeUnit) -> bool:
        """Say whether a layer was harvested in a unit."""
        return (layer, unit.long) in self.contracts


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """What the proceeds of the first layer buy for the second, as long as that stands in the same unit."""

    session: date
    unit: str
    contracts: int


@dataclass(frozen=True, slots=True)
class Harvest:
    """A number of contracts of a layer to sell, and why."""

    worth: LayerWorth
    quantity: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Calm:
    """The curve is in contango again after a run of backwardated closes."""

    last: date
    """The last backwardated close."""
    closes: int
    peak: float
    """The highest VIX of the run."""


def calm_after(
    vix: Mapping[date, float], vix3m: Mapping[date, float], now: float, policy: HarvestPolicy
) -> Calm | None:
    """Return the calm after the last run of closes with VIX above VIX3M; None where there is none to harvest.

    The run must have been long enough, ended before the last close, and VIX must be well below its highest close.
    """
    days = sorted(vix.keys() & vix3m.keys())
    above = [vix[day] > vix3m[day] for day in days]
    if not any(above) or above[-1]:
        return None
    end = len(above) - above[::-1].index(True)
    begin = end
    while begin > 0 and above[begin - 1]:
        begin -= 1
    peak = max(vix[day] for day in days[begin:end])
    if end - begin < policy.backwardated_closes or len(days) - end > CALM_SESSIONS or now >= policy.calm_share * peak:
        return None
    return Calm(days[end - 1], end - begin, peak)


def harvested(entries: Iterable[BookEntry]) -> Harvested:
    """Return what was harvested, from the trades of harvest orders."""
    trades = [entry for entry in entries if entry.strategy is Strategy.HEDGE and _is_harvest(entry)]
    return Harvested(
        {(entry.subject, entry.contract) for entry in trades}, {entry.subject: entry.session for entry in trades}
    )


def proceeds_usd(entries: Iterable[BookEntry], layer: str, session: date) -> float:
    """Return what the harvest of a layer brought in a session, fees left out."""
    trades = (entry for entry in entries if (entry.subject, entry.session) == (layer, session) and _is_harvest(entry))
    return sum(entry_cash_usd_cents(entry) for entry in trades) / 100


def _is_harvest(entry: BookEntry) -> bool:
    return entry.kind is EntryKind.TRADE and purpose_of(entry.order_ref) is Purpose.HARVEST


def harvests(
    worths: Iterable[LayerWorth], calm: Calm | None, before: Harvested, *, last_layer: str, policy: HarvestPolicy
) -> tuple[tuple[Harvest, ...], tuple[Reason, ...]]:
    """Return what is sold, and why of something that has gained enough nothing is."""
    found: list[Harvest] = []
    kept: list[Reason] = []
    for worth in worths:
        again = calm is not None and before.last.get(worth.layer, date.min) > calm.last
        why = _why(worth, None if again else calm, policy)
        if why is None or before.has(worth.layer, worth.unit):
            continue
        quantity = _quantity(worth, last=worth.layer == last_layer, policy=policy)
        if quantity > 0:
            found.append(Harvest(worth, quantity, why))
        else:
            text = f"{worth.layer} has gained enough, but of {worth.held} contracts none may be sold"
            kept.append(Reason("harvest_too_small", text, worth.held, worth.target))
    return tuple(found), tuple(kept)


def _why(worth: LayerWorth, calm: Calm | None, policy: HarvestPolicy) -> Reason | None:
    times = worth.mid_pts / worth.cost_pts if worth.cost_pts > 0 else 0.0
    cost = f"{worth.layer} is worth {worth.mid_pts:.2f}, {times:.1f} times its cost of {worth.cost_pts:.2f}"
    if times >= policy.cost_multiple:
        return Reason("harvest", cost, round(times, 2), policy.cost_multiple)
    if calm is not None and times > 1:
        text = (
            f"contango after {calm.closes} backwardated closes until {calm.last}, VIX well below {calm.peak:g}; {cost}"
        )
        return Reason("harvest", text, round(times, 2), 1)
    return None


def _quantity(worth: LayerWorth, *, last: bool, policy: HarvestPolicy) -> int:
    """Return how many are sold: the share, at least one, at most half; of the last layer a floor stays (002-06)."""
    wanted = max(1, int(worth.held * policy.share_pct / 100))
    most = int(worth.held * HALF)
    if last:
        most = min(most, worth.held - ceil(worth.target * policy.last_floor_pct / 100))
    return max(0, min(wanted, most))


def unit_cost_pts(entries: Iterable[BookEntry], layer: str, unit: HedgeUnit) -> float | None:
    """Return the mean price at which a layer opened the legs of a unit, in points; None where it opened none."""
    total = 0.0
    opened = [entry for entry in entries if entry.subject == layer and entry.kind is EntryKind.TRADE]
    for leg in unit.legs:
        same = [entry for entry in opened if entry.contract == leg.contract and entry.quantity * leg.ratio > 0]
        if not same:
            return None
        paid = sum(entry.quantity * entry.price_pts100 for entry in same) / sum(entry.quantity for entry in same)
        total += leg.ratio * paid / 100
    return total


@dataclass(frozen=True, slots=True)
class LayerNow:
    """The unit a layer stands in, how many are held of all its units, and what one counts for in dollars."""

    unit: HedgeUnit
    held: int
    counts_usd: float


def not_bought_back(target: HedgeTarget, before: Harvested, layers: Mapping[str, LayerNow]) -> HedgeTarget:
    """Return the target with no more of a harvested unit than is held; the percentage stays what is asked for."""
    by_layer, reasons = dict(target.by_layer), list(target.reasons)
    for name, now in layers.items():
        if before.has(name, now.unit) and by_layer[name] > now.held:
            text = (
                f"{name} was harvested in {now.unit} and buys none of it back: {now.held} instead of {by_layer[name]}"
            )
            reasons.append(Reason(HARVESTED, text, by_layer[name], now.held))
            by_layer[name] = now.held
    return replace(target, total=sum(by_layer.values()), by_layer=by_layer, reasons=tuple(reasons))


def with_routed(
    target: HedgeTarget, routed: Routed, layers: Mapping[str, LayerNow], *, second: str, top_usd: float
) -> HedgeTarget:
    """Return the target with what was routed to the second layer, as far as the top of the band has room (002-07)."""
    now = layers.get(second)
    if now is None or str(now.unit) != routed.unit or target.by_layer[second] == 0:
        return target
    wanted_usd = sum(target.by_layer[name] * layer.counts_usd for name, layer in layers.items())
    room = max(0, int((top_usd - wanted_usd) / now.counts_usd))
    extra = min(routed.contracts, room)
    text = f"the harvest of {routed.session} bought {routed.contracts} contracts for {second}"
    if extra < routed.contracts:
        text += f"; the top of the band has room for {extra}"
    usd = max(target.target_usd, wanted_usd + extra * now.counts_usd) if extra else target.target_usd
    return HedgeTarget(
        target.total + extra,
        target.by_layer | {second: target.by_layer[second] + extra},
        target.pct * usd / target.target_usd,
        usd,
        (*target.reasons, Reason(ROUTED, text, extra, routed.contracts)),
    )
