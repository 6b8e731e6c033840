"""Rolls of the hedge in whole rehearsals: whatever prices do, the sessions and expiries are those of the calendar."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from rehearsals import Done, rehearse

from daemon.core.calendar.sessions import sessions_between
from daemon.core.hedge.rolls import PlannedRoll, planned_rolls
from daemon.core.orders.intent import Purpose
from daemon.core.records import Decision, DecisionKind
from daemon.settings import load
from daemon.sim.history import load_packaged

FIRST, LAST = date(2027, 1, 4), date(2027, 1, 29)
"""After the last day of history, where each seed makes other prices on the same calendar."""
SPRING = (date(2020, 2, 18), date(2020, 3, 31))
"""VIX from 14 to 83: the prices of any session may stand in any other."""


def calendar(first: date, last: date) -> list[PlannedRoll]:
    layers = load([], {"HOME": "/home/somebody"}).hedge_policy().layers
    rolls = [roll for layer in layers for roll in planned_rolls(layer, first, after=first, until=last)]
    return sorted(rolls, key=lambda roll: (roll.session, roll.layer))


def permuted(folder: Path, seed: int) -> Path:
    """Write the history with the prices of the window dealt out anew among its sessions."""
    days = dict(load_packaged().days)
    window = sessions_between(*SPRING)
    dealt = random.Random(seed).sample(window, len(window))
    prices = days | {day: days[other] for day, other in zip(window, dealt, strict=True)}
    folder.mkdir()
    for name in ("spx", "vix"):
        bars = ((day, getattr(facts, name)) for day, facts in prices.items())
        write(
            folder / f"{name}_daily.csv", "open,high,low,close", ((d, b.open, b.high, b.low, b.close) for d, b in bars)
        )
    for name in ("vix9d", "vix3m", "vix6m", "vvix"):
        write(folder / f"{name}_daily.csv", "close", ((day, getattr(facts, name)) for day, facts in prices.items()))
    return folder


def write(path: Path, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    path.write_text("\n".join([f"date,{columns}", *(",".join(map(str, row)) for row in rows), ""]), encoding="utf-8")


def decided(done: Done) -> list[Decision]:
    return [d for day in done.store.days() for d in done.store.decisions(day.session)]


def rolled(done: Done) -> list[tuple[date, str]]:
    return [(d.session, d.subject) for d in decided(done) if d.kind is DecisionKind.ROLL]


@pytest.mark.parametrize("seed", [2, 5])
def test_roll_sessions_and_expiries_are_those_of_the_calendar_whatever_prices_do(tmp_path: Path, seed: int) -> None:
    # 001-07, by the whole program: each seed is another path of SPX and VIX.
    done = rehearse(tmp_path / "out", LAST, first=FIRST, seed=seed)

    plan = calendar(FIRST, LAST)
    assert rolled(done) == [(roll.session, roll.layer) for roll in plan]
    bought = [i for i in done.store.intents() if i.key.purpose is Purpose.ROLL_BUY and i.filled]
    assert [(i.key.session, i.key.subject, i.spec.legs[0].contract.expiry) for i in bought] == [
        (roll.session, roll.layer, roll.expiry) for roll in plan
    ]
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


@pytest.mark.parametrize("seed", [1, 2])
def test_permuting_the_prices_of_a_crash_leaves_every_roll_where_the_calendar_has_it(tmp_path: Path, seed: int) -> None:
    # 001-07: the prices of 31 sessions, VIX 14 to 83, dealt out at random. They may leave a layer without a contract or
    # put a purchase off to the next session; the date for which it is made stays, and with it the expiry.
    first, last = SPRING
    done = rehearse(tmp_path / "out", last, first=first, history=permuted(tmp_path / "history", seed))

    plan = calendar(first, last)
    due = {(r.value, d.subject) for d in decided(done) for r in d.reasons if r.name == "roll_due"}
    assert due == {(str(roll.session), roll.layer) for roll in plan} | {
        (str(first), name) for name in ("L1", "L2", "L3")
    }
    bought = [
        i for i in done.store.intents() if i.key.purpose is Purpose.ROLL_BUY and i.filled and i.key.session > first
    ]
    assert bought
    for intent in bought:
        before = [r for r in plan if r.layer == intent.key.subject and r.session <= intent.key.session]
        assert intent.spec.legs[0].contract.expiry == before[-1].expiry
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)
