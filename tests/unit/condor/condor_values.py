"""Values for the condor tests: the canonical policy and quotes in points."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from limit_values import LIMITS

from daemon.core.book.condors import OpenCondor
from daemon.core.calendar.events import EventKind
from daemon.core.condor.legs import CondorLegs, Vertical, structure
from daemon.core.condor.policy import (
    CondorPolicy,
    DriftAction,
    DriftMode,
    DteUnit,
    GateMode,
    Sides,
    StrikesBy,
    TakeProfitOrder,
    TouchAction,
    WingsBy,
)
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.core.orders.intent import IntentKey, Purpose, Strategy
from daemon.core.records import CondorRecord
from daemon.core.risk.limits import RiskLimits

NOW = datetime(2020, 2, 18, 20, 30, tzinfo=UTC)
EXPIRY = date(2020, 3, 20)

POLICY = CondorPolicy(
    enabled=True,
    dte_unit=DteUnit.DAYS,
    dte_target=30,
    dte_min=25,
    dte_max=37,
    sides=Sides.BOTH,
    strikes_by=StrikesBy.DELTA,
    short_delta=0.15,
    short_delta_min=0.12,
    short_delta_max=0.18,
    credit_target_pts100=115,
    credit_tolerance_pts100=30,
    move_multiple=1.0,
    move_tolerance=0.2,
    wings_by=WingsBy.POINTS,
    wing_pts=25,
    wing_delta=0.05,
    wing_min_pts=10,
    wing_max_pts=50,
    entry_risk_pct=5.0,
    min_credit_pct=15.0,
    max_spread_pct=25.0,
    leg_spread_max_pts100=100,
    leg_spread_max_pct=10.0,
    quote_skew_max_s=30.0,
    spx_move_max_pct=0.25,
    delta_check_max=0.03,
    ladder_step_pts100=5,
    ladder_step_s=60.0,
    ladder_through_pts100=20,
    complete_partial_fills=True,
    take_profit_enabled=True,
    take_profit_pct=50.0,
    time_exit_enabled=True,
    time_exit_dte=5,
    take_profit_order=TakeProfitOrder.RESTING,
    stop_enabled=False,
    stop_loss_credits=2.0,
    touch_action=TouchAction.OFF,
    confirm_checks=3,
    mark_max_age_s=900.0,
    drift_mode=DriftMode.WATCH,
    drift_watch=0.12,
    drift_adjust=0.30,
    drift_defend=0.45,
    drift_hysteresis=0.02,
    drift_adjust_action=DriftAction.ROLL,
    drift_defend_action=DriftAction.CLOSE,
    drift_roll_credit_pct=10.0,
    drift_adjustments_max=1,
    event_mode=GateMode.OFF,
    event_kinds=(EventKind.FOMC, EventKind.CPI, EventKind.PPI, EventKind.PAYROLLS),
    event_sessions_before=1,
    event_sessions_after=0,
    vix_gate_mode=GateMode.OFF,
    vix_gate_min=10.0,
    vix_gate_max=40.0,
    return_gate=False,
    return_min_pct=0.0,
)


def policy(**changes: Any) -> CondorPolicy:
    """Return the canonical policy with changes."""
    return replace(POLICY, **changes)


def limits(**changes: Any) -> RiskLimits:
    """Return the canonical limits with changes."""
    return replace(LIMITS, **changes)


def option(strike: float, right: Right, trading_class: TradingClass = TradingClass.SPXW) -> OptionContract:
    """Return an option of the test expiry."""
    return OptionContract(trading_class, EXPIRY, round(strike * 100), right)


def quote(bid_pts100: int | None, ask_pts100: int | None) -> Quote:
    """Return a quote of ten contracts a side."""
    return Quote(NOW, bid_pts100, ask_pts100, 10, 10)


def sides(
    *, put: tuple[float, float] | None = (3200, 3175), call: tuple[float, float] | None = (3470, 3495)
) -> CondorLegs:
    """Return legs by their (short, long) strikes in SPXW of EXPIRY."""
    return CondorLegs(
        None if put is None else Vertical(option(put[0], Right.PUT), option(put[1], Right.PUT)),
        None if call is None else Vertical(option(call[0], Right.CALL), option(call[1], Right.CALL)),
    )


def open_condor(held: dict[OptionContract, int], *, credit: float = 4.0, spx: float | None = None) -> OpenCondor:
    """Return a condor that was entered with the sides above and holds something now."""
    key = IntentKey(date(2020, 2, 18), Strategy.CONDOR, Purpose.ENTRY, "C20200218-1", 1)
    record = CondorRecord("C20200218-1", key.session, sides(), {}, key, spx)
    return OpenCondor(record, structure(held), credit)
