"""Which expiries exist, when they last trade and when they settle.

Sources: Cboe product specifications of SPX, SPXW, VIX and VIXW options, and the Cboe settlement rule
for volatility: the Wednesday 30 days before the third Friday of the following month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from daemon.core.calendar.sessions import (
    is_session,
    next_session,
    previous_session,
    session,
    session_on_or_before,
)
from daemon.core.market.contracts import TradingClass

_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = range(5)

_WEEKDAY_LISTED_FROM: Final = {
    _MONDAY: date(2016, 8, 15),
    _TUESDAY: date(2022, 4, 18),
    _WEDNESDAY: date(2016, 2, 23),
    _THURSDAY: date(2022, 5, 11),
    _FRIDAY: date(1990, 1, 1),
}
_VIX_WEEKLIES_FROM: Final = date(2015, 10, 8)

_WEEKDAY_HORIZON_DAYS: Final = 70
_FRIDAY_HORIZON_DAYS: Final = 120
_SPX_MONTHLIES: Final = 12
_VIX_MONTHLIES: Final = 9
_VIX_WEEKLIES: Final = 6
_VIX_TO_SPX_DAYS: Final = timedelta(days=30)
_WEEK: Final = timedelta(days=7)


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, session or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


@lru_cache(maxsize=1024)
def spx_monthly(year: int, month: int) -> date:
    """Return the monthly SPX expiry: the third Friday, or the session before it when the exchange is closed."""
    return session_on_or_before(third_friday(year, month))


@lru_cache(maxsize=1024)
def vix_monthly(year: int, month: int) -> date:
    """Return the monthly VIX expiry: 30 days before the next month's third Friday, earlier when either is a holiday."""
    return _vix_expiry(_vix_wednesday(year, month))


def _vix_wednesday(year: int, month: int) -> date:
    return third_friday(year + month // 12, month % 12 + 1) - _VIX_TO_SPX_DAYS


def _vix_expiry(wednesday: date) -> date:
    both_open = is_session(wednesday) and is_session(wednesday + _VIX_TO_SPX_DAYS)
    return wednesday if both_open else previous_session(wednesday)


@lru_cache(maxsize=4096)
def expiries(trading_class: TradingClass, as_of: date, until: date) -> tuple[date, ...]:
    """Return the settlement dates of a class listed on a date, up to and including ``until``, in order.

    SPXW includes ``as_of`` itself; the morning-settled classes start after it, since on the morning
    of settlement their last trading session is over.
    """
    listed = _LISTED[trading_class](as_of)
    return tuple(expiry for expiry in listed if expiry <= until)


def _spxw(as_of: date) -> tuple[date, ...]:
    """Return the SPXW expiries of a date: weekdays by their listing date, Fridays and month-ends further out."""
    found: set[date] = set()
    for ahead in range(-3, _FRIDAY_HORIZON_DAYS + 1):
        day = as_of + timedelta(days=ahead)
        if _spxw_listed(day, as_of=as_of, ahead=ahead):
            found.add(_moved_to_session(day))
    return tuple(sorted(expiry for expiry in found if expiry >= as_of))


def _spxw_listed(day: date, *, as_of: date, ahead: int) -> bool:
    weekday = day.weekday()
    if _is_last_session_of_month(day) or weekday == _FRIDAY:
        return True
    return weekday < _FRIDAY and ahead <= _WEEKDAY_HORIZON_DAYS and as_of >= _WEEKDAY_LISTED_FROM[weekday]


def _moved_to_session(day: date) -> date:
    """Move a nominal expiry off a holiday: a Monday to the next session, other days to the previous one."""
    if is_session(day):
        return day
    return next_session(day) if day.weekday() == _MONDAY else previous_session(day)


def _is_last_session_of_month(day: date) -> bool:
    return is_session(day) and next_session(day).month != day.month


def _spx(as_of: date) -> tuple[date, ...]:
    return _monthlies(spx_monthly, as_of, count=_SPX_MONTHLIES)


def _vix(as_of: date) -> tuple[date, ...]:
    return _monthlies(vix_monthly, as_of, count=_VIX_MONTHLIES)


def _monthlies(monthly: Callable[[int, int], date], as_of: date, *, count: int) -> tuple[date, ...]:
    months = ((as_of.year + (as_of.month - 1 + n) // 12, (as_of.month - 1 + n) % 12 + 1) for n in range(count + 2))
    after = (expiry for expiry in (monthly(year, month) for year, month in months) if expiry > as_of)
    return tuple(islice(after, count))


def _vixw(as_of: date) -> tuple[date, ...]:
    """Return the next six weekly VIX expiries; the week of a monthly expiry has no weekly."""
    if as_of < _VIX_WEEKLIES_FROM:
        return ()
    return tuple(islice((expiry for expiry in _weekly_vix_from(as_of) if expiry > as_of), _VIX_WEEKLIES))


def _weekly_vix_from(as_of: date) -> Iterator[date]:
    wednesday = as_of - timedelta(days=(as_of.weekday() - _WEDNESDAY) % 7)
    for _ in range(2 * _VIX_WEEKLIES):
        if wednesday != _vix_wednesday(wednesday.year, wednesday.month):
            yield _vix_expiry(wednesday)
        wednesday += _WEEK


_LISTED: Final = {
    TradingClass.SPX: _spx,
    TradingClass.SPXW: _spxw,
    TradingClass.VIX: _vix,
    TradingClass.VIXW: _vixw,
}


def last_trade_session(trading_class: TradingClass, expiry: date) -> date:
    """Return the last session an expiry trades in: the one before for the morning-settled classes."""
    return previous_session(expiry) if trading_class.am_settled else session(expiry).day


def last_trade_at(trading_class: TradingClass, expiry: date) -> datetime:
    """Return the last moment of regular trading in UTC: 16:00 on the expiry for SPXW, else 16:15 the session before."""
    last = session(last_trade_session(trading_class, expiry))
    return last.options_close_at if trading_class.am_settled else last.close_at


def settlement_at(trading_class: TradingClass, expiry: date) -> datetime:
    """Return when the final value is fixed, in UTC: the close of the expiry for SPXW, else its open."""
    settles = session(expiry)
    return settles.open_at if trading_class.am_settled else settles.close_at


def dte(day: date, expiry: date) -> int:
    """Return the calendar days from a session to an expiry."""
    return (expiry - day).days
