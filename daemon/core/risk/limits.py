"""Limits of the risk monitor as one frozen value; ``settings`` builds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ExitsWithoutData(StrEnum):
    """What time exits do while SPX, VIX or the account cannot be relied on."""

    GO_ON = "go_on"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What the risk monitor holds every order against (decision 9)."""

    condors_max: int
    """Most condors that may be open, the one to be entered included."""
    wing_notional_max_usd: int
    wing_notional_max_nlv_pct: float
    """The largest open wing notional is the smaller of the two (004-24)."""
    margin_max_nlv_pct: float
    """Largest initial margin after an order, as a percentage of net liquidation."""
    margin_over_estimate_max_pct: float
    """By how much the broker may ask for more margin than our own estimate of an entry."""
    session_loss_max_pct: float
    """Largest fall of net liquidation below the close before the session, in percent of it, the hedge included."""
    week_loss_max_pct: float
    """The same below the close before the week, which begins on Monday."""
    drawdown_max_pct: float
    """The same below the highest close."""
    peak_from: date | None
    """First session whose close may be the highest; None looks at all that are on record."""
    session_orders_max: int
    """Most orders of a session that open or change risk."""
    session_contracts_max: int
    """Most option contracts in those orders together, every leg counted."""
    orders_per_minute_max: int
    """Most of those orders within 60 seconds."""
    rejects_max: int
    """Rejections in a row, of any order, at which the program halts itself."""
    collar_condor_pts100: int
    """Farthest net limit from the mid at the decision of an order in SPX, in points x 100."""
    collar_call_pct: float
    """The same of an order in VIX calls, in percent of its mid."""
    collar_call_min_pts100: int
    """What an order in VIX calls may always be away from its mid, in points x 100: a share of a small price is no step."""
    clock_skew_max_s: float
    """Largest difference between our clock and the gateway's (decision 1)."""
    index_max_age_s: float
    """Oldest SPX or VIX value that is traded on."""
    quote_max_age_s: float
    """Oldest option quote that is traded on."""
    account_max_age_s: float
    """Oldest account values that a condor is entered on."""
    exits_without_data: ExitsWithoutData
    measure_every_min: int
    """Least time between two measurements of greeks and stress within the session; 0 measures at its close only."""
    theta_gate: bool
    """Whether a condor is entered only when condors and hedge together gain by the passing of time (000-26)."""
    quick_ratio_min: float
    """Least cash over maintenance margin and debits due after an entry (003-13); 0 asks for none."""
    quick_ratio_hold_min: float
    """The same below which what is open should be reduced, as a person is told; 0 asks for none."""
