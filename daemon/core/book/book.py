"""The book: positions and cash as a fold over booked executions and settlements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import OrderRef, Strategy


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


def fold(entries: Iterable[BookEntry]) -> Book:
    """Fold booked entries, oldest first and superseded revisions left out, into the book."""
    raise NotImplementedError
