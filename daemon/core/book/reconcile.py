"""Compare the book with what the broker shows, three ways: by orders, by executions, by positions.

Nothing here changes anything: the result says what to book, what each live intent's order is, and which
differences remain. ``docs/reconciliation.md`` lists the classes of break with their rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date

from daemon.core.book.book import Book, BookEntry, EntryKind
from daemon.core.book.breaks import Break, BreakKind, Reconciliation
from daemon.core.book.quantities import Booked, Quantities
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.broker_facts import ExecutionFact, FeeFact, OrderFact, Snapshot, exec_stem
from daemon.core.orders.intent import REF_PREFIX, Intent, IntentState, OrderRef, PermId, Strategy
from daemon.errors import InvariantError


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSide:
    """What we know: one side of the comparison."""

    book: Book
    booked: Booked
    known_refs: AbstractSet[OrderRef]
    """The refs of all intents ever planned."""
    live_intents: Sequence[Intent]
    """The intents in no terminal state."""


def entry_from_execution(fact: ExecutionFact, intent: Intent, session: date) -> BookEntry:
    """Return the book entry of one leg execution of an intent's order; the fee comes later.

    Raises InvariantError for a combo's own execution, which is never booked.
    """
    key = intent.key
    return execution_entry(fact, intent.ref, strategy=key.strategy, subject=key.subject, session=session)


def execution_entry(
    fact: ExecutionFact, ref: OrderRef | None, *, strategy: Strategy, subject: str, session: date
) -> BookEntry:
    """Return the book entry of one leg execution for a subject; raises InvariantError for a combo's own."""
    if fact.is_combo or fact.contract is None:
        raise InvariantError(f"{fact.exec_id} is no execution of an option: only legs are booked")
    return BookEntry(
        exec_id=fact.exec_id,
        kind=EntryKind.TRADE,
        order_ref=ref,
        strategy=strategy,
        subject=subject,
        con_id=fact.con_id,
        contract=fact.contract,
        quantity=fact.quantity,
        price_pts100=fact.price_pts100,
        fee_usd_e4=None,
        at=fact.at,
        session=session,
    )


def reconcile(
    ours: OurSide, snapshot: Snapshot, *, past_settlement: Callable[[OptionContract], bool]
) -> Reconciliation:
    """Compare orders, executions and positions; ``past_settlement`` tells whether a contract has settled."""
    executions = _named(_latest(snapshot.executions), ours.live_intents)
    legs = tuple(fact for fact in executions if _is_leg(fact) and is_news(fact, ours.booked))
    missing = tuple(fact for fact in legs if fact.order_ref in ours.known_refs)
    reports = tuple(fact for fact in legs if _is_settlement_report(fact, past_settlement))
    strangers = [fact for fact in legs if fact not in missing and fact not in reports]
    quantities = Quantities(
        ours.book, snapshot.positions, booked=ours.booked, missing=missing, past_settlement=past_settlement
    )
    evidence = _evidence(ours.live_intents, snapshot)
    executed = {fact.order_ref for fact in executions}
    return Reconciliation(
        executions_to_book=missing,
        fees_to_add=_fees_to_add(snapshot.fees, ours.booked, missing),
        evidence=evidence,
        executed=frozenset(intent.ref for intent in ours.live_intents if intent.ref in executed),
        absent=tuple(
            intent.ref
            for intent in ours.live_intents
            if intent.state is not IntentState.PLANNED and intent.ref not in evidence and intent.ref not in executed
        ),
        to_settle=quantities.to_settle(),
        settling=quantities.settling(),
        breaks=(
            *map(_missed_fill, missing),
            *quantities.settled(),
            *_orphans(snapshot.open_orders, evidence, ours),
            *quantities.compare(_traded(ours.live_intents), strangers),
        ),
        notes=_net_price_notes(executions),
    )


def _latest(executions: Iterable[ExecutionFact]) -> tuple[ExecutionFact, ...]:
    """Keep the highest revision of each execution, oldest first."""
    latest: dict[str, tuple[int, ExecutionFact]] = {}
    for fact in executions:
        stem, revision = exec_stem(fact.exec_id)
        if stem not in latest or revision > latest[stem][0]:
            latest[stem] = (revision, fact)
    return tuple(sorted((fact for _, fact in latest.values()), key=lambda fact: (fact.at, fact.exec_id)))


def _named(executions: Iterable[ExecutionFact], live_intents: Iterable[Intent]) -> tuple[ExecutionFact, ...]:
    """Give executions that came without a ref the ref of the live intent with their permanent id."""
    refs = {intent.perm_id: intent.ref for intent in live_intents if intent.perm_id is not None}
    return tuple(
        replace(fact, order_ref=refs.get(fact.perm_id)) if fact.order_ref is None else fact for fact in executions
    )


