"""Listed options as values: underlying, trading class, expiry, strike, right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NewType

ConId = NewType("ConId", int)
"""The broker's number of a contract."""

MULTIPLIER: Final = 100
"""Dollars per point of every SPX and VIX option."""


class Underlying(StrEnum):
    """An index that options are written on."""

    SPX = "SPX"
    VIX = "VIX"


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
    """SPX settles on the opening print (AM), SPXW on the close (PM); VIX and VIXW on the morning auction."""

    SPX = "SPX"
    SPXW = "SPXW"
    VIX = "VIX"
    VIXW = "VIXW"

    @property
    def underlying(self) -> Underlying:
        """Return the index the class is written on."""
        return Underlying.VIX if self in (TradingClass.VIX, TradingClass.VIXW) else Underlying.SPX

    @property
    def am_settled(self) -> bool:
        """Whether the final value is fixed in the morning of the expiry."""
        return self is not TradingClass.SPXW


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
    """One listed option.

    ``expiry`` is the date of settlement, which for AM-settled classes is one session after the
    last trading day (the date Interactive Brokers calls lastTradeDate).
    """

    trading_class: TradingClass
    expiry: date
    strike_pts100: int
    right: Right

    @property
    def underlying(self) -> Underlying:
        """Return the index the option is written on."""
        return self.trading_class.underlying

    @property
    def strike(self) -> float:
        """Return the strike in index points."""
        return self.strike_pts100 / 100

    def __str__(self) -> str:
        strike = f"{self.strike:.2f}".rstrip("0").rstrip(".")
        return f"{self.trading_class} {self.expiry} {strike}{self.right}"


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
