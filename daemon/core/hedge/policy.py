"""The rules of the layered VIX-call hedge as frozen values; ``settings`` builds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from daemon.core.market.contracts import TradingClass, Underlying

DRIFT: Final = "drift"
SLEEVE: Final = "sleeve"
ETF: Final = "etf"
BESIDE: Final = (DRIFT, SLEEVE, ETF)
"""Subjects of the hedge that are no layer: no share, no target, no part of the ratio."""


class HedgeBase(StrEnum):
    """What of the open condors the hedge percentage is of (000-02, 004-16)."""

    WING_NOTIONAL = "wing_notional"
    MAX_LOSS = "max_loss"
    UNDERLYING_NOTIONAL = "underlying_notional"
    MARGIN = "margin"


class HedgeMeasure(StrEnum):
    """What one contract of a layer counts for against that percentage."""

    DELTA_DOLLARS = "delta_dollars"
    VIX_NOTIONAL = "vix_notional"
    PREMIUM = "premium"
    CONTRACTS = "contracts"


class RollOrder(StrEnum):
    """How a roll is sent: what is new bought before what is old is sold, or both as one combination."""

    BUY_THEN_SELL = "buy_then_sell"
    COMBINATION = "combination"


class Instrument(StrEnum):
    """What a layer is made of (001-01, 002-02)."""

    VIX_CALL = "vix_call"
    SPX_PUT_SPREAD = "spx_put_spread"
    VIX_FUTURE = "vix_future"


CLASSES: Final = MappingProxyType(
    {
        Instrument.VIX_CALL: (TradingClass.VIX, TradingClass.VIXW),
        Instrument.SPX_PUT_SPREAD: (TradingClass.SPXW,),
        Instrument.VIX_FUTURE: (TradingClass.VX,),
    }
)
"""The trading classes that a layer may buy."""


class LayerStructure(StrEnum):
    """What a layer of VIX calls buys: calls, or calls with farther ones sold against them (001-03)."""

    CALL = "call"
    CALL_SPREAD = "call_spread"


class HedgeSplit(StrEnum):
    """Whether the layers' weights share out contracts (001-02) or dollars of the measure (000-02)."""

    RATIO = "ratio"
    DOLLARS = "dollars"


class HedgeTotal(StrEnum):
    """What the whole hedge follows: the VIX regime, one percentage (004-01), a number, or break-evens (000-13)."""

    REGIME = "regime"
    FLAT = "flat"
    FIXED_CONTRACTS = "fixed_contracts"
    BREAK_EVEN = "break_even"


