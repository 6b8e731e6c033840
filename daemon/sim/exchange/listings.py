"""What is listed: indexes, shares, a currency pair, VIX futures, options with their strikes, and the price rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from daemon.core.calendar.expiries import expiries, last_trade_at, last_trade_session
from daemon.core.calendar.sessions import (
    FIRST_YEAR,
    LAST_YEAR,
    is_session,
    new_york_date,
    previous_session,
    session_on_or_before,
)
from daemon.core.market.contracts import (
    FUTURE_MULTIPLIER,
    MULTIPLIER,
    OPTION_CLASSES,
    OptionContract,
    Right,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.sim.exchange import con_ids
from daemon.sim.exchange.api import ChainParams, ContractQuery, Listing, SecType
from daemon.sim.market import ticks
from daemon.sim.market.market import Market

RULE_INDEX, RULE_NICKELS, RULE_VIX, RULE_PENNIES, RULE_FUTURE, RULE_PAIR = 26, 109, 110, 111, 67, 239
MARKET_RULES: Final = MappingProxyType(
    {
        RULE_INDEX: ((0.0, 0.01),),
        RULE_NICKELS: ((0.0, 0.05), (3.0, 0.10)),
        RULE_VIX: ((0.0, 0.01), (3.0, 0.05)),
        RULE_PENNIES: ((0.0, 0.01),),
        RULE_FUTURE: ((0.0, 0.05),),
        RULE_PAIR: ((0.0, 0.00005),),
    }
)
_RULE_OF_STEPS: Final = MappingProxyType(
    {(0.05, 0.10): RULE_NICKELS, (0.01, 0.05): RULE_VIX, (0.01, 0.01): RULE_PENNIES}
)
_LONG_NAMES: Final = MappingProxyType(
    {
        "SPX": "S&P 500 Stock Index",
        "VIX": "CBOE Volatility Index",
        "VIX9D": "CBOE 9-Day Volatility Index",
        "VIX3M": "CBOE 3-Month Volatility Index",
        "VVIX": "CBOE VIX Volatility Index",
        "VRO": "CBOE Volatility Index Final Settlement",
        "SKEW": "CBOE SKEW Index",
        "AD-NYSE": "NYSE Advance Decline",
        "VXX": "Fund of short-term VIX futures",
        "UVXY": "Fund of short-term VIX futures, 1.5 times",
        "VIX6M": "CBOE 6-Month Volatility Index",
        "VIXMO": "CBOE Volatility Index of monthly options",
        "SPY": "Fund of the S&P 500",
        "QQQ": "Fund of the NASDAQ 100",
        "AAPL": "Apple Inc",
        "MSFT": "Microsoft Corp",
        "EUR.USD": "European Monetary Union Euro",
    }
)
_PRIMARY: Final = MappingProxyType({"SPY": "ARCA", "QQQ": "NASDAQ", "AAPL": "NASDAQ", "MSFT": "NASDAQ"})
_MONTH_CODES: Final = "FGHJKMNQUVXZ"
_FUTURES: Final = 9
_HORIZON: Final = timedelta(days=400)

# SPX strikes: 5 points between these shares of the last close, 25 and 100 points further out;
# expiries beyond the near ones have no 5-point strikes.
_FIVES: Final = (0.60, 1.25)
_TWENTY_FIVES: Final = (0.40, 1.50)
_HUNDREDS: Final = (0.20, 1.80)
_FIVES_WITHIN: Final = timedelta(days=70)
_SESSIONS_KEPT: Final = 60
"""How far back a strike may have been listed first and still be found by its name."""


class Listings:
    """The contracts of a market as of a session; strikes follow the close before."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def chain_params(self, underlying: Underlying, now: datetime) -> list[ChainParams]:
        """Return expiries (as last trading sessions) and strikes of each class of an underlying."""
        day = _as_of(now)
        classes = [cls for cls in OPTION_CLASSES if cls.underlying is underlying]
        return [
            ChainParams(
                trading_class=cls,
                underlying=underlying,
                underlying_con_id=con_ids.UNDERLYING_CON_IDS[underlying],
                last_trades=tuple(last_trade_session(cls, expiry) for expiry in open_expiries(cls, now)),
                strikes=tuple(strike / 100 for strike in self._strikes(underlying, day, near=True)),
            )
            for cls in classes
        ]

    def find(self, query: ContractQuery, now: datetime) -> list[Listing]:
        """Return every contract that fits a description and can be traded or quoted now."""
        if query.con_id:
            found = listing(query.con_id, new_york_date(now))
            return [found] if found and not expired(found, now) else []
        kinds = {
            "IND": self._indexes,
            "STK": self._shares,
            "FUT": self._futures,
            "OPT": self._options,
            "CASH": self._pairs,
        }
        chosen = [query.sec_type] if query.sec_type else list(kinds)
        return [found for kind in chosen if kind in kinds for found in kinds[kind](query, now)]

    def _indexes(self, query: ContractQuery, now: datetime) -> Iterator[Listing]:
        con_id = con_ids.INDEX_CON_IDS.get(query.symbol or query.local_symbol or "")
        found = _index(con_id) if con_id else None
        if found is not None and query.exchange in (None, "", found.exchange, "SMART"):
            yield found

    def _shares(self, query: ContractQuery, _: datetime) -> Iterator[Listing]:
        found = next((one for one in map(_share, con_ids.SHARE_OF) if _is_named(query, one)), None)
        if found is not None and query.exchange in (None, "", found.exchange, "SMART"):
            yield found

    def _pairs(self, query: ContractQuery, _: datetime) -> Iterator[Listing]:
        found = next((one for one in map(_pair, con_ids.PAIR_OF) if _is_named(query, one)), None)
        if found is not None and query.exchange in (None, "", found.exchange):
            yield found

    def _futures(self, query: ContractQuery, now: datetime) -> Iterator[Listing]:
        if query.symbol not in (None, "", "VIX") or query.exchange not in (None, "", "CFE", "SMART"):
            return
        for expiry in open_expiries(TradingClass.VIX, now)[:_FUTURES]:
            found = _future(con_ids.future_con_id(expiry))
            wanted = query.local_symbol in (None, "", found.local_symbol)
            if wanted and query.trading_class in (None, "", "VX") and _on_date(query, found):
                yield found

    def _options(self, query: ContractQuery, now: datetime) -> Iterator[Listing]:
        if query.local_symbol:
            yield from self._by_local_symbol(query.local_symbol, now)
            return
        today = new_york_date(now)
        for cls in OPTION_CLASSES:
            if query.symbol != cls.underlying or query.trading_class not in (None, "", cls):
                continue
            for expiry in open_expiries(cls, now):
                if _on_trade_date(query, cls, expiry):
                    yield from self._in_expiry(query, cls, expiry, today=today)

    def _in_expiry(self, query: ContractQuery, cls: TradingClass, expiry: date, *, today: date) -> Iterator[Listing]:
        day = session_on_or_before(today)
        near = expiry - today <= _FIVES_WITHIN
        strikes = self._strikes(cls.underlying, day, near=near)
        if query.strike:
            wanted = round(query.strike * 100)
            listed = wanted in strikes or self._was_listed(cls.underlying, wanted, day, near=near)
            strikes = (wanted,) if listed else ()
        rights = [right for right in Right if not query.right or query.right.upper().startswith(right)]
        for strike in strikes:
            for right in rights:
                yield option_listing(OptionContract(cls, expiry, strike, right), today)

    def _by_local_symbol(self, text: str, now: datetime) -> Iterator[Listing]:
        contract = option_of_local_symbol(text)
        if contract is not None and contract.expiry in open_expiries(contract.trading_class, now):
            yield option_listing(contract, new_york_date(now))

    def _strikes(self, underlying: Underlying, day: date, *, near: bool) -> tuple[int, ...]:
        if underlying.is_fund:
            return _fund_strikes(round(self._market.funds.close_before_usd(underlying, day), 2))
        before = self._market.history.before(day)
        facts = before or self._market.history.facts(day)
        if underlying is Underlying.VIX:
            return _vix_strikes(facts.vix.close)
        return _spx_strikes(facts.spx.close, near=near)

    def _was_listed(self, underlying: Underlying, strike_pts100: int, day: date, *, near: bool) -> bool:
        """Whether a close of the last sessions brought a strike: an exchange never delists what may be held."""
        for _ in range(_SESSIONS_KEPT):
            facts = self._market.history.before(day)
            if facts is None:
                return False
            day = facts.day
            if strike_pts100 in self._strikes(underlying, day, near=near):
                return True
        return False


