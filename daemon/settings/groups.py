"""Every setting with its unit, range, default and one sentence; the defaults are the canonical strategy."""

from __future__ import annotations

from datetime import time
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
from daemon.core.hedge.policy import (
    HedgeBase,
    HedgeMeasure,
    HedgeSplit,
    HedgeTotal,
    Instrument,
    LayerStructure,
    RollOrder,
)
from daemon.core.records import Level
from daemon.core.risk.limits import ExitsWithoutData
from daemon.settings.adjust_group import AdjustSettings
from daemon.settings.beside_group import DriftSettings, EtfSettings, SleeveSettings
from daemon.settings.budget_group import BudgetSettings
from daemon.settings.fields import (
    AdjustAction,
    BaseChoice,
    CountedIn,
    DataLack,
    DefendAction,
    Drift,
    EntryGate,
    EntrySides,
    EventKinds,
    Format,
    GatewayMode,
    Group,
    Host,
    InstrumentChoice,
    LeastLevel,
    LogFormat,
    MeasureChoice,
    Mode,
    OptionalDate,
    OptionalFile,
    OptionalFolder,
    PaperAccount,
    Points,
    RollOrderChoice,
    SplitChoice,
    StrikeChoice,
    StructureChoice,
    Synchronous,
    SyncMode,
    TakeProfit,
    TimeOfDay,
    TotalChoice,
    Touch,
    WingChoice,
    setting,
)
from daemon.settings.harvest_group import HarvestSettings
from daemon.settings.monitor_group import MonitorSettings

_CENT: Final = Decimal("0.01")
_TICK: Final = Decimal("0.05")
_NEW_YORK: Final = "New York"


class GatewaySettings(Group):
    """The connection to IB Gateway or TWS, or to the built-in simulated gateway."""

    mode: Mode = setting(
        GatewayMode.SIMULATED,
        "Where orders go: to the built-in simulated exchange, or to the paper account behind an IB Gateway or TWS.",
    )
    host: Host = setting(
        "127.0.0.1", "Address of the gateway in mode ib.", allowed="a host name or address without spaces"
    )
    port: int = setting(
        4002,
        "TCP port of the gateway in mode ib: 4002 for a paper IB Gateway, 7497 for a paper TWS.",
        ge=1,
        le=65535,
    )
    client_id: int = setting(
        17, "Number of our connection in mode ib; no other program may use it on the same gateway.", ge=1, le=99999
    )
    account: PaperAccount = setting(
        "",
        "The paper account we trade; may stay empty where the login has only one.",
        allowed="empty, or an account that begins with DU, DF or DI",
    )
    allow_live_port: bool = setting(
        False, "Whether the ports 4001 and 7496, usual for live trading, may be used; live accounts stay refused."
    )
    connect_timeout_s: float = setting(
        10, "How long a connection may take until it counts as failed.", unit="s", ge=1, le=120
    )
    request_timeout_s: float = setting(15, "How long the gateway may take for an answer.", unit="s", ge=1, le=120)
    quote_timeout_s: float = setting(
        10,
        "How long to wait for the quotes of a selection before going on without the missing ones.",
        unit="s",
        ge=1,
        le=60,
    )
    max_lines: int = setting(
        90,
        "Most market-data lines open at one time; the broker allows 100 to most accounts.",
        unit="lines",
        ge=10,
        le=100,
    )
    absence_proof_s: float = setting(
        30, "Time between the two looks that prove an order absent.", unit="s", ge=0, le=600
    )
    reconnect_min_s: float = setting(2, "First wait before a new attempt to connect.", unit="s", ge=0.1, le=60)
    reconnect_max_s: float = setting(60, "Longest wait between two attempts to connect.", unit="s", ge=1, le=3600)
    heartbeat_s: float = setting(
        30, "How often the gateway is asked for its time to see that it is alive.", unit="s", ge=5, le=86_400
    )
    history: OptionalFolder = setting(
        None,
        "Folder of market history for the simulated exchange; empty takes the shipped days and then generated ones.",
        unit="folder",
        allowed="empty, or a folder",
    )
    seed: int = setting(1, "Seed of everything random in the simulated exchange.", ge=0, le=2**31 - 1)


def _hour(default: str, text: str, first: str, last: str) -> time:
    """Declare a New York time of day of a regular session between two others."""
    bounds = time.fromisoformat(first), time.fromisoformat(last)
    declared: time = setting(time.fromisoformat(default), text, unit=_NEW_YORK, ge=bounds[0], le=bounds[1])
    return declared


