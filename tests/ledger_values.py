"""Small intents, executions and snapshots for the tests of book and store, without any reading of a clock."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import (
    AccountValues,
    ExecId,
    ExecutionFact,
    FeeFact,
    OrderFact,
    OrderStatus,
    PositionFact,
    Snapshot,
    exec_stem,
)
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderRef,
    OrderSpec,
    PermId,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import CondorRecord, EventRecord, Level

SESSION = date(2020, 2, 18)
EXPIRY = date(2020, 3, 20)
AT = datetime(2020, 2, 18, 20, 31, 5, 250_000, tzinfo=UTC)


def option(
    strike: float, right: Right = Right.PUT, expiry: date = EXPIRY, trading_class: TradingClass = TradingClass.SPXW
) -> OptionContract:
    return OptionContract(trading_class, expiry, round(strike * 100), right)


PUT_LONG, PUT_SHORT = option(3175), option(3200)
CALL_SHORT, CALL_LONG = option(3475, Right.CALL), option(3500, Right.CALL)
CONDOR_LEGS = (Leg(PUT_LONG, 1), Leg(PUT_SHORT, -1), Leg(CALL_SHORT, -1), Leg(CALL_LONG, 1))
VIX_CALL = option(18, Right.CALL, date(2020, 3, 18), TradingClass.VIX)


def con_id(contract: OptionContract) -> ConId:
    """One number a contract: made of its fields, so that it is the same everywhere."""
    right = 1 if contract.right is Right.CALL else 2
    return ConId(contract.strike_pts100 * 100_000 + contract.expiry.toordinal() % 10_000 * 10 + right)


def condor_intent(
    quantity: int = 2, subject: str = "C20200218-1", purpose: Purpose = Purpose.ENTRY, attempt: int = 1
) -> Intent:
    key = IntentKey(SESSION, Strategy.CONDOR, purpose, subject, attempt)
    spec = OrderSpec(CONDOR_LEGS, quantity, -355, TimeInForce.DAY)
    reasons = (Reason("credit", "the credit is large enough", 3.55, 3.0), Reason("vix", "calm", "low"))
    return Intent(key, spec, AT, reasons=reasons, mid_at_decision_pts=-3.525)


def call_intent(quantity: int = 4, subject: str = "L1", attempt: int = 1) -> Intent:
    key = IntentKey(SESSION, Strategy.HEDGE, Purpose.ROLL_BUY, subject, attempt)
    return Intent(key, OrderSpec((Leg(VIX_CALL, 1),), quantity, 95, TimeInForce.DAY), AT)


def condor_record(intent: Intent | None = None) -> CondorRecord:
    intent = intent or condor_intent()
    return CondorRecord(
        intent.key.subject,
        SESSION,
        CondorLegs(Vertical(PUT_SHORT, PUT_LONG), Vertical(CALL_SHORT, CALL_LONG)),
        {"wing_pts": 25, "short_delta": 0.15, "enabled": True, "name": "ladder30", "stop": None},
        intent.key,
    )


def trade(
    exec_id: str,
    contract: OptionContract,
    quantity: int,
    price_pts100: int,
    *,
    subject: str = "C20200218-1",
    ref: str | None = None,
    fee: int | None = None,
    at: datetime = AT,
) -> BookEntry:
    strategy = Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR
    return BookEntry(
        ExecId(exec_id),
        EntryKind.TRADE,
        None if ref is None else OrderRef(ref),
        strategy,
        subject,
        con_id(contract),
        contract,
        quantity,
        price_pts100,
        fee,
        at,
        SESSION,
    )


def condor_trades(
    quantity: int = 2, subject: str = "C20200218-1", ref: str | None = None, first: int = 1, minutes: int = 0
) -> tuple[BookEntry, ...]:
    """A condor as it fills: 3.20 - 1.45 for the puts, 3.10 - 1.30 for the calls, a net credit of 3.55."""
    prices = (145, 320, 310, 130)
    at = AT + timedelta(minutes=minutes)
    return tuple(
        trade(
            f"0000e0d5.{first}.{number:02}.01",
            leg.contract,
            quantity * leg.ratio,
            price,
            subject=subject,
            ref=ref or condor_intent(subject=subject).ref,
            at=at,
        )
        for number, (leg, price) in enumerate(zip(CONDOR_LEGS, prices, strict=True), start=2)
    )


def event(name: str = "execution_booked", **fields: object) -> EventRecord:
    return EventRecord(name, AT, SESSION, Level.INFO, fields)


def fact(entry: BookEntry, perm_id: int = 7001) -> ExecutionFact:
    """The broker's report of which ``entry`` is the booking."""
    return ExecutionFact(
        entry.exec_id,
        entry.order_ref,
        PermId(perm_id),
        entry.con_id,
        entry.contract,
        is_combo=False,
        quantity=entry.quantity,
        price_pts100=entry.price_pts100,
        at=entry.at,
    )


def combo_fact(
    exec_id: str = "0000e0d5.1.01.01", quantity: int = 2, net_pts100: int = -355, perm_id: int = 7001
) -> ExecutionFact:
    return ExecutionFact(
        ExecId(exec_id),
        condor_intent().ref,
        PermId(perm_id),
        ConId(28812380),
        None,
        True,
        quantity,
        net_pts100,
        AT,
        "SPX combo",
    )


def order(
    ref: str | None = None, perm_id: int = 7001, status: OrderStatus = OrderStatus.WORKING, filled: int = 0
) -> OrderFact:
    return OrderFact(None if ref is None else OrderRef(ref), PermId(perm_id), status, filled, 2 - filled)


def position(contract: OptionContract, quantity: int) -> PositionFact:
    return PositionFact(con_id(contract), contract, quantity, str(contract))


def snapshot(
    *,
    positions: Iterable[PositionFact] = (),
    open_orders: Iterable[OrderFact] = (),
    completed: Iterable[OrderFact] = (),
    executions: Iterable[ExecutionFact] = (),
    fees: Iterable[FeeFact] = (),
) -> Snapshot:
    account = AccountValues(100_000_000, 100_000_000, 0, 0, 100_000_000, AT)
    return Snapshot(AT, tuple(positions), tuple(open_orders), tuple(completed), tuple(executions), tuple(fees), account)


def fee(exec_id: str, fee_usd_e4: int = 11_500) -> FeeFact:
    return FeeFact(ExecId(exec_id), fee_usd_e4)


def in_state(intent: Intent, state: IntentState, perm_id: int | None = None) -> Intent:
    return replace(intent, state=state, perm_id=None if perm_id is None else PermId(perm_id))


def current_entries(entries: Iterable[BookEntry]) -> tuple[BookEntry, ...]:
    """Keep the highest revision of every execution, oldest first, in the plainest way."""
    rising = sorted(entries, key=lambda entry: exec_stem(entry.exec_id)[1])
    latest = {exec_stem(entry.exec_id)[0]: entry for entry in rising}
    return tuple(sorted(latest.values(), key=lambda entry: (entry.at, entry.exec_id)))


def by_stem(entries: Iterable[BookEntry]) -> dict[str, BookEntry]:
    return {exec_stem(entry.exec_id)[0]: entry for entry in current_entries(entries)}
