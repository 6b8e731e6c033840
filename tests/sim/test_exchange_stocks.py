"""Stocks and a currency pair on the simulated exchange: prices that follow the indexes, orders, fees, margin, bars."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sim_world import FEB18, at, exchange_at, executions, order, run, single

from daemon.sim.exchange import Exchange
from daemon.sim.exchange.api import ContractQuery, OrderChanged, Rejected, SecType, SimLeg, SimStatus, WhatIf
from daemon.sim.exchange.con_ids import FUND_OF, PAIR_OF, SHARE_OF, STOCK_CON_IDS

SPY, AAPL = STOCK_CON_IDS["SPY"], STOCK_CON_IDS["AAPL"]
(EUR_USD,) = PAIR_OF


def bought(exchange: Exchange, con_id: int, quantity: int) -> float:
    """Buy shares at the market; return what one has cost."""
    now = exchange.now
    (fill,) = executions(
        [
            *exchange.submit(order(1, single(con_id), None, quantity=quantity)),
            *run(exchange, now + timedelta(minutes=2)),
        ]
    )
    return fill.price


def test_every_share_and_the_pair_are_listed_by_their_names() -> None:
    exchange = exchange_at(FEB18)

    found = [exchange.listings(ContractQuery(symbol=symbol, sec_type="STK"))[0] for symbol in SHARE_OF.values()]
    (pair,) = exchange.listings(ContractQuery(symbol="EUR", sec_type="CASH", exchange="IDEALPRO"))

    assert [one.con_id for one in found] == list(SHARE_OF)
    assert {one.exchange for one in found} == {"ARCA", "NASDAQ", "BATS"}
    assert (pair.symbol, pair.local_symbol, pair.min_tick, pair.con_id) == ("EUR", "EUR.USD", 0.00005, EUR_USD)
    assert pair.sec_type is SecType.CASH
    assert exchange.listings(ContractQuery(symbol="AAPL", sec_type="STK", exchange="CFE")) == []


def test_a_fund_of_spx_is_a_tenth_of_it_all_through_the_session() -> None:
    # SPX opened at 3369.04 on 2020-02-18 and closed at 3370.29, after 3380.16 on the Friday before.
    exchange = exchange_at(FEB18, 16, 0)

    (spx,) = exchange.bars(416904, exchange.now, 1440, 1)
    (spy,) = exchange.bars(SPY, exchange.now, 1440, 1)
    (quote,) = exchange.quotes([SPY])

    assert spy.open == pytest.approx(336.9, abs=0.011)
    assert spy.close == pytest.approx(337.03, abs=0.011)
    assert spy.high == pytest.approx(spx.high / 10, abs=0.006)
    assert spy.low == pytest.approx(spx.low / 10, abs=0.006)
    assert quote.previous_close == pytest.approx(338.02, abs=0.011)
    assert quote.last == spy.close


def test_a_stock_moves_more_than_the_index_and_the_pair_against_vix() -> None:
    friday, monday = exchange_at(date(2020, 3, 6), 16, 0), exchange_at(date(2020, 3, 9), 16, 0)

    def change(con_id: int) -> float:
        before, after = (one.bars(con_id, one.now, 1440, 1)[0].close for one in (friday, monday))
        return after / before - 1

    # SPX lost 7.6 % on 2020-03-09, and VIX went from 41.94 to 54.46.
    assert change(416904) == pytest.approx(-0.076, abs=0.001)
    assert change(SPY) == pytest.approx(-0.076, abs=0.001)
    assert -0.11 < change(AAPL) < -0.09
    assert -0.01 < change(EUR_USD) < 0


@pytest.mark.parametrize("con_id", [SPY, AAPL, EUR_USD, *FUND_OF])
def test_minute_bars_make_up_the_session(con_id: int) -> None:
    exchange = exchange_at(FEB18, 16, 0)

    minutes = exchange.bars(con_id, exchange.now, 1, 390)
    (day,) = exchange.bars(con_id, exchange.now, 1440, 1)

    assert len(minutes) == 390
    assert minutes[0].open == pytest.approx(day.open, abs=0.006)
    assert minutes[-1].close == pytest.approx(day.close, abs=0.006)
    assert max(one.high for one in minutes) == pytest.approx(day.high, abs=0.006)
    assert min(one.low for one in minutes) == pytest.approx(day.low, abs=0.006)


def test_the_pair_is_quoted_at_night_and_takes_no_order() -> None:
    exchange = exchange_at(FEB18, 3, 0)

    (pair, share) = exchange.quotes([EUR_USD, SPY])
    refused = exchange.submit(order(1, single(EUR_USD), None))

    assert pair.bid is not None
    assert pair.ask == pytest.approx(pair.bid + 0.0001)
    assert pair.last is None
    assert (share.bid, share.ask) == (None, None)
    assert share.last == pytest.approx(338.02, abs=0.011)
    assert [one.code for one in refused if isinstance(one, Rejected)] == [200]


# Interactive Brokers' fixed pricing: half a cent a share, at least a dollar, at most one per cent of the value.
@pytest.mark.parametrize(("quantity", "fee"), [(1, 1.0), (100, 1.0), (1000, 5.0)])
def test_a_purchase_costs_its_ask_and_the_fee_and_keeps_its_value(quantity: int, fee: float) -> None:
    exchange = exchange_at(FEB18)
    (quote,) = exchange.quotes([SPY])
    assert quote.ask is not None

    price = bought(exchange, SPY, quantity)

    account = exchange.account()
    (execution,) = exchange.executions()
    (position,) = exchange.positions()
    assert price == pytest.approx(quote.ask, abs=0.15)
    assert execution.commission == fee
    assert account.total_cash == pytest.approx(1_000_000 - quantity * price - fee, abs=0.01)
    assert position.average_cost == pytest.approx(price + fee / quantity, abs=1e-4)
    # Regulation T asks for half of the value, of which a quarter must stay.
    value = position.market_value
    assert account.initial_margin == pytest.approx(0.5 * value)
    assert account.maintenance_margin == pytest.approx(0.25 * value)
    assert account.available_funds == pytest.approx(account.total_cash + value - 0.5 * value)
    assert account.option_market_value == 0


def test_a_preview_says_the_margin_and_the_fee_that_follow() -> None:
    exchange = exchange_at(FEB18)

    preview = exchange.what_if(order(1, single(SPY), 337.0, quantity=200))

    assert isinstance(preview, WhatIf)
    assert preview.commission == 1.0
    assert preview.initial_after - preview.initial_before == pytest.approx(0.5 * 200 * 337, rel=0.01)
    assert preview.maintenance_after == pytest.approx(preview.initial_after / 2)
    assert preview.equity_after == pytest.approx(preview.equity_before - 1.0)


def test_more_than_half_of_the_value_must_be_there() -> None:
    exchange = exchange_at(FEB18)

    events = exchange.submit(order(1, single(SPY), None, quantity=6_000))

    assert [one.code for one in events if isinstance(one, Rejected)] == [201]


def test_shares_are_sold_short_and_bought_back() -> None:
    exchange = exchange_at(FEB18)
    sold = order(1, single(AAPL), None, quantity=100, action="SELL")

    exchange.submit(sold)
    run(exchange, at(FEB18, 10, 5))
    (short,) = exchange.positions()
    exchange.submit(order(2, single(AAPL), None, quantity=100))
    run(exchange, at(FEB18, 10, 10))

    assert (short.con_id, short.quantity) == (AAPL, -100)
    assert exchange.positions() == []


def test_an_order_in_shares_waits_for_the_session_and_ends_with_it() -> None:
    early = exchange_at(FEB18, 16, 5)

    (accepted,) = early.submit(order(1, single(SPY), 300.0, tif="GTC"))
    resting = exchange_at(FEB18, 15, 59)
    resting.submit(order(1, single(SPY), 300.0))
    ended = [one.order for one in run(resting, at(FEB18, 16, 1)) if isinstance(one, OrderChanged)]

    # The shares stop at 16:00, a quarter of an hour before the options.
    assert isinstance(accepted, OrderChanged)
    assert (accepted.code, accepted.order.status) == (399, SimStatus.PRE_SUBMITTED)
    assert "2020-02-19 09:30:00" in accepted.text
    assert [one.status for one in ended] == [SimStatus.CANCELLED]


@pytest.mark.parametrize(("limit", "code"), [(336.005, 110), (0.0, 110), (-1.0, 110)])
def test_a_share_is_priced_in_whole_cents_above_zero(limit: float, code: int) -> None:
    events = exchange_at(FEB18).submit(order(1, single(SPY), limit))

    assert [one.code for one in events if isinstance(one, Rejected)] == [code]


def test_shares_are_not_traded_in_combos() -> None:
    events = exchange_at(FEB18).submit(order(1, (SimLeg(SPY, 1), SimLeg(AAPL, -1)), 1.0))

    assert [one.code for one in events if isinstance(one, Rejected)] == [201]


def test_shares_survive_a_restart_and_pay_no_settlement() -> None:
    exchange = exchange_at(FEB18)
    bought(exchange, SPY, 10)
    again = Exchange(exchange._market, exchange._config, exchange.dump(), exchange.now)

    run(again, at(date(2020, 2, 20), 10, 0))

    (held,) = again.positions()
    assert (held.con_id, held.quantity) == (SPY, 10)
    assert held.market_value == pytest.approx(10 * held.mark)


def test_volume_grows_through_the_session_and_only_of_what_is_traded() -> None:
    morning, evening = exchange_at(FEB18, 10, 0), exchange_at(FEB18, 15, 30)

    assert 0 < (morning.volume(SPY) or 0) < (evening.volume(SPY) or 0)
    assert exchange_at(FEB18, 10, 0).volume(SPY) == morning.volume(SPY)
    assert morning.volume(416904) is None
    assert morning.volume(EUR_USD) is None
