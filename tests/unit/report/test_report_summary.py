"""Counts of a whole run, against what the made-up desk counted while it traded."""

import json
from dataclasses import fields

import pytest
from report_fakes import FakeStore
from report_values import CONDOR, LEGS, MONDAY, condor_record, intent, noon, trade
from report_world import World

from daemon.core.orders.intent import IntentState, Purpose
from daemon.core.records import Decision, DecisionKind, EventRecord, Level
from daemon.report.summary import Summary, summarise, summary_table


@pytest.mark.parametrize(
    "name",
    [
        "condor_entries",
        "condor_skips",
        "condor_exits",
        "settlements",
        "hedge_buys",
        "hedge_rolls",
        "orders",
        "executions",
    ],
)
def test_every_count_is_what_the_desk_did(world: World, name: str) -> None:
    assert world.counts[name] > 0
    assert getattr(summarise(world.store), name) == world.counts[name]


def test_entries_and_skips_are_all_the_decisions(world: World) -> None:
    summary = summarise(world.store)

    assert summary.condor_entries + summary.condor_skips == summary.sessions == 31


def test_a_desk_that_neither_exits_nor_rolls_settles_spx_and_vix_options() -> None:
    desk = World(exits=False, rolls=False)
    desk.run()

    summary = summarise(desk.store)

    assert (summary.condor_exits, summary.hedge_rolls) == (0, 0)
    assert summary.settlements == desk.counts["settlements"]
    assert summary.settlements_by_class["SPXW"] > 0
    assert summary.settlements_by_class.get("VIX", 0) + summary.settlements_by_class.get("VIXW", 0) > 0


def test_money_is_that_of_the_last_close(world: World) -> None:
    last = world.store.days()[-1]

    summary = summarise(world.store)

    assert summary.net_liquidation_usd == last.net_liquidation_usd_cents / 100
    assert summary.pnl_usd == pytest.approx(summary.net_liquidation_usd - 1_000_000)
    assert summary.hedge_pnl_usd == last.hedge_pnl_usd_cents / 100


def one_decision(*, filled: int, kind: DecisionKind) -> Summary:
    store = FakeStore()
    order = intent(Purpose.ENTRY, CONDOR, LEGS, quantity=2, state=IntentState.CANCELLED)
    store.plan_intent(order, condor_record())
    for leg in LEGS * bool(filled):
        store.record_execution(trade(order, leg.contract, filled * leg.ratio, 1.0))
    store.record_decision(Decision(MONDAY, "condor_entry", kind, CONDOR, noon(MONDAY), ()))
    return summarise(store)


def test_an_order_that_ended_unfilled_is_a_skip_even_if_it_was_decided_to_enter() -> None:
    summary = one_decision(filled=0, kind=DecisionKind.ENTER)

    assert (summary.condor_entries, summary.condor_skips) == (0, 1)


def test_an_order_filled_in_part_is_an_entry() -> None:
    summary = one_decision(filled=1, kind=DecisionKind.ENTER)

    assert (summary.condor_entries, summary.condor_skips) == (1, 0)


def test_a_refusal_and_a_later_entry_in_one_session_are_one_decision() -> None:
    summary = one_decision(filled=2, kind=DecisionKind.SKIP)

    assert (summary.condor_entries, summary.condor_skips) == (1, 0)


def test_errors_are_events_at_level_error_only() -> None:
    store = FakeStore()
    for level in Level:
        store.append_event(EventRecord("job_failed", noon(MONDAY), MONDAY, level, {}))

    assert summarise(store).errors == 1


def test_an_empty_store_counts_nothing_and_knows_no_money() -> None:
    summary = summarise(FakeStore())

    assert (summary.sessions, summary.orders, summary.net_liquidation_usd, summary.pnl_usd) == (0, 0, None, None)
    assert "unknown" in summary_table(summary)


def test_json_has_the_names_that_scripts_rely_on(world: World) -> None:
    found = json.loads(json.dumps(summarise(world.store).as_json()))

    names = """sessions condor_entries condor_skips condor_exits settlements hedge_buys hedge_rolls orders executions
        breaks_open errors net_liquidation_usd pnl_usd hedge_pnl_usd"""
    assert list(found) == names.split()


def test_the_table_shows_every_figure(world: World) -> None:
    summary = summarise(world.store)

    text = summary_table(summary)

    shown = [name for name, value in summary.as_json().items() if f"{value:,}" in text]
    assert len(shown) == len(fields(summary)) - 1
