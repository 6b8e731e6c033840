"""``condord config``: exit codes and what a script can rely on."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli.config_commands import config
from daemon.errors import SettingsError

ENVIRON = {"HOME": "/home/somebody", "CONDORD_GATEWAY_PORT": "7497"}


def run(*arguments: str) -> Result:
    return CliRunner(env=ENVIRON).invoke(config, arguments)


def test_check_counts_settings_and_changes() -> None:
    result = run("check")

    assert result.exit_code == 0
    assert result.stdout.startswith("settings ok: ")
    assert result.stdout.endswith(" settings, 1 changed from default\n")


def test_a_quiet_check_says_only_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "wrong.env"
    path.write_text("CONDORD_GATEWAY_MAX_LINES=9\n")

    good, bad = run("check", "--quiet"), run("check", "--quiet", "--env-file", str(path))

    assert (good.exit_code, good.output) == (0, "")
    assert bad.exit_code == 2
    assert "CONDORD_GATEWAY_MAX_LINES" in bad.stderr


def test_check_prints_every_problem_and_exits_with_2(tmp_path: Path) -> None:
    path = tmp_path / "bad.env"
    path.write_text("CONDORD_GATEWAY_SEED=x\nCONDORD_LOG_LEVL=info\n")

    result = run("check", "--env-file", str(path), "--env-file", str(tmp_path / "no.env"))

    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"CONDORD_GATEWAY_SEED=x in {path}:1 is not a whole number" in result.stderr
    assert "did you mean CONDORD_LOG_LEVEL?" in result.stderr
    assert "no.env does not exist" in result.stderr


def test_a_command_that_is_told_no_file_reads_those_of_the_environment(tmp_path: Path) -> None:
    first, second, other = (tmp_path / name for name in ("first.env", "second.env", "other.env"))
    first.write_text("CONDORD_GATEWAY_SEED=1\nCONDORD_LOG_LEVEL=debug\n")
    second.write_text("CONDORD_GATEWAY_SEED=2\n")
    other.write_text("CONDORD_GATEWAY_SEED=3\n")
    runner = CliRunner(env={"HOME": "/home/somebody", "CONDORD_ENV_FILES": f"{first}:{second}"})

    shown = runner.invoke(config, ["show", "--changed"]).stdout
    told = runner.invoke(config, ["show", "--changed", "--env-file", str(other)]).stdout

    assert [line.split("\t")[:3] for line in shown.splitlines()] == [
        ["CONDORD_GATEWAY_SEED", "2", f"{second}:1"],
        ["CONDORD_LOG_LEVEL", "debug", f"{first}:2"],
    ]
    assert [line.split("\t")[:3] for line in told.splitlines()] == [["CONDORD_GATEWAY_SEED", "3", f"{other}:1"]]


def test_check_names_warnings_and_succeeds(tmp_path: Path) -> None:
    path = tmp_path / "twice.env"
    path.write_text("CONDORD_GATEWAY_SEED=1\nCONDORD_GATEWAY_SEED=2\n")

    result = run("check", "--env-file", str(path))

    assert result.exit_code == 0
    assert result.stderr.startswith("warning: ")


def test_check_states_what_the_economic_calendar_does_not_know() -> None:
    assert "ends with 2026 for cpi, ppi, payrolls, while fomc reaches 2027" in run("check").stderr
    assert any("ends with 2026" in text for text in json.loads(run("check", "--json").stdout)["warnings"])


def test_check_names_a_bad_row_of_an_economic_calendar(tmp_path: Path) -> None:
    calendar, path = tmp_path / "events.csv", tmp_path / "own.env"
    calendar.write_text("date,event,time_et,detail\n2026-01-13,cip,08:30,\n")
    path.write_text(f"CONDORD_SCHEDULE_ECONOMIC_CALENDAR={calendar}\n")

    result = run("check", "--env-file", str(path))

    assert result.exit_code == 2
    assert f"{calendar}:2 has event='cip'; allowed: fomc" in result.stderr


def test_check_names_a_bad_row_of_a_macro_file(tmp_path: Path) -> None:
    path = tmp_path / "own.env"
    (tmp_path / "reer.csv").write_text("date,index\n2020-01-17,1e9\n")
    path.write_text(f"CONDORD_MACRO_DIR={tmp_path}\n")

    result = run("check", "--env-file", str(path))

    assert result.exit_code == 2
    assert f"{tmp_path}/reer.csv:2 has index='1e9'; allowed: a number from 1 to 1000" in result.stderr


def test_check_tells_a_script_the_same(tmp_path: Path) -> None:
    good = run("check", "--json")
    bad = run("check", "--json", "--env-file", str(tmp_path / "no.env"))

    assert json.loads(good.stdout)["ok"] is True
    assert json.loads(good.stdout)["changed"] == 1
    assert bad.exit_code == 2
    assert len(json.loads(bad.stdout)["problems"]) == 1


def test_show_gives_value_source_range_and_sentence() -> None:
    result = run("show", "--json", "--changed")

    (row,) = json.loads(result.stdout)["settings"]
    assert (row["name"], row["value"], row["default"], row["source"]) == (
        "CONDORD_GATEWAY_PORT",
        "7497",
        "4002",
        "environment",
    )
    assert row["allowed"] == "1 to 65535"
    assert row["text"].startswith("TCP port")


def test_show_prints_one_setting_a_line_when_nobody_watches() -> None:
    lines = run("show").stdout.splitlines()

    assert all(line.count("\t") == 4 for line in lines)
    assert any(line.startswith("CONDORD_GATEWAY_PORT\t7497\tenvironment\t1 to 65535\t") for line in lines)


def test_show_of_wrong_settings_is_an_error_of_the_settings(tmp_path: Path) -> None:
    result = run("show", "--env-file", str(tmp_path / "no.env"))

    assert isinstance(result.exception, SettingsError)


def test_init_writes_a_file_that_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "condord.env"

    assert run("init", str(path)).exit_code == 0
    assert run("check", "--env-file", str(path)).stdout.endswith(" 1 changed from default\n")


def test_init_never_replaces_a_file_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "condord.env"
    path.write_text("mine")

    refused = run("init", str(path))

    assert isinstance(refused.exception, SettingsError)
    assert path.read_text() == "mine"
    assert run("init", "--force", str(path)).exit_code == 0
    assert path.read_text() != "mine"


@pytest.mark.parametrize("command", ["check", "show", "init", "table"])
def test_every_command_has_help(command: str) -> None:
    result = run(command, "--help")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 3
