"""What a reconciliation finds: classes of break and the result as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from daemon.core.market.contracts import ConId, OptionContract
from daemon.core.orders.broker_facts import ExecutionFact, FeeFact, OrderFact
from daemon.core.orders.intent import OrderRef, PermId


class BreakKind(StrEnum):
    """Classes of difference between the book and a snapshot."""

    MISSED_FILL = "missed_fill"
    """An execution of ours that the book does not have: booked now."""
    SETTLED = "settled"
    """A contract past its settlement that the book still holds and the account no longer does: to be settled."""
    OUR_ORPHAN = "our_orphan"
    """An open order with our ref that no live intent knows: to be cancelled."""
    FOREIGN = "foreign"
    """A position in a contract that no open strategy holds: listed, left alone."""
    UNEXPLAINED = "unexplained"
    """A contract of ours whose quantity, or whose executions, we cannot account for: blocks entries."""

    @property
    def blocks_entries(self) -> bool:
        """Whether no risk may be opened while such a break is open."""
        return self is BreakKind.UNEXPLAINED

    @property
    def heals_itself(self) -> bool:
        """Whether the program closes such a break without a person."""
        return self in (BreakKind.MISSED_FILL, BreakKind.SETTLED, BreakKind.OUR_ORPHAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One difference, with a sentence for the log."""

    kind: BreakKind
    text: str
    contract: OptionContract | None = None
    con_id: ConId | None = None
    book_qty: int | None = None
    account_qty: int | None = None
    order_ref: OrderRef | None = None
    perm_id: PermId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What a snapshot means for the book."""

    executions_to_book: tuple[ExecutionFact, ...]
    """Leg executions of ours that are missing or corrected, oldest first."""
    fees_to_add: tuple[FeeFact, ...]
    evidence: Mapping[OrderRef, OrderFact]
    """For each live intent whose order the broker shows, open or completed: that order."""
    executed: frozenset[OrderRef]
    """Live intents with an execution in the snapshot."""
    absent: tuple[OrderRef, ...]
    """Sent intents without any order or execution in the snapshot: one proof of absence, not two."""
    to_settle: tuple[OptionContract, ...]
    """Contracts past their settlement that the book still holds."""
    settling: tuple[OptionContract, ...]
    """Contracts past their settlement that the account still lists, in the quantity it should."""
    breaks: tuple[Break, ...]
    notes: tuple[str, ...]
    """Combos whose net price differs from the sum of their legs."""

    @property
    def blocking(self) -> tuple[Break, ...]:
        """Return the breaks that block entries."""
        return tuple(found for found in self.breaks if found.kind.blocks_entries)

    @property
    def open_breaks(self) -> tuple[Break, ...]:
        """Return the breaks that the program does not close by itself."""
        return tuple(found for found in self.breaks if not found.kind.heals_itself)
