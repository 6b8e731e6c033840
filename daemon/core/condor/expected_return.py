"""What a condor is expected to return on its margin when it is held to settlement (001-20)."""

from __future__ import annotations

from math import expm1, inf, log
from typing import Final

import numpy as np

from daemon.core.condor.legs import CondorLegs
from daemon.core.condor.policy import CondorPolicy
from daemon.core.market.contracts import MULTIPLIER, Right
from daemon.core.market.pricing import black76_price
from daemon.core.orders.intent import Reason
from daemon.core.risk.margin import condor_margin_usd_cents

_VIX_PTS: Final = (12.5, 17.5, 22.5, 30.0, 45.0)
_REALISED_TO_VIX: Final = (9 / 12.5, 14 / 17.5, 19 / 22.5, 26 / 30.0, 50 / 45.0)
"""Yearly volatility of the next session of SPX as a share of VIX, in the middle of the bands below 15, to 20, to 25, to 35
and above: 9, 14, 19, 26 and 50 %, measured 1990 to 2026."""
DAYS_PER_YEAR: Final = 365.0
_UNDISCOUNTED: Final = 1.0
_LARGEST: Final = 700.0
"""A logarithm of growth beyond which numbers end; a rate so high says no more than a very high one."""
TOO_SMALL: Final = "return_too_small"


def realised_vol(vix: float) -> float:
    """Return the volatility that SPX has realised on average at a level of VIX, a fraction per year."""
    return vix / 100 * float(np.interp(vix, _VIX_PTS, _REALISED_TO_VIX))


def expected_return_pct(legs: CondorLegs, credit_pts: float, *, spx_pts: float, vix: float, days: float) -> float:
    """Return the yearly internal rate on the margin of one condor, in percent; fees are left out.

    Two flows: the margin is given and the credit received at the entry; at settlement the margin comes back less the
    expected payoff. SPX is lognormal around where it is, with the volatility it has realised on average at this VIX. That is
    no forecast: it says what the premium over realised volatility is worth on the capital that it asks for.
    """
    vol = realised_vol(vix)
    counted = max(days, 1.0)  # of a condor of the same session a yearly rate means little
    payoff_pts = -sum(
        leg.ratio
        * float(
            black76_price(
                spx_pts,
                leg.contract.strike,
                counted / DAYS_PER_YEAR,
                vol,
                _UNDISCOUNTED,
                leg.contract.right is Right.CALL,
            )
        )
        for leg in legs.held
    )
    margin_pts = condor_margin_usd_cents(legs, 1) / 100 / MULTIPLIER
    given_pts, back_pts = margin_pts - credit_pts, margin_pts - payoff_pts
    if given_pts <= 0:
        return inf  # the credit covers all that can be lost
    return 100 * expm1(min(log(back_pts / given_pts) * DAYS_PER_YEAR / counted, _LARGEST))


def judge_return(return_pct: float, bill_rate_pct: float | None, policy: CondorPolicy) -> tuple[Reason, ...]:
    """Return why a condor returns too little, or nothing; a bill rate that is not known counts as none, and is said so."""
    least_pct = policy.return_min_pct + (bill_rate_pct or 0.0)
    if return_pct >= least_pct:
        return ()
    over = "over the bill rate" if bill_rate_pct is not None else "the bill rate being unknown"
    found = "The return expected on the margin is too small, in percent a year"
    values = round(return_pct, 2), round(least_pct, 2)
    if policy.return_gate:
        return (Reason(TOO_SMALL, f"{found}, {over}.", *values),)
    return (Reason(f"would_refuse_{TOO_SMALL}", f"{found}, {over}; the gate is off.", *values),)
