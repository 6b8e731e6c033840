from datetime import date

import pytest
from analysis_values import rows

from daemon.core.analysis.curves import (
    CRASH_WINDOWS,
    SLOW_WINDOWS,
    Window,
    max_drawdown,
    reductions,
    window_reductions,
    worst_loss_usd,
)
from daemon.core.calendar.sessions import is_session, sessions_between

CONDORS = [500.0, -2000.0, -3000.0, 1000.0, -500.0, 800.0]
HEDGE = [-100.0, 400.0, 1500.0, -200.0, -100.0, -100.0]
"""Together 400, -1600, -1500, 800, -600, 700."""


class TestDrawdown:
    def test_without_the_hedge_it_is_that_of_the_condors_alone(self) -> None:
        # 500, -1500, -4500, -3500, -4000, -3200: from 500 down to -4500.
        fall = max_drawdown(rows(CONDORS, HEDGE), hedged=False)

        assert (fall.usd, fall.peak, fall.trough) == (-5000, date(2020, 3, 2), date(2020, 3, 4))

    def test_with_the_hedge_it_is_that_of_net_liquidation(self) -> None:
        # 400, -1200, -2700, -1900, -2500, -1800: from 400 down to -2700.
        assert max_drawdown(rows(CONDORS, HEDGE), hedged=True).usd == -3100

    def test_the_start_of_the_period_counts_as_a_peak(self) -> None:
        fall = max_drawdown(rows([-700.0], [0.0]), hedged=True)

        assert (fall.usd, fall.peak) == (-700, date(2020, 2, 28))

    def test_gains_alone_have_none(self) -> None:
        assert max_drawdown(rows([1.0, 2.0], [0.0, 0.0]), hedged=True).usd == 0


class TestWorst:
    def test_it_is_the_smallest_sum_of_so_many_sessions_in_a_row(self) -> None:
        # Two in a row: 400-1600, -1600-1500 = -3100, -700, 200, 100.
        assert worst_loss_usd(rows(CONDORS, HEDGE), 2, hedged=True) == -3100

    def test_fewer_sessions_than_that_are_unknown_and_not_zero(self) -> None:
        worst = {one.name: one for one in reductions(rows(CONDORS, HEDGE))}

        assert worst["worst 21 sessions"].hedged_usd is None
        assert worst["worst 21 sessions"].pct is None
        assert worst["worst 5 sessions"].hedged_usd == -2500  # 400-1600-1500+800-600

    def test_a_period_of_gains_has_no_worst_loss(self) -> None:
        assert worst_loss_usd(rows([1.0, 2.0], [0.0, 0.0]), 2, hedged=True) == 0


class TestReduction:
    def test_a_smaller_fall_is_a_reduction_in_percent(self) -> None:
        assert reductions(rows(CONDORS, HEDGE))[0].pct == pytest.approx(100 * (1 - 3100 / 5000))

    def test_a_hedge_that_lost_too_is_a_negative_reduction(self) -> None:
        (drawdown, *_) = reductions(rows([-1000.0, -1000.0], [-100.0, -100.0]))

        assert drawdown.pct == pytest.approx(-10)

    def test_nothing_to_make_smaller_has_no_percentage(self) -> None:
        assert reductions(rows([0.0], [-100.0]))[0].pct is None

    def test_a_period_without_sessions_has_none(self) -> None:
        assert reductions([]) == ()


class TestWindows:
    def test_only_sessions_inside_of_a_window_count(self) -> None:
        window = Window("a crash", date(2020, 3, 3), date(2020, 3, 10))
        (found,) = window_reductions(rows(CONDORS, HEDGE), [window])

        assert (found.sessions, found.whole) == (5, False)
        assert found.unhedged_usd == -5000

    def test_a_window_of_which_too_little_is_known_is_left_out(self) -> None:
        window = Window("a crash", date(2020, 3, 4), date(2020, 4, 9))

        assert window_reductions(rows(CONDORS, HEDGE), [window]) == ()

    def test_a_window_is_whole_when_the_period_reaches_over_both_its_ends(self) -> None:
        window = Window("a crash", date(2020, 3, 2), date(2020, 3, 9))

        assert window_reductions(rows(CONDORS, HEDGE), [window])[0].whole

    def test_known_windows_are_those_of_the_rule_from_session_to_session(self) -> None:
        # 004-23: 2008, 2010, 2011, 2015, 2018 twice, 2020, 2024-08, 2025-04; 2022 was a slow decline.
        assert [window.first.year for window in CRASH_WINDOWS] == [2008, 2010, 2011, 2015, 2018, 2018, 2020, 2024, 2025]
        assert 2022 in {window.first.year for window in SLOW_WINDOWS}
        for window in (*CRASH_WINDOWS, *SLOW_WINDOWS):
            assert is_session(window.first)
            assert is_session(window.last)
            assert len(sessions_between(window.first, window.last)) > 20
