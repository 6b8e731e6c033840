"""Checks under a real systemd: start, work, trouble and end of the service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from systemd_words import (
    CONDORD,
    ENV_FILE,
    GATEWAY_ARGUMENTS,
    GATEWAY_UNIT,
    READY_S_MAX,
    RESTART_S,
    UNIT,
    WATCHDOG_S,
    condord_json,
    database,
    drop_in,
    expect,
    follow_the_gateway,
    forget,
    gateway,
    invocation,
    journal,
    kill_and_wait,
    main_pid,
    memory_bytes,
    refused,
    remove_the_gateway,
    require,
    restarted_since,
    run,
    settings,
    shown,
    states,
    timed,
    wait_for,
)

MEMORY_BYTES_MAX: Final = 100 * 2**20
"""Idle, in mode ib: the limit for a machine that does something else beside."""
HOLD: Final = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
STOP_S_MAX: Final = 90.0
ENTRY: Final = "2020-03-02 15:29:50"
"""Ten seconds before an entry on a day of the shipped history."""


def starts() -> str:
    """Systemctl start returns when the daemon is ready."""
    took = timed("systemctl", "start", UNIT)
    expect(shown("Type", "ActiveState", "SubState", "NRestarts"), ["notify", "active", "running", "0"])
    require(took <= READY_S_MAX, f"ready after {took:.1f} s")
    return f"ready after {took:.1f} s"


def shows_status() -> str:
    """Systemctl status shows a line that says what the daemon trades on and holds."""
    text = wait_for(lambda: re.match(r"SIMULATED DU\d+, RUNNING, .* breaks open$", shown("StatusText")[0]), 5, "STATUS")
    return str(text[0])


def logs_to_the_journal() -> str:
    """Events in the journal carry the priority of their level, and their fields can be asked for."""
    run("journalctl", "--sync")
    *_, started = map(json.loads, run("journalctl", "CONDORD_EVENT=daemon_started", "-o", "json").splitlines())
    expect((started["PRIORITY"], started["SYSLOG_IDENTIFIER"], started["CONDORD_MODE"]), ("6", UNIT, "SIMULATED"))
    require("daemon started" in started["MESSAGE"], started["MESSAGE"])
    require(not journal("-p", "err"), "there are errors in the journal of a good start")
    return f"{len(journal())} lines, no error"


def needs_little_memory() -> str:
    """The idle daemon stays small."""
    resident = memory_bytes(main_pid())
    require(resident <= MEMORY_BYTES_MAX, f"{resident / 2**20:.0f} MB")
    return f"{resident / 2**20:.0f} MB resident with the simulated exchange"


def pings_the_watchdog() -> str:
    """A daemon that works lives longer than the watchdog's period."""
    drop_in(f"WatchdogSec={WATCHDOG_S}s")
    run("systemctl", "restart", UNIT)
    pid = main_pid()
    time.sleep(2.5 * WATCHDOG_S)
    expect((main_pid(), shown("NRestarts")[0]), (pid, "0"))
    return f"{2.5 * WATCHDOG_S:.0f} s with a period of {WATCHDOG_S} s"


def is_restarted_by_the_watchdog() -> str:
    """A daemon that stands still is ended by the watchdog and started again."""
    before, began = invocation(), time.monotonic()
    run("kill", "-STOP", str(main_pid()))
    wait_for(restarted_since(before), 3 * WATCHDOG_S + RESTART_S + READY_S_MAX, "a restart")
    took = time.monotonic() - began
    lines = [line["MESSAGE"] for line in journal(of=before)]
    require(any("Watchdog timeout" in text for text in lines), "the journal names no watchdog")
    require(any("Fatal Python error: Aborted" in text for text in lines), "the journal lacks where it stood")
    drop_in()
    return f"ready again after {took:.0f} s"


