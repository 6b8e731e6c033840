"""What the book gains or loses when SPX, VIX and time move: every position is priced anew in every scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from daemon.core.market.arrays import FloatArray
from daemon.core.market.contracts import OptionContract, Right, Underlying
from daemon.core.market.pricing import black76_price
from daemon.core.market.vix_response import SPX_VOL_MIN, elasticity_of, future_after, spx_vol_change
from daemon.core.orders.intent import Strategy
from daemon.core.records import StressCell, StressTable
from daemon.core.risk.exposure import missing
from daemon.core.risk.greeks import DAYS_PER_YEAR, Levels, OptionGreeks, Valuation
from daemon.core.risk.repricing import grid_prices

Option = tuple[OptionContract, OptionGreeks]


@dataclass(frozen=True, slots=True, kw_only=True)
class StressGrid:
    """Every combination of these: moves of SPX and VIX as fractions, and calendar days that pass."""

    spx_moves: tuple[float, ...]
    vix_moves: tuple[float, ...]
    days: tuple[float, ...]

    @property
    def crash(self) -> tuple[float, float]:
        """Return the deepest fall of SPX and the highest rise of VIX."""
        return min(self.spx_moves), max(self.vix_moves)


GRID: Final = StressGrid(
    spx_moves=tuple(percent / 100 for percent in range(-20, 11)),
    vix_moves=(-0.4, -0.2, 0.0, 0.25, 0.5, 1.0, 1.5, 2.0),
    days=(0.0, 1.0, 5.0, 21.0),
)
"""992 scenarios: SPX -20 to +10 % by VIX -40 to +200 % by 0, 1, 5 and 21 days."""


TABLE_SPX_PCTS: Final = (-20, -15, -10, -7, -5, -3, 0, 3, 5, 7, 10)
"""Moves of SPX that are kept in tables; a column for each of the grid would be more than a person reads."""


@dataclass(frozen=True, slots=True)
class Stress:
    """The scenario in which the book loses most, the crash after each number of days, and a table for each."""

    worst: StressCell
    crash: tuple[StressCell, ...]
    tables: tuple[StressTable, ...]


def stress(valuation: Valuation, levels: Levels, grid: StressGrid = GRID) -> Stress | None:
    """Return the worst scenario and the crash; None when an index, or a position in a sum, is unknown."""
    if levels.spx_pts is None or levels.vix_pts is None:
        return None
    if any(missing(valuation, strategy) for strategy in Strategy):
        return None
    held: dict[OptionContract, tuple[int, OptionGreeks]] = {}
    rows = [
        (position, *held.setdefault(position.contract, (len(held), greeks))) for position, greeks in valuation.known
    ]
    options = [(contract, greeks) for contract, (_, greeks) in held.items()]
    dollars = np.zeros((2, len(options)))
    for position, place, _ in rows:
        dollars[int(position.strategy is Strategy.HEDGE), place] += position.quantity * position.contract.multiplier
    values = revalue(options, levels, grid)
    changes = np.tensordot(dollars, values, axes=1) - (dollars @ _prices_now(options))[:, None, None, None]
    return _summary(changes, grid)


def revalue(options: Sequence[Option], levels: Levels, grid: StressGrid) -> FloatArray:
    """Return prices in points, by option, SPX move, VIX move and days; both indexes must be known.

    SPX options keep their volatility strike by strike, shifted as VIX moves; VIX options keep theirs, since the rise
    of their volatility with VIX and the fall along their smile about cancel, and so do those on funds. Past its settlement an option is worth
    what it settles at.
    """
    assert levels.vix_pts is not None, "the caller has VIX"
    shape = len(grid.vix_moves), len(grid.days)
    values = np.empty((len(options), len(grid.spx_moves), shape[0] * shape[1]))
    on_spx = [contract.underlying is Underlying.SPX for contract, _ in options]
    for price, wanted in ((_spx_prices, True), (_vix_prices, False)):
        rows = [place for place, is_spx in enumerate(on_spx) if is_spx is wanted]
        if rows:
            part = np.empty((len(rows), *values.shape[1:]))
            price([options[place] for place in rows], levels.vix_pts, grid, part)
            values[rows] = part
    return values.reshape(len(options), len(grid.spx_moves), *shape)


def _spx_prices(options: Sequence[Option], vix_pts: float, grid: StressGrid, out: FloatArray) -> None:
    forward, strike, years, vol = _columns(options)
    days = years * DAYS_PER_YEAR
    shift = spx_vol_change(vix_pts, np.array(grid.vix_moves), days[:, None])
    shifted = np.maximum(vol[:, None] + shift, np.minimum(vol, SPX_VOL_MIN)[:, None])
    deviation = shifted[:, :, None] * np.sqrt(_years_left(years, grid))[:, None, :]
    moved = forward[:, None, None] * (1.0 + np.array(grid.spx_moves))[None, :, None]
    grid_prices(moved, strike, deviation.reshape(len(options), 1, -1), _calls(options), out)


def _vix_prices(options: Sequence[Option], vix_pts: float, grid: StressGrid, out: FloatArray) -> None:
    forward, strike, years, vol = _columns(options)
    left, log_moves = _years_left(years, grid), np.log1p(np.array(grid.vix_moves))
    moved = future_after(
        forward[:, None, None],
        vix_pts,
        log_moves[None, :, None],
        (years * DAYS_PER_YEAR)[:, None, None],
        (left * DAYS_PER_YEAR)[:, None, :],
    )
    for place, (contract, _) in enumerate(options):
        if contract.underlying.is_fund:  # its futures are always of 30 days: nothing melts towards VIX
            answer = float(elasticity_of(contract.underlying, 0.0))
            moved[place] = (forward[place] * np.exp(answer * log_moves))[:, None]
    deviation = np.broadcast_to((vol[:, None] * np.sqrt(left))[:, None, :], moved.shape)
    prices = np.empty((len(options), 1, out.shape[2]))
    grid_prices(moved.reshape(prices.shape), strike, deviation.reshape(prices.shape), _calls(options), prices)
    out[:] = prices


def _columns(options: Sequence[Option]) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    rows = [(greeks.forward_pts, contract.formula_strike, greeks.years, greeks.vol) for contract, greeks in options]
    forward, strike, years, vol = np.array(rows).T
    return forward, strike, years, vol


def _calls(options: Sequence[Option]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([contract.right is Right.CALL for contract, _ in options])


def _years_left(years: FloatArray, grid: StressGrid) -> FloatArray:
    left: FloatArray = np.maximum(years[:, None] - np.array(grid.days) / DAYS_PER_YEAR, 0.0)
    return left


def _prices_now(options: Sequence[Option]) -> FloatArray:
    if not options:
        return np.zeros(0)
    forward, strike, years, vol = _columns(options)
    return black76_price(forward, strike, years, vol, 1.0, _calls(options))


def _summary(changes: FloatArray, grid: StressGrid) -> Stress:
    total = changes.sum(axis=0)
    crash_spx, crash_vix = grid.spx_moves.index(grid.crash[0]), grid.vix_moves.index(grid.crash[1])
    worst = np.unravel_index(int(np.argmin(total)), total.shape)
    return Stress(
        worst=_cell(changes, grid, (int(worst[0]), int(worst[1]), int(worst[2]))),
        crash=tuple(_cell(changes, grid, (crash_spx, crash_vix, day)) for day in range(len(grid.days))),
        tables=tuple(_table(total[:, :, place], grid, days) for place, days in enumerate(grid.days)),
    )


def _table(total: FloatArray, grid: StressGrid, days: float) -> StressTable:
    spx_pcts = [round(100 * move) for move in grid.spx_moves]
    shown = [place for place, pct in enumerate(spx_pcts) if pct in TABLE_SPX_PCTS]
    return StressTable(
        days=days,
        spx_pcts=tuple(float(spx_pcts[place]) for place in shown),
        vix_pcts=tuple(float(round(100 * move)) for move in grid.vix_moves),
        pnl_usd=tuple(tuple(round(float(usd)) for usd in column) for column in total[shown].T),
    )


def _cell(changes: FloatArray, grid: StressGrid, at: tuple[int, int, int]) -> StressCell:
    return StressCell(
        spx_pct=100.0 * grid.spx_moves[at[0]],
        vix_pct=100.0 * grid.vix_moves[at[1]],
        days=grid.days[at[2]],
        condor_usd=float(changes[0][at]),
        hedge_usd=float(changes[1][at]),
    )
