"""The invariants, as pure functions over what can be observed; each says in a sentence what is violated, with its ids."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from campaign.seen import Closed, Seen, Sent

from daemon.core.book.book import EntryKind, Holding, fold
from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import is_session, new_york_date, session
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.broker_facts import PAPER_PREFIXES, exec_stem
from daemon.core.orders.intent import Intent, IntentState, OrderRef, Purpose, Strategy, TimeInForce, purpose_of
from daemon.core.records import RunState
from daemon.core.risk.gates import OPENING

PLANNING_S = 90.0
"""How much older than its limit an index value may be when the order leaves: planning takes time."""
EVENTS_MAX = 1_500
"""Most events of one session, details included."""
LINES_MAX = 700
"""Most events of one session that are lines of its log."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold; number 0 is a daemon that crashed."""

    invariant: int
    text: str

    def __str__(self) -> str:
        return f"({self.invariant}) {self.text}"


def intent_before_bytes(seen: Seen) -> tuple[Violation, ...]:
    """(1) Every broker order has an intent that was committed as SENDING before its bytes left."""
    return tuple(
        Violation(1, f"{sent.ref} was sent while its intent was {sent.committed or 'not in the database'}")
        for sent in seen.sent
        if sent.committed != IntentState.SENDING.value
    )


def one_order_an_intent(seen: Seen) -> tuple[Violation, ...]:
    """(2) At most one working order an intent, and no intent is sent twice."""
    working = Counter(order.ref for order in seen.working)
    twice = [f"{ref} was sent {count} times" for ref, count in seen.times_sent.items() if count > 1]
    both = [f"{ref} has {count} working orders" for ref, count in working.items() if count > 1]
    return tuple(Violation(2, text) for text in (*twice, *both))


def executions_once(seen: Seen) -> tuple[Violation, ...]:
    """(3) Each execution is booked once, as the account had it."""
    found: list[str] = []
    stems = Counter(exec_stem(entry.exec_id)[0] for entry in seen.entries)
    found += [f"execution {stem} is booked {count} times" for stem, count in stems.items() if count > 1]
    for entry in seen.entries:
        if entry.kind is not EntryKind.TRADE:
            continue
        fill = seen.fills.get(exec_stem(entry.exec_id)[0])
        if fill is None:
            found.append(f"execution {entry.exec_id} of {entry.order_ref} is booked, and the account never had it")
        elif (fill.ref, fill.contract, fill.quantity, fill.price_pts100) != (
            entry.order_ref,
            entry.contract,
            entry.quantity,
            entry.price_pts100,
        ):
            found.append(
                f"execution {entry.exec_id} is booked as {entry.quantity:+d} {entry.contract} of {entry.order_ref}"
            )
    return tuple(Violation(3, text) for text in found)


def one_entry(seen: Seen) -> tuple[Violation, ...]:
    """(4) At most one entry a strategy, session and layer: attempts together never make more than was wanted."""
    wanted: dict[tuple[object, ...], int] = {}
    filled: dict[tuple[object, ...], int] = defaultdict(int)
    alive: dict[tuple[object, ...], list[OrderRef]] = defaultdict(list)
    for intent in seen.intents:
        name = _entry_of(intent)
        if name is None:
            continue
        wanted[name] = max(wanted.get(name, 0), intent.spec.quantity)
        filled[name] += intent.filled
        if not intent.state.terminal:
            alive[name].append(intent.ref)
    double = [
        f"{name} has filled {filled[name]}, wanted {wanted[name]}" for name in wanted if filled[name] > wanted[name]
    ]
    beside = [f"{', '.join(refs)} live side by side" for refs in alive.values() if len(refs) > 1]
    return tuple(Violation(4, text) for text in (*double, *beside))


def _entry_of(intent: Intent) -> tuple[object, ...] | None:
    key = intent.key
    if key.purpose is Purpose.ENTRY:
        return key.session.isoformat(), key.strategy.value, key.purpose.value
    if key.purpose is Purpose.ROLL_BUY:
        return key.session.isoformat(), key.strategy.value, key.purpose.value, key.subject
    return None