class DriftUpside(StrEnum):
    """What a drift upwards means to the hedge: nothing, the condor's own adaptation, or a purchase too (003-06)."""

    IGNORE = "ignore"
    ADJUST = "adjust"
    VIX_CALL = "vix_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPolicy:
    """One layer: expiry window, roll calendar, share of the contracts, moneyness (000-03 to 000-06, 001-02)."""

    name: str
    """``L1``, ``L2`` or ``L3``."""
    dte_target: int
    dte_min: int
    dte_max: int
    min_buy_dte: int
    """Smallest DTE a roll may buy, so that the next roll comes before ``min_dte`` (decision 24)."""
    monthly_only: bool
    """Whether only monthly expiries are bought (L3)."""
    roll_days: int
    roll_from_days: int
    """Days after the date of the roll before from which one may be done early (001-22)."""
    roll_until_days: int
    """Days after the date of the roll before until which one may wait (001-22)."""
    anchor: date | None
    """First roll date; None means the first session of operation."""
    weight: int
    """Share of the hedge in tenths: 4, 4 or 2."""
    otm_pct: float
    """Distance of the strike above the same-expiry forward, in percent (000-04)."""
    structure: LayerStructure
    short_otm_pct: float
    """Distance of the short call of a spread above the forward, in percent."""
    instrument: Instrument
    long_delta: float
    """Delta of the put that a put spread buys, its sign left out (002-02)."""
    short_delta: float
    """Delta of the put that a put spread sells, its sign left out (002-02)."""

    @property
    def classes(self) -> tuple[TradingClass, ...]:
        """Return the trading classes that it may buy."""
        return CLASSES[self.instrument]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A VIX regime: p(V) runs linearly from ``pct_low`` at ``vix_low`` to ``pct_high`` at ``vix_high`` (004-03 to 004-05).

    Outside of its ramp the percentage is clipped to the band.
    """

    name: str
    vix_low: float
    vix_high: float
    pct_low: float
    pct_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPolicy:
    """What the hedge may cost while VIX is at most where the high regime begins (000-10, 003-08)."""

    enabled: bool
    carry_max_pct: float
    """Most expected carry of 30 days, in percent of the wing notional."""
    debits_max_pct: float
    """Most debits less sales of 30 days, in percent of the credits of condors."""
    carry_alert_pct: float
    """Measured carry of 30 days in percent of the wing notional that is told (000-09)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestPolicy:
    """When part of a layer that has gained is sold, and how much (000-14, 002-06, 002-07)."""

    enabled: bool
    cost_multiple: float
    backwardated_closes: int
    calm_share: float
    """Share of the highest close of backwardation below which VIX counts as calm."""
    share_pct: float
    last_floor_pct: float
    """Least of the last layer's target that stays."""
    route: bool
    """Whether the first layer's proceeds go to the second."""
    armed_sessions: int
    """Sessions after a theta press in which harvests are made; 0 for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadPolicy:
    """The call spreads that one subject beside the layers buys."""

    name: str
    """``drift`` or ``sleeve``."""
    dte_target: int
    dte_min: int
    dte_max: int
    monthly_only: bool
    otm_pct: float
    short_otm_pct: float

    @property
    def min_buy_dte(self) -> int:
        """Return the fewest days to expiry that may be bought."""
        return self.dte_min

    @property
    def structure(self) -> LayerStructure:
        """Return that it is always a call spread."""
        return LayerStructure.CALL_SPREAD

    @property
    def classes(self) -> tuple[TradingClass, ...]:
        """Return that it is always of VIX calls."""
        return CLASSES[Instrument.VIX_CALL]


@dataclass(frozen=True, slots=True, kw_only=True)
class FundCallPolicy:
    """The single calls on a fund that one subject beside the layers buys (003-12, 004-09)."""

    name: str
    """``etf``."""
    symbol: Underlying
    dte_target: int
    dte_min: int
    dte_max: int
    monthly_only: bool
    otm_pct: float

    @property
    def min_buy_dte(self) -> int:
        """Return the fewest days to expiry that may be bought."""
        return self.dte_min

    @property
    def classes(self) -> tuple[TradingClass, ...]:
        """Return the class of the options on the fund, which has its name."""
        return (TradingClass(self.symbol),)


Buying = LayerPolicy | SpreadPolicy | FundCallPolicy
"""By what an expiry and its options are chosen: of a layer, or of what is bought beside the layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPolicy:
    """When a condor that drifts gets a VIX call spread, for how much, and when that is sold (003-02 to 003-06)."""

    enabled: bool
    put_delta: float
    """Delta of the short put, its sign left out, that counts as a drift."""
    confirm: bool
    confirm_rsi: float
    credit_pct: float
    """What is spent, in percent of the entry credit of the condors that have drifted."""
    credit_max_pct: float
    """The most that whole spreads may round it to."""
    upside: DriftUpside
    sell_closed: bool
    """Whether it is sold when no condor that it was bought for is open."""
    sell_eased: bool
    """Whether it is sold when none of them has drifted any more."""
    sell_multiple: float
    """Worth over cost at which it is sold; 0 for never."""
    spread: SpreadPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class SleevePolicy:
    """The second engine: call spreads on a calendar and with money of their own (001-14, 003-15)."""

    enabled: bool
    equity_pct: float
    """The most that it may lose or be worth by a purchase, in percent of net liquidation."""
    purchase_pct: float
    """What one purchase may cost, in percent of that."""
    every_days: int
    sell_multiple: float
    """Worth over cost at which it is sold; 0 for never."""
    spread: SpreadPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class EtfPolicy:
    """The extra layer of calls on a fund of VIX futures, small against the first layer (003-12, 004-09)."""

    enabled: bool
    strong_dollar: bool
    """Whether it buys only while the dollar is strong by the signal ``reer``."""
    of_l1_pct: float
    """The most that its delta-dollars may be by a purchase, in percent of the first layer's target."""
    every_days: int
    sell_dte: int
    """Days to expiry from which it is sold whatever it is worth, so that it is never exercised."""
    sell_multiple: float
    """Worth over cost at which it is sold; 0 for never."""
    call: FundCallPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgePolicy:
    """The whole hedge."""

    enabled: bool
    rolls_enabled: bool
    roll_order: RollOrder
    roll_by_vvix: bool
    """Whether rolls prefer a session with a falling VVIX inside their window (001-22)."""
    layers: tuple[LayerPolicy, ...]
    base: HedgeBase
    measure: HedgeMeasure
    split: HedgeSplit
    total: HedgeTotal
    flat_pct: float
    fixed_contracts: int
    break_even_pts: float
    """SPX points of loss beyond the put-side break-evens that the hedge should have gained at them (000-13)."""
    low: Band
    moderate: Band
    high: Band
    low_regime_tilt_pct: float
    """Share of the first layer's dollars that the last one gets in the low regime (004-03, decision 28)."""
    hysteresis_pts: float
    """VIX points by which a border must be passed before the regime changes (decision 25)."""
    high_fallback_sessions: int
    """Sessions after VIX first passed the upper border until p falls back to the moderate band's top (004-05)."""
    resize_min_contracts: int
    resize_min_pct: float
    """A resize needs the total target to move by this many contracts and this percentage (decision 23)."""
    ladder_step_pts100: int
    ladder_step_s: float
    ladder_through_pts100: int
    max_spread_pct: float
    """Largest ask less bid over mid of what is bought, in percent; the options of a call spread count together."""
    min_bid_pts100: int
    """Smallest bid of each option that is bought or sold to open, in points x 100."""
    min_open_interest: int
    """Fewest open contracts of each option that is bought or sold to open; 0 asks for none."""
    budget: BudgetPolicy
    harvest: HarvestPolicy
    drift: DriftPolicy
    sleeve: SleevePolicy
    etf: EtfPolicy

    def guards_rest(self, vix: float) -> bool:
        """Whether VIX is so high that the guards of the budget do not hold (decision 26)."""
        return vix > self.high.vix_low
