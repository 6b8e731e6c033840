"""The daemon and a gateway as two processes over TCP in real time."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from processes import DEADLINE_S, Process, World, wait_for, world

from daemon.errors import ExitCode

GENEROUS = {"CONDOR_LADDER_STEP_PTS": "1.00"}
"""The second price of the working order is beyond the point at which the exchange fills it."""
PATIENT = {"CONDOR_LADDER_STEP_S": "300"}
"""The working order stays at its first price, the mid, where the exchange does not fill it."""
AT_THE_ENTRY = "2020-03-02 15:30:20"
SESSION = "2020-03-02"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def entry_works(made: World, daemon: Process) -> None:
    """Wait until the entry order is known to be working."""
    daemon.says("order planned")
    wait_for(lambda: [order["state"] for order in entry_orders(made)] == ["WORKING"], "a working entry order")


def entry_orders(made: World) -> list[dict[str, Any]]:
    """Return the entry orders of the book."""
    orders: list[dict[str, Any]] = made.run("book", "--json").json["orders"]
    return [order for order in orders if ".ENTRY." in order["order_ref"]]


def same_book_and_account(made: World) -> dict[str, Any]:
    """Check that positions and executions of the book are those of the account; return the account."""
    account, book = made.account(), made.run("book", "--json").json
    assert {str(line["con_id"]): line["quantity"] for line in book["positions"]} == account["positions"]
    assert {line["exec_id"]: abs(line["quantity"]) for line in book["executions"]} == account["executions"]
    return account


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world with a daemon that has entered a condor."""
    with world(tmp_path_factory.mktemp("running"), **GENEROUS) as one:
        one.gateway(AT_THE_ENTRY)
        one.daemon().says("job done              condor_entry")
        yield one


def test_the_days_condor_is_entered_and_every_command_tells_of_it(running: World) -> None:
    account = same_book_and_account(running)
    assert len(account["positions"]) == 4
    status = running.run("status", "--json").json
    assert (status["mode"], status["link"], status["run_state"]) == ("SIMULATED DU1234567", "SYNCED", "RUNNING")
    assert (status["condors_open"], status["breaks_open"], status["session"]) == (1, 0, SESSION)
    assert status["net_liquidation_usd"] == pytest.approx(1_000_000, abs=2_000)
    plan = running.run("plan", "--json").json
    assert plan["condor"]["decided"].startswith("done, entered C20200302-1")
    decisions = running.run("why", "--json").json["decisions"]
    assert [line["kind"] for line in decisions if line["job"] == "condor_entry"] == ["enter"]
    events = [event["event"] for event in running.run("log", "--json").json]
    assert {"clock_followed", "condor_entry_decided", "execution_booked", "order_filled"} <= set(events)
    assert len(running.run("hedge", "--json").json["layers"]) == 3
    assert running.run("reconcile", "--reason", "to see", "--json").json == {"breaks": [], "breaks_open": 0}


@pytest.mark.parametrize(
    "command", ["status", "plan", "why", "book", "hedge", "log", "reconcile --reason x", "version"]
)
def test_every_command_has_text_for_people_and_one_json_value_for_programs(running: World, command: str) -> None:
    words = running.run(*command.split())
    values = running.run(*command.split(), "--json")

    assert (words.code, values.code) == (0, 0), words.err + values.err
    assert words.out.strip()
    assert not words.err
    json.loads(values.out)
    assert not re.search(r"\d{4}-\d\d-\d\dT\d\d|None|\{", words.out)


