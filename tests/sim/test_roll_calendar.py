"""Rolls of the hedge in whole rehearsals: whatever prices do, the sessions and expiries are those of the calendar."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from rehearsals import Done, rehearse

from daemon.core.hedge.rolls import PlannedRoll, planned_rolls
from daemon.core.orders.intent import Purpose
from daemon.core.records import DecisionKind
from daemon.settings import load

FIRST, LAST = date(2027, 1, 4), date(2027, 1, 29)
"""After the last day of history, where each seed makes other prices on the same calendar."""


def calendar() -> list[PlannedRoll]:
    layers = load([], {"HOME": "/home/somebody"}).hedge_policy().layers
    rolls = [roll for layer in layers for roll in planned_rolls(layer, FIRST, after=FIRST, until=LAST)]
    return sorted(rolls, key=lambda roll: (roll.session, roll.layer))


def rolled(done: Done) -> list[tuple[date, str]]:
    sessions = [day.session for day in done.store.days()]
    decided = [d for session in sessions for d in done.store.decisions(session)]
    return [(d.session, d.subject) for d in decided if d.kind is DecisionKind.ROLL]


@pytest.mark.parametrize("seed", [2, 5])
def test_roll_sessions_and_expiries_are_those_of_the_calendar_whatever_prices_do(tmp_path: Path, seed: int) -> None:
    # 001-07, by the whole program: each seed is another path of SPX and VIX.
    done = rehearse(tmp_path / "out", LAST, first=FIRST, seed=seed)

    plan = calendar()
    assert rolled(done) == [(roll.session, roll.layer) for roll in plan]
    bought = [i for i in done.store.intents() if i.key.purpose is Purpose.ROLL_BUY and i.filled]
    assert [(i.key.session, i.key.subject, i.spec.legs[0].contract.expiry) for i in bought] == [
        (roll.session, roll.layer, roll.expiry) for roll in plan
    ]
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)
