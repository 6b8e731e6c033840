import pytest
from report_values import MONDAY, TUESDAY, WEDNESDAY, day_record

from daemon.report.pnl import equity_curve

DAYS = (
    day_record(MONDAY, net_usd=1_010_000, condor_usd=12_000, hedge_usd=-2_000),
    day_record(TUESDAY, net_usd=960_000, condor_usd=-60_000, hedge_usd=20_000),
    day_record(WEDNESDAY, net_usd=990_000, condor_usd=-15_000, hedge_usd=5_000),
)


def test_equity_without_the_hedge_leaves_out_what_the_hedge_earned() -> None:
    curve = equity_curve(DAYS)

    assert [point.hedged_usd_cents / 100 for point in curve] == [1_010_000, 960_000, 990_000]
    assert [point.unhedged_usd_cents / 100 for point in curve] == [1_012_000, 940_000, 985_000]


def test_drawdown_is_measured_from_the_highest_close_so_far() -> None:
    curve = equity_curve(DAYS)

    assert [point.hedged_drawdown_usd_cents / 100 for point in curve] == [0, -50_000, -20_000]
    assert [point.unhedged_drawdown_usd_cents / 100 for point in curve] == [0, -72_000, -27_000]
    assert curve[1].hedged_drawdown_pct == pytest.approx(-100 * 50 / 1010)


def test_a_loss_in_the_first_session_is_a_drawdown_from_the_start() -> None:
    (point,) = equity_curve((day_record(MONDAY, net_usd=999_000, condor_usd=-1_000),))

    assert point.hedged_drawdown_usd_cents == -100_000


def test_profit_of_a_session_is_the_change_since_the_one_before() -> None:
    curve = equity_curve(DAYS)

    assert [point.condor_day_usd_cents / 100 for point in curve] == [12_000, -72_000, 45_000]
    assert [point.hedge_day_usd_cents / 100 for point in curve] == [-2_000, 22_000, -15_000]


def test_a_window_in_the_middle_starts_from_the_close_before_it() -> None:
    curve = equity_curve(DAYS[1:], before=DAYS[0])

    assert curve[0].unhedged_usd_cents / 100 == 960_000 - 22_000
    assert curve[0].hedged_drawdown_usd_cents / 100 == -50_000
    assert curve[0].hedge_day_usd_cents / 100 == 22_000


def test_no_session_makes_no_curve() -> None:
    assert equity_curve(()) == ()
