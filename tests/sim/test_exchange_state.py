import json
from datetime import date, timedelta

import pytest
from sim_world import FEB18, at, condor, exchange_at, order, packaged, run, single, vix

from daemon.errors import SettingsError
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.exchange.api import ExchangeEvent
from daemon.sim.market import Market

CONFIG = ExchangeConfig(partial_probability=0.5)


def _trade(exchange: Exchange) -> list[ExchangeEvent]:
    events = exchange.submit(order(1, condor(), -5.5, quantity=5))
    events += exchange.submit(order(2, condor(3150, 3500), -4.2, quantity=3, tif="GTC"))
    events += exchange.submit(order(3, single(vix(18)), None, quantity=4))
    return events


def _restored(exchange: Exchange) -> Exchange:
    stored = json.loads(json.dumps(exchange.dump()))
    return Exchange(Market(packaged(), 7), CONFIG, stored, exchange.now)


@pytest.mark.parametrize("minutes", [0, 1, 90, 24 * 60, 12 * 24 * 60])
def test_an_exchange_continues_from_its_dump_as_if_nothing_had_been(minutes: int) -> None:
    original = Exchange(Market(packaged(), 7), CONFIG, None, at(FEB18, 10, 0))
    _trade(original)
    run(original, original.now + timedelta(minutes=minutes))

    copy = _restored(original)

    assert copy.dump() == original.dump()
    assert (copy.account(), copy.positions()) == (original.account(), original.positions())
    until = at(date(2020, 3, 31), 12, 0)
    assert run(copy, until) == run(original, until)
    assert copy.dump() == original.dump()


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    def events(seed: int) -> list[ExchangeEvent]:
        exchange = exchange_at(FEB18, seed=seed, partial_probability=0.3)
        return _trade(exchange) + run(exchange, at(date(2020, 2, 28), 12, 0))

    assert events(7) == events(7)
    assert events(7) != events(8)


def test_a_stored_account_of_the_future_is_refused() -> None:
    stored = exchange_at(FEB18, 15, 0).dump()

    with pytest.raises(SettingsError, match="later than the clock's"):
        Exchange(Market(packaged(), 7), CONFIG, stored, at(FEB18, 10, 0))


def test_a_stored_account_of_another_version_is_refused() -> None:
    stored = exchange_at(FEB18).dump() | {"version": 99}

    with pytest.raises(SettingsError, match="version 99"):
        Exchange(Market(packaged(), 7), CONFIG, stored, at(FEB18, 10, 0))


def test_an_idle_account_has_nothing_to_wait_for() -> None:
    exchange = exchange_at(FEB18)

    assert exchange.next_event_at() is None
    assert exchange.advance(at(date(2020, 3, 2), 12, 0)) == []


def test_the_account_starts_with_a_million_dollars() -> None:
    account = exchange_at(FEB18).account()

    assert (account.net_liquidation, account.total_cash, account.available_funds) == (1e6, 1e6, 1e6)
