"""Settlement in cash: the entries that close what an expired contract left in the book."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Final

from daemon.core.book.book import Book, BookEntry, EntryKind
from daemon.core.market.contracts import ConId, OptionContract, Right
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import Strategy
from daemon.errors import InvariantError

SETTLEMENT_PREFIX: Final = "settlement:"
"""Begins every exec id of our own making; no broker's id does."""


def intrinsic_pts100(contract: OptionContract, value_pts: float) -> int:
    """Return what one contract pays at a settlement value, in points x 100; never negative (European, in cash).

    Raises InvariantError on a value that cannot be one: a settlement is never guessed.
    """
    if not (math.isfinite(value_pts) and value_pts > 0):
        raise InvariantError(f"{contract} cannot settle at {value_pts}; a settlement value is a positive index level")
    value_pts100 = math.floor(value_pts * 100 + 0.5)
    above = value_pts100 - contract.strike_pts100
    return max(0, above if contract.right is Right.CALL else -above)


def settlement_exec_id(contract: OptionContract, subject: str) -> ExecId:
    """Return the id of a settlement, for example ``settlement:SPXW:2020-03-20:3200P:C20200218-1``."""
    strike = f"{contract.strike:.2f}".rstrip("0").rstrip(".")
    return ExecId(
        f"{SETTLEMENT_PREFIX}{contract.trading_class}:{contract.expiry}:{strike}{contract.right.value}:{subject}"
    )


def settlement_entry(
    contract: OptionContract,
    con_id: ConId,
    *,
    quantity_held: int,
    value_pts: float,
    strategy: Strategy,
    subject: str,
    at: datetime,
    session: date,
) -> BookEntry:
    """Return the entry that closes one subject's holding of an expired contract at its intrinsic value."""
    assert quantity_held, f"{subject} holds no {contract} that could settle"
    return BookEntry(
        exec_id=settlement_exec_id(contract, subject),
        kind=EntryKind.SETTLEMENT,
        order_ref=None,
        strategy=strategy,
        subject=subject,
        con_id=con_id,
        contract=contract,
        quantity=-quantity_held,
        price_pts100=intrinsic_pts100(contract, value_pts),
        fee_usd_e4=0,
        at=at,
        session=session,
    )


def settlement_entries(
    book: Book, contract: OptionContract, value_pts: float, *, at: datetime, session: date
) -> tuple[BookEntry, ...]:
    """Return one entry for each subject that holds the contract, even when their quantities cancel out."""
    return tuple(
        settlement_entry(
            contract,
            book.con_ids[contract],
            quantity_held=holding.positions[contract],
            value_pts=value_pts,
            strategy=holding.strategy,
            subject=holding.subject,
            at=at,
            session=session,
        )
        for _, holding in sorted(book.holdings.items())
        if contract in holding.positions
    )
