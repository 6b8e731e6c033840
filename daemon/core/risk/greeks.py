"""Volatility and greeks of each position from its mark, by Black-76; what cannot be computed is named, never zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np

from daemon.core.calendar.expiries import settlement_at
from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.core.market.parity import parity_forward
from daemon.core.market.pricing import black76, implied_vol
from daemon.core.orders.intent import Reason, Strategy

YEAR: Final = timedelta(days=365)
DAYS_PER_YEAR: Final = 365.0
VOL_POINTS: Final = 100.0
"""Volatility points in a volatility of 1.00."""
_UNDISCOUNTED: Final = 1.0
_INTRINSIC_MARGIN: Final = 0.10
"""How far a mark may be from the intrinsic value that it should not be below, as a share of that value."""


@dataclass(frozen=True, slots=True)
class Position:
    """Signed contracts of one subject with the mark in points, None where the portfolio gave none."""

    strategy: Strategy
    subject: str
    contract: OptionContract
    quantity: int
    mark_pts: float | None


@dataclass(frozen=True, slots=True)
class Levels:
    """What the market stands at: both indexes and the forwards that are known, in points; None means unknown."""

    at: datetime
    spx_pts: float | None
    vix_pts: float | None
    forwards_pts: Mapping[tuple[TradingClass, date], float]

    def forward_pts(self, contract: OptionContract) -> float | None:
        """Return the forward of a contract's expiry; without one SPX stands for its own, VIX never does.

        A month of carry moves the forward of SPX by about 0.1 %; that of VIX differs from VIX by 20 %.
        """
        known = self.forwards_pts.get((contract.trading_class, contract.expiry))
        if known is not None:
            return known
        return self.spx_pts if contract.underlying is Underlying.SPX else None

    def years(self, contract: OptionContract) -> float:
        """Return the calendar years to settlement, negative after it."""
        return (settlement_at(contract.trading_class, contract.expiry) - self.at) / YEAR


@dataclass(frozen=True, slots=True)
class OptionGreeks:
    """One option, long one: undiscounted Black-76 on the forward of its expiry."""

    forward_pts: float
    years: float
    vol: float
    """Fraction per year."""
    estimated: bool
    """Whether the volatility does not come from the option's own mark."""
    delta: float
    gamma: float
    theta_pts: float
    """Points per calendar day."""
    vega_pts: float
    """Points per volatility point."""


@dataclass(frozen=True, slots=True)
class Valuation:
    """Positions with their greeks, and those without, each with the reason."""

    known: tuple[tuple[Position, OptionGreeks], ...]
    unknown: tuple[tuple[Position, Reason], ...]


def parity_forwards(marks_pts: Mapping[OptionContract, float]) -> dict[tuple[TradingClass, date], float]:
    """Return the forward of each expiry that has the marks of a call and a put of one strike (VIX methodology, 2022)."""
    pairs: dict[tuple[TradingClass, date], list[tuple[float, float, float]]] = {}
    for call in sorted(marks_pts):
        put = replace(call, right=Right.PUT)
        if call.right is Right.CALL and put in marks_pts:
            row = (call.strike, marks_pts[call], marks_pts[put])
            pairs.setdefault((call.trading_class, call.expiry), []).append(row)
    columns = {expiry: np.array(rows).T for expiry, rows in pairs.items()}
    return {
        expiry: parity_forward(strikes, calls, puts, _UNDISCOUNTED)
        for expiry, (strikes, calls, puts) in columns.items()
    }


