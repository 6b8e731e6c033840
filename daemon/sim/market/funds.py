"""Funds of VIX futures: what a share is worth while the futures of 30 days on average move.

Each session the fund holds the two monthly futures around 30 days in the weights that average 30 days, and gains its
multiple of what they gain (after the S&P 500 VIX Short-Term Futures Index, whose weights go by sessions). Fees, and
reverse splits as real funds make them, are left out.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np

from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import Underlying
from daemon.core.market.vix_response import FUND_DAYS, FUND_MULTIPLE
from daemon.sim.history import DailyFacts, History
from daemon.sim.market.day import FUTURES_FROM, MarketDay

FIRST_USD: Final = MappingProxyType({Underlying.VXX: 30.0, Underlying.UVXY: 20.0})
"""What a share is worth before the first session of a fund; no real level, those have been split again and again."""
_LEAST_CHANGE: Final = -0.9
"""No session takes more than this of a share."""


class Funds:
    """The share of each fund from its first session on; before it stands still."""

    def __init__(self, history: History, first: date) -> None:
        self.first = first
        self._history = history
        self._sessions = [day for day in history.days if day >= first]
        self._closes: dict[Underlying, list[float]] = {fund: [usd] for fund, usd in FIRST_USD.items()}

    def close_before_usd(self, fund: Underlying, day: date) -> float:
        """Return what a share was worth at the close before a session."""
        sessions_gone, closes = bisect_left(self._sessions, day), self._closes[fund]
        while len(closes) <= sessions_gone:
            facts = self._history.facts(self._sessions[len(closes) - 1])
            settles = np.log([settle for _, settle in facts.futures])
            closes.append(closes[-1] * float(_grown(fund, facts, self._history.before(facts.day), settles[None, :])[0]))
        return closes[sessions_gone]

    def shares_usd(self, fund: Underlying, day: MarketDay, columns: FloatArray) -> FloatArray:
        """Return what a share is worth at instants of a session, one a row of its columns."""
        before, session = self._history.before(day.facts.day), day.facts.day
        start_usd = self.close_before_usd(fund, session)
        if session < self.first:
            return np.full(len(columns), start_usd)
        result: FloatArray = start_usd * _grown(fund, day.facts, before, columns[:, FUTURES_FROM:])
        return result


def _grown(fund: Underlying, facts: DailyFacts, before: DailyFacts | None, log_futures: FloatArray) -> FloatArray:
    """Return a share over that of the close before, by the logarithms of the futures at some instants."""
    known = dict(before.futures) if before else {}
    starts = np.array([known.get(expiry, settle) for expiry, settle in facts.futures])
    gained = (np.exp(log_futures) / starts - 1.0) @ _weights(facts)
    result: FloatArray = 1.0 + np.maximum(FUND_MULTIPLE[fund] * gained, _LEAST_CHANGE)
    return result


def _weights(facts: DailyFacts) -> FloatArray:
    """Return how much of each future is held: of the two around 30 days as much as averages them."""
    days = [float((expiry - facts.day).days) for expiry, _ in facts.futures]
    weights = np.zeros(len(days))
    upper = min(bisect_left(days, FUND_DAYS), len(days) - 1)
    lower = max(upper - 1, 0)
    share = 1.0 if upper == lower else min(1.0, (FUND_DAYS - days[lower]) / (days[upper] - days[lower]))
    weights[lower], weights[upper] = 1.0 - share, share
    return weights
