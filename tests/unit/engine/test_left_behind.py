"""What a roll could not sell is sold by a later roll job, and why tells it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import CALL, SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.hedge.regime import RegimeState
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.orders.intent import Purpose
from daemon.core.records import DecisionKind, HedgeComputation
from daemon.engine.gather import UnitView
from daemon.engine.hedge_desk import ROLL_JOB, HedgeDesk
from daemon.engine.hedge_reader import HedgeView, LayerView

NEW = HedgeUnit(replace(CALL, strike_pts100=CALL.strike_pts100 + 100))


class Reader:
    """One layer, in no roll, that holds two old calls beside its new ones."""

    def __init__(self, layer: LayerView) -> None:
        self.layer = layer

    def layers(self) -> tuple[()]:
        return ()

    def left_behind(self) -> bool:
        return True

    async def compute(self, *_: object) -> HedgeView:
        computation = HedgeComputation(SESSION, START, 14.4, "low", 7.7, 5_000, 385.0, 0.0, 1, ())
        regime = RegimeState("low", None)
        return HedgeView(computation, {self.layer.name: self.layer}, regime, regime_changed=False)


class Trader:
    """Fills everything, or nothing."""

    def __init__(self, *, fills: bool) -> None:
        self.fills = fills
        self.asked: list[tuple[Purpose, HedgeUnit, int]] = []

    async def trade(self, _layer: LayerView, *, purpose: Purpose, unit: HedgeUnit, change: int, **_: object) -> int:
        self.asked.append((purpose, unit, change))
        return change if self.fills else 0


@pytest.mark.parametrize("fills", [True, False])
def test_what_a_roll_left_behind_is_sold_and_told_as_a_decision(tmp_path: Path, fills: bool) -> None:
    desk, _ = make_desk(tmp_path)
    old = HedgeUnit(CALL)
    layer = LayerView(desk.policy.hedge.layers[0], LayerHolding({old: 2, NEW: 4}, {}), UnitView(NEW, 16.0, ()), ())
    reader: Any = Reader(layer)
    trader: Any = Trader(fills=fills)
    harvester: Any = None

    async def roll() -> None:
        await HedgeDesk(desk, reader, trader, harvester).roll(SESSION)

    run_virtual(roll, START)
    assert trader.asked == [(Purpose.ROLL_SELL, old, -2)]
    told = [
        (decision.job, decision.kind, decision.subject, decision.inputs["result"])
        for decision in desk.store.decisions(SESSION)
    ]
    assert told == (
        [(ROLL_JOB, DecisionKind.SELL, layer.name, f"{layer.name} sold 2 of 2 left behind")] if fills else []
    )
