"""The move that the at-the-money options of an expiry expect."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from daemon.core.market.contracts import Right
from daemon.core.market.pricing import implied_vol


@dataclass(frozen=True, slots=True)
class ExpectedMove:
    """One standard deviation of an expiry around its forward, in points."""

    forward_pts: float
    move_pts: float

    def strike_at(self, right: Right, multiple: float) -> float:
        """Return the level so many moves away from the forward, below it for puts, in points."""
        return self.forward_pts + (multiple if right is Right.CALL else -multiple) * self.move_pts

    def multiple_of(self, strike_pts100: int, right: Right) -> float:
        """Return how many moves a strike lies out of the money, negative for one in it."""
        away_pts = strike_pts100 / 100 - self.forward_pts
        return (away_pts if right is Right.CALL else -away_pts) / self.move_pts


def expected_move(strike_pts: float, call_mid_pts: float, put_mid_pts: float) -> ExpectedMove | None:
    """Return forward x at-the-money implied volatility x sqrt(years), from the straddle at a strike near the money.

    The forward is that of put-call parity, undiscounted: strike + call - put; on it call and put have the same
    volatility. The straddle itself is worth about 0.8 of the move (Brenner and Subrahmanyam, Financial Analysts
    Journal 44(5), 1988). None when the mids fit no volatility.
    """
    forward_pts = strike_pts + call_mid_pts - put_mid_pts
    if forward_pts <= 0:
        return None
    # Over one year the volatility is the deviation of the whole time to expiry, whatever that time is.
    deviation = implied_vol(call_mid_pts, forward_pts, strike_pts, 1.0, 1.0, is_call=True)
    return None if isnan(deviation) or deviation <= 0 else ExpectedMove(forward_pts, forward_pts * deviation)
