#!/usr/bin/python3
"""Install the service as docs/service.md says, run it under a real systemd, and print one line a check.

    SYSTEMD_SANDBOX=/path/to/tool tests/process/systemd_check.py

The tool boots systemd in namespaces of its own over a copy of this machine's root that is thrown away, without
a network, and runs one command in it: ``tool [--bind FROM:TO]... -- COMMAND``. It needs root. Exit status: 0 all
passed, 1 something failed, 77 the tool is missing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

SOURCE: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("config", "daemon", "docs", "requirements", "systemd", "tests/process")
FILES: Final = ("LICENSE", "Makefile", "README.md", "pyproject.toml")
SYSTEM_PYTHON: Final = "/usr/bin/python3"
LIMIT_S: Final = 600
SKIPPED: Final = 77

UNIT: Final = "condord"
ENV_FILE: Final = Path("/etc/condord/condord.env")
DROP_IN: Final = Path("/run/systemd/system/condord.service.d/check.conf")
CONDORD: Final = "/opt/condord/bin/condord"
OWNER, STRANGER = "owner", "nobody"
SECURITY_MAX: Final = 1.0
READY_S_MAX: Final = 5.0
MEMORY_BYTES_MAX: Final = 100 * 2**20
"""Idle, in mode ib: the limit for a machine that does something else beside."""
STOP_S_MAX: Final = 90.0
WATCHDOG_S: Final = 4
RESTART_S: Final = 5

Check = Callable[[], str]
Line = Mapping[str, Any]


class CheckError(Exception):
    """A check did not find what it must."""


# -- outside: prepare, boot ------------------------------------------------------------------------


def main() -> int:
    if sys.argv[1:] == ["--inside"]:
        return run_checks()
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
        command += [SYSTEM_PYTHON, f"/source/{Path(__file__).relative_to(SOURCE)}", "--inside"]
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
    command += ["--python-version", version, "-d", str(target), "-r", str(SOURCE / "requirements/run.txt")]
    subprocess.run(command, check=True, stderr=subprocess.PIPE)


# -- inside: the checks, in the order in which they build on one another ---------------------------


def installs() -> str:
    """The steps of docs/service.md lead to an enabled unit; what is not asked for is left out."""
    began = time.monotonic()
    install, group, _ = shell_blocks("Install")
    steps(install + group)
    expect(run("systemctl", "is-enabled", UNIT).strip(), "enabled")
    return f"{time.monotonic() - began:.0f} s"


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
    return "prints nothing"


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
    text = run("systemd-analyze", "security", UNIT, "--no-pager")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", text)
    score = float(found[1]) if found else 99.0
    require(score <= SECURITY_MAX, f"the exposure is {score}")
    status = Path(f"/proc/{main_pid()}/status").read_text()
    for wanted in (r"NoNewPrivs:\s1", r"Seccomp:\s2", r"CapEff:\s0+\n", r"CapBnd:\s0+\n"):
        require(re.search(wanted, status) is not None, f"/proc/PID/status lacks {wanted}")
    return f"exposure {score}"


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
    (started,) = map(json.loads, run("journalctl", "CONDORD_EVENT=daemon_started", "-o", "json").splitlines())
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


def is_installed_elsewhere_and_purged() -> str:
    """Another prefix works too, finds the state that was left, and goes with everything when that is asked for."""
    drop_in()
    run("make", "install", "PREFIX=/srv/condord")
    run("systemctl", "start", UNIT)
    expect(condord_json("status")["pid"], main_pid())
    run("make", "uninstall", "PREFIX=/srv/condord", "PURGE=yes")
    left = [
        path
        for path in ("/srv/condord", "/etc/condord", "/var/lib/condord", "/usr/local/bin/condord")
        if Path(path).exists()
    ]
    expect((left, "condord" in Path("/etc/passwd").read_text()), ([], False))
    return "/srv/condord"


CHECKS: Final[tuple[Check, ...]] = (
    refuses_a_bad_prefix,
    installs,
    verifies,
    starts,
    shows_status,
    logs_to_the_journal,
    is_hardened,
    keeps_its_folders_private,
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
    refuses_a_live_account,
    waits_for_the_gateway,
    cancels_what_works_when_it_stops,
    keeps_its_book_over_a_kill,
    reaches_only_what_it_may,
    is_backed_up_and_restored,
    is_upgraded_and_removed,
    is_installed_elsewhere_and_purged,
)
OTHER_HOST: Final = "192.0.2.10"
"""Of the range for documentation (RFC 5737); inside it is given to this machine, where nothing listens."""
BASIC: Final = (installs, starts)
"""Without these nothing else can pass."""
ENTRY: Final = "2020-03-02 15:29:50"
"""Ten seconds before an entry on a day of the shipped history."""


def run_checks() -> int:
    os.chdir(SOURCE)
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    run("useradd", "--create-home", OWNER)
    failures = 0
    for check in CHECKS:
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
    say(f"{len(CHECKS) - failures} of {len(CHECKS)} checks passed" if not failures else f"{failures} checks failed")
    return 1 if failures else 0


# -- words of the checks ---------------------------------------------------------------------------


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def expect(found: object, wanted: object) -> None:
    require(found == wanted, f"found {found!r}, wanted {wanted!r}")


def require(condition: object, text: str) -> None:
    if not condition:
        raise CheckError(text)


def run(*command: str, env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=LIMIT_S)
    require(done.returncode == 0, f"{' '.join(command)[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def timed(*command: str) -> float:
    began = time.monotonic()
    run(*command)
    return time.monotonic() - began


def wait_for(found: Callable[[], Any], limit_s: float, what: str) -> Any:
    end = time.monotonic() + limit_s
    while not (result := found()):
        require(time.monotonic() < end, f"no {what} within {limit_s:.0f} s")
        time.sleep(0.2)
    return result


def steps(script: str) -> None:
    """Run commands of the page."""
    run("bash", "-euo", "pipefail", "-c", script)


def shell_blocks(heading: str) -> list[str]:
    """Return the ``sh`` blocks of one section of docs/service.md, also those of a list."""
    text = Path("docs/service.md").read_text().replace("alice", OWNER)
    section = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    require(section is not None, f"docs/service.md has no section {heading}")
    assert section is not None, "required"
    return re.findall(r"^ *```sh\n(.*?)^ *```$", section[1], re.MULTILINE | re.DOTALL)


def shown(*properties: str, of: str = UNIT) -> list[str]:
    text = run("systemctl", "show", of, *(f"-p{name}" for name in properties))
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    return [values.get(name, "") for name in properties]


def main_pid() -> int:
    return int(shown("MainPID")[0])


def invocation() -> str:
    return shown("InvocationID")[0]


def memory_bytes(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def rights(path: Path) -> tuple[str, str, str]:
    return f"{stat.S_IMODE(path.stat().st_mode):04o}", path.owner(), path.group()


def journal(*arguments: str, of: str | None = None) -> list[Line]:
    """Return the journal's lines of one life of the unit, by default the last."""
    run("journalctl", "--sync")
    life = of or invocation()
    match = (f"_SYSTEMD_INVOCATION_ID={life}", "+", f"INVOCATION_ID={life}")
    return [json.loads(line) for line in run("journalctl", "-o", "json", *arguments, *match).splitlines()]


