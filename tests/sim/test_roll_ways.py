"""Rolls that wait, that are forced, that were missed, and that go as one combination, through the whole daemon."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from rehearsals import Done, Life, live, rehearse

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import Purpose
from daemon.core.records import Decision, DecisionKind
from daemon.ports import Store

ROLL_PURPOSES = (Purpose.ROLL_BUY, Purpose.ROLL_SELL)


def roll_decisions(store: Store, layer: str, sessions: list[date]) -> list[Decision]:
    return [
        decision
        for session in sessions
        for decision in store.decisions(session)
        if decision.job == "hedge_roll" and decision.subject == layer
    ]


def said(done: Done, layer: str) -> list[tuple[date, DecisionKind, list[str]]]:
    sessions = [day.session for day in done.store.days()]
    return [(d.session, d.kind, [r.name for r in d.reasons]) for d in roll_decisions(done.store, layer, sessions)]


def clean(done: Done) -> bool:
    return (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


def test_a_quote_that_is_too_wide_holds_a_roll_up_until_its_window_ends(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", date(2020, 2, 28), HEDGE_MAX_SPREAD_PCT="1")

    assert said(done, "L1") == [
        (date(2020, 2, 18), DecisionKind.SKIP, ["roll_due", "nothing_to_roll"]),
        (date(2020, 2, 26), DecisionKind.SKIP, ["roll_due"]),
        (date(2020, 2, 27), DecisionKind.SKIP, ["roll_due"]),
        (date(2020, 2, 28), DecisionKind.ROLL, ["roll_due", "roll_forced"]),
    ]
    refused = [d for d in done.store.decisions(date(2020, 2, 26)) if d.job == "roll_buy"]
    assert [reason.name for d in refused for reason in d.reasons] == ["hedge_spread_too_wide"]
    assert clean(done)


def test_a_roll_by_vvix_waits_while_it_rises_and_stays_inside_its_window(tmp_path: Path) -> None:
    # VVIX rose without a break from 24 February on.
    done = rehearse(tmp_path / "out", date(2020, 2, 28), HEDGE_ROLL_BY_VVIX="true")

    assert said(done, "L1")[1:] == [
        (date(2020, 2, 25), DecisionKind.SKIP, ["roll_due", "vvix_rises"]),
        (date(2020, 2, 26), DecisionKind.SKIP, ["roll_due", "vvix_rises"]),
        (date(2020, 2, 27), DecisionKind.SKIP, ["roll_due", "vvix_rises"]),
        (date(2020, 2, 28), DecisionKind.ROLL, ["roll_due", "roll_forced"]),
    ]
    assert clean(done)


def test_a_roll_by_vvix_without_vvix_keeps_its_date_and_says_so(tmp_path: Path) -> None:
    fault = '[[fault]]\nkind = "not_subscribed"\nsymbol = "VVIX"\n'
    done = rehearse(tmp_path / "out", date(2020, 2, 26), faults=fault, HEDGE_ROLL_BY_VVIX="true")

    assert [(session, kind) for session, kind, _ in said(done, "L1")[1:]] == [
        (date(2020, 2, 25), DecisionKind.SKIP),
        (date(2020, 2, 26), DecisionKind.ROLL),
    ]
    assert said(done, "L1")[1][2] == ["roll_due", "vvix_unknown"]
    assert said(done, "L1")[2][2] == ["roll_due", "vvix_unknown"]


def test_a_roll_as_one_combination_exchanges_old_for_new_and_trades_only_the_rest_alone(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", date(2020, 3, 5), HEDGE_ROLL_ORDER="combination")

    rolls = [i for i in done.store.intents() if i.key.purpose in ROLL_PURPOSES and i.filled]
    for session in (date(2020, 2, 26), date(2020, 3, 5)):
        first, *rest = [i for i in rolls if i.key.session == session]
        assert [leg.ratio for leg in first.spec.legs] == [1, -1]
        new, old = (leg.contract for leg in first.spec.legs)
        assert new.expiry > old.expiry
        assert all(i.spec.legs[0].contract in (new, old) for i in rest)
        assert not any(i.key.purpose is Purpose.ROLL_SELL for i in rest)
    assert all(len(layer_holding(held).units) == 1 for held in layer_positions(done.store.book()).values())
    assert clean(done)


@pytest.mark.parametrize(("back", "caught_up"), [(date(2020, 2, 28), date(2020, 2, 26))])
def test_a_roll_that_the_daemon_slept_through_is_caught_up_in_its_next_session(
    tmp_path: Path, back: date, caught_up: date
) -> None:
    found: list[Decision] = []

    async def scene(life: Life) -> None:
        await life.start()
        await life.until(date(2020, 2, 25), time(17, 0))
        await life.die()
        await life.until(back, time(8, 30))
        program = await life.start()
        await life.until(back, time(11, 0))
        found.extend(roll_decisions(program.store, "L1", [back]))

    live(tmp_path / "out", new_york(date(2020, 2, 24), time(8, 0)), scene, HEDGE_L1_ANCHOR="2020-02-18")

    assert [(d.kind, d.reasons[0].value) for d in found] == [(DecisionKind.ROLL, caught_up.isoformat())]
