"""The open condors and hedge layers as seen in the book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from daemon.core.book.book import Book, BookEntry, EntryKind, Holding
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Strategy
from daemon.core.records import CondorRecord


@dataclass(frozen=True, slots=True)
class OpenCondor:
    """A condor that still holds something."""

    record: CondorRecord
    quantity: int
    """Whole condors held: the smallest of the four legs."""
    credit_pts: float
    """Average net credit of one condor at entry, in points, fees left out."""
    balanced: bool
    """Whether the four legs are held in equal number and nothing else is."""


def leg_directions(record: CondorRecord) -> dict[OptionContract, int]:
    """Return the four legs with +1 for long and -1 for short, as held."""
    return {record.put_long: 1, record.put_short: -1, record.call_short: -1, record.call_long: 1}


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
    legs = leg_directions(record)
    held = [direction * holding.positions.get(contract, 0) for contract, direction in legs.items()]
    quantity = max(0, min(held))
    balanced = quantity > 0 and max(held) == quantity and set(holding.positions) == set(legs)
    return OpenCondor(record, quantity, _entry_credit_pts(legs, trades), balanced)


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
