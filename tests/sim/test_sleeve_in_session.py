"""The second engine through the whole daemon: its own dates, its own money, never naked, apart from the layers."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from rehearsals import FIRST, Done, Life, live, rehearse

from daemon.core.book.book import entry_cash_usd_cents, fold
from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import new_york, session_on_or_after
from daemon.core.hedge.sub_ledger import sub_ledger
from daemon.core.hedge.units import layer_holding
from daemon.core.orders.intent import Purpose, Strategy

LAST = date(2020, 3, 6)
EVERY = 7


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(
        tmp_path_factory.mktemp("sleeve") / "out",
        LAST,
        first=FIRST,
        HEDGE_SLEEVE_ENABLED="true",
        HEDGE_SLEEVE_EVERY_DAYS=str(EVERY),
        HEDGE_SLEEVE_EQUITY_PCT="0.2",
        HEDGE_SLEEVE_PURCHASE_PCT="60",
    )


def test_it_buys_on_its_own_dates(done: Done) -> None:
    orders = [order for order in done.store.intents(subject="sleeve") if order.filled]
    dates = {session_on_or_after(FIRST + timedelta(days=EVERY * n)) for n in range(3)}

    assert orders[0].key.session == FIRST
    assert {order.key.session for order in orders} <= dates
    assert {order.key.purpose for order in orders} == {Purpose.SLEEVE}
    assert all((order.spec.legs[0].ratio, order.spec.legs[1].ratio) == (1, -1) for order in orders)


def test_the_cap_refuses_by_name_and_is_never_passed(done: Done) -> None:
    # 0.2 % of a million are 2,000 dollars and 60 % of them 1,200 a purchase: the second one gets what is left.
    names = [r.name for day in done.store.days() for d in done.store.decisions(day.session) for r in d.reasons]
    entries = done.store.entries()
    for day in done.store.days():
        marks = {line.contract: line.mark_pts for line in day.positions if line.mark_pts is not None}
        ledger = sub_ledger((e for e in entries if e.session <= day.session), "sleeve", marks)

        assert -ledger.cash_usd <= 0.002 * day.net_liquidation_usd_cents / 100
    assert "sleeve_cap" in names


def test_at_no_close_is_it_short_what_it_does_not_cover(done: Done) -> None:
    entries = done.store.entries()
    for day in done.store.days():
        book = fold(entry for entry in entries if entry.session <= day.session)
        found = layer_holding(layer_positions(book)["sleeve"])

        assert found.uncovered == {}
        assert all(unit.short is not None for unit in found.units)


def test_neither_ratio_nor_budget_of_the_hedge_sees_it(done: Done) -> None:
    entries = [entry for entry in done.store.entries() if entry.strategy is Strategy.HEDGE]
    for computation in done.store.hedge_computations():
        # The window is shorter than the 30 days of the guard, so all that was paid before counts, but for the sleeve.
        before = [entry for entry in entries if entry.at < computation.at and entry.subject != "sleeve"]
        book = layer_positions(fold(entry for entry in entries if entry.at < computation.at))
        budget = computation.sized.budget
        assert {row.layer for row in computation.layers} == {"L1", "L2", "L3"}
        assert sum(row.target for row in computation.layers) == computation.contracts
        assert sum(row.held for row in computation.layers) == sum(
            layer_holding(positions).quantity for name, positions in book.items() if name not in ("drift", "sleeve")
        )
        assert budget is not None
        assert budget.debits_usd == pytest.approx(-sum(entry_cash_usd_cents(entry) for entry in before) / 100)


def test_nothing_went_wrong(done: Done) -> None:
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


@pytest.mark.parametrize("late_s", [0.05, 1.0, 30.0])
def test_a_death_while_it_buys_buys_nothing_twice(tmp_path: Path, late_s: float) -> None:
    async def scene(life: Life) -> None:
        program = await life.start()
        await life.until(FIRST, time(15, 49))
        while not program.store.intents(subject="sleeve"):
            await life.clock.sleep(0.05)
        await life.clock.sleep(late_s)
        await life.die()
        await life.clock.sleep(2)
        program = await life.start()
        await life.until(FIRST, time(16, 45))

        orders = program.store.intents(subject="sleeve")
        account = {f.contract: f.quantity for f in program.broker.positions().values() if f.quantity}
        assert all(order.state.terminal for order in orders)
        assert sum(order.filled > 0 for order in orders) == 1
        assert account == program.store.book().positions()

    live(tmp_path / "state", new_york(FIRST, time(15, 0)), scene, HEDGE_SLEEVE_ENABLED="true")
