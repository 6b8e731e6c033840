"""Which expiries exist, when they last trade and when they settle.

Rules: Cboe contract specifications of SPX, SPXW, VIX and VIXW options, and of equity options for those on funds. How
far out the exchange lists them is no rule; the horizons of the indexes were measured on saved option chains of 2019 to
2026 and hold within a week, those of funds are about what brokers show.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from daemon.core.calendar.sessions import (
    is_session,
    next_session,
    previous_session,
    session,
    session_on_or_after,
    session_on_or_before,
)
from daemon.core.market.contracts import TradingClass

_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = range(5)

# Cboe announcements: the first Wednesday, Monday, Tuesday and Thursday series.
_WEEKDAY_LISTED_FROM: Final = {
    _MONDAY: date(2016, 8, 15),
    _TUESDAY: date(2022, 4, 18),
    _WEDNESDAY: date(2016, 2, 23),
    _THURSDAY: date(2022, 5, 11),
}
_FIRST_SERIES_AHEAD: Final = timedelta(days=7)  # a new weekday began with the series at least a week away
_TUESDAY_THURSDAY_AS_OTHERS_FROM: Final = date(2023, 1, 1)
_VIX_WEEKLIES_FROM: Final = date(2015, 10, 8)

_TUESDAY_THURSDAY_EARLY_HORIZON_DAYS: Final = 14
_WEEKDAY_HORIZON_DAYS: Final = 32
_FRIDAY_HORIZON_DAYS: Final = 56
_THIRD_FRIDAY_HORIZON_DAYS: Final = 130
_MONTH_END_HORIZON_DAYS: Final = 170
_QUARTER_END_HORIZON_DAYS: Final = 370
_SPX_MONTHLIES: Final = 12
_VIX_MONTHLIES: Final = 9
_VIX_WEEKS: Final = 6
_FUND_WEEKS: Final = 6
_FUND_MONTHLIES: Final = 4

_VIX_TO_SPX_DAYS: Final = timedelta(days=30)
_WEEK: Final = timedelta(days=7)
_UNSCHEDULED_WEDNESDAY: Final = date(2018, 12, 5)  # day of mourning: Cboe notice C2018120300
_CACHED_LISTS: Final = 4096


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month, whether the exchange is open or not."""
    first = date(year, month, 1)
    return first + timedelta(days=(_FRIDAY - first.weekday()) % 7 + 14)


@lru_cache(maxsize=1024)
def spx_monthly(year: int, month: int) -> date:
    """Return the monthly SPX expiry: the third Friday, or the session before it when the exchange is closed."""
    return session_on_or_before(third_friday(year, month))


@lru_cache(maxsize=1024)
def vix_monthly(year: int, month: int) -> date:
    """Return the monthly VIX expiry: the Wednesday 30 days before the next month's third Friday.

    It is the session before that Wednesday when the exchange is closed on either of the two days.
    """
    return _vix_expiry(_vix_wednesday(year, month))