def test_a_gateway_that_stops_is_waited_for_and_found_again_with_everything(made: World) -> None:
    gateway = made.gateway(AT_THE_ENTRY, "--state", "gw")
    daemon = made.daemon(**GENEROUS)
    daemon.says("job done              condor_entry")

    assert gateway.stop() == 0
    daemon.says("gateway waiting")
    down = made.run("status", "--json").json
    refused = made.run("plan")
    second = made.gateway("2020-03-02 15:30:20", "--state", "gw")
    wait_for(lambda: daemon.text.count("SYNCED") == 2, "the second connection")
    wait_for(lambda: daemon.text.count("book reconciled") == 2, "the second reconciliation")

    assert down["link"] in ("DOWN", "CONNECTING")
    assert "Connection refused" in down["link_text"]
    assert refused.code == ExitCode.BROKER
    assert "waits for one" in refused.err
    assert "continue from gw" in second.text
    account = same_book_and_account(made)
    assert [ref for ref in account["open"] if ".EXIT." in ref] == list(account["open"])
    assert len(account["open"]) == 1
    assert made.run("status", "--json").json["breaks_open"] == 0
    assert daemon.stop() == 0


def test_a_daemon_without_a_gateway_says_so_once_and_begins_when_there_is_one(made: World) -> None:
    with socket.create_server(("127.0.0.1", made.port)) as nobody:
        nobody.settimeout(DEADLINE_S)
        daemon = made.daemon(**PATIENT, LOG_LEVEL="debug")
        for _attempt in range(3):
            nobody.accept()[0].close()
    wait_for(lambda: "Is the gateway running" in daemon.text, "an attempt at a port where nobody listens")

    made.gateway(AT_THE_ENTRY)
    text = daemon.says("daemon ready")

    assert text.count("closed the connection without an answer") == 1
    assert text.count("! gateway waiting") == 2
    entry_works(made, daemon)


def test_a_client_id_in_use_is_waited_for_and_said(made: World) -> None:
    made.gateway(AT_THE_ENTRY)
    first = made.daemon(**PATIENT)
    first.says("daemon ready")

    second = made.daemon(**PATIENT, STATE_DIR=str(made.folder / "other"))
    second.says("Client id 17 is in use")
    refused = made.run("plan", STATE_DIR=str(made.folder / "third"))
    first.kill()
    second.says("daemon ready")

    assert refused.code == ExitCode.BROKER
    assert "Client id 17 is in use" in refused.err


def test_a_stop_cancels_the_working_entry_and_ends_with_status_0(made: World) -> None:
    made.gateway(AT_THE_ENTRY)
    daemon = made.daemon(**PATIENT)
    entry_works(made, daemon)

    assert daemon.stop() == 0

    account = same_book_and_account(made)
    assert account["open"] == {}
    assert [order["state"] for order in entry_orders(made)] == ["CANCELLED"]
    assert "stopped by a signal" in daemon.text


def test_a_halt_cancels_the_working_entry_at_once_sends_nothing_new_and_outlives_a_restart(made: World) -> None:
    made.gateway(AT_THE_ENTRY)
    daemon = made.daemon(**PATIENT)
    entry_works(made, daemon)

    halted = made.run("halt", "--reason", "a holiday", "--json")
    daemon.says("order cancelled")

    at = {event["event"]: datetime.fromisoformat(event["timestamp"]) for event in made.run("log", "--json").json}
    assert halted.json["run_state"] == "HALTED"
    assert at["order_cancelled"] - at["run_state_changed"] < timedelta(seconds=2)
    assert made.account()["open"] == {}
    assert daemon.stop() == 0
    again = made.daemon(**PATIENT)
    again.says("daemon ready")
    assert "HALTED" in again.text
    assert made.run("status", "--json").json["run_state_reason"] == "a holiday"
    assert "halted" in made.run("plan").out
    assert made.run("resume", "--reason", "back").out == "the run state is now RUNNING\n"
    assert len(entry_orders(made)) == 1
    assert made.account()["positions"] == {}


def test_a_halt_before_the_daemon_is_found_by_it(made: World) -> None:
    made.gateway(AT_THE_ENTRY)

    first = made.run("halt", "--reason", "not yet")
    daemon = made.daemon()
    daemon.says("job skipped           condor_entry")

    assert "no daemon runs" in first.out
    assert entry_orders(made) == []
    (decision,) = [line for line in made.run("why", "--json").json["decisions"] if line["job"] == "condor_entry"]
    assert [reason["name"] for reason in decision["reasons"]] == ["halted"]


