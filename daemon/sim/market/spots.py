"""Stocks, funds of stocks and a currency pair: prices that follow SPX or VIX by a power, so that they have no state.

No history of them is kept. A price moves ``power`` per cent for each per cent of its index: it opens, turns and closes
when the index does, and stands at ``anchor_usd`` when the index stands at ``anchored_pts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from daemon.core.market.arrays import FloatArray
from daemon.sim.history import Ohlc
from daemon.sim.market.day import SPX, VIX


@dataclass(frozen=True, slots=True)
class Spot:
    """How a price follows an index, and to how many decimals it is quoted."""

    column: int
    anchored_pts: float
    anchor_usd: float
    power: float
    decimals: int = 2

    def levels(self, columns: FloatArray) -> FloatArray:
        """Return prices at instants, one a row of a session's columns."""
        result: FloatArray = self.anchor_usd * (columns[:, self.column] / self.anchored_pts) ** self.power
        return result

    def ohlc(self, index: Ohlc) -> Ohlc:
        """Return a session by that of the index; a price that falls when the index rises has its high at the low."""
        opened, high, low, close = (
            round(self.anchor_usd * (pts / self.anchored_pts) ** self.power, self.decimals)
            for pts in (index.open, index.high, index.low, index.close)
        )
        return Ohlc(opened, max(high, low), min(high, low), close)


SPOTS: Final = MappingProxyType(
    {
        "SPY": Spot(SPX, 3000.0, 300.0, 1.0),
        "QQQ": Spot(SPX, 3000.0, 190.0, 1.15),
        "AAPL": Spot(SPX, 3000.0, 65.0, 1.3),
        "MSFT": Spot(SPX, 3000.0, 140.0, 1.2),
        "EUR.USD": Spot(VIX, 20.0, 1.1, -0.02, decimals=5),
    }
)
