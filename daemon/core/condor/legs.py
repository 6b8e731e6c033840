"""The contracts of a condor, and what any set of positions amounts to in such parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from daemon.core.market.contracts import OptionContract, Right
from daemon.core.orders.intent import Leg


@dataclass(frozen=True, slots=True)
class Vertical:
    """One side of a condor: a short option and the one farther out of the money that covers it."""

    short: OptionContract
    long: OptionContract

    def __post_init__(self) -> None:
        assert _series(self.short) == _series(self.long), f"{self.short} and {self.long} must be of one series"
        assert self.short.right is self.long.right, f"{self.short} and {self.long} must both be puts or calls"
        assert self.width_pts100 > 0, f"{self.long} must be farther out of the money than {self.short}"

    @property
    def right(self) -> Right:
        """Return whether the side is of puts or of calls."""
        return self.short.right

    @property
    def width_pts100(self) -> int:
        """Return the distance of the strikes in points x 100, which is also the most that one can lose in dollars."""
        away = self.long.strike_pts100 - self.short.strike_pts100
        return away if self.right is Right.CALL else -away

    def opposed(self, held: Mapping[OptionContract, int]) -> OptionContract | None:
        """Return a leg that is held the other way round, or None.

        The exchange nets both: neither condor could be marked, and their wings would no longer cover their own shorts.
        """
        if held.get(self.short, 0) > 0:
            return self.short
        return self.long if held.get(self.long, 0) < 0 else None


@dataclass(frozen=True, slots=True)
class CondorLegs:
    """The contracts of an iron condor; one side may be left out, not both."""

    put: Vertical | None
    call: Vertical | None
    sides: tuple[Vertical, ...] = field(init=False, repr=False, compare=False)
    """The sides there are, puts first; derived once, because every check asks for them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sides", tuple(side for side in (self.put, self.call) if side is not None))
        assert self.sides, "a condor has a side"
        assert self.put is None or self.put.right is Right.PUT, "the put side is of puts"
        assert self.call is None or self.call.right is Right.CALL, "the call side is of calls"
        if self.put is not None and self.call is not None:
            assert _series(self.put.short) == _series(self.call.short), "a condor has one expiry"
            assert self.put.short.strike_pts100 < self.call.short.strike_pts100, "the short put is below the short call"

    @property
    def expiry(self) -> date:
        """Return the expiry of all legs."""
        return self.sides[0].short.expiry

    @property
    def held(self) -> tuple[Leg, ...]:
        """Return the legs as held, by rising strike: +1 the long options, -1 the short ones."""
        put = () if self.put is None else (Leg(self.put.long, 1), Leg(self.put.short, -1))
        call = () if self.call is None else (Leg(self.call.short, -1), Leg(self.call.long, 1))
        return (*put, *call)

    @property
    def contracts(self) -> tuple[OptionContract, ...]:
        """Return the contracts by rising strike."""
        return tuple(leg.contract for leg in self.held)

    @property
    def width_pts100(self) -> int:
        """Return the wider side in points x 100; only one side can end in the money."""
        return max(side.width_pts100 for side in self.sides)


def condor_of(legs: Iterable[Leg]) -> CondorLegs:
    """Return the condor that the legs of an entry make up."""
    whole = structure({leg.contract: leg.ratio for leg in legs}).whole
    assert whole is not None, "an entry is one condor"
    return whole


def closing(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """Return the legs that close held ones: every direction reversed."""
    return tuple(Leg(leg.contract, -leg.ratio) for leg in legs)


@dataclass(frozen=True, slots=True)
class Structure:
    """What the positions of one condor amount to."""

    parts: tuple[tuple[CondorLegs, int], ...]
    """Whole condors and single sides with their quantities: each closes by one order and leaves no short uncovered."""
    loose: tuple[tuple[OptionContract, int], ...]
    """Options without a partner, signed, short ones first."""

    @property
    def positions(self) -> Mapping[OptionContract, int]:
        """Return the signed quantity of every contract held."""
        held: dict[OptionContract, int] = defaultdict(int, self.loose)
        for legs, units in self.parts:
            for leg in legs.held:
                held[leg.contract] += leg.ratio * units
        return {contract: quantity for contract, quantity in sorted(held.items()) if quantity}

    @property
    def whole(self) -> CondorLegs | None:
        """Return the legs when everything held is one part."""
        return self.parts[0][0] if len(self.parts) == 1 and not self.loose else None


def structure(positions: Mapping[OptionContract, int]) -> Structure:
    """Part signed positions into condors, single sides and loose options; every contract is in exactly one amount."""
    sides: dict[Right, list[tuple[Vertical, int]]] = {Right.PUT: [], Right.CALL: []}
    loose: list[tuple[OptionContract, int]] = []
    groups: dict[tuple[object, ...], dict[OptionContract, int]] = defaultdict(dict)
    for contract, quantity in positions.items():
        if quantity:
            groups[(*_series(contract), contract.right)][contract] = quantity
    for _, group in sorted(groups.items()):
        verticals, alone = _verticals(group)
        sides[next(iter(group)).right] += verticals
        loose += alone
    return Structure(
        _condors(sides[Right.PUT], sides[Right.CALL]), tuple(sorted(loose, key=lambda row: (row[1] > 0, row[0])))
    )


def _verticals(
    group: Mapping[OptionContract, int],
) -> tuple[list[tuple[Vertical, int]], list[tuple[OptionContract, int]]]:
    """Cover each short option of one series and right by the nearest long one beyond it, the farthest short first."""
    outward = sorted(group, key=lambda c: c.strike_pts100, reverse=next(iter(group)).right is Right.PUT)
    left = dict(group)
    found: list[tuple[Vertical, int]] = []
    for place, short in reversed([*enumerate(outward)]):
        for long in outward[place + 1 :]:
            units = min(-left[short], left[long])
            if units > 0:
                found.append((Vertical(short, long), units))
                left[short] += units
                left[long] -= units
    return found[::-1], [(contract, quantity) for contract, quantity in left.items() if quantity]


def _condors(
    puts: Sequence[tuple[Vertical, int]], calls: Sequence[tuple[Vertical, int]]
) -> tuple[tuple[CondorLegs, int], ...]:
    """Join put and call sides of one expiry, the nearest to the money first; what is left stays a single side."""
    left = dict(calls)
    whole: list[tuple[CondorLegs, int]] = []
    single: list[tuple[CondorLegs, int]] = []
    for put, quantity in puts:
        wanted = quantity
        for call, held in left.items():
            units = min(wanted, held)
            fits = _series(put.short) == _series(call.short) and put.short.strike_pts100 < call.short.strike_pts100
            if units and fits:
                whole.append((CondorLegs(put, call), units))
                left[call] -= units
                wanted -= units
        if wanted:
            single.append((CondorLegs(put, None), wanted))
    single += [(CondorLegs(None, call), quantity) for call, quantity in left.items() if quantity]
    return (*whole, *single)


def _series(contract: OptionContract) -> tuple[object, date]:
    return contract.trading_class, contract.expiry
