"""Settings of the hedge: bands, layers, rolls, orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from daemon.core.hedge.policy import (
    HedgeBase,
    HedgeMeasure,
    HedgeSplit,
    HedgeTotal,
    Instrument,
    LayerStructure,
    RollOrder,
)
from daemon.settings.adjust_group import AdjustSettings
from daemon.settings.beside_group import DriftSettings, EtfSettings, SleeveSettings
from daemon.settings.budget_group import BudgetSettings
from daemon.settings.fields import (
    BaseChoice,
    Group,
    InstrumentChoice,
    MeasureChoice,
    OptionalDate,
    OptionalFolder,
    Points,
    RollOrderChoice,
    SplitChoice,
    StructureChoice,
    TotalChoice,
    setting,
)
from daemon.settings.harvest_group import HarvestSettings
from daemon.settings.monitor_group import MonitorSettings

_CENT: Final = Decimal("0.01")


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