def _vix_wednesday(year: int, month: int) -> date:
    return third_friday(year + month // 12, month % 12 + 1) - _VIX_TO_SPX_DAYS


def _vix_expiry(wednesday: date) -> date:
    if wednesday == _UNSCHEDULED_WEDNESDAY:  # too late to move the series forward: the auction was held a day later
        return next_session(wednesday)
    both_open = is_session(wednesday) and is_session(wednesday + _VIX_TO_SPX_DAYS)
    return wednesday if both_open else previous_session(wednesday)


def expiries(trading_class: TradingClass, as_of: date, until: date) -> tuple[date, ...]:
    """Return the settlement dates of a class listed on a date, up to and including ``until``, in order.

    Every one is a session. SPXW includes ``as_of`` itself; the morning-settled classes start after
    it, since on the morning of settlement their last session is over.
    """
    listed = _listed(trading_class, as_of)
    return listed[: bisect_right(listed, until)]


@lru_cache(maxsize=_CACHED_LISTS)
def _listed(trading_class: TradingClass, as_of: date) -> tuple[date, ...]:
    match trading_class:
        case TradingClass.SPX:
            return _monthlies(spx_monthly, as_of, count=_SPX_MONTHLIES)
        case TradingClass.SPXW:
            return _spxw(as_of)
        case TradingClass.VIX | TradingClass.VX:
            return _monthlies(vix_monthly, as_of, count=_VIX_MONTHLIES)
        case TradingClass.VIXW:
            return _vixw(as_of)
        case TradingClass.VXX | TradingClass.UVXY:
            return _of_fund(as_of)


def _monthlies(monthly: Callable[[int, int], date], as_of: date, *, count: int) -> tuple[date, ...]:
    months = (as_of.year * 12 + as_of.month - 1 + n for n in range(count + 2))
    dates = (monthly(month // 12, month % 12 + 1) for month in months)
    return tuple(islice((expiry for expiry in dates if expiry > as_of), count))


def _spxw(as_of: date) -> tuple[date, ...]:
    """Return the afternoon-settled expiries: days of the week, third Fridays, month-ends and quarter-ends."""
    nominal = (as_of + timedelta(days=ahead) for ahead in range(-1, _QUARTER_END_HORIZON_DAYS + 1))
    listed = {_moved_to_session(day) for day in nominal if (day - as_of).days <= _spxw_horizon_days(day, as_of)}
    return tuple(sorted(expiry for expiry in listed if expiry >= as_of))


def _spxw_horizon_days(day: date, as_of: date) -> int:
    """Return how many days ahead a nominal SPXW expiry is listed, negative for never."""
    weekday = day.weekday()
    if weekday > _FRIDAY:
        return -_WEEK.days
    if _is_last_session_of_month(day):
        return _QUARTER_END_HORIZON_DAYS if day.month % 3 == 0 else _MONTH_END_HORIZON_DAYS
    if weekday == _FRIDAY:
        return _THIRD_FRIDAY_HORIZON_DAYS if day == third_friday(day.year, day.month) else _FRIDAY_HORIZON_DAYS
    since = _WEEKDAY_LISTED_FROM[weekday]
    if as_of < since or day < since + _FIRST_SERIES_AHEAD:
        return -_WEEK.days
    early = weekday in (_TUESDAY, _THURSDAY) and as_of < _TUESDAY_THURSDAY_AS_OTHERS_FROM
    return _TUESDAY_THURSDAY_EARLY_HORIZON_DAYS if early else _WEEKDAY_HORIZON_DAYS


def _moved_to_session(day: date) -> date:
    """Move a nominal SPXW expiry off a closed day: a Monday to the next session, other days to the previous one."""
    if is_session(day):
        return day
    return next_session(day) if day.weekday() == _MONDAY else previous_session(day)


def _is_last_session_of_month(day: date) -> bool:
    return day.day >= 26 and is_session(day) and next_session(day).month != day.month


def _vixw(as_of: date) -> tuple[date, ...]:
    """Return the weekly expiries among the next six VIX weeks; the week of a monthly expiry has no weekly."""
    if as_of < _VIX_WEEKLIES_FROM:
        return ()
    wednesday = as_of - timedelta(days=(as_of.weekday() - _WEDNESDAY) % 7)
    wednesdays = (wednesday + n * _WEEK for n in range(_VIX_WEEKS + 2))
    ahead = islice((day for day in wednesdays if _vix_expiry(day) > as_of), _VIX_WEEKS)
    return tuple(_vix_expiry(day) for day in ahead if day != _vix_wednesday(day.year, day.month))


def _of_fund(as_of: date) -> tuple[date, ...]:
    """Return the expiries of options on a fund: the next Fridays, and the third ones of the next months.

    A Friday on which the exchange is closed gives way to the session before it.
    """
    friday = as_of - timedelta(days=(as_of.weekday() - _FRIDAY) % 7)
    fridays = {session_on_or_before(friday + n * _WEEK) for n in range(_FUND_WEEKS + 2)}
    weekly = sorted(day for day in fridays if day >= as_of)[:_FUND_WEEKS]
    return tuple(sorted({*weekly, *_monthlies(spx_monthly, as_of, count=_FUND_MONTHLIES)}))


def last_trade_session(trading_class: TradingClass, expiry: date) -> date:
    """Return the last session an expiry trades in: the one before it for the morning-settled classes.

    A series whose date became a closed day ends with the session before (Cboe notice C2018120300).
    """
    return previous_session(expiry) if trading_class.am_settled else session_on_or_before(expiry)


@lru_cache(maxsize=4096)
def last_trade_at(trading_class: TradingClass, expiry: date) -> datetime:
    """Return the last moment of regular trading in UTC: 16:00 on the expiry for SPXW and funds, else 16:15 the session before."""
    last = session(last_trade_session(trading_class, expiry))
    return last.options_close_at if trading_class.am_settled else last.close_at


@lru_cache(maxsize=4096)
def settlement_at(trading_class: TradingClass, expiry: date) -> datetime:
    """Return when the final value is fixed, in UTC: the close of the expiry for SPXW and funds, else its open.

    A series whose date became a closed day settles at the close before it or the open after it
    (Cboe notice C2018120300).
    """
    if trading_class.am_settled:
        return session(session_on_or_after(expiry)).open_at
    return session(session_on_or_before(expiry)).close_at


def dte(day: date, expiry: date) -> int:
    """Return the calendar days from a session to an expiry."""
    return (expiry - day).days
