"""Reg-T margin of option positions: verticals and condors are recognised, the rest is naked.

Rules: a credit vertical costs its width; an iron condor with equal wings one side's width, with unequal wings
both (Interactive Brokers margins it as two spreads), unless both sides of an expiry can lose the same in all;
long options are paid in full and cost nothing more; an uncovered index option costs its value plus 15 % of the
index less the out-of-the-money amount, at least 10 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

from daemon.core.market.contracts import MULTIPLIER, OptionContract, Right, TradingClass, Underlying

_NAKED_SHARE: Final = 0.15
_NAKED_FLOOR: Final = 0.10
_SERIES_KEPT: Final = 4096

_Held = tuple[int, Right, int]
"""Strike in points x 100, right and signed quantity."""


@dataclass(frozen=True, slots=True)
class _SeriesMargin:
    """What one expiry needs for its spreads, in dollars, and the shorts that nothing covers."""

    spreads_usd: float
    naked: tuple[_Held, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One right of one expiry: what is short and what is long by strike in points x 100, used up while pairing."""

    outward: int
    """Direction of further out of the money: -1 for puts, 1 for calls."""
    shorts: dict[int, int]
    longs: dict[int, int]

    def widths(self) -> dict[int, int]:
        """Return how many credit verticals of each width could be formed."""
        found: dict[int, int] = defaultdict(int)
        for short, count in self.shorts.items():
            for long, free in self.longs.items():
                if (width := self.outward * (long - short)) > 0:
                    found[width] += min(count, free)
        return {width: count for width, count in found.items() if count}

    def take(self, width: int, count: int) -> None:
        """Use up verticals of one width."""
        for short in sorted(self.shorts):
            long = short + self.outward * width
            used = min(count, self.shorts[short], self.longs.get(long, 0))
            if used:
                self.shorts[short] -= used
                self.longs[long] -= used
                count -= used
        assert count == 0, "only verticals that exist are taken"

    def take_rest(self) -> int:
        """Cover what is left with the nearest long options; return the most these can lose, points x 100."""
        lost = 0
        for short in sorted(self.shorts):
            for long in sorted(self.longs, key=lambda long: abs(long - short)):
                used = min(self.shorts[short], self.longs[long])
                self.shorts[short] -= used
                self.longs[long] -= used
                lost += max(self.outward * (long - short), 0) * used
        return lost


def reg_t_margin(
    held: Iterable[tuple[OptionContract, int]],
    *,
    index_level: Callable[[Underlying], float],
    mark: Callable[[OptionContract], float],
    mode: str = "equal_only",
) -> float:
    """Return the requirement of signed quantities in dollars.

    Level (of SPX or VIX) and mark in points are asked for uncovered options only.
    """
    groups: dict[tuple[TradingClass, date], list[_Held]] = defaultdict(list)
    for contract, quantity in held:
        groups[contract.trading_class, contract.expiry].append((contract.strike_pts100, contract.right, quantity))
    total = 0.0
    for (cls, expiry), series in sorted(groups.items()):
        found = _series_margin(tuple(sorted(series)), mode)
        total += found.spreads_usd
        for strike, right, quantity in found.naked:
            contract = OptionContract(cls, expiry, strike, right)
            total += _naked_usd(contract, quantity, level=index_level(cls.underlying), mark=mark(contract))
    return total


@lru_cache(maxsize=_SERIES_KEPT)
def _series_margin(series: tuple[_Held, ...], mode: str) -> _SeriesMargin:
    puts, calls = _side(series, Right.PUT), _side(series, Right.CALL)
    spreads = _take_condors(puts, calls)
    rest_puts, rest_calls = puts.take_rest(), calls.take_rest()
    one_side = mode == "wider_wing" or rest_puts == rest_calls
    spreads += max(rest_puts, rest_calls) if one_side else rest_puts + rest_calls
    shorts = {Right.PUT: puts.shorts, Right.CALL: calls.shorts}
    naked = [(strike, right, shorts[right][strike]) for strike, right, quantity in series if quantity < 0]
    return _SeriesMargin(spreads / 100 * MULTIPLIER, tuple(leg for leg in naked if leg[2]))


def _side(series: Sequence[_Held], right: Right) -> _Side:
    chosen = [(strike, quantity) for strike, held, quantity in series if held is right]
    return _Side(
        outward=-1 if right is Right.PUT else 1,
        shorts={strike: -quantity for strike, quantity in chosen if quantity < 0},
        longs={strike: quantity for strike, quantity in chosen if quantity > 0},
    )


def _take_condors(puts: _Side, calls: _Side) -> int:
    """Recognise condors with equal wings, the most frequent width first; return their loss in points x 100."""
    total = 0
    while True:
        on_puts, on_calls = puts.widths(), calls.widths()
        common = {width: min(on_puts[width], on_calls[width]) for width in set(on_puts) & set(on_calls)}
        if not common:
            return total
        width = min(common, key=lambda width: (-common[width], width))
        puts.take(width, common[width])
        calls.take(width, common[width])
        total += width * common[width]


def _naked_usd(contract: OptionContract, quantity: int, *, level: float, mark: float) -> float:
    beyond = contract.strike - level if contract.right is Right.CALL else level - contract.strike
    base = contract.strike if contract.right is Right.PUT else level
    needed = max(_NAKED_SHARE * level - max(beyond, 0.0), _NAKED_FLOOR * base)
    return (needed + mark) * MULTIPLIER * quantity
