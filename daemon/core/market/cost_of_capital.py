"""What options say about the cost of capital: financing rate, equity premium, and where both stand in their year."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt

from daemon.core.market.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class ParityLine:
    """The straight line that put-call parity makes of call less put over the strikes: C - P = D (F - K)."""

    forward_pts: float
    discount: float
    residuals_pts: FloatArray
    """Call less put less the line, strike by strike in the order given; NaN where a strike did not count."""

    def financing_rate(self, years: float) -> float:
        """Return the continuously compounded rate that the discount stands for, per year."""
        return -log(self.discount) / years


@dataclass(frozen=True, slots=True)
class OptionStrip:
    """The out-of-the-money options of one expiry: strikes in points, rising, with call and put mids; NaN is no quote."""

    strikes_pts: FloatArray
    call_mids_pts: FloatArray
    put_mids_pts: FloatArray


def parity_line(strip: OptionStrip, spreads_pts: npt.ArrayLike) -> ParityLine:
    """Fit parity by least squares with weights 1 / spread squared, the spread being that of call and put together.

    Strikes without both mids or without a spread do not count. Raises ValueError with fewer than three, and when
    the slope is not negative: such quotes are not of one moment.
    """
    strikes = strip.strikes_pts
    difference = strip.call_mids_pts - strip.put_mids_pts
    spreads = np.asarray(spreads_pts, dtype=float)
    usable = np.isfinite(difference) & np.isfinite(spreads) & (spreads > 0)
    if usable.sum() < 3:
        raise ValueError(f"{int(usable.sum())} strikes have both a call and a put; a parity line needs 3.")
    weights = 1.0 / spreads[usable] ** 2
    weights /= weights.sum()
    at, value = strikes[usable], difference[usable]
    centre, level = float(weights @ at), float(weights @ value)
    slope = float(weights @ ((at - centre) * (value - level)) / (weights @ (at - centre) ** 2))
    if slope >= 0:
        raise ValueError(
            f"Call less put does not fall with the strike (slope {slope:g}): the quotes do not belong together."
        )
    residuals = np.where(usable, difference - level - slope * (strikes - centre), np.nan)
    return ParityLine(centre - level / slope, -slope, residuals)


def svix_squared(
    strip: OptionStrip, *, forward_pts: float, spot_pts: float, gross_return: float, years: float
) -> float:
    """Return SVIX squared per year (Martin 2017, Quarterly J. of Economics 132:367-433).

    2 / (T R S^2) times the area under the out-of-the-money options, puts below the forward and calls above it, with
    R the gross riskless return to expiry. The area is taken by trapezes from the lowest to the highest quoted strike:
    what lies beyond is left out, so a short strip gives less. Raises ValueError when the forward is not inside it.
    """
    discount = 1.0 / gross_return
    # By parity the put of a strike is the call less D (F - K), so one curve serves both sides of the forward.
    as_call = np.where(
        strip.strikes_pts >= forward_pts,
        strip.call_mids_pts,
        strip.put_mids_pts + discount * (forward_pts - strip.strikes_pts),
    )
    usable = np.isfinite(as_call)
    strikes, calls = strip.strikes_pts[usable], as_call[usable]
    if strikes.size < 2 or not strikes[0] < forward_pts < strikes[-1]:
        raise ValueError(f"The quoted strikes do not enclose the forward {forward_pts:g}.")
    at_forward = float(np.interp(forward_pts, strikes, calls))
    below, above = strikes < forward_pts, strikes > forward_pts
    puts = calls[below] - discount * (forward_pts - strikes[below])
    grid = np.concatenate((strikes[below], [forward_pts], strikes[above]))
    prices = np.concatenate((puts, [at_forward], calls[above]))
    area = float(np.sum((prices[1:] + prices[:-1]) * np.diff(grid)) / 2)
    return 2.0 * area / (years * gross_return * spot_pts**2)


def cost_of_equity(financing_rate: float, svix_sq: float, years: float) -> float:
    """Return r + R SVIX^2 per year: the rate of financing and the least premium that options imply (Martin 2017)."""
    return financing_rate + exp(financing_rate * years) * svix_sq


def percentile_rank(history: npt.ArrayLike, value: float) -> float:
    """Return in percent how much of a history lies below a value, ties counted half."""
    past = np.asarray(history, dtype=float)
    if past.size == 0 or not np.isfinite(past).all() or not np.isfinite(value):
        raise ValueError("A percentile needs a value and a history of finite numbers.")
    return float(100.0 * (np.sum(past < value) + 0.5 * np.sum(past == value)) / past.size)
