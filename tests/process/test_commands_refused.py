"""Bad input: one clear sentence with the fix, the exit code of the design, and never a traceback."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import World, world

from daemon.errors import ExitCode

SETTINGS, NOT_READY, BROKER = ExitCode.SETTINGS, ExitCode.NOT_READY, ExitCode.BROKER
DATABASE, RUNNING = ExitCode.DATABASE, ExitCode.ALREADY_RUNNING


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, GATEWAY_CONNECT_TIMEOUT_S="1") as made:
        yield made


@pytest.fixture
def web_port() -> Iterator[int]:
    """Give the port of something that speaks HTTP."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# -- the gateway ---------------------------------------------------------------------------------------


def test_a_plan_without_a_gateway_ends_at_once(here: World) -> None:
    here.refused(BROKER, "plan", f"127.0.0.1:{here.port}", "Is the gateway running")


@pytest.mark.parametrize("command", ["run", "plan"])
def test_another_protocol_behind_the_port_ends_the_program(here: World, command: str, web_port: int) -> None:
    here.refused(BROKER, command, "not a TWS or IB Gateway", "CONDORD_GATEWAY_PORT", GATEWAY_PORT=str(web_port))


def test_a_live_account_is_never_traded(here: World) -> None:
    here.gateway("2020-03-02 15:25", "--account", "U1234567")

    for command in ("run", "plan", "run --clock gateway"):
        here.refused(BROKER, command, "not paper accounts", "DU, DF, DI")


@pytest.mark.parametrize("port", ["4001", "7496"])
def test_a_port_usual_for_live_trading_is_refused_unless_a_setting_allows_it(here: World, port: str) -> None:
    here.refused(SETTINGS, "run", "CONDORD_GATEWAY_ALLOW_LIVE_PORT", GATEWAY_PORT=port)
    here.refused(BROKER, "plan", f"127.0.0.1:{port}", GATEWAY_PORT=port, GATEWAY_ALLOW_LIVE_PORT="true")


def test_a_plan_against_a_gateway_of_another_time_says_how_to_follow_it(here: World) -> None:
    here.gateway("2020-03-02 15:25")

    ran = here.run("plan")

    assert ran.code == 0
    assert "--clock gateway" in ran.out


# -- folders ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "plan", "halt --reason x", "resume --reason x"])
def test_a_state_folder_that_cannot_be_written_is_named(here: World, command: str) -> None:
    here.refused(DATABASE, command, "/proc/condord cannot be written", "CONDORD_STATE_DIR", STATE_DIR="/proc/condord")


def test_a_file_in_place_of_the_state_folder_is_named(here: World) -> None:
    here.state.write_text("")

    here.refused(DATABASE, "run", f"{here.state} cannot be written")
    here.refused(DATABASE, f"gateway --state {here.state}", f"{here.state} cannot be written", "--state")


def test_a_database_that_is_none_is_named_by_every_command(here: World) -> None:
    here.state.mkdir()
    (here.state / "condord.db").write_text("this is no database, and long enough to be read as one's header" * 4)

    for command in ("run", "status", "book", "halt --reason x"):
        here.refused(DATABASE, command, "condord.db is not an SQLite database")


def test_a_second_daemon_on_one_state_folder_names_the_first(here: World) -> None:
    daemon = here.daemon()
    daemon.says("gateway waiting")

    here.refused(RUNNING, "run", f"process {daemon.popen.pid}", "CONDORD_STATE_DIR")


def test_a_second_gateway_on_one_state_folder_names_the_first(here: World) -> None:
    gateway = here.gateway("2020-03-02 15:25", "--state", "gw")

    here.refused(RUNNING, "gateway --port 0 --state gw", f"process {gateway.popen.pid}", "--state")


def test_one_state_folder_keeps_to_one_account(here: World) -> None:
    first = here.gateway("2020-03-02 15:25")
    assert here.run("plan", "--clock", "gateway").code == 0
    first.stop()
    here.gateway("2020-03-02 15:25", "--account", "DU7654321")

    here.refused(SETTINGS, "plan", "SIMULATED DU1234567", "SIMULATED DU7654321", "CONDORD_STATE_DIR")


def test_a_control_socket_with_too_long_a_path_is_refused_with_the_fix(here: World) -> None:
    folder = here.folder / ("x" * 110)

    for command in ("run", "reconcile --reason x"):
        here.refused(SETTINGS, command, "107", "CONDORD_RUNTIME_DIR", RUNTIME_DIR=str(folder))
    assert here.run("status", RUNTIME_DIR=str(folder)).code == 0


# -- settings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "plan", "book", "halt --reason x"])
def test_everything_wrong_in_an_env_file_is_told_at_once(here: World, command: str) -> None:
    (here.folder / "my.env").write_text(
        "CONDORD_CONDOR_DTE_TARGT=30\nCONDORD_RISK_INDEX_MAX_AGE_S=banana\nCONDORD_CONDOR_DTE_MIN=40\n"
    )

    ran = here.run(*command.split(), "--env-file", "my.env")

    assert ran.code == SETTINGS
    assert "did you mean CONDORD_CONDOR_DTE_TARGET" in ran.err
    assert "CONDORD_RISK_INDEX_MAX_AGE_S=banana in my.env:2" in ran.err
    assert "my.env:3" in ran.err
    assert "do not go together" in ran.err


def test_status_shows_a_daemon_whose_settings_would_not_let_it_start(here: World) -> None:
    ran = here.run("status", CONDOR_DTE_TARGET="banana")

    assert ran.code == 0
    assert "condord run" in ran.out


