from dataclasses import replace
from datetime import date, timedelta

import pytest
from sim_world import FEB18, MAR20, at, condor, exchange_at, executions, order, orders, run, single, spxw, statuses, vix

from daemon.core.market.contracts import TradingClass
from daemon.sim.exchange import Exchange
from daemon.sim.exchange.api import (
    AccountChanged,
    Executed,
    OrderChanged,
    PositionChanged,
    Rejected,
    SimLeg,
    SimStatus,
    WhatIf,
)

MAR12 = date(2020, 3, 12)


def _mid(exchange: Exchange, legs: tuple[SimLeg, ...]) -> float:
    quote = exchange.combo_quote(legs)
    assert quote.bid is not None
    assert quote.ask is not None
    return round((quote.bid + quote.ask) / 2 * 20) / 20


def test_a_marketable_combo_reports_the_whole_first_then_each_leg_then_the_end() -> None:
    exchange = exchange_at(FEB18)
    limit = _mid(exchange, condor()) + 0.60

    accepted = exchange.submit(order(1, condor(), limit, quantity=2))
    filled = exchange.advance(exchange.now + timedelta(seconds=1))

    assert statuses(accepted) == ["PreSubmitted", "Submitted"]
    kinds = [type(event) for event in filled]
    assert kinds == [Executed] * 5 + [PositionChanged] * 4 + [OrderChanged, AccountChanged]
    whole, *legs = executions(filled)
    assert (whole.con_id, whole.side, whole.quantity) == (None, "BOT", 2)
    assert whole.exec_id.endswith(".01.01")
    assert [leg.exec_id.split(".")[2] for leg in legs] == ["02", "03", "04", "05"]
    assert [leg.side for leg in legs] == ["BOT", "SLD", "SLD", "BOT"]
    assert orders(filled)[-1].status is SimStatus.FILLED


def test_leg_prices_add_up_to_the_net_price_and_commissions_come_with_the_legs() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), _mid(exchange, condor()) + 0.60, quantity=3))

    whole, *legs = executions(exchange.advance(exchange.now + timedelta(seconds=1)))

    signed = sum(leg.price if leg.side == "BOT" else -leg.price for leg in legs)
    assert signed == pytest.approx(whole.price)
    assert whole.price * 20 == pytest.approx(round(whole.price * 20))
    assert whole.commission is None
    assert [leg.commission for leg in legs] == [pytest.approx(3 * 1.15)] * 4


def test_buying_at_a_negative_net_price_adds_cash() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -5.0, quantity=1))

    (whole, *_) = executions(exchange.advance(exchange.now + timedelta(seconds=1)))

    assert whole.price <= -5.0
    assert exchange.account().total_cash == pytest.approx(1_000_000 - 100 * whole.price - 4.60)


def test_selling_the_same_combo_takes_cash_and_reverses_the_legs() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -9.0, action="SELL"))

    whole, *legs = executions(exchange.advance(exchange.now + timedelta(seconds=1)))

    assert (whole.side, [leg.side for leg in legs]) == ("SLD", ["SLD", "BOT", "BOT", "SLD"])
    assert -9.0 <= whole.price < 0
    assert exchange.account().total_cash == pytest.approx(1_000_000 + 100 * whole.price - 4.60)


def test_a_wrong_sign_order_fills_at_once_near_the_market() -> None:
    exchange = exchange_at(FEB18)
    natural = exchange.combo_quote(condor()).ask
    exchange.submit(order(1, condor(), 6.0))

    (whole, *_) = executions(exchange.advance(exchange.now + timedelta(seconds=1)))

    assert natural is not None
    assert whole.price <= natural + 0.05


def test_a_resting_limit_fills_when_the_quote_turns_to_it_and_never_worse() -> None:
    """On 12 March 2020 the index closes at its low, 6 % under the open: a call gets cheaper."""
    exchange = exchange_at(MAR12, 9, 40)
    ask = exchange.quotes([spxw(2700, "C")])[0].ask
    assert ask is not None
    limit = round(0.7 * ask, 0)
    exchange.submit(order(1, single(spxw(2700, "C")), limit))
    due = exchange.next_event_at()
    assert due is not None
    assert due > exchange.now + timedelta(minutes=1)

    before = exchange.advance(due - timedelta(seconds=1))
    (fill,) = executions(exchange.advance(due))

    assert before == []
    assert fill.at == due
    assert fill.price <= limit


