"""Limits of the risk monitor as one frozen value; ``settings`` builds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """What the risk monitor holds every order against (decision 9)."""

    wing_notional_max_usd: int
    wing_notional_max_nlv_pct: float
    """The largest open wing notional is the smaller of the two."""
    margin_max_nlv_pct: float
    """Largest initial margin after an order, as a percentage of net liquidation."""
    clock_skew_max_s: float
    """Largest difference between our clock and the gateway's (decision 1)."""
    index_max_age_s: float
    """Oldest SPX or VIX value that is traded on."""
    quote_max_age_s: float
    """Oldest option quote that is traded on."""
    measure_every_min: int
    """Least time between two measurements of greeks and stress within the session."""
    theta_gate: bool
    """Whether a condor is entered only when condors and hedge together gain by the passing of time (000-26)."""
    quick_ratio_min: float
    """Least cash over maintenance margin and debits due after an entry (003-13); 0 asks for none."""
