"""Funds of VIX futures: a share by hand from the settles of two futures, and options on it against QuantLib."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import QuantLib
from sim_world import FEB18, at, packaged

from daemon.core.market.contracts import OptionContract, Right, TradingClass, Underlying
from daemon.sim.market import Market, contract_set

FEB19, FEB21 = date(2020, 2, 19), date(2020, 2, 21)
MARCH, APRIL = date(2020, 3, 18), date(2020, 4, 15)
EXPIRY = date(2020, 3, 20)


def market() -> Market:
    return Market(packaged(), 7, FEB19)


def by_hand(fund: Underlying, first_usd: float, multiple: float) -> float:
    """On 19 February 2020 the March future has 28 days and the April one 56: 54/28 are 26 shares of 28 and 2 of 28."""
    before, now = (dict(packaged().facts(day).futures) for day in (FEB18, FEB19))
    march, april = (now[expiry] / before[expiry] - 1 for expiry in (MARCH, APRIL))
    return first_usd * (1 + multiple * (26 / 28 * march + 2 / 28 * april))


@pytest.mark.parametrize(("fund", "first_usd", "multiple"), [(Underlying.VXX, 30.0, 1.0), (Underlying.UVXY, 20.0, 1.5)])
def test_a_share_gains_its_multiple_of_what_the_two_futures_around_thirty_days_gain(
    fund: Underlying, first_usd: float, multiple: float
) -> None:
    found = market()
    expected = by_hand(fund, first_usd, multiple)

    assert found.funds.close_before_usd(fund, FEB19) == first_usd
    assert found.funds.close_before_usd(fund, date(2020, 2, 20)) == pytest.approx(expected)
    assert found.index(fund, at(FEB19, 16, 0)) == pytest.approx(expected, abs=0.006)
    assert found.index(fund, at(date(2020, 2, 20), 8, 0)) == pytest.approx(expected, abs=0.006)


def test_before_its_first_session_a_fund_stands_still() -> None:
    found = market()

    assert found.index("VXX", at(FEB18, 12, 0)) == found.index("VXX", at(FEB19, 9, 0)) == 30.0


def test_a_share_does_not_depend_on_what_was_asked_before() -> None:
    asked = market()
    for hour in (10, 12, 15):
        asked.index("VXX", at(FEB19, hour, 0))

    assert asked.index("VXX", at(FEB21, 12, 0)) == market().index("VXX", at(FEB21, 12, 0))


def test_a_session_ends_on_its_last_share_within_its_high_and_low() -> None:
    found = market()
    day = found.fund_day(Underlying.VXX, at(FEB21, 16, 0))

    assert day.low <= min(day.open, day.close) <= max(day.open, day.close) <= day.high
    assert day.close == found.index("VXX", at(FEB21, 16, 0))


def test_an_option_on_a_fund_is_worth_what_quantlib_says_european_or_american() -> None:
    found, when = market(), at(FEB21, 12, 0)
    call = OptionContract(TradingClass.VXX, EXPIRY, 3400, Right.CALL)
    laid_out, snapshot = contract_set([call], FEB21), market().snapshot(when)
    values = found.values(laid_out, snapshot)
    today = QuantLib.Date(21, 2, 2020)
    QuantLib.Settings.instance().evaluationDate = today
    years = 28 + 4 / 24  # noon to the close
    count = QuantLib.Actual365Fixed()
    share = QuantLib.QuoteHandle(QuantLib.SimpleQuote(float(found.shares_usd(Underlying.VXX, snapshot)[0])))
    rate = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, snapshot.rate, count))
    none = QuantLib.YieldTermStructureHandle(QuantLib.FlatForward(today, 0.0, count))
    scaled = float(values.vol[0, 0]) * (years / 28) ** 0.5  # whole days in QuantLib
    vol = QuantLib.BlackVolTermStructureHandle(QuantLib.BlackConstantVol(today, QuantLib.NullCalendar(), scaled, count))
    process = QuantLib.BlackScholesMertonProcess(share, none, rate, vol)
    payoff = QuantLib.PlainVanillaPayoff(QuantLib.Option.Call, 34.0)
    option = QuantLib.VanillaOption(payoff, QuantLib.AmericanExercise(today, QuantLib.Date(20, 3, 2020)))
    option.setPricingEngine(QuantLib.BinomialVanillaEngine(process, "crr", 2001))

    assert float(values.price[0, 0]) == pytest.approx(option.NPV(), abs=0.005)
    assert 0.3 < float(values.delta[0, 0]) < 0.6


def test_chains_of_several_underlyings_are_priced_together_as_alone() -> None:
    found, snapshot = market(), market().snapshot(at(FEB21, 12, 0))
    mixed = [
        OptionContract(TradingClass.VXX, EXPIRY, 3400, Right.CALL),
        OptionContract(TradingClass.SPXW, EXPIRY, 320000, Right.PUT),
        OptionContract(TradingClass.UVXY, EXPIRY, 2200, Right.PUT),
        OptionContract(TradingClass.VIX, MARCH, 1800, Right.CALL),
    ]

    together = found.prices(contract_set(mixed, FEB21), snapshot)[0]
    alone = [float(found.prices(contract_set([each], FEB21), snapshot)[0, 0]) for each in mixed]

    assert np.allclose(together, alone)
