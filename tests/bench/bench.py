"""Benchmarks, each as a ratio to a plain Python loop timed in the same run: these machines are noisy.

A unit is the time of ten thousand additions in a Python loop, taken before and after each measurement.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import QuantLib
from typos import sample

from daemon.adapters.store import DATABASE, SqliteStore
from daemon.app.simulated import load_history
from daemon.core.calendar.expiries import expiries
from daemon.core.calendar.sessions import new_york
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.market.pricing import black76, black76_price, implied_vol
from daemon.core.orders.intent import Strategy
from daemon.core.records import EventRecord, Level
from daemon.core.risk.exposure import measure_exposure
from daemon.core.risk.greeks import Levels, Position, value_positions
from daemon.core.risk.stress import GRID, stress
from daemon.settings.catalogue import by_name
from daemon.settings.names import looks_like_ours, nearest
from daemon.sim.exchange import Exchange, ExchangeConfig, con_ids
from daemon.sim.market import Market, contract_set

CONDORD = Path(sys.executable).with_name("condord")
DAY = date(2020, 3, 2)
TYPOS = 5000
"""Of the 600,000 that the names of all settings have."""
NOW = new_york(DAY, datetime(2020, 3, 2, 12, 0).time())  # noqa: DTZ001 - a New York time of day


def unit_s() -> float:
    """Return the time of ten thousand additions."""
    began = time.perf_counter()
    total = 0
    for number in range(10_000):
        total += number
    return time.perf_counter() - began


def measure(name: str, count: int, work: Callable[[], object], *, each: int = 1) -> float:
    """Time ``count`` calls, print the time of one item and its ratio to the unit, return the seconds of one item."""
    work()
    before = unit_s()
    began = time.perf_counter()
    for _ in range(count):
        work()
    one = (time.perf_counter() - began) / count / each
    unit = (before + unit_s()) / 2
    print(f"{name:<52} {one * 1e6:>10.2f} us {one / unit:>10.4f} units")
    return one


def seconds(work: Callable[[], object]) -> float:
    """Return the time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def shell() -> None:
    """Measure commands from start to end, as a shell sees them: the fastest of several, beside an empty Python."""

    def fastest(*command: str | Path) -> float:
        return min(seconds(lambda: subprocess.run(command, check=False, capture_output=True)) for _ in range(9))

    bare = fastest(sys.executable, "-c", "pass")
    print(f"{'an empty Python':<52} {bare * 1e3:>10.0f} ms")
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"CONDORD_STATE_DIR": folder}):
        SqliteStore(Path(folder) / DATABASE).close()
        for words in ("--help", "status --help", "rehearse --help", "config show --help", "healthcheck", "status"):
            one = fastest(CONDORD, *words.split())
            print(f"{f'condord {words}':<52} {one * 1e3:>10.0f} ms {one / bare:>10.1f} times that")


def exchange() -> Exchange:
    """Return an exchange that stands in the middle of a session."""
    return Exchange(Market(load_history(None, DAY, 1), 1), ExchangeConfig(), None, NOW)


def sixty_options() -> list[OptionContract]:
    """Return thirty strikes of one SPXW expiry, puts and calls."""
    expiry = expiries(TradingClass.SPXW, DAY, DAY + timedelta(days=40))[-1]
    strikes = range(250_000, 310_000, 2_000)
    return [OptionContract(TradingClass.SPXW, expiry, strike, right) for strike in strikes for right in Right]


def risk() -> None:
    """Measure greeks and stress of 200 positions, the stress against a loop over a formula of QuantLib."""
    dates = expiries(TradingClass.SPXW, DAY, DAY + timedelta(days=40))[-5:]
    strikes = [*range(260_000, 300_000, 2_000), *range(310_000, 350_000, 2_000)]
    rows = [
        OptionContract(TradingClass.SPXW, expiry, strike, Right.PUT if strike < 305_000 else Right.CALL)
        for expiry in dates
        for strike in strikes
    ]
    levels = Levels(NOW, 3050.0, 33.0, {})
    years = [levels.years(contract) for contract in rows]
    marks = black76_price(3050.0, [c.strike for c in rows], years, 0.3, 1.0, [c.right is Right.CALL for c in rows])
    book = [
        Position(Strategy.CONDOR, "C", contract, place % 2 * 2 - 1, mark)
        for place, (contract, mark) in enumerate(zip(rows, marks.tolist(), strict=True))
    ]
    valuation = value_positions(book, levels)
    assert len(valuation.known) == 200
    measure("greeks of 200 positions from their marks", 20, lambda: value_positions(book, levels))
    measure("sums of the greeks of 200 positions", 50, lambda: measure_exposure(valuation, levels))
    scenarios = len(GRID.spx_moves) * len(GRID.vix_moves) * len(GRID.days)
    prices = len(book) * scenarios
    ours = measure(f"stress of 200 positions in {scenarios} scenarios", 50, lambda: stress(valuation, levels))
    fastest = min(seconds(lambda: stress(valuation, levels)) for _ in range(50))

    def loop() -> None:
        for contract, left in zip(rows, years, strict=True):
            kind = QuantLib.Option.Call if contract.right is Right.CALL else QuantLib.Option.Put
            for forward in range(2450, 3350, 30):
                QuantLib.blackFormula(kind, contract.strike, float(forward), 0.3 * left**0.5)

    theirs = measure("a price in a loop over QuantLib.blackFormula", 3, loop, each=200 * 30)
    print(f"stress is {theirs * prices / ours:.0f} times as fast as the loop, at {ours / prices * 1e9:.1f} ns a price")
    print(f"stress undisturbed, the fastest of 50: {fastest * 1e3:.2f} ms, {fastest / prices * 1e9:.1f} ns a price")


def typos() -> None:
    """Print how many typos of one edit in names of settings are caught with the right suggestion."""
    names = by_name()
    found = sample(names, TYPOS, seed=1)
    right = sum(typo not in names and looks_like_ours(typo) and nearest(typo, names) == name for name, typo in found)
    print(f"typos of one edit caught with the right suggestion: {right / len(found):.2%} of {len(found)}")


def main() -> None:
    """Run every benchmark."""
    typos()
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

    risk()
    shell()

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
