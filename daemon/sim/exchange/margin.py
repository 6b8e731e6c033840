"""Reg-T margin of option positions: verticals and condors are recognised, the rest is naked.

Rules: a credit vertical costs its width; an iron condor with equal wings one side's width, with unequal wings both
(Interactive Brokers margins it as two spreads); long options are paid in full and cost nothing more; an uncovered index
option costs its value plus 15 % of the index less the out-of-the-money amount, at least 10 %.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
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
    """One right of one expiry: credit verticals as (width in points x 100, quantity), and uncovered shorts."""

    verticals: tuple[tuple[int, int], ...]
    naked: tuple[tuple[Leg, int], ...]


def reg_t_margin(legs: Sequence[Leg], index_level: Callable[[Underlying], float], *, mode: str = "equal_only") -> float:
    """Return the requirement in dollars; ``index_level`` gives SPX and VIX for uncovered options."""
    groups: dict[tuple[TradingClass, date], dict[Right, list[Leg]]] = defaultdict(lambda: {r: [] for r in Right})
    for leg in legs:
        groups[leg.contract.trading_class, leg.contract.expiry][leg.contract.right].append(leg)
    return sum((_series_margin(sides, index_level, mode=mode) for _, sides in sorted(groups.items())), 0.0)


def _series_margin(
    sides: Mapping[Right, Sequence[Leg]], index_level: Callable[[Underlying], float], *, mode: str
) -> float:
    puts, calls = _paired(sides[Right.PUT]), _paired(sides[Right.CALL])
    spreads = _condors(dict(puts.verticals), dict(calls.verticals), mode=mode)
    naked = sum(_naked_usd(leg, quantity, index_level) for leg, quantity in (*puts.naked, *calls.naked))
    return spreads + naked


def _paired(legs: Sequence[Leg]) -> _Side:
    """Cover each short with the nearest long of the same right: further out first, further in after."""
    free = {leg.contract.strike_pts100: leg.quantity for leg in legs if leg.quantity > 0}
    widths: dict[int, int] = defaultdict(int)
    naked: list[tuple[Leg, int]] = []
    for leg in sorted((leg for leg in legs if leg.quantity < 0), key=lambda leg: leg.contract.strike_pts100):
        left = -leg.quantity
        for strike in sorted(free, key=lambda strike: abs(strike - leg.contract.strike_pts100)):
            used = min(left, free[strike])
            width = _loss_width(leg.contract, strike)
            if used:
                widths[width] += used
                free[strike] -= used
                left -= used
        if left:
            naked.append((leg, left))
    return _Side(tuple(sorted((width, count) for width, count in widths.items() if width > 0)), tuple(naked))


def _loss_width(short: OptionContract, long_strike: int) -> int:
    """Return the most a vertical can lose before its credit: none when the long option is the nearer one."""
    distance = short.strike_pts100 - long_strike
    return max(distance if short.right is Right.PUT else -distance, 0)


def _condors(puts: dict[int, int], calls: dict[int, int], *, mode: str) -> float:
    """Charge one side where widths match, then both (or the wider) for what is left; dollars."""
    total = 0
    for width in sorted(set(puts) & set(calls)):
        both = min(puts[width], calls[width])
        total += width * both
        puts[width] -= both
        calls[width] -= both
    rest_puts, rest_calls = (sum(width * count for width, count in side.items()) for side in (puts, calls))
    total += max(rest_puts, rest_calls) if mode == "wider_wing" else rest_puts + rest_calls
    return total / 100 * MULTIPLIER


def _naked_usd(leg: Leg, quantity: int, index_level: Callable[[Underlying], float]) -> float:
    contract = leg.contract
    level = index_level(contract.underlying)
    beyond = contract.strike - level if contract.right is Right.CALL else level - contract.strike
    base = contract.strike if contract.right is Right.PUT else level
    needed = max(_NAKED_SHARE * level - max(beyond, 0.0), _NAKED_FLOOR * base)
    return (needed + leg.mark_pts) * MULTIPLIER * quantity