class ScheduleSettings(Group):
    """When jobs run: New York times of a regular session; on an early close all of them move with the close."""

    preflight: TimeOfDay = _hour(
        "09:00", "Checks of the account, calendar and market data before the open.", "04:00", "09:29"
    )
    signals: TimeOfDay = _hour(
        "09:05", "Reading of the signals, from closes up to the session before.", "04:00", "15:45"
    )
    cost_of_capital: TimeOfDay = _hour(
        "11:00", "Measurement of the cost of capital from SPX options, where one is asked for.", "09:35", "15:45"
    )
    monitors: TimeOfDay = _hour(
        "15:57", "Look at option chains for arbitrage, in sessions that have one.", "09:35", "16:00"
    )
    exits_from: TimeOfDay = _hour("09:45", "First look at the exits of open condors.", "09:30", "16:00")
    exits_every_min: int = setting(5, "Time between two looks at the exits.", unit="min", ge=1, le=60)
    hedge_roll: TimeOfDay = _hour("10:30", "Rolls of the hedge layers that are due.", "09:30", "16:00")
    condor_entry: TimeOfDay = _hour("15:30", "The one entry decision of the session.", "09:35", "15:55")
    condor_entry_until: TimeOfDay = _hour(
        "15:45", "When an entry order that still works is cancelled.", "09:36", "16:00"
    )
    hedge_resize: TimeOfDay = _hour(
        "15:50", "Resizing of the hedge to the wing notional as it is after the entry.", "09:35", "16:10"
    )
    last_resort: TimeOfDay = _hour(
        "15:30", "Last attempt to close a series that should not be held into its expiry today.", "09:30", "15:55"
    )
    risk_every_min: int = setting(5, "Time between two risk checks of the session.", unit="min", ge=1, le=60)
    settlement: TimeOfDay = _hour("16:20", "Booking of the series that settled today.", "16:15", "20:00")
    end_of_day: TimeOfDay = _hour(
        "16:40", "Last reconciliation, closing figures and the page of the day.", "16:16", "23:00"
    )
    reconcile_every_min: int = setting(
        5, "Time between two comparisons of the book with the account in the session.", unit="min", ge=1, le=60
    )
    economic_calendar: OptionalFile = setting(
        None,
        "CSV file of economic events in place of the shipped one; config/economic_calendar.csv shows its form.",
        unit="file",
        allowed="empty, or a file",
    )


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


class LayerSettings(Group):
    """One layer of the hedge."""

    dte_target: int = setting(..., "Days to expiry that a purchase looks for.", unit="days", ge=1, le=250)
    dte_min: int = setting(..., "Fewest days to expiry that a first purchase accepts.", unit="days", ge=1, le=250)
    dte_max: int = setting(..., "Most days to expiry that a purchase accepts.", unit="days", ge=1, le=300)
    min_buy_dte: int = setting(
        ..., "Fewest days to expiry that a roll buys, so that the next roll comes in time.", unit="days", ge=1, le=250
    )
    monthly_only: bool = setting(..., "Whether only monthly expiries are bought.")
    roll_days: int = setting(..., "Days from one roll to the next.", unit="days", ge=1, le=200)
    roll_from_days: int = setting(
        ...,
        "Days after the roll date before from which a roll may be done early, when it goes by VVIX.",
        unit="days",
        ge=1,
        le=200,
    )
    roll_until_days: int = setting(
        ...,
        "Days after the roll date before until which a roll waits for VVIX or a quote that is not too wide.",
        unit="days",
        ge=1,
        le=220,
    )
    anchor: OptionalDate = setting(
        None,
        "Date that the roll calendar counts from; empty takes the first session of operation.",
        unit="date",
        allowed="empty, or YYYY-MM-DD",
    )
    weight: int = setting(
        ..., "Share of this layer in the hedge; those of all layers make 10.", unit="tenths", ge=0, le=10
    )
    otm_pct: float = setting(10, "Distance of the strike above the forward of its own expiry.", unit="%", ge=0, le=50)
    structure: StructureChoice = setting(
        LayerStructure.CALL, "What is bought: calls, or call spreads that sell a farther call against each."
    )
    short_otm_pct: float = setting(
        60, "Distance of the short strike of a call spread above the forward.", unit="%", ge=1, le=300
    )
    instrument: InstrumentChoice = setting(
        Instrument.VIX_CALL,
        "What the layer is made of: VIX calls or spreads of them, spreads of SPX puts, or VIX futures; other ones than "
        "VIX calls want CONDORD_HEDGE_SPLIT=dollars.",
    )
    long_delta: float = setting(
        0.25, "Delta of the put that a put spread buys, its sign left out.", unit="delta", ge=0.05, le=0.6
    )
    short_delta: float = setting(
        0.10, "Delta of the put that a put spread sells, its sign left out.", unit="delta", ge=0.01, le=0.5
    )


