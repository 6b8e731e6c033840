"""What a layer buys as one contract: an option, or a spread of two; and what positions amount to in such units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from daemon.core.market.contracts import OptionContract, TradingClass, Underlying
from daemon.core.orders.intent import Leg


@dataclass(frozen=True, slots=True)
class HedgeUnit:
    """A long option, or a long one with a short one farther out of the money, of the same series (001-03, 002-02)."""

    long: OptionContract
    short: OptionContract | None = None

    def __post_init__(self) -> None:
        if self.short is not None:
            assert series(self.short) == series(self.long), f"{self.long} and {self.short} must be of one series"
            assert _covers(self.long, self.short), f"{self.short} must be farther out of the money than {self.long}"

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
    def underlying(self) -> Underlying:
        """Return the index the legs are written on."""
        return self.long.underlying

    @property
    def width_pts(self) -> float | None:
        """Return the most a spread can be worth, in points; None of a single option."""
        return None if self.short is None else abs(self.short.strike - self.long.strike)

    @property
    def place(self) -> tuple[date, OptionContract, int]:
        """Return what units are ordered by: the expiry, then the strikes."""
        return self.expiry, self.long, self.short.strike_pts100 if self.short is not None else 0

    def __str__(self) -> str:
        return str(self.long) if self.short is None else f"{str(self.long)[:-1]}/{self.short.strike:g}{self.long.right}"


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
    """Return positions as units: each short option is covered by the free long one of its series nearest the money."""
    longs = {contract: quantity for contract, quantity in sorted(positions.items(), key=_inward) if quantity > 0}
    units: dict[HedgeUnit, int] = defaultdict(int)
    uncovered: dict[OptionContract, int] = {}
    for short, quantity in sorted(positions.items(), key=_inward):
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
    same = series(long) == series(short) and long.right is short.right
    return same and long.right.outward * (short.strike_pts100 - long.strike_pts100) > 0


def _inward(held: tuple[OptionContract, int]) -> tuple[TradingClass, date, int]:
    """Return what contracts are ordered by: class and expiry, then from the money outwards."""
    contract, _ = held
    return contract.trading_class, contract.expiry, contract.right.outward * contract.strike_pts100
