"""The hedge as lines of a report: layers held against target, the arithmetic behind them, every change of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from daemon.core.book.book import BookEntry
from daemon.core.calendar.expiries import dte
from daemon.core.hedge.budget import GUARDS
from daemon.core.hedge.harvest import HARVESTED, ROUTED
from daemon.core.hedge.policy import BESIDE, HedgeBase, HedgeMeasure, HedgeTotal
from daemon.core.hedge.units import HedgeUnit, layer_holding
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Intent, Purpose, Strategy
from daemon.core.records import DayRecord, HedgeBudget, HedgeComputation, HedgeSizing, LayerComputation
from daemon.report.closing import Closing
from daemon.report.orders import net_paid_pts100, trades_by_ref
from daemon.report.words import percent, points, whole_dollars

ROLL: Final = "roll"
PURCHASE: Final = "purchase"
"""Of what stands beside the layers."""
ROLL_PURPOSES: Final = frozenset({Purpose.ROLL_BUY, Purpose.ROLL_SELL})
BASE_WORDS: Final = {
    HedgeBase.WING_NOTIONAL: "W",
    HedgeBase.MAX_LOSS: "max loss",
    HedgeBase.UNDERLYING_NOTIONAL: "index notional",
    HedgeBase.MARGIN: "margin",
}
MEASURE_WORDS: Final = {
    HedgeMeasure.DELTA_DOLLARS: "VIX delta-dollars",
    HedgeMeasure.VIX_NOTIONAL: "VIX notional",
    HedgeMeasure.PREMIUM: "premium",
    HedgeMeasure.CONTRACTS: "dollars of condors, one call each",
}


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One unit of one layer at the end of a session; ``unit`` is None for a layer that holds nothing."""

    layer: str
    unit: HedgeUnit | None
    held: int
    target: int | None
    """Contracts the layer should hold; None without a computation, or on the older of two."""
    mark_pts: float | None
    dte: int | None
    delta_usd: float | None
    """VIX delta-dollars of all that is held, with the delta of the last computation."""
    next_roll: date | None


@dataclass(frozen=True, slots=True)
class Traded:
    """How many of one option were bought (positive) or sold, at a mean price in points."""

    contract: OptionContract
    quantity: int
    price_pts: float


@dataclass(frozen=True, slots=True)
class HedgeChange:
    """What was traded in one layer in one session, for one purpose."""

    session: date
    layer: str
    kind: str
    """``first purchase``, ``roll``, ``rest of a roll``, ``resize``, or another purpose in lower case; of what stands
    beside the layers ``purchase`` or ``sale``."""
    trades: tuple[Traded, ...]
    cash_usd_cents: int
    """Net cash, fees left out; negative when we paid. A future that is traded moves none."""
    reason: str

    @property
    def is_roll(self) -> bool:
        """Whether a later contract took the place of one held before."""
        return self.kind == ROLL


def layer_lines(
    closing: Closing, computation: HedgeComputation | None, next_rolls: Mapping[str, date]
) -> tuple[LayerLine, ...]:
    """Describe every layer that is held or has a target, and what stands beside them, by name and expiry."""
    layers = {layer.layer: layer for layer in (computation.layers if computation else ())}
    held = {holding.subject: holding.positions for holding in closing.book.open_subjects(Strategy.HEDGE)}
    lines: list[LayerLine] = []
    for name in sorted({*layers, *held}):
        rows = (
            _held_lines(name, held[name], computation, closing) if name in held else [_empty_line(name, layers[name])]
        )
        lines += [replace(row, next_roll=next_rolls.get(name)) for row in rows]
    return tuple(lines)


def _empty_line(name: str, layer: LayerComputation) -> LayerLine:
    return LayerLine(name, None, 0, layer.target, mark_pts=None, dte=None, delta_usd=None, next_roll=None)


def _held_lines(
    name: str, held: Mapping[OptionContract, int], computation: HedgeComputation | None, closing: Closing
) -> list[LayerLine]:
    """Describe the units of a layer; a short option that nothing covers is a line of its own, held less than none."""
    holding = layer_holding(held)
    measured = _measured_units(name, computation)
    rows = [*holding.units.items(), *((HedgeUnit(short), count) for short, count in holding.uncovered.items())]
    return [
        LayerLine(
            layer=name,
            unit=unit,
            held=quantity,
            target=_target(name, computation) if unit == holding.current else None,
            mark_pts=_mark_pts(unit, closing),
            dte=dte(closing.session, unit.expiry),
            delta_usd=_delta_usd(measured.get(unit), quantity),
            next_roll=None,
        )
        for unit, quantity in rows
    ]