def book_is_account(seen: Seen) -> tuple[Violation, ...]:
    """(5) The book equals the account as it was last shown, or an open break blocks entries."""
    if seen.breaks_open or seen.shown_at is None or seen.reconciled_at is None or seen.reconciled_at < seen.shown_at:
        return ()
    ours = seen.book.positions()
    found = []
    for contract in {**ours, **seen.account}:
        mine, theirs = ours.get(contract, 0), seen.account.get(contract, 0)
        moved = seen.moved_at.get(contract)
        settled = settlement_at(contract.trading_class, contract.expiry) <= seen.at
        if mine != theirs and not settled and moved is not None and moved < seen.shown_at:
            found.append(
                f"the book holds {mine} {contract}, the account {theirs} since {moved:%H:%M:%S}, "
                f"shown at {seen.shown_at:%H:%M:%S}, and no break is open"
            )
    return tuple(Violation(5, text) for text in found)


def only_when_allowed(seen: Seen) -> tuple[Violation, ...]:
    """(6) No opening order while halted, unsynced, unreconciled, out of hours, on stale values or over a limit."""
    return tuple(Violation(6, f"{sent.ref} was sent {why}") for sent in seen.sent for why in _against(sent, seen))


def _against(sent: Sent, seen: Seen) -> Iterable[str]:
    purpose = purpose_of(sent.ref)
    assert purpose is not None, f"{sent.ref} is a ref of ours"
    if sent.run_state is RunState.HALTED and purpose in OPENING:
        yield "while halted"
    if not sent.link_synced:
        yield "while the link was not in step"
    if sent.reconciled_at is None:
        yield "before anything was reconciled"
    if purpose not in OPENING:
        return
    day = new_york_date(sent.at)
    hours = session(day) if is_session(day) else None
    if hours is None or not hours.open_at <= sent.at < hours.options_close_at:
        yield f"at {sent.at:%H:%M:%S} UTC, out of hours"
    age_s = None if sent.index_at is None else (sent.at - sent.index_at).total_seconds()
    if age_s is None or age_s > seen.limits.index_max_age_s + PLANNING_S:
        yield f"on index values {age_s} s old"
    counted = _counted(sent, seen)
    if len(counted) > seen.limits.session_orders_max:
        yield f"as order {len(counted)} of its session, the limit is {seen.limits.session_orders_max}"
    contracts = sum(intent.spec.contracts for intent in seen.intents if intent.ref in counted)
    if contracts > seen.limits.session_contracts_max:
        yield f"as contract {contracts} of its session, the limit is {seen.limits.session_contracts_max}"
    if purpose is Purpose.ENTRY:
        yield from _against_entry(sent, seen)


def _against_entry(sent: Sent, seen: Seen) -> Iterable[str]:
    if sent.run_state is not RunState.RUNNING:
        yield f"in run state {sent.run_state}"
    if sent.breaks_open:
        yield f"with {sent.breaks_open} breaks open"
    wings = {holding.subject: wings_usd(holding.positions) for holding in seen.book.open_subjects(Strategy.CONDOR)}
    after = len(wings) + 1
    if after > seen.limits.condors_max:
        yield f"as condor {after}, the limit is {seen.limits.condors_max}"
    ordered = {leg.contract: leg.ratio * sent.spec.quantity for leg in sent.spec.legs}
    notional_usd = sum(wings.values()) + wings_usd(ordered)
    if notional_usd > seen.limits.wing_notional_max_usd:
        yield f"for {notional_usd} dollars of wings, the limit is {seen.limits.wing_notional_max_usd}"


def wings_usd(positions: Mapping[OptionContract, int]) -> int:
    """Return the dollars between the strikes of the wider side."""
    sides: dict[str, int] = defaultdict(int)
    for contract, quantity in positions.items():
        sides[contract.right.value] += quantity * contract.strike_pts100
    return max(map(abs, sides.values()), default=0)


def _counted(sent: Sent, seen: Seen) -> list[OrderRef]:
    """Return the opening orders of the session, since a person last resumed."""
    since = {intent.ref: intent.created_at for intent in seen.intents}
    return [
        ref
        for ref in seen.sent_in_session.get(sent.session, ())
        if purpose_of(ref) in OPENING and (seen.counted_from is None or since[ref] >= seen.counted_from)
    ]


