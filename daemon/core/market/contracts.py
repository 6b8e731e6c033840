"""Listed options and VIX futures as values: underlying, trading class, expiry, strike, right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

ConId = NewType("ConId", int)
"""The broker's number of a contract."""

MULTIPLIER: Final = 100
"""Dollars per point of every option on an index, and shares of a fund that an option on it is for."""
FUTURE_MULTIPLIER: Final = 1000
"""Dollars per point of a VIX future (Cboe contract specification)."""


class Underlying(StrEnum):
    """What options are written on: an index, or a fund that holds VIX futures of 30 days on average."""

    SPX = "SPX"
    VIX = "VIX"
    VXX = "VXX"
    UVXY = "UVXY"

    @property
    def is_fund(self) -> bool:
        """Whether it is a fund: its options are exercised into shares, those of an index are settled in cash."""
        return self in FUNDS


INDEXES: Final = (Underlying.SPX, Underlying.VIX)
FUNDS: Final = (Underlying.VXX, Underlying.UVXY)


class SignalIndex(StrEnum):
    """An index whose daily closes the signals are made of."""

    SPX = "SPX"
    VIX = "VIX"
    VVIX = "VVIX"
    VIX9D = "VIX9D"
    VIX3M = "VIX3M"
    BREADTH = "AD-NYSE"
    """Advancing less declining issues of the New York Stock Exchange."""


class TradingClass(StrEnum):
    """SPX settles on the opening print (AM), SPXW on the close (PM); VIX, VIXW and VX on the morning auction.

    All are classes of options but VX, the monthly VIX futures. Those of the funds VXX and UVXY end with the close.
    """

    SPX = "SPX"
    SPXW = "SPXW"
    VIX = "VIX"
    VIXW = "VIXW"
    VX = "VX"
    VXX = "VXX"
    UVXY = "UVXY"

    @property
    def underlying(self) -> Underlying:
        """Return the index or the fund that the class is written on."""
        return _UNDERLYING[self]

    @property
    def am_settled(self) -> bool:
        """Whether the final value is fixed in the morning of the expiry."""
        return self is not TradingClass.SPXW and not self.underlying.is_fund


_UNDERLYING: Final = MappingProxyType(
    {
        TradingClass.SPX: Underlying.SPX,
        TradingClass.SPXW: Underlying.SPX,
        TradingClass.VIX: Underlying.VIX,
        TradingClass.VIXW: Underlying.VIX,
        TradingClass.VX: Underlying.VIX,
        TradingClass.VXX: Underlying.VXX,
        TradingClass.UVXY: Underlying.UVXY,
    }
)

OPTION_CLASSES: Final = tuple(each for each in TradingClass if each is not TradingClass.VX)


class Right(StrEnum):
    """Put or call."""

    PUT = "P"
    CALL = "C"

    @property
    def outward(self) -> int:
        """Return the direction in which strikes are farther out of the money: +1 for calls, -1 for puts."""
        return 1 if self is Right.CALL else -1


@dataclass(frozen=True, slots=True, order=True)
class OptionContract:
    """One listed option, or a VIX future: a call at zero that is not paid for.

    ``expiry`` is the date of settlement, which for AM-settled classes is one session after the
    last trading day (the date Interactive Brokers calls lastTradeDate).
    """

    trading_class: TradingClass
    expiry: date
    strike_pts100: int
    right: Right

    @property
    def underlying(self) -> Underlying:
        """Return the index or the fund that the option is written on."""
        return self.trading_class.underlying

    @property
    def strike(self) -> float:
        """Return the strike in index points."""
        return self.strike_pts100 / 100

    @property
    def is_future(self) -> bool:
        """Whether it is a VIX future."""
        return self.trading_class is TradingClass.VX

    @property
    def multiplier(self) -> int:
        """Return the dollars per point."""
        return FUTURE_MULTIPLIER if self.is_future else MULTIPLIER

    @property
    def premium_multiplier(self) -> int:
        """Return the dollars per point that a purchase pays: a future asks for margin, not for its price."""
        return 0 if self.is_future else MULTIPLIER

    @property
    def formula_strike(self) -> float:
        """Return the strike that formulas take, which need one above zero: a future is a call at a cent to them."""
        return max(self.strike_pts100, 1) / 100

    def __str__(self) -> str:
        if self.is_future:
            return f"{self.trading_class} {self.expiry}"
        strike = f"{self.strike:.2f}".rstrip("0").rstrip(".")
        return f"{self.trading_class} {self.expiry} {strike}{self.right}"


def vix_future(expiry: date) -> OptionContract:
    """Return the VIX future that settles on a date."""
    return OptionContract(TradingClass.VX, expiry, 0, Right.CALL)


@dataclass(frozen=True, slots=True)
class ContractInfo:
    """What the broker knows about a contract: its number and the price steps, lowest edge first."""

    con_id: ConId
    contract: OptionContract
    price_steps_pts100: tuple[tuple[int, int], ...]
    """((from_price, step), ...) in points x 100, as in the market rule of the exchange."""


@dataclass(frozen=True, slots=True)
class OptionParams:
    """What is listed of one trading class; not every strike exists in every expiry."""

    trading_class: TradingClass
    expiries: tuple[date, ...]
    strikes_pts100: tuple[int, ...]
