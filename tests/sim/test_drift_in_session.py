"""The drift hedge through the whole daemon: bought together and once, confirmed, within the guard, settled, never naked."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, Life, live, rehearse

from daemon.core.book.book import EntryKind, entry_cash_usd_cents, fold
from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import new_york
from daemon.core.hedge.drift_hedge import bought
from daemon.core.hedge.units import layer_holding
from daemon.core.market.contracts import Right
from daemon.core.orders.intent import Intent
from daemon.core.records import DecisionKind

LAST = date(2020, 3, 20)
BEFORE, CROSSED = date(2020, 2, 24), date(2020, 2, 25)
"""SPX leaves the condors on 24 February; only the closes of that day confirm it."""


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(tmp_path_factory.mktemp("drift") / "out", LAST, first=FIRST)


def purchases(done: Done) -> list[Intent]:
    orders = done.store.intents(subject="drift")
    return [order for order in orders if order.filled and order.spec.legs[0].ratio > 0]


def test_condors_that_have_crossed_get_one_spread_together(crash: Done) -> None:
    first = purchases(crash)[0]

    # 28 February to 7 March are the days 3 to 11 from the 25th: the nearest to 10 that VIX lists is Wednesday 4 March.
    long, short = first.spec.legs
    assert first.key.session == CROSSED
    assert (long.ratio, short.ratio) == (1, -1)
    assert long.contract.right is short.contract.right is Right.CALL
    assert long.contract.expiry == short.contract.expiry == date(2020, 3, 4)
    condors = {record.condor_id: record for record in crash.store.condors()}
    named = bought([first])[0].condors
    assert named == {name for name, record in condors.items() if record.entry_session <= BEFORE}
    why = next(reason for reason in first.reasons if reason.name == "drift_hedge")
    assert isinstance(why.limit, float)
    paid = -sum(entry_cash_usd_cents(e) for e in crash.store.entries() if e.order_ref == first.ref) / 100
    # 40 % of the credit is the limit; 25 % of it are five eighths of that.
    assert 5 / 8 * why.limit <= paid <= why.limit


def test_before_the_signals_confirm_it_nothing_is_bought_and_why_says_so(crash: Done) -> None:
    (skipped,) = [found for found in crash.store.decisions(BEFORE) if found.job == "drift"]

    assert skipped.kind is DecisionKind.SKIP
    assert [reason.name for reason in skipped.reasons] == ["drift_unconfirmed"]


def test_a_condor_is_served_once_until_it_has_come_back(crash: Done) -> None:
    told = {event.fields["subject"] for event in crash.store.events() if event.name == "drift_eased"}
    served = [name for purchase in bought(purchases(crash)) for name in purchase.condors]

    assert {name for name in served if served.count(name) > 1} <= told


def test_each_purchase_rests_on_a_computation_that_names_it(crash: Done) -> None:
    for order in purchases(crash):
        before = [c for c in crash.store.hedge_computations(order.key.session) if c.at <= order.created_at]

        (row,) = [row for row in before[-1].beside if row.contract == order.spec.legs[0].contract]
        assert (row.layer, row.short, row.target - row.held) == (
            "drift",
            order.spec.legs[1].contract,
            order.spec.quantity,
        )
        assert {layer.layer for layer in before[-1].layers} == {"L1", "L2", "L3"}


def test_at_no_close_is_anything_short_that_its_own_subject_does_not_cover(crash: Done) -> None:
    entries = crash.store.entries()
    held = 0
    for day in crash.store.days():
        book = fold(entry for entry in entries if entry.session <= day.session)
        subjects = layer_positions(book)
        held += "drift" in subjects
        for name, positions in subjects.items():
            assert layer_holding(positions).uncovered == {}, (day.session, name)
    assert held > 10


def test_what_is_held_is_settled_as_one(crash: Done) -> None:
    settled = [
        entry for entry in crash.store.entries() if entry.subject == "drift" and entry.kind is EntryKind.SETTLEMENT
    ]
    by_expiry = {entry.contract.expiry: 0 for entry in settled}
    for entry in settled:
        by_expiry[entry.contract.expiry] += entry.quantity

    assert by_expiry
    assert set(by_expiry.values()) == {0}  # as many long as short
    assert layer_positions(crash.store.book()).get("drift") is None or max(by_expiry) <= LAST


def test_layers_keep_their_own_targets_and_nothing_went_wrong(crash: Done) -> None:
    for computation in crash.store.hedge_computations():
        assert sum(layer.target for layer in computation.layers) == computation.contracts
    assert (crash.result.summary.errors, crash.result.summary.breaks_open) == (0, 0)


@pytest.mark.parametrize("late_s", [0.05, 1.0, 30.0, 90.0])
def test_a_death_while_it_is_bought_buys_nothing_twice(tmp_path: Path, late_s: float) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(CROSSED, time(15, 49))
        while not program.store.intents(subject="drift"):
            await life.clock.sleep(0.05)
        wanted = program.store.intents(subject="drift")[0].spec.quantity
        await life.clock.sleep(late_s)
        await life.die()
        await life.clock.sleep(2)
        program = await life.start()
        await life.until(CROSSED, time(16, 45))

        orders = program.store.intents(subject="drift")
        account = {f.contract: f.quantity for f in program.broker.positions().values() if f.quantity}
        assert all(order.state.terminal for order in orders)
        assert sum(order.filled for order in orders) <= wanted
        assert sum(order.filled > 0 for order in orders) <= 1
        assert account == program.store.book().positions()
        assert program.engine.desk.link.breaks_open == 0

    live(tmp_path / "state", new_york(FIRST, time(9, 0)), scene)


def test_the_debit_guard_refuses_it_by_name(tmp_path: Path) -> None:
    # VIX is at 17 on 2 February 2018, so the guard holds.
    last = date(2018, 2, 2)
    done = rehearse(tmp_path / "out", last, first=date(2018, 1, 22), HEDGE_BUDGET_DEBITS_MAX_PCT="2")

    (refused,) = [found for found in done.store.decisions(last) if found.job == "drift"]
    assert purchases(done) == []
    assert [reason.name for reason in refused.reasons] == ["debit_guard"]


def test_without_breadth_what_rsi_does_not_confirm_is_unknown_and_says_so(tmp_path: Path) -> None:
    last = date(2018, 2, 2)
    missing = '[[fault]]\nkind = "not_subscribed"\nsymbol = "AD-NYSE"\n'
    done = rehearse(tmp_path / "out", last, first=date(2018, 1, 22), faults=missing)

    (skipped,) = [found for found in done.store.decisions(last) if found.job == "drift"]
    (reason,) = skipped.reasons
    assert purchases(done) == []
    assert reason.name == "drift_confirmation_unknown"
    assert reason.text.endswith("net advances of 20 sessions unknown.")
    assert len([name for name in skipped.inputs if name.startswith("C2018")]) == 9  # all that wait for it


def test_switched_off_it_leaves_no_trace(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", CROSSED, first=FIRST, HEDGE_DRIFT_ENABLED="false")

    assert done.store.intents(subject="drift") == ()
    assert [d for day in done.store.days() for d in done.store.decisions(day.session) if d.job == "drift"] == []
    assert all(computation.beside == () for computation in done.store.hedge_computations())
    assert done.store.meta("hedge.drift") is None
