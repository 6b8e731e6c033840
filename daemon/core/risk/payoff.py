"""What open options on SPX come to at expiry, for each level of SPX: straight lines between strikes, so all of it is exact.

Every position counts as if SPX stood at one and the same level at its own expiry, and as if nothing were closed before.
The formula stands in docs/formulas.md (payoff at expiry).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from daemon.core.market.contracts import OptionContract, Right, Underlying


@dataclass(frozen=True, slots=True)
class Payoff:
    """Signed options on SPX, and the cash they have brought in so far, in dollars: credits less debits and fees."""

    positions: tuple[tuple[OptionContract, int], ...]
    cash_usd: float

    def __post_init__(self) -> None:
        assert all(contract.underlying is Underlying.SPX for contract, _ in self.positions), "a payoff is over SPX"

    @property
    def kinks_pts(self) -> tuple[float, ...]:
        """Return the levels of SPX at which the line bends, and 0, below which no index goes."""
        return tuple(sorted({0.0, *(contract.strike for contract, _ in self.positions)}))

    @property
    def slope_above_usd(self) -> int:
        """Return dollars for a point of SPX above the highest strike: below 0 where a short call is uncovered."""
        return sum(quantity * c.multiplier for c, quantity in self.positions if c.right is Right.CALL)

    @property
    def largest_loss_usd(self) -> float | None:
        """Return the worst result in dollars, negative for a loss; None where it has no bound."""
        return None if self.slope_above_usd < 0 else min(map(self.usd_at, self.kinks_pts))

    @property
    def largest_gain_usd(self) -> float | None:
        """Return the best result in dollars; None where it has no bound."""
        return None if self.slope_above_usd > 0 else max(map(self.usd_at, self.kinks_pts))

    @property
    def break_evens_pts(self) -> tuple[float, ...]:
        """Return the levels of SPX in points at which a gain turns into a loss, or back."""
        kinks = [(pts, self.usd_at(pts)) for pts in self.kinks_pts]
        inside = [_zero(low, high) for low, high in pairwise(kinks) if (low[1] < 0) is not (high[1] < 0)]
        (last_pts, last_usd), slope = kinks[-1], self.slope_above_usd
        beyond = [last_pts - last_usd / slope] if slope and (last_usd < 0) is (slope > 0) else []
        return (*inside, *beyond)

    def usd_at(self, spx_pts: float) -> float:
        """Return the result in dollars with SPX at a level: cash and what each option is settled at."""
        return self.cash_usd + sum(
            quantity * contract.multiplier * max(0.0, contract.right.outward * (spx_pts - contract.strike))
            for contract, quantity in self.positions
        )


def payoff(holdings: Iterable[tuple[Mapping[OptionContract, int], float]]) -> Payoff:
    """Sum up holdings, each its positions and its cash in dollars; contracts that cancel out are left out."""
    total: dict[OptionContract, int] = {}
    cash_usd = 0.0
    for positions, cash in holdings:
        cash_usd += cash
        for contract, quantity in positions.items():
            total[contract] = total.get(contract, 0) + quantity
    return Payoff(tuple((contract, total[contract]) for contract in sorted(total) if total[contract]), cash_usd)


def _zero(low: tuple[float, float], high: tuple[float, float]) -> float:
    return low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])
