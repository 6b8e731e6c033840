"""The market's figures through one session: indexes and VIX futures at every minute."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from daemon.core.calendar.sessions import session
from daemon.core.market.arrays import FloatArray
from daemon.sim.history import DailyFacts, History
from daemon.sim.market import clock
from daemon.sim.market.path import session_paths, variance_shares

SPX, VIX, VIX9D, VIX3M, VIX6M, VVIX, SKEW = range(7)
INDEX_COLUMNS: Final = {
    "SPX": SPX,
    "VIX": VIX,
    "VIX9D": VIX9D,
    "VIX3M": VIX3M,
    "VIX6M": VIX6M,
    "VVIX": VVIX,
    "SKEW": SKEW,
    # Of monthly options only; no history of it is kept, and it differs from VIX by a few tenths on most days.
    "VIXMO": VIX,
}
FUTURES_FROM: Final = SKEW + 1
"""First column of the futures, kept as logarithms."""

_NODE_BETAS: Final = np.array((1.50, 0.60, 0.41, 0.57, 0.0))
"""Move of VIX9D, VIX3M, VIX6M, VVIX and SKEW for a move of VIX, in logarithms (daily closes 2012-2026)."""


@dataclass(frozen=True, slots=True)
class MarketDay:
    """One session; ``columns`` holds a row a minute, the open first and the close last."""

    facts: DailyFacts
    ordinal: int
    minutes: int
    open_epoch_s: float
    columns: FloatArray
    highs: FloatArray
    """Highest index levels so far by minute; ``lows`` the lowest."""
    lows: FloatArray
    future_epochs_s: FloatArray
    """Settlement instants of the futures."""
    knots: FloatArray
    """Sessions in the calendar days of VIX9D, VIX, VIX3M and VIX6M."""
    previous_close: FloatArray
    """The index columns at the close before."""
    variance_gone: FloatArray
    """Share of the session's variance gone by each minute."""
    opens_pts: tuple[float, ...]
    """The index levels at the open to two decimals; ``closed_pts`` those at the close before."""
    closed_pts: tuple[float, ...]


def market_day(history: History, day: date, *, seed: int, node_days: tuple[int, ...]) -> MarketDay:
    """Build the session; raise HistoryError when it is absent. Only the day and the day before are used."""
    facts = history.facts(day)
    before = history.before(day)
    times = session(day)
    minutes = clock.minutes_of(times)
    paths = session_paths(facts.spx, facts.vix, minutes=minutes, seed=seed, ordinal=clock.ordinal(day))
    shares = variance_shares(minutes)
    previous = _closes(before) if before else _opens(facts)
    vix_move = np.log(paths.vix / previous[VIX])
    nodes = _following(previous[VIX9D:], _closes(facts)[VIX9D:], shares, vix_move, _NODE_BETAS)
    levels = np.column_stack((paths.spx, paths.vix, np.exp(nodes)))
    futures = _futures(facts, before, shares, vix_move)
    return MarketDay(
        facts=facts,
        ordinal=clock.ordinal(day),
        minutes=minutes,
        open_epoch_s=times.open_at.timestamp(),
        columns=np.column_stack((levels, futures)),
        highs=np.maximum.accumulate(levels),
        lows=np.minimum.accumulate(levels),
        future_epochs_s=np.array([session(expiry).open_at.timestamp() for expiry, _ in facts.futures]),
        knots=np.array([clock.sessions_in(day, days) for days in node_days]),
        previous_close=previous,
        variance_gone=shares,
        opens_pts=tuple(round(level, 2) for level in levels[0].tolist()),
        closed_pts=tuple(round(level, 2) for level in previous.tolist()),
    )


def _closes(facts: DailyFacts) -> FloatArray:
    return np.array((facts.spx.close, facts.vix.close, facts.vix9d, facts.vix3m, facts.vix6m, facts.vvix, facts.skew))


def _opens(facts: DailyFacts) -> FloatArray:
    """Stand in for the close before a history begins: the opens, and the day's own closes of the rest."""
    levels = _closes(facts)
    levels[SPX], levels[VIX] = facts.spx.open, facts.vix.open
    return levels


def _following(
    start: FloatArray, end: FloatArray, shares: FloatArray, vix_move: FloatArray, betas: FloatArray
) -> FloatArray:
    """Move logarithms from start to end with the session's time, and with VIX by beta in between."""
    steady = np.log(start) + shares[:, None] * np.log(end / start)
    detour = vix_move - shares * vix_move[-1]
    result: FloatArray = steady + detour[:, None] * betas
    return result


def _futures(facts: DailyFacts, before: DailyFacts | None, shares: FloatArray, vix_move: FloatArray) -> FloatArray:
    """Return log futures by minute: each ends on its settle; the Samuelson beta sets how it follows VIX."""
    known = dict(before.futures) if before else {}
    settles = np.array([settle for _, settle in facts.futures])
    start = np.array([known.get(expiry, settle) for expiry, settle in facts.futures])
    days = np.array([(expiry - facts.day).days for expiry, _ in facts.futures])
    betas = 0.42 * np.exp(-days / 6.5) + 0.58 * np.exp(-days / 149.0)
    return _following(start, settles, shares, vix_move, betas)
