"""Contracts in both directions: the gateway's spelling and ours.

The gateway names the last trading session, we the date of settlement. For the morning-settled classes
(SPX, VIX, VIXW) settlement is the session after the last trade (Cboe product specifications), and the
OCC symbol carries it: ``VIX   230621C00017000`` last trades on 2023-06-20.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.adapters.ib.messages import ChainRow, ContractRow, OptionQuery, WireContract
from daemon.adapters.ib.readings import pts100
from daemon.core.calendar.expiries import vix_monthly
from daemon.core.calendar.sessions import next_session, previous_session
from daemon.core.market.contracts import (
    FUNDS,
    FUTURE_MULTIPLIER,
    MULTIPLIER,
    OPTION_CLASSES,
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    Right,
    SignalIndex,
    TradingClass,
    Underlying,
    vix_future,
)

EXCHANGE_ZONE: Final = ZoneInfo("America/Chicago")
COMBO: Final = "BAG"
OPTION: Final = "OPT"
FUTURE: Final = "FUT"
INDEX: Final = "IND"
FUND: Final = "STK"
FUTURE_EXCHANGE: Final = "CFE"
SMART: Final = "SMART"
INDEX_EXCHANGE: Final = "CBOE"
BREADTH_EXCHANGE: Final = "NYSE"
CURRENCY: Final = "USD"
_RIGHTS: Final = {"P": Right.PUT, "PUT": Right.PUT, "C": Right.CALL, "CALL": Right.CALL}
_CLASSES: Final = {member.value: member for member in OPTION_CLASSES}
_OCC_LENGTH: Final = 21
_OCC_DATE: Final = slice(6, 12)
_SETTLES_WITHIN_DAYS: Final = 7
_CACHED: Final = 512


def last_trade_of(contract: OptionContract) -> date:
    """Return the last trading session, the date that the gateway calls lastTradeDate."""
    return previous_session(contract.expiry) if contract.trading_class.am_settled else contract.expiry


def query_of(contract: OptionContract) -> OptionQuery:
    """Return what to ask the gateway for to find a contract.

    A future is asked for by its month: whether its last trade is the morning of its settlement or the evening before
    is a matter of the exchange's rules of the day.
    """
    future = contract.is_future
    return OptionQuery(
        sec_type=sec_type_of(contract),
        symbol=contract.underlying.value,
        trading_class=contract.trading_class.value,
        expires=f"{contract.expiry:%Y%m}" if future else f"{last_trade_of(contract):%Y%m%d}",
        strike=contract.strike,
        right="" if future else contract.right.value,
        multiplier=str(contract.multiplier),
        exchange=exchange_of(contract),
    )


def kind_of(symbol: str) -> str:
    """Return the gateway's kind of what options are written on."""
    return FUND if symbol in FUNDS else INDEX


def place_of(symbol: str) -> str:
    """Return where an index or a fund is looked up and quoted."""
    if symbol in FUNDS:
        return SMART
    return BREADTH_EXCHANGE if symbol == SignalIndex.BREADTH else INDEX_EXCHANGE


def sec_type_of(contract: OptionContract) -> str:
    """Return the gateway's kind of a contract."""
    return FUTURE if contract.is_future else OPTION


def exchange_of(contract: OptionContract) -> str:
    """Return where a contract is looked up, quoted and traded."""
    return FUTURE_EXCHANGE if contract.is_future else SMART


@lru_cache(maxsize=_CACHED)
def option_of(wire: WireContract, real_expiration: str = "") -> OptionContract | None:
    """Return our contract of a gateway's; None for all but options on SPX, VIX and funds, and monthly VIX futures."""
    if wire.sec_type == FUTURE:
        return _future_of(wire, real_expiration)
    trading_class = _CLASSES.get(wire.trading_class)
    right = _RIGHTS.get(wire.right)
    strike = pts100(wire.strike)
    if wire.sec_type != OPTION or trading_class is None or right is None or strike <= 0:
        return None
    if wire.symbol != trading_class.underlying or _multiplier(wire.multiplier) != MULTIPLIER:
        return None
    expiry = expiry_of(trading_class, wire.last_trade, wire.local_symbol, real_expiration=real_expiration)
    return None if expiry is None else OptionContract(trading_class, expiry, strike, right)


