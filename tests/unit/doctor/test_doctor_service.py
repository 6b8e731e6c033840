"""What the doctor says of unit, alerts, settings and the files of a user; each check is broken once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon.core.doctor.check import State
from daemon.core.doctor.service import (
    AlertFacts,
    UnitFacts,
    alerts_check,
    economic_calendar_check,
    hedge_policy_check,
    macro_files_check,
    settings_check,
    unit_file_check,
    unit_security_check,
)

UNIT = UnitFacts(path="/etc/systemd/system/condord.service", same=True, exposure=0.9)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, State.OK),
        ({"same": False}, State.WARN),
        ({"drop_ins": ("/etc/systemd/system/condord.service.d/x.conf",)}, State.OK),
        ({"same": None}, State.SKIPPED),
        ({"why_not": "no systemd runs here"}, State.SKIPPED),
    ],
)
def test_the_installed_unit_is_held_against_the_shipped_one(change: dict[str, object], state: State) -> None:
    assert unit_file_check(replace(UNIT, **change)).state is state  # type: ignore[arg-type]  # one field at a time


@pytest.mark.parametrize(
    ("exposure", "state"), [(0.9, State.OK), (1.2, State.OK), (1.3, State.WARN), (9.2, State.FAIL)]
)
def test_the_score_of_the_unit_is_judged(exposure: float, state: State) -> None:
    assert unit_security_check(replace(UNIT, exposure=exposure)).state is state


def test_a_score_that_is_not_told_is_no_ok() -> None:
    silent = replace(UNIT, exposure=None, exposure_problem="systemd-analyze security did not answer")

    assert unit_security_check(silent).state is State.SKIPPED
    assert unit_security_check(replace(UNIT, why_not="no systemd runs here")).state is State.SKIPPED


@pytest.mark.parametrize(
    ("facts", "state", "said"),
    [
        (AlertFacts(outlets=("1 mailtos",)), State.OK, "outlets: 1 mailtos"),
        (AlertFacts(), State.WARN, "no outlet configured"),
        (AlertFacts(of_the_daemon=True), State.OK, "the running daemon has outlets"),
        (AlertFacts(problem="line 3 is no outlet"), State.FAIL, "line 3"),
        (AlertFacts(outlets=("1 mailtos",), warnings=("everybody may read it",)), State.WARN, "everybody may read it"),
        (AlertFacts(outlets=("1 mailtos",), sent={"1 mailtos": ""}), State.OK, "a test was sent through 1 mailtos"),
        (
            AlertFacts(sent={"1 mailtos": "", "2 ntfys": "no answer in time"}),
            State.FAIL,
            "2 ntfys: no answer in time",
        ),
    ],
)
def test_alerts_are_judged_by_their_outlets_and_by_a_test(facts: AlertFacts, state: State, said: str) -> None:
    found = alerts_check(facts)

    assert found.state is state
    assert said in found.text


def test_every_problem_of_the_settings_is_told() -> None:
    found = settings_check(("A is wrong", "B is wrong"), (), changed=0)

    assert found.state is State.FAIL
    assert found.text == "A is wrong\nB is wrong"
    assert settings_check((), ("C is odd",), changed=1).state is State.WARN
    assert settings_check((), (), changed=1).state is State.OK


def test_a_hedge_policy_that_waits_warns_and_a_wrong_key_fails() -> None:
    assert hedge_policy_check("", ()).state is State.OK
    assert hedge_policy_check("", ("one change waits",)).state is State.WARN
    assert hedge_policy_check("a key cannot be read", ()).state is State.FAIL


def test_a_calendar_with_gaps_warns_and_one_that_cannot_be_read_fails() -> None:
    assert economic_calendar_check("", ()).state is State.OK
    assert economic_calendar_check("", ("it ends with 2026",)).state is State.WARN
    assert economic_calendar_check("line 3 is wrong", ()).state is State.FAIL


def test_macro_files_are_asked_for_only_where_a_folder_is_named() -> None:
    assert macro_files_check("", 3).state is State.OK
    assert macro_files_check("", None).state is State.SKIPPED
    assert macro_files_check("pe.csv:3 is wrong", None).state is State.FAIL
