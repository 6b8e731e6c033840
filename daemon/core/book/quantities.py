"""Quantities per contract, ours against the account's, and the breaks in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from daemon.core.book.book import Book, BookEntry, EntryKind
from daemon.core.book.breaks import Break, BreakKind
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.broker_facts import ExecutionFact, PositionFact, exec_stem

Booked = Mapping[str, BookEntry]
"""Booked entries in their highest revision, by the stem of their execution id."""


class Quantities:
    """The book's net with what is about to be booked, beside the account's rows.

    Two condors may hold one contract with opposite signs; the account shows the net, so the net is compared.
    """

    def __init__(
        self,
        book: Book,
        rows: Sequence[PositionFact],
        *,
        booked: Booked,
        missing: Iterable[ExecutionFact],
        past_settlement: Callable[[OptionContract], bool],
    ) -> None:
        self._rows = {row.contract: row for row in rows if row.contract is not None and row.quantity}
        self._others = sorted((row for row in rows if row.contract is None and row.quantity), key=lambda r: r.con_id)
        self._past = past_settlement
        self._booked = booked
        self._con_ids = book.con_ids
        self._expected: dict[OptionContract, int] = defaultdict(int, book.positions())
        for fact in missing:
            assert fact.contract is not None, "only legs are booked"
            self._expected[fact.contract] += fact.quantity - _booked_quantity(fact, booked)
        held = {contract for holding in book.holdings.values() for contract in holding.positions}
        self.ours = held | {contract for contract, quantity in self._expected.items() if quantity}

    def to_settle(self) -> tuple[OptionContract, ...]:
        """Return the contracts past their settlement that the book still holds."""
        return tuple(sorted(contract for contract in self.ours if self._past(contract)))

    def settling(self) -> tuple[OptionContract, ...]:
        """Return the contracts past their settlement that the account still lists as it should."""
        return tuple(
            contract
            for contract, row in sorted(self._rows.items())
            if self._past(contract) and row.quantity == self._before_settlement(contract)
        )

    def settled(self) -> tuple[Break, ...]:
        """Return a break for each contract that left the account and is still in the book."""
        return tuple(self._settled(contract) for contract in self.to_settle() if not self._account(contract))

    def compare(self, watched: AbstractSet[OptionContract], strangers: Iterable[ExecutionFact]) -> tuple[Break, ...]:
        """Return foreign positions and unexplained differences, by contract.

        A contract is ours when an open strategy holds it or when it is among ``watched``. A stranger's
        execution in a contract of ours is a break even when the quantities agree (decision 15).
        """
        trades: dict[OptionContract, list[ExecutionFact]] = defaultdict(list)
        for fact in strangers:
            assert fact.contract is not None, "only options are compared"
            trades[fact.contract].append(fact)
        ours = self.ours | watched
        found = (
            self._compare(contract, trades.get(contract, ()), is_ours=contract in ours)
            for contract in sorted(ours | set(self._rows))
        )
        return (*(item for item in found if item is not None), *map(_foreign, self._others))

    def _compare(self, contract: OptionContract, trades: Sequence[ExecutionFact], *, is_ours: bool) -> Break | None:
        account, expected = self._account(contract), self._expected.get(contract, 0)
        if self._past(contract):
            # It vanishes at some time of the night: until then it is listed, afterwards it is not; both are right.
            expected = self._before_settlement(contract)
            if account in (0, expected):
                return None
            is_ours = is_ours or expected != 0
        if not is_ours:
            return _foreign(self._rows[contract])
        if account == expected and not trades:
            return None
        return self._unexplained(contract, expected, trades)

    def _account(self, contract: OptionContract) -> int:
        row = self._rows.get(contract)
        return 0 if row is None else row.quantity

    def _before_settlement(self, contract: OptionContract) -> int:
        """Return the net quantity at settlement: what the book still holds and what it has settled."""
        closed = sum(
            entry.quantity
            for entry in self._booked.values()
            if entry.kind is EntryKind.SETTLEMENT and entry.contract == contract
        )
        return self._expected.get(contract, 0) - closed

    def _unexplained(self, contract: OptionContract, expected: int, trades: Sequence[ExecutionFact]) -> Break:
        account = self._account(contract)
        text = f"the book holds {expected:+d} {contract}, the account {account:+d}"
        if trades:
            text += "; executions that are of no intent of ours: " + ", ".join(fact.exec_id for fact in trades)
        row = self._rows.get(contract)
        return Break(
            kind=BreakKind.UNEXPLAINED,
            text=text,
            contract=contract,
            con_id=row.con_id if row is not None else self._con_ids.get(contract),
            book_qty=expected,
            account_qty=account,
        )

    def _settled(self, contract: OptionContract) -> Break:
        held = self._expected.get(contract, 0)
        return Break(
            kind=BreakKind.SETTLED,
            text=f"{contract} is past its settlement and left the account; the book still holds {held:+d} net",
            contract=contract,
            con_id=self._con_ids.get(contract),
            book_qty=held,
            account_qty=0,
        )


def _booked_quantity(fact: ExecutionFact, booked: Booked) -> int:
    entry = booked.get(exec_stem(fact.exec_id)[0])
    return 0 if entry is None else entry.quantity


def _foreign(row: PositionFact) -> Break:
    what = row.description if row.contract is None else str(row.contract)
    return Break(
        kind=BreakKind.FOREIGN,
        text=f"the account holds {row.quantity:+d} {what} (contract id {row.con_id}), which no open strategy holds",
        contract=row.contract,
        con_id=row.con_id,
        book_qty=0,
        account_qty=row.quantity,
    )
