"""Reg-T margin of option positions: verticals and condors are recognised, the rest is naked.

Rules: a credit vertical costs its width; an iron condor with equal wings one side's width, with unequal wings both
(Interactive Brokers margins it as two spreads), unless both sides of an expiry can lose the same in all; long options are paid in full and cost nothing more; an uncovered index
option costs its value plus 15 % of the index less the out-of-the-money amount, at least 10 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from daemon.core.market.contracts import MULTIPLIER, OptionContract, Right, TradingClass, Underlying

_NAKED_SHARE: Final = 0.15
_NAKED_FLOOR: Final = 0.10


@dataclass(frozen=True, slots=True)
class Leg:
    """A position as margin sees it."""

    contract: OptionContract
    quantity: int
    mark_pts: float


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


def reg_t_margin(legs: Sequence[Leg], index_level: Callable[[Underlying], float], *, mode: str = "equal_only") -> float:
    """Return the requirement in dollars; ``index_level`` gives SPX and VIX for uncovered options."""
    groups: dict[tuple[TradingClass, date], list[Leg]] = defaultdict(list)
    for leg in legs:
        groups[leg.contract.trading_class, leg.contract.expiry].append(leg)
    return sum((_series_margin(series, index_level, mode=mode) for _, series in sorted(groups.items())), 0.0)


def _series_margin(legs: Sequence[Leg], index_level: Callable[[Underlying], float], *, mode: str) -> float:
    puts, calls = _side(legs, Right.PUT), _side(legs, Right.CALL)
    spreads = _take_condors(puts, calls)
    rest_puts, rest_calls = puts.take_rest(), calls.take_rest()
    one_side = mode == "wider_wing" or rest_puts == rest_calls
    spreads += max(rest_puts, rest_calls) if one_side else rest_puts + rest_calls
    naked = sum(_naked_usd(leg, _uncovered(leg, puts, calls), index_level) for leg in legs if leg.quantity < 0)
    return spreads / 100 * MULTIPLIER + naked


def _side(legs: Sequence[Leg], right: Right) -> _Side:
    chosen = [leg for leg in legs if leg.contract.right is right]
    return _Side(
        outward=-1 if right is Right.PUT else 1,
        shorts={leg.contract.strike_pts100: -leg.quantity for leg in chosen if leg.quantity < 0},
        longs={leg.contract.strike_pts100: leg.quantity for leg in chosen if leg.quantity > 0},
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


def _uncovered(leg: Leg, puts: _Side, calls: _Side) -> int:
    side = puts if leg.contract.right is Right.PUT else calls
    return side.shorts[leg.contract.strike_pts100]


def _naked_usd(leg: Leg, quantity: int, index_level: Callable[[Underlying], float]) -> float:
    contract = leg.contract
    level = index_level(contract.underlying)
    beyond = contract.strike - level if contract.right is Right.CALL else level - contract.strike
    base = contract.strike if contract.right is Right.PUT else level
    needed = max(_NAKED_SHARE * level - max(beyond, 0.0), _NAKED_FLOOR * base)
    return (needed + leg.mark_pts) * MULTIPLIER * quantity
