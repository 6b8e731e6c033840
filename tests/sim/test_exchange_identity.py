"""Whatever is traded, the account adds up to the cent."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sim_world import FEB18, MAR18, at, condor, exchange_at, executions, order, run, single, spxw, vix

from daemon.core.calendar.sessions import sessions_between
from daemon.sim.exchange import Exchange
from daemon.sim.exchange.api import ExchangeEvent, SimLeg

E4 = 10_000
EXPIRIES = (date(2020, 2, 28), date(2020, 3, 13))
END = date(2020, 3, 20)

_actions = st.one_of(
    st.tuples(
        st.just("condor"),
        st.sampled_from(EXPIRIES),
        st.integers(-8, 2),
        st.integers(-4, 4),
        st.integers(1, 3),
        st.sampled_from(("BUY", "SELL")),
    ),
    st.tuples(st.just("call"), st.integers(14, 40), st.integers(1, 4), st.sampled_from(("BUY", "SELL"))),
    st.tuples(st.just("wait"), st.integers(1, 3 * 24 * 60)),
)


def _legs(action: tuple[object, ...]) -> tuple[SimLeg, ...]:
    if action[0] == "call":
        return single(vix(action[1], expiry=MAR18))  # type: ignore[arg-type]
    _, expiry, put, call, *_ = action
    return condor(3100 + 25 * put, 3300 + 25 * call, expiry=expiry)  # type: ignore[operator,arg-type]


def _do(exchange: Exchange, number: int, action: tuple[object, ...]) -> list[ExchangeEvent]:
    if action[0] == "wait":
        return run(exchange, min(exchange.now + timedelta(minutes=action[1]), at(END, 12, 0)))  # type: ignore[arg-type]
    quantity, side = action[-2], action[-1]
    events = exchange.submit(order(number, _legs(action), None, action=str(side), quantity=int(quantity)))  # type: ignore[call-overload]
    return events + run(exchange, exchange.now + timedelta(seconds=1))


def _check_identity(exchange: Exchange) -> None:
    ledger = exchange.dump()["ledger"]
    account = exchange.account()
    change = round((account.net_liquidation - 1_000_000) * E4)
    assert change == ledger["realized_e4"] + round(account.unrealized_pnl * E4)
    assert account.net_liquidation == _from_positions(exchange)


def _from_positions(exchange: Exchange) -> float:
    ledger = exchange.dump()["ledger"]
    due = sum(amount for _, amount in ledger["receivables"])
    value = sum(round(position.market_value * E4) for position in exchange.positions())
    return float((ledger["cash_e4"] + due + value) / E4)


@settings(max_examples=25, deadline=None)
@given(st.lists(_actions, max_size=8))
def test_net_liquidation_is_start_plus_realised_plus_unrealised(actions: list[tuple[object, ...]]) -> None:
    exchange = exchange_at(FEB18, partial_probability=0.5)

    for number, action in enumerate(actions, start=1):
        _do(exchange, number, action)
        _check_identity(exchange)
    for day in sessions_between(exchange.now.date(), END):
        run(exchange, max(at(day, 17, 0), exchange.now))
        _check_identity(exchange)


@settings(max_examples=25, deadline=None)
@given(st.lists(_actions, max_size=8))
def test_cash_and_positions_are_the_sum_of_the_leg_executions(actions: list[tuple[object, ...]]) -> None:
    exchange = exchange_at(FEB18, partial_probability=0.5)
    cash, held = 1_000_000 * E4, dict[int, int]()

    for number, action in enumerate(actions, start=1):
        if action[0] == "wait":
            continue
        for fill in executions(_do(exchange, number, action)):
            if fill.con_id is None:
                continue
            signed = fill.quantity if fill.side == "BOT" else -fill.quantity
            assert fill.commission is not None
            cash -= round(signed * fill.price * 100 * E4) + round(fill.commission * E4)
            held[fill.con_id] = held.get(fill.con_id, 0) + signed

    assert round(exchange.account().total_cash * E4) == cash
    assert {position.con_id: position.quantity for position in exchange.positions()} == {
        con_id: quantity for con_id, quantity in held.items() if quantity
    }


def test_fees_are_those_of_the_settings() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -5.0, quantity=2))
    exchange.submit(order(2, single(vix(18)), None, quantity=10))
    run(exchange, exchange.now + timedelta(seconds=1))

    paid = sum(fill.commission or 0 for fill in exchange.executions())

    assert round(paid, 2) == round(2 * 4 * 1.15 + 10 * 1.05, 2)
    assert exchange.dump()["ledger"]["commissions_e4"] == round(paid * E4)


def test_average_cost_of_a_short_leg_is_what_was_received_less_commission() -> None:
    exchange = exchange_at(FEB18)
    exchange.submit(order(1, condor(), -5.0))
    run(exchange, exchange.now + timedelta(seconds=1))
    fill = next(fill for fill in exchange.executions() if fill.con_id == spxw(3200, "P"))

    position = next(position for position in exchange.positions() if position.con_id == spxw(3200, "P"))

    assert position.quantity == -1
    assert round(position.average_cost, 4) == round(fill.price * 100 - 1.15, 4)
