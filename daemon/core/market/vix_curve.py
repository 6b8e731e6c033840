"""VIX forwards of a model with a central tendency: what the curve would be if VIX returned to a level that moves itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Final

from daemon.core.market.model_free import YEAR_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralTendency:
    """Log VIX returns to a tendency and that to a level, each with noise (Mencia and Sentana, JFE 108 (2013) 367-391).

    Speeds and volatilities per year; level and tendency in points; the two speeds must differ.
    """

    speed: float
    volatility: float
    level_pts: float
    level_speed: float
    level_volatility: float

    def forward_pts(self, vix_pts: float, tendency_pts: float, days: float) -> float:
        """Return the forward of so many calendar days under the pricing measure, in points."""
        base, gap = self._base(vix_pts, days), log(tendency_pts / self.level_pts)
        return exp(base + self._weight(days) * gap)

    def tendency_pts(self, vix_pts: float, forward_pts: float, days: float) -> float:
        """Return the tendency with which the model gives a forward, in points."""
        gap = (log(forward_pts) - self._base(vix_pts, days)) / self._weight(days)
        return self.level_pts * exp(gap)

    def _base(self, vix_pts: float, days: float) -> float:
        """Return the logarithm of the forward with the tendency at its level: mean and half of the variance."""
        fast, slow = self._decays(days)
        ratio, level = self._ratio, log(self.level_pts)
        own = self.volatility**2 * (1 - fast**2) / (2 * self.speed)
        parts = (
            (1 - slow**2) / (2 * self.level_speed)
            + (1 - fast**2) / (2 * self.speed)
            - 2 * (1 - fast * slow) / (self.speed + self.level_speed)
        )
        variance = own + ratio**2 * self.level_volatility**2 * parts
        return level + fast * (log(vix_pts) - level) + variance / 2

    def _weight(self, days: float) -> float:
        """Return what a unit of the tendency's logarithm above its level adds to that of the forward."""
        fast, slow = self._decays(days)
        return self._ratio * (slow - fast)

    @property
    def _ratio(self) -> float:
        return self.speed / (self.speed - self.level_speed)

    def _decays(self, days: float) -> tuple[float, float]:
        years = days / YEAR_DAYS
        return exp(-self.speed * years), exp(-self.level_speed * years)


USUAL: Final = CentralTendency(speed=7.0, volatility=1.2, level_pts=20.5, level_speed=0.75, level_volatility=0.55)
"""Between the speeds and volatilities that fit VIX futures since 2007."""
