"""Values for the hedge tests: the canonical policy."""

from dataclasses import replace
from typing import Any

from daemon.core.hedge.policy import (
    Band,
    BudgetPolicy,
    DriftPolicy,
    DriftUpside,
    EtfPolicy,
    FundCallPolicy,
    HarvestPolicy,
    HedgeBase,
    HedgeMeasure,
    HedgePolicy,
    HedgeSplit,
    HedgeTotal,
    Instrument,
    LayerPolicy,
    LayerStructure,
    RollOrder,
    SleevePolicy,
    SpreadPolicy,
)
from daemon.core.market.contracts import Underlying

L1 = LayerPolicy(
    name="L1",
    dte_target=12,
    dte_min=9,
    dte_max=16,
    min_buy_dte=11,
    monthly_only=False,
    roll_days=8,
    roll_from_days=7,
    roll_until_days=10,
    anchor=None,
    weight=4,
    otm_pct=10.0,
    structure=LayerStructure.CALL,
    short_otm_pct=60.0,
    instrument=Instrument.VIX_CALL,
    long_delta=0.25,
    short_delta=0.10,
)
L2 = replace(
    L1,
    name="L2",
    dte_target=37,
    dte_min=30,
    dte_max=45,
    min_buy_dte=30,
    roll_days=21,
    roll_from_days=19,
    roll_until_days=23,
)
L3 = replace(
    L1,
    name="L3",
    dte_target=90,
    dte_min=75,
    dte_max=110,
    min_buy_dte=80,
    monthly_only=True,
    roll_days=50,
    roll_from_days=45,
    roll_until_days=60,
    weight=2,
)

POLICY = HedgePolicy(
    enabled=True,
    rolls_enabled=True,
    roll_order=RollOrder.BUY_THEN_SELL,
    roll_by_vvix=False,
    layers=(L1, L2, L3),
    base=HedgeBase.WING_NOTIONAL,
    measure=HedgeMeasure.DELTA_DOLLARS,
    split=HedgeSplit.RATIO,
    total=HedgeTotal.REGIME,
    flat_pct=10.0,
    fixed_contracts=10,
    break_even_pts=5.0,
    low=Band(name="low", vix_low=10.0, vix_high=15.0, pct_low=6.0, pct_high=8.0),
    moderate=Band(name="moderate", vix_low=15.0, vix_high=25.0, pct_low=12.0, pct_high=18.0),
    high=Band(name="high", vix_low=25.0, vix_high=40.0, pct_low=25.0, pct_high=35.0),
    low_regime_tilt_pct=0.0,
    hysteresis_pts=0.5,
    high_fallback_sessions=20,
    resize_min_contracts=1,
    resize_min_pct=20.0,
    ladder_step_pts100=1,
    ladder_step_s=30.0,
    ladder_through_pts100=5,
    max_spread_pct=25.0,
    min_bid_pts100=1,
    min_open_interest=0,
    budget=BudgetPolicy(enabled=True, carry_max_pct=1.4, debits_max_pct=20.0, carry_alert_pct=1.4),
    harvest=HarvestPolicy(
        enabled=True,
        cost_multiple=5.0,
        backwardated_closes=3,
        calm_share=0.8,
        share_pct=25.0,
        last_floor_pct=50.0,
        route=True,
        armed_sessions=0,
    ),
    drift=DriftPolicy(
        enabled=True,
        put_delta=0.30,
        confirm=True,
        confirm_rsi=45.0,
        credit_pct=32.0,
        credit_max_pct=40.0,
        upside=DriftUpside.IGNORE,
        sell_closed=False,
        sell_eased=False,
        sell_multiple=0.0,
        spread=SpreadPolicy(
            name="drift", dte_target=10, dte_min=7, dte_max=14, monthly_only=False, otm_pct=5.0, short_otm_pct=40.0
        ),
    ),
    sleeve=SleevePolicy(
        enabled=False,
        equity_pct=2.0,
        purchase_pct=25.0,
        every_days=30,
        sell_multiple=5.0,
        spread=SpreadPolicy(
            name="sleeve", dte_target=90, dte_min=75, dte_max=110, monthly_only=True, otm_pct=10.0, short_otm_pct=60.0
        ),
    ),
    etf=EtfPolicy(
        enabled=False,
        strong_dollar=True,
        of_l1_pct=10.0,
        every_days=14,
        sell_dte=5,
        sell_multiple=5.0,
        call=FundCallPolicy(
            name="etf",
            symbol=Underlying.VXX,
            dte_target=37,
            dte_min=30,
            dte_max=45,
            monthly_only=False,
            otm_pct=20.0,
        ),
    ),
)


def policy(**changes: Any) -> HedgePolicy:
    """Return the canonical policy with changes."""
    return replace(POLICY, **changes)


def layer(of: LayerPolicy, **changes: Any) -> LayerPolicy:
    """Return a canonical layer with changes."""
    return replace(of, **changes)