def _as_of(now: datetime) -> date:
    return session_on_or_before(new_york_date(now))


def open_expiries(cls: TradingClass, now: datetime) -> tuple[date, ...]:
    """Return the expiries of a class that are listed and still trade."""
    day = new_york_date(now)
    listed = expiries(cls, day, day + _HORIZON)
    if listed and now >= last_trade_at(cls, listed[0]):
        return listed[1:]
    return listed


@lru_cache(maxsize=64)
def _spx_strikes(close: float, *, near: bool) -> tuple[int, ...]:
    grid: set[int] = set()
    for step, (low, high) in ((100, _HUNDREDS), (25, _TWENTY_FIVES), (5, _FIVES)):
        if step > 5 or near:
            grid.update(range(int(close * low / step) * step, int(close * high) + step, step))
    return tuple(strike * 100 for strike in sorted(grid) if strike > 0)


@lru_cache(maxsize=64)
def _fund_strikes(close: float) -> tuple[int, ...]:
    """Half dollars from half of the close to one and a half times it, whole ones up to three times."""
    low, middle, high = (int(close * factor) for factor in (0.5, 1.5, 3.0))
    halves = range(max(low, 1) * 100, middle * 100, 50)
    return (*halves, *range(max(middle, 1) * 100, max(high, 2) * 100 + 1, 100))


