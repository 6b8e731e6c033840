"""What stands beside the layers: a held unit without a quote is left as it is, and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine_fakes import CALL, SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.hedge.policy import DRIFT
from daemon.core.hedge.regime import RegimeState
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.orders.intent import Purpose, Reason
from daemon.core.records import HedgeComputation
from daemon.engine.beside import Beside
from daemon.engine.gather import Refusal
from daemon.engine.hedge_reader import HedgeView


class Reader:
    """Holds two calls that nobody quotes."""

    def holding(self, _subject: str) -> LayerHolding:
        return LayerHolding({HedgeUnit(CALL): 2}, {})

    async def priced(self, *_args: object) -> None:
        raise Refusal(Reason("quote_missing", "Nobody bids for it."))


def test_a_held_unit_without_a_quote_is_told_and_changes_nothing(tmp_path: Path) -> None:
    desk, _ = make_desk(tmp_path)
    computation = HedgeComputation(SESSION, START, 14.4, "low", 7.7, 5_000, 385.0, 0.0, 1, ())
    view = HedgeView(computation, {}, RegimeState("low", None), regime_changed=False)
    found: list[object] = []

    async def look() -> None:
        reader: Any = Reader()
        trader: Any = None
        seen: Any = None
        found.extend(await Beside(desk, reader, trader, Purpose.DRIFT).measure(SESSION, view, seen))

    run_virtual(look, START)

    assert found == [view, {}]
    (told,) = [event for event in desk.store.events() if event.name == "hedge_unit_unpriced"]
    assert told.fields == {"subject": DRIFT, "held": 2, "contract": str(CALL), "why": "Nobody bids for it."}
