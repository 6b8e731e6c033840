"""Benchmarks, each as a ratio to a plain Python loop timed in the same run: these machines are noisy.

A unit is the time of ten thousand additions in a Python loop, taken before and after each measurement.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from daemon.adapters.store import SqliteStore
from daemon.app.simulated import load_history
from daemon.core.calendar.expiries import expiries
from daemon.core.calendar.sessions import new_york
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.pricing import black76, black76_price, implied_vol
from daemon.core.records import EventRecord, Level
from daemon.sim.exchange import Exchange, ExchangeConfig, con_ids
from daemon.sim.market import Market, contract_set

DAY = date(2020, 3, 2)
NOW = new_york(DAY, datetime(2020, 3, 2, 12, 0).time())  # noqa: DTZ001 - a New York time of day


def unit_s() -> float:
    """Return the time of ten thousand additions."""
    began = time.perf_counter()
    total = 0
    for number in range(10_000):
        total += number
    return time.perf_counter() - began


def measure(name: str, count: int, work: Callable[[], object], *, each: int = 1) -> None:
    """Time ``count`` calls and print the time of one item and its ratio to the unit."""
    work()
    before = unit_s()
    began = time.perf_counter()
    for _ in range(count):
        work()
    one = (time.perf_counter() - began) / count / each
    unit = (before + unit_s()) / 2
    print(f"{name:<52} {one * 1e6:>10.2f} us {one / unit:>10.4f} units")


def exchange() -> Exchange:
    """Return an exchange that stands in the middle of a session."""
    return Exchange(Market(load_history(None, DAY, 1), 1), ExchangeConfig(), None, NOW)


def sixty_options() -> list[OptionContract]:
    """Return thirty strikes of one SPXW expiry, puts and calls."""
    expiry = expiries(TradingClass.SPXW, DAY, DAY + timedelta(days=40))[-1]
    strikes = range(250_000, 310_000, 2_000)
    return [OptionContract(TradingClass.SPXW, expiry, strike, right) for strike in strikes for right in Right]


def main() -> None:
    """Run every benchmark."""
    strikes = np.linspace(4000.0, 8000.0, 200)
    measure(
        "Black-76 price of an option, 200 at once",
        500,
        lambda: black76_price(6000.0, strikes, 0.08, 0.2, 1.0, True),
        each=200,
    )
    measure(
        "Black-76 price and greeks, 200 at once", 500, lambda: black76(6000.0, strikes, 0.08, 0.2, 1.0, True), each=200
    )
    measure("implied volatility of one option", 500, lambda: implied_vol(1.2, 18.0, 20.0, 0.08, 1.0, True))

    market = exchange()
    options = sixty_options()
    wanted = [con_ids.option_con_id(option) for option in options]
    seconds = iter(range(1, 100_000))

    def quotes() -> object:
        market.advance(NOW + timedelta(seconds=next(seconds)))
        return market.quotes(wanted)

    measure("simulated quotes of 60 contracts at a new instant", 200, quotes, each=60)

    model = Market(load_history(None, DAY, 1), 1)
    condor = contract_set(options[:4], DAY)
    measure(
        "model prices of 4 contracts at a minute of a session",
        200,
        lambda: model.prices(condor, model.grid(DAY)),
        each=4 * 391,
    )

    with tempfile.TemporaryDirectory() as folder:
        for synchronous in ("FULL", "OFF"):
            store = SqliteStore(Path(folder) / f"{synchronous}.db", synchronous=synchronous)
            event = EventRecord("bench", datetime(2020, 3, 2, tzinfo=UTC), DAY, Level.INFO, {"n": 1})
            measure(f"one event committed, synchronous {synchronous}", 200, lambda: store.append_event(event))  # noqa: B023
            store.close()


if __name__ == "__main__":
    main()
