"""A hedge of one layer: the others are neither looked at nor bought, and what they held before is let go."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

from rehearsals import Life, live, rehearse

from daemon.core.book.condors import layer_positions
from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Purpose, Strategy

SINGLE = {"HEDGE_TOTAL": "fixed_contracts", "HEDGE_L1_WEIGHT": "0", "HEDGE_L2_WEIGHT": "10", "HEDGE_L3_WEIGHT": "0"}


def test_a_layer_without_a_share_is_neither_computed_nor_bought(tmp_path: Path) -> None:
    done = rehearse(
        tmp_path / "out",
        date(2020, 2, 27),
        HEDGE_TOTAL="fixed_contracts",
        HEDGE_L1_WEIGHT="0",
        HEDGE_L2_WEIGHT="10",
        HEDGE_L3_WEIGHT="0",
        HEDGE_DRIFT_ENABLED="false",
    )

    assert {i.key.subject for i in done.store.intents() if i.key.strategy is Strategy.HEDGE} == {"L2"}
    assert {layer.layer for found in done.store.hedge_computations() for layer in found.layers} == {"L2"}
    assert [sum(held.values()) for held in layer_positions(done.store.book()).values()] == [10]
    assert (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


def test_a_layer_that_has_lost_its_share_sells_what_it_holds(tmp_path: Path) -> None:
    sold: list[tuple[str, Purpose, int]] = []

    async def scene(life: Life) -> None:
        await life.start()
        await life.until(date(2020, 2, 24), time(17, 0))
        await life.die()
        life.change(**SINGLE)
        await life.until(date(2020, 2, 26), time(8, 30))
        program = await life.start()
        await life.until(date(2020, 2, 26), time(16, 5))
        hedge = [i for i in program.store.intents(session=date(2020, 2, 26)) if i.key.strategy is Strategy.HEDGE]
        sold.extend((i.key.subject, i.key.purpose, i.spec.legs[0].ratio) for i in hedge if i.filled)
        assert "L1" not in layer_positions(program.store.book())

    live(tmp_path / "out", new_york(date(2020, 2, 20), time(8, 0)), scene, HEDGE_L1_ANCHOR="2020-02-26")

    # Its roll date comes too: it has nothing to roll into, and the resize sells.
    assert ("L1", Purpose.RESIZE, -1) in sold
    assert not any(layer == "L1" and ratio > 0 for layer, _, ratio in sold)


def test_a_purchase_needs_the_least_bid_and_is_otherwise_a_named_skip(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", date(2020, 2, 19), HEDGE_MIN_BID_PTS="5")

    refused = [
        reason
        for day in done.store.days()
        for decision in done.store.decisions(day.session)
        if decision.job == "resize"
        for reason in decision.reasons
    ]
    assert {reason.name for reason in refused} == {"hedge_bid_too_low"}
    assert all(reason.limit == 5.0 for reason in refused)
    assert layer_positions(done.store.book()) == {}
