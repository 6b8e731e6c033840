"""A simulated exchange at a moment of the packaged history, and short ways to speak to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from functools import cache
from pathlib import Path

import pytest

from daemon.core.calendar.sessions import new_york
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.exchange.api import ExchangeEvent, Executed, OrderChanged, OrderRequest, SimExecution, SimLeg, SimOrder
from daemon.sim.exchange.con_ids import option_con_id
from daemon.sim.history import History, load_folder, load_packaged
from daemon.sim.market import Market

FULL_HISTORY = (Path(__file__).parents[1] / "../shared/data").resolve()
FEB18 = date(2020, 2, 18)
MAR18 = date(2020, 3, 18)
MAR20 = date(2020, 3, 20)


@cache
def packaged() -> History:
    return load_packaged()


@cache
def full() -> History:
    if not FULL_HISTORY.is_dir():
        pytest.skip("no folder ../shared/data beside the repository: this test compares with full history")
    return load_folder(FULL_HISTORY)


def at(day: date, hour: int, minute: int, second: int = 0) -> datetime:
    return new_york(day, time(hour, minute, second))


def exchange_at(day: date, hour: int = 10, minute: int = 0, *, seed: int = 7, **config: object) -> Exchange:
    settings = {"partial_probability": 0.0} | config
    return Exchange(Market(packaged(), seed), ExchangeConfig(**settings), None, at(day, hour, minute))  # type: ignore[arg-type]


def spxw(strike: float, right: str, expiry: date = MAR20) -> int:
    return option_con_id(OptionContract(TradingClass.SPXW, expiry, round(strike * 100), Right(right)))


def vix(strike: float, right: str = "C", expiry: date = MAR18, cls: TradingClass = TradingClass.VIX) -> int:
    return option_con_id(OptionContract(cls, expiry, round(strike * 100), Right(right)))


def condor(
    put: float = 3200, call: float = 3470, *, width: float = 25, call_width: float = 25, expiry: date = MAR20
) -> tuple[SimLeg, ...]:
    """Legs as held: long the wings, short the inner strikes."""
    return (
        SimLeg(spxw(put - width, "P", expiry), 1),
        SimLeg(spxw(put, "P", expiry), -1),
        SimLeg(spxw(call, "C", expiry), -1),
        SimLeg(spxw(call + call_width, "C", expiry), 1),
    )


def single(con_id: int) -> tuple[SimLeg, ...]:
    return (SimLeg(con_id, 1),)


def order(
    order_id: int,
    legs: Sequence[SimLeg],
    limit: float | None,
    *,
    action: str = "BUY",
    quantity: int = 1,
    tif: str = "DAY",
    client_id: int = 1,
) -> OrderRequest:
    return OrderRequest(
        client_id=client_id,
        order_id=order_id,
        action=action,
        quantity=quantity,
        order_type="MKT" if limit is None else "LMT",
        limit=limit,
        tif=tif,
        legs=tuple(legs),
        order_ref=f"ref-{client_id}-{order_id}",
        account="DU1234567",
    )


def executions(events: Sequence[ExchangeEvent]) -> list[SimExecution]:
    return [event.execution for event in events if isinstance(event, Executed)]


def orders(events: Sequence[ExchangeEvent]) -> list[SimOrder]:
    return [event.order for event in events if isinstance(event, OrderChanged)]


def statuses(events: Sequence[ExchangeEvent]) -> list[str]:
    return [str(changed.status) for changed in orders(events)]


def run(exchange: Exchange, until: datetime) -> list[ExchangeEvent]:
    """Advance as a front end does: from one event to the next."""
    events: list[ExchangeEvent] = []
    while (due := exchange.next_event_at()) is not None and due <= until:
        events += exchange.advance(due)
    return events + exchange.advance(until)
