"""Harvests in the crash of 2020, through the whole daemon, from twice the cost and with more condors than usual."""

from datetime import date

import pytest
from rehearsals import FIRST, Done, rehearse

from daemon.core.book.book import BookEntry
from daemon.core.calendar.sessions import next_session
from daemon.core.orders.intent import Purpose, Strategy, purpose_of
from daemon.core.records import DecisionKind

LAST = date(2020, 3, 4)


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Done:
    return rehearse(
        tmp_path_factory.mktemp("harvests") / "out",
        LAST,
        first=FIRST,
        CONDOR_ENTRY_RISK_PCT="25",
        HEDGE_HARVEST_COST_MULTIPLE="3",
        HEDGE_HARVEST_SHARE_PCT="50",
    )


def hedge_entries(done: Done, *purposes: Purpose) -> list[BookEntry]:
    return [
        entry
        for entry in done.store.entries()
        if entry.strategy is Strategy.HEDGE and purpose_of(entry.order_ref) in purposes
    ]


def test_what_has_gained_is_sold_once_in_a_contract_at_most_by_half_and_not_bought_back(crash: Done) -> None:
    sold = hedge_entries(crash, Purpose.HARVEST)
    bought = [entry for entry in crash.store.entries() if entry.strategy is Strategy.HEDGE and entry.quantity > 0]

    assert {entry.subject for entry in sold} >= {"L1", "L2"}
    for entry in sold:
        same = [each for each in sold if (each.subject, each.contract) == (entry.subject, entry.contract)]
        held = sum(
            each.quantity
            for each in crash.store.entries()
            if (each.subject, each.contract) == (entry.subject, entry.contract) and each.at < min(s.at for s in same)
        )
        assert {each.order_ref for each in same} == {entry.order_ref}
        assert -2 * sum(each.quantity for each in same) <= held
        later = [each for each in bought if each.contract == entry.contract and each.at > entry.at]
        assert [each for each in later if each.subject == entry.subject] == []


def test_the_first_layers_proceeds_buy_for_the_second_within_two_sessions(crash: Done) -> None:
    first = next(entry for entry in hedge_entries(crash, Purpose.HARVEST) if entry.subject == "L1")
    decided = next(
        decision for decision in crash.store.decisions(first.session) if decision.kind is DecisionKind.HARVEST
    )
    resized = [
        entry
        for entry in hedge_entries(crash, Purpose.RESIZE)
        if entry.subject == "L2" and entry.quantity > 0 and entry.at > first.at
    ]

    assert "proceeds_routed" in {reason.name for reason in decided.reasons}
    assert resized
    assert resized[0].session <= next_session(first.session)


def test_nothing_is_broken_and_nothing_went_wrong(crash: Done) -> None:
    assert (crash.result.summary.errors, crash.result.summary.breaks_open) == (0, 0)
