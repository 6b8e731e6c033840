"""The settings of what the hedge holds beside its layers: drift hedge, second engine, extra layer."""

from __future__ import annotations

from daemon.core.hedge.policy import (
    DRIFT,
    ETF,
    SLEEVE,
    DriftPolicy,
    DriftUpside,
    EtfPolicy,
    FundCallPolicy,
    SleevePolicy,
    SpreadPolicy,
)
from daemon.core.market.contracts import Underlying
from daemon.settings.fields import FundChoice, Group, UpsideChoice, setting

SPREAD: tuple[str, ...] = tuple(name for name in SpreadPolicy.__dataclass_fields__ if name != "name")
"""The settings that make up a spread."""
CALL: tuple[str, ...] = tuple(name for name in FundCallPolicy.__dataclass_fields__ if name != "name")
"""The settings that make up a call on a fund."""


class DriftSettings(Group):
    """Call spreads for condors that SPX drifts below the middle of; the level is that of watching a condor."""

    enabled: bool = setting(True, "Whether a condor that drifts downwards gets a VIX call spread, once a crossing.")
    put_delta: float = setting(
        0.30, "Delta of the short put, its sign left out, that counts as a drift too.", unit="delta", ge=0.16, le=0.6
    )
    confirm: bool = setting(
        True,
        "Whether signals must confirm it: RSI of SPX below its level, or no net advances in 20 sessions; what is unknown "
        "does not.",
    )
    confirm_rsi: float = setting(45, "RSI of SPX below which a drift is confirmed.", unit="RSI", ge=1, le=99)
    credit_pct: float = setting(
        32, "What is spent, as a share of the entry credit of the condors that have drifted.", unit="%", ge=1, le=100
    )
    credit_max_pct: float = setting(
        40, "The most that rounding to whole spreads may make of it.", unit="%", ge=1, le=100
    )
    upside: UpsideChoice = setting(
        DriftUpside.IGNORE,
        "What a drift upwards means: nothing, the condors' own adaptation, or a spread as for a drift downwards, "
        "without confirmation.",
    )
    sell_closed: bool = setting(False, "Whether a spread is sold when no condor that it was bought for is open.")
    sell_eased: bool = setting(False, "Whether a spread is sold when every such condor has come back or is closed.")
    sell_multiple: float = setting(
        0,
        "Worth of a spread over its cost at which it is sold; 0 keeps it to its settlement.",
        unit="times",
        ge=0,
        le=100,
    )
    dte_target: int = setting(10, "Days to expiry that are wanted.", unit="days", ge=1, le=400)
    dte_min: int = setting(7, "Fewest days to expiry that are bought.", unit="days", ge=1, le=400)
    dte_max: int = setting(14, "Most days to expiry that are bought.", unit="days", ge=1, le=400)
    monthly_only: bool = setting(False, "Whether only monthly expiries are bought.")
    otm_pct: float = setting(5, "Distance of the long call above the forward of its expiry.", unit="%", ge=0, le=200)
    short_otm_pct: float = setting(40, "Distance of the short call above the same forward.", unit="%", ge=0, le=400)


class SleeveSettings(Group):
    """The second engine: call spreads with money and a calendar of their own, apart from layers and budget."""

    enabled: bool = setting(False, "Whether the second engine buys.")
    equity_pct: float = setting(
        2,
        "The most that it may have taken of the account, or be worth, after a purchase, as a share of net liquidation.",
        unit="%",
        ge=0.1,
        le=10,
    )
    purchase_pct: float = setting(25, "What one purchase may cost, as a share of that.", unit="%", ge=1, le=100)
    every_days: int = setting(
        30,
        "Calendar days from one purchase to the next, from the first session of operation on.",
        unit="days",
        ge=1,
        le=400,
    )
    sell_multiple: float = setting(
        5,
        "Worth of a spread over its cost at which it is sold; 0 keeps it to its settlement.",
        unit="times",
        ge=0,
        le=100,
    )
    dte_target: int = setting(90, "Days to expiry that are wanted.", unit="days", ge=1, le=400)
    dte_min: int = setting(75, "Fewest days to expiry that are bought.", unit="days", ge=1, le=400)
    dte_max: int = setting(110, "Most days to expiry that are bought.", unit="days", ge=1, le=400)
    monthly_only: bool = setting(True, "Whether only monthly expiries are bought.")
    otm_pct: float = setting(10, "Distance of the long call above the forward of its expiry.", unit="%", ge=0, le=200)
    short_otm_pct: float = setting(60, "Distance of the short call above the same forward.", unit="%", ge=0, le=400)


class EtfSettings(Group):
    """The extra layer: calls on a fund of VIX futures while the dollar is strong, small against L1."""

    enabled: bool = setting(False, "Whether the extra layer buys.")
    symbol: FundChoice = setting(
        Underlying.VXX,
        "The fund: VXX moves as VIX futures of 30 days do, UVXY one and a half times as much.",
        allowed="VXX or UVXY",
    )
    strong_dollar: bool = setting(
        True,
        "Whether it buys only while the signal `reer` says that the dollar is strong; what is missing or stale buys nothing.",
    )
    of_l1_pct: float = setting(
        10,
        "The most that its VIX delta-dollars may be after a purchase, as a share of those of L1's target.",
        unit="%",
        ge=0.1,
        le=10,
    )
    every_days: int = setting(
        14,
        "Calendar days from one purchase to the next, from the first session of operation on.",
        unit="days",
        ge=1,
        le=400,
    )
    sell_dte: int = setting(
        5,
        "Days to expiry from which a call is sold whatever it is worth, so that it is never exercised into shares.",
        unit="days",
        ge=1,
        le=60,
    )
    sell_multiple: float = setting(
        5,
        "Worth of a call over its cost at which it is sold; 0 keeps it until its days are over.",
        unit="times",
        ge=0,
        le=100,
    )
    dte_target: int = setting(37, "Days to expiry that are wanted.", unit="days", ge=1, le=400)
    dte_min: int = setting(30, "Fewest days to expiry that are bought.", unit="days", ge=1, le=400)
    dte_max: int = setting(45, "Most days to expiry that are bought.", unit="days", ge=1, le=400)
    monthly_only: bool = setting(False, "Whether only monthly expiries are bought.")
    otm_pct: float = setting(20, "Distance of the call above the forward of its expiry.", unit="%", ge=0, le=200)


def drift_policy(group: DriftSettings) -> DriftPolicy:
    """Build the rules of the drift hedge."""
    return DriftPolicy(**group.model_dump(exclude={*SPREAD}), spread=spread_policy(DRIFT, group))


def sleeve_policy(group: SleeveSettings) -> SleevePolicy:
    """Build the rules of the second engine."""
    return SleevePolicy(**group.model_dump(exclude={*SPREAD}), spread=spread_policy(SLEEVE, group))


def etf_policy(group: EtfSettings) -> EtfPolicy:
    """Build the rules of the extra layer."""
    return EtfPolicy(**group.model_dump(exclude={*CALL}), call=call_policy(group))


def call_policy(group: EtfSettings) -> FundCallPolicy:
    """Build by what the calls of the extra layer are chosen."""
    return FundCallPolicy(name=ETF, **group.model_dump(include={*CALL}))


def spread_policy(name: str, group: Group) -> SpreadPolicy:
    """Build by what the call spreads of a subject are chosen."""
    return SpreadPolicy(name=name, **group.model_dump(include={*SPREAD}))
