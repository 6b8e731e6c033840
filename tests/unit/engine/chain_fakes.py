"""A chain of SPXW options at model prices, for a fake broker; a test takes away what it wants to be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import log, sqrt
from statistics import NormalDist

from engine_fakes import FakeBroker

from daemon.core.market.contracts import OptionContract, OptionParams, Right, TradingClass
from daemon.core.market.quotes import Greeks, Quote

FORWARD = 3370.0
VOL = 0.16
STRIKES = tuple(range(250_000, 420_001, 500))
N = NormalDist().cdf


@dataclass(frozen=True)
class Chain:
    """Black's formula of 1976 without discount, one volatility, quotes a dime wide."""

    now: datetime
    expiries: Sequence[date]
    strikes: Sequence[int] = STRIKES
    exists: Callable[[OptionContract], bool] = lambda contract: True
    has_greeks: Callable[[OptionContract], bool] = lambda contract: True
    has_bid: Callable[[OptionContract], bool] = lambda contract: True

    def connect(self, broker: FakeBroker) -> None:
        """Let the broker answer from this chain."""
        broker.listed = (OptionParams(TradingClass.SPXW, tuple(self.expiries), tuple(self.strikes)),)
        broker.exists = self.holds
        broker.quoted = self.quote

    def holds(self, contract: OptionContract) -> bool:
        """Whether the contract is listed in its expiry."""
        listed = contract.strike_pts100 in self.strikes and contract.expiry in self.expiries
        return listed and contract.trading_class is TradingClass.SPXW and self.exists(contract)

    def deviation(self, expiry: date) -> float:
        """Return volatility times the root of the years, in calendar days from noon of the session."""
        days = max((expiry - self.now.date()).days, 0) + 0.25
        return VOL * sqrt(days / 365)

    def delta(self, contract: OptionContract) -> float:
        """Return the delta on the forward."""
        d1 = self._d1(contract)
        return N(d1) if contract.right is Right.CALL else N(d1) - 1

    def value(self, contract: OptionContract) -> float:
        """Return the price in points."""
        d1, strike = self._d1(contract), contract.strike
        d2 = d1 - self.deviation(contract.expiry)
        call = FORWARD * N(d1) - strike * N(d2)
        return call if contract.right is Right.CALL else call - FORWARD + strike

    def quote(self, contract: OptionContract) -> Quote:
        """Return a quote around the price, in steps of 0.05."""
        mid = max(5, 5 * round(self.value(contract) * 20))
        bid = mid - 5 if self.has_bid(contract) else None
        greeks = Greeks(VOL, self.delta(contract), None, None, None, FORWARD) if self.has_greeks(contract) else None
        return Quote(self.now, bid, mid + 5, 10, 10, greeks=greeks)

    def without(self, **changes: object) -> Chain:
        """Return the chain with something else about it."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names of the fields above

    def _d1(self, contract: OptionContract) -> float:
        deviation = self.deviation(contract.expiry)
        return log(FORWARD / contract.strike) / deviation + deviation / 2
