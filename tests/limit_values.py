"""The limits of the risk monitor that tests work with."""

from daemon.core.risk.limits import ExitsWithoutData, RiskLimits

LIMITS = RiskLimits(
    condors_max=20,
    wing_notional_max_usd=100_000,
    wing_notional_max_nlv_pct=50.0,
    margin_max_nlv_pct=50.0,
    margin_over_estimate_max_pct=10.0,
    session_loss_max_pct=2.0,
    week_loss_max_pct=4.0,
    drawdown_max_pct=10.0,
    peak_from=None,
    session_orders_max=40,
    session_contracts_max=500,
    orders_per_minute_max=20,
    rejects_max=5,
    collar_condor_pts100=200,
    collar_call_pct=50.0,
    collar_call_min_pts100=10,
    clock_skew_max_s=5.0,
    index_max_age_s=60.0,
    quote_max_age_s=30.0,
    account_max_age_s=300.0,
    exits_without_data=ExitsWithoutData.GO_ON,
    measure_every_min=30,
    theta_gate=True,
    quick_ratio_min=1.5,
    quick_ratio_hold_min=1.0,
)
