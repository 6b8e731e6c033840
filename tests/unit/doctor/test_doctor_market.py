"""What the doctor says of market data, permissions and hours; each check is broken in every way it can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.core.doctor.check import Check, State
from daemon.core.doctor.market import (
    WHAT,
    BrokerHours,
    MarketFacts,
    MarketPolicy,
    Refusal,
    Sample,
    data_check,
    hours_check,
    market_checks,
    permission_check,
    read_hours,
)
from daemon.core.doctor.previews import call_leg, condor_legs, next_future, previewed
from daemon.core.market.contracts import OptionParams, Right, TradingClass
from daemon.core.market.quotes import DataKind
from daemon.core.orders.broker_facts import Margin
from daemon.core.orders.intent import TimeInForce

LIVE = Sample(last=6000.0)
MARGIN = Margin(250_000, 250_000, 250_000, 250_000, 42_000)
CHICAGO = ZoneInfo("US/Central")
TODAY = date(2019, 11, 27)
# Thanksgiving of 2019: closed on Thursday, early close at 13:00 in New York on Friday, then a weekend.
WEEK = (
    "20191127:0830-20191127:1500;20191128:CLOSED;20191129:0830-20191129:1200;"
    "20191130:CLOSED;20191201:CLOSED;20191202:0830-20191202:1500"
)
CHAIN = (
    OptionParams(TradingClass.SPXW, (date(2019, 12, 2), date(2019, 12, 27)), tuple(range(250_000, 380_000, 500))),
    OptionParams(TradingClass.VIX, (date(2019, 12, 18), date(2020, 1, 22)), tuple(range(1_000, 8_000, 50))),
)


def look(sample: Sample | Refusal, *, in_session: bool = True, needed: bool = True) -> Check:
    return data_check("data_spx", "SPX", sample, in_session=in_session, needed=needed)


def test_live_data_are_ok_and_the_last_of_a_closed_market_too() -> None:
    assert look(LIVE).state is State.OK
    found = look(replace(LIVE, kind=DataKind.FROZEN), in_session=False)
    assert found.state is State.OK
    assert "closed market" in found.text


@pytest.mark.parametrize("code", [354, 10089, 10091, 10168, 10186])
def test_what_is_not_subscribed_fails_and_names_the_subscription(code: int) -> None:
    found = look(Sample(refusal=Refusal(code, "not subscribed")))

    assert found.state is State.FAIL
    assert str(code) in found.text
    assert "share it with the paper user" in found.fix


@pytest.mark.parametrize("name", [name for name in WHAT if name.startswith("data_")])
def test_each_instrument_is_judged_as_the_page_says(name: str) -> None:
    def judged(sample: Sample, *, in_session: bool) -> State:
        policy = MarketPolicy(today=TODAY, in_session=in_session, hedge=True, futures=True)
        facts = MarketFacts(samples={name: sample}, previews={}, hours=BrokerHours(WEEK, "US/Central"), why_not={})
        return next(check.state for check in market_checks(facts, policy) if check.name == name)

    refused = State.WARN if name in ("data_vvix", "data_ad_nyse") else State.FAIL
    assert judged(Sample(refusal=Refusal(354, "not subscribed")), in_session=True) is refused
    assert judged(Sample(), in_session=True) is refused
    assert judged(Sample(), in_session=False) is State.WARN
    assert judged(LIVE, in_session=True) is State.OK


@pytest.mark.parametrize("kind", [DataKind.DELAYED, DataKind.DELAYED_FROZEN])
def test_delayed_data_fail_although_a_value_came(kind: DataKind) -> None:
    found = look(replace(LIVE, kind=kind))

    assert found.state is State.FAIL
    assert kind in found.text


def test_data_that_another_session_has_fail_with_another_fix() -> None:
    found = look(Sample(refusal=Refusal(10197, "No market data during competing live session")))

    assert found.state is State.FAIL
    assert "another session" in found.text
    assert "log out" in found.fix


def test_a_line_that_is_not_free_only_warns() -> None:
    assert look(Sample(refusal=Refusal(101, "Max number of tickers"))).state is State.WARN


def test_silence_fails_in_the_session_and_warns_outside() -> None:
    assert look(Sample()).state is State.FAIL
    assert look(Sample(), in_session=False).state is State.WARN
    assert look(Refusal(None, "no answer in time")).state is State.FAIL


def test_what_is_not_needed_for_trading_only_warns() -> None:
    assert look(Sample(refusal=Refusal(354, "")), needed=False).state is State.WARN
    assert look(replace(LIVE, kind=DataKind.DELAYED), needed=False).state is State.WARN


def test_one_side_alone_is_no_quote() -> None:
    assert look(Sample(bid=1.0)).state is State.FAIL
    assert look(Sample(bid=1.0, ask=1.2)).state is State.OK


def ask(answer: Margin | Refusal, *, needed: bool = True) -> Check:
    return permission_check("permission_spx", "SPX condor", answer, needed=needed)


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        (MARGIN, State.OK, "+2,500 USD; nothing was sent"),
        (Margin(None, None, None, None, None), State.WARN, "without figures"),
        (Refusal(360, "no what-if check support"), State.FAIL, "code 360"),
        (Refusal(460, "No trading permissions"), State.FAIL, "No trading permissions"),
        (Refusal(201, "Order rejected - reason: margin"), State.FAIL, "margin"),
        (Refusal(None, "no answer in time"), State.FAIL, "no answer in time"),
    ],
)
def test_a_permission_is_judged_by_the_preview(answer: Margin | Refusal, state: State, said: str) -> None:
    found = ask(answer)

    assert found.state is state
    assert said in found.text


def test_only_a_missing_permission_is_mended_by_asking_for_one() -> None:
    assert "ask for option permissions" in ask(Refusal(460, "No trading permissions")).fix
    assert "ask for option permissions" in ask(Refusal(201, "You have no permission to trade options")).fix
    assert "ask for option permissions" not in ask(Refusal(201, "insufficient margin")).fix
    assert ask(Refusal(460, "No trading permissions"), needed=False).state is State.WARN


def test_a_week_with_a_holiday_and_an_early_close_agrees() -> None:
    found = hours_check(BrokerHours(WEEK, "US/Central"), TODAY)

    assert found.state is State.OK
    assert found.value == 6


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("20191128:CLOSED", "20191128:0830-20191128:1500", "2019-11-28: the broker is open, and we are not"),
        ("20191202:0830-20191202:1500", "20191202:CLOSED", "2019-12-02: the broker is closed, and we are not"),
        ("20191129:1200", "20191129:1500", "2019-11-29: the broker closes at 16:00, we at 13:00"),
        ("20191202:0830-", "20191202:0930-", "2019-12-02: the broker opens at 10:30, we at 09:30"),
    ],
)
def test_a_day_that_differs_fails_by_its_difference(right: str, wrong: str, said: str) -> None:
    found = hours_check(BrokerHours(WEEK.replace(right, wrong), "US/Central"), TODAY)

    assert found.state is State.FAIL
    assert said in found.text


def test_the_index_may_close_with_itself_or_with_its_options() -> None:
    text = WEEK.replace("20191127:1500", "20191127:1515").replace("20191129:1200", "20191129:1215")

    assert hours_check(BrokerHours(text, "US/Central"), TODAY).state is State.OK


def test_days_that_are_over_are_not_judged() -> None:
    past = BrokerHours("20191126:CLOSED;" + WEEK, "US/Central")

    assert hours_check(past, TODAY).state is State.OK


@pytest.mark.parametrize(
    "answer",
    [
        BrokerHours("", "US/Central"),
        BrokerHours(WEEK, None),
        BrokerHours("20191399:0830-20191399:1500", "US/Central"),
        Refusal(None, "no answer in time"),
    ],
)
def test_hours_that_are_not_told_warn(answer: BrokerHours | Refusal) -> None:
    assert hours_check(answer, TODAY).state is State.WARN


def test_the_older_spelling_and_the_night_session_are_read() -> None:
    noon = date(2019, 12, 2)
    expected = (
        datetime(2019, 12, 2, 9, 30, tzinfo=ZoneInfo("America/New_York")),
        datetime(2019, 12, 2, 16, 0, tzinfo=ZoneInfo("America/New_York")),
    )

    assert read_hours("20191202:0830-1500", CHICAGO) == {noon: expected}
    assert read_hours("20191201:1915-20191202:0815;20191202:0830-20191202:1500", CHICAGO) == {noon: expected}
    assert read_hours("20191202:0200-0815,0830-1500", CHICAGO) == {noon: expected}


def facts(**previews: Margin | Refusal) -> MarketFacts:
    return MarketFacts(
        samples={"data_spx": LIVE, "data_vvix": Sample(refusal=Refusal(354, ""))},
        previews=previews,
        hours=BrokerHours(WEEK, "US/Central"),
        why_not={"data_vx": "not listed"},
    )


POLICY = MarketPolicy(today=TODAY, in_session=True, hedge=True, futures=False)


def test_what_is_asked_is_judged_and_what_is_not_asked_is_skipped() -> None:
    found = {check.name: check.state for check in market_checks(facts(permission_spx=MARGIN), POLICY)}

    assert found == {
        "data_spx": State.OK,
        "data_vvix": State.WARN,
        "data_vx": State.SKIPPED,
        "permission_spx": State.OK,
        "broker_hours": State.OK,
    }


def test_a_permission_for_the_hedge_is_needed_only_with_a_hedge() -> None:
    refused = facts(permission_vix=Refusal(460, "No trading permissions"))

    with_hedge = {check.name: check.state for check in market_checks(refused, POLICY)}
    without = {check.name: check.state for check in market_checks(refused, replace(POLICY, hedge=False))}

    assert with_hedge["permission_vix"] is State.FAIL
    assert without["permission_vix"] is State.WARN


def test_an_api_that_refuses_a_preview_as_read_only_fails_there_and_not_as_a_permission() -> None:
    text = "Error validating request.-'cY' : cause - The API interface is currently in Read-Only mode."

    found = {check.name: check.state for check in market_checks(facts(permission_spx=Refusal(321, text)), POLICY)}

    assert found["read_only"] is State.FAIL
    assert found["permission_spx"] is State.SKIPPED


def test_the_condor_that_is_previewed_is_as_held_and_close_to_a_month_out() -> None:
    legs = condor_legs(CHAIN, 3150.0, TODAY)

    assert [leg.ratio for leg in legs] == [1, -1, -1, 1]
    assert [leg.contract.strike for leg in legs] == [2900, 2925, 3350, 3375]
    assert {leg.contract.expiry for leg in legs} == {date(2019, 12, 27)}


def test_the_call_that_is_previewed_lies_above_vix() -> None:
    (leg,) = call_leg(CHAIN, 12.0, TODAY)

    assert (leg.ratio, leg.contract.strike, leg.contract.right) == (1, 15.0, Right.CALL)
    assert leg.contract.expiry == date(2020, 1, 22)


def test_a_chain_without_fitting_strikes_gives_nothing_to_preview() -> None:
    thin = (replace(CHAIN[0], strikes_pts100=(315_000,)),)

    assert condor_legs(thin, 3150.0, TODAY) == ()
    assert condor_legs((), 3150.0, TODAY) == ()
    assert call_leg(thin, 12.0, TODAY) == ()


def test_a_preview_is_one_order_of_the_day_at_its_mid_on_nickels() -> None:
    legs = condor_legs(CHAIN, 3150.0, TODAY)

    spec = previewed(legs, [10.0, 11.0, 5.02, 4.0])

    assert (spec.quantity, spec.tif, spec.net_limit_pts100) == (1, TimeInForce.DAY, -200)


def test_a_preview_without_quotes_has_a_price_that_nobody_takes() -> None:
    condor, call = condor_legs(CHAIN, 3150.0, TODAY), call_leg(CHAIN, 12.0, TODAY)

    assert previewed(condor, [None] * 4).net_limit_pts100 == -1000
    assert previewed(call, [None]).net_limit_pts100 == 5


def test_the_next_future_is_the_next_month_that_does_not_settle_at_once() -> None:
    found = next_future(date(2020, 2, 18))  # the February future settles the day after

    assert found is not None
    assert found.expiry == date(2020, 3, 18)
