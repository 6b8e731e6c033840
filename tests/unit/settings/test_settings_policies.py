"""The policies that the core gets are the canonical specification of docs/rules.md."""

from datetime import date, time

from daemon.core.calendar.events import EventKind
from daemon.core.calendar.schedule import SchedulePolicy
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
from daemon.core.hedge.policy import Band, Instrument, LayerPolicy, LayerStructure
from daemon.core.risk.limits import ExitsWithoutData, RiskLimits
from daemon.settings import load

HOME = {"HOME": "/home/somebody"}


def test_the_condor_desk_enters_at_30_days_and_15_delta_with_25_point_wings() -> None:
    assert load([], HOME).condor_policy() == CondorPolicy(
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
        entry_risk_pct=5,
        min_credit_pct=15,
        max_spread_pct=25,
        leg_spread_max_pts100=100,
        leg_spread_max_pct=10,
        quote_skew_max_s=30,
        spx_move_max_pct=0.25,
        delta_check_max=0.03,
        ladder_step_pts100=5,
        ladder_step_s=60,
        ladder_through_pts100=20,
        complete_partial_fills=True,
        take_profit_enabled=True,
        take_profit_pct=50,
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
        vix_gate_min=10,
        vix_gate_max=40,
        return_gate=False,
        return_min_pct=0,
    )


def test_the_hedge_has_three_layers_in_the_ratio_4_4_2() -> None:
    layers = load([], HOME).hedge_policy().layers

    assert [(layer.name, layer.weight, layer.roll_days) for layer in layers] == [
        ("L1", 4, 8),
        ("L2", 4, 21),
        ("L3", 2, 50),
    ]
    assert layers[2] == LayerPolicy(
        name="L3",
        dte_target=90,
        dte_min=75,
        dte_max=110,
        min_buy_dte=80,
        monthly_only=True,
        roll_days=50,
        roll_from_days=45,
        roll_until_days=60,
        anchor=None,
        weight=2,
        otm_pct=10,
        structure=LayerStructure.CALL,
        short_otm_pct=60,
        instrument=Instrument.VIX_CALL,
        long_delta=0.25,
        short_delta=0.10,
    )


def test_the_bands_of_the_hedge_join_at_vix_15_and_25() -> None:
    policy = load([], HOME).hedge_policy()

    assert (policy.low, policy.moderate, policy.high) == (
        Band(name="low", vix_low=10, vix_high=15, pct_low=6, pct_high=8),
        Band(name="moderate", vix_low=15, vix_high=25, pct_low=12, pct_high=18),
        Band(name="high", vix_low=25, vix_high=40, pct_low=25, pct_high=35),
    )


def test_jobs_run_at_the_times_of_decision_6() -> None:
    assert load([], HOME).schedule_policy() == SchedulePolicy(
        preflight=time(9, 0),
        signals=time(9, 5),
        cost_of_capital=time(11, 0),
        monitors=time(15, 57),
        exits_from=time(9, 45),
        exits_every_min=5,
        hedge_roll=time(10, 30),
        condor_entry=time(15, 30),
        condor_entry_until=time(15, 45),
        hedge_resize=time(15, 50),
        last_resort=time(15, 30),
        risk_every_min=5,
        settlement=time(16, 20),
        end_of_day=time(16, 40),
        reconcile_every_min=5,
    )


def test_the_risk_limits_are_those_of_the_table_of_settings() -> None:
    assert load([], HOME).risk_limits() == RiskLimits(
        condors_max=40,
        wing_notional_max_usd=100_000,
        wing_notional_max_nlv_pct=50,
        margin_max_nlv_pct=50,
        margin_over_estimate_max_pct=10,
        session_loss_max_pct=2,
        week_loss_max_pct=4,
        drawdown_max_pct=10,
        peak_from=None,
        session_orders_max=40,
        session_contracts_max=500,
        orders_per_minute_max=20,
        rejects_max=5,
        collar_condor_pts100=200,
        collar_call_pct=50,
        collar_call_min_pts100=10,
        clock_skew_max_s=5,
        index_max_age_s=120,
        quote_max_age_s=60,
        account_max_age_s=300,
        exits_without_data=ExitsWithoutData.GO_ON,
        measure_every_min=60,
        theta_gate=False,
        quick_ratio_min=1.5,
        quick_ratio_hold_min=1.0,
    )


def test_changed_settings_reach_the_policies() -> None:
    settings = load(
        [],
        HOME
        | {
            "CONDORD_CONDOR_LADDER_THROUGH_PTS": "0.35",
            "CONDORD_HEDGE_L1_ANCHOR": "2020-02-18",
            "CONDORD_HEDGE_LADDER_STEP_PTS": "0.01",
            "CONDORD_HEDGE_ROLLS_ENABLED": "false",
        },
    )

    assert settings.condor_policy().ladder_through_pts100 == 35
    assert settings.hedge_policy().ladder_step_pts100 == 1
    assert settings.hedge_policy().rolls_enabled is False
    assert settings.hedge_policy().layers[0].anchor == date(2020, 2, 18)