def is_restarted_when_its_database_is_held() -> str:
    """A daemon whose database another process holds is ended by the watchdog, and works again when it is let go."""
    drop_in(f"WatchdogSec={WATCHDOG_S}s")
    run("systemctl", "restart", UNIT)
    before = invocation()
    command = ["runuser", "-u", UNIT, "--", "/opt/condord/bin/python", "-c", HOLD, str(database())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None, "given"
        assert holder.stdout is not None, "given"
        expect(holder.stdout.readline(), b"held\n")
        wait_for(lambda: any("Watchdog timeout" in line["MESSAGE"] for line in journal(of=before)), 30, "a time-out")
    wait_for(restarted_since(before), RESTART_S + READY_S_MAX + 10, "a restart")
    drop_in()
    return "held beyond the watchdog's period, then let go"


def survives_a_kill() -> str:
    """A daemon that was killed is started again and reconciles."""
    return f"reconciled again after {kill_and_wait():.0f} s"


def stops() -> str:
    """Systemctl stop ends the daemon within its time, cleanly, and the journal says so."""
    last = invocation()
    took = timed("systemctl", "stop", UNIT)
    expect(shown("ActiveState", "Result", "ExecMainStatus"), ["inactive", "success", "0"])
    (stopped,) = [line for line in journal(of=last) if line.get("CONDORD_EVENT") == "daemon_stopped"]
    expect(stopped["CONDORD_WHY"], "stopped by a signal")
    require(not Path("/run/condord").exists(), "the runtime folder is still there")
    require(took < STOP_S_MAX, f"{took:.1f} s")
    return f"{took:.1f} s, exit status 0"


def is_used_while_stopped() -> str:
    """When no daemon runs the group reads the database, and the daemon's own user halts and resumes."""
    expect((condord_json("status")["pid"], condord_json("status")["run_state"]), (None, "RUNNING"))
    for command, state in (("halt", "HALTED"), ("resume", "RUNNING")):
        own = ["runuser", "-u", UNIT, "--", "condord", command, "--reason", "a check"]
        run(*own)
        expect(condord_json("status")["run_state"], state)
    return "status, halt, resume"


def refuses_a_bad_setting() -> str:
    """A misspelled setting ends the start with a sentence, once."""
    with settings("CONDORD_GATEWAY_PROT=4002"):
        text = refused(2)
    require("did you mean CONDORD_GATEWAY_PORT?" in text, text)
    return text.splitlines()[0]


def refuses_a_missing_file() -> str:
    """A missing env file ends the start with a sentence, once."""
    away = ENV_FILE.rename("/etc/condord/away")
    try:
        text = refused(2)
    finally:
        away.rename(ENV_FILE)
    require(str(ENV_FILE) in text, text)
    return text.splitlines()[0]


def shows_why_the_check_before_the_start_may_fail() -> str:
    """What an ExecStartPre refuses, systemd starts again: RestartPreventExitStatus does not look at it."""
    drop_in(f"ExecStartPre={CONDORD} config check --env-file {ENV_FILE}", "RestartSec=100ms")
    with settings("CONDORD_GATEWAY_PROT=4002"):
        subprocess.run(["systemctl", "start", UNIT], capture_output=True, check=False)
        wait_for(lambda: int(shown("NRestarts")[0]) >= 2, 20, "a second restart")
    run("systemctl", "reset-failed", UNIT)
    drop_in()
    return "started again at least twice"


def refuses_to_start_without_its_folder_of_credentials() -> str:
    """A folder that was removed ends the start once, with a sentence."""
    away = Path("/etc/condord/credentials").rename("/etc/condord/away")
    done = subprocess.run(["systemctl", "start", UNIT], capture_output=True, text=True, check=False)
    away.rename("/etc/condord/credentials")
    require(done.returncode != 0 and "Assertion failed" in done.stderr, done.stderr)
    expect(shown("NRestarts"), ["0"])
    return done.stderr.strip().splitlines()[0]


def refuses_a_live_account() -> str:
    """A gateway that serves a live account ends the daemon, once."""
    with gateway("--account", "U1234567"), settings("CONDORD_GATEWAY_MODE=ib"):
        text = refused(4, start_may_pass=True)
    require("not paper accounts" in text, text)
    return text.splitlines()[-1]


def waits_for_the_gateway() -> str:
    """Without a gateway the daemon is up and says that it waits; it trades as soon as one is there."""
    follow_the_gateway()
    with settings("CONDORD_GATEWAY_MODE=ib"):
        run("systemctl", "start", UNIT)
        require(shown("StatusText")[0].startswith("waiting for the gateway: "), shown("StatusText")[0])
        resident = memory_bytes(main_pid())
        with gateway("--clock", "2020-03-02 15:20"):
            wait_for(lambda: shown("StatusText")[0].startswith("SIMULATED DU"), 20, "a connection")
            run("systemctl", "stop", UNIT)
    return f"{resident / 2**20:.0f} MB resident in mode ib"


def cancels_what_works_when_it_stops() -> str:
    """A stop in the middle of a working order leaves none behind, and exits with status 0."""
    with settings("CONDORD_GATEWAY_MODE=ib", "CONDORD_CONDOR_LADDER_STEP_S=600"), gateway("--clock", ENTRY):
        run("systemctl", "start", UNIT)
        wait_for(lambda: "WORKING" in states(), 40, "a working order")
        took = timed("systemctl", "stop", UNIT)
        expect((states(), shown("ExecMainStatus")), (["CANCELLED"], ["0"]))
    forget()
    return f"stopped in {took:.1f} s"


def stops_before_its_gateway() -> str:
    """When both are stopped at once, as at a shutdown, the gateway stays until the daemon has cancelled what works."""
    shutil.copy("systemd/examples/ib-gateway.service", GATEWAY_UNIT)
    GATEWAY_ARGUMENTS.write_text(f"--clock '{ENTRY}'")
    run("systemctl", "enable", "--quiet", GATEWAY_UNIT.name)
    try:
        with settings("CONDORD_GATEWAY_MODE=ib", "CONDORD_CONDOR_LADDER_STEP_S=600"):
            run("systemctl", "start", UNIT)
            expect(shown("ActiveState", of=GATEWAY_UNIT.name), ["active"])
            wait_for(lambda: "WORKING" in states(), 40, "a working order")
            # The order of the two names is that of the jobs; one transaction, as at a shutdown, would not need it.
            run("systemctl", "stop", UNIT, GATEWAY_UNIT.name)
            expect((states(), shown("ExecMainStatus")), (["CANCELLED"], ["0"]))
    finally:
        remove_the_gateway()
        forget()
    return "the start of the daemon started the gateway, too"


def keeps_its_book_over_a_kill() -> str:
    """A daemon that is killed with a position finds it again and does not enter twice."""
    faster = ("CONDORD_CONDOR_LADDER_STEP_S=5", "CONDORD_CONDOR_LADDER_STEP_PTS=0.5")
    with settings("CONDORD_GATEWAY_MODE=ib", *faster), gateway("--clock", ENTRY):
        run("systemctl", "start", UNIT)
        wait_for(lambda: "FILLED" in states(), 90, "a filled entry")
        before = condord_json("book")
        require(len(before["positions"]) == 4, f"{before['positions']}")
        run("journalctl", "--sync")
        filled = map(json.loads, run("journalctl", "CONDORD_EVENT=order_filled", "-o", "json").splitlines())
        entry = next(order["order_ref"] for order in before["orders"] if ".ENTRY." in order["order_ref"])
        require(entry in [line["CONDORD_ORDER_REF"] for line in filled], f"the journal has no order_filled of {entry}")
        took = kill_and_wait()
        after = condord_json("book")
        for part in ("positions", "executions"):
            expect(after[part], before[part])
        entries = [order for order in after["orders"] if ".ENTRY." in order["order_ref"]]
        expect((len(entries), condord_json("status")["breaks_open"]), (1, 0))
        run("systemctl", "stop", UNIT)
        expect(shown("ExecMainStatus"), ["0"])
    forget()
    return f"1 condor, {len(before['executions'])} executions, reconciled again after {took:.0f} s"