def shorts_covered(seen: Seen) -> tuple[Violation, ...]:
    """(7) Every short option of the account is covered by a long one of the same class, expiry and right."""
    net: dict[tuple[str, str, str], int] = defaultdict(int)
    for contract, quantity in seen.account.items():
        net[contract.trading_class.value, contract.expiry.isoformat(), contract.right.value] += quantity
    bare = {name: quantity for name, quantity in net.items() if quantity < 0}
    repaired = {
        (leg.contract.trading_class.value, leg.contract.expiry.isoformat(), leg.contract.right.value)
        for intent in seen.intents
        if intent.key.purpose is Purpose.REPAIR and not intent.state.terminal
        for leg in intent.spec.legs
    }
    return tuple(
        Violation(7, f"{-quantity} short {' '.join(name)} are not covered, and nothing repairs them")
        for name, quantity in bare.items()
        if name not in repaired
    )


def paper_only(seen: Seen) -> tuple[Violation, ...]:
    """(8) Orders go to paper accounts only."""
    return tuple(
        Violation(8, f"{sent.ref} was sent for account {sent.account}, which is no paper account")
        for sent in seen.sent
        if not sent.account.startswith(PAPER_PREFIXES)
    )


def profit_explained(closed: Closed) -> tuple[Violation, ...]:
    """(9) At rest cash, fees and marks of the book, and trades by hand, make the change of net liquidation.

    Within a cent a contract. What was filled unseen, and is listed no more, is a person's to explain.
    """
    if closed.forgotten:
        return ()
    book, marks = closed.seen.book, closed.marks_usd_cents
    fees_e4 = sum(holding.fees_usd_e4 for holding in book.holdings.values())
    made = sum(holding.cash_usd_cents for holding in book.holdings.values()) - fees_e4 / 100
    held = book.positions()
    lacking = [str(contract) for contract in held if contract not in marks]
    if lacking:
        return (Violation(9, f"the account does not value {', '.join(lacking)}, which the book holds"),)
    made += sum(quantity * marks[contract] for contract, quantity in held.items()) + closed.by_hand_usd_cents
    allowed = 1 + sum(abs(quantity) for quantity in held.values())
    if abs(made - closed.change_usd_cents) <= allowed:
        return ()
    text = f"net liquidation moved {closed.change_usd_cents / 100:.2f}, the book explains {made / 100:.2f}"
    return (Violation(9, text),)


def rebuilt_is_memory(closed: Closed) -> tuple[Violation, ...]:
    """(10) What a process that starts now would find is what this one remembers, and the fold of the entries."""
    now, then = closed.remembered, closed.rebuilt
    found = []
    if then.book.positions() != now.book.positions() or _cash(then.book.holdings) != _cash(now.book.holdings):
        found.append("the book that is read back differs from the one in memory")
    if fold(closed.seen.entries).positions() != now.book.positions():
        found.append("the book in memory is not the fold of its entries")
    ours, stored = ({intent.ref: intent for intent in side.intents} for side in (now, then))
    found += [
        f"{ref} is {_said(stored.get(ref))} in the database and {_said(ours.get(ref))} in memory"
        for ref in {**ours, **stored}
        if ours.get(ref) != stored.get(ref)
    ]
    if now.run_state is not then.run_state:
        found.append(f"the run state is {then.run_state} in the database and {now.run_state} in memory")
    return tuple(Violation(10, text) for text in found)


def _cash(holdings: Mapping[str, Holding]) -> dict[str, tuple[int, int]]:
    return {name: (each.cash_usd_cents, each.fees_usd_e4) for name, each in holdings.items()}


def _said(intent: Intent | None) -> str:
    return "unknown" if intent is None else f"{intent.state}, {intent.filled} filled"


def one_outcome(closed: Closed) -> tuple[Violation, ...]:
    """(11) One outcome of each job of each session that is over; none is owed once all has come to rest."""
    found = []
    for day in closed.sessions:
        for job in closed.jobs:
            told = closed.outcomes.get((day, job), ())
            if len(told) > 1 or (closed.quiet and not told):
                found.append(f"{job} of {day} has {len(told)} outcomes: {', '.join(told) or 'none'}")
    return tuple(Violation(11, text) for text in found)