def _measured_units(name: str, computation: HedgeComputation | None) -> dict[HedgeUnit | None, LayerComputation]:
    rows = () if computation is None else (*computation.layers, *computation.beside)
    return {_measured(row): row for row in rows if row.layer == name}


def _target(name: str, computation: HedgeComputation | None) -> int | None:
    """Return the target of a layer; what stands beside the layers has none."""
    layers = () if computation is None else computation.layers
    return next((layer.target for layer in layers if layer.layer == name), None)


def _mark_pts(unit: HedgeUnit, closing: Closing) -> float | None:
    marks = [(leg.ratio, closing.marks.get(leg.contract)) for leg in unit.legs]
    known = [ratio * mark for ratio, mark in marks if mark is not None]
    return sum(known) if len(known) == len(marks) else None


def _measured(layer: LayerComputation) -> HedgeUnit | None:
    """Return the unit that a computation is of."""
    return None if layer.contract is None else HedgeUnit(layer.contract, layer.short)


def _delta_usd(measured: LayerComputation | None, quantity: int) -> float | None:
    """Return delta-dollars of a position, when a computation is of that very unit."""
    return None if measured is None or measured.delta_usd is None else quantity * measured.delta_usd


def held_at_close_usd(day: DayRecord, computation: HedgeComputation | None) -> float | None:
    """Return what is held at a close in dollars of the measure, each contract as the session's last computation counted it.

    None when a contract is held that the computation did not measure.
    """
    layers = {layer.layer: layer for layer in (computation.layers if computation else ())}
    held: dict[str, dict[OptionContract, int]] = {}
    for line in day.positions:
        if line.strategy == Strategy.HEDGE and line.subject not in BESIDE:
            held.setdefault(line.subject, {})[line.contract] = line.quantity
    total = 0.0
    for name, positions in held.items():
        layer, holding = layers.get(name), layer_holding(positions)
        if layer is None or layer.counts_usd is None or holding.uncovered or set(holding.units) != {_measured(layer)}:
            return None
        total += holding.quantity * layer.counts_usd
    return total


ADJUSTED: Final = ("adjusted", "buy_gate")
"""Reasons of a computation whose percentage the signals have changed."""


def hedge_arithmetic(computation: HedgeComputation) -> str:
    """Write the sizing as a person would: ``VIX 14.38 -> low, p 7.75 % x W $5,000 = $388; held $641``."""
    sized = computation.sized
    base = f"{BASE_WORDS[HedgeBase(sized.base)]} {whole_dollars(sized.base_usd)}"
    measure = HedgeMeasure(sized.measure)
    unit = "" if measure is HedgeMeasure.DELTA_DOLLARS else f" in {MEASURE_WORDS[measure]}"
    pct, target = percent(computation.pct, digits=2), whole_dollars(computation.target_usd)
    size = {
        HedgeTotal.REGIME: f"p {pct} x {base} = {target}",
        HedgeTotal.FLAT: f"flat {pct} x {base} = {target}",
        HedgeTotal.FIXED_CONTRACTS: f"fixed {computation.contracts} = {target}, {pct} of {base}",
        HedgeTotal.BREAK_EVEN: f"break-even {computation.contracts} = {target}, {pct} of {base}",
    }[HedgeTotal(sized.total)]
    words = [f"VIX {points(computation.vix)} -> {computation.regime}, {size}{unit}"]
    words += [f"p by signals: {reason.text}" for reason in computation.reasons if reason.name in ADJUSTED]
    words.append(f"held {whole_dollars(computation.held_usd)}")
    if computation.sizing is not None and computation.wing_notional_usd:
        asked = sized.break_even_contracts
        words.append(f"break-evens ask for {'more than any number' if asked is None else asked}")
    return "; ".join(words)


def budget_lines(computation: HedgeComputation) -> list[str]:
    """Write what the target costs and what the hedge has cost against their limits, then what guards and harvests have changed."""
    budget = computation.sized.budget
    if budget is None:
        return []
    carry = f"expected to cost {whole_dollars(budget.carry_usd)} of {whole_dollars(budget.carry_max_usd)} in 30 days"
    debits = f"debits less sales {whole_dollars(budget.debits_usd)} of {whole_dollars(budget.debits_max_usd)}"
    words = [carry, f"{debits} for credits of {whole_dollars(budget.credits_usd)}{_cost_ratio(budget)}"]
    if not budget.guarded:
        words.append("guards off")
    elif budget.suspended:
        words.append("guards suspended while VIX is so high")
    told = (*GUARDS, HARVESTED, ROUTED)
    changes = [f"{reason.name}: {reason.text}" for reason in computation.reasons if reason.name in told]
    return [f"budget: {'; '.join(words)}", *changes]