def test_an_order_that_fills_later_in_the_day_does_not_fill_when_the_session_opens() -> None:
    ask = exchange_at(MAR12, 9, 40).quotes([spxw(2700, "C")])[0].ask
    assert ask is not None
    exchange = exchange_at(MAR12, 8, 0)
    exchange.submit(order(1, single(spxw(2700, "C")), round(0.7 * ask, 0), tif="GTC"))

    opened = run(exchange, at(MAR12, 9, 31))
    later = run(exchange, at(MAR12, 16, 0))

    assert executions(opened) == []
    assert len(executions(later)) == 1


def test_a_limit_far_from_the_market_is_cancelled_at_the_close_of_its_session() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -15.0))

    events = run(exchange, at(FEB18, 17, 0))

    assert statuses(events) == ["Cancelled"]
    assert [event.code for event in events if isinstance(event, OrderChanged)] == [202]
    assert exchange.completed_orders()[0].completed_at == at(FEB18, 16, 15)


def test_an_order_on_a_series_that_expires_today_ends_at_four() -> None:
    exchange = exchange_at(MAR20)
    legs = single(spxw(2500, "P"))
    exchange.submit(order(1, legs, 0.05, tif="GTC"))

    run(exchange, at(MAR20, 17, 0))

    assert exchange.completed_orders()[0].completed_at == at(MAR20, 16, 0)


def test_an_order_on_an_early_close_ends_a_quarter_past_one() -> None:
    day = date(2019, 11, 29)
    exchange = exchange_at(day)
    exchange.submit(order(1, single(spxw(3000, "P", date(2019, 12, 20))), 0.05))

    run(exchange, at(day, 17, 0))

    assert exchange.completed_orders()[0].completed_at == at(day, 13, 15)


def test_a_gtc_order_rests_over_nights_without_a_sound() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -15.0, tif="GTC"))

    events = run(exchange, at(date(2020, 2, 20), 12, 0))

    assert events == []
    assert [held.status for held in exchange.open_orders()] == [SimStatus.SUBMITTED]


def test_an_order_outside_hours_waits_with_399_and_starts_at_the_open() -> None:
    exchange = exchange_at(FEB18, 8, 0)

    waiting = exchange.submit(order(1, condor(), -15.0))
    opened = run(exchange, at(FEB18, 9, 31))

    assert statuses(waiting) == ["PreSubmitted"]
    assert isinstance(waiting[0], OrderChanged)
    assert waiting[0].code == 399
    assert "will not be placed at the exchange until 2020-02-18 09:30:00 US/Eastern" in waiting[0].text
    assert statuses(opened) == ["Submitted"]


def test_an_order_after_the_close_waits_for_the_next_session() -> None:
    exchange = exchange_at(date(2020, 2, 14), 16, 30)

    (waiting,) = exchange.submit(order(1, condor(), -15.0))

    assert isinstance(waiting, OrderChanged)
    assert "2020-02-18 09:30:00" in waiting.text  # over the weekend and Presidents' Day


def test_a_changed_limit_keeps_the_order_and_fills_when_it_reaches() -> None:
    exchange = exchange_at(FEB18)
    legs = condor()
    limit = _mid(exchange, legs) - 1.0
    exchange.submit(order(1, legs, limit))
    perm_id = exchange.open_orders()[0].perm_id

    changed = exchange.submit(order(1, legs, limit + 2.0))
    filled = exchange.advance(exchange.now + timedelta(seconds=1))

    assert [held.perm_id for held in orders(changed)] == [perm_id]
    assert orders(filled)[-1].status is SimStatus.FILLED