def reasons_given(closed: Closed) -> tuple[Violation, ...]:
    """(12) Every decision has a reason, every session one decision about its entry, every order a reason."""
    found = []
    for day in closed.sessions:
        decisions = closed.decisions.get(day, ())
        entry = [decision for decision in decisions if decision.job == "condor_entry"]
        if len(entry) > 1 or (closed.quiet and not entry):
            found.append(f"{day} has {len(entry)} decisions about its entry")
        found += [
            f"the decision {decision.kind} of {decision.job} about {decision.subject} on {day} has no reason"
            for decision in decisions
            if not any(reason.name and reason.text for reason in decision.reasons)
        ]
    found += [f"{intent.ref} has no reason" for intent in closed.seen.intents if not intent.reasons]
    return tuple(Violation(12, text) for text in found)


def comes_to_rest(closed: Closed) -> tuple[Violation, ...]:
    """(13) After the last fault and a quiet session nothing is unknown, broken, due or without an end.

    What was filled unseen, and is listed no more, stays unknown and keeps a break open until a person explains it.
    """
    lost = {fill.ref for fill in closed.forgotten}
    broken = {fill.contract for fill in closed.forgotten}
    found = [*_unended(closed, lost), *_unbooked(closed, lost, broken)]
    if closed.seen.breaks_open and not lost:
        found.append(f"{closed.seen.breaks_open} breaks are still open")
    if lost and not closed.seen.breaks_open and any(_alive(contract, closed) for contract in broken):
        found.append(f"no break is open, and fills of {', '.join(sorted(lost))} were never seen")
    if not closed.link_synced:
        found.append("the link is not in step")
    found += [f"{text} has settled and is still in the book" for text in closed.due]
    return tuple(Violation(13, text) for text in found)


def _unended(closed: Closed, lost: AbstractSet[OrderRef]) -> Iterable[str]:
    working = {order.ref for order in closed.seen.working}
    for intent in closed.seen.intents:
        resting = intent.state is IntentState.WORKING and intent.spec.tif is TimeInForce.GTC and intent.ref in working
        if not intent.state.terminal and not resting and intent.ref not in lost:
            yield f"{intent.ref} is still {intent.state}"
    ours = {intent.ref for intent in closed.seen.intents if not intent.state.terminal}
    yield from (f"the broker works {ref}, and its intent has ended" for ref in sorted(working - ours))


def _unbooked(closed: Closed, lost: AbstractSet[OrderRef], broken: AbstractSet[OptionContract]) -> Iterable[str]:
    held, account = closed.seen.book.positions(), closed.seen.account
    for contract, quantity in held.items():
        if _alive(contract, closed) and quantity != account.get(contract, 0) and contract not in broken:
            yield f"the book holds {quantity} {contract}, the account {account.get(contract, 0)}"
    booked = {exec_stem(entry.exec_id)[0] for entry in closed.seen.entries}
    for stem, fill in closed.seen.fills.items():
        if fill.ref and stem not in booked and fill.ref not in lost:
            yield f"execution {stem} of {fill.ref} was never booked"


def _alive(contract: OptionContract, closed: Closed) -> bool:
    return settlement_at(contract.trading_class, contract.expiry) > closed.seen.at


def log_bounded(closed: Closed) -> tuple[Violation, ...]:
    """(14) A session writes a bounded number of events and of lines."""
    events = len(closed.events)
    lines = sum(event.level.value != "debug" for event in closed.events)
    found = []
    if events > EVENTS_MAX:
        found.append(f"{closed.sessions[-1]} wrote {events} events")
    if lines > LINES_MAX:
        found.append(f"{closed.sessions[-1]} wrote {lines} lines")
    return tuple(Violation(14, text) for text in found)


StepChecker = Callable[[Seen], tuple[Violation, ...]]
ClosingChecker = Callable[[Closed], tuple[Violation, ...]]

STEP: tuple[StepChecker, ...] = (
    intent_before_bytes,
    one_order_an_intent,
    executions_once,
    one_entry,
    book_is_account,
    only_when_allowed,
    shorts_covered,
    paper_only,
)
"""Asked after every step."""
CLOSING: tuple[ClosingChecker, ...] = (rebuilt_is_memory, one_outcome, reasons_given, log_bounded)
"""Asked at the end of every session."""
AT_REST: tuple[ClosingChecker, ...] = (profit_explained, comes_to_rest)
"""Asked when everything must have come to rest."""
