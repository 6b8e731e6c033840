"""The second engine buys once on a date of its calendar, whatever became of the process that bought."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import CALL, SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.hedge.regime import RegimeState
from daemon.core.hedge.units import LayerHolding
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import HedgeComputation
from daemon.engine.gather import Refusal
from daemon.engine.hedge_reader import HedgeView
from daemon.engine.sleeve_desk import SleeveDesk


class Reader:
    """Holds nothing, and finds nothing to buy: who asks wanted to buy."""

    def holding(self, _subject: str) -> LayerHolding:
        return LayerHolding({}, {})

    async def offered(self, *_args: object) -> None:
        raise Refusal(Reason("asked", "the sleeve wants to buy"))


@pytest.mark.parametrize(
    ("ordered", "state", "ratio", "asks"),
    [
        (None, IntentState.PLANNED, 1, True),
        (SESSION, IntentState.PLANNED, 1, False),  # its end is not known: it may hold something
        (SESSION, IntentState.CANCELLED, 1, True),
        (SESSION, IntentState.PLANNED, -1, True),  # a sale
        (SESSION - timedelta(days=1), IntentState.PLANNED, 1, True),  # of an earlier date
    ],
)
def test_an_order_that_holds_or_may_hold_something_settles_its_date(
    tmp_path: Path, ordered: date | None, state: IntentState, ratio: int, asks: bool
) -> None:
    desk, _ = make_desk(tmp_path, HEDGE_SLEEVE_ENABLED="true")
    asked: list[bool] = []

    async def look() -> None:
        desk.store.set_meta("first_session", SESSION.isoformat())
        if ordered is not None:
            key = IntentKey(ordered, Strategy.HEDGE, Purpose.SLEEVE, "sleeve", 1)
            spec = OrderSpec((Leg(CALL, ratio),), 1, 100 * ratio, TimeInForce.DAY)
            desk.store.plan_intent(Intent(key, spec, START), None)
            if state is not IntentState.PLANNED:
                desk.store.advance_intent(key.ref, state, START, "a test")
        computation = HedgeComputation(SESSION, START, 14.4, "low", 7.7, 5_000, 385.0, 0.0, 1, ())
        view = HedgeView(computation, {}, RegimeState("low", None), regime_changed=False)
        reader: Any = Reader()
        trader: Any = None
        try:
            await SleeveDesk(desk, reader, trader).look(SESSION, view)
        except Refusal as refusal:
            asked.extend(reason.name == "asked" for reason in refusal.reasons)

    run_virtual(look, START)
    assert asked == ([True] if asks else [])
