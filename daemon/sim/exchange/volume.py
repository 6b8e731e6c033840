"""How much of a contract has traded so far in a session: a plausible number, the same in every run, not fitted to data."""

from __future__ import annotations

from datetime import datetime
from math import exp
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.sessions import session
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.matching import uniform
from daemon.sim.market import Market
from daemon.sim.market.clock import minutes_of, moment

_SHARES_A_DAY: Final = MappingProxyType(
    {"SPY": 80e6, "QQQ": 40e6, "AAPL": 70e6, "MSFT": 30e6, "VXX": 30e6, "UVXY": 20e6}
)
_FUTURES_A_DAY: Final = 150e3
_FUTURES_FADE_DAYS: Final = 35.0
_OF_OPEN_INTEREST: Final = 0.2
"""What trades of an option in a session, as a part of what is open."""


def volume(market: Market, con_id: int, at: datetime) -> int | None:
    """Return contracts or shares traded in the session that an instant belongs to; None of what is not traded."""
    place = moment(at)
    whole = _whole_session(market, con_id, at)
    if whole is None:
        return None
    taste = 0.5 + uniform(con_id, place.day.toordinal())
    return int(whole * taste * place.minute / minutes_of(session(place.day)))


def _whole_session(market: Market, con_id: int, at: datetime) -> float | None:
    if con_id in con_ids.SHARE_OF:
        return _SHARES_A_DAY[con_ids.SHARE_OF[con_id]]
    day = moment(at).day
    expiry = con_ids.future_expiry(con_id)
    if expiry is not None:
        return _FUTURES_A_DAY * exp(-max((expiry - day).days, 0) / _FUTURES_FADE_DAYS)
    contract = con_ids.option_of(con_id)
    return None if contract is None else _OF_OPEN_INTEREST * market.open_interest(contract, day)
