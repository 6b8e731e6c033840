from datetime import date, datetime, timedelta

import numpy as np
import pytest
import QuantLib
from sim_world import FEB18, MAR18, MAR20, at, packaged

from daemon.core.calendar.sessions import previous_session, session
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.parity import parity_forward
from daemon.errors import HistoryError
from daemon.sim.market import Market, contract_set
from daemon.sim.market.market import DIVIDEND_YIELD

CALM = date(2017, 9, 20)
SAMPLES = (CALM, date(2018, 2, 5), FEB18, date(2020, 3, 16), date(2024, 8, 5), date(2025, 4, 8))
YEAR = timedelta(days=365)


def _chain(
    cls: TradingClass, expiry: date, strikes: np.ndarray, rights: tuple[Right, ...] = (Right.CALL, Right.PUT)
) -> list[OptionContract]:
    return [OptionContract(cls, expiry, round(strike * 100), right) for right in rights for strike in strikes.tolist()]


def _market(day: date) -> Market:
    assert day in packaged().days
    return Market(packaged(), 7)


def _expiries(day: date) -> list[date]:
    return [_plus(day, n) for n in (1, 4, 7, 16, 30, 45, 60, 90)]


def _plus(day: date, days: int) -> date:
    return previous_session(day + timedelta(days=days + 1))


def _quotes(market: Market, contracts: list[OptionContract], when: datetime) -> tuple[np.ndarray, np.ndarray]:
    laid_out = contract_set(contracts, when.date())
    snapshot = market.snapshot(when)
    bids, asks = market.bids_asks(laid_out, snapshot, market.values(laid_out, snapshot).price)
    return bids[0], asks[0]


def test_vix_options_obey_parity_against_their_future_and_not_against_spot() -> None:
    market, when = _market(FEB18), at(FEB18, 12, 0)
    strikes = np.arange(12.0, 26.0)
    bids, asks = _quotes(market, _chain(TradingClass.VIX, date(2020, 4, 15), strikes), when)
    mids = 0.5 * (bids + asks)
    discount = float(np.exp(-market.history.facts(FEB18).bill_rate_pct / 100 * 57 / 365))

    implied = parity_forward(strikes, mids[: strikes.size], mids[strikes.size :], discount)

    assert implied == pytest.approx(market.future(date(2020, 4, 15), when), abs=0.05)
    assert abs(implied - market.index("VIX", when)) > 1.0


def test_a_future_ends_the_session_on_its_settle() -> None:
    facts = packaged().facts(FEB18)

    assert [_market(FEB18).future(expiry, at(FEB18, 16, 0)) for expiry, _ in facts.futures] == pytest.approx(
        [settle for _, settle in facts.futures]
    )


def test_a_weekly_future_lies_between_the_months_around_it() -> None:
    market, when = _market(FEB18), at(FEB18, 16, 0)
    march, april = market.future(MAR18, when), market.future(date(2020, 4, 15), when)

    weekly = market.future(date(2020, 4, 1), when)

    assert min(march, april) < weekly < max(march, april)


def test_spx_options_obey_parity_on_the_forward_of_bill_rate_and_dividends() -> None:
    market, when = _market(FEB18), at(FEB18, 12, 0)
    strikes = np.arange(3300.0, 3450.0, 5)
    bids, asks = _quotes(market, _chain(TradingClass.SPXW, MAR20, strikes), when)
    mids = 0.5 * (bids + asks)
    years = (session(MAR20).close_at - when) / YEAR
    rate = market.history.facts(FEB18).bill_rate_pct / 100

    implied = parity_forward(strikes, mids[: strikes.size], mids[strikes.size :], float(np.exp(-rate * years)))

    assert implied == pytest.approx(market.index("SPX", when) * np.exp((rate - DIVIDEND_YIELD) * years), abs=0.1)


@pytest.mark.parametrize("day", SAMPLES)
def test_call_prices_fall_and_are_convex_in_strike(day: date) -> None:
    market, when = _market(day), at(day, 13, 7)
    spot = market.index("SPX", when)
    grids = [
        (TradingClass.SPXW, expiry, np.arange(round(spot * 0.5, -1), spot * 1.3, 5.0)) for expiry in _expiries(day)
    ]
    grids += [(TradingClass.VIX, expiry, np.arange(8.0, 120.0)) for expiry, _ in packaged().facts(day).futures[:6]]
    for cls, expiry, strikes in grids:
        laid_out = contract_set(_chain(cls, expiry, strikes, (Right.CALL,)), day)
        prices = market.prices(laid_out, market.snapshot(when))[0]
        assert np.all(np.diff(prices) <= 1e-9), (cls, expiry)
        assert np.all(np.diff(prices, 2) >= -1e-7), (cls, expiry)


