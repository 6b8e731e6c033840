"""Full revaluation on the grid of scenarios: QuantLib on sample cells, bounds, and what may not be guessed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from risk_values import (
    CALL,
    CALL_VOL,
    LEGS,
    SPX_PTS,
    VIX_FORWARD_PTS,
    VIX_PTS,
    condor_positions,
    hedge_position,
    levels,
    quantlib_price,
    years,
)

from daemon.core.risk.greeks import Levels, Position, value_positions
from daemon.core.risk.stress import GRID, Stress, StressGrid, revalue, stress

BOOK = [*condor_positions(quantity=2), hedge_position(quantity=5)]


def stressed(positions: list[Position], grid: StressGrid = GRID, at: Levels | None = None) -> Stress | None:
    market = levels() if at is None else at
    return stress(value_positions(positions, market), market, grid)


def moved_vol(own: float, vix_move: float, days: float) -> float:
    """The volatility of an SPX option when VIX moves: at the money it is 0.87 of VIX at 30 days, 0.83 at 93."""
    share = float(np.interp(days, (9, 30, 93), (0.93, 0.87, 0.83)))
    shift: float = share * VIX_PTS / 100 * (math.pow(1 + vix_move, math.sqrt(30 / max(days, 30))) - 1)
    return max(own + shift, 0.03)


def moved_future(vix_move: float, days: float) -> float:
    total, left = years(CALL) * 365, max(years(CALL) * 365 - days, 0.0)
    answer = 0.42 * math.exp(-left / 6.5) + 0.58 * math.exp(-left / 149)
    return VIX_PTS * math.pow(VIX_FORWARD_PTS / VIX_PTS, left / total) * math.pow(1 + vix_move, answer)


def oracle(spx_move: float, vix_move: float, days: float) -> tuple[float, float]:
    """Gains of condors and hedge of the book in dollars, one QuantLib formula at a time."""
    condor = 0.0
    for contract, direction, vol in LEGS:
        left = years(contract) - days / 365
        later = quantlib_price(
            contract, SPX_PTS * (1 + spx_move), moved_vol(vol, vix_move, years(contract) * 365), max(left, 0.0)
        )
        condor += 200 * direction * (later - quantlib_price(contract, SPX_PTS, vol))
    later = quantlib_price(CALL, moved_future(vix_move, days), CALL_VOL, max(years(CALL) - days / 365, 0.0))
    return condor, 500 * (later - quantlib_price(CALL, VIX_FORWARD_PTS, CALL_VOL))


@pytest.mark.parametrize("spx_move", [-0.2, -0.05, 0.0, 0.1])
@pytest.mark.parametrize("vix_move", [-0.4, 0.0, 2.0])
@pytest.mark.parametrize("days", [0, 1, 5, 21])
def test_a_scenario_is_what_quantlib_makes_of_it(spx_move: float, vix_move: float, days: int) -> None:
    one = StressGrid(spx_moves=(spx_move,), vix_moves=(vix_move,), days=(float(days),))

    found = stressed(BOOK, one)

    assert found is not None
    condor_usd, hedge_usd = oracle(spx_move, vix_move, days)
    assert found.worst.condor_usd == pytest.approx(condor_usd, abs=0.02)
    assert found.worst.hedge_usd == pytest.approx(hedge_usd, abs=0.02)
    assert found.worst.pnl_usd == pytest.approx(condor_usd + hedge_usd, abs=0.04)


def test_the_grid_reaches_from_a_crash_to_a_rally_with_about_a_thousand_scenarios() -> None:
    assert (min(GRID.spx_moves), max(GRID.spx_moves)) == (-0.20, 0.10)
    assert (min(GRID.vix_moves), max(GRID.vix_moves)) == (-0.4, 2.0)
    assert GRID.days == (0, 1, 5, 21)
    assert len(GRID.spx_moves) * len(GRID.vix_moves) * len(GRID.days) == 992


def test_nothing_moved_changes_nothing() -> None:
    found = stressed(BOOK, StressGrid(spx_moves=(0.0,), vix_moves=(0.0,), days=(0.0,)))

    assert found is not None
    assert found.worst.pnl_usd == pytest.approx(0.0, abs=0.01)


def test_the_worst_scenario_is_the_smallest_of_all_and_the_crash_is_told_for_each_horizon() -> None:
    found = stressed(BOOK)

    assert found is not None
    cells = [
        stressed(BOOK, StressGrid(spx_moves=(spx,), vix_moves=(vix,), days=(days,)))
        for spx in GRID.spx_moves[::5]
        for vix in GRID.vix_moves
        for days in GRID.days
    ]
    assert found.worst.pnl_usd <= min(cell.worst.pnl_usd for cell in cells if cell is not None)
    assert [(cell.spx_pct, cell.vix_pct, cell.days) for cell in found.crash] == [
        (-20.0, 200.0, 0.0),
        (-20.0, 200.0, 1.0),
        (-20.0, 200.0, 5.0),
        (-20.0, 200.0, 21.0),
    ]
    assert all(cell.condor_usd < 0 < cell.hedge_usd for cell in found.crash)


def test_the_table_of_each_horizon_has_what_quantlib_makes_of_its_scenarios() -> None:
    found = stressed(BOOK)

    assert found is not None
    assert [table.days for table in found.tables] == [0, 1, 5, 21]
    for table in found.tables:
        for spx_pct, vix_pct in ((-20, 200), (-5, 50), (0, 0), (10, -40)):
            row, column = table.vix_pcts.index(vix_pct), table.spx_pcts.index(spx_pct)
            total = sum(oracle(spx_pct / 100, vix_pct / 100, table.days))
            assert table.pnl_usd[row][column] == pytest.approx(total, abs=1)


def test_a_condor_is_never_worth_more_than_nothing_nor_costs_more_than_its_width() -> None:
    valuation = value_positions(condor_positions(quantity=1), levels())
    options = [(position.contract, greeks) for position, greeks in valuation.known]
    signs = np.array([position.quantity for position, _ in valuation.known], dtype=float)

    values = np.tensordot(signs, revalue(options, levels(), GRID), axes=1)

    assert values.shape == (31, 8, 4)
    assert values.max() <= 1e-4
    assert values.min() >= -25.0 - 1e-4
    assert values.min() < -20.0
    assert values.max() > -1.0


def test_past_its_settlement_a_condor_is_worth_what_it_settles_at() -> None:
    grid = StressGrid(spx_moves=(-0.2, -0.05, 0.0, 0.1), vix_moves=(2.0,), days=(40.0,))
    valuation = value_positions(condor_positions(quantity=1), levels())
    options = [(position.contract, greeks) for position, greeks in valuation.known]
    signs = np.array([position.quantity for position, _ in valuation.known], dtype=float)

    values = np.tensordot(signs, revalue(options, levels(), grid), axes=1)[:, 0, 0]

    # Strikes 3180/3205 and 3460/3485; SPX 2696, 3201.5, 3370, 3707.
    assert values == pytest.approx([-25.0, -3.5, 0.0, -25.0], abs=1e-5)


def test_a_call_past_its_settlement_is_worth_what_vix_is_above_the_strike() -> None:
    grid = StressGrid(spx_moves=(-0.2,), vix_moves=(0.0, 1.0), days=(40.0,))
    ((position, greeks),) = value_positions([hedge_position()], levels()).known

    values = revalue([(position.contract, greeks)], levels(), grid)[0, 0, :, 0]

    assert values == pytest.approx([0.0, 2 * VIX_PTS - 18.0], abs=1e-6)


def test_spx_alone_does_not_move_the_hedge() -> None:
    found = [stressed(BOOK, StressGrid(spx_moves=(move,), vix_moves=(0.5,), days=(1.0,))) for move in (-0.2, 0.0, 0.1)]

    assert len({round(cell.worst.hedge_usd, 6) for cell in found if cell is not None}) == 1


@pytest.mark.parametrize(
    "at", [levels(spx_pts=None), levels(vix_pts=None), levels(forwards_pts={})], ids=["spx", "vix", "vix forward"]
)
def test_what_is_unknown_leaves_the_stress_unknown(at: Levels) -> None:
    assert stressed(BOOK, at=at) is None


def test_a_missing_mark_leaves_the_stress_unknown() -> None:
    assert stressed([replace(BOOK[0], mark_pts=None), *BOOK[1:]]) is None


def test_an_empty_book_loses_nothing() -> None:
    found = stressed([])

    assert found is not None
    assert found.worst.pnl_usd == 0.0
    assert [cell.pnl_usd for cell in found.crash] == [0.0] * 4