def test_a_gateway_that_restarts_under_a_working_entry_loses_nothing(made: World) -> None:
    gateway = made.gateway(AT_THE_ENTRY, "--state", "gw")
    daemon = made.daemon(**GENEROUS)
    entry_works(made, daemon)

    gateway.kill()
    daemon.says("gateway waiting")
    made.gateway(None, "--state", "gw")
    daemon.says("job done              condor_entry")

    account = same_book_and_account(made)
    assert len(account["positions"]) == 4
    assert len(entry_orders(made)) == 1


def test_an_order_that_its_gateway_has_forgotten_is_proven_absent_and_not_sent_again(made: World) -> None:
    made.gateway(AT_THE_ENTRY)
    daemon = made.daemon(**PATIENT, GATEWAY_ABSENCE_PROOF_S="1")
    entry_works(made, daemon)

    made.close_gateways()
    made.gateway("2020-03-02 15:30:30")
    daemon.says("job skipped           condor_entry")

    assert [order["state"] for order in entry_orders(made)] == ["ABSENT"]
    assert made.account()["open"] == {}
    assert made.run("status", "--json").json["breaks_open"] == 0


def test_a_gateway_that_falls_silent_is_noticed_by_the_heartbeat_and_connected_anew(made: World) -> None:
    gateway = made.gateway(AT_THE_ENTRY)
    daemon = made.daemon(
        **PATIENT, GATEWAY_HEARTBEAT_S="5", GATEWAY_REQUEST_TIMEOUT_S="1", GATEWAY_CONNECT_TIMEOUT_S="1"
    )
    entry_works(made, daemon)

    gateway.popen.send_signal(signal.SIGSTOP)
    daemon.says("no heartbeat")
    gateway.popen.send_signal(signal.SIGCONT)
    wait_for(lambda: daemon.text.count("SYNCED") == 2, "the second connection")

    assert [order["state"] for order in entry_orders(made)] == ["WORKING"]
    assert len(made.account()["open"]) == 1


def test_a_clock_that_another_gateway_shows_later_stops_entries_and_is_told(made: World) -> None:
    daemon = made.daemon()
    made.gateway("2020-03-02 15:25:00")
    daemon.says("daemon ready")
    made.close_gateways()

    made.gateway("2020-03-02 15:29:40")
    wait_for(lambda: daemon.text.count("SYNCED") == 2, "the second connection")

    plan = made.run("plan", "--json").json
    assert [reason["name"] for reason in plan["condor"]["reasons"]] == ["clock_skew"]


def test_the_simulated_mode_needs_nothing_else_and_a_restart_finds_its_account_again(tmp_path: Path) -> None:
    with world(tmp_path, GATEWAY_MODE="simulated", **GENEROUS) as made:
        daemon = made.daemon_at("2020-03-02T20:30:20+00:00")
        daemon.says("job done              condor_entry")
        status = made.run("status")
        header = (made.state / "logs" / f"{SESSION}.log").read_text().splitlines()[0]
        before = made.run("book", "--json").json
        assert daemon.stop() == 0

        again = made.daemon_at("2020-03-02T20:40:00+00:00")
        again.says("daemon ready")

        after = made.run("status", "--json").json
        assert "SIMULATED DU1234567" in status.out
        assert "SIMULATED" in header
        assert "connected, 4 positions, 0 breaks open" in again.text
        assert (after["mode"], after["condors_open"], after["breaks_open"]) == ("SIMULATED DU1234567", 1, 0)
        assert made.run("book", "--json").json["positions"] == before["positions"]


def test_a_daemon_that_hangs_is_told_apart_from_one_that_does_not_run(
    made: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.app.status.STATUS_TIMEOUT_S", 0.5)
    daemon = made.daemon()
    daemon.says("gateway waiting")

    daemon.popen.send_signal(signal.SIGSTOP)
    hanging = made.run("status")
    daemon.popen.send_signal(signal.SIGCONT)

    assert hanging.code == ExitCode.NOT_READY
    assert "runs and did not answer" in hanging.err
    assert "it runs and does not answer; what follows is what its database holds" in hanging.out
    assert made.run("status", "--json").json["pid"] == daemon.popen.pid
