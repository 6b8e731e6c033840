"""The open condors and hedge layers as seen in the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daemon.core.book.book import Book, BookEntry, EntryKind, Holding
from daemon.core.condor.legs import CondorLegs, Structure, structure
from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import Strategy
from daemon.core.records import CondorRecord


@dataclass(frozen=True, slots=True)
class OpenCondor:
    """A condor that still holds something."""

    record: CondorRecord
    held: Structure
    credit_pts: float
    """Average net credit of one condor at entry, in points, fees left out."""

    @property
    def whole(self) -> CondorLegs | None:
        """Return the legs when all that is held closes by one order; None when it is in parts."""
        return self.held.whole

    @property
    def quantity(self) -> int:
        """Return how many condors are at risk: the short options of the larger side."""
        return max((self._at_risk(right)[0] for right in Right), default=0)

    @property
    def wing_notional_usd(self) -> int:
        """Return what the wings can lose at expiry in dollars, on the side that can lose more (004-16).

        A short option that nothing covers has no such bound; it counts with the width it was entered with.
        """
        return max(self._at_risk(right)[1] for right in Right)

    def _at_risk(self, right: Right) -> tuple[int, int]:
        """Return short options of one side and dollars: a width in points x 100 is what one can lose in dollars."""
        covered = [(side, units) for legs, units in self.held.parts for side in legs.sides if side.right is right]
        alone = sum(-quantity for contract, quantity in self.held.loose if contract.right is right and quantity < 0)
        dollars = sum(side.width_pts100 * units for side, units in covered)
        return sum(units for _, units in covered) + alone, dollars + alone * self.record.legs.width_pts100


def leg_directions(record: CondorRecord) -> dict[OptionContract, int]:
    """Return the legs with +1 for long and -1 for short, as held."""
    return {leg.contract: leg.ratio for leg in record.legs.held}


def open_condors(book: Book, records: Iterable[CondorRecord], entries: Iterable[BookEntry]) -> tuple[OpenCondor, ...]:
    """Return the condors that still hold something, in the order they were planned."""
    still_open = {holding.subject: holding for holding in book.open_subjects(Strategy.CONDOR)}
    if not still_open:
        return ()
    trades: dict[str, list[BookEntry]] = defaultdict(list)
    for entry in entries:
        if entry.subject in still_open and entry.kind is EntryKind.TRADE:
            trades[entry.subject].append(entry)
    return tuple(
        _open_condor(record, still_open[record.condor_id], trades[record.condor_id])
        for record in records
        if record.condor_id in still_open
    )


def _open_condor(record: CondorRecord, holding: Holding, trades: Iterable[BookEntry]) -> OpenCondor:
    return OpenCondor(record, structure(holding.positions), _entry_credit_pts(leg_directions(record), trades))


def _entry_credit_pts(legs: Mapping[OptionContract, int], trades: Iterable[BookEntry]) -> float:
    """Return the sum over the legs of the average opening price, received on shorts and paid on longs.

    A trade in the direction of its leg opens; this holds for repairs and adopted trades too.
    """
    quantity: dict[OptionContract, int] = defaultdict(int)
    paid_pts100: dict[OptionContract, int] = defaultdict(int)
    for trade in trades:
        if trade.quantity * legs.get(trade.contract, 0) > 0:
            quantity[trade.contract] += trade.quantity
            paid_pts100[trade.contract] += trade.quantity * trade.price_pts100
    return -sum(legs[leg] * paid_pts100[leg] / quantity[leg] for leg in quantity) / 100


def layer_positions(book: Book) -> dict[str, dict[OptionContract, int]]:
    """Return what each hedge layer holds, layers that hold nothing left out."""
    return {holding.subject: dict(sorted(holding.positions.items())) for holding in book.open_subjects(Strategy.HEDGE)}
