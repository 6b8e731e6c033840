"""Historical bars: of indexes, shares and pairs as they stood, of options and futures as they were quoted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

from daemon.core.calendar.expiries import last_trade_at
from daemon.core.calendar.sessions import Session, new_york_date, previous_session, session, session_on_or_before
from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import FUNDS, SignalIndex, Underlying
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import BarSide, SimBar
from daemon.sim.exchange.quoter import Quoter, Side
from daemon.sim.history import DailyFacts
from daemon.sim.market import Market
from daemon.sim.market.clock import minutes_of
from daemon.sim.market.day import SPX
from daemon.sim.market.market import is_vix_settlement
from daemon.sim.market.spots import SPOTS

DAY_MIN: Final = 1440
_LOOK_BACK_SESSIONS: Final = 2600


def price_bars(quoter: Quoter, con_id: int, *, end: datetime, minutes: int, count: int, side: BarSide) -> list[SimBar]:
    """Return at most ``count`` bars of a contract that start before ``end``, oldest first.

    A bar of 1440 minutes is a session; the one in progress shows what has happened so far. History that has a gap
    ends the list there. ``side`` is for options and futures, which have no trades: theirs are bars of the middle.
    """
    market, symbol = quoter.market, _symbol(con_id)
    if count <= 0 or minutes <= 0:
        return []
    if symbol is None and con_ids.contract_of(con_id) is None:
        return []
    found: list[SimBar] = []
    day = session_on_or_before(new_york_date(end))
    for _ in range(_LOOK_BACK_SESSIONS):
        if len(found) >= count or day not in market.history.days:
            break
        left = count - len(found)
        if symbol is None:
            found[:0] = _quoted(quoter, con_id, day, end=end, minutes=minutes, count=left, side=side)
        else:
            found[:0] = _of_session(market, symbol, day, end=end, minutes=minutes, count=left)
        day = previous_session(day)
    return found


def first_bar_at(market: Market, con_id: int, at: datetime) -> datetime | None:
    """Return when the earliest bar of a contract starts: history behind a gap is out of reach; None without bars."""
    symbol = _symbol(con_id)
    if symbol is None and con_ids.contract_of(con_id) is None:
        return None
    today = session_on_or_before(new_york_date(at))
    stretches = [first for first, last in market.history.windows() if first <= today <= last]
    if not stretches:
        return None
    return session(max(stretches[0], market.funds.first) if symbol in FUNDS else stretches[0]).open_at


def _symbol(con_id: int) -> str | None:
    return con_ids.INDEX_SYMBOLS.get(con_id) or con_ids.SHARE_OF.get(con_id) or con_ids.PAIR_OF.get(con_id)


def _of_session(market: Market, symbol: str, day: date, *, end: datetime, minutes: int, count: int) -> list[SimBar]:
    times = session(day)
    if end <= times.open_at:
        return []
    if symbol == "VRO":
        return _settlement_bar(market, day)
    if symbol == SignalIndex.BREADTH:
        return _breadth_bar(market.history.facts(day)) if minutes >= DAY_MIN and end >= times.close_at else []
    if symbol in FUNDS and (minutes >= DAY_MIN or day < market.funds.first):
        return _fund_bar(market, Underlying(symbol), min(end, times.close_at))
    if minutes >= DAY_MIN:
        done = end >= times.close_at
        return [_daily(market.history.facts(day), symbol, times.open_at) if done else _so_far(market, symbol, end)]
    return _minute_bars(market, symbol, day, end=end, minutes=minutes, count=count)


def _settlement_bar(market: Market, day: date) -> list[SimBar]:
    if not is_vix_settlement(day):
        return []
    value = market.soq(day)
    return [SimBar(session(day).open_at, value, value, value, value)]


def _fund_bar(market: Market, fund: Underlying, end: datetime) -> list[SimBar]:
    """Return a session of a fund; there are none before it began."""
    day = session_on_or_before(new_york_date(end))
    if day < market.funds.first:
        return []
    share = market.fund_day(fund, end)
    return [SimBar(session(day).open_at, share.open, share.high, share.low, share.close)]


def _breadth_bar(facts: DailyFacts) -> list[SimBar]:
    """Return advances less declines of a finished session; a session of which they are not known has no bar."""
    if facts.advancing is None or facts.declining is None:
        return []
    net = float(facts.advancing - facts.declining)
    return [SimBar(session(facts.day).open_at, net, net, net, net)]


def _daily(facts: DailyFacts, symbol: str, start: datetime) -> SimBar:
    """Return the published session, or what follows from it; of the other indexes only the close is known."""
    if symbol in SPOTS:
        spot = SPOTS[symbol]
        ohlc = spot.ohlc(facts.spx if spot.column == SPX else facts.vix)
        return SimBar(start, ohlc.open, ohlc.high, ohlc.low, ohlc.close)
    if symbol in ("SPX", "VIX", "VIXMO"):
        ohlc = facts.spx if symbol == "SPX" else facts.vix
        return SimBar(start, ohlc.open, ohlc.high, ohlc.low, ohlc.close)
    closes = {
        "VIX9D": facts.vix9d,
        "VIX3M": facts.vix3m,
        "VIX6M": facts.vix6m,
        "VVIX": facts.vvix,
        "SKEW": facts.skew,
    }
    close = closes[symbol]
    return SimBar(start, close, close, close, close)


def _so_far(market: Market, symbol: str, at: datetime) -> SimBar:
    level, _ = market.index_day(symbol, at)
    assert level is not None, "a session in progress has opened"
    day = session_on_or_before(new_york_date(at))
    return SimBar(session(day).open_at, level.open, level.high, level.low, level.close)


def _minute_bars(market: Market, symbol: str, day: date, *, end: datetime, minutes: int, count: int) -> list[SimBar]:
    path = _Path(
        market.through(symbol, day), lambda: market.index(symbol, end), SPOTS[symbol].decimals if symbol in SPOTS else 2
    )
    return _bars_of(path, session(day), end=end, minutes=minutes, count=count)


def _quoted(
    quoter: Quoter, con_id: int, day: date, *, end: datetime, minutes: int, count: int, side: BarSide
) -> list[SimBar]:
    """Return bars of a session of an option or a future; none on a session in which it does not trade."""
    contract, times = con_ids.contract_of(con_id), session(day)
    assert contract is not None, "bars are asked of contracts"
    if end <= times.open_at or last_trade_at(contract.trading_class, contract.expiry) <= times.open_at:
        return []
    path = _Path(
        _level(quoter.sides_from([con_id], day, 0), side),
        lambda: float(_level(quoter.sides([con_id], end), side)[0]),
        4,
    )
    return _bars_of(path, times, end=end, minutes=min(minutes, minutes_of(times)), count=count)


def _level(sides: Side, side: BarSide) -> FloatArray:
    """Return what bars are made of, one a time."""
    bids, asks = sides.bids[:, 0], sides.asks[:, 0]
    shown = {BarSide.BID: bids, BarSide.ASK: asks}
    result: FloatArray = shown.get(side, 0.5 * (bids + asks))
    return result


@dataclass(frozen=True, slots=True)
class _Path:
    """A price at every whole minute of a session, the price at the end of what is asked for, and its decimals."""

    levels: FloatArray
    at_end: Callable[[], float]
    decimals: int


def _bars_of(path: _Path, times: Session, *, end: datetime, minutes: int, count: int) -> list[SimBar]:
    """Return the last ``count`` bars of a session that start before ``end``."""
    total = minutes_of(times)
    gone = min((end - times.open_at) / timedelta(minutes=1), float(total))
    bars: list[SimBar] = []
    for first in range(0, ceil(gone), minutes)[-count:]:
        last = min(first + minutes, total)
        levels = [float(level) for level in path.levels[first : int(min(last, gone)) + 1]]
        if gone < last:
            levels.append(path.at_end())
        start = times.open_at + timedelta(minutes=first)
        opened, high, low, close = (round(x, path.decimals) for x in (levels[0], max(levels), min(levels), levels[-1]))
        bars.append(SimBar(start, opened, high, low, close))
    return bars
