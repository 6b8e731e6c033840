"""``why DATE``: every reason with its numbers, on one screen also in a violent session; the JSON leaves nothing out."""

import json
from datetime import date
from typing import cast

from report_fakes import FakeStore
from report_values import MONDAY, noon
from report_world import World

from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    IntentState,
    Leg,
    OrderSpec,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.records import Decision, DecisionKind
from daemon.report import why


def skipped() -> FakeStore:
    store = FakeStore()
    reasons = (Reason("credit_too_small", "the credit is too small", 3.1, 3.75), Reason("halted", "halted"))
    inputs = {"spx": 3090.23, "quantity": 2, "note": None}
    store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.SKIP, "condor", noon(MONDAY), reasons, inputs))
    return store


def test_text_shows_every_reason_with_value_and_limit_and_the_inputs() -> None:
    lines = [line.split() for line in why.why_text(skipped(), MONDAY).splitlines()]

    assert ["credit_too_small", "3.1", "limit", "3.75", "the", "credit", "is", "too", "small"] in lines
    assert ["halted", "-", "halted"] in lines
    assert lines[0][-8:] == ["rests", "on", "spx", "3,090.23,", "quantity", "2,", "note", "-"]


def test_many_inputs_are_running_text_that_never_parts_a_name_from_its_value() -> None:
    store = FakeStore()
    inputs = {f"figure_{number:02}_2020-03-20": number for number in range(20)}
    store.record_decision(Decision(MONDAY, "condor_entry", DecisionKind.ENTER, "condor", noon(MONDAY), (), inputs))

    lines = why.why_text(store, MONDAY).splitlines()

    assert len(lines) < 10
    assert max(map(len, lines)) <= why.WHY_WIDTH
    assert all(f"figure_{number:02}_2020-03-20 {number}" in "\n".join(lines) for number in range(20))


def test_many_exits_are_a_line_each_and_what_a_reason_means_is_said_once() -> None:
    store = FakeStore()
    prices = {"quantity": 2, "credit_pts": 4.55, "mid_pts": 11.0, "natural_pts100": 1155}
    for number in range(12):
        reasons = (Reason("drift_defend", "SPX has drifted far", -0.788, 0.45),)
        name = f"C20200218-{number}"
        store.record_decision(Decision(MONDAY, "exits", DecisionKind.EXIT, name, noon(MONDAY), reasons, prices))

    lines = why.why_text(store, MONDAY).splitlines()

    assert len(lines) == 14
    assert lines[1].split()[1:] == [
        "EXIT", "C20200218-0", "drift_defend", "-0.788", "limit", "0.45",
        "2x,", "credit", "4.55,", "mid", "11.00,", "natural", "11.55",
    ]  # fmt: skip
    assert lines[-1] == "  drift_defend: SPX has drifted far"


def test_json_keeps_the_recorded_values() -> None:
    found = json.loads(json.dumps(why.why_json(skipped(), MONDAY)))

    (decision,) = found["decisions"]
    assert decision["kind"] == "skip"
    assert decision["reasons"][0] == {
        "name": "credit_too_small",
        "text": "the credit is too small",
        "value": 3.1,
        "limit": 3.75,
    }
    assert decision["inputs"] == {"spx": 3090.23, "quantity": 2, "note": None}


def test_a_session_without_decisions_is_said_in_words() -> None:
    assert why.why_text(FakeStore(), MONDAY) == "2020-03-02: no decision is recorded of this session\n"


def decided(job: str, kind: DecisionKind, *reasons: Reason, **inputs: float | str) -> FakeStore:
    store = FakeStore()
    store.record_decision(Decision(MONDAY, job, kind, "C20200302-1", noon(MONDAY), reasons, inputs))
    return store


def test_what_a_reason_tells_and_what_the_question_cost_is_not_repeated_and_stays_in_the_json() -> None:
    reasons = Reason("put_short_delta", "short put 2625", 0.1479), Reason("filled", "2 of 2 filled", 2, 2)
    inputs = {"put_delta": 0.1479, "put_delta_own": 0.148, "data_lines": 12, "quantity": 2, "vix": 16.49}
    store = decided("condor_entry", DecisionKind.ENTER, *reasons, **inputs)

    text = why.why_text(store, MONDAY)

    assert text.splitlines()[0].endswith("rests on put_delta_own 0.148, vix 16.49")
    (decision,) = json.loads(json.dumps(why.why_json(store, MONDAY)))["decisions"]
    assert decision["inputs"] == inputs


