"""Contract numbers that carry the contract itself, so that none has to be remembered.

An option's number is 2^30 plus, from the highest bit: two bits trading class (SPX, SPXW, VIX, VIXW), fourteen
bits expiry (weekdays since Monday 1990-01-01), thirteen bits strike (5 points a unit for SPX, half a point for
VIX), one bit right (call 1). An option on a fund has 2^29 plus 2^28 plus one bit class (VXX, UVXY), fourteen bits
expiry, twelve bits strike (half a dollar a unit), one bit right. A VIX future's is 2^29 plus the weekday number. All
are below 2^31. Indexes, shares and currency pairs have numbers of their own; SPX, VIX, the stocks and the pair those of
Interactive Brokers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from daemon.core.market.contracts import OPTION_CLASSES, OptionContract, Right, TradingClass, Underlying, vix_future

INDEX_CON_IDS: Final = MappingProxyType(
    {
        "SPX": 416904,
        "VIX": 13455763,
        "VIX9D": 286878001,
        "VIX3M": 286878002,
        "VVIX": 286878003,
        "VRO": 286878004,
        "SKEW": 286878005,
        "AD-NYSE": 286878006,
        "VIX6M": 286878009,
        "VIXMO": 286878010,
    }
)
INDEX_SYMBOLS: Final = MappingProxyType({con_id: symbol for symbol, con_id in INDEX_CON_IDS.items()})

FUND_CON_IDS: Final = MappingProxyType({Underlying.VXX: 286878007, Underlying.UVXY: 286878008})
FUND_OF: Final = MappingProxyType({con_id: fund for fund, con_id in FUND_CON_IDS.items()})
STOCK_CON_IDS: Final = MappingProxyType({"SPY": 756733, "QQQ": 320227571, "AAPL": 265598, "MSFT": 272093})
SHARE_OF: Final = MappingProxyType({**FUND_OF, **{con_id: symbol for symbol, con_id in STOCK_CON_IDS.items()}})
"""Symbols of everything that is held in shares."""
PAIR_OF: Final = MappingProxyType({12087792: "EUR.USD"})
"""Currency pairs: quoted, and not traded."""
UNDERLYING_CON_IDS: Final = MappingProxyType({**INDEX_CON_IDS, **FUND_CON_IDS})

_OPTION: Final = 1 << 30
_FUTURE: Final = 1 << 29
_FUND_OPTION: Final = _FUTURE | 1 << 28
_EXPIRY_BITS: Final = 14
_EPOCH: Final = date(1990, 1, 1)
STRIKE_UNIT_PTS100: Final = MappingProxyType(
    {Underlying.SPX: 500, Underlying.VIX: 50, Underlying.VXX: 50, Underlying.UVXY: 50}
)


@dataclass(frozen=True, slots=True)
class _Range:
    """Numbers of options: the first, the classes, and how many bits the strike has."""

    first: int
    classes: tuple[TradingClass, ...]
    strike_bits: int

    @property
    def end(self) -> int:
        """Return the number after the last."""
        return self.first + (len(self.classes) << _EXPIRY_BITS + self.strike_bits + 1)


_RANGES: Final = (
    _Range(_OPTION, tuple(cls for cls in OPTION_CLASSES if not cls.underlying.is_fund), 13),
    _Range(_FUND_OPTION, tuple(cls for cls in OPTION_CLASSES if cls.underlying.is_fund), 12),
)


def option_con_id(contract: OptionContract) -> int:
    """Return the number of an option; raise ValueError for an expiry or strike that no series can have."""
    unit, place = STRIKE_UNIT_PTS100[contract.underlying], _RANGES[contract.underlying.is_fund]
    strike, rest = divmod(contract.strike_pts100, unit)
    if rest or not 0 < strike < 1 << place.strike_bits:
        raise ValueError(f"{contract} has strike {contract.strike}: only multiples of {unit / 100} points are listed.")
    number = place.classes.index(contract.trading_class)
    number = number << _EXPIRY_BITS | _weekdays(contract.expiry)
    number = number << place.strike_bits | strike
    return place.first | number << 1 | (contract.right is Right.CALL)


@lru_cache(maxsize=2048)  # a chain, and what is held
def option_of(con_id: int) -> OptionContract | None:
    """Return the option a number stands for, or None when it is not an option's."""
    place = next((known for known in _RANGES if known.first <= con_id < known.end), None)
    if place is None:
        return None
    number = con_id ^ place.first
    strike = number >> 1 & (1 << place.strike_bits) - 1
    trading_class = place.classes[number >> 1 + place.strike_bits + _EXPIRY_BITS]
    expiry = _day(number >> 1 + place.strike_bits & (1 << _EXPIRY_BITS) - 1)
    right = Right.CALL if number & 1 else Right.PUT
    return OptionContract(trading_class, expiry, strike * STRIKE_UNIT_PTS100[trading_class.underlying], right)


def contract_of(con_id: int) -> OptionContract | None:
    """Return the option or the VIX future a number stands for, or None when it is neither's."""
    expiry = future_expiry(con_id)
    return option_of(con_id) if expiry is None else vix_future(expiry)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of a stock or of a fund, as something that is traded."""

    symbol: str
    multiplier: int = 1
    is_future: bool = False

    @property
    def underlying(self) -> str:
        """Return what it follows: itself."""
        return self.symbol


def traded(con_id: int) -> OptionContract | Share | None:
    """Return what takes orders under a number: an option, a VIX future or a share; None for anything else."""
    symbol = SHARE_OF.get(con_id)
    return contract_of(con_id) if symbol is None else Share(symbol)


def contract_con_id(contract: OptionContract) -> int:
    """Return the number of an option or a VIX future."""
    return future_con_id(contract.expiry) if contract.is_future else option_con_id(contract)


def future_con_id(expiry: date) -> int:
    """Return the number of a VIX future by its settlement date."""
    return _FUTURE | _weekdays(expiry)


def future_expiry(con_id: int) -> date | None:
    """Return the settlement date of a VIX future, or None when the number is not a future's."""
    if not _FUTURE <= con_id < _FUTURE + (1 << _EXPIRY_BITS):
        return None
    return _day(con_id ^ _FUTURE)


def _weekdays(day: date) -> int:
    weeks, weekday = divmod((day - _EPOCH).days, 7)
    number = 5 * weeks + weekday
    if weekday > 4 or not 0 <= number < 1 << _EXPIRY_BITS:
        raise ValueError(f"{day} cannot be an expiry: it is a weekend or outside 1990 to 2052.")
    return number


def _day(number: int) -> date:
    weeks, weekday = divmod(number, 5)
    return _EPOCH + timedelta(days=7 * weeks + weekday)