def _cost_ratio(budget: HedgeBudget) -> str:
    """Return the cost of the hedge as a share of the credits (001-09)."""
    return (
        f", {percent(100 * budget.debits_usd / budget.credits_usd, digits=1)}"
        if budget.credits_usd > 0 < budget.debits_usd
        else ""
    )


def target_words(sizing: HedgeSizing | None) -> str:
    """Say in a sentence what the target of the hedge is and in what it is counted."""
    sized = sizing or HedgeSizing(base_usd=0)
    base = {
        HedgeBase.WING_NOTIONAL: "the open wing notional W",
        HedgeBase.MAX_LOSS: "the largest loss of the open condors",
        HedgeBase.UNDERLYING_NOTIONAL: "the index notional of the open condors",
        HedgeBase.MARGIN: "the account's maintenance margin",
    }[HedgeBase(sized.base)]
    total = {
        HedgeTotal.REGIME: f"the regime's percentage p of {base}",
        HedgeTotal.FLAT: f"one percentage of {base}",
        HedgeTotal.FIXED_CONTRACTS: "a fixed number of contracts while a condor is open",
        HedgeTotal.BREAK_EVEN: "what gains some points of loss beyond the put-side break-evens of the condors",
    }[HedgeTotal(sized.total)]
    measure = {
        HedgeMeasure.DELTA_DOLLARS: "VIX delta-dollars (100 x forward x delta, summed over the contracts)",
        HedgeMeasure.VIX_NOTIONAL: "VIX notional (100 x forward, summed over the contracts)",
        HedgeMeasure.PREMIUM: "premium (100 x mid, summed over the contracts)",
        HedgeMeasure.CONTRACTS: "dollars of condors (each call counts as one condor)",
    }[HedgeMeasure(sized.measure)]
    return f"The target is {total}, in {measure}."


def hedge_changes(
    intents: Iterable[Intent], entries: Iterable[BookEntry], *, only: date | None = None
) -> tuple[HedgeChange, ...]:
    """List every filled change of the hedge, one line a session, layer and purpose, oldest first.

    A filled ROLL_BUY is a roll when the layer had bought another contract before it, whether or not
    the old contract could still be sold. A layer's first purchase is neither a roll nor a resize.
    ``only`` names the one session that is wanted; those before it still tell a first purchase from a later one.
    """
    trades = trades_by_ref(entries)
    groups: dict[tuple[date, str, str], list[Intent]] = {}
    for intent in intents:
        if intent.key.strategy is Strategy.HEDGE and trades.get(intent.ref):
            groups.setdefault((intent.key.session, intent.key.subject, _channel(intent)), []).append(intent)
    changes: list[HedgeChange] = []
    bought: dict[str, set[OptionContract]] = {}
    for (session, layer, channel), group in sorted(groups.items(), key=lambda item: item[0][0]):
        executed = [entry for intent in group for entry in trades[intent.ref]]
        seen = bought.setdefault(layer, set())
        new = {entry.contract for entry in executed if entry.quantity > 0}
        if only in (None, session):
            kind = _kind(channel, seen=seen, new=new)
            changes.append(_change(session, layer, kind, group=group, traded=_traded(executed)))
        seen |= new
    return tuple(changes)


def _channel(intent: Intent) -> str:
    purpose = intent.key.purpose
    if intent.key.subject in BESIDE:
        return PURCHASE if intent.spec.legs[0].ratio > 0 else "sale"
    return ROLL if purpose in ROLL_PURPOSES else purpose.value.lower()


def _kind(channel: str, *, seen: set[OptionContract], new: set[OptionContract]) -> str:
    if new and not seen and channel != PURCHASE:
        return "first purchase"
    return "rest of a roll" if channel == ROLL and new <= seen else channel


def _traded(entries: Sequence[BookEntry]) -> tuple[Traded, ...]:
    """Sum executions by contract and direction."""
    lines: list[Traded] = []
    for contract, sign in sorted({(entry.contract, entry.quantity > 0) for entry in entries}):
        same = [entry for entry in entries if entry.contract == contract and (entry.quantity > 0) == sign]
        quantity = sum(entry.quantity for entry in same)
        lines.append(Traded(contract, quantity, abs(net_paid_pts100(same) / 100 / quantity)))
    return tuple(lines)


def _change(
    session: date, layer: str, kind: str, *, group: Sequence[Intent], traded: tuple[Traded, ...]
) -> HedgeChange:
    reasons = [reason.text for intent in group for reason in intent.reasons]
    cash = -sum(round(trade.quantity * trade.price_pts * trade.contract.premium_multiplier * 100) for trade in traded)
    return HedgeChange(session, layer, kind, traded, cash_usd_cents=cash, reason=reasons[0] if reasons else "")
