"""What the hedge costs: expected over the next 30 days by layer, and measured over the last 90 (000-09, 000-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from math import sqrt
from statistics import fmean
from typing import Final

from daemon.core.market.contracts import Right, Underlying
from daemon.core.market.pricing import black76_price
from daemon.core.market.vix_response import future_after, future_variance, spx_variance
from daemon.core.records import DayRecord, LimitUse
from daemon.core.risk.break_even import HedgeOption

MONTH_DAYS: Final = 30
YEAR_DAYS: Final = 365
MONITOR_DAYS: Final = 90
"""Days that the measured carry looks back (000-09)."""
HEDGE_CARRY: Final = "hedge_carry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carry:
    """What one contract of a layer is expected to cost in 30 days, in dollars; below zero it is expected to gain."""

    decay_usd: float
    """Its price less what it is expected to be worth at the next roll."""
    trading_usd: float
    """Buying at the ask and selling at the bid, as often as it rolls."""
    capital_usd: float
    """What its price would have earned at the cost of capital (004-13)."""

    @property
    def usd(self) -> float:
        """Return the sum."""
        return self.decay_usd + self.trading_usd + self.capital_usd


def expected_carry(
    options: Sequence[HedgeOption],
    vix_pts: float,
    *,
    days_to_roll: int,
    roll_days: int,
    spread_pts: float,
    capital_rate: float,
) -> Carry:
    """Return what one contract is expected to cost in 30 days, ``options`` being those of one contract.

    Until the roll a VIX forward runs down the curve to VIX and moves as much as VIX futures have on average, SPX
    stays about where it is and moves as much as it has at this VIX; then the implied volatility is what it is now.
    Time costs what options imply beyond those moves, and the curve its distance.
    ``spread_pts`` is ask less bid of the whole, ``capital_rate`` a fraction per year.
    """
    assert days_to_roll > 0, "a roll lies ahead"
    price_pts = sum(option.quantity * _price_pts(option) for option in options)
    worth_pts = sum(option.quantity * _worth_pts(option, vix_pts, days_to_roll) for option in options)
    one = options[0].contract
    return Carry(
        decay_usd=one.multiplier * (price_pts - worth_pts) * MONTH_DAYS / days_to_roll,
        trading_usd=one.multiplier * spread_pts * MONTH_DAYS / roll_days,
        capital_usd=one.premium_multiplier * price_pts * capital_rate * MONTH_DAYS / YEAR_DAYS,
    )


def _price_pts(option: HedgeOption) -> float:
    return _option_pts(option, option.forward_pts, option.vol * sqrt(option.years))


def _worth_pts(option: HedgeOption, vix_pts: float, days: int) -> float:
    """Return the expected price of an option some days from now: one price on the forward expected then."""
    now_days = option.years * YEAR_DAYS
    left_days = max(0.0, now_days - days)
    implied = option.vol**2 * left_days / YEAR_DAYS
    if option.contract.underlying is Underlying.SPX:
        variance = spx_variance(vix_pts, now_days - left_days)
        return _option_pts(option, option.forward_pts, sqrt(variance + implied))
    forward_pts = float(future_after(option.forward_pts, vix_pts, 0.0, now_days, left_days))
    return _option_pts(option, forward_pts, sqrt(future_variance(now_days, left_days) + implied))


def _option_pts(option: HedgeOption, forward_pts: float, deviation: float) -> float:
    """Return a price for a deviation of the logarithm of the forward, as of one year with that volatility."""
    is_call = option.contract.right is Right.CALL
    return float(black76_price(forward_pts, option.contract.formula_strike, 1.0, deviation, 1.0, is_call))


def carry_use(days: Sequence[DayRecord], session: date, limit_pct: float) -> LimitUse:
    """Return what the hedge has cost a month, in percent of the mean wing notional, by the closes up to a session.

    It looks back 90 days, or as many as there are from 30 on; before, and where no condor was open, it does not apply.
    """
    known = [*takewhile(lambda day: (session - day.session).days <= MONITOR_DAYS, reversed(days))]
    base_usd = fmean(day.wing_notional_usd for day in known) if known else 0.0
    if base_usd == 0 or (known[0].session - known[-1].session).days < MONTH_DAYS:
        return LimitUse(HEDGE_CARRY, None, limit_pct, "%", applies=False)
    last, first = known[0], known[-1]
    cost_usd = (first.hedge_pnl_usd_cents - last.hedge_pnl_usd_cents) / 100
    months = (last.session - first.session).days / MONTH_DAYS
    note = f"of W in 30 days, since the close of {first.session}"
    return LimitUse(HEDGE_CARRY, 100 * cost_usd / base_usd / months, limit_pct, "%", note)