class BandSettings(Group):
    """The hedge percentages of one VIX regime."""

    pct_min: float = setting(
        ..., "Share of the wing notional to hedge where the regime begins.", unit="%", ge=0, le=100
    )
    pct_max: float = setting(..., "Share of the wing notional to hedge where the regime ends.", unit="%", ge=0, le=100)


def _layer(
    dte: tuple[int, int, int], *, buy: int, monthly: bool, roll: tuple[int, int, int], weight: int
) -> LayerSettings:
    return LayerSettings(
        dte_target=dte[0],
        dte_min=dte[1],
        dte_max=dte[2],
        min_buy_dte=buy,
        monthly_only=monthly,
        roll_days=roll[0],
        roll_from_days=roll[1],
        roll_until_days=roll[2],
        weight=weight,
    )


class HedgeSettings(Group):
    """The layered VIX-call hedge: size by VIX regime, layers, rolls, resizes and the working order."""

    enabled: bool = setting(True, "Whether the hedge is bought, rolled and resized.")
    rolls_enabled: bool = setting(True, "Whether due layers are rolled; without it they are held into settlement.")
    roll_order: RollOrderChoice = setting(
        RollOrder.BUY_THEN_SELL,
        "How a roll is sent: the new contracts bought before the old ones are sold, or both as one combination, and what "
        "that does not fill as before.",
        approval=False,
    )
    roll_by_vvix: bool = setting(
        False,
        "Whether a roll prefers a session on which MACD of VVIX is not rising, inside its window; the last session "
        "of the window rolls anyway.",
    )
    base: BaseChoice = setting(
        HedgeBase.WING_NOTIONAL,
        "What of the open condors the hedge percentage is of; the margin is the maintenance margin of the account.",
    )
    measure: MeasureChoice = setting(
        HedgeMeasure.DELTA_DOLLARS,
        "What a contract counts for against the percentage: 100 x forward x delta, 100 x forward, its price, or one condor.",
    )
    total: TotalChoice = setting(
        HedgeTotal.REGIME,
        "What the whole hedge follows: the percentage of the VIX regime, one percentage, a number of contracts, or the "
        "put-side break-evens of the condors.",
    )
    split: SplitChoice = setting(
        HedgeSplit.RATIO, "Whether the weights of the layers share out contracts or dollars of the measure."
    )
    flat_pct: float = setting(10, "Share of the base that the flat total hedges at any VIX.", unit="%", ge=0, le=100)
    fixed_contracts: int = setting(
        10, "Contracts of the fixed total while a condor is open.", unit="contracts", ge=1, le=1000
    )
    break_even_pts: float = setting(
        1,
        "Points of loss beyond the put-side break-evens that the hedge should have gained at them; the cross-check of "
        "every computation, and the size in the break-even total.",
        unit="points",
        ge=0.1,
        le=500,
    )
    low_vix_from: float = setting(
        10, "VIX at which the ramp of the low regime begins; below it the low minimum holds.", unit="VIX", ge=5, le=100
    )
    moderate_vix_from: float = setting(15, "VIX at which the moderate regime begins.", unit="VIX", ge=5, le=100)
    high_vix_from: float = setting(25, "VIX at which the high regime begins.", unit="VIX", ge=5, le=100)
    high_vix_to: float = setting(
        40, "VIX at which the ramp of the high regime ends; above it the high maximum holds.", unit="VIX", ge=5, le=200
    )
    low: BandSettings = BandSettings(pct_min=6, pct_max=8)
    moderate: BandSettings = BandSettings(pct_min=12, pct_max=18)
    high: BandSettings = BandSettings(pct_min=25, pct_max=35)
    low_regime_tilt_pct: float = setting(
        0, "Share of the first layer that the last one gets in the low regime.", unit="%", ge=0, le=25
    )
    hysteresis_pts: float = setting(
        0.5, "How far VIX must pass a border before the regime changes.", unit="VIX", ge=0, le=5
    )
    high_fallback_sessions: int = setting(
        20,
        "Sessions after VIX entered the high regime until the hedge falls back to the moderate maximum.",
        unit="sessions",
        ge=1,
        le=250,
    )
    resize_min_contracts: int = setting(
        1, "Smallest move of the target, in contracts, that causes a resize.", unit="contracts", ge=1, le=100
    )
    resize_min_pct: float = setting(
        20,
        "Smallest move of the target, as a share of the contracts held, that causes a resize.",
        unit="%",
        ge=0,
        le=100,
    )
    ladder_step_pts: Points = setting(
        Decimal("0.05"),
        "What a working order gives up at each step.",
        unit="points",
        ge=_CENT,
        le=Decimal(5),
        multiple_of=_CENT,
        approval=False,
    )
    ladder_step_s: float = setting(
        60, "Time between two steps of a working order.", unit="s", ge=1, le=600, approval=False
    )
    ladder_through_pts: Points = setting(
        Decimal("0.10"),
        "How far beyond the natural price a working order may go.",
        unit="points",
        ge=Decimal(0),
        le=Decimal(5),
        multiple_of=_CENT,
        approval=False,
    )
    max_spread_pct: float = setting(
        40,
        "Widest quote that is bought: ask less bid over the mid, of the options of a call spread together.",
        unit="%",
        ge=1,
        le=200,
    )
    min_bid_pts: Points = setting(
        _CENT,
        "Smallest bid of each option that a purchase opens; what nobody bids for cannot be sold again.",
        unit="points",
        ge=_CENT,
        le=Decimal(5),
        multiple_of=_CENT,
    )
    approvals_needed: int = setting(
        2, "Approvers who must sign a change of the hedge policy.", unit="people", ge=1, le=20, approval=False
    )
    approvers_dir: OptionalFolder = setting(
        None,
        "Folder of the public keys of those who approve changes of the hedge policy, one NAME.pem a person; empty lets "
        "the owner of the settings decide alone.",
        unit="folder",
        allowed="empty, or a folder",
        approval=False,
    )
    min_open_interest: int = setting(
        0,
        "Fewest open contracts of each option that a purchase opens, as the exchange counted them the night before; 0 "
        "does not ask for them.",
        unit="contracts",
        ge=0,
        le=1_000_000,
    )
    adjust: AdjustSettings = AdjustSettings()
    budget: BudgetSettings = BudgetSettings()
    harvest: HarvestSettings = HarvestSettings()
    drift: DriftSettings = DriftSettings()
    sleeve: SleeveSettings = SleeveSettings()
    etf: EtfSettings = EtfSettings()
    monitor: MonitorSettings = MonitorSettings()
    l1: LayerSettings = _layer((12, 9, 16), buy=11, monthly=False, roll=(8, 7, 10), weight=4)
    l2: LayerSettings = _layer((37, 30, 45), buy=30, monthly=False, roll=(21, 19, 23), weight=4)
    l3: LayerSettings = _layer((90, 75, 110), buy=80, monthly=True, roll=(50, 45, 60), weight=2)