def _future_of(wire: WireContract, real_expiration: str) -> OptionContract | None:
    """Return a VIX future by the date, of those the gateway tells, on which a monthly one settles."""
    if wire.symbol != Underlying.VIX or wire.trading_class != TradingClass.VX:
        return None
    if _multiplier(wire.multiplier) != FUTURE_MULTIPLIER:
        return None
    said = [day for text in (real_expiration, wire.last_trade) if (day := date_of(text)) is not None]
    days = [*said, *(next_session(day) for day in said)]
    settles = next((day for day in days if vix_monthly(day.year, day.month) == day), None)
    return None if settles is None else vix_future(settles)


def expiry_of(
    trading_class: TradingClass, last_trade: str, local_symbol: str, *, real_expiration: str = ""
) -> date | None:
    """Return the settlement date: as the OCC symbol says it, as the gateway says it, else by the calendar.

    A date that cannot belong to the last trade (before it, or over a week later) is not believed.
    """
    traded = date_of(last_trade)
    if traded is None:
        return occ_date(local_symbol)
    soonest = 1 if trading_class.am_settled else 0
    # A login zone far from Chicago moves the last trade by a day, so the symbol may seem to be on it.
    for said, least in ((occ_date(local_symbol), soonest - 1), (date_of(real_expiration), soonest)):
        if said is not None and least <= (said - traded).days <= _SETTLES_WITHIN_DAYS * soonest:
            return said
    return next_session(traded) if trading_class.am_settled else traded


def date_of(text: str) -> date | None:
    """Read ``YYYYMMDD``, or a date with time and zone as the date it is at the exchange."""
    day, _, rest = text.strip().replace("-", " ", 1).partition(" ")
    if len(day) != 8 or not day.isdecimal():
        return None
    clock, _, zone = rest.strip().partition(" ")
    try:
        if clock and zone:
            moment = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone.strip()))
            return moment.astimezone(EXCHANGE_ZONE).date()
        return date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except (ValueError, ZoneInfoNotFoundError):
        return None


def occ_date(local_symbol: str) -> date | None:
    """Return the date in an OCC symbol (root of 6, yymmdd, right, strike of 8), None when it is not one."""
    return date_of("20" + local_symbol[_OCC_DATE]) if len(local_symbol) == _OCC_LENGTH else None


def _multiplier(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def describe(wire: WireContract) -> str:
    """Return a short text of any contract."""
    option = option_of(wire)
    if option is not None:
        return str(option)
    parts = (wire.sec_type, wire.local_symbol or wire.symbol, wire.last_trade if not wire.local_symbol else "")
    return " ".join(part for part in parts if part)


def info_of(row: ContractRow, steps_pts100: tuple[tuple[int, int], ...]) -> ContractInfo | None:
    """Return what we keep of a contract's details; None when it is not one of ours."""
    contract = option_of(row.contract, row.real_expiration)
    if contract is None or row.contract.con_id <= 0:
        return None
    return ContractInfo(ConId(row.contract.con_id), contract, steps_pts100)


def rule_of(row: ContractRow) -> int | None:
    """Return the market rule at the exchange we route to: price steps depend on the price, minTick does not say so."""
    rules = dict(zip(row.exchanges, row.rule_ids, strict=False))
    rule = rules.get(SMART) or rules.get(INDEX_EXCHANGE) or next(iter(row.rule_ids), "")
    return int(rule) if rule.isdecimal() else None


def params_of(rows: list[ChainRow], underlying: Underlying) -> tuple[OptionParams, ...]:
    """Return one set of parameters a trading class, from SMART where it lists the class."""
    chosen: dict[TradingClass, ChainRow] = {}
    for row in rows:
        trading_class = _CLASSES.get(row.trading_class)
        if trading_class is None or trading_class.underlying is not underlying:
            continue
        if _multiplier(row.multiplier) == MULTIPLIER and (row.exchange == SMART or trading_class not in chosen):
            chosen[trading_class] = row
    return tuple(_params(trading_class, chosen[trading_class]) for trading_class in sorted(chosen))


def _params(trading_class: TradingClass, row: ChainRow) -> OptionParams:
    expiries = {expiry_of(trading_class, text, "") for text in row.last_trades}
    strikes = {pts100(strike) for strike in row.strikes}
    return OptionParams(
        trading_class,
        tuple(sorted(expiry for expiry in expiries if expiry is not None)),
        tuple(sorted(strike for strike in strikes if strike > 0)),
    )
