"""Listings as the wire describes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from daemon.core.calendar.sessions import NEW_YORK, is_session, new_york_date, session
from daemon.core.market.contracts import FUNDS
from daemon.sim.exchange.api import Listing, SecType
from daemon.sim.gateway.codec import text
from daemon.sim.gateway.config import TIME_ZONE
from daemon.sim.gateway.layout import Record
from daemon.sim.gateway.messages_out import SymbolSample
from daemon.sim.gateway.order_layouts import CONTRACT11
from daemon.sim.gateway.times import date_text

BAG_CON_ID: Final = 28812380
"""The number that Interactive Brokers gives to every combo in dollars."""
_DAYS_AHEAD: Final = 6
_ORDER_TYPES: Final = "ACTIVETIM,ADJUST,COND,DAY,GTC,LMT,MKT,WHATIF"
OPTION_EXCHANGE: Final = "CBOE"
DAY: Final = timedelta(days=1)
_WITHOUT_TERMS: Final = (SecType.INDEX, SecType.STOCK, SecType.CASH)
"""Kinds that have neither an underlying nor a multiplier."""
_PAIR_OPENS: Final = "1715"
_PAIR_CLOSES: Final = "1700"
"""Currencies trade around the clock but for a quarter of an hour."""


def kind_of(underlying: str) -> SecType:
    """Return what options are written on: a fund, or an index."""
    return SecType.STOCK if underlying in FUNDS else SecType.INDEX


def right_text(listing: Listing) -> str:
    """Return P, C or the empty text."""
    return "" if listing.option is None else str(listing.option.right)


def strike_text(listing: Listing) -> str:
    """Return the strike, 0.0 for none."""
    return text(0.0 if listing.option is None else listing.option.strike)


def _multiplier(listing: Listing) -> str:
    return "" if listing.sec_type in _WITHOUT_TERMS else str(listing.multiplier)


@lru_cache(maxsize=512)  # what is held is told again and again
def contract11(listing: Listing, exchange: str) -> tuple[str, ...]:
    """Return the eleven fields of a contract in replies."""
    return (
        str(listing.con_id),
        listing.symbol,
        str(listing.sec_type),
        date_text(listing.last_trade),
        strike_text(listing),
        right_text(listing),
        _multiplier(listing),
        exchange,
        "USD",
        listing.local_symbol,
        listing.trading_class,
    )


def bag11(symbol: str, exchange: str) -> tuple[str, ...]:
    """Return the eleven fields of a combo."""
    return (str(BAG_CON_ID), symbol, "BAG", "", "0.0", "?", "", exchange, "USD", str(BAG_CON_ID), "COMB")


def named(contract: tuple[str, ...]) -> dict[str, str]:
    """Return the eleven fields by their names in the layouts."""
    return {part.name: value for part, value in zip(CONTRACT11, contract, strict=True)}


def details_record(listing: Listing, req_id: int, *, under_con_id: int, exchange: str, now: datetime) -> Record:
    """Return the fields of contractDetails. ``exchange`` is the one that the client asked for."""
    bare = listing.sec_type in _WITHOUT_TERMS
    valid = _valid_exchanges(listing)
    hours = trading_hours(listing, new_york_date(now))
    expiry = listing.expiry
    return Record(
        {
            "reqId": str(req_id),
            **named(contract11(listing, exchange if exchange in valid else valid[0])),
            "lastTradeDate": date_text(listing.last_trade),
            "marketName": listing.trading_class or listing.symbol,
            "minTick": text(listing.min_tick),
            "orderTypes": _ORDER_TYPES,
            "validExchanges": ",".join(valid),
            "underConId": "0" if bare else str(under_con_id),
            "longName": escaped(listing.long_name),
            "primaryExchange": listing.exchange if listing.sec_type is SecType.STOCK else "",
            "contractMonth": "" if expiry is None else date_text(expiry)[:6],
            **_classified(listing),
            "timeZoneId": TIME_ZONE,
            "tradingHours": hours,
            "liquidHours": hours,
            "underSymbol": "" if bare else listing.symbol,
            "underSecType": "" if bare else str(kind_of(listing.symbol)),
            "marketRuleIds": ",".join(str(listing.market_rule_id) for _ in valid),
            "realExpirationDate": date_text(expiry),
        }
    )


def _valid_exchanges(listing: Listing) -> tuple[str, ...]:
    if listing.sec_type is SecType.OPTION:
        return ("SMART", OPTION_EXCHANGE)
    return ("SMART", listing.exchange) if listing.sec_type is SecType.STOCK else (listing.exchange,)


def fill_exchange(listing: Listing) -> str:
    """Return where orders in a contract fill."""
    return OPTION_EXCHANGE if listing.sec_type is SecType.OPTION else listing.exchange


def _classified(listing: Listing) -> dict[str, str]:
    if listing.sec_type is SecType.STOCK:
        is_fund = listing.long_name.startswith("Fund")
        return {"stockType": "ETF" if is_fund else "COMMON", "industry": "" if is_fund else "Technology"}
    if listing.sec_type is SecType.CASH:
        return {}
    category = "Broad Range Equity Index" if listing.symbol == "SPX" else "Volatility Index"
    return {"industry": "Indices", "category": category, "subcategory": "*"}


def symbol_sample(listing: Listing) -> SymbolSample:
    """Return a listing as an answer to a search."""
    derivatives = {"SPX": ("OPT",), "VIX": ("OPT", "FUT")}.get(listing.symbol, ())
    derivatives = ("OPT",) if listing.symbol in FUNDS else derivatives
    head = (str(listing.con_id), listing.symbol, str(listing.sec_type), listing.exchange, "USD")
    return SymbolSample(head, derivatives, escaped(listing.long_name))


def escaped(name: str) -> str:
    """Escape backslashes and everything that is not ASCII, because clients unescape this one field."""
    return name.encode("unicode_escape").decode("ascii")


def trading_hours(listing: Listing, today: date) -> str:
    """Return the regular hours of the next days, in New York time."""
    days = (today + timedelta(days=n) for n in range(_DAYS_AHEAD))
    return ";".join(_hours(listing, day) for day in days)


def _hours(listing: Listing, day: date) -> str:
    stamp = date_text(day)
    if listing.sec_type is SecType.CASH:
        closed = day.weekday() > 4
        return f"{stamp}:CLOSED" if closed else f"{date_text(day - DAY)}:{_PAIR_OPENS}-{stamp}:{_PAIR_CLOSES}"
    ended = listing.last_trade is not None and day > listing.last_trade
    if ended or not is_session(day):
        return f"{stamp}:CLOSED"
    times = session(day)
    option = listing.option
    expires = option is not None and not option.trading_class.am_settled and day == listing.last_trade
    short = expires or listing.sec_type is SecType.STOCK or (listing.symbol == "SPX" and option is None)
    end = (times.close_at if short else times.options_close_at).astimezone(NEW_YORK)
    return f"{stamp}:0930-{stamp}:{end:%H%M}"
