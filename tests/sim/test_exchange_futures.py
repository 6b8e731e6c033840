"""VIX futures on the simulated exchange: margined and not paid for, settled on the morning auction."""

from __future__ import annotations

from datetime import date

import pytest
from sim_world import FEB18, MAR18, at, exchange_at, executions, order, packaged, run, single, vix

from daemon.core.market.contracts import TradingClass
from daemon.sim.exchange.api import Rejected, SimLeg, WhatIf
from daemon.sim.exchange.con_ids import future_con_id

MARCH = future_con_id(MAR18)
MAR19 = date(2020, 3, 19)
FEE = 2.38


def test_a_purchase_pays_its_fee_alone_and_asks_for_margin() -> None:
    exchange = exchange_at(FEB18)
    before = exchange.account()
    preview = exchange.what_if(order(1, single(MARCH), 30.0, quantity=2))

    (fill,) = executions(
        [*exchange.submit(order(1, single(MARCH), 30.0, quantity=2)), *run(exchange, at(FEB18, 10, 5))]
    )

    (position,) = exchange.positions()
    after = exchange.account()
    assert fill.commission == pytest.approx(2 * FEE)
    assert position.market_value == pytest.approx(2 * 1000 * position.mark)
    assert after.net_liquidation == pytest.approx(
        before.net_liquidation + 2 * 1000 * (position.mark - fill.price) - 2 * FEE
    )
    assert after.total_cash == pytest.approx(before.total_cash)
    assert after.option_market_value == 0
    # 35 % of 1,000 dollars a point, of each.
    assert after.initial_margin == pytest.approx(max(2 * 5000, 0.35 * 2 * 1000 * position.mark), rel=1e-6)
    assert isinstance(preview, WhatIf)
    assert preview.equity_after == pytest.approx(preview.equity_before - 2 * FEE)
    assert preview.initial_after == pytest.approx(after.initial_margin, rel=0.05)


def test_what_it_gained_is_cash_when_it_is_sold() -> None:
    exchange = exchange_at(FEB18)
    start = exchange.account().total_cash
    (bought,) = executions([*exchange.submit(order(1, single(MARCH), None)), *run(exchange, at(FEB18, 10, 5))])
    run(exchange, at(date(2020, 2, 28), 12, 0))
    (sold,) = executions(
        [*exchange.submit(order(2, single(MARCH), None, action="SELL")), *run(exchange, at(date(2020, 2, 28), 12, 5))]
    )

    gained = 1000 * (sold.price - bought.price) - 2 * FEE
    assert gained > 5_000
    assert sold.realized_pnl == pytest.approx(gained)
    assert exchange.positions() == []
    assert exchange.account().total_cash == pytest.approx(start + gained)
    assert exchange.account().net_liquidation == pytest.approx(start + gained)


def test_it_settles_on_the_auction_value_that_options_settle_on_and_nothing_jumps_overnight() -> None:
    exchange = exchange_at(date(2020, 3, 17), 12, 0)
    start = exchange.account().net_liquidation
    (bought,) = executions(
        [*exchange.submit(order(1, single(MARCH), None)), *run(exchange, at(date(2020, 3, 17), 12, 5))]
    )

    run(exchange, at(MAR18, 9, 30))

    value = exchange.settlement_value(TradingClass.VX, MAR18)
    assert value == exchange.settlement_value(TradingClass.VIX, MAR18)
    assert value is not None
    expected = start + 1000 * (value - bought.price) - FEE
    for when in (at(MAR18, 20, 0), at(MAR19, 2, 30), at(MAR19, 9, 35)):
        run(exchange, when)
        assert exchange.account().net_liquidation == pytest.approx(expected)
    assert exchange.positions() == []
    assert exchange.account().total_cash == pytest.approx(expected)


def test_its_price_keeps_to_five_cents_and_it_stops_before_its_settlement() -> None:
    exchange = exchange_at(FEB18)

    def code(leg: int, limit: float) -> int | None:
        (answer,) = [
            event for event in exchange.submit(order(leg, single(MARCH), limit)) if isinstance(event, Rejected)
        ]
        return answer.code

    assert code(1, 15.02) == 110
    run(exchange, at(date(2020, 3, 17), 16, 20))
    assert code(2, 15.05) == 200


def test_no_combination_is_of_futures_and_options() -> None:
    exchange = exchange_at(FEB18)

    (answer,) = exchange.submit(order(1, (SimLeg(MARCH, 1), SimLeg(vix(20), -10)), 10.0))

    assert isinstance(answer, Rejected)
    assert answer.code == 201


def test_the_account_is_found_again_with_its_futures() -> None:
    from daemon.sim.exchange import Exchange, ExchangeConfig
    from daemon.sim.market import Market

    exchange = exchange_at(FEB18)
    exchange.submit(order(1, single(MARCH), None))
    run(exchange, at(FEB18, 10, 5))

    again = Exchange(Market(packaged(), 7), ExchangeConfig(), exchange.dump(), exchange.now)

    assert again.positions() == exchange.positions()
    assert again.account() == exchange.account()
