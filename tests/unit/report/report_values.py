"""Small values for the tests of the report, with only what a test cares about spelled out."""

from __future__ import annotations

from datetime import UTC, date, datetime

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.market.contracts import ConId, OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import ExecId
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import CondorRecord, DayRecord, PositionLine

MONDAY = date(2020, 3, 2)
TUESDAY = date(2020, 3, 3)
WEDNESDAY = date(2020, 3, 4)
CONDOR = "C20200302-1"


def noon(day: date) -> datetime:
    """Return an instant of a session."""
    return datetime(day.year, day.month, day.day, 17, 0, tzinfo=UTC)


def option(strike: float, right: Right, expiry: date = date(2020, 4, 1)) -> OptionContract:
    """Return an SPXW option."""
    return OptionContract(TradingClass.SPXW, expiry, round(strike * 100), right)


def vix_call(strike: float, expiry: date) -> OptionContract:
    """Return a VIX call."""
    return OptionContract(TradingClass.VIX, expiry, round(strike * 100), Right.CALL)


PUT_LONG, PUT_SHORT = option(2775, Right.PUT), option(2800, Right.PUT)
CALL_SHORT, CALL_LONG = option(3265, Right.CALL), option(3290, Right.CALL)
LEGS = (Leg(PUT_LONG, 1), Leg(PUT_SHORT, -1), Leg(CALL_SHORT, -1), Leg(CALL_LONG, 1))


def condor_record(condor_id: str = CONDOR, session: date = MONDAY) -> CondorRecord:
    """Return the condor 2800/2775P 3265/3290C."""
    key = IntentKey(session, Strategy.CONDOR, Purpose.ENTRY, condor_id, 1)
    legs = CondorLegs(Vertical(PUT_SHORT, PUT_LONG), Vertical(CALL_SHORT, CALL_LONG))
    return CondorRecord(condor_id, session, legs, {"wing_pts": 25}, key)


def intent(
    purpose: Purpose,
    subject: str,
    legs: tuple[Leg, ...],
    *,
    session: date = MONDAY,
    quantity: int = 1,
    limit_pts100: int = -435,
    mid_pts: float | None = None,
    state: IntentState = IntentState.WORKING,
    tif: TimeInForce = TimeInForce.DAY,
    attempt: int = 1,
) -> Intent:
    """Return an intent that has not been filled."""
    strategy = Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR
    key = IntentKey(session, strategy, purpose, subject, attempt)
    spec = OrderSpec(legs, quantity, limit_pts100, tif)
    why = Reason("why", f"because of {purpose.value.lower()}", 1.0, 2.0)
    return Intent(key, spec, noon(session), state, reasons=(why,), mid_at_decision_pts=mid_pts)


def trade(
    of: Intent,
    contract: OptionContract,
    quantity: int,
    price_pts: float,
    *,
    session: date | None = None,
    fee_usd_e4: int | None = 10_000,
    number: int = 1,
) -> BookEntry:
    """Return an execution of one leg, with a fee of one dollar."""
    day = session or of.key.session
    exec_id = ExecId(f"{of.ref}.{contract.strike_pts100}{contract.right}.{number}.01")
    return BookEntry(
        exec_id,
        EntryKind.TRADE,
        of.ref,
        of.key.strategy,
        of.key.subject,
        con_id(contract),
        contract,
        quantity,
        round(price_pts * 100),
        fee_usd_e4,
        noon(day),
        day,
    )


def settlement(subject: str, contract: OptionContract, quantity: int, price_pts: float, session: date) -> BookEntry:
    """Return the booking that takes an expired position away."""
    strategy = Strategy.HEDGE if subject.startswith("L") else Strategy.CONDOR
    exec_id = ExecId(f"settlement:{subject}:{contract.strike_pts100}{contract.right}")
    return BookEntry(
        exec_id,
        EntryKind.SETTLEMENT,
        None,
        strategy,
        subject,
        con_id(contract),
        contract,
        quantity,
        round(price_pts * 100),
        0,
        noon(session),
        session,
    )


def con_id(contract: OptionContract) -> ConId:
    """Return a number for a contract."""
    return ConId(contract.strike_pts100 + (1 if contract.right is Right.CALL else 2))


def day_record(
    session: date,
    *,
    net_usd: float = 1_000_000,
    condor_usd: float = 0,
    hedge_usd: float = 0,
    spx: float = 3000,
    breaks_open: int = 0,
    positions: tuple[PositionLine, ...] = (),
) -> DayRecord:
    """Return closing figures in dollars."""
    return DayRecord(
        session,
        spx,
        vix=20.0,
        net_liquidation_usd_cents=round(net_usd * 100),
        condor_pnl_usd_cents=round(condor_usd * 100),
        hedge_pnl_usd_cents=round(hedge_usd * 100),
        wing_notional_usd=2500,
        hedge_pct=15.0,
        hedge_target_usd=375.0,
        hedge_held_usd=400.0,
        regime="moderate",
        breaks_open=breaks_open,
        positions=positions,
    )
