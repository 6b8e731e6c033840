"""Which options a measurement of the cost of capital asks for."""

from __future__ import annotations

from daemon.core.market.contracts import Right
from daemon.core.market.option_strip import strip_options

LISTED = tuple(range(100_000, 600_001, 500))


def test_pairs_stand_within_an_expected_move_and_single_options_beyond() -> None:
    # 3,400 x 20 % x sqrt(0.0822) = 195 points a move.
    wanted = strip_options(LISTED, spot_pts=3400.0, vix=20.0, years=30 / 365)

    puts = {strike for strike, right in wanted if right is Right.PUT}
    calls = {strike for strike, right in wanted if right is Right.CALL}
    pairs = puts & calls
    assert (min(pairs), max(pairs)) == (320_000, 360_000)
    assert (min(puts), max(calls)) == (242_500, 387_500)
    assert all(strike % 2500 == 0 for strike in puts | calls)
    assert len(wanted) <= 34


def test_a_calm_market_asks_for_fewer_different_strikes_and_none_twice() -> None:
    wanted = strip_options(LISTED, spot_pts=3400.0, vix=9.0, years=30 / 365)

    assert len(wanted) == len(set(wanted)) <= 34


def test_a_chain_without_the_coarse_grid_is_taken_as_it_is() -> None:
    wanted = strip_options((340_500, 341_000), spot_pts=3407.0, vix=20.0, years=30 / 365)

    assert {strike for strike, _ in wanted} == {340_500, 341_000}