def _is_leg(fact: ExecutionFact) -> bool:
    return not fact.is_combo and fact.contract is not None


def is_news(fact: ExecutionFact, booked: Booked) -> bool:
    """Whether the book has neither this revision of an execution nor a higher one."""
    stem, revision = exec_stem(fact.exec_id)
    return stem not in booked or revision > exec_stem(booked[stem].exec_id)[1]


def _is_settlement_report(fact: ExecutionFact, past_settlement: Callable[[OptionContract], bool]) -> bool:
    return fact.contract is not None and not _has_our_prefix(fact.order_ref) and past_settlement(fact.contract)


def _has_our_prefix(ref: OrderRef | None) -> bool:
    return ref is not None and ref.startswith(f"{REF_PREFIX}.")


def _traded(live_intents: Iterable[Intent]) -> frozenset[OptionContract]:
    """Return the contracts that a live order of ours may change at any moment."""
    return frozenset(leg.contract for intent in live_intents for leg in intent.spec.legs)


def _fees_to_add(fees: Iterable[FeeFact], booked: Booked, missing: Iterable[ExecutionFact]) -> tuple[FeeFact, ...]:
    """Return the fees that a booked entry lacks, or one that is booked now."""
    booked_now = {exec_stem(fact.exec_id)[0] for fact in missing}

    def lacks(stem: str) -> bool:
        return stem in booked_now or (stem in booked and booked[stem].fee_usd_e4 is None)

    return tuple(fee for fee in fees if lacks(exec_stem(fee.exec_id)[0]))


def _evidence(live_intents: Sequence[Intent], snapshot: Snapshot) -> dict[OrderRef, OrderFact]:
    """Return the broker's order of each live intent, by ref or permanent id; an open order outranks a completed one."""
    live = {intent.ref for intent in live_intents}
    by_perm_id = {intent.perm_id: intent.ref for intent in live_intents if intent.perm_id is not None}
    found: dict[OrderRef, OrderFact] = {}
    for order in (*snapshot.open_orders, *snapshot.completed_orders):
        ref = order.order_ref if order.order_ref in live else by_perm_id.get(order.perm_id)
        if ref is not None:
            found.setdefault(ref, order)
    return found


def _orphans(open_orders: Iterable[OrderFact], evidence: dict[OrderRef, OrderFact], ours: OurSide) -> tuple[Break, ...]:
    """Return a break for each open order with our ref that is not the one order of a live intent."""
    accepted = {order.perm_id for order in evidence.values()}
    orphans = (order for order in open_orders if _has_our_prefix(order.order_ref) and order.perm_id not in accepted)
    return tuple(_orphan(order, evidence, ours) for order in orphans)


def _orphan(order: OrderFact, evidence: dict[OrderRef, OrderFact], ours: OurSide) -> Break:
    if order.order_ref in evidence:
        whose = "an intent that has another order"
    elif order.order_ref in ours.known_refs:
        whose = "an intent that has ended"
    else:
        whose = "no intent we know"
    return Break(
        kind=BreakKind.OUR_ORPHAN,
        text=f"open order {order.perm_id} carries the ref {order.order_ref} of {whose}",
        order_ref=order.order_ref,
        perm_id=order.perm_id,
    )


def _missed_fill(fact: ExecutionFact) -> Break:
    return Break(
        kind=BreakKind.MISSED_FILL,
        text=(
            f"execution {fact.exec_id} of {fact.order_ref}, {fact.quantity:+d} {fact.contract} at "
            f"{fact.price_pts100 / 100:.2f}, was missing in the book"
        ),
        contract=fact.contract,
        con_id=fact.con_id,
        order_ref=fact.order_ref,
        perm_id=fact.perm_id,
    )


def _net_price_notes(executions: Iterable[ExecutionFact]) -> tuple[str, ...]:
    """Compare, order by order, what the combo's own executions cost with what its legs cost."""
    combos: dict[PermId, int] = defaultdict(int)
    legs: dict[PermId, int] = defaultdict(int)
    for fact in executions:
        (combos if fact.is_combo else legs)[fact.perm_id] += fact.quantity * fact.price_pts100
    return tuple(
        f"order {perm_id}: its legs cost {legs[perm_id] / 100:.2f} points in all, the combo {cost / 100:.2f}"
        for perm_id, cost in sorted(combos.items())
        if cost != legs[perm_id]
    )
