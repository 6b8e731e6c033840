"""The promises of the hedge over windows of the shipped history; ``make hedge-windows`` checks whole years."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hedge_checks import check_hedge
from rehearsals import Done, preset, rehearse

from daemon.core.records import DayRecord, Decision, DecisionKind, HedgeBudget, HedgeComputation, LayerComputation
from daemon.report.analysis import analyse
from daemon.settings import load

FIRST, LAST = date(2020, 2, 18), date(2020, 3, 31)
CALM_FIRST, CALM_LAST = date(2017, 10, 2), date(2017, 11, 3)
POLICY = load([], {"HOME": "/home/somebody"}).hedge_policy()


class Changed:
    """A store that gives back something else than was recorded."""

    def __init__(self, store: object, **changes: Callable[[Any], Any]) -> None:
        self._store = store
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._store, name)
        change = self._changes.get(name)
        return ask if change is None else lambda *given, **named: change(ask(*given, **named))


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(tmp_path_factory.mktemp("hedge") / "out", LAST, first=FIRST)


def faults(done: Done, **changes: Callable[[Any], Any]) -> tuple[str, ...]:
    return check_hedge(Changed(done.store, **changes), POLICY).faults


class TestPromises:
    def test_the_layered_hedge_keeps_them_through_a_crash(self, done: Done) -> None:
        checked = check_hedge(done.store, POLICY)

        assert checked.faults == ()
        assert checked.rolls >= 5
        assert min(checked.resizes, checked.orders) > 0

    def test_a_fixed_hedge_keeps_them_too(self, tmp_path: Path) -> None:
        fixed = preset("fixed_442")
        run = rehearse(tmp_path / "out", date(2024, 8, 16), first=date(2024, 7, 29), **fixed)
        environment = {f"CONDORD_{name}": value for name, value in fixed.items()}
        checked = check_hedge(run.store, load([], {"HOME": "/home/somebody"} | environment).hedge_policy())

        assert checked.faults == ()
        assert (checked.rolls > 0, checked.guarded) == (True, 0)

    def test_the_guards_are_kept_while_vix_is_low(self, tmp_path: Path) -> None:
        run = rehearse(tmp_path / "out", CALM_LAST, first=CALM_FIRST)
        checked = check_hedge(run.store, POLICY)

        assert checked.faults == ()
        assert checked.guarded > 10

    def test_sources_of_the_whole_window_are_the_change_of_net_liquidation(self, done: Done) -> None:
        found = analyse(done.store, FIRST, LAST)
        assert found is not None

        assert found.attribution.change_usd_cents == round(100 * (done.result.summary.pnl_usd or 0))
        assert abs(found.attribution.other_usd_cents or 0) <= len(found.attribution.totals)
        assert all(row.layers is not None for row in found.rows)


class TestFaults:
    """Each check finds what it is there for."""

    def test_an_order_before_its_computation(self, done: Done) -> None:
        def later(found: tuple[HedgeComputation, ...]) -> tuple[HedgeComputation, ...]:
            return tuple(replace(one, at=one.at + timedelta(days=1)) for one in found)

        assert any("without a computation" in fault for fault in faults(done, hedge_computations=later))

    def test_a_roll_on_a_date_that_is_none_of_the_calendar(self, done: Done) -> None:
        def shifted(key: str | None) -> str | None:
            return "2020-02-19" if key == "2020-02-18" else key

        found = faults(done, meta=shifted)
        assert any("no date of its calendar" in fault for fault in found)

    def test_a_date_of_the_calendar_of_which_nothing_is_told(self, done: Done) -> None:
        def silent(found: tuple[Decision, ...]) -> tuple[Decision, ...]:
            return tuple(one for one in found if one.job != "hedge_roll")

        assert any("nothing says why not" in fault for fault in faults(done, decisions=silent))

    def test_a_layer_that_a_resize_left_off_its_target(self, done: Done) -> None:
        def more(found: tuple[DayRecord, ...]) -> tuple[DayRecord, ...]:
            return tuple(
                replace(
                    day,
                    positions=tuple(
                        replace(line, quantity=line.quantity + 9) if line.strategy == "hedge" else line
                        for line in day.positions
                    ),
                )
                for day in found
            )

        def unnamed(found: tuple[Decision, ...]) -> tuple[Decision, ...]:
            return tuple(one for one in found if one.kind is not DecisionKind.SKIP or one.job == "hedge_roll")

        assert any("after a resize" in fault for fault in faults(done, days=more, decisions=unnamed))

    def test_targets_off_their_ratio(self, done: Done) -> None:
        def lopsided(found: tuple[HedgeComputation, ...]) -> tuple[HedgeComputation, ...]:
            def layer(one: LayerComputation) -> LayerComputation:
                return replace(one, target=one.target + (6 if one.layer == "L3" else 0))

            return tuple(replace(one, layers=tuple(map(layer, one.layers)), reasons=()) for one in found)

        assert any("by ratio" in fault for fault in faults(done, hedge_computations=lopsided))

    def test_a_guard_that_was_passed(self, done: Done) -> None:
        def dear(found: tuple[HedgeComputation, ...]) -> tuple[HedgeComputation, ...]:
            def budget(one: HedgeBudget | None) -> HedgeBudget | None:
                return None if one is None else replace(one, carry_max_usd=0.0, debits_max_usd=0.0)

            def layer(one: LayerComputation) -> LayerComputation:
                return replace(one, target=one.target + 2)

            return tuple(
                replace(
                    one,
                    layers=tuple(map(layer, one.layers)),
                    sizing=None if one.sizing is None else replace(one.sizing, budget=budget(one.sizing.budget)),
                )
                for one in found
            )

        found = faults(done, hedge_computations=dear)
        assert any("expected carry" in fault for fault in found)
        assert any("upon debits" in fault for fault in found)
