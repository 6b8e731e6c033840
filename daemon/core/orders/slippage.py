"""What a fill cost against the mid at the decision, in three parts (004-19): delay, spread, execution."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.core.market.contracts import MULTIPLIER
from daemon.core.orders.intent import FillMarket, Intent


@dataclass(frozen=True, slots=True)
class Slippage:
    """Cost of a fill in points for one unit, positive when we paid; the parts add up to the fill less the mid."""

    delay_pts: float
    """The market moved between the decision and the price that filled: its mid then less the mid at the decision."""
    spread_pts: float
    """Half the spread of that market: its natural price less its mid."""
    execution_pts: float
    """The fill less that natural price; negative when it was better."""

    def usd_cents(self, total_usd_cents: int, units: int, multiplier: int = MULTIPLIER) -> tuple[int, int, int]:
        """Return the parts for a quantity in cents; what rounding leaves is execution, so that they add up."""
        delay, spread = (round(part * multiplier * 100 * units) for part in (self.delay_pts, self.spread_pts))
        return delay, spread, total_usd_cents - delay - spread


def slippage_of(mid_at_decision_pts: float, market: FillMarket, fill_pts: float) -> Slippage:
    """Part a mean fill price of one unit by the market behind it; all in points, negative for a credit."""
    return Slippage(
        delay_pts=market.mid_pts - mid_at_decision_pts,
        spread_pts=market.natural_pts - market.mid_pts,
        execution_pts=fill_pts - market.natural_pts,
    )


def market_of_fill(before: Intent, filled: int) -> FillMarket | None:
    """Return the mean market behind all fills of an order once ``filled`` units are; None when a part is unknown."""
    new, quoted, known = filled - before.filled, before.quoted, before.fill_market
    if new <= 0:
        return known
    if quoted is None or (known is None and before.filled):
        return None
    mid_pts, natural_pts = quoted.mid_pts, quoted.natural_pts100 / 100
    if known is None:
        return FillMarket(mid_pts, natural_pts)
    return FillMarket(
        (known.mid_pts * before.filled + mid_pts * new) / filled,
        (known.natural_pts * before.filled + natural_pts * new) / filled,
    )
