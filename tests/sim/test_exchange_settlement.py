from datetime import date, timedelta

import pytest
from sim_world import FEB18, MAR18, MAR20, at, condor, exchange_at, executions, order, packaged, run, single, spxw, vix

from daemon.core.market.contracts import TradingClass
from daemon.sim.exchange.api import PositionChanged
from daemon.sim.exchange.con_ids import INDEX_CON_IDS

MAR19, MAR21, MAR23 = date(2020, 3, 19), date(2020, 3, 21), date(2020, 3, 23)


def test_spxw_settles_on_the_closing_value_vanishes_overnight_and_pays_next_session() -> None:
    exchange = exchange_at(MAR20)
    put = spxw(2400, "P")
    exchange.submit(order(1, single(put), None))
    run(exchange, at(MAR20, 15, 59))
    cash = exchange.account().total_cash
    value = 2400 - packaged().facts(MAR20).spx.close  # 2304.92

    run(exchange, at(MAR20, 20, 0))
    assert exchange.positions()[0].mark == pytest.approx(value)
    assert exchange.account().total_cash == pytest.approx(cash)

    gone = run(exchange, at(MAR21, 2, 30))
    assert [event for event in gone if isinstance(event, PositionChanged)] == [PositionChanged(put, 0, 0.0)]
    assert executions(gone) == []
    assert exchange.positions() == []
    assert exchange.account().total_cash == pytest.approx(cash)
    assert exchange.account().net_liquidation == pytest.approx(cash + 100 * value)

    run(exchange, at(MAR23, 2, 30))
    assert exchange.account().total_cash == pytest.approx(cash + 100 * value)
    assert exchange.next_event_at() is None


def test_net_liquidation_does_not_jump_when_a_position_vanishes_or_its_cash_is_booked() -> None:
    exchange = exchange_at(MAR20)
    exchange.submit(order(1, condor(2250, 2450), None, quantity=2))
    run(exchange, at(MAR20, 16, 0))
    settled = exchange.account().net_liquidation

    for when in (at(MAR21, 2, 30), at(MAR23, 2, 30)):
        run(exchange, when)
        assert exchange.account().net_liquidation == pytest.approx(settled)


def test_vix_settles_in_the_morning_on_the_auction_value_not_the_close() -> None:
    exchange = exchange_at(date(2020, 3, 17), 12, 0)
    call = vix(40)
    exchange.submit(order(1, single(call), None))
    run(exchange, at(MAR18, 9, 29))
    assert exchange.settlement_value(TradingClass.VIX, MAR18) is None

    run(exchange, at(MAR18, 9, 30))

    value = exchange.settlement_value(TradingClass.VIX, MAR18)
    assert value is not None
    assert exchange.positions()[0].mark == pytest.approx(value - 40)
    opened = packaged().facts(MAR18).vix.open
    assert abs(value / opened - 1) < 0.1
    assert value != packaged().facts(MAR18).vix.close


def test_the_auction_value_is_published_as_an_index_of_its_own() -> None:
    exchange = exchange_at(MAR18, 9, 45)
    value = exchange.settlement_value(TradingClass.VIX, MAR18)

    (bar,) = exchange.bars(INDEX_CON_IDS["VRO"], exchange.now, 1440, 1)

    assert exchange.quotes([INDEX_CON_IDS["VRO"]])[0].last == value == bar.close
    assert bar.start == at(MAR18, 9, 30)


def test_settlement_values_of_each_class() -> None:
    exchange = exchange_at(MAR20, 16, 0)

    assert exchange.settlement_value(TradingClass.SPXW, MAR20) == 2304.92
    assert exchange.settlement_value(TradingClass.SPX, MAR20) == 2431.94
    assert exchange.settlement_value(TradingClass.SPXW, MAR23) is None


def test_an_early_close_settles_at_one() -> None:
    day = date(2019, 11, 29)
    exchange = exchange_at(day, 11, 0)
    exchange.submit(order(1, single(spxw(3100, "C", day)), None))
    run(exchange, at(day, 12, 59))

    assert exchange.next_event_at() == at(day, 13, 0)
    run(exchange, at(day, 13, 0))

    assert exchange.positions()[0].mark == pytest.approx(3140.98 - 3100)


def test_a_settled_position_needs_no_margin_and_cannot_be_traded() -> None:
    exchange = exchange_at(MAR20)
    exchange.submit(order(1, condor(2250, 2450), None))
    run(exchange, at(MAR20, 15, 0))
    assert exchange.account().initial_margin == 2_500

    run(exchange, at(MAR20, 16, 0))

    assert exchange.account().initial_margin == 0
    assert exchange.quotes([spxw(2250, "P")])[0].ask is None


def test_a_long_absence_happens_in_order() -> None:
    """A gateway that was off for a month finds expiries settled and cash booked."""
    slow, fast = exchange_at(FEB18), exchange_at(FEB18)
    for exchange in (slow, fast):
        exchange.submit(order(1, condor(), -5.0, quantity=2))
        exchange.submit(order(2, single(vix(18)), None, quantity=4))
        exchange.submit(order(3, condor(3150, 3500), -14.0, tif="GTC"))
        exchange.advance(exchange.now + timedelta(seconds=1))

    once = fast.advance(at(date(2020, 3, 31), 12, 0))
    stepwise = run(slow, at(date(2020, 3, 31), 12, 0))

    assert once == stepwise
    assert fast.dump() == slow.dump()
    assert fast.positions() == []
