"""The words of `plan` and of the session line of `status`."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from daemon.app.views import session_note
from daemon.core.calendar.sessions import new_york
from daemon.report.plan import plan_text

INPUTS = {
    "spx": 3047.92,
    "vix": 35.63,
    "expiry": "2020-04-01",
    "put_long": 2720.0,
    "put_short": 2745.0,
    "call_short": 3315.0,
    "call_long": 3340.0,
    "put_delta": 0.1501,
    "call_delta": 0.1486,
    "mid_credit_pts": 6.6,
    "natural_credit_pts": 5.2,
    "quantity": 2,
    "net_liquidation_usd": 1_000_000.0,
    "margin_after_usd": None,
}


def reason(name: str, text: str, value: object = None, limit: object = None) -> dict[str, object]:
    return {"name": name, "text": text, "value": value, "limit": limit}


def plan(**changes: Any) -> dict[str, Any]:
    condor = {
        "kind": "enter",
        "reasons": [reason("credit", "mid credit and natural credit in points", 6.6, 5.2)],
        "inputs": INPUTS,
        "entry_at": "2020-03-02T20:30:00+00:00",
        "decided": None,
        "decided_at": None,
    }
    hedge = {"kind": "unknown", "reasons": [reason("too_slow", "no data", None, 25.0)], "due": {"L1": "2020-03-02"}}
    return {
        "session": "2020-03-02",
        "at": "2020-03-02T20:29:49.954146+00:00",
        "run_state": "RUNNING",
        "condor": condor | changes.pop("condor", {}),
        "hedge": hedge | changes.pop("hedge", {}),
        **changes,
    }


def test_an_entry_is_told_as_its_order_in_new_york_time() -> None:
    text = plan_text(plan())

    assert "as of 2020-03-02 15:29 EST; nothing is sent." in text
    assert "entry decision at 15:30" in text
    assert "2x 2745/2720P 3315/3340C, expiry 2020-04-01 (Wed)" in text
    assert "mid 6.60, natural 5.20" in text
    assert "the broker names no margin" in text
    assert "L1 (since 2020-03-02)" in text
    assert "no data [limit 25] (too_slow)" in text
    assert "T20:" not in text


def test_a_refusal_is_told_with_what_was_found_and_the_limit() -> None:
    skip = {"kind": "skip", "reasons": [reason("margin", "too much margin", 61.5, 50.0)], "inputs": {}}

    text = plan_text(plan(condor=skip, run_state="EXITS_ONLY"))

    assert "not to enter" in text
    assert "too much margin [61.5, limit 50] (margin)" in text
    assert "the run state is EXITS_ONLY" in text


def test_a_condor_that_was_found_and_refused_is_told_with_its_numbers() -> None:
    found = {name: value for name, value in INPUTS.items() if name not in ("quantity", "margin_after_usd")}
    wide = reason("combo_spread_too_wide", "too wide", 28.47, 25.0)

    text = plan_text(plan(condor={"kind": "skip", "reasons": [wide], "inputs": found}))

    assert "2745/2720P 3315/3340C, expiry 2020-04-01 (Wed)" in text
    assert "mid 6.60, natural 5.20" in text
    assert "too wide [28.47, limit 25] (combo_spread_too_wide)" in text
    assert "account" not in text


def test_quotes_that_give_no_price_are_said_to_be_unknown() -> None:
    unpriced = INPUTS | {"mid_credit_pts": None, "natural_credit_pts": None}

    assert "mid unknown, natural unknown" in plan_text(plan(condor={"inputs": unpriced}))


def test_one_side_alone_is_told_alone() -> None:
    alone = INPUTS | {"put_long": None, "put_short": None, "put_delta": None}

    text = plan_text(plan(condor={"inputs": alone}))

    assert "2x 3315/3340C, expiry" in text
    assert "short call 0.149" in text
    assert "put" not in text


def test_what_the_strikes_were_chosen_by_is_told_with_its_target() -> None:
    credit = {"credit_target_pts": 6.5, "put_credit_pts": 3.4, "call_credit_pts": 3.2}
    move = {"forward_pts": 3049.1, "expected_move_pts": 271.4, "put_moves": 1.02, "call_moves": 0.98}
    own = {"put_delta_own": -0.1493, "call_delta_own": 0.1479}

    by_credit, by_move, checked = (plan_text(plan(condor={"inputs": INPUTS | more})) for more in (credit, move, own))

    assert "natural 5.20; target 6.50: put side 3.40, call side 3.20" in by_credit
    assert "271.40 around a forward of 3,049.10: short put 1.02 moves away, short call 0.98 moves away" in by_move
    assert "short put 0.150 (our own 0.149), short call 0.149 (our own 0.148)" in checked


def test_a_session_that_is_decided_says_so_before_what_another_entry_would_be() -> None:
    decided = {"decided": "done, entered C20200302-1, 2 of 2 filled", "decided_at": "2020-03-02T20:31:00+00:00"}

    text = plan_text(plan(condor=decided))

    assert "decided at 15:31: done, entered C20200302-1, 2 of 2 filled" in text
    assert "one decision a session" in text


def test_a_hint_stands_last() -> None:
    assert plan_text(plan(hint="use --clock gateway")).endswith("\n\nuse --clock gateway")


@pytest.mark.parametrize(
    ("day", "at", "session", "note"),
    [
        (date(2020, 3, 2), time(8, 0), date(2020, 3, 2), "market opens at 09:30"),
        (date(2020, 3, 2), time(9, 30), date(2020, 3, 2), "market open until 16:00"),
        (date(2020, 3, 2), time(16, 0), date(2020, 3, 2), "market closed at 16:00"),
        (date(2020, 3, 6), time(17, 0), date(2020, 3, 9), "the next session; market opens Monday at 09:30"),
        (date(2019, 11, 29), time(12, 0), date(2019, 11, 29), "market open until 13:00, an early close"),
    ],
)
def test_the_session_line_says_whether_the_market_is_open(day: date, at: time, session: date, note: str) -> None:
    assert session_note(new_york(day, at), session) == note
