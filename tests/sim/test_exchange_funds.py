"""Funds of VIX futures on the simulated exchange, and their options, exercised into shares."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sim_world import FEB18, at, executions, order, packaged, run, single

from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.exchange.api import ContractQuery, SecType
from daemon.sim.exchange.con_ids import FUND_CON_IDS, option_con_id
from daemon.sim.market import Market

FRIDAY, SATURDAY, MONDAY = date(2020, 3, 13), date(2020, 3, 14), date(2020, 3, 16)
VXX = FUND_CON_IDS[Underlying.VXX]
FEE = 0.69


def exchange_at(day: date, hour: int = 10) -> Exchange:
    return Exchange(Market(packaged(), 7, FEB18), ExchangeConfig(partial_probability=0.0), None, at(day, hour, 0))


def vxx(strike: float, right: Right, expiry: date = FRIDAY) -> int:
    return option_con_id(OptionContract(TradingClass.VXX, expiry, round(strike * 100), right))


def test_a_share_is_listed_quoted_and_bought_at_its_ask() -> None:
    exchange = exchange_at(FEB18)

    (share,) = exchange.listings(ContractQuery(symbol="VXX", sec_type="STK"))
    (quote,) = exchange.quotes([share.con_id])
    (fill,) = executions([*exchange.submit(order(1, single(share.con_id), None)), *run(exchange, at(FEB18, 10, 5))])

    assert (share.sec_type, share.exchange, share.multiplier) == (SecType.STOCK, "BATS", 1)
    assert quote.bid is not None
    assert quote.ask == pytest.approx(quote.bid + 0.02)
    assert fill.price == pytest.approx(quote.ask, abs=0.02)


def test_options_are_listed_around_the_share_in_half_and_whole_dollars() -> None:
    (params,) = exchange_at(FEB18).chain_params(Underlying.VXX)

    # The share was worth 30 before the first session: 15 to 45 by halves, to 90 by ones; six Fridays and the monthlies behind.
    assert params.strikes[0] == 15.0
    assert params.strikes[-1] == 90.0
    assert {14.5, 45.5, 90.5}.isdisjoint(params.strikes)
    assert {15.5, 44.5, 45.0, 46.0, 89.0} <= set(params.strikes)
    assert params.last_trades[:3] == (date(2020, 2, 21), date(2020, 2, 28), date(2020, 3, 6))


def test_a_purchase_pays_the_premium_and_the_fee_of_an_equity_option() -> None:
    exchange = exchange_at(FEB18)
    call = option_con_id(OptionContract(TradingClass.VXX, date(2020, 3, 20), 3300, Right.CALL))

    (fill,) = executions([*exchange.submit(order(1, single(call), None, quantity=2)), *run(exchange, at(FEB18, 10, 5))])

    account = exchange.account()
    assert fill.commission == pytest.approx(2 * FEE)
    assert account.total_cash == pytest.approx(1_000_000 - 200 * fill.price - 2 * FEE)
    assert account.initial_margin == 0  # long options are paid in full


@pytest.mark.parametrize(("strike", "right", "shares"), [(40.0, Right.CALL, 200), (140.0, Right.PUT, -200)])
def test_in_the_money_an_option_becomes_shares_at_its_strike(strike: float, right: Right, shares: int) -> None:
    exchange = exchange_at(date(2020, 3, 12))
    option = vxx(strike, right)
    (bought,) = executions(
        [*exchange.submit(order(1, single(option), None, quantity=2)), *run(exchange, at(date(2020, 3, 12), 10, 5))]
    )
    run(exchange, at(FRIDAY, 16, 0))
    close = exchange.settlement_value(TradingClass.VXX, FRIDAY)
    assert close is not None
    worth = exchange.account().net_liquidation

    run(exchange, at(SATURDAY, 8, 0))
    (held,) = exchange.positions()
    over_night = exchange.account().net_liquidation
    run(exchange, at(MONDAY, 9, 0))

    assert 40.0 < close < 140.0
    assert (held.con_id, held.quantity) == (VXX, shares)
    assert held.mark == pytest.approx(close, abs=0.01)
    assert over_night == pytest.approx(worth, abs=2.0)  # the close is told to the cent, the share is not
    # Nothing but the strike is paid for a share, and the premium before.
    paid = 200 * bought.price + 2 * FEE + shares * strike
    assert exchange.account().total_cash == pytest.approx(1_000_000 - paid)
    assert exchange.account().option_market_value == 0


def test_out_of_the_money_it_vanishes() -> None:
    exchange = exchange_at(date(2020, 3, 12))
    run(exchange, at(date(2020, 3, 12), 10, 1))
    exchange.submit(order(1, single(vxx(150.0, Right.CALL)), None))
    run(exchange, at(date(2020, 3, 12), 10, 5))
    assert len(exchange.positions()) == 1

    run(exchange, at(MONDAY, 9, 0))

    assert exchange.positions() == []


def test_an_exchange_that_starts_again_goes_on_with_shares_and_their_worth() -> None:
    exchange = exchange_at(date(2020, 3, 12))
    exchange.submit(order(1, single(vxx(40.0, Right.CALL)), None))
    run(exchange, at(SATURDAY, 8, 0))
    state = json.loads(json.dumps(exchange.dump()))

    again = Exchange(
        Market(packaged(), 7, date.fromisoformat(state["funds_from"])),
        ExchangeConfig(partial_probability=0.0),
        state,
        at(SATURDAY, 8, 0),
    )

    assert again.positions() == exchange.positions()
    assert again.account() == exchange.account()
    assert run(again, at(MONDAY, 10, 0)) == run(exchange, at(MONDAY, 10, 0))


def test_daily_bars_of_a_fund_end_with_its_close_and_begin_with_its_first_session() -> None:
    exchange = exchange_at(date(2020, 2, 20), 17)

    bars = exchange.bars(VXX, at(date(2020, 2, 20), 17, 0), 1440, 10)

    assert [bar.start.date() for bar in bars] == [FEB18, date(2020, 2, 19), date(2020, 2, 20)]
    (quote,) = exchange.quotes([VXX])
    assert bars[-1].close == quote.last
