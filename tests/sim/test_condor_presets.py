"""Presets and choices of strikes in the whole daemon, and chains that lack something: named skips, nothing sent."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Done, preset, rehearse

from daemon.core.calendar.sessions import new_york
from daemon.core.orders.intent import Purpose
from daemon.core.records import Decision, DecisionKind

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, MONDAY = (date(2020, 2, day) for day in (18, 19, 20, 21, 24))


def decision(done: Done, session: date) -> Decision:
    (found,) = [d for d in done.store.decisions(session) if d.job == "condor_entry"]
    return found


def clean(done: Done) -> bool:
    return (done.result.summary.errors, done.result.summary.breaks_open) == (0, 0)


def test_condors_of_the_next_session_are_sold_before_the_close_and_settle_the_day_after(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", MONDAY, **preset("d1_credit"))

    assert clean(done)
    # SPXW expired on Mondays, Wednesdays and Fridays then.
    expiries = {day: decision(done, day).inputs.get("expiry") for day in (TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)}
    assert expiries == {TUESDAY: "2020-02-19", WEDNESDAY: None, THURSDAY: "2020-02-21", FRIDAY: "2020-02-24"}
    assert decision(done, WEDNESDAY).reasons[0].name == "no_expiry_in_window"
    for day in (TUESDAY, THURSDAY, FRIDAY):
        inputs = decision(done, day).inputs
        assert 0.75 <= float(inputs["mid_credit_pts"] or 0) <= 1.55
        assert (inputs["credit_target_pts"], int(inputs["data_lines"] or 0) <= 40) == (1.15, True)
        (entry,) = [i for i in done.store.intents(session=day) if i.key.purpose is Purpose.ENTRY]
        assert entry.created_at >= new_york(day, time(15, 55))
    assert done.result.summary.settlements == 12


def test_condors_of_the_session_settle_on_the_same_day(tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", THURSDAY, first=WEDNESDAY, **preset("d0"))

    assert clean(done)
    assert decision(done, WEDNESDAY).inputs["expiry"] == "2020-02-19"
    assert decision(done, THURSDAY).reasons[0].name == "no_expiry_in_window"
    assert done.store.book().positions() == {} or all(c.underlying == "VIX" for c in done.store.book().positions())
    assert done.result.summary.settlements == 4


def test_strikes_by_expected_move_and_wings_by_delta_are_entered(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "CONDOR_STRIKES_BY": "expected_move",
        "CONDOR_WINGS_BY": "delta",
        "CONDOR_WING_DELTA": "0.08",
        "CONDOR_MIN_CREDIT_PCT": "5",
        "RISK_WING_NOTIONAL_MAX_USD": "200000",
    }
    done = rehearse(tmp_path / "out", TUESDAY, **changes)

    assert clean(done)
    entered = decision(done, TUESDAY)
    assert entered.kind is DecisionKind.ENTER, entered.reasons
    inputs = entered.inputs
    forward, move = float(inputs["forward_pts"] or 0), float(inputs["expected_move_pts"] or 0)
    # The straddle implies between 70 % and 100 % of VIX (14.83 at the close) over a month: 3370 x 0.148 x sqrt(31 / 365).
    assert 0.7 <= move / 145.4 <= 1.0
    assert abs(float(inputs["put_short"] or 0) - (forward - move)) <= 0.2 * move
    assert abs(float(inputs["call_short"] or 0) - (forward + move)) <= 0.2 * move
    widths = [
        float(inputs["put_short"] or 0) - float(inputs["put_long"] or 0),
        float(inputs["call_long"] or 0) - float(inputs["call_short"] or 0),
    ]
    assert widths[0] != widths[1]
    assert all(10 <= width <= 50 for width in widths)


@pytest.mark.parametrize("side", ["put", "call"])
def test_one_side_alone_is_entered_and_protected(side: str, tmp_path: Path) -> None:
    done = rehearse(tmp_path / "out", TUESDAY, CONDOR_SIDES=side, CONDOR_MIN_CREDIT_PCT="5")

    assert clean(done)
    entered = decision(done, TUESDAY)
    assert entered.kind is DecisionKind.ENTER, entered.reasons
    (entry,) = [i for i in done.store.intents() if i.key.purpose is Purpose.ENTRY]
    assert [leg.contract.right.name.lower() for leg in entry.spec.legs] == [side, side]
    assert [i for i in done.store.intents() if i.key.purpose is Purpose.EXIT]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no_chain": ({}, 'kind = "chain_limited"\nsymbol = "SPX"\nhigh = 1'),
    "no_strike_at_delta": ({}, 'kind = "chain_limited"\nsymbol = "SPX"\nlow = 3370\nhigh = 3370'),
    "no_wing": ({}, 'kind = "chain_limited"\nsymbol = "SPX"\nlow = 3215\nhigh = 3480'),
    "greeks_missing": ({}, 'kind = "greeks_missing"\nsymbol = "SPX"'),
    "no_straddle": (
        {"CONDOR_STRIKES_BY": "expected_move"},
        'kind = "chain_limited"\nsymbol = "SPX"\nlow = 5000\nhigh = 6000',
    ),
    "no_strike_at_credit": (
        {"CONDOR_STRIKES_BY": "credit", "CONDOR_CREDIT_TARGET_PTS": "40", "CONDOR_CREDIT_TOLERANCE_PTS": "1"},
        "",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_chain_that_lacks_something_is_a_named_skip_and_the_next_session_enters(name: str, tmp_path: Path) -> None:
    changes, fault = FAULTS[name]
    plan = f'[[fault]]\n{fault}\nfrom = "2020-02-18 09:00"\nuntil = "2020-02-18 16:00"\n' if fault else None

    done = rehearse(tmp_path / "out", WEDNESDAY, faults=plan, **changes)

    skipped = decision(done, TUESDAY)
    assert skipped.kind is DecisionKind.SKIP
    assert name in {reason.name for reason in skipped.reasons}
    assert [i for i in done.store.intents(session=TUESDAY) if i.key.purpose is Purpose.ENTRY] == []
    assert clean(done)
    after = decision(done, WEDNESDAY)
    assert after.kind is DecisionKind.ENTER or (plan is None and after.reasons[0].name == name)


def test_a_condor_that_is_found_and_refused_leaves_its_numbers(tmp_path: Path) -> None:
    panic = date(2020, 3, 9)  # VIX 54 at the close

    refused = decision(rehearse(tmp_path / "out", panic, first=panic), panic)

    assert refused.kind is DecisionKind.SKIP
    assert refused.reasons[0].name == "combo_spread_too_wide"
    mid, natural = (float(refused.inputs[name] or 0) for name in ("mid_credit_pts", "natural_credit_pts"))
    assert 100 * (mid - natural) / mid == pytest.approx(float(refused.reasons[0].value or 0), abs=0.01)
    assert refused.inputs["expiry"] is not None