def value_positions(positions: Iterable[Position], levels: Levels) -> Valuation:
    """Compute the greeks of every position; a missing mark, forward or volatility puts it among the unknown.

    Deep in the money no volatility may fit a mark. Then that of the nearest strike of the same expiry is borrowed;
    where there is none, an option marked at its intrinsic value, within a margin, counts as having no time value.
    """
    held = tuple(positions)
    terms: dict[OptionContract, _Terms] = {}
    reasons: dict[OptionContract, Reason] = {}
    for contract, mark_pts in sorted({position.contract: position.mark_pts for position in held}.items()):
        found = _terms(contract, mark_pts, levels)
        if isinstance(found, Reason):
            reasons[contract] = found
        else:
            terms[contract] = found
    greeks = _greeks(_completed(terms, reasons))
    return Valuation(
        known=tuple((position, greeks[position.contract]) for position in held if position.contract in greeks),
        unknown=tuple((position, reasons[position.contract]) for position in held if position.contract not in greeks),
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the formula takes beside the contract; ``vol`` is NaN where none fits the mark."""

    forward_pts: float
    years: float
    vol: float
    mark_pts: float
    estimated: bool = False


def _terms(contract: OptionContract, mark_pts: float | None, levels: Levels) -> _Terms | Reason:
    years, forward_pts = levels.years(contract), levels.forward_pts(contract)
    if years <= 0:
        return Reason("settled", f"{contract} is past its settlement")
    if mark_pts is None or not math.isfinite(mark_pts):
        return Reason("mark_missing", f"the portfolio gave no mark for {contract}")
    if contract.is_future:
        return _Terms(mark_pts, years, 0.0, mark_pts)
    if forward_pts is None or not forward_pts > 0:
        return Reason("forward_missing", f"the forward of {contract} is unknown")
    is_call = contract.right is Right.CALL
    vol = implied_vol(mark_pts, forward_pts, contract.strike, years, _UNDISCOUNTED, is_call)
    return _Terms(forward_pts, years, vol, mark_pts)


def _completed(
    terms: Mapping[OptionContract, _Terms], reasons: dict[OptionContract, Reason]
) -> dict[OptionContract, _Terms]:
    """Give contracts without a volatility an estimate, and write a reason down where there is none."""
    own = {contract: row for contract, row in terms.items() if not math.isnan(row.vol)}
    complete = dict(own)
    for contract in sorted(terms.keys() - own.keys()):
        row, lender = terms[contract], _nearest(contract, own)
        side = 1.0 if contract.right is Right.CALL else -1.0
        intrinsic_pts = max(side * (row.forward_pts - contract.strike), 0.0)
        if lender is not None:
            complete[contract] = replace(row, vol=own[lender].vol, estimated=True)
        elif abs(row.mark_pts - intrinsic_pts) <= _INTRINSIC_MARGIN * intrinsic_pts:  # a worthless one is marked 0
            complete[contract] = replace(row, vol=0.0, estimated=True)
        else:
            text = f"no volatility fits {contract} at {row.mark_pts:g} on a forward of {row.forward_pts:.2f}"
            reasons[contract] = Reason("no_volatility", text, row.mark_pts)
    return complete


def _nearest(contract: OptionContract, own: Iterable[OptionContract]) -> OptionContract | None:
    """Return the contract of the same expiry whose strike is nearest; put and call of a strike have one volatility."""
    series = contract.trading_class, contract.expiry
    lenders = (other for other in own if (other.trading_class, other.expiry) == series)
    return min(lenders, key=lambda other: (abs(other.strike_pts100 - contract.strike_pts100), other), default=None)


def _greeks(terms: Mapping[OptionContract, _Terms]) -> dict[OptionContract, OptionGreeks]:
    rows = list(terms.values())
    table = black76(
        np.array([row.forward_pts for row in rows]),
        [contract.formula_strike for contract in terms],
        [row.years for row in rows],
        [row.vol for row in rows],
        _UNDISCOUNTED,
        [contract.right is Right.CALL for contract in terms],
    )
    theta, vega = table.theta / DAYS_PER_YEAR, table.vega / VOL_POINTS
    greeks = zip(table.delta.tolist(), table.gamma.tolist(), theta.tolist(), vega.tolist(), strict=True)
    return {
        contract: OptionGreeks(row.forward_pts, row.years, row.vol, row.estimated, *values)
        for (contract, row), values in zip(terms.items(), greeks, strict=True)
    }
