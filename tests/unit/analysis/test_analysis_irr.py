from dataclasses import replace
from datetime import date

import pytest
from analysis_values import gain, row

from daemon.core.analysis.irr import Flow, NoRate, internal_rate, returns, runs_of
from daemon.core.analysis.rows import CONDORS, SessionRow

MONDAY, TUESDAY, WEDNESDAY = date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 4)


class TestRate:
    def test_it_is_the_published_example_of_xirr(self) -> None:
        # The example of the documentation of XIRR in Microsoft Excel: 37.34 %.
        flows = (
            Flow(date(2008, 1, 1), -10_000),
            Flow(date(2008, 3, 1), 2_750),
            Flow(date(2008, 10, 30), 4_250),
            Flow(date(2009, 2, 15), 3_250),
            Flow(date(2009, 4, 1), 2_750),
        )

        assert internal_rate(flows) == pytest.approx(0.373362535, abs=1e-8)

    def test_10_percent_in_a_year_of_365_days_are_10_percent(self) -> None:
        assert internal_rate((Flow(date(2021, 1, 1), -100), Flow(date(2022, 1, 1), 110))) == pytest.approx(0.1)

    def test_a_loss_of_more_than_was_invested_has_no_rate(self) -> None:
        assert internal_rate((Flow(MONDAY, -100), Flow(TUESDAY, -1))) is NoRate.ALL_LOST

    def test_gains_without_an_investment_have_no_rate(self) -> None:
        assert internal_rate((Flow(MONDAY, 100), Flow(TUESDAY, 1))) is NoRate.ALL_WON

    def test_no_flow_invests_nothing(self) -> None:
        assert internal_rate((Flow(MONDAY, 0.0),)) is NoRate.NOTHING_INVESTED

    def test_two_rates_are_no_rate(self) -> None:
        # -100 + 230 / x - 132 / x^2 = 0 at x = 1.1 and at x = 1.2.
        flows = (Flow(date(2021, 1, 1), -100), Flow(date(2022, 1, 1), 230), Flow(date(2023, 1, 1), -132))

        assert internal_rate(flows) is NoRate.NOT_UNIQUE


class TestReturns:
    def entered(self) -> SessionRow:
        """On Monday a condor is sold for 500 on a margin of 2,500, and a call bought for 100; both are worth that."""
        return row(
            MONDAY,
            gains={CONDORS: gain(500, fees_usd=10, value_usd=-500), "L1": gain(-100, value_usd=100)},
            margin_usd=(0.0, 2_500.0),
        )

    def left(self) -> SessionRow:
        """On Tuesday the condor is bought back for 400 and the call sold for 90."""
        return row(
            TUESDAY,
            gains={CONDORS: gain(-400, before_usd=-500), "L1": gain(90, before_usd=100)},
            margin_usd=(2_500.0, 0.0),
        )

    def test_margin_is_invested_and_credits_debits_and_fees_are_flows(self) -> None:
        # Alone: -2,500 + 500 - 10 = -2,010 on Monday, 2,500 - 400 = 2,100 on Tuesday.
        # Hedged: 100 more on Monday, 90 back on Tuesday: -2,110 and 2,190.
        found = returns("two days", [[self.entered(), self.left()]], least=1)

        assert found.unhedged == pytest.approx(internal_rate((Flow(MONDAY, -2_010), Flow(TUESDAY, 2_100))))
        assert found.hedged == pytest.approx(internal_rate((Flow(MONDAY, -2_110), Flow(TUESDAY, 2_190))))

    def test_what_is_open_at_both_ends_counts_at_its_marks(self) -> None:
        # Before Tuesday: 2,500 of margin less the condor's 500 are tied up; after it 2,500 - 400 come back.
        found = returns("Tuesday", [[self.left()]], least=1)

        assert found.unhedged == pytest.approx(internal_rate((Flow(MONDAY, -2_000), Flow(TUESDAY, 2_100))))

    def test_the_drag_is_the_difference_of_monthly_rates_in_basis_points(self) -> None:
        year = replace(self.left(), before=date(2019, 3, 4), session=date(2020, 3, 3))  # 365 days
        found = returns("a year", [[year]], least=1)
        # 2,100 / 2,000 alone, 2,190 / 2,100 with the hedge.
        assert found.drag_bp == pytest.approx(1e4 * (1.05 ** (1 / 12) - (2190 / 2100) ** (1 / 12)))

    def test_an_unknown_margin_or_mark_makes_the_rate_unknown(self) -> None:
        unknown = replace(self.left(), margin_before_usd_cents=None)
        dark = replace(self.left(), gains={CONDORS: gain(), "L1": gain(before_usd=None)})

        assert returns("", [[unknown]], least=1).unhedged is NoRate.UNKNOWN
        assert returns("", [[dark]], least=1).hedged is NoRate.UNKNOWN
        assert returns("", [[dark]], least=1).drag_bp is None

    def test_a_yearly_rate_needs_a_quarter_of_sessions(self) -> None:
        # A quarter of a year of 252 sessions is 63.
        quarter = [self.entered(), *[row(TUESDAY, margin_usd=(2_500.0, 2_500.0))] * 61, self.left()]
        short = returns("short", [quarter[:1], quarter[2:]])

        assert (short.sessions, short.unhedged, short.hedged) == (62, NoRate.TOO_SHORT, NoRate.TOO_SHORT)
        assert short.drag_bp is None
        assert isinstance(returns("a quarter", [quarter]).hedged, float)

    def test_no_session_invests_nothing(self) -> None:
        assert returns("", []).hedged is NoRate.NOTHING_INVESTED

    def test_time_between_two_runs_does_not_count(self) -> None:
        week_later = replace(self.left(), session=date(2020, 3, 10), before=date(2020, 3, 9))
        day_later = replace(self.left(), session=WEDNESDAY, before=TUESDAY)

        assert returns("", [[self.left()], [week_later]], least=1).hedged == pytest.approx(
            returns("", [[self.left()], [day_later]], least=1).hedged
        )


def test_runs_are_neighbouring_sessions_of_one_kind() -> None:
    kinds = ["a", "a", "b", "a", "b", "b"]
    sessions = [row(regime=kind) for kind in kinds]

    assert [len(run) for run in runs_of(sessions, lambda one: one.regime == "a")] == [2, 1]
    assert [len(run) for run in runs_of(sessions, lambda one: one.regime == "b")] == [1, 2]