def condord(*arguments: str) -> str:
    """Run a command as somebody of the group."""
    return run("runuser", "-u", OWNER, "--", "condord", *arguments)


def condord_json(*arguments: str) -> dict[str, Any]:
    found = json.loads(condord(*arguments, "--json"))
    assert isinstance(found, dict), "every command prints one object"
    return found


def states() -> list[str]:
    return [order["state"] for order in condord_json("book")["orders"]] if database().exists() else []


def database() -> Path:
    return Path("/var/lib/condord/condord.db")


def drop_in(*lines: str) -> None:
    """Change the unit with a drop-in, or with nothing given take the change back."""
    DROP_IN.unlink(missing_ok=True)
    if lines:
        DROP_IN.parent.mkdir(parents=True, exist_ok=True)
        DROP_IN.write_text("\n".join(["[Service]", *lines, ""]))
    run("systemctl", "daemon-reload")


def follow_the_gateway() -> None:
    """Begin anew with a daemon that takes its time from the gateway."""
    forget()
    command = f"{CONDORD} run --clock gateway --env-file {ENV_FILE}"
    drop_in("ExecStart=", f"ExecStart={command}", f"WatchdogSec={WATCHDOG_S}s")


def forget() -> None:
    """Remove the daemon's state."""
    for path in Path("/var/lib/condord").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def settings(*lines: str) -> Iterator[None]:
    before = ENV_FILE.read_text()
    ENV_FILE.write_text(before + "\n".join([*lines, ""]))
    try:
        yield
    finally:
        subprocess.run(["systemctl", "stop", UNIT], check=False)
        ENV_FILE.write_text(before)


@contextmanager
def gateway(*arguments: str) -> Iterator[None]:
    """Serve a simulated gateway as a process of its own."""
    run("systemd-run", "--quiet", "--collect", "--unit=check-gateway", f"--uid={OWNER}", CONDORD, "gateway", *arguments)
    try:
        yield
    finally:
        run("systemctl", "stop", "check-gateway")


def restarted_since(before: str) -> Callable[[], bool]:
    return lambda: invocation() != before and shown("ActiveState") == ["active"]


def kill_and_wait() -> float:
    """Kill the daemon, wait until it is back and reconciled, and return the seconds."""
    before, began = invocation(), time.monotonic()
    run("kill", "-KILL", str(main_pid()))
    wait_for(restarted_since(before), RESTART_S + READY_S_MAX + 2, "a restart")
    wait_for(lambda: condord_json("status")["reconciled_at"], 10, "a reconciliation")
    expect(condord_json("status")["breaks_open"], 0)
    return time.monotonic() - began


def refused(status: int, *, start_may_pass: bool = False) -> str:
    """Start a daemon that must end with an exit status and stay ended; return its words in the journal."""
    done = subprocess.run(["systemctl", "start", UNIT], capture_output=True, check=False)
    require(start_may_pass or done.returncode != 0, "systemctl start reports success")
    wait_for(lambda: shown("ActiveState") == ["failed"], 15, "failure")
    time.sleep(RESTART_S + 2)
    expect(shown("ActiveState", "ExecMainStatus", "NRestarts"), ["failed", str(status), "0"])
    words = [line["MESSAGE"] for line in journal("-p", "err") if "event" not in line and line["_PID"] != "1"]
    require(words and not any("Traceback" in text for text in words), f"no sentence but {words}")
    run("systemctl", "reset-failed", UNIT)
    return "\n".join(words)


if __name__ == "__main__":
    sys.exit(main())