def test_cancel_ends_a_working_order_with_202() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -15.0))

    (cancelled,) = exchange.cancel(1, 1)

    assert isinstance(cancelled, OrderChanged)
    assert (cancelled.order.status, cancelled.code) == (SimStatus.CANCELLED, 202)
    assert exchange.open_orders() == []


def test_cancel_of_the_unknown_and_of_the_done_is_refused() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), 6.0))
    exchange.advance(exchange.now + timedelta(seconds=1))

    (unknown,), (done,), (stranger,) = exchange.cancel(1, 9), exchange.cancel(1, 1), exchange.cancel(2, 1)

    assert isinstance(unknown, Rejected)
    assert unknown.code == 10147
    assert isinstance(done, Rejected)
    assert (done.code, done.text[-14:]) == (10148, "state: Filled.")
    assert isinstance(stranger, Rejected)
    assert stranger.code == 10147


OFF_STEP = condor()
UNKNOWN_LEG = (SimLeg(5, 1),)
EXPIRED = single(spxw(3300, "P", date(2020, 2, 14)))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (order(1, condor(), -5.03), 110),
        (order(1, single(spxw(3200, "P")), 10.55), 110),
        (order(1, single(vix(18)), 1.02), 110),
        (order(1, condor(), -5.0, quantity=0), 434),
        (order(1, UNKNOWN_LEG, 1.0), 200),
        (order(1, EXPIRED, 1.0), 200),
        (order(1, (SimLeg(spxw(3200, "P"), 2), SimLeg(spxw(3300, "P"), -2)), 1.0), 312),
        (order(1, single(spxw(3200, "P")), -1.0), 110),
        (order(1, single(spxw(3000, "P")), 9.0, action="SELL", quantity=100), 201),
    ],
)
def test_orders_that_no_exchange_takes_are_refused_with_the_gateways_code(request_: object, code: int) -> None:
    exchange = exchange_at(FEB18)

    (refused,) = exchange.submit(request_)  # type: ignore[arg-type]

    assert isinstance(refused, Rejected)
    assert refused.code == code
    assert exchange.open_orders() == []


def test_price_steps_follow_the_class_and_the_level() -> None:
    exchange = exchange_at(FEB18)

    for number, (legs, limit) in enumerate(
        [(single(spxw(3200, "P")), 2.95), (single(spxw(3200, "P")), 3.10), (single(vix(18)), 0.05)], start=1
    ):
        assert statuses(exchange.submit(order(number, legs, limit)))[0] == "PreSubmitted"
    weekly = vix(18, expiry=date(2020, 3, 4), cls=TradingClass.VIXW)
    assert statuses(exchange.submit(order(9, single(weekly), 0.03)))[0] == "PreSubmitted"


def test_order_ids_must_rise_per_client() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(5, condor(), -15.0))
    exchange.cancel(1, 5)

    (again,), (lower,) = exchange.submit(order(5, condor(), -15.0)), exchange.submit(order(3, condor(), -15.0))
    other = exchange.submit(order(3, condor(), -15.0, client_id=2))

    assert isinstance(again, Rejected)
    assert isinstance(lower, Rejected)
    assert (again.code, lower.code) == (103, 103)
    assert statuses(other)[0] == "PreSubmitted"
    assert (exchange.next_order_id(1), exchange.next_order_id(2), exchange.next_order_id(3)) == (6, 4, 1)


def test_a_filled_order_cannot_be_changed() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), 6.0))
    exchange.advance(exchange.now + timedelta(seconds=1))

    (refused,) = exchange.submit(order(1, condor(), 5.0))

    assert isinstance(refused, Rejected)
    assert refused.code == 104


def test_a_market_order_fills_at_natural() -> None:
    exchange = exchange_at(FEB18)
    ask = exchange.quotes([vix(18)])[0].ask
    exchange.submit(order(1, single(vix(18)), None, quantity=4))

    (fill,) = executions(exchange.advance(exchange.now + timedelta(seconds=1)))

    assert fill.price == pytest.approx(ask)
    assert fill.commission == pytest.approx(4.20)


