"""Financial formulas for the reports: regression slope, required return, premium cash flow, synthetic dividend.

Nothing is traded on them; ``docs/formulas.md`` names their sources.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

MONTHS_A_YEAR: Final = 12


def regression_slope(moves: Sequence[float], answers: Sequence[float]) -> float:
    """Return the slope of answers on moves by least squares; raises ValueError when nothing moved."""
    x = np.asarray(moves, dtype=float) - np.mean(moves)
    if not np.any(x):
        raise ValueError("A slope needs moves that are not all the same.")
    return float(x @ np.asarray(answers, dtype=float) / (x @ x))


def required_return(
    riskless: float, market_beta: float, *, market_premium: float, volatility_beta: float, volatility_premium: float
) -> float:
    """Return r + beta_m EP + beta_v lambda_v per year: CAPM with a second factor, volatility (003-16).

    The premium of volatility is that of a VIX future, which is negative: what gains when VIX rises may earn less.
    """
    return riskless + market_beta * market_premium + volatility_beta * volatility_premium


def price_to_cash_flow(value_usd: float, credit_usd: float) -> float | None:
    """Return what a hedge is worth over the net credit of a month (PCF, 001-15, 004-15); None without a credit."""
    return value_usd / credit_usd if credit_usd > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticDividend:
    """What the condors pay a month after their losses and the hedge's carry, as a dividend (DDM, 004-21)."""

    monthly_usd: float
    capital_usd: float
    """Margin that it takes."""
    equity_cost: float
    """Cost of equity, a fraction per year."""
    growth: float = 0.0

    @property
    def value_usd(self) -> float:
        """Return the value of the dividends for ever: D / (k - g) (Gordon 1959); the cost must be above the growth."""
        if self.equity_cost <= self.growth:
            raise ValueError(f"A cost of equity of {self.equity_cost:g} is not above a growth of {self.growth:g}.")
        return MONTHS_A_YEAR * self.monthly_usd / (self.equity_cost - self.growth)

    @property
    def capital_yield(self) -> float | None:
        """Return the dividends of a year over the capital; None without capital."""
        return MONTHS_A_YEAR * self.monthly_usd / self.capital_usd if self.capital_usd > 0 else None
