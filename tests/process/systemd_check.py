#!/usr/bin/python3
"""Install the service as docs/service.md says, run it under a real systemd, and print one line a check.

    SYSTEMD_SANDBOX=/path/to/tool tests/process/systemd_check.py [CHECK...]

With names of checks it makes only those, after the install.

The tool boots systemd in namespaces of its own over a copy of this machine's root that is thrown away, without
a network, and runs one command in it: ``tool [--bind FROM:TO]... -- COMMAND``. It needs root. Exit status: 0 all
passed, 1 something failed, 77 the tool is missing.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from systemd_words import (
    CONDORD,
    ENV_FILE,
    LIMIT_S,
    OWNER,
    READY_S_MAX,
    RESTART_S,
    STRANGER,
    UNIT,
    WATCHDOG_S,
    CheckError,
    condord,
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
    require,
    restarted_since,
    rights,
    run,
    say,
    settings,
    shell_blocks,
    shown,
    states,
    steps,
    timed,
    wait_for,
)

SOURCE: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("config", "daemon", "docs", "requirements", "systemd", "tests/process")
FILES: Final = ("LICENSE", "Makefile", "README.md", "pyproject.toml")
SYSTEM_PYTHON: Final = "/usr/bin/python3"
SKIPPED: Final = 77

SECURITY_MAX: Final = 1.0
SECURITY_MAX_NOTIFYING: Final = 1.2
INSTALL_TO_READY_S_MAX: Final = 180.0
MEMORY_BYTES_MAX: Final = 100 * 2**20
"""Idle, in mode ib: the limit for a machine that does something else beside."""
STOP_S_MAX: Final = 90.0
OTHER_HOST: Final = "192.0.2.10"
"""Of the range for documentation (RFC 5737); inside it is given to this machine, where nothing listens."""
ENTRY: Final = "2020-03-02 15:29:50"
"""Ten seconds before an entry on a day of the shipped history."""
UNITS: Final = Path("/etc/systemd/system")
GATEWAY_UNIT: Final = UNITS / "ib-gateway.service"
GATEWAY_ARGUMENTS: Final = Path("/run/check-gateway")
STUB: Final = f"""#!/bin/sh
# Stands for the screen, IBC and IB Gateway: the simulated gateway at the same address.
test -r "$CREDENTIALS_DIRECTORY/ibc.ini" || exit 1
eval exec {CONDORD} gateway $(cat {GATEWAY_ARGUMENTS} 2> /dev/null)
"""

Check = Callable[[], str]


# -- outside: prepare, boot ------------------------------------------------------------------------


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        return run_checks(sys.argv[2:])
    tool = os.environ.get("SYSTEMD_SANDBOX", "")
    if not tool or not os.access(tool, os.X_OK):
        say("SKIP  SYSTEMD_SANDBOX names no program that boots a systemd of its own")
        return SKIPPED
    if os.geteuid() != 0:
        say("SKIP  booting a systemd needs root")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="condord-service-check.") as folder:
        source = Path(folder, "source")
        copy_source(source)
        fetch_wheels(source / "wheelhouse")
        command = [tool, "--bind", f"{source}:/source", "--"]
        command += [SYSTEM_PYTHON, f"/source/{Path(__file__).relative_to(SOURCE)}", "--inside", *sys.argv[1:]]
        environ = os.environ | {"SANDBOX_S": str(LIMIT_S), "TMPDIR": folder}
        return subprocess.run(command, env=environ, cwd=folder, check=False).returncode


def copy_source(target: Path) -> None:
    for part in PARTS:
        shutil.copytree(SOURCE / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(SOURCE / name, target / name)


def fetch_wheels(target: Path) -> None:
    """Fetch what ``make wheelhouse`` does, for the system's Python, because there is no network inside."""
    asked = [SYSTEM_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary", ":all:"]
    command += ["--python-version", version, "-d", str(target), "-r", str(SOURCE / "requirements/extras.txt")]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)


# -- inside: the checks, in the order in which they build on one another ---------------------------


