from dataclasses import replace

import pytest
from analysis_values import rows

from daemon.core.analysis.event_study import (
    BUCKET_EDGES_PCT,
    REFERENCE_PCT,
    FallStudy,
    fall_studies,
    five_session_buckets,
)

SPX = [3000.0, 2960.0, 2900.0, 2840.0, 2850.0, 2900.0]
"""Three sessions: -5.33, -3.72, 0.00 %; five: -3.33 %."""
ROWS = rows([-100.0] * 5, [-10.0, 300.0, 500.0, -50.0, -40.0], spx_pts=SPX, theta_usd=-20.0)


def study(length: int, fall_pct: float) -> FallStudy:
    return next(one for one in fall_studies(ROWS) if (one.length, one.fall_pct) == (length, fall_pct))


class TestFalls:
    def test_every_stretch_with_such_a_fall_counts_and_overlapping_ones_are_one_episode(self) -> None:
        found = study(3, -3)

        assert (found.count, found.episodes) == (2, 1)
        assert found.hedge_mean_usd == pytest.approx((790 + 750) / 2)
        assert (found.hedge_worst_usd, found.hedge_best_usd) == (750, 790)
        assert found.condor_mean_usd == -300
        assert found.repaid_pct == pytest.approx(100 * 770 / 300)

    def test_a_fall_that_did_not_happen_is_a_state_of_its_own(self) -> None:
        found = study(3, -7)

        assert (found.count, found.hedge_mean_usd, found.month_theta_usd, found.repaid_pct) == (0, None, None, None)

    def test_stretches_longer_than_the_period_did_not_happen(self) -> None:
        assert study(7, -3).count == 0

    def test_the_gain_is_set_against_30_days_of_the_theta_at_the_close_before(self) -> None:
        # Of the first stretch the close before is not in the period: its theta is unknown.
        found = study(3, -3)

        assert (found.month_theta_usd, found.theta_known, found.paid) == (-600, 1, 1)

    def test_a_gain_below_a_month_of_theta_does_not_pay_it(self) -> None:
        dear = [replace(one, hedge_theta_usd=-40.0) for one in ROWS]
        found = next(one for one in fall_studies(dear) if (one.length, one.fall_pct) == (3, -3))

        assert (found.theta_known, found.paid) == (1, 0)  # 750 against 1,200

    def test_no_stretch_reaches_over_sessions_without_closing_figures(self) -> None:
        gap = [replace(one, consecutive=n != 2) for n, one in enumerate(ROWS)]

        assert all(one.count == 0 for one in fall_studies(gap) if one.length == 3)

    def test_an_unknown_close_before_leaves_a_stretch_out(self) -> None:
        dark = [replace(ROWS[0], spx_before_pts=None), *ROWS[1:]]

        assert next(one for one in fall_studies(dark) if (one.length, one.fall_pct) == (3, -3)).count == 1


class TestBuckets:
    def test_a_move_is_sorted_by_its_size_and_told_in_percent_of_w(self) -> None:
        found = {(one.low_pct, one.high_pct): one for one in five_session_buckets(ROWS)}

        assert found[-5, -3].count == 1
        assert found[-5, -3].hedge_usd == 700
        assert found[-5, -3].hedge_pct == pytest.approx(0.7)
        assert sum(one.count for one in found.values()) == 1
        assert found[0, 2].hedge_usd is None

    def test_edges_and_reference_are_those_of_the_reference_run(self) -> None:
        assert list(zip(BUCKET_EDGES_PCT[1:-1], REFERENCE_PCT, strict=False)) == [
            (-10, 10.2),
            (-7, 3.9),
            (-5, 2.3),
            (-3, 1.1),
            (-2, 0.8),
            (0, 0.0),
            (2, -0.5),
            (4, -1.1),
        ]
        assert REFERENCE_PCT[-1] == -2.0