def test_the_signals_themselves_are_left_to_the_page_of_the_day() -> None:
    reasons = Reason("multiplier", "asked for: 1.1", 1.1), Reason("signals_missing", "missing and so neutral", "pe")
    store = decided("signals", DecisionKind.ADJUST, *reasons, vix_rsi="elevated 74.53")

    assert [line.split()[0] for line in why.why_text(store, MONDAY).splitlines()[1:]] == ["multiplier"]
    (decision,) = json.loads(json.dumps(why.why_json(store, MONDAY)))["decisions"]
    assert [reason["name"] for reason in decision["reasons"]] == ["multiplier", "signals_missing"]


def test_an_adjustment_is_one_line_with_the_new_side_and_the_least_credit() -> None:
    drift = Reason("drift_adjust", "SPX has drifted", -0.431, 0.3)
    credit = Reason("untested_side", "the side rolls for a credit", 2.675, 2.5)
    prices = {"mid_pts": -2.675, "natural_pts100": -235, "quantity": 2, "delta": 0.2, "least_credit_pts": 2.5}
    store = decided("exits", DecisionKind.ADJUST, drift, credit, rolls_to="call 2830/2855", **prices)

    line, meaning = why.why_text(store, MONDAY).splitlines()[1:]

    assert line.endswith("drift_adjust  -0.431  limit 0.3  2x to call 2830/2855, mid -2.67, natural -2.35, least 2.50")
    assert meaning == "  drift_adjust: SPX has drifted"


def test_an_adjustment_that_was_refused_tells_what_refused_it_and_the_drift() -> None:
    refused = Reason("roll_credit_too_small", "no roll pays", 1.2, 2.5)
    store = decided("exits", DecisionKind.SKIP, refused, Reason("drift_adjust", "SPX has drifted", 0.31, 0.3))

    line, *meaning = why.why_text(store, MONDAY).splitlines()[1:]

    assert line.split()[1:] == [
        "SKIP", "C20200302-1", "roll_credit_too_small", "1.2", "limit", "2.5", "drift_adjust", "0.31", "(limit", "0.3)",
    ]  # fmt: skip
    assert meaning == ["  roll_credit_too_small: no roll pays; drift_adjust: SPX has drifted"]


def test_many_fills_are_told_in_short_several_to_a_line(world: World) -> None:
    found = {day.session: why.why_json(world.store, day.session)["fills"] for day in world.store.days()}
    session, fills = max(found.items(), key=lambda item: len(cast("list[object]", item[1])))
    count = len(cast("list[object]", fills))
    assert count > why.FILLS_IN_FULL

    lines = why.why_text(world.store, session).split("FILLS\n")[1].splitlines()

    assert len(lines) == -(-count // why.FILLS_A_LINE)
    assert sum(line.count(" cr") + line.count(" db") for line in lines) == count


def test_more_than_a_screen_goes_without_blank_lines() -> None:
    store = FakeStore()
    for number in range(why.SCREEN_LINES // 2 + 1):
        reason = Reason(f"reason_{number}", "a sentence")
        store.record_decision(
            Decision(MONDAY, f"job_{number}", DecisionKind.SKIP, "condor", noon(MONDAY), (reason,), {})
        )

    lines = why.why_text(store, MONDAY).splitlines()

    assert "" not in lines
    assert len(lines) == 2 * (why.SCREEN_LINES // 2 + 1)


def test_an_order_that_was_filled_before_a_death_is_told_without_its_decision() -> None:
    store = FakeStore()
    key = IntentKey(MONDAY, Strategy.HEDGE, Purpose.DRIFT, "drift", 1)
    call = OptionContract(TradingClass.VIX, date(2020, 3, 18), 1800, Right.CALL)
    spec = OrderSpec((Leg(call, 1),), 2, 150, TimeInForce.DAY)
    reasons = (Reason("drift_hedge", "32 % of $1,000 are $320", 300.0, 400.0),)
    intent = Intent(key, spec, noon(MONDAY), state=IntentState.FILLED, filled=2, reasons=reasons)
    store.intent_by_ref[intent.ref] = intent
    store.record_decision(Decision(MONDAY, "drift", DecisionKind.SKIP, "drift", noon(MONDAY), ()))

    lines = why.why_text(store, MONDAY).splitlines()

    (place,) = [n for n, line in enumerate(lines) if intent.ref in line]
    assert "DRIFT  drift  (the daemon stopped before it recorded" in lines[place]
    assert lines[place + 1].split() == ["drift_hedge", "300", "limit", "400", *reasons[0].text.split()]
    (told,) = cast("list[dict[str, object]]", why.why_json(store, MONDAY)["undecided"])
    assert told["order"] == intent.ref

    store.record_decision(Decision(MONDAY, "drift", DecisionKind.BUY, "drift", noon(MONDAY), reasons))
    assert "the daemon stopped" not in why.why_text(store, MONDAY)
    assert why.why_json(store, MONDAY)["undecided"] == []
