"""What closes a hedge layer, order by order: spreads as they are, and no short call ever left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from engine_fakes import START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.book.book import Holding
from daemon.core.condor.unwinding import ClosingStep
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import Leg, Strategy
from daemon.engine.flatten_plan import sales

EXPIRY = date(2020, 3, 25)


def call(strike: int) -> OptionContract:
    return OptionContract(TradingClass.VIXW, EXPIRY, strike * 100, Right.CALL)


def closing(folder: Path, positions: dict[OptionContract, int]) -> tuple[ClosingStep, ...]:
    found: list[tuple[ClosingStep, ...]] = []
    desk, _ = make_desk(folder)

    async def ask() -> None:
        found.append(sales(desk, Holding(Strategy.HEDGE, "L1", positions, 0, 0)))

    run_virtual(ask, START)
    return found[0]


def test_a_spread_is_closed_by_one_order_and_what_is_long_alone_by_another(tmp_path: Path) -> None:
    assert closing(tmp_path, {call(22): 3, call(32): -2}) == (
        ClosingStep((Leg(call(22), -1),), 1),
        ClosingStep((Leg(call(22), -1), Leg(call(32), 1)), 2),
    )


def test_a_short_call_that_nothing_covers_is_bought_back_first(tmp_path: Path) -> None:
    assert closing(tmp_path, {call(22): -1, call(32): 2}) == (
        ClosingStep((Leg(call(22), 1),), 1),
        ClosingStep((Leg(call(32), -1),), 2),
    )
