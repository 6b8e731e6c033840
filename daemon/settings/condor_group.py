"""Settings of the condor: what an entry looks for, how it is worked, when it ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from daemon.core.calendar.events import EventKind
from daemon.core.condor.policy import (
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
from daemon.settings.fields import (
    AdjustAction,
    CountedIn,
    DefendAction,
    Drift,
    EntryGate,
    EntrySides,
    EventKinds,
    Group,
    Points,
    StrikeChoice,
    TakeProfit,
    Touch,
    WingChoice,
    setting,
)

_CENT: Final = Decimal("0.01")
_TICK: Final = Decimal("0.05")


class CondorSettings(Group):
    """Entry, working order and exits of the daily iron condor."""

    enabled: bool = setting(True, "Whether new condors are entered; exits go on either way.")
    dte_unit: CountedIn = setting(
        DteUnit.DAYS,
        "What the days to expiry of an entry are counted in: calendar days, or sessions, where 1 is the next session "
        "over weekends and holidays too.",
    )
    dte_target: int = setting(
        30, "Days to expiry that an entry looks for; 0 is the session itself.", unit="days", ge=0, le=120
    )
    dte_min: int = setting(25, "Fewest days to expiry that an entry accepts.", unit="days", ge=0, le=120)
    dte_max: int = setting(37, "Most days to expiry that an entry accepts.", unit="days", ge=0, le=150)
    sides: EntrySides = setting(Sides.BOTH, "Which sides are entered: both, or only the puts or the calls.")
    strikes_by: StrikeChoice = setting(
        StrikesBy.DELTA,
        "What the short strikes are chosen by: their delta, the credit that is received, or expected moves.",
    )
    short_delta: float = setting(
        0.15, "Delta of the short strikes, without its sign; with strikes by delta.", unit="delta", ge=0.01, le=0.5
    )
    short_delta_min: float = setting(
        0.12,
        "Smallest delta, without its sign, that a short strike may have; with strikes by delta.",
        unit="delta",
        ge=0.005,
        le=0.5,
    )
    short_delta_max: float = setting(
        0.18,
        "Largest delta, without its sign, that a short strike may have; with strikes by delta.",
        unit="delta",
        ge=0.01,
        le=0.6,
    )
    credit_target_pts: Points = setting(
        Decimal("1.15"),
        "Mid credit of one condor that is looked for, half of it on each of two sides; with strikes by credit.",
        unit="points",
        ge=_TICK,
        le=Decimal(50),
        multiple_of=_TICK,
    )
    credit_tolerance_pts: Points = setting(
        Decimal("0.30"),
        "How far the mid credit of one condor may lie from its target, half of it on each of two sides.",
        unit="points",
        ge=Decimal(0),
        le=Decimal(50),
        multiple_of=_TICK,
    )
    move_multiple: float = setting(
        1,
        "Distance of the short strikes from the forward, in expected moves of the at-the-money straddle; with strikes "
        "by expected_move.",
        unit="moves",
        ge=0.1,
        le=5,
    )
    move_tolerance: float = setting(
        0.2, "How far a short strike may lie from that distance, in expected moves.", unit="moves", ge=0.01, le=1
    )
    wings_by: WingChoice = setting(
        WingsBy.POINTS, "What the long strikes are chosen by: their distance in points, or their own delta."
    )
    wing_pts: int = setting(
        25,
        "Distance from short to long strike, equal on both sides; with wings by points.",
        unit="points",
        ge=5,
        le=500,
        multiple_of=5,
    )
    wing_delta: float = setting(
        0.05, "Delta of the long strikes, without its sign; with wings by delta.", unit="delta", ge=0.005, le=0.45
    )
    wing_min_pts: int = setting(
        10, "Smallest distance from short to long strike; with wings by delta.", unit="points", ge=5, le=500
    )
    wing_max_pts: int = setting(
        50, "Largest distance from short to long strike; with wings by delta.", unit="points", ge=5, le=500
    )
    entry_risk_pct: float = setting(
        5,
        "Wing notional of one entry as a share of the largest allowed wing notional.",
        unit="%",
        ge=0.1,
        le=100,
    )
    min_credit_pct: float = setting(
        15, "Smallest credit as a share of the wider wing; the working order stops there too.", unit="%", ge=0, le=90
    )
    max_spread_pct: float = setting(
        25,
        "Widest condor that is entered: mid credit less natural credit, as a share of the mid.",
        unit="%",
        ge=1,
        le=200,
    )
    leg_spread_max_pts: Points = setting(
        Decimal("1.00"),
        "Widest quote of a leg that is entered on; the larger of this and the share of its mid holds.",
        unit="points",
        ge=_TICK,
        le=Decimal(20),
        multiple_of=_CENT,
    )
    leg_spread_max_pct: float = setting(10, "The same bound as a share of the mid of the leg.", unit="%", ge=0, le=200)
    quote_skew_max_s: float = setting(
        30, "Longest time between the oldest and the newest quote of the legs.", unit="s", ge=1, le=600
    )
    spx_move_max_pct: float = setting(
        0.25, "Largest move of SPX from the choice of strikes to the order.", unit="%", ge=0.01, le=5
    )
    delta_check_max: float = setting(
        0.03,
        "Largest difference between the broker's delta of a short strike and our own on the parity forward.",
        unit="delta",
        ge=0.001,
        le=0.5,
    )
    ladder_step_pts: Points = setting(
        Decimal("0.05"),
        "What the working order gives up at each step.",
        unit="points",
        ge=_TICK,
        le=Decimal(5),
        multiple_of=_TICK,
    )
    ladder_step_s: float = setting(60, "Time between two steps of the working order.", unit="s", ge=1, le=600)
    ladder_through_pts: Points = setting(
        Decimal("0.20"),
        "How far beyond the natural price the working order may go.",
        unit="points",
        ge=Decimal(0),
        le=Decimal(5),
        multiple_of=_TICK,
    )
    complete_partial_fills: bool = setting(
        True,
        "Whether the rest of a partly filled entry is worked on; off, it is cancelled at the end of the step.",
    )
    take_profit_enabled: bool = setting(True, "Whether a condor is closed once the share of its credit is earned.")
    take_profit_pct: float = setting(50, "Share of the credit that is taken as profit.", unit="%", ge=1, le=99)
    time_exit_enabled: bool = setting(True, "Whether a condor is closed some days before its expiry.")
    time_exit_dte: int = setting(5, "Days to expiry at which a condor is closed.", unit="days", ge=0, le=119)
    take_profit_order: TakeProfit = setting(
        TakeProfitOrder.RESTING,
        "How the profit is taken: resting keeps an order at the broker, checked sends one when a check of the exits "
        "sees the price.",
    )
    stop_enabled: bool = setting(
        False, "Whether a condor is closed when its loss has reached a multiple of its credit."
    )
    stop_loss_credits: float = setting(
        2,
        "Loss at which the stop closes, in multiples of the credit: at 2 closing costs three times the credit.",
        unit="credits",
        ge=0.25,
        le=20,
    )
    touch_action: Touch = setting(
        TouchAction.OFF,
        "What is done when SPX is at or beyond a short strike: off does nothing, close closes the condor.",
    )
    confirm_checks: int = setting(
        3,
        "Checks of the exits in a row at which a stop, a touch or a drift must be seen before it acts.",
        unit="checks",
        ge=1,
        le=50,
    )
    mark_max_age_s: float = setting(
        900,
        "Oldest mark of the account that a stop, a checked profit or the figures of a drift rest on.",
        unit="s",
        ge=30,
        le=86400,
    )
    drift_mode: Drift = setting(
        DriftMode.WATCH,
        "Whether a condor that SPX drifts away from is watched only, with what would be done in the log, or acted on.",
    )
    drift_watch: float = setting(
        0.12,
        "Drift at which a condor is watched: distance of SPX from the middle of the short strikes, over their distance.",
        unit="share",
        ge=0.01,
        le=2,
    )
    drift_adjust: float = setting(0.30, "Drift at which a condor is adjusted.", unit="share", ge=0.01, le=2)
    drift_defend: float = setting(
        0.45, "Drift at which a condor is defended; at 0.5 SPX is at a short strike.", unit="share", ge=0.01, le=2
    )
    drift_hysteresis: float = setting(
        0.02,
        "How far a drift falls below a threshold before the threshold can be crossed anew.",
        unit="share",
        ge=0,
        le=0.5,
    )
    drift_adjust_action: AdjustAction = setting(
        DriftAction.ROLL,
        "What adjusting does: roll moves the side that SPX has left towards SPX, close closes the condor.",
    )
    drift_defend_action: DefendAction = setting(
        DriftAction.CLOSE, "What defending does: close closes the condor.", allowed="nothing or close"
    )
    drift_roll_credit_pct: float = setting(
        10, "Least net credit of a roll, as a share of the width of the side.", unit="%", ge=0, le=90
    )
    drift_adjustments_max: int = setting(1, "Most rolls of one condor.", unit="rolls", ge=0, le=10)
    event_mode: EntryGate = setting(
        GateMode.OFF,
        "What an economic event does to entries near it: off records that it would have refused them, "
        "half enters half the size, skip enters nothing.",
    )
    event_kinds: EventKinds = setting(
        (EventKind.FOMC, EventKind.CPI, EventKind.PPI, EventKind.PAYROLLS),
        "The events that count; dates of gdp come only from a file of your own.",
        allowed=f"one or more of {', '.join(EventKind)}, with commas between",
    )
    event_sessions_before: int = setting(
        1, "Sessions before that of an event in which it counts already.", unit="sessions", ge=0, le=10
    )
    event_sessions_after: int = setting(
        0, "Sessions after that of an event in which it still counts.", unit="sessions", ge=0, le=10
    )
    vix_gate_mode: EntryGate = setting(
        GateMode.OFF,
        "What VIX outside its bounds does to entries: off records that it would have refused them, "
        "half enters half the size, skip enters nothing.",
    )
    vix_gate_min: float = setting(10, "Lowest VIX at which condors are entered as usual.", unit="VIX", ge=0, le=200)
    vix_gate_max: float = setting(40, "Highest VIX at which condors are entered as usual.", unit="VIX", ge=0, le=200)
    return_gate: bool = setting(
        False,
        "Whether an entry whose expected return on margin is too small is refused; off, the decision tells what would have refused.",
    )
    return_min_pct: float = setting(
        0,
        "Least yearly return on the margin that an entry is expected to make, over the bill rate; without that file over 0.",
        unit="% a year",
        ge=-100,
        le=1000,
    )
