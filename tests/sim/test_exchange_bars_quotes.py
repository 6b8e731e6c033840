from datetime import date, timedelta
from itertools import pairwise

import pytest
from sim_world import FEB18, at, condor, exchange_at, packaged, spxw, vix

from daemon.core.calendar.sessions import add_sessions
from daemon.sim.exchange.api import BarSide
from daemon.sim.exchange.con_ids import INDEX_CON_IDS, future_con_id

SPX, VIX = INDEX_CON_IDS["SPX"], INDEX_CON_IDS["VIX"]


def test_daily_bars_are_the_published_sessions() -> None:
    exchange = exchange_at(FEB18, 16, 20)

    bars = exchange.bars(SPX, exchange.now, 1440, 60)

    assert len(bars) == 60
    facts = packaged().facts(add_sessions(FEB18, -59)).spx
    assert (bars[0].open, bars[0].high, bars[0].low, bars[0].close) == (facts.open, facts.high, facts.low, facts.close)
    assert bars[-1].close == packaged().facts(FEB18).spx.close


def test_the_bar_of_a_session_in_progress_knows_nothing_of_what_follows() -> None:
    exchange = exchange_at(FEB18, 11, 0)

    bar = exchange.bars(SPX, exchange.now, 1440, 1)[0]

    assert bar.close == exchange.quotes([SPX])[0].last
    later = exchange.bars(SPX, at(FEB18, 16, 20), 1440, 1)[0]
    assert later == bar


def test_minute_bars_join_and_end_now() -> None:
    exchange = exchange_at(FEB18, 15, 30)

    bars = exchange.bars(VIX, exchange.now, 1, 15)

    assert [bar.start for bar in bars] == [at(FEB18, 15, 15 + n) for n in range(15)]
    assert all(before.close == after.open for before, after in pairwise(bars))
    assert bars[-1].close == exchange.quotes([VIX])[0].last


def test_minute_bars_reach_back_over_the_weekend() -> None:
    exchange = exchange_at(FEB18, 9, 35)

    bars = exchange.bars(VIX, exchange.now, 1, 8)

    assert bars[2].start == at(date(2020, 2, 14), 15, 59)
    assert bars[3].start == at(FEB18, 9, 30)


@pytest.mark.parametrize("symbol", ["VVIX", "VIX9D", "VIX3M", "SKEW", "AD-NYSE"])
def test_an_index_of_which_only_closes_are_known_has_a_flat_daily_bar(symbol: str) -> None:
    exchange = exchange_at(FEB18, 9, 5)
    facts = packaged().facts(date(2020, 2, 14))
    net = (facts.advancing or 0) - (facts.declining or 0)
    closes = {"VVIX": facts.vvix, "VIX9D": facts.vix9d, "VIX3M": facts.vix3m, "SKEW": facts.skew, "AD-NYSE": net}

    bars = exchange.bars(INDEX_CON_IDS[symbol], exchange.now, 1440, 40)

    assert len(bars) == 40
    assert bars[-1].start == at(date(2020, 2, 14), 9, 30)
    assert {bars[-1].open, bars[-1].high, bars[-1].low, bars[-1].close} == {closes[symbol]}


def test_breadth_is_known_when_the_session_is_over() -> None:
    breadth = INDEX_CON_IDS["AD-NYSE"]
    facts = packaged().facts(FEB18)

    during, after = (exchange_at(FEB18, *clock) for clock in ((15, 59), (16, 0)))

    assert during.bars(breadth, during.now, 1440, 1)[0].start == at(date(2020, 2, 14), 9, 30)
    assert after.bars(breadth, after.now, 1440, 1)[0].start == at(FEB18, 9, 30)
    (quote,) = after.quotes([breadth])
    assert (quote.bid, quote.ask, quote.last) == (facts.advancing, facts.declining, None)
    assert during.quotes([breadth])[0].bid == packaged().facts(date(2020, 2, 14)).advancing


def test_an_option_has_bars_of_its_middle_and_of_both_sides() -> None:
    exchange, put = exchange_at(FEB18, 12, 0), spxw(3200, "P")

    middle, bid, ask = (
        exchange.bars(put, exchange.now, 5, 30, side) for side in (BarSide.TRADES, BarSide.BID, BarSide.ASK)
    )

    (quote,) = exchange.quotes([put])
    assert quote.bid is not None
    assert quote.ask is not None
    assert [one.start for one in middle] == [at(FEB18, 9, 30) + timedelta(minutes=5 * n) for n in range(30)]
    assert middle[-1].close == pytest.approx((quote.bid + quote.ask) / 2)
    assert bid[-1].close == pytest.approx(quote.bid)
    assert ask[-1].close == pytest.approx(quote.ask)
    assert all(low.low < up.low for low, up in zip(bid, ask, strict=True))
    assert middle == exchange.bars(put, exchange.now, 5, 30, BarSide.MIDPOINT)