def test_a_single_option_without_a_bid_cannot_be_sold() -> None:
    exchange = exchange_at(MAR20, 15, 50)
    worthless = single(spxw(3400, "C"))
    assert exchange.quotes([worthless[0].con_id])[0].bid is None

    exchange.submit(order(1, worthless, None, action="SELL"))
    exchange.submit(order(2, single(spxw(3405, "C")), None))
    events = run(exchange, at(MAR20, 15, 59))

    assert [fill.order_id for fill in executions(events)] == [2]


def test_partial_fills_are_whole_combos_and_the_rest_follows() -> None:
    exchange = exchange_at(FEB18, partial_probability=1.0)
    exchange.submit(order(1, condor(), -5.0, quantity=6))

    events = run(exchange, exchange.now + timedelta(minutes=10))

    wholes = [fill for fill in executions(events) if fill.con_id is None]
    legs = [fill for fill in executions(events) if fill.con_id is not None]
    assert len(wholes) > 1
    assert [fill.cumulative for fill in wholes][-1] == sum(fill.quantity for fill in wholes) == 6
    assert len(legs) == 4 * len(wholes)
    assert statuses(events)[:-1] == ["Submitted"] * (len(wholes) - 1)
    assert len({fill.exec_id for fill in executions(events)}) == 5 * len(wholes)


def fills_beside(count: int, *, client_id: int, order_ref: str) -> tuple[tuple[int, float], ...]:
    """Return the fills of a condor when one client has sent so many orders before it."""
    exchange = exchange_at(FEB18, partial_probability=0.5)
    for number in range(1, count + 1):
        exchange.submit(order(number, single(vix(20)), 3.0))
    last = order(count + 1 if client_id == 1 else 1, condor(), None, quantity=9, client_id=client_id)
    exchange.submit(replace(last, order_ref=order_ref))
    done = executions(run(exchange, at(FEB18, 11, 0)))
    return tuple((one.quantity, one.price) for one in done if one.order_ref == order_ref and one.con_id is None)


@pytest.mark.parametrize(("client_id", "order_ref"), [(1, "a condor"), (2, "")])
def test_no_order_changes_what_another_draws(client_id: int, order_ref: str) -> None:
    assert len({fills_beside(count, client_id=client_id, order_ref=order_ref) for count in range(6)}) == 1


def test_orders_of_other_references_draw_for_themselves() -> None:
    assert len({fills_beside(0, client_id=1, order_ref=f"condor {number}") for number in range(6)}) > 1


def test_what_if_shows_margin_and_equity_and_leaves_no_trace() -> None:
    exchange = exchange_at(FEB18)
    before = exchange.dump()

    answer = exchange.what_if(order(1, condor(), -5.0, quantity=4))

    assert isinstance(answer, WhatIf)
    assert (answer.maintenance_before, answer.maintenance_after) == (0.0, 10_000.0)
    assert answer.commission == pytest.approx(18.40)
    assert answer.equity_after == pytest.approx(1_000_000 + 2_000 - 18.40)
    assert exchange.dump() == before


def test_what_if_of_the_difference_is_what_the_fill_changes() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -5.0))
    exchange.advance(exchange.now + timedelta(seconds=1))
    answer = exchange.what_if(order(2, condor(3150, 3500), -3.0))
    assert isinstance(answer, WhatIf)

    exchange.submit(order(2, condor(3150, 3500), -3.0))
    exchange.advance(exchange.now + timedelta(seconds=1))

    assert exchange.account().maintenance_margin == answer.maintenance_after == answer.maintenance_before + 2_500


def test_executions_and_completed_orders_are_those_of_the_day() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -5.0))
    exchange.advance(at(FEB18, 23, 59))
    assert len(exchange.executions()) == 5
    assert len(exchange.completed_orders()) == 1

    exchange.advance(at(date(2020, 2, 19), 0, 0))

    assert exchange.executions() == []
    assert exchange.completed_orders() == []
    assert len(exchange.positions()) == 4


def test_time_does_not_go_back() -> None:
    exchange = exchange_at(FEB18)

    with pytest.raises(ValueError, match="cannot go back"):
        exchange.advance(exchange.now - timedelta(seconds=1))
