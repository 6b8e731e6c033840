"""The book: positions and cash as a fold over booked executions and settlements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import OrderRef, Strategy
from daemon.errors import InvariantError


class EntryKind(StrEnum):
    """Where a book entry comes from."""

    TRADE = "trade"
    SETTLEMENT = "settlement"


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One booked change of a position: a leg execution of the broker, or a settlement of our own making.

    ``exec_id`` of a settlement begins with ``settlement:`` so that it never looks like a broker's.
    """

    exec_id: ExecId
    kind: EntryKind
    order_ref: OrderRef | None
    strategy: Strategy
    subject: str
    con_id: ConId
    contract: OptionContract
    quantity: int
    price_pts100: int
    fee_usd_e4: int | None
    at: datetime
    session: date


@dataclass(frozen=True, slots=True)
class Holding:
    """What one subject (a condor or a layer) holds and what it has paid and received."""

    strategy: Strategy
    subject: str
    positions: Mapping[OptionContract, int]
    """Signed quantities, zeros left out."""
    cash_usd_cents: int
    """Net cash of all its trades and settlements, fees left out."""
    fees_usd_e4: int


@dataclass(frozen=True, slots=True)
class Book:
    """Everything we hold, by subject."""

    holdings: Mapping[str, Holding]
    con_ids: Mapping[OptionContract, ConId]

    def positions(self) -> dict[OptionContract, int]:
        """Return signed quantities per contract over all subjects, zeros left out."""
        total: dict[OptionContract, int] = defaultdict(int)
        for holding in self.holdings.values():
            for contract, quantity in holding.positions.items():
                total[contract] += quantity
        return {contract: quantity for contract, quantity in sorted(total.items()) if quantity}

    def open_subjects(self, strategy: Strategy) -> tuple[Holding, ...]:
        """Return the holdings of a strategy that hold something, by subject."""
        return tuple(
            holding
            for _, holding in sorted(self.holdings.items())
            if holding.strategy is strategy and holding.positions
        )


EMPTY: Final = Book(MappingProxyType({}), MappingProxyType({}))
"""The book before the first trade."""


def fold(entries: Iterable[BookEntry]) -> Book:
    """Fold booked entries, oldest first and superseded revisions left out, into the book."""
    holdings: dict[str, Holding] = {}
    con_ids: dict[OptionContract, ConId] = {}
    for entry in entries:
        holdings[entry.subject] = _added(holdings.get(entry.subject), entry)
        con_ids[entry.contract] = entry.con_id
    return Book(holdings, con_ids)


def append(book: Book, entry: BookEntry) -> Book:
    """Return the book with one more entry; the same as folding all of them again."""
    holding = _added(book.holdings.get(entry.subject), entry)
    return Book({**book.holdings, entry.subject: holding}, {**book.con_ids, entry.contract: entry.con_id})


def add_fee(book: Book, subject: str, fee_usd_e4: int) -> Book:
    """Return the book with a fee that came after its execution, in 1/10,000 dollar."""
    holding = book.holdings[subject]
    return replace(
        book, holdings={**book.holdings, subject: replace(holding, fees_usd_e4=holding.fees_usd_e4 + fee_usd_e4)}
    )


def entry_cash_usd_cents(entry: BookEntry) -> int:
    """Return the cash an entry moves, in cents: buying pays; points x 100 times dollars a point are cents.

    A future counts as paid for in full: with its mark it is worth what it has gained.
    """
    return -entry.quantity * entry.price_pts100 * entry.contract.multiplier


def entry_order(entry: BookEntry) -> tuple[datetime, str]:
    """Return the sort key of the book: the time of the trade, then the execution."""
    return entry.at, entry.exec_id


def _added(holding: Holding | None, entry: BookEntry) -> Holding:
    if holding is None:
        holding = Holding(entry.strategy, entry.subject, MappingProxyType({}), 0, 0)
    if holding.strategy is not entry.strategy:
        raise InvariantError(f"{entry.exec_id} books {entry.subject} as {entry.strategy}, but it is {holding.strategy}")
    positions = dict(holding.positions)
    positions[entry.contract] = positions.get(entry.contract, 0) + entry.quantity
    if positions[entry.contract] == 0:
        del positions[entry.contract]
    return replace(
        holding,
        positions=positions,
        cash_usd_cents=holding.cash_usd_cents + entry_cash_usd_cents(entry),
        fees_usd_e4=holding.fees_usd_e4 + (entry.fee_usd_e4 or 0),
    )
