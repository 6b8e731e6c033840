"""Booked executions, settlements and fees, with the book folded from them.

What is read often is kept in memory beside the rows: the one connection is the only writer, so it is changed
exactly when a transaction has committed, and can be rebuilt from the rows at any time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from daemon.adapters.store import codec
from daemon.adapters.store.connection import Connection
from daemon.core.book.book import EMPTY, Book, BookEntry, add_fee, append, entry_order, fold
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.broker_facts import ExecId, exec_stem
from daemon.core.orders.intent import Intent, OrderRef
from daemon.errors import InvariantError

PARKED_FEES_MAX: Final = 1000
"""Fees without an execution that are kept; a combo's own fee never finds one."""

_ENTRIES_SQL: Final = """
    SELECT e.*, c.trading_class, c.expiry, c.strike_pts100, c.right
    FROM executions AS e JOIN contracts AS c USING (con_id)
    WHERE e.revision = (SELECT max(revision) FROM executions WHERE stem = e.stem)
    ORDER BY e.at, e.exec_id
"""
_INSERT_SQL: Final = """
    INSERT INTO executions (stem, revision, exec_id, kind, order_ref, strategy, subject, con_id,
        quantity, price_pts100, fee_usd_e4, fee_revision, at, session)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(slots=True)
class _Cache:
    entries: list[BookEntry] = field(default_factory=list)
    by_stem: dict[str, BookEntry] = field(default_factory=dict)
    fee_revisions: dict[str, int | None] = field(default_factory=dict)
    by_ref: dict[OrderRef, set[str]] = field(default_factory=dict)
    book: Book | None = EMPTY
    """None where it has to be folded again."""
    listed: tuple[BookEntry, ...] | None = ()


class Ledger:
    """The executions' part of the store; its writes take place in a transaction that the store opens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cache = _Cache()
        self.load()

    def load(self) -> None:
        """Read all entries anew."""
        cache = _Cache(book=None, listed=None)
        for row in self._connection.rows(_ENTRIES_SQL):
            _remember(cache, codec.entry(row), row["fee_revision"])
        self._cache = cache

    def entries(self) -> tuple[BookEntry, ...]:
        """Return every booked entry in its highest revision, oldest first."""
        if self._cache.listed is None:
            self._cache.listed = tuple(self._cache.entries)
        return self._cache.listed

    def booked(self) -> Mapping[str, BookEntry]:
        """Return the entries by the stem of their execution id."""
        return self._cache.by_stem

    def book(self) -> Book:
        """Return the fold of the entries."""
        if self._cache.book is None:
            self._cache.book = fold(self._cache.entries)
        return self._cache.book

    def is_news(self, exec_id: ExecId) -> bool:
        """Whether neither this revision nor a higher one is booked."""
        stem, revision = exec_stem(exec_id)
        booked = self._cache.by_stem.get(stem)
        return booked is None or revision > exec_stem(booked.exec_id)[1]

    def write(self, entry: BookEntry) -> tuple[BookEntry, int | None]:
        """Write an entry that is news; return it with its fee, and the revision that the fee is of."""
        stem, revision = exec_stem(entry.exec_id)
        fee, fee_revision = self._fee(entry)
        self._write_contract(entry)
        values = (stem, revision, entry.exec_id, entry.kind.value, entry.order_ref, entry.strategy.value)
        numbers = (entry.subject, entry.con_id, entry.quantity, entry.price_pts100, fee, fee_revision)
        times = (codec.instant_text(entry.at), entry.session.isoformat())
        self._connection.write(_INSERT_SQL, (*values, *numbers, *times))
        self._connection.write("DELETE FROM parked_fees WHERE stem = ? AND revision <= ?", (stem, revision))
        return replace(entry, fee_usd_e4=fee), fee_revision

    def remember(self, entry: BookEntry, fee_revision: int | None) -> None:
        """Take over an entry whose transaction has committed."""
        _remember(self._cache, entry, fee_revision)

    def write_fee(self, exec_id: ExecId, fee_usd_e4: int) -> BookEntry | None:
        """Write a fee; return the entry that has it now, None when it was known or no such execution is booked.

        A fee without its execution is parked until that comes.
        """
        stem, revision = exec_stem(exec_id)
        booked = self._cache.by_stem.get(stem)
        if booked is None or revision > exec_stem(booked.exec_id)[1]:
            self._park(stem, revision, fee_usd_e4)
            return None
        known = self._cache.fee_revisions.get(stem)
        if known is not None and revision <= known:
            return None
        self._connection.write(
            "UPDATE executions SET fee_usd_e4 = ?, fee_revision = ? WHERE exec_id = ?",
            (fee_usd_e4, revision, booked.exec_id),
        )
        return replace(booked, fee_usd_e4=fee_usd_e4)

    def filled(self, intent: Intent, entry: BookEntry | None = None) -> int:
        """Return how many whole units of an intent its executions make, with ``entry`` counted in.

        For several legs these are the whole combos: the smallest leg decides.
        """
        stems = set(self._cache.by_ref.get(intent.ref, ()))
        entries = {stem: self._cache.by_stem[stem] for stem in stems}
        if entry is not None:
            entries[exec_stem(entry.exec_id)[0]] = entry
        done: dict[OptionContract, int] = {}
        for booked in entries.values():
            done[booked.contract] = done.get(booked.contract, 0) + booked.quantity
        return max(0, min(done.get(leg.contract, 0) // leg.ratio for leg in intent.spec.legs))

    def _fee(self, entry: BookEntry) -> tuple[int | None, int | None]:
        """Return the fee known for an entry: its own, one that waits for it, or that of the revision it corrects."""
        stem, revision = exec_stem(entry.exec_id)
        if entry.fee_usd_e4 is not None:
            return entry.fee_usd_e4, revision
        parked = self._connection.row(
            "SELECT fee_usd_e4, revision FROM parked_fees WHERE stem = ? AND revision <= ? ORDER BY revision DESC",
            (stem, revision),
        )
        if parked is not None:
            return parked["fee_usd_e4"], parked["revision"]
        corrected = self._cache.by_stem.get(stem)
        return (None, None) if corrected is None else (corrected.fee_usd_e4, self._cache.fee_revisions.get(stem))

    def _write_contract(self, entry: BookEntry) -> None:
        fields = codec.contract_fields(entry.contract)
        self._connection.write("INSERT OR IGNORE INTO contracts VALUES (?, ?, ?, ?, ?)", (entry.con_id, *fields))
        row = self._connection.row("SELECT * FROM contracts WHERE con_id = ?", (entry.con_id,))
        if row is None or [*row][1:] != fields:
            known = "another number" if row is None else codec.contract([*row][1:])
            raise InvariantError(f"contract id {entry.con_id} of {entry.contract} is known as {known}")

    def _park(self, stem: str, revision: int, fee_usd_e4: int) -> None:
        self._connection.write(
            "INSERT OR REPLACE INTO parked_fees (stem, revision, fee_usd_e4) VALUES (?, ?, ?)",
            (stem, revision, fee_usd_e4),
        )
        self._connection.write(
            "DELETE FROM parked_fees WHERE id <= (SELECT max(id) FROM parked_fees) - ?", (PARKED_FEES_MAX,)
        )


def _remember(cache: _Cache, entry: BookEntry, fee_revision: int | None) -> None:
    stem = exec_stem(entry.exec_id)[0]
    replaced = cache.by_stem.get(stem)
    if replaced is not None:
        del cache.entries[bisect_left(cache.entries, entry_order(replaced), key=entry_order)]
    insort(cache.entries, entry, key=entry_order)
    cache.by_stem[stem] = entry
    cache.fee_revisions[stem] = fee_revision
    cache.listed = None
    cache.book = None if cache.book is None else _folded(cache.book, entry, replaced)
    if entry.order_ref is not None:
        cache.by_ref.setdefault(entry.order_ref, set()).add(stem)


def _folded(book: Book, entry: BookEntry, replaced: BookEntry | None) -> Book | None:
    """Return the book with a new entry or a fee that changed; None where it must be folded anew."""
    if replaced is None:
        return append(book, entry)
    if replace(replaced, fee_usd_e4=entry.fee_usd_e4) == entry:
        return add_fee(book, entry.subject, (entry.fee_usd_e4 or 0) - (replaced.fee_usd_e4 or 0))
    return None
