"""What the guards of the budget reckon a layer's purchases and a roll's sales with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from engine_fakes import CALL, SESSION, START, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.hedge.budget import LayerCost
from daemon.core.hedge.units import HedgeUnit, LayerHolding
from daemon.core.market.contracts import ContractInfo, OptionContract, Right, TradingClass
from daemon.core.market.quotes import Quote
from daemon.engine.gather import OptionView, UnitView
from daemon.engine.hedge_budget import layer_cost
from daemon.engine.hedge_reader import LayerView

OLD = OptionContract(TradingClass.VIXW, date(2020, 2, 26), 1600, Right.CALL)


def cost(
    folder: Path, *, old: tuple[int | None, int] = (60, 70), vix: float = 15.0, rolls: bool = True, guarded: bool = True
) -> tuple[LayerCost, list[OptionContract]]:
    """Return what a layer costs that holds two old calls and would buy one at 1.00 to 1.10; and what was quoted."""
    found: list[LayerCost] = []
    desk, broker = make_desk(folder, HEDGE_LADDER_THROUGH_PTS="0.02", HEDGE_BUDGET_ENABLED=str(guarded))

    broker.quoted = lambda _: Quote(desk.clock.now(), *old, 10, 10)

    async def ask() -> None:
        info = ContractInfo(1, CALL, ((0, 1),))  # type: ignore[arg-type] # any number
        new = OptionView(info, Quote(desk.clock.now(), 100, 110, 10, 10), 16.0, 0.9, 0.4)
        measured = UnitView(HedgeUnit(CALL), 16.0, ((1, new),))
        view = LayerView(desk.policy.hedge.layers[0], LayerHolding({HedgeUnit(OLD): 2}, {}), measured, ())
        next_roll = date(2020, 3, 5)
        found.append(await layer_cost(desk, view, SESSION, vix=vix, next_roll=next_roll, rolls=rolls, counts_usd=500.0))

    run_virtual(ask, START)
    return found[0], broker.asked


def test_a_purchase_costs_what_its_ladder_may_come_to_and_a_sale_brings_the_least_of_its_own(tmp_path: Path) -> None:
    # Bought at an ask of 1.10 and 0.02 beyond it; two sold at a bid of 0.60 less 0.02.
    found, _ = cost(tmp_path)

    assert (found.price_usd, found.held, found.proceeds_usd) == pytest.approx((112.0, 0, 116.0))


@pytest.mark.parametrize("old", [(None, 5), (1, 5)])
def test_what_nobody_pays_more_for_than_the_ladder_gives_up_brings_nothing(
    tmp_path: Path, old: tuple[int | None, int]
) -> None:
    assert cost(tmp_path, old=old)[0].proceeds_usd == 0


def test_a_layer_that_does_not_roll_sells_nothing(tmp_path: Path) -> None:
    found, asked = cost(tmp_path, rolls=False)

    assert (found.held, found.proceeds_usd, asked) == (2, 0, [])


@pytest.mark.parametrize(("vix", "guarded"), [(25.1, True), (15.0, False)])
def test_nothing_is_quoted_for_a_guard_that_does_not_hold(tmp_path: Path, vix: float, guarded: bool) -> None:
    assert cost(tmp_path, vix=vix, guarded=guarded)[1] == []
