"""Signals before a session: states against TA-Lib and by hand, and what is told when a figure is old or not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
import talib
from signal_values import POLICY, closes_before, inputs, macro, named

from daemon.adapters.economic_calendar import load_economic_calendar
from daemon.core.calendar.sessions import add_sessions, sessions_between
from daemon.core.hedge.signal_inputs import COST_SERIES, RATE_SERIES, Closes
from daemon.core.hedge.signals import read_signals
from daemon.core.market.contracts import SignalIndex
from daemon.core.market.macro import MacroData, MacroKind, MacroSeries
from daemon.core.records import Signal, Standing

MARCH2 = date(2020, 3, 2)
SPRING = sessions_between(date(2020, 2, 18), date(2020, 4, 15))
NAMES = (
    "vix_macd vvix_macd spx_macd spx_rsi vix_rsi breadth curve near_curve futures_curve spx_vix_correlation vix_beta "
    "cost_of_capital rate_difference reer pe pcf concentration gdp cpi ppi pcf_divergence reit_correlation events "
    "event_cover theta_press"
)


def test_every_signal_is_told_each_time_and_what_is_missing_is_neutral() -> None:
    none = {index: Closes(problem="not subscribed (code 354)") for index in SignalIndex}

    signals = read_signals(inputs(MARCH2, closes=none), POLICY)

    assert " ".join(signal.name for signal in signals) == NAMES
    assert {(signal.standing, signal.state, signal.value) for signal in signals} == {
        (Standing.MISSING, "neutral", None)
    }
    assert named(signals, "vvix_macd").text == "not subscribed (code 354)"
    assert named(signals, "breadth").text == "not subscribed (code 354)"


@pytest.mark.parametrize(("name", "index"), [("vix_macd", SignalIndex.VIX), ("vvix_macd", SignalIndex.VVIX)])
def test_macd_says_the_side_of_its_last_cross_for_ten_sessions(name: str, index: SignalIndex) -> None:
    seen = set()
    for session in SPRING:
        closes = np.array(closes_before(session, index).values)
        histogram = talib.MACD(closes, 12, 26, 9)[2][33:]
        sides = np.sign(histogram)
        age = next(back for back in range(sides.size - 1) if sides[-1 - back] != sides[-2 - back])
        expected = "neutral" if age >= 10 else "bullish" if sides[-1] > 0 else "bearish"

        found = named(read_signals(inputs(session), POLICY), name)

        assert (found.state, found.as_of) == (expected, add_sessions(session, -1))
        assert found.value == pytest.approx(histogram[-1], rel=1e-9)
        seen.add(found.state)
    assert seen == {"neutral", "bullish", "bearish"}


def test_rsi_of_vix_stays_elevated_from_the_cross_of_70_until_below_50() -> None:
    states = []
    for session in SPRING:
        index = talib.RSI(np.array(closes_before(session, SignalIndex.VIX).values), 14)
        elevated = False
        for before, now in pairwise(index[14:]):
            elevated = (elevated and now >= 50) or (before <= 70 < now)
        states.append(named(read_signals(inputs(session), POLICY), "vix_rsi").state)
        assert states[-1] == ("elevated" if elevated else "neutral"), session
    assert {"elevated", "neutral"} == set(states)


def test_the_curve_of_the_crash_is_in_backwardation() -> None:
    found = named(read_signals(inputs(MARCH2), POLICY), "curve")

    # Closes of 2020-02-28: VIX3M 29.85, VIX 40.11.
    assert found.value == pytest.approx(29.85 / 40.11, abs=1e-9)
    assert found.state == "backwardation"
    assert found.source == "broker, daily bars of VIX and VIX3M"


def test_a_close_that_is_two_sessions_behind_is_stale_and_says_nothing() -> None:
    late = {index: closes_before(MARCH2, index, until=date(2020, 2, 26)) for index in SignalIndex}

    found = named(read_signals(inputs(MARCH2, closes=late), POLICY), "curve")

    assert (found.standing, found.state, found.as_of) == (Standing.STALE, "neutral", date(2020, 2, 26))
    assert found.value is not None
    assert found.text.startswith("2 sessions old, at most 1 allowed")


def test_breadth_comes_from_the_file_when_the_broker_gives_none() -> None:
    spx = closes_before(MARCH2, SignalIndex.SPX)
    closes = {SignalIndex.SPX: spx, SignalIndex.BREADTH: Closes(problem="not subscribed (code 354)")}
    filed = macro(MacroKind.BREADTH, list(spx.days), [-50.0] * len(spx.days))

    found = named(read_signals(inputs(MARCH2, closes=closes, macro=filed), POLICY), "breadth")

    assert (found.standing, found.source) == (Standing.FRESH, "file breadth.csv")
    assert found.value == -1000.0  # 20 sessions of -50


def test_a_high_that_breadth_did_not_follow_counts_for_ten_sessions() -> None:
    days = sessions_between(date(2019, 12, 2), date(2020, 2, 28))
    price = [3000.0 + n for n in range(len(days))]
    for quiet, expected in ((0, "bearish_divergence"), (9, "bearish_divergence"), (10, "neutral")):
        falling = [*price[: len(days) - quiet], *(price[len(days) - quiet - 1] - 1 - n for n in range(quiet))]
        closes = {
            SignalIndex.SPX: Closes(days, tuple(falling)),
            SignalIndex.BREADTH: Closes(days, (-50.0,) * len(days)),
        }

        found = named(read_signals(inputs(MARCH2, closes=closes), POLICY), "breadth")

        assert found.state == expected, quiet


def test_cost_of_capital_is_placed_in_its_year() -> None:
    days = sessions_between(date(2019, 1, 2), date(2020, 2, 28))
    for level, expected, state in ((90.0, 100.0, "high"), (5.0, 0.0, "low"), (20.0, 50.0, "neutral")):
        vix = Closes(days, (*(20.0 for _ in days[:-1]), level))

        found = named(read_signals(inputs(MARCH2, closes={SignalIndex.VIX: vix}), POLICY), "cost_of_capital")

        assert (found.value, found.state) == (expected, state)
        assert found.text.startswith("percentile over 252 sessions")


def test_cost_of_capital_is_the_bill_rate_and_a_premium_of_vix() -> None:
    days = sessions_between(date(2019, 1, 2), date(2020, 2, 28))
    bills = macro(MacroKind.BILL_RATE, [date(2018, 12, 1)], [2.0])

    signals = read_signals(
        inputs(MARCH2, closes={SignalIndex.VIX: Closes(days, (20.0,) * len(days))}, macro=bills), POLICY
    )

    # 2 % + e^(0.02 x 30/365) x (0.985 x 0.20)^2 = 2 % + 1.001645 x 3.8809 % = 5.887 %.
    assert "of 5.89 % a year" in named(signals, "cost_of_capital").text
    assert named(signals, "cost_of_capital").source == "broker, daily bars of VIX; file bill_rate.csv"


def test_measurements_from_options_take_the_place_of_vix() -> None:
    days = sessions_between(date(2020, 1, 2), date(2020, 2, 28))[::5][-8:]
    twelve = sessions_between(date(2019, 9, 3), date(2020, 2, 28))[::-10][:12][::-1]
    few = {COST_SERIES: Closes(days, (0.05,) * 7 + (0.09,))}
    enough = {COST_SERIES: Closes(twelve, (0.05,) * 11 + (0.09,))}

    before = named(read_signals(inputs(MARCH2, measured=few), POLICY), "cost_of_capital")
    found = named(read_signals(inputs(MARCH2, measured=enough), POLICY), "cost_of_capital")

    assert before.source == "broker, daily bars of VIX"
    assert (found.source, found.value, found.state) == ("strip of SPXW options", 100.0, "high")
    assert found.text == "percentile over 11 measurements of 9.00 % a year"


@pytest.mark.parametrize(("rate", "state"), [(0.0155, "favourable"), (0.0181, "neutral"), (0.0120, "neutral")])
def test_rates_within_a_quarter_of_a_percent_are_favourable(rate: float, state: str) -> None:
    strips = {RATE_SERIES: Closes((date(2020, 2, 27),), (rate,))}
    bills = macro(MacroKind.BILL_RATE, [date(2020, 2, 3)], [1.55])

    found = named(read_signals(inputs(MARCH2, measured=strips, macro=bills), POLICY), "rate_difference")

    assert (found.state, found.as_of) == (state, date(2020, 2, 27))
    assert found.value == pytest.approx(100 * rate - 1.55)


def test_a_measurement_older_than_the_next_was_due_is_stale() -> None:
    strips = {RATE_SERIES: Closes((date(2020, 2, 19),), (0.0155,))}
    bills = macro(MacroKind.BILL_RATE, [date(2020, 2, 3)], [1.55])

    found = named(read_signals(inputs(MARCH2, measured=strips, macro=bills), POLICY), "rate_difference")

    # Seven sessions from 02-19 to 02-28; five between measurements and one of delay are allowed.
    assert (found.standing, found.state) == (Standing.STALE, "neutral")
    assert found.text.startswith("7 sessions old, at most 6 allowed")


def test_an_exchange_rate_far_from_its_mean_is_extreme() -> None:
    days = [date(2018, 1, 15) + timedelta(days=30 * n) for n in range(24)]
    # 23 figures of 100 and one of 110: the mean is 100 + 10/24, the deviation 10 / sqrt(24), z = 230/24 / 2.0412 = 4.695.
    found = named(
        read_signals(inputs(date(2019, 12, 10), macro=macro(MacroKind.REER, days, [100.0] * 23 + [110.0])), POLICY),
        "reer",
    )

    assert (found.state, found.as_of) == ("extreme", days[-1])
    assert found.value == pytest.approx(4.695, abs=1e-3)


def test_an_exchange_rate_within_a_deviation_is_contained_and_a_rising_one_above_is_strong() -> None:
    days = [date(2018, 1, 15) + timedelta(days=30 * n) for n in range(24)]
    swings = [99.0, 101.0] * 12
    states = {}
    for last in (100.2, 101.6):
        data = macro(MacroKind.REER, days, [*swings[:-1], last])
        states[last] = named(read_signals(inputs(date(2019, 12, 10), macro=data), POLICY), "reer").state

    assert states == {100.2: "contained", 101.6: "strong"}


@pytest.mark.parametrize(("last", "state"), [(40.0, "extreme"), (10.0, "extreme"), (18.5, "neutral")])
def test_a_valuation_beyond_the_fifth_of_ten_years_is_extreme(last: float, state: str) -> None:
    days = [date(2012, 1, 15) + timedelta(days=30 * n) for n in range(96)]
    ratios = [*(15.0 + n % 8 for n in range(95)), last]

    signals = read_signals(inputs(date(2019, 12, 10), macro=macro(MacroKind.PE, days, ratios)), POLICY)

    assert named(signals, "pe").state == state
    assert named(signals, "pcf").standing is Standing.MISSING


@pytest.mark.parametrize(("last", "state"), [(15.5, "divergence"), (22.5, "neutral")])
def test_cash_flows_that_got_cheaper_while_spx_rose_are_a_divergence(last: float, state: str) -> None:
    days = [date(2015, 1, 15) + timedelta(days=30 * n) for n in range(61)]  # to 2019-12-20
    # 58 figures of 14 to 21, then three at 22.5, above all: the percentile before is 100.
    ratios = [*(14.0 + n % 8 for n in range(58)), 22.5, 22.5, last]

    found = named(
        read_signals(inputs(date(2020, 1, 15), macro=macro(MacroKind.PCF, days, ratios)), POLICY), "pcf_divergence"
    )

    # SPX rose from 3,120 on 2019-11-15 to 3,283 on 2020-01-14.
    assert found.state == state
    assert found.value is not None
    assert (found.value <= -10) is (state == "divergence")


def test_a_figure_of_the_session_itself_is_not_known_before_it_and_an_old_one_is_stale() -> None:
    days = [date(2018, 1, 16) + timedelta(days=30 * n) for n in range(25)]
    data = macro(MacroKind.GDP, days, [2.0] * 24 + [9.0])

    before = named(read_signals(inputs(days[-1], macro=data), POLICY), "gdp")
    old = named(read_signals(inputs(date(2020, 6, 8), macro=data), POLICY), "gdp")

    assert before.value == 2.0
    assert (old.standing, old.state, old.value) == (Standing.STALE, "neutral", 9.0)
    assert old.text.startswith("published 153 days before, at most 120 allowed")


def test_too_few_figures_are_told_by_their_number() -> None:
    days = [date(2019, 1, 15) + timedelta(days=30 * n) for n in range(10)]

    found = named(
        read_signals(inputs(date(2019, 12, 10), macro=macro(MacroKind.REER, days, [100.0] * 10)), POLICY), "reer"
    )

    assert (found.standing, found.text) == (Standing.MISSING, "10 figures are known, 24 are needed")


def test_the_window_of_an_event_holds_the_session_before_it() -> None:
    calendar = load_economic_calendar(None)
    # The FOMC decided on Wednesday 2020-01-29; CPI came out on 02-13, PPI on 02-19.
    states = {
        day: named(read_signals(inputs(date(2020, *day), calendar=calendar), POLICY), "events").state
        for day in ((1, 27), (1, 28), (1, 29), (1, 30))
    }

    assert states == {
        (1, 27): "neutral",
        (1, 28): "event_window",
        (1, 29): "event_window",
        (1, 30): "neutral",
    }


def test_a_year_that_the_calendar_does_not_cover_is_no_quiet_year() -> None:
    found = named(read_signals(inputs(MARCH2), POLICY), "events")

    assert (found.standing, found.state) == (Standing.MISSING, "neutral")
    assert found.text == "2020 is not covered for fomc, cpi, ppi"


def test_the_curve_of_futures_is_the_second_monthly_over_the_first() -> None:
    def curve(day: date, second: float) -> Signal:
        forwards = {"VIX_M1": Closes((day,), (20.0,)), "VIX_M2": Closes((day,), (second,))}
        return named(read_signals(inputs(MARCH2, measured=forwards), POLICY), "futures_curve")

    contango, backwardation = (curve(date(2020, 2, 27), second) for second in (21.0, 19.0))
    late = curve(date(2020, 2, 19), 21.0)

    assert (contango.value, contango.state, contango.as_of) == (1.05, "contango", date(2020, 2, 27))
    assert backwardation.state == "backwardation"
    # Five sessions between looks and one of delay are allowed, seven have passed.
    assert (late.standing, late.state) == (Standing.STALE, "neutral")
    assert named(read_signals(inputs(MARCH2), POLICY), "futures_curve").text == "the forwards are not measured yet"


def test_the_beta_of_vix_is_the_slope_of_its_answers() -> None:
    found = named(read_signals(inputs(MARCH2), POLICY), "vix_beta")

    spx, vix = (
        np.diff(np.log(closes_before(MARCH2, index).values))[-60:] for index in (SignalIndex.SPX, SignalIndex.VIX)
    )
    assert found.value == pytest.approx(np.polyfit(spx, vix, 1)[0])
    assert found.state == "neutral"
    few = {index: closes_before(MARCH2, index) for index in (SignalIndex.SPX, SignalIndex.VIX)}
    short = {index: Closes(closes.days[-40:], closes.values[-40:]) for index, closes in few.items()}
    assert named(read_signals(inputs(MARCH2, closes=short), POLICY), "vix_beta").standing is Standing.MISSING


def test_property_moves_with_spx_as_its_file_says() -> None:
    spx = closes_before(MARCH2, SignalIndex.SPX)
    halves = macro(MacroKind.REIT, list(spx.days), [50 + value / 2 for value in spx.values])

    found = named(read_signals(inputs(MARCH2, macro=halves), POLICY), "reit_correlation")

    assert found.value == pytest.approx(1.0)
    assert found.text == "of the changes of 60 sessions of SPX and the fund"


@pytest.mark.parametrize(("last", "state"), [(36.0, "concentrated"), (30.0, "neutral")])
def test_a_weight_of_the_largest_far_above_its_mean_is_concentrated(last: float, state: str) -> None:
    days = [date(2018, 1, 15) + timedelta(days=30 * n) for n in range(24)]
    weights = [*(29.0 + 2 * (n % 2) for n in range(23)), last]

    found = named(
        read_signals(inputs(date(2019, 12, 10), macro=macro(MacroKind.CONCENTRATION, days, weights)), POLICY),
        "concentration",
    )

    assert found.state == state


def test_a_print_is_told_with_its_surprise_where_a_consensus_is_known() -> None:
    days = tuple(date(2018, 11, 14) + timedelta(days=30 * n) for n in range(13))
    expected = (*(0.2 + 0.1 * (-1) ** n for n in range(12)), 0.2)
    # Twelve surprises of +-0.1 have the deviation 0.1 x sqrt(12 / 11) = 0.10445; the last is 0.3: z = 2.87.
    series = MacroSeries("cpi.csv", days, (*([0.2] * 12), 0.5), expected)
    with_it, without = MacroData({MacroKind.CPI: series}), MacroData({MacroKind.CPI: replace(series, expected=())})

    told, plain = (
        named(read_signals(inputs(date(2019, 12, 10), macro=data), POLICY), "cpi") for data in (with_it, without)
    )

    assert (told.value, told.state) == (0.5, "above_expected")
    assert told.text.endswith("+0.30 from the expected 0.2, +2.9 deviations of 12 surprises")
    assert (plain.value, plain.state) == (0.5, "neutral")
    assert "the consensus of 0 is known, 12 are needed" in plain.text


@pytest.mark.parametrize(
    ("expiry", "session", "state", "left"),
    # The FOMC decided on Wednesday 2020-01-29.
    [
        (date(2020, 2, 5), date(2020, 1, 28), "covered", 7),
        (date(2020, 1, 29), date(2020, 1, 28), "uncovered", 0),
        (date(2020, 1, 29), date(2020, 1, 27), "neutral", 2),
    ],
)
def test_the_first_layer_covers_an_event_with_an_expiry_beyond_it(
    expiry: date, session: date, state: str, left: int
) -> None:
    calendar = load_economic_calendar(None)

    found = named(read_signals(inputs(session, calendar=calendar, first_expiry=expiry), POLICY), "event_cover")

    assert (found.state, found.value) == (state, left)
    empty = named(read_signals(inputs(session, calendar=calendar), POLICY), "event_cover")
    assert (empty.standing, empty.text) == (Standing.MISSING, "the first layer holds nothing")


def test_the_eve_of_the_crash_was_a_theta_press() -> None:
    # SPX closed at 3,386 on 2020-02-19, its high; VIX at 14.38, VIX3M at 15.82; breadth had diverged on the way.
    before, after = (
        named(read_signals(inputs(session), POLICY), "theta_press") for session in (date(2020, 2, 20), MARCH2)
    )

    assert (before.state, before.value) == ("temporal_theta_cash_press", 4.0)
    assert "VIX 14.38, curve 1.10" in before.text
    assert (after.state, after.value) == ("neutral", 0.0)


def test_a_press_is_not_known_without_a_curve_or_breadth() -> None:
    all_closes = {index: closes_before(MARCH2, index) for index in SignalIndex}
    no_curve = {index: closes for index, closes in all_closes.items() if index is not SignalIndex.VIX3M}
    no_breadth = {index: closes for index, closes in all_closes.items() if index is not SignalIndex.BREADTH}

    texts = [
        named(read_signals(inputs(MARCH2, closes=closes), POLICY), "theta_press").text
        for closes in (no_curve, no_breadth)
    ]

    assert texts == ["it needs a fresh curve", "it needs fresh breadth and RSI"]
