"""The settings of signals and of the adjustments they make to the hedge, and their policies."""

from __future__ import annotations

from daemon.core.calendar.events import EventKind
from daemon.core.hedge.adjustments import AdjustmentPolicy, ShiftDirection
from daemon.core.hedge.signal_values import SignalPolicy
from daemon.settings.fields import Direction, EventKinds, Group, setting
from daemon.settings.monitor_group import MonitorSettings


class AdjustSettings(Group):
    """What the signals are made of, and how far they may move the hedge."""

    enabled: bool = setting(
        True, "Whether signals change percentage and weights; off, the decisions tell what they would have changed."
    )
    min_days: int = setting(
        14,
        "Days from one adjustment to the next, unless exchange rate or valuation is extreme.",
        unit="days",
        ge=0,
        le=366,
    )
    multiplier_min: float = setting(
        0.7, "Smallest multiplier of one signal, and of all together.", unit="times", ge=0.1, le=1
    )
    multiplier_max: float = setting(
        1.3, "Largest multiplier of one signal, and of all together.", unit="times", ge=1, le=3
    )
    vix_rsi_pct: float = setting(
        10, "What an elevated RSI of VIX adds to the hedge percentage.", unit="%", ge=0, le=100
    )
    event_pct: float = setting(10, "What an event window adds to the hedge percentage.", unit="%", ge=0, le=100)
    event_l3_pct: float = setting(
        0,
        "What an event window adds to the weight of the last layer, at the cost of the others.",
        unit="%",
        ge=0,
        le=100,
    )
    cost_low_multiplier: float = setting(
        0.85, "Multiplier of the hedge percentage while the cost of capital is low.", unit="times", ge=0.1, le=1
    )
    cost_high_multiplier: float = setting(
        1.15, "Multiplier of the hedge percentage while the cost of capital is high.", unit="times", ge=1, le=3
    )
    divergence_shift_pct: float = setting(
        25,
        "Share of each layer that moves to the next when breadth diverges in backwardation; no shift is larger.",
        unit="%",
        ge=0,
        le=100,
    )
    direction: Direction = setting(ShiftDirection.LATER, "Whether that shift goes to later or to earlier expiries.")
    macd_shift_pct: float = setting(
        10,
        "Share of each layer that a cross of MACD of VIX moves, upwards to earlier and downwards to later expiries.",
        unit="%",
        ge=0,
        le=100,
    )
    rsi_shift_pct: float = setting(
        10,
        "Share of each layer that an extreme RSI of SPX moves, overbought to later and oversold to earlier expiries.",
        unit="%",
        ge=0,
        le=100,
    )
    buy_gate: bool = setting(
        True,
        "Whether nothing is bought above the floor of the band while cost of capital, exchange rate and rates are calm.",
    )
    signal_sessions: int = setting(
        10,
        "Sessions in which a cross of MACD or a divergence counts after it happened.",
        unit="sessions",
        ge=1,
        le=60,
        approval=False,
    )
    history_sessions: int = setting(
        60,
        "Daily closes that are asked for when none are kept; from then on they gather, up to a year.",
        unit="sessions",
        ge=40,
        le=260,
        approval=False,
    )
    strip_every_sessions: int = setting(
        0,
        "Sessions between two measurements of the cost of capital from some 34 SPX options; 0 takes VIX instead.",
        unit="sessions",
        ge=0,
        le=60,
        approval=False,
    )
    max_age_sessions: int = setting(
        1,
        "Sessions that a daily close may be behind before its signal counts as stale.",
        unit="sessions",
        ge=0,
        le=10,
        approval=False,
    )
    macro_max_age_days: int = setting(
        120,
        "Days since its publication after which a figure from a file counts as stale.",
        unit="days",
        ge=1,
        le=1000,
        approval=False,
    )
    rsi_high: float = setting(
        70, "RSI above which an index counts as overbought.", unit="RSI", ge=50, le=100, approval=False
    )
    rsi_middle: float = setting(
        50, "RSI of VIX below which a cross above the upper extreme is over.", unit="RSI", ge=0, le=100, approval=False
    )
    rsi_low: float = setting(
        30, "RSI below which an index counts as oversold.", unit="RSI", ge=0, le=50, approval=False
    )
    cost_low_pct: float = setting(
        25,
        "Percentile of its year below which the cost of capital counts as low.",
        unit="%",
        ge=0,
        le=100,
        approval=False,
    )
    cost_high_pct: float = setting(
        75,
        "Percentile of its year above which the cost of capital counts as high.",
        unit="%",
        ge=0,
        le=100,
        approval=False,
    )
    event_kinds: EventKinds = setting(
        (EventKind.FOMC, EventKind.CPI, EventKind.PPI),
        "The economic events that count for the hedge.",
        allowed=f"one or more of {', '.join(EventKind)}, with commas between",
        approval=False,
    )
    event_sessions_before: int = setting(
        1, "Sessions before that of an event in which it counts already.", unit="sessions", ge=0, le=10, approval=False
    )


def signal_policy(group: AdjustSettings, monitor: MonitorSettings) -> SignalPolicy:
    """Build the rules of the signals."""
    return SignalPolicy(
        sessions=group.signal_sessions,
        history_sessions=group.history_sessions,
        strip_every_sessions=group.strip_every_sessions,
        monitor_every_sessions=monitor.every_sessions,
        max_age_sessions=group.max_age_sessions,
        macro_max_age_days=group.macro_max_age_days,
        rsi_high=group.rsi_high,
        rsi_middle=group.rsi_middle,
        rsi_low=group.rsi_low,
        cost_low_pct=group.cost_low_pct,
        cost_high_pct=group.cost_high_pct,
        event_kinds=group.event_kinds,
        event_sessions_before=group.event_sessions_before,
    )


def adjustment_policy(group: AdjustSettings) -> AdjustmentPolicy:
    """Build how far the signals may move the hedge."""
    names = AdjustmentPolicy.__dataclass_fields__
    return AdjustmentPolicy(**{name: value for name, value in group.model_dump().items() if name in names})
