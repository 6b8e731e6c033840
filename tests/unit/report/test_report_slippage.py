"""Slippage in reports: of one order in words and JSON, and summed by purpose."""

from dataclasses import replace
from datetime import timedelta

import pytest
from report_values import MONDAY, intent, trade, vix_call

from daemon.core.orders.intent import FillMarket, Intent, IntentState, Leg, Purpose, TimeInForce
from daemon.report.orders import OrderLine, order_lines
from daemon.report.slippage import fill_json, fill_words, slippage_by_purpose, slippage_of_all

CALL = vix_call(22, MONDAY + timedelta(days=16))


def bought(
    purpose: Purpose, price: float, *, mid: float | None, market: FillMarket | None, units: int = 2
) -> OrderLine:
    """Return an order for VIX calls that was filled."""
    tif = TimeInForce.GTC if purpose is Purpose.EXIT else TimeInForce.DAY
    order: Intent = intent(purpose, "L1", (Leg(CALL, 1),), quantity=units, limit_pts100=150, mid_pts=mid, tif=tif)
    done = replace(order, state=IntentState.FILLED, filled=units, fill_market=market)
    (line,) = order_lines([done], [trade(order, CALL, units, price)])
    return line


KNOWN = bought(Purpose.RESIZE, 1.40, mid=1.30, market=FillMarket(1.25, 1.45))
"""0.10 dearer than the mid: the market came 0.05 nearer, half a spread was 0.20, and 0.05 of it was saved."""
UNPARTED = bought(Purpose.RESIZE, 1.40, mid=1.30, market=None, units=1)
UNKNOWN = bought(Purpose.RESIZE, 1.40, mid=None, market=None)
RESTING = bought(Purpose.EXIT, 1.40, mid=None, market=None)


class TestOneOrder:
    def test_the_parts_are_told_in_points_and_dollars(self) -> None:
        assert fill_words(KNOWN) == (
            "filled at 1.40 db, mid 1.30 db, fees $1.00",
            "slippage +0.10 = +$20.00: delay -0.05 = -$10.00, spread +0.20 = +$40.00, execution -0.05 = -$10.00",
        )

    def test_parts_that_are_not_known_are_unknown_and_not_zero(self) -> None:
        assert fill_words(UNPARTED)[1] == "slippage +0.10 = +$10.00; its parts are unknown"
        assert fill_words(UNKNOWN)[1] == "slippage unknown: no mid at the decision is recorded"
        assert fill_json(UNPARTED)["delay_usd"] is None
        assert fill_json(UNKNOWN)["slippage_usd"] is None

    def test_a_resting_order_has_none(self) -> None:
        assert fill_words(RESTING) == ("filled at 1.40 db, resting order, fees $1.00",)

    def test_an_order_as_it_stood_before_its_last_fill_has_no_parts(self) -> None:
        order = replace(intent(Purpose.RESIZE, "L1", (Leg(CALL, 1),), quantity=2, mid_pts=1.3), filled=2)

        (line,) = order_lines([replace(order, fill_market=FillMarket(1.25, 1.45))], [trade(order, CALL, 1, 1.40)])

        assert (line.filled, line.slippage) == (1, None)

    def test_json_has_points_and_dollars_of_each_part(self) -> None:
        row = fill_json(KNOWN)

        assert (row["slippage_usd"], row["delay_usd"], row["spread_usd"], row["execution_usd"]) == (20, -10, 40, -10)
        assert row["spread_pts"] == pytest.approx(0.20)


class TestByPurpose:
    def test_known_and_unknown_orders_are_kept_apart(self) -> None:
        (line,) = slippage_by_purpose([KNOWN, UNPARTED, UNKNOWN, RESTING])

        assert (line.name, line.orders, line.unknown, line.units, line.parted) == ("hedge RESIZE", 2, 1, 3, 1)
        assert line.total_usd_cents == 3_000  # 20 and 10 dollars
        assert line.mean_pts == pytest.approx(0.10)  # 30 dollars over 3 calls of 100 dollars a point
        assert line.mean_usd_cents == 1_500
        assert line.parts_usd_cents == (-1_000, 4_000, -1_000)

    def test_a_purpose_of_which_nothing_is_known_has_no_mean(self) -> None:
        (line,) = slippage_by_purpose([UNKNOWN])

        assert (line.mean_pts, line.mean_usd_cents) == (None, None)

    def test_all_orders_together_are_the_sum_of_their_purposes(self) -> None:
        rolled = bought(Purpose.ROLL_BUY, 1.40, mid=1.30, market=None)

        found = slippage_of_all([KNOWN, UNPARTED, UNKNOWN, RESTING, rolled])

        parts = slippage_by_purpose([KNOWN, UNPARTED, UNKNOWN, RESTING, rolled])
        assert found.total_usd_cents == sum(line.total_usd_cents for line in parts)
        assert (found.orders, found.unknown, found.parted) == (3, 1, 1)

    def test_purposes_stand_in_the_order_of_their_names(self) -> None:
        rolled = bought(Purpose.ROLL_BUY, 1.40, mid=1.30, market=None)

        assert [line.name for line in slippage_by_purpose([rolled, KNOWN])] == ["hedge RESIZE", "hedge ROLL_BUY"]
