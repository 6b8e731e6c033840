"""How much an index or a share has moved of late, and how much options say it will."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise
from math import log, sqrt
from statistics import stdev
from typing import Final

from daemon.core.calendar.sessions import new_york_date, session_on_or_before
from daemon.sim.exchange import con_ids
from daemon.sim.market import Market
from daemon.sim.market.day import SPX
from daemon.sim.market.spots import SPOTS

_RETURNS: Final = 30
_SESSIONS_YEAR: Final = 252


def volatilities(market: Market, con_id: int, at: datetime) -> tuple[float, float] | None:
    """Return historical and implied volatility a year, as fractions; None where they or enough closes are not known.

    The historical one is of the last 30 closes, the implied one VIX, or VVIX of VIX. What follows SPX by a power moves
    that much more.
    """
    symbol = con_ids.SHARE_OF.get(con_id) or con_ids.INDEX_SYMBOLS.get(con_id) or ""
    spot = SPOTS.get(symbol)
    if symbol not in ("SPX", "VIX") and (spot is None or spot.column != SPX):
        return None
    closes = _closes(market, new_york_date(at), vix=symbol == "VIX")
    if len(closes) <= _RETURNS:
        return None
    moved = stdev(log(after / before) for before, after in pairwise(closes)) * sqrt(_SESSIONS_YEAR)
    implied = market.index("VVIX" if symbol == "VIX" else "VIX", at) / 100
    power = 1.0 if spot is None else spot.power
    return round(power * moved, 6), round(power * implied, 6)


def _closes(market: Market, today: date, *, vix: bool) -> list[float]:
    """Return the closes before a date, oldest first, as many as are needed and there are without a gap."""
    found: list[float] = []
    facts = market.history.before(session_on_or_before(today))
    while facts is not None and len(found) <= _RETURNS:
        found.append((facts.vix if vix else facts.spx).close)
        facts = market.history.before(facts.day)
    return found[::-1]
