"""Adoption: a person tells to which condor or layer a position belongs that the book cannot explain (decision 15)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.book.breaks import Break
from daemon.core.book.quantities import Booked
from daemon.core.book.reconcile import execution_entry, is_news
from daemon.core.market.contracts import ConId, OptionContract, TradingClass
from daemon.core.orders.broker_facts import ExecId, ExecutionFact, Snapshot
from daemon.core.orders.intent import Intent, IntentState, OrderRef, Strategy
from daemon.errors import SettingsError

ADOPTION_PREFIX: Final = "adoption:"
"""Begins the exec id of a position that was adopted without an execution; no broker's id does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopter:
    """The condor or layer that a position is given to."""

    strategy: Strategy
    subject: str
    contracts: frozenset[OptionContract]
    """The contracts that it holds, or is or was to hold."""
    classes: frozenset[TradingClass]
    """Trading classes of which it may hold any contract; none for a condor."""
    intents: tuple[Intent, ...]
    """Its live intents: an adopted fill belongs to the one of unknown outcome that was to trade it."""

    def require(self, contract: OptionContract) -> None:
        """Raise SettingsError unless a contract can belong to it."""
        if contract in self.contracts or contract.trading_class in self.classes:
            return
        known = ", ".join(str(held) for held in sorted(self.contracts)) or "none yet"
        raise SettingsError(
            f"{contract} is no contract of {self.subject} ({known}); give --into the condor or layer it belongs to"
        )


def is_stranger(fact: ExecutionFact, booked: Booked, known_refs: AbstractSet[OrderRef]) -> bool:
    """Whether an execution of a leg is of no order of ours and not adopted yet."""
    return not fact.is_combo and fact.order_ref not in known_refs and is_news(fact, booked)


def adopted_execution(
    fact: ExecutionFact,
    adopter: Adopter,
    *,
    booked: Booked,
    known_refs: AbstractSet[OrderRef],
    session: date,
) -> BookEntry:
    """Return the entry of a stranger's execution in an adopter; its fee comes from the broker.

    Raises SettingsError for an execution that is booked by itself, is a combination's own, or fits no contract of it.
    """
    if fact.is_combo or fact.contract is None:
        raise SettingsError(f"{fact.exec_id} is no execution of an option: adopt those of the legs")
    if not is_stranger(fact, booked, known_refs):
        raise SettingsError(f"{fact.exec_id} is in the book already, or will be by itself: there is nothing to adopt")
    adopter.require(fact.contract)
    ref = _order_of(adopter.intents, fact.contract, fact.quantity)
    return execution_entry(fact, ref, strategy=adopter.strategy, subject=adopter.subject, session=session)


def adopted_difference(
    found: Break,
    adopter: Adopter,
    snapshot: Snapshot,
    *,
    executed: int,
    price_pts100: int | None,
    session: date,
) -> BookEntry | None:
    """Return the entry that brings the book to what the account holds of the contract of a break; None if none is needed.

    ``executed`` is what executions that are adopted beside it bring, signed. Without a price, in points x 100, a
    position of which the book holds nothing counts with what the account says it paid, commissions included; of any
    other difference nobody knows the price, and it must be given. No fee is booked.
    Raises SettingsError when the price is missing, or when the contract fits the adopter badly.
    """
    assert found.book_qty is not None, "a break in a quantity says both"
    assert found.account_qty is not None, "a break in a quantity says both"
    contract, con_id = found.contract, found.con_id
    if contract is None or con_id is None:
        raise SettingsError(f"{found.text}; only options on SPX and VIX and futures on VIX can be adopted")
    adopter.require(contract)
    quantity = found.account_qty - found.book_qty - executed
    if quantity == 0:
        return None
    paid = _paid_pts100(con_id, snapshot) if found.book_qty == executed == 0 else None
    price = paid if price_pts100 is None else price_pts100
    if price is None:
        raise SettingsError(
            f"{found.text}; at which price {quantity:+d} of it were traded is not known: give --price POINTS"
        )
    return BookEntry(
        exec_id=adoption_exec_id(con_id, adopter.subject, snapshot.at),
        kind=EntryKind.TRADE,
        order_ref=_order_of(adopter.intents, contract, quantity),
        strategy=adopter.strategy,
        subject=adopter.subject,
        con_id=con_id,
        contract=contract,
        quantity=quantity,
        price_pts100=price,
        fee_usd_e4=0,
        at=snapshot.at,
        session=session,
    )


def adoption_exec_id(con_id: ConId, subject: str, at: datetime) -> ExecId:
    """Return the id of an adoption, for example ``adoption:8301:C20200218-1:20200219T143000``."""
    return ExecId(f"{ADOPTION_PREFIX}{con_id}:{subject}:{at:%Y%m%dT%H%M%S}")


def _paid_pts100(con_id: ConId, snapshot: Snapshot) -> int | None:
    return next((row.cost_pts100 for row in snapshot.positions if row.con_id == con_id), None)


def _order_of(intents: Sequence[Intent], contract: OptionContract, quantity: int) -> OrderRef | None:
    """Return the one order of unknown outcome that was to trade this, so that its end is known; None without one."""
    return next(
        (
            intent.ref
            for intent in intents
            if intent.state is IntentState.UNKNOWN
            and any(
                leg.contract == contract and 0 < quantity * leg.ratio <= leg.ratio * leg.ratio * intent.spec.quantity
                for leg in intent.spec.legs
            )
        ),
        None,
    )
