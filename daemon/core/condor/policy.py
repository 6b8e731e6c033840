"""The rules of the condor desk as one frozen value; ``settings`` builds it, the core never has a default."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daemon.core.calendar.events import EventKind
from daemon.core.market.contracts import Right


class DteUnit(StrEnum):
    """What days to expiry are counted in: one session is the next one, over weekends and holidays too."""

    DAYS = "days"
    SESSIONS = "sessions"


class StrikesBy(StrEnum):
    """What the short strikes are chosen by."""

    DELTA = "delta"
    CREDIT = "credit"
    EXPECTED_MOVE = "expected_move"


class WingsBy(StrEnum):
    """What the long strikes are chosen by."""

    POINTS = "points"
    DELTA = "delta"


class Sides(StrEnum):
    """The sides that a condor is entered with."""

    BOTH = "both"
    PUT = "put"
    CALL = "call"

    @property
    def rights(self) -> tuple[Right, ...]:
        """Return the sides as rights, puts first."""
        return {Sides.BOTH: (Right.PUT, Right.CALL), Sides.PUT: (Right.PUT,), Sides.CALL: (Right.CALL,)}[self]


class GateMode(StrEnum):
    """What follows when a gate of events or of VIX minds an entry; OFF records what would have been refused."""

    OFF = "off"
    HALF = "half"
    SKIP = "skip"


class TakeProfitOrder(StrEnum):
    """How the profit is taken: by an order that rests at the broker, or by one sent when a check sees it."""

    RESTING = "resting"
    CHECKED = "checked"


class TouchAction(StrEnum):
    """What follows when SPX reaches a short strike."""

    OFF = "off"
    CLOSE = "close"


class DriftMode(StrEnum):
    """Whether a drifted condor is watched only, or acted on (decision 21)."""

    WATCH = "watch"
    ACT = "act"


class DriftAction(StrEnum):
    """What follows when a condor has drifted; only the level of adjustment knows the roll."""

    NOTHING = "nothing"
    ROLL = "roll"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondorPolicy:
    """Entry, working order and exits of the daily iron condor."""

    enabled: bool
    dte_unit: DteUnit
    dte_target: int
    dte_min: int
    dte_max: int
    sides: Sides
    strikes_by: StrikesBy
    short_delta: float
    """Absolute delta of the short strikes (003-05)."""
    short_delta_min: float
    short_delta_max: float
    credit_target_pts100: int
    """Mid credit of the condor in points x 100; with two sides each aims at half of it."""
    credit_tolerance_pts100: int
    """How far the mid credit may lie from its target, in points x 100; with two sides half of it for each."""
    move_multiple: float
    """Distance of the short strikes from the forward in expected moves."""
    move_tolerance: float
    """How far a short strike may lie from that distance, in expected moves."""
    wings_by: WingsBy
    wing_pts: int
    """Distance of the long strikes, equal on both sides, in index points."""
    wing_delta: float
    """Absolute delta of the long strikes."""
    wing_min_pts: int
    """Smallest distance of a long strike that is chosen by its delta, in index points."""
    wing_max_pts: int
    entry_risk_pct: float
    """Wing notional of one entry as a percentage of the largest allowed wing notional."""
    min_credit_pct: float
    """Smallest credit as a percentage of the wing width; also the floor of the working order."""
    max_spread_pct: float
    """Largest (mid - natural) / mid of the condor, in percent (decision 20)."""
    leg_spread_max_pts100: int
    """Widest quote of a leg in points x 100; of this and the share of its mid the larger one holds."""
    leg_spread_max_pct: float
    quote_skew_max_s: float
    """Longest time between the oldest and the newest quote of the legs."""
    spx_move_max_pct: float
    """Largest move of SPX between the choice of strikes and the order, in percent."""
    delta_check_max: float
    """Largest difference between the broker's delta of a short strike and our own."""
    ladder_step_pts100: int
    ladder_step_s: float
    ladder_through_pts100: int
    """How far beyond the natural price the working order may go, in points x 100."""
    complete_partial_fills: bool
    """Whether the rest of a partly filled entry is worked on, or cancelled at the end of the step."""
    take_profit_enabled: bool
    take_profit_pct: float
    """Share of the credit that is taken as profit, in percent."""
    time_exit_enabled: bool
    time_exit_dte: int
    take_profit_order: TakeProfitOrder
    stop_enabled: bool
    stop_loss_credits: float
    """Loss that closes a condor, in multiples of its credit: at 2 closing costs three times the credit."""
    touch_action: TouchAction
    confirm_checks: int
    """Checks in a row at which a stop, a touch or a drift is seen before it acts."""
    mark_max_age_s: float
    """Oldest mark of the account that a rule may rest on."""
    drift_mode: DriftMode
    drift_watch: float
    """Drift in shares of the short-strike range, at the short strike 0.5 (003-01, 003-02)."""
    drift_adjust: float
    drift_defend: float
    drift_hysteresis: float
    drift_adjust_action: DriftAction
    drift_defend_action: DriftAction
    drift_roll_credit_pct: float
    """Least net credit of rolling the untested side, in percent of its width (003-07)."""
    drift_adjustments_max: int
    event_mode: GateMode
    event_kinds: tuple[EventKind, ...]
    event_sessions_before: int
    """Sessions before an event's own from which its window runs."""
    event_sessions_after: int
    vix_gate_mode: GateMode
    vix_gate_min: float
    vix_gate_max: float
    return_gate: bool
    """Whether an entry that is expected to return too little is refused, or only told (001-20)."""
    return_min_pct: float
    """Least return a year on the margin over the bill rate, in percent."""

    @property
    def width_min_pts(self) -> int:
        """Return the smallest width that a side may have, in index points."""
        return self.wing_pts if self.wings_by is WingsBy.POINTS else self.wing_min_pts

    @property
    def width_max_pts(self) -> int:
        """Return the largest width that a side may have, in index points."""
        return self.wing_pts if self.wings_by is WingsBy.POINTS else self.wing_max_pts