def installs() -> str:
    """The ten steps of docs/service.md lead from the packages of Debian to a service that trades behind a gateway."""
    for path in ("/usr/bin/xvfb-run", "/opt/ibc/scripts/ibcstart.sh", "/opt/ibc/config.ini"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(STUB)
        Path(path).chmod(0o755)
    blocks = shell_blocks("Install")
    began = time.monotonic()
    for block in blocks:
        run("bash", "-euo", "pipefail", "-c", block)
    took = time.monotonic() - began
    expect(shown("ActiveState", "UnitFileState"), ["active", "enabled"])
    (started,) = [line for line in journal() if line.get("CONDORD_EVENT") == "daemon_started"]
    expect(started["CONDORD_MODE"], "PAPER")
    status = wait_for(lambda: re.match(r".* DU\d+, RUNNING, .*", shown("StatusText")[0]), 30, "a connection")
    require(took <= INSTALL_TO_READY_S_MAX, f"{took:.0f} s")
    return f"{len(blocks)} blocks, ready after {took:.0f} s: {status[0]}"


def begins_anew() -> str:
    """The preparation of the other checks: the service on its own simulated exchange, without the gateway's unit."""
    run("systemctl", "stop", UNIT)
    remove_the_gateway()
    ENV_FILE.with_name("local.env").unlink()
    forget()
    return "stopped"


def refuses_a_bad_prefix() -> str:
    """A prefix that is no folder of its own changes nothing and is told in a sentence."""
    for prefix in ("/usr", "/opt/", "/", "/opt/../usr", "/usr/local", "opt/condord", "/opt/my condord"):
        done = subprocess.run(["systemd/install", prefix], capture_output=True, text=True, check=False)
        expect((done.returncode, done.stdout), (2, ""))
        require(f"install: PREFIX={prefix} must be" in done.stderr, done.stderr)
    return done.stderr.strip()


def verifies() -> str:
    """The unit files have nothing that systemd-analyze would complain about."""
    units = sorted(str(path) for path in Path("/etc/systemd/system").glob("condord*.*") if path.is_file())
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    expect((len(units), done.returncode, done.stdout + done.stderr), (3, 0, ""))
    example = "systemd/examples/ib-gateway.service"
    expect(subprocess.run(["systemd-analyze", "verify", example], capture_output=True, check=False).stderr, b"")
    return "prints nothing, of the example of a gateway neither"


def is_used_every_day() -> str:
    """The commands that docs/service.md gives for every day and for the journal work, for whom it says."""
    days, (reading,) = shell_blocks("Every day"), shell_blocks("The journal")
    as_root, as_member, after_a_change = days
    steps(as_root + after_a_change)
    for line in (as_member + reading).splitlines():
        run("runuser", "-u", OWNER, "--", "bash", "-c", line)
    return f"{len((as_root + after_a_change + as_member + reading).splitlines())} commands"


def is_hardened() -> str:
    """The unit's exposure is low, and the kernel says the same of the process."""
    score = exposure()
    require(score <= SECURITY_MAX, f"the exposure is {score}")
    status = Path(f"/proc/{main_pid()}/status").read_text()
    for wanted in (r"NoNewPrivs:\s1", r"Seccomp:\s2", r"CapEff:\s0+\n", r"CapBnd:\s0+\n"):
        require(re.search(wanted, status) is not None, f"/proc/PID/status lacks {wanted}")
    return f"exposure {score}"


def exposure() -> float:
    text = run("systemd-analyze", "security", UNIT, "--no-pager")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", text)
    return float(found[1]) if found else 99.0


def is_hardened_with_notifications() -> str:
    """The example that opens the network for alerts leaves the exposure low."""
    target = UNITS / f"{UNIT}.service.d/notifications.conf"
    target.parent.mkdir(exist_ok=True)
    shutil.copy("systemd/examples/notifications.conf", target)
    run("systemctl", "daemon-reload")
    score = exposure()
    target.unlink()
    run("systemctl", "daemon-reload")
    require(score <= SECURITY_MAX_NOTIFYING, f"the exposure is {score}")
    return f"exposure {score}"


def hands_credentials_to_the_daemon_alone() -> str:
    """A file that root alone may read is handed to the daemon, and to nobody else."""
    secret = Path("/etc/condord/credentials/secret")
    expect(rights(secret.parent), ("0700", "root", "root"))
    secret.write_text("a check\n")
    secret.chmod(0o600)
    run("systemctl", "restart", UNIT)
    handed = Path(f"/run/credentials/{UNIT}.service/credentials_secret")
    expect(rights(handed)[:2], ("0400", UNIT))
    environ = Path(f"/proc/{main_pid()}/environ").read_bytes().split(b"\0")
    require(f"CREDENTIALS_DIRECTORY={handed.parent}".encode() in environ, "the daemon is not told where they are")
    readers = {}
    for user in (UNIT, OWNER, STRANGER):
        for path in (handed, secret):
            done = subprocess.run(["runuser", "-u", user, "--", "cat", str(path)], capture_output=True, check=False)
            readers[user, path == handed] = done.returncode == 0
    expect([reader for reader, may in readers.items() if may], [(UNIT, True)])
    secret.unlink()
    run("systemctl", "restart", UNIT)
    return str(handed)


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


def keeps_its_folders_private() -> str:
    """State, logs and socket belong to the daemon and are closed to others."""
    for folder in ("/var/lib/condord", "/var/log/condord", "/run/condord"):
        expect((folder, *rights(Path(folder))), (folder, "0750", UNIT, UNIT))
    expect(rights(Path("/run/condord/control.sock")), ("0660", UNIT, UNIT))
    files = [path for folder in ("/var/lib/condord", "/var/log/condord") for path in Path(folder).iterdir()]
    require({"condord.db", "condord.lock"} <= {path.name for path in files}, f"only {files}")
    for path in files:
        expect((path.name, *rights(path)), (path.name, "0640", UNIT, UNIT))
    expect(rights(ENV_FILE), ("0640", "root", UNIT))
    return f"3 folders, {len(files)} files, 1 socket"


def answers_its_group() -> str:
    """Somebody in the group asks, halts and resumes through the control socket."""
    expect(condord_json("status")["pid"], main_pid())
    condord("halt", "--reason", "a check")
    require("HALTED" in shown("StatusText")[0], shown("StatusText")[0])
    expect(condord_json("status")["run_state"], "HALTED")
    condord("resume", "--reason", "a check")
    expect(condord_json("status")["run_state"], "RUNNING")
    return "status, halt, resume"


def refuses_others() -> str:
    """Somebody who is not in the group gets a sentence."""
    command = ["runuser", "-u", STRANGER, "--", "env", "HOME=/", "CONDORD_STATE_DIR=/var/lib/condord"]
    command += ["CONDORD_RUNTIME_DIR=/run/condord", CONDORD]
    for arguments in (["status"], ["halt", "--reason", "a check"]):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        require(done.returncode in (3, 5), f"exit status {done.returncode}: {done.stderr}")
        require(
            re.fullmatch(r"condord: .*(closed to this user|ermission denied).*\n", done.stderr) is not None, done.stderr
        )
    return done.stderr.strip()


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


def shows_why_nothing_is_checked_before_the_start() -> str:
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


def remove_the_gateway() -> None:
    run("systemctl", "disable", "--now", "--quiet", GATEWAY_UNIT.name)
    GATEWAY_UNIT.unlink()
    run("systemctl", "daemon-reload")


def keeps_its_book_over_a_kill() -> str:
    """A daemon that is killed with a position finds it again and does not enter twice."""
    faster = ("CONDORD_CONDOR_LADDER_STEP_S=5", "CONDORD_CONDOR_LADDER_STEP_PTS=0.5")
    with settings("CONDORD_GATEWAY_MODE=ib", *faster), gateway("--clock", ENTRY):
        run("systemctl", "start", UNIT)
        wait_for(lambda: "FILLED" in states(), 90, "a filled entry")
        before = condord_json("book")
        require(len(before["positions"]) == 4, f"{before['positions']}")
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


def reaches_only_what_it_may() -> str:
    """The daemon reaches no other host, until a drop-in names the host of the gateway."""
    run("ip", "address", "add", f"{OTHER_HOST}/32", "dev", "lo")
    host = ("CONDORD_GATEWAY_MODE=ib", f"CONDORD_GATEWAY_HOST={OTHER_HOST}", "CONDORD_GATEWAY_CONNECT_TIMEOUT_S=2")
    with settings(*host):
        run("systemctl", "start", UNIT)
        before = shown("StatusText")[0]
        steps("".join(shell_blocks("Hardening")))
        after = shown("StatusText")[0]
    require("no connection within 2 s" in before, before)
    require("Connection refused" in after, after)
    return before


def is_backed_up_and_restored() -> str:
    """The timer's unit copies the database under the daemon, and the steps to restore put a copy back."""
    by_hand, put_back = shell_blocks("Backups")
    run("systemctl", "start", UNIT)
    run("systemctl", "start", "condord-backup.service")
    steps(by_hand)
    folder = database().with_name("backups")
    copies = sorted(folder.iterdir())
    require(copies, "no backup was made")
    expect({rights(path) for path in copies}, {("0640", UNIT, UNIT)})
    expect(shown("NextElapseUSecRealtime", of="condord-backup.timer") != [""], True)
    steps(put_back)
    expect(condord_json("status")["pid"], main_pid())
    (replaced,) = database().parent.glob("condord.db.replaced-*")
    return f"{len(copies)} backups, {replaced.name}"


def is_upgraded_and_removed() -> str:
    """The steps to upgrade keep state and settings; the steps to remove take the program and leave those."""
    kept = [ENV_FILE, database()]
    run("systemctl", "start", UNIT)
    before, pid = [path.stat().st_ino for path in kept], main_pid()
    steps("".join(shell_blocks("Upgrade")))
    require(main_pid() not in {0, pid}, "the service was not started again")
    expect((shown("ActiveState"), condord_json("status")["pid"]), (["active"], main_pid()))
    steps("".join(shell_blocks("Remove")))
    expect(([path.stat().st_ino for path in kept], Path("/opt/condord").exists()), (before, False))
    require(shown("LoadState") == ["not-found"], shown("LoadState")[0])
    return ", ".join(map(str, kept))


def is_installed_again_after_a_kill() -> str:
    """An install that was killed in the middle is repeated; the second one still knows that extras were asked for."""
    drop_in()
    environ = os.environ | {"EXTRAS": "yes"}
    first = subprocess.Popen(
        ["systemd/install", "/srv/condord"], env=environ, stdout=subprocess.DEVNULL, start_new_session=True
    )
    packages = Path("/srv/condord/lib")
    wait_for(lambda: any(packages.glob("python*/site-packages/ib_insync")), 90, "a package")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    require(not Path("/srv/condord/bin/condord").exists(), "it was not in the middle")
    run("make", "install", "PREFIX=/srv/condord")
    run("/srv/condord/bin/python", "-c", "import apprise, prometheus_client")
    run("systemctl", "start", UNIT)
    expect(condord_json("status")["pid"], main_pid())
    return "/srv/condord, with extras, and with the state that was left"


def asks_before_it_forgets() -> str:
    """In a terminal the uninstall asks; without a yes settings, state and logs stay, and a yes takes them."""
    text = at_a_terminal("make uninstall PREFIX=/srv/condord", "no")
    require("They cannot be brought back. [yes/No]" in text and "kept " in text, text)
    expect((Path("/srv/condord").exists(), ENV_FILE.exists(), database().exists()), (False, True, True))
    run("make", "install")
    at_a_terminal("make uninstall", "yes")
    left = [
        path for path in ("/opt/condord", "/etc/condord", "/var/lib/condord", "/var/log/condord") if Path(path).exists()
    ]
    expect((left, "condord" in Path("/etc/passwd").read_text()), ([], False))
    return "no, then yes"


def at_a_terminal(command: str, answer: str) -> str:
    """Run a command that sees a terminal, type one answer, and return what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("sh", ["sh", "-c", command])
    os.write(terminal, f"{answer}\n".encode())
    shown_text = b""
    try:
        while part := os.read(terminal, 4096):
            shown_text += part
    except OSError:  # the other end is closed
        pass
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
    return shown_text.decode()


CHECKS: Final[tuple[Check, ...]] = (
    refuses_a_bad_prefix,
    installs,
    verifies,
    begins_anew,
    starts,
    shows_status,
    logs_to_the_journal,
    is_hardened,
    is_hardened_with_notifications,
    keeps_its_folders_private,
    hands_credentials_to_the_daemon_alone,
    answers_its_group,
    refuses_others,
    is_used_every_day,
    needs_little_memory,
    pings_the_watchdog,
    is_restarted_by_the_watchdog,
    survives_a_kill,
    stops,
    is_used_while_stopped,
    refuses_a_bad_setting,
    refuses_a_missing_file,
    shows_why_nothing_is_checked_before_the_start,
    refuses_to_start_without_its_folder_of_credentials,
    refuses_a_live_account,
    waits_for_the_gateway,
    cancels_what_works_when_it_stops,
    stops_before_its_gateway,
    keeps_its_book_over_a_kill,
    reaches_only_what_it_may,
    is_backed_up_and_restored,
    is_upgraded_and_removed,
    is_installed_again_after_a_kill,
    asks_before_it_forgets,
)
BASIC: Final = (installs, begins_anew, starts)
"""Without these nothing else can pass."""


def run_checks(names: list[str]) -> int:
    os.chdir(SOURCE)
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    run("mount", "--make-rshared", "/")  # as systemd does where it is not in namespaces: credentials are mounts
    run("useradd", "--create-home", OWNER)
    failures = 0
    wanted = [check for check in CHECKS if check in BASIC or not names or check.__name__ in names]
    for check in wanted:
        assert check.__doc__, "a check says what must be true"
        try:
            detail, verdict = check(), "PASS"
        except (CheckError, OSError, KeyError, IndexError, ValueError) as error:
            detail, verdict = f"{type(error).__name__}: {error}", "FAIL"
        failures += verdict == "FAIL"
        say(f"{verdict}  {check.__doc__}  [{detail}]")
        if verdict == "FAIL":
            say("".join(f"      | {line['MESSAGE']}\n" for line in journal()[-20:]).rstrip())
            if check in BASIC:
                break
    say(f"{len(wanted) - failures} of {len(wanted)} checks passed" if not failures else f"{failures} checks failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