class RiskSettings(Group):
    """What the risk monitor holds every order against."""

    condors_max: int = setting(
        40, "Most condors open at a time; a further one is not entered.", unit="condors", ge=1, le=1000
    )
    wing_notional_max_usd: int = setting(
        100_000, "Largest wing notional of all open condors together.", unit="USD", ge=500, le=100_000_000
    )
    wing_notional_max_nlv_pct: float = setting(
        50, "The same bound as a share of net liquidation; the smaller of the two holds.", unit="%", ge=1, le=100
    )
    margin_max_nlv_pct: float = setting(
        50, "Largest initial margin after an order, as a share of net liquidation.", unit="%", ge=1, le=100
    )
    margin_over_estimate_max_pct: float = setting(
        10,
        "By how much the broker may ask for more margin than our own estimate of a condor before it is refused.",
        unit="%",
        ge=0,
        le=1000,
    )
    session_loss_max_pct: float = setting(
        2,
        "Largest fall of net liquidation below the close before the session; beyond it no condor is entered, exits "
        "and the hedge go on.",
        unit="%",
        ge=0.1,
        le=100,
    )
    week_loss_max_pct: float = setting(
        4,
        "The same below the last close before the week, which begins on Monday.",
        unit="%",
        ge=0.1,
        le=100,
    )
    drawdown_max_pct: float = setting(10, "The same below the highest close on record.", unit="%", ge=0.1, le=100)
    peak_from: OptionalDate = setting(
        None,
        "First session whose close counts for the highest one, to begin anew after a loss that is accepted or an "
        "account that was reset; empty counts all.",
        unit="date",
        allowed="empty, or YYYY-MM-DD",
    )
    session_orders_max: int = setting(
        40,
        "Most orders of a session that open or change risk; one more halts the program until a person resumes.",
        unit="orders",
        ge=1,
        le=10_000,
    )
    session_contracts_max: int = setting(
        500,
        "Most option contracts in those orders, every leg counted; more halt the program until a person resumes.",
        unit="contracts",
        ge=4,
        le=1_000_000,
    )
    orders_per_minute_max: int = setting(
        20,
        "Most of those orders within 60 seconds; one more halts the program until a person resumes.",
        unit="orders",
        ge=1,
        le=1000,
    )
    rejects_max: int = setting(
        5,
        "Orders of any kind that the broker rejects in a row, at which the program halts until a person resumes.",
        unit="orders",
        ge=1,
        le=1000,
    )
    collar_condor_pts: Points = setting(
        Decimal(2),
        "How far from the mid at its decision the limit of a condor order may be; its ladder ends there, exits have no "
        "collar.",
        unit="points",
        ge=_TICK,
        le=Decimal(50),
        multiple_of=_TICK,
    )
    collar_call_pct: float = setting(
        50, "The same for an order in VIX calls, as a share of its mid.", unit="%", ge=1, le=500
    )
    collar_call_min_pts: Points = setting(
        Decimal("0.10"),
        "What the limit of an order in VIX calls may always be away from its mid, however small the mid.",
        unit="points",
        ge=_CENT,
        le=Decimal(5),
        multiple_of=_CENT,
    )
    clock_skew_max_s: float = setting(
        5, "Largest difference between our clock and the gateway's with which we trade.", unit="s", ge=0.5, le=60
    )
    index_max_age_s: float = setting(120, "Oldest value of SPX or VIX that is traded on.", unit="s", ge=5, le=3600)
    quote_max_age_s: float = setting(60, "Oldest option quote that is traded on.", unit="s", ge=5, le=3600)
    account_max_age_s: float = setting(
        300, "Oldest account values that a condor is entered on.", unit="s", ge=10, le=86_400
    )
    exits_without_data: DataLack = setting(
        ExitsWithoutData.GO_ON,
        "What time exits do while SPX, VIX or the account is missing or too old: go_on, or wait for it; the last "
        "resort before an expiry goes on either way.",
    )
    measure_every_min: int = setting(
        60,
        "Least time between two measurements of greeks and stress in the session; 0 measures at its close only.",
        unit="min",
        ge=0,
        le=480,
    )
    theta_gate: bool = setting(
        False,
        "Whether a condor is entered only when it leaves condors and hedge gaining by the passing of time; off, the "
        "decision tells what would have refused.",
    )
    quick_ratio_min: float = setting(
        1.5,
        "Least cash over maintenance margin and debits due after an entry; 0 asks for none.",
        unit="times",
        ge=0,
        le=100,
    )
    quick_ratio_hold_min: float = setting(
        1,
        "The same for what is open already; below it the log warns that condors should be closed, and nothing is "
        "closed without a person; 0 asks for none.",
        unit="times",
        ge=0,
        le=100,
    )


class StoreSettings(Group):
    """The database."""

    synchronous: SyncMode = setting(
        Synchronous.FULL,
        "When SQLite waits for the disk; below FULL a power cut can lose the last transactions.",
    )
    backups_keep: int = setting(
        30, "How many backups `condord backup` leaves; the oldest go.", unit="backups", ge=1, le=10000
    )


class LogSettings(Group):
    """The lines on the terminal, in the journal and in the file of the session."""

    level: LeastLevel = setting(Level.INFO, "The least severe line that is written; the database keeps all.")
    format: Format = setting(
        LogFormat.TEXT,
        "Form of the lines on the terminal; the journal gets text with fields, the files of a session have both forms.",
    )
    keep_days: int = setting(0, "How long the files of a session are kept; 0 keeps all.", unit="days", ge=0, le=36500)
