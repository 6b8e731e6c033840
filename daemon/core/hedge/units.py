"""What a layer buys as one contract: a VIX call, or a call spread; and what positions amount to in such units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Leg


@dataclass(frozen=True, slots=True)
class HedgeUnit:
    """A long call, or a long call with a short one above it of the same series (001-03)."""

    long: OptionContract
    short: OptionContract | None = None

    def __post_init__(self) -> None:
        if self.short is not None:
            assert series(self.short) == series(self.long), f"{self.long} and {self.short} must be of one series"
            assert self.short.right is self.long.right is Right.CALL, "a spread of the hedge is of calls"
            assert self.short.strike_pts100 > self.long.strike_pts100, f"{self.short} must be above {self.long}"

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Return the legs as held, the long one first."""
        long = Leg(self.long, 1)
        return (long,) if self.short is None else (long, Leg(self.short, -1))

    @property
    def contracts(self) -> tuple[OptionContract, ...]:
        """Return the contracts, the long one first."""
        return tuple(leg.contract for leg in self.legs)

    @property
    def expiry(self) -> date:
        """Return the expiry of the legs."""
        return self.long.expiry

    @property
    def width_pts(self) -> float | None:
        """Return the most a spread can be worth, in points; None of a call, which has no such bound."""
        return None if self.short is None else self.short.strike - self.long.strike

    @property
    def place(self) -> tuple[date, OptionContract, int]:
        """Return what units are ordered by: the expiry, then the strikes."""
        return self.expiry, self.long, self.short.strike_pts100 if self.short is not None else 0

    def __str__(self) -> str:
        return str(self.long) if self.short is None else f"{str(self.long)[:-1]}/{self.short.strike:g}C"


@dataclass(frozen=True, slots=True)
class LayerHolding:
    """The positions of a layer in units, by expiry and strike, and short options that nothing covers."""

    units: dict[HedgeUnit, int]
    uncovered: Mapping[OptionContract, int]

    @property
    def quantity(self) -> int:
        """Return how many units are held."""
        return sum(self.units.values())

    @property
    def current(self) -> HedgeUnit | None:
        """Return the unit a layer stands in: the latest expiry; earlier ones wait to be sold or to settle."""
        return next(reversed(self.units), None)


def layer_holding(positions: Mapping[OptionContract, int]) -> LayerHolding:
    """Return positions as units: each short call covers the lowest free long call below it of its series."""
    longs = {contract: quantity for contract, quantity in sorted(positions.items()) if quantity > 0}
    units: dict[HedgeUnit, int] = defaultdict(int)
    uncovered: dict[OptionContract, int] = {}
    for short, quantity in sorted(positions.items()):
        open_quantity = -quantity
        for long, free in longs.items():
            if open_quantity > 0 and free and _covers(long, short):
                covered = min(open_quantity, free)
                units[HedgeUnit(long, short)] += covered
                longs[long] -= covered
                open_quantity -= covered
        if open_quantity > 0:
            uncovered[short] = -open_quantity
    units |= {HedgeUnit(long): quantity for long, quantity in longs.items() if quantity}
    return LayerHolding(dict(sorted(units.items(), key=lambda item: item[0].place)), uncovered)


def series(contract: OptionContract) -> tuple[TradingClass, date]:
    """Return trading class and expiry."""
    return contract.trading_class, contract.expiry


def _covers(long: OptionContract, short: OptionContract) -> bool:
    same = series(long) == series(short) and long.right is short.right is Right.CALL
    return same and long.strike_pts100 < short.strike_pts100
