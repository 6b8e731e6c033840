"""Rehearsals that are compared: the same condors, whatever the hedge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rehearsals import PRESETS

from daemon.cli.main import run_command
from daemon.errors import ExitCode

WINDOW = ("--from", "2020-02-18", "--to", "2020-02-26")


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def compare(*given: str) -> int:
    return run_command(["compare", *WINDOW, "--presets", str(PRESETS), *given])


def test_arms_trade_the_same_condors_and_tell_what_each_hedge_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--arm", "no_hedge", "--arm", "single_layer", "--json") == ExitCode.OK

    layered, none, single_layer = json.loads(capsys.readouterr().out)
    assert [arm["arm"] for arm in (layered, none, single_layer)] == ["default", "no_hedge", "single_layer"]
    for arm in (none, single_layer):
        assert (arm["condor_usd"], arm["condor_fills_other_from"]) == (layered["condor_usd"], None)
        assert arm["condor_fills_same"] == arm["condor_fills"] == layered["condor_fills"] > 0
    assert (none["hedge_usd"], none["contracts_most"]) == (0, 0)
    assert none["losses"][0]["hedged_usd"] == none["losses"][0]["unhedged_usd"] == layered["losses"][0]["unhedged_usd"]
    assert single_layer["contracts_most"] == 10
    assert layered["hedge_usd"] != single_layer["hedge_usd"]
    assert all(arm["rehearsal"]["errors"] == arm["rehearsal"]["breaks_open"] == 0 for arm in (layered, none))


def test_a_preset_that_is_not_there_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare("--arm", "no_such_arm") == ExitCode.SETTINGS

    told = capsys.readouterr().err
    assert "--arm no_such_arm: there is no" in told
    assert "single_layer" in told


def test_a_folder_without_presets_asks_for_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["compare", *WINDOW]) == ExitCode.SETTINGS
    assert "--presets" in capsys.readouterr().err


def test_results_of_before_are_kept_unless_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "comparison" / "default").mkdir(parents=True)
    (tmp_path / "comparison" / "default" / "condord.db").write_text("mine")

    assert compare("--arm", "no_hedge") == ExitCode.SETTINGS
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "comparison" / "default" / "condord.db").read_text() == "mine"


def test_a_window_that_history_does_not_hold_is_named_once(capfd: pytest.CaptureFixture[str]) -> None:
    given = ["compare", "--from", "2010-01-04", "--to", "2010-01-05", "--presets", str(PRESETS), "--arm", "no_hedge"]

    assert run_command(given) == ExitCode.SETTINGS
    told = capfd.readouterr().err
    assert told.startswith("condord: The packaged history has no session 2010-01-04")
    assert "Traceback" not in told
