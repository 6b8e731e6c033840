"""The open condors and hedge layers as seen in the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from daemon.core.book.book import Book, BookEntry, EntryKind, Holding
from daemon.core.condor.legs import CondorLegs, Structure, Vertical, structure
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import OrderRef, Purpose, Strategy, purpose_of
from daemon.core.records import CondorRecord


class TradeRole(StrEnum):
    """What a trade was to a condor."""

    ENTRY = "entry"
    ADJUSTMENT = "adjustment"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class OpenCondor:
    """A condor that still holds something; what is at risk is derived once, because every check asks for it."""

    record: CondorRecord
    held: Structure
    credit_pts: float
    """Net credit of one condor in points, fees left out: the average of its entry and what adjustments brought in."""
    quantity: int = field(init=False)
    """How many condors are at risk: the short options of the larger side."""
    wing_notional_usd: int = field(init=False)
    """What the wings can lose at expiry in dollars, on the side that can lose more (004-16).

    A short option that nothing covers has no such bound; it counts with the width it was entered with.
    """

    def __post_init__(self) -> None:
        object.__setattr__(self, "quantity", _quantity_at_risk(self.held))
        object.__setattr__(self, "wing_notional_usd", max(self._at_risk(right) for right in Right))

    @property
    def whole(self) -> CondorLegs | None:
        """Return the legs when all that is held closes by one order; None when it is in parts."""
        return self.held.whole

    def _at_risk(self, right: Right) -> int:
        """Return what one side can lose in dollars: its width in points x 100 is the most that one short option can."""
        covered = sum(side.width_pts100 * units for side, units in _sides(self.held, right))
        return covered + _uncovered(self.held, right) * self.record.legs.width_pts100


def _quantity_at_risk(held: Structure) -> int:
    return max(sum(units for _, units in _sides(held, right)) + _uncovered(held, right) for right in Right)


def _sides(held: Structure, right: Right) -> list[tuple[Vertical, int]]:
    return [(side, units) for legs, units in held.parts for side in legs.sides if side.right is right]


def _uncovered(held: Structure, right: Right) -> int:
    return sum(-quantity for contract, quantity in held.loose if contract.right is right and quantity < 0)


def leg_directions(record: CondorRecord) -> dict[OptionContract, int]:
    """Return the legs with +1 for long and -1 for short, as held."""
    return {leg.contract: leg.ratio for leg in record.legs.held}


def open_condors(
    book: Book,
    records: Iterable[CondorRecord],
    entries: Iterable[BookEntry],
    *,
    known: Mapping[str, OpenCondor] = MappingProxyType({}),
) -> tuple[OpenCondor, ...]:
    """Return the condors that still hold something, in the order they were planned.

    ``known`` are condors in which nothing has been traded since they were derived.
    """
    still_open = {holding.subject: holding for holding in book.open_subjects(Strategy.CONDOR)}
    changed = still_open.keys() - known.keys()
    trades: dict[str, list[BookEntry]] = defaultdict(list)
    for entry in entries if changed else ():
        if entry.subject in changed and entry.kind is EntryKind.TRADE:
            trades[entry.subject].append(entry)
    return tuple(
        known.get(name) or _open_condor(record, still_open[name], trades[name])
        for record in records
        if (name := record.condor_id) in still_open
    )


def _open_condor(record: CondorRecord, holding: Holding, trades: Sequence[BookEntry]) -> OpenCondor:
    return OpenCondor(record, structure(holding.positions), credit_pts(record, trades))


def trade_role(record: CondorRecord, trade: BookEntry) -> TradeRole:
    """Tell what a trade was by the purpose of its order; a repaired or adopted one by the direction of its leg."""
    match purpose_of(trade.order_ref):
        case Purpose.ENTRY:
            return TradeRole.ENTRY
        case Purpose.DRIFT:
            return TradeRole.ADJUSTMENT
        case Purpose.EXIT | Purpose.FLATTEN:
            return TradeRole.EXIT
        case _:
            opens = trade.quantity * leg_directions(record).get(trade.contract, 0) > 0
            return TradeRole.ENTRY if opens else TradeRole.EXIT


def credit_pts(record: CondorRecord, trades: Sequence[BookEntry]) -> float:
    """Return the net credit of one condor in points, fees left out, from its trades, oldest first."""
    opening = [trade for trade in trades if trade_role(record, trade) is TradeRole.ENTRY]
    return _entry_credit_pts(leg_directions(record), opening) + _adjusted_pts(record, trades)


def _entry_credit_pts(legs: Mapping[OptionContract, int], trades: Iterable[BookEntry]) -> float:
    """Return the sum over the legs of the average opening price, received on shorts and paid on longs."""
    quantity: dict[OptionContract, int] = defaultdict(int)
    paid_pts100: dict[OptionContract, int] = defaultdict(int)
    for trade in trades:
        if trade.contract in legs:
            quantity[trade.contract] += trade.quantity
            paid_pts100[trade.contract] += trade.quantity * trade.price_pts100
    return -sum(legs[leg] * paid_pts100[leg] / quantity[leg] for leg in quantity) / 100


def _adjusted_pts(record: CondorRecord, trades: Sequence[BookEntry]) -> float:
    """Return what each adjustment brought in, spread over the condors that were held when it began."""
    if all(trade_role(record, trade) is not TradeRole.ADJUSTMENT for trade in trades):
        return 0.0
    held: dict[OptionContract, int] = defaultdict(int)
    units: dict[OrderRef | None, int] = {}
    brought_pts = 0.0
    for trade in trades:
        if trade_role(record, trade) is TradeRole.ADJUSTMENT:
            among = units.setdefault(trade.order_ref, max(1, _quantity_at_risk(structure(held))))
            brought_pts -= trade.quantity * trade.price_pts100 / 100 / among
        held[trade.contract] += trade.quantity
    return brought_pts


def layer_positions(book: Book) -> dict[str, dict[OptionContract, int]]:
    """Return what each hedge layer holds, layers that hold nothing left out."""
    return {holding.subject: dict(sorted(holding.positions.items())) for holding in book.open_subjects(Strategy.HEDGE)}