@pytest.mark.parametrize("day", SAMPLES)
def test_total_variance_never_falls_with_expiry_at_equal_moneyness(day: date) -> None:
    market, when = _market(day), at(day, 13, 7)
    before: np.ndarray | None = None
    for expiry in _expiries(day):
        years = (session(expiry).close_at - when) / YEAR
        rate = market.history.facts(day).bill_rate_pct / 100
        forward = market.index("SPX", when) * float(np.exp((rate - DIVIDEND_YIELD) * years))
        strikes = forward * np.exp(np.linspace(-0.3, 0.15, 31))
        contracts = _chain(TradingClass.SPXW, expiry, strikes, (Right.CALL,))
        variance = market.values(contract_set(contracts, day), market.snapshot(when)).vol[0] ** 2 * years
        if before is not None:
            assert np.all(variance >= before * (1 - 1e-3)), expiry
        before = variance


def test_an_spxw_option_ends_at_its_settlement_value() -> None:
    market = _market(MAR20)
    contracts = _chain(TradingClass.SPXW, MAR20, np.array([2200.0, 2300.0, 2305.0, 2400.0]), (Right.PUT,))

    last = market.prices(contract_set(contracts, MAR20), market.snapshot(at(MAR20, 16, 0)))[0]

    assert last == pytest.approx([0.0, 0.0, 2305 - 2304.92, 2400 - 2304.92], abs=1e-6)


def test_prices_without_greeks_equal_those_with_them() -> None:
    market, grid_day = _market(FEB18), FEB18
    contracts = _chain(TradingClass.SPXW, MAR20, np.arange(2800.0, 3700.0, 25)) + _chain(
        TradingClass.VIX, MAR18, np.arange(10.0, 40.0)
    )
    laid_out, snapshot = contract_set(contracts, FEB18), market.grid(grid_day, 100)

    assert market.prices(laid_out, snapshot) == pytest.approx(market.values(laid_out, snapshot).price, abs=1e-9)


def test_one_instant_equals_the_same_minute_of_the_whole_session() -> None:
    market = _market(FEB18)
    laid_out = contract_set(_chain(TradingClass.SPXW, MAR20, np.arange(2800.0, 3700.0, 25)), FEB18)

    now = market.prices(laid_out, market.snapshot(at(FEB18, 11, 40)))[0]

    assert market.prices(laid_out, market.grid(FEB18, 0))[130] == pytest.approx(now, abs=1e-9)


def test_greeks_are_those_of_quantlib_at_the_volatility_of_each_strike() -> None:
    market, when = _market(FEB18), at(FEB18, 12, 0)
    contracts = _chain(TradingClass.SPXW, MAR20, np.array([3200.0, 3300.0, 3400.0]), (Right.PUT,))
    values = market.values(contract_set(contracts, FEB18), market.snapshot(when))
    years = (session(MAR20).close_at - when) / YEAR
    discount = float(np.exp(-market.history.facts(FEB18).bill_rate_pct / 100 * years))
    forward = float(values.forward[0, 0])

    for n, contract in enumerate(contracts):
        deviation = float(values.vol[0, n]) * years**0.5
        oracle = QuantLib.BlackCalculator(
            QuantLib.PlainVanillaPayoff(QuantLib.Option.Put, contract.strike), forward, deviation, discount
        )
        assert values.price[0, n] == pytest.approx(oracle.value(), rel=1e-9)
        assert values.delta[0, n] == pytest.approx(oracle.delta(market.index("SPX", when)), rel=1e-5)
        assert values.vega[0, n] == pytest.approx(oracle.vega(years), rel=1e-9)


def test_before_the_open_the_market_is_the_close_before() -> None:
    market = _market(FEB18)

    assert market.index("SPX", at(FEB18, 9, 0)) == packaged().facts(date(2020, 2, 14)).spx.close
    assert market.index_day("SPX", at(FEB18, 9, 0)) == (None, 3380.16)


def test_the_session_so_far_grows_to_the_published_day() -> None:
    market, facts = _market(FEB18), packaged().facts(FEB18)

    assert market.index_day("SPX", at(FEB18, 16, 30)) == (facts.spx, 3380.16)


def test_morning_settlement_else_stays_near_the_opening_vix_and_depends_on_the_seed_only() -> None:
    first, same, other = (Market(packaged(), seed).soq(MAR18) for seed in (1, 1, 2))

    assert first == same != other
    assert abs(np.log(first / packaged().facts(MAR18).vix.open)) < 0.1


def test_a_session_without_facts_is_refused_with_the_nearest_windows() -> None:
    with pytest.raises(HistoryError, match="2019-11-05 to 2020-04-30"):
        Market(packaged(), 1).index("SPX", at(date(2020, 5, 1), 12, 0))
