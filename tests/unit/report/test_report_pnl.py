from datetime import date

import pytest
from report_values import MONDAY, TUESDAY, WEDNESDAY, day_record, intent, trade, vix_call

from daemon.core.orders.intent import Leg, Purpose
from daemon.core.records import PositionLine
from daemon.report.closing import closing
from daemon.report.pnl import equity_curve, pnl_by_source

CALL = vix_call(22, date(2020, 3, 18))
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


def test_profit_by_source_splits_cash_fees_and_value() -> None:
    buy = intent(Purpose.RESIZE, "L1", (Leg(CALL, 1),), quantity=2, limit_pts100=100)
    day = day_record(MONDAY, positions=(PositionLine("hedge", "L1", CALL, 2, 1.75),))

    condors, layer = pnl_by_source(closing(MONDAY, [trade(buy, CALL, 2, 1.25)], [day]))

    assert (condors.name, condors.pnl_usd_cents) == ("condors", 0)
    assert (layer.name, layer.cash_usd_cents, layer.value_usd_cents) == ("hedge L1", -25_000, 35_000)
    assert layer.pnl_usd_cents == 35_000 - 25_000 - 100


def test_profit_by_source_over_a_window_counts_the_change_of_value_only() -> None:
    buy = intent(Purpose.RESIZE, "L1", (Leg(CALL, 1),), quantity=2, limit_pts100=100)
    days = [
        day_record(day, positions=(PositionLine("hedge", "L1", CALL, 2, mark),))
        for day, mark in ((MONDAY, 1.75), (TUESDAY, 3.0))
    ]
    entries = [trade(buy, CALL, 2, 1.25)]

    _, layer = pnl_by_source(closing(TUESDAY, entries, days), closing(MONDAY, entries, days))

    assert (layer.cash_usd_cents, layer.fees_usd_e4, layer.pnl_usd_cents) == (0, 0, 25_000)


def test_a_missing_mark_makes_the_profit_of_its_source_unknown() -> None:
    buy = intent(Purpose.RESIZE, "L1", (Leg(CALL, 1),), quantity=2, limit_pts100=100)

    _, layer = pnl_by_source(closing(MONDAY, [trade(buy, CALL, 2, 1.25)], [day_record(MONDAY)]))

    assert layer.pnl_usd_cents is None