def test_the_bars_of_an_option_end_with_its_last_trade_and_a_day_is_one_bar() -> None:
    # Settles on the opening of Wednesday 2020-03-18 and trades for the last time on the Tuesday.
    exchange, call = exchange_at(date(2020, 3, 19), 12, 0), vix(40.0)

    bars = exchange.bars(call, exchange.now, 1440, 3)

    assert [one.start.date() for one in bars] == [date(2020, 3, 13), date(2020, 3, 16), date(2020, 3, 17)]
    assert all(one.low <= min(one.open, one.close) <= max(one.open, one.close) <= one.high for one in bars)


def test_the_bars_of_a_future_are_those_of_its_curve() -> None:
    exchange = exchange_at(FEB18, 16, 0)
    future = future_con_id(date(2020, 3, 18))

    (day,) = exchange.bars(future, exchange.now, 1440, 1)

    assert day.close == pytest.approx(dict(packaged().facts(FEB18).futures)[date(2020, 3, 18)], abs=0.05)


def test_what_is_no_contract_has_no_bars() -> None:
    exchange = exchange_at(FEB18)

    assert exchange.bars(4711, exchange.now, 1, 5) == []


def test_an_index_quote_shows_the_day_so_far_without_bid_or_ask() -> None:
    (quote,) = exchange_at(FEB18, 12, 0).quotes([SPX])

    assert (quote.bid, quote.ask, quote.open, quote.previous_close) == (None, None, 3369.04, 3380.16)
    assert quote.low is not None
    assert quote.high is not None
    assert quote.last is not None
    assert quote.low <= quote.last <= quote.high


def test_before_the_open_an_index_shows_the_last_close_only() -> None:
    (quote,) = exchange_at(FEB18, 9, 0).quotes([SPX])

    assert (quote.last, quote.previous_close, quote.open) == (3380.16, 3380.16, None)


def test_options_are_quoted_in_hours_only_while_greeks_stay() -> None:
    con_id = spxw(3200, "P")
    early, open_, curb = (exchange_at(FEB18, *when).quotes([con_id])[0] for when in ((9, 29), (9, 30), (16, 15)))

    assert (early.bid, early.ask, curb.bid, curb.ask) == (None,) * 4
    assert open_.bid is not None
    assert early.greeks is not None
    assert curb.greeks is not None


def test_greeks_are_per_vol_point_and_calendar_day() -> None:
    """About 10.7 points, delta -0.13, vega 2.1 and theta -0.54 for a 30-day put 5 % below an index of 3370 at VIX 14.6."""
    (quote,) = exchange_at(FEB18, 15, 30).quotes([spxw(3200, "P")])

    assert quote.greeks is not None
    assert -0.20 < quote.greeks.delta < -0.10
    assert 1.5 < quote.greeks.vega < 3.0
    assert -0.8 < quote.greeks.theta < -0.3
    assert 0.13 < quote.greeks.iv < 0.20


def test_an_unknown_number_has_an_empty_quote() -> None:
    (quote,) = exchange_at(FEB18).quotes([17])

    assert (quote.bid, quote.ask, quote.last, quote.greeks) == (None, None, None, None)


def test_a_combo_quote_is_the_sum_of_its_legs() -> None:
    exchange = exchange_at(FEB18)
    legs = condor()
    quotes = exchange.quotes([leg.con_id for leg in legs])

    combo = exchange.combo_quote(legs)

    natural = sum(
        (quote.ask if leg.ratio > 0 else -(quote.bid or 0)) or 0 for leg, quote in zip(legs, quotes, strict=True)
    )
    assert combo.ask == pytest.approx(natural)
    assert combo.bid is not None
    assert combo.ask is not None
    assert combo.bid < combo.ask < 0


def test_a_future_is_quoted_around_its_level() -> None:
    exchange = exchange_at(FEB18)

    (quote,) = exchange.quotes([future_con_id(date(2020, 3, 18))])

    assert quote.bid is not None
    assert quote.ask is not None
    assert 13 < quote.bid < quote.ask < 19


def test_quotes_move_with_time_and_repeat_at_the_same_time() -> None:
    exchange = exchange_at(FEB18)
    ids = [SPX, vix(18), spxw(3200, "P")]
    first = exchange.quotes(ids)

    exchange.advance(exchange.now + timedelta(minutes=30))

    assert exchange.quotes(ids) != first
    assert exchange_at(FEB18).quotes(ids) == first