@lru_cache(maxsize=64)
def _vix_strikes(close: float) -> tuple[int, ...]:
    """Half points up to 15 (20 while VIX is below), then 1, 2.5, 5 and 10 points the further out."""
    ends = (15 if close >= 20 else 20, max(30, int(1.6 * close)), max(50, int(2.2 * close)), max(100, int(3 * close)))
    grid: set[int] = set()
    start = 500
    for end, step in zip((*ends, 200), (50, 100, 250, 500, 1000), strict=True):
        first = -(-start // step) * step
        grid.update(range(first, end * 100 + 1, step))
        start = max(start, end * 100)
    return tuple(sorted(grid))


@lru_cache(maxsize=1024)  # what is held and what is looked at in a session
def listing(con_id: int, day: date) -> Listing | None:
    """Return the contract of a number as of a date, expired ones too; None when no series has it."""
    if con_id in con_ids.INDEX_SYMBOLS:
        return _index(con_id)
    if con_id in con_ids.SHARE_OF:
        return _share(con_id)
    if con_id in con_ids.PAIR_OF:
        return _pair(con_id)
    expiry = con_ids.future_expiry(con_id)
    if expiry is not None:
        return _future(con_id) if _is_series(TradingClass.VIX, expiry) else None
    contract = con_ids.option_of(con_id)
    if contract is None or contract.strike_pts100 == 0 or not _is_series(contract.trading_class, contract.expiry):
        return None
    return option_listing(contract, day)


@lru_cache(maxsize=4096)
def _is_series(cls: TradingClass, expiry: date) -> bool:
    in_calendar = FIRST_YEAR < expiry.year <= LAST_YEAR
    return in_calendar and is_session(expiry) and expiry in expiries(cls, previous_session(expiry), expiry)


def expired(found: Listing, now: datetime) -> bool:
    """Say whether a contract no longer trades."""
    if found.expiry is None:
        return False
    cls = found.option.trading_class if found.option else TradingClass.VIX
    return now >= last_trade_at(cls, found.expiry)


def spots() -> list[Listing]:
    """Return everything that has no expiry: indexes, shares and currency pairs."""
    return [*map(_index, con_ids.INDEX_SYMBOLS), *map(_share, con_ids.SHARE_OF), *map(_pair, con_ids.PAIR_OF)]


def _is_named(query: ContractQuery, found: Listing) -> bool:
    return (query.symbol or query.local_symbol) in (found.symbol, found.local_symbol) and query.local_symbol in (
        None,
        "",
        found.local_symbol,
    )


def _index(con_id: int) -> Listing:
    symbol = con_ids.INDEX_SYMBOLS[con_id]
    return _spot(con_id, symbol, SecType.INDEX, exchange="NYSE" if symbol == SignalIndex.BREADTH else "CBOE")


def _share(con_id: int) -> Listing:
    symbol = con_ids.SHARE_OF[con_id]
    return _spot(con_id, symbol, SecType.STOCK, exchange=_PRIMARY.get(symbol, "BATS"))


def _pair(con_id: int) -> Listing:
    named = con_ids.PAIR_OF[con_id]
    found = _spot(con_id, named, SecType.CASH, exchange="IDEALPRO")
    return replace(found, symbol=named.partition(".")[0], min_tick=0.00005, market_rule_id=RULE_PAIR)


def _spot(con_id: int, symbol: str, sec_type: SecType, *, exchange: str) -> Listing:
    """Return what has no expiry."""
    return Listing(
        con_id=con_id,
        sec_type=sec_type,
        symbol=symbol,
        option=None,
        expiry=None,
        last_trade=None,
        local_symbol=symbol,
        trading_class=symbol,
        long_name=_LONG_NAMES[symbol],
        exchange=exchange,
        multiplier=1,
        min_tick=0.01,
        market_rule_id=RULE_INDEX,
    )


def _future(con_id: int) -> Listing:
    expiry = con_ids.future_expiry(con_id)
    assert expiry is not None
    return Listing(
        con_id=con_id,
        sec_type=SecType.FUTURE,
        symbol="VIX",
        option=None,
        expiry=expiry,
        last_trade=last_trade_session(TradingClass.VIX, expiry),
        local_symbol=f"VX{_MONTH_CODES[expiry.month - 1]}{expiry.year % 10}",
        trading_class="VX",
        long_name=_LONG_NAMES["VIX"],
        exchange="CFE",
        multiplier=FUTURE_MULTIPLIER,
        min_tick=0.05,
        market_rule_id=RULE_FUTURE,
    )


def option_listing(contract: OptionContract, day: date) -> Listing:
    """Return the listing of an option; its price rule is that of the date."""
    return _option_listing(contract, ticks.steps(contract.trading_class, day))


@lru_cache(maxsize=1024)  # what is held is asked for on many days, and price steps hardly ever change
def _option_listing(contract: OptionContract, steps: tuple[float, float]) -> Listing:
    return Listing(
        con_id=con_ids.option_con_id(contract),
        sec_type=SecType.OPTION,
        symbol=contract.underlying,
        option=contract,
        expiry=contract.expiry,
        last_trade=last_trade_session(contract.trading_class, contract.expiry),
        local_symbol=local_symbol(contract),
        trading_class=contract.trading_class,
        long_name=_LONG_NAMES[contract.underlying],
        exchange="SMART",
        multiplier=MULTIPLIER,
        min_tick=steps[0],
        market_rule_id=_RULE_OF_STEPS[steps],
    )


def local_symbol(contract: OptionContract) -> str:
    """Return the OCC symbol: class padded to six, settlement date, right, strike in thousandths."""
    return f"{contract.trading_class:<6}{contract.expiry:%y%m%d}{contract.right}{contract.strike_pts100 * 10:08d}"


def option_of_local_symbol(text: str) -> OptionContract | None:
    """Return the option of an OCC symbol, or None when the text is not one of ours."""
    root, rest = text[:6].strip(), text[6:]
    if root not in set(OPTION_CLASSES) or len(rest) != 15 or not rest[7:].isdigit() or rest[6] not in set(Right):
        return None
    try:
        expiry = datetime.strptime(rest[:6] + "+0000", "%y%m%d%z").date()
        contract = OptionContract(TradingClass(root), expiry, int(rest[7:]) // 10, Right(rest[6]))
        con_ids.option_con_id(contract)
    except ValueError:
        return None
    return contract


def _on_date(query: ContractQuery, found: Listing) -> bool:
    wanted = query.last_trade_or_month
    if not wanted:
        return True
    assert found.expiry is not None
    if len(wanted) == 6:
        return wanted == f"{found.expiry:%Y%m}"
    return wanted in (f"{found.last_trade:%Y%m%d}", f"{found.expiry:%Y%m%d}")


def _on_trade_date(query: ContractQuery, cls: TradingClass, expiry: date) -> bool:
    """Compare with the last trading session, as the wire spells expiries; a month is that of the expiry."""
    wanted = query.last_trade_or_month
    if not wanted:
        return True
    return wanted == (f"{expiry:%Y%m}" if len(wanted) == 6 else f"{last_trade_session(cls, expiry):%Y%m%d}")
