"""Layers of call spreads through the whole daemon: bought, rolled and settled as one, never short without a long."""

from __future__ import annotations

from datetime import date

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.book.book import fold
from daemon.core.book.condors import layer_positions
from daemon.core.hedge.units import layer_holding
from daemon.core.market.contracts import Right
from daemon.core.orders.intent import Purpose, Strategy

LAST = date(2020, 3, 20)


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(
        tmp_path_factory.mktemp("spreads") / "out",
        LAST,
        first=FIRST,
        HEDGE_L1_STRUCTURE="call_spread",
        HEDGE_L2_STRUCTURE="call_spread",
        HEDGE_L3_STRUCTURE="call_spread",
    )


def test_every_order_of_the_hedge_is_a_spread_of_one_series(crash: Done) -> None:
    orders = [i for i in crash.store.intents() if i.key.strategy is Strategy.HEDGE]

    assert {i.key.purpose for i in orders} >= {Purpose.RESIZE, Purpose.ROLL_BUY, Purpose.ROLL_SELL}
    for order in orders:
        long, short = order.spec.legs
        assert (long.ratio, short.ratio) in {(1, -1), (-1, 1)}
        assert long.contract.expiry == short.contract.expiry
        assert long.contract.strike_pts100 < short.contract.strike_pts100
        assert long.contract.right is short.contract.right is Right.CALL
        # The lower call is worth more: it is bought for a debit and sold for a credit.
        assert order.spec.net_limit_pts100 * long.ratio > 0


def test_at_no_close_a_layer_is_short_what_it_does_not_cover(crash: Done) -> None:
    entries = crash.store.entries()
    for day in crash.store.days():
        book = fold(entry for entry in entries if entry.session <= day.session)
        for layer, positions in layer_positions(book).items():
            found = layer_holding(positions)

            assert found.uncovered == {}, (day.session, layer)
            assert all(unit.short is not None for unit in found.units), (day.session, layer)


def test_nothing_is_broken_and_nothing_went_wrong(crash: Done) -> None:
    assert (crash.result.summary.errors, crash.result.summary.breaks_open) == (0, 0)


def test_a_spread_that_has_gained_most_of_its_width_is_not_bought(crash: Done) -> None:
    refused = [
        (decision.subject, reason)
        for day in crash.store.days()
        for decision in crash.store.decisions(day.session)
        for reason in decision.reasons
        if reason.name == "hedge_spread_spent"
    ]

    assert refused
    assert all(isinstance(r.value, float) and isinstance(r.limit, float) and r.value > r.limit for _, r in refused)
