"""What option quotes say about arbitrage: parity, conversions and reversals, futures, Jensen's bound, kinks (000-20, 000-21).

Everything here is told and never traded on: what is left after half spreads and fees is gone before a retail order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daemon.core.market.contracts import MULTIPLIER
from daemon.core.market.model_free import MONTH_DAYS, VarianceNode, forward_volatility_pts

JENSEN_ALLOWED: Final = 0.06
"""How far above the bound a VIX forward may be, as a share of it: variance between VIX9D, VIX and VIX3M is interpolated.

Of 7,899 settlements of VIX futures of 2011 to 2026, 99.9 % were less than 5.6 % above.
"""
KINK_MEASUREMENTS_MIN: Final = 12
KINK_FAR_Z: Final = 3.0
FUTURE_PAIRS: Final = 10
"""A VIX future stands for ten option pairs: 1,000 dollars a point against 100."""


@dataclass(frozen=True, slots=True)
class TwoSided:
    """A price that can be sold at and bought at, in points."""

    bid_pts: float
    ask_pts: float

    @property
    def mid_pts(self) -> float:
        """Return the mean of both."""
        return (self.bid_pts + self.ask_pts) / 2

    @property
    def spread_pts(self) -> float:
        """Return the distance of both."""
        return self.ask_pts - self.bid_pts


@dataclass(frozen=True, slots=True)
class Pair:
    """Call and put of one strike and expiry."""

    strike_pts: float
    call: TwoSided
    put: TwoSided

    def forward(self, discount: float) -> TwoSided:
        """Return the forward that the pair makes: K + (C - P) / D, each leg at the price it would trade at."""
        return TwoSided(
            self.strike_pts + (self.call.bid_pts - self.put.ask_pts) / discount,
            self.strike_pts + (self.call.ask_pts - self.put.bid_pts) / discount,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityCheck:
    """One strike against the others of its expiry, in points."""

    strike_pts: float
    residual_pts: float
    """Call less put by mids, less D (F - K), with F the mean of all strikes weighted by 1 / spread squared."""
    allowed_pts: float
    """Half the sum of the two spreads: quotes beyond it are not of one moment."""
    conversion_pts: float
    """Sell call, buy put, buy the forward where another strike offers it cheapest; less fees. Above 0 is an edge."""
    reversal_pts: float
    """Buy call, sell put, sell the forward where another strike bids most; less fees. Above 0 is an edge."""


def parity_checks(pairs: Sequence[Pair], *, discount: float, fee_usd: float) -> tuple[ParityCheck, ...]:
    """Hold each strike against the others; nothing with fewer than two. A conversion trades four options."""
    if len(pairs) < 2:
        return ()
    fair, fee_pts = parity_mid(pairs, discount), 4 * fee_usd / MULTIPLIER
    forwards = [pair.forward(discount) for pair in pairs]
    found = []
    for place, (pair, own) in enumerate(zip(pairs, forwards, strict=True)):
        others = forwards[:place] + forwards[place + 1 :]
        found.append(
            ParityCheck(
                strike_pts=pair.strike_pts,
                residual_pts=discount * (own.mid_pts - fair),
                allowed_pts=(pair.call.spread_pts + pair.put.spread_pts) / 2,
                conversion_pts=discount * (own.bid_pts - min(other.ask_pts for other in others)) - fee_pts,
                reversal_pts=discount * (max(other.bid_pts for other in others) - own.ask_pts) - fee_pts,
            )
        )
    return tuple(found)


def parity_mid(pairs: Sequence[Pair], discount: float) -> float:
    """Return the forward of all pairs by mids, weighted by 1 / spread squared, in points."""
    forwards = [pair.forward(discount) for pair in pairs]
    # A cent at least: a locked quote is no reason to look at nothing else.
    weights = [1.0 / max(forward.spread_pts, 0.01) ** 2 for forward in forwards]
    return float(np.average([forward.mid_pts for forward in forwards], weights=weights))


def future_edge_pts(pairs: Sequence[Pair], future: TwoSided, *, discount: float, fee_usd: float) -> float:
    """Return the better of selling the pairs against the future and buying them, less fees; above 0 is an edge (TA i).

    A pair trades two options and a tenth of a future of the same fee.
    """
    forwards = [pair.forward(discount) for pair in pairs]
    sold = max(forward.bid_pts for forward in forwards) - future.ask_pts
    bought = future.bid_pts - min(forward.ask_pts for forward in forwards)
    return discount * max(sold, bought) - (2 + 1 / FUTURE_PAIRS) * fee_usd / MULTIPLIER


def jensen_bound_pts(nodes: Sequence[VarianceNode], days: float) -> float | None:
    """Return the most a VIX forward of so many days may be: the root of the variance of the 30 days behind it.

    The forward is the expected root of that variance, and a root is concave (Jensen). None where it is not known.
    """
    return forward_volatility_pts(nodes, days, days + MONTH_DAYS)


def kink_pts(forwards_pts: Sequence[float]) -> float:
    """Return M1 - 2 M2 + M3 of three forwards in a row."""
    first, second, third = forwards_pts
    return first - 2 * second + third


def z_score(history: Sequence[float], value: float) -> float | None:
    """Return how many standard deviations a value is from the mean of a history; None of one that is short or still."""
    if len(history) < KINK_MEASUREMENTS_MIN:
        return None
    spread = float(np.std(history, ddof=1))
    return (value - float(np.mean(history))) / spread if spread > 0 else None
