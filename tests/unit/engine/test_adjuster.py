"""The adjustment in force: kept over a restart, recorded with its inputs, applied only when switched on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from engine_fakes import make_desk

from daemon.core.hedge.adjustments import AdjustmentState
from daemon.core.records import DecisionKind, Signal, Standing
from daemon.engine.adjuster import adjust, in_force
from daemon.engine.context import Desk

FEB18, FEB19 = date(2020, 2, 18), date(2020, 2, 19)


def said(name: str, state: str) -> Signal:
    return Signal(
        session=FEB18,
        name=name,
        value=72.6,
        state=state,
        as_of=date(2020, 2, 14),
        source="broker",
        standing=Standing.FRESH,
        text="",
    )


ELEVATED, CALM = said("vix_rsi", "elevated"), said("vix_rsi", "neutral")


def desk_with(folder: Path, *, enabled: bool) -> Desk:
    desk, _ = make_desk(folder)
    adjustment = replace(desk.policy.adjustment, enabled=enabled)
    desk.policy = replace(desk.policy, adjustment=adjustment)
    return desk


def test_an_adjustment_is_in_force_from_its_session_on(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, enabled=True)
    assert in_force(desk).state == AdjustmentState()

    adjust(desk, FEB18, [ELEVATED])
    adjust(desk, FEB19, [CALM])  # one day later: too soon to take it back

    assert in_force(desk).state == AdjustmentState(multiplier=1.1, since=FEB18)


def test_it_is_recorded_with_its_inputs(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, enabled=True)

    adjust(desk, FEB18, [ELEVATED])

    (decision,) = desk.store.decisions(FEB18)
    assert (decision.kind, decision.job, decision.subject) == (DecisionKind.ADJUST, "signals", "hedge")
    assert decision.inputs == {"vix_rsi": "elevated 72.6", "multiplier": 1.1, "shift_pct": 0.0}
    assert [event.name for event in desk.store.events()] == ["hedge_adjusted"]


@pytest.mark.parametrize(("signals", "recorded"), [([CALM], 0), ([ELEVATED], 1)])
def test_a_session_in_which_nothing_is_asked_for_has_no_decision(
    tmp_path: Path, signals: list[Signal], recorded: int
) -> None:
    desk = desk_with(tmp_path, enabled=True)

    adjust(desk, FEB18, signals)

    assert len(desk.store.decisions(FEB18)) == recorded


def test_switched_off_it_tells_what_it_would_have_done_and_does_nothing(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, enabled=False)

    adjust(desk, FEB18, [ELEVATED])

    (decision,) = desk.store.decisions(FEB18)
    assert decision.kind is DecisionKind.SKIP
    assert [reason.name for reason in decision.reasons][:2] == ["adjustments_off", "multiplier_vix_rsi"]
    assert in_force(desk).state == AdjustmentState()