def test_an_env_file_that_is_missing_is_named(here: World) -> None:
    here.refused(SETTINGS, "run --env-file nowhere.env", "nowhere.env")


# -- rehearse -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "part"),
    [
        ("--from 2020-02-21 --to 2020-02-18", "is after"),
        ("--from 2020-02-17 --to 2020-02-21", "2020-02-14 or 2020-02-18"),
        ("--from 2020-02-14 --to 2020-02-17", "--to 2020-02-17 is no trading session"),
        ("--from 2019-06-03 --to 2019-06-05", "no session 2019-06-03"),
        ("--from 1980-02-19 --to 2020-02-21", "1990 to 2035"),
        ("--from 2020-02-18 --to 2099-02-18", "1990 to 2035"),
        ("--from 18.2.2020 --to 2020-02-21", "YYYY-MM-DD"),
    ],
)
def test_dates_that_no_rehearsal_can_run_over_are_refused(here: World, dates: str, part: str) -> None:
    here.refused(SETTINGS, f"rehearse {dates}", part)


def test_history_that_is_missing_or_malformed_is_named_with_its_line(here: World) -> None:
    dates = "--from 2020-02-18 --to 2020-02-18"
    folder = here.folder / "history"
    here.refused(SETTINGS, f"rehearse {dates} --history {folder}", str(folder))
    folder.mkdir()
    here.refused(SETTINGS, f"rehearse {dates} --history {folder} --out a", "spx_daily.csv")
    (folder / "spx_daily.csv").write_text("date,open,high,low,close\n2020-02-18,3369,3375,3355,3370\n2020-02-19,x\n")
    (folder / "vix_daily.csv").write_text("date,open,high,low,close\n2020-02-18,14,16,14,15\n")
    here.refused(SETTINGS, f"rehearse {dates} --history {folder} --out b", "spx_daily.csv", "3")
    here.refused(SETTINGS, f"gateway --history {folder}", "spx_daily.csv", "3")


def test_an_output_folder_that_is_not_empty_or_unusable_is_refused(here: World) -> None:
    dates = "--from 2020-02-18 --to 2020-02-18"
    full = here.folder / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")

    here.refused(SETTINGS, f"rehearse {dates} --out {full}", "not empty", "--force")
    here.refused(SETTINGS, f"rehearse {dates} --out {full}/mine.txt", "is a file")
    here.refused(SETTINGS, f"rehearse {dates} --out /proc/condord", "cannot be used")


# -- gateway ------------------------------------------------------------------------------------------


def test_a_port_in_use_is_refused(here: World, web_port: int) -> None:
    here.refused(SETTINGS, f"gateway --port {web_port}", f"127.0.0.1:{web_port}", "in use", "--port")


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("yesterday", "YYYY-MM-DD HH:MM"),
        ("2020-03-02T25:00", "YYYY-MM-DD HH:MM"),
        ("2019-06-03 10:00", "no session 2019-06-03"),
        ("1950-01-03 10:00", "1990 to 2035"),
        ("2099-01-05 10:00", "1990 to 2035"),
    ],
)
def test_a_clock_that_cannot_be_simulated_is_refused(here: World, clock: str, part: str) -> None:
    ran = here.run("gateway", "--port", "0", "--clock", clock, "--state", "gw")

    assert ran.code == SETTINGS
    assert part in ran.err
    assert not (here.folder / "gw" / "clock.json").exists()


def test_a_malformed_plan_of_faults_is_refused_with_every_mistake(here: World) -> None:
    (here.folder / "bad.toml").write_text('[[fault]]\nkind = "sillent"\n[[fault]]\nkind = "delay"\n')
    (here.folder / "no.toml").write_text("x = [")

    here.refused(SETTINGS, "gateway --port 0 --faults bad.toml", "fault 1", "'sillent'", "fault 2", "seconds")
    here.refused(SETTINGS, "gateway --port 0 --faults no.toml", "no.toml")
    here.refused(SETTINGS, "gateway --port 0 --faults nowhere.toml", "nowhere.toml")


def test_a_stored_account_that_is_none_of_ours_is_refused(here: World) -> None:
    folder = here.folder / "gw"
    folder.mkdir()
    for text in ("garbage", "{}", '{"exchange": {}}', '{"account": "DU1", "exchange": {}}'):
        (folder / "exchange.json").write_text(text)
        here.refused(SETTINGS, "gateway --port 0 --state gw", "gw")


# -- words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("statsu", "No such command"),
        ("status --jsn", "No such option"),
        ("why 2020-13-01", "YYYY-MM-DD"),
        ("halt", "--reason"),
        ("gateway --account 17", "is no account"),
        ("gateway --port 99999", "65535"),
    ],
)
def test_a_command_line_that_is_wrong_is_refused(here: World, arguments: str, part: str) -> None:
    here.refused(SETTINGS, arguments, part)


def test_a_reason_of_blanks_is_none(here: World) -> None:
    ran = here.run("halt", "--reason", "  ")

    assert ran.code == SETTINGS
    assert "a reason is needed" in ran.err


@pytest.mark.parametrize("command", ["why", "book", "hedge", "signals", "log", "report", "reconcile --reason x"])
def test_what_needs_a_daemon_that_has_run_says_how_to_begin(here: World, command: str) -> None:
    here.refused(NOT_READY, command, "start")


def test_status_works_before_anything_else_has(here: World) -> None:
    ran = here.run("status")

    assert ran.code == 0
    assert "condord run" in ran.out
    assert here.run("status", "--json").json["pid"] is None
