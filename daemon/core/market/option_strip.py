"""Which options of an expiry tell the cost of capital: pairs around the money for parity, single ones further out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from daemon.core.market.contracts import Right

PAIRS: Final = (-1.0, -0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Where call and put are both wanted, in expected moves to expiry (VIX / 100 x sqrt of years)."""
PUTS: Final = (-1.3, -1.6, -2.0, -2.4, -2.9, -3.5, -4.2, -5.0)
CALLS: Final = (1.3, 1.6, 2.0, 2.5)
GRID_PTS100: Final = 2500
"""Every expiry lists these strikes near the money; finer ones exist in some only."""

Wanted = tuple[tuple[int, Right], ...]


@dataclass(frozen=True, slots=True)
class CapitalMeasured:
    """What a strip of options says, per year."""

    financing_rate: float
    svix_squared: float
    equity_cost: float
    variance: float
    """By Cboe's formula for VIX, of this expiry alone."""


def strip_options(listed_pts100: Sequence[int], *, spot_pts: float, vix: float, years: float) -> Wanted:
    """Return strikes with rights, at most 34 of them, of a coarse grid around SPX."""
    grid = [strike for strike in listed_pts100 if strike % GRID_PTS100 == 0] or list(listed_pts100)
    move = spot_pts * vix / 100 * sqrt(years)

    def at(places: Sequence[float]) -> list[int]:
        wanted = [100 * (spot_pts + place * move) for place in places]
        return sorted({min(grid, key=lambda strike: (abs(strike - level), strike)) for level in wanted})

    found = {(strike, right): None for strike in at(PAIRS) for right in Right}
    found |= {(strike, Right.PUT): None for strike in at(PUTS)}
    found |= {(strike, Right.CALL): None for strike in at(CALLS)}
    return tuple(found)
