"""Words of the checks under a real systemd: run, ask, wait, change settings and the unit."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

UNIT: Final = "condord"
OWNER, STRANGER = "owner", "nobody"
CONDORD: Final = "/opt/condord/bin/condord"
ENV_FILE: Final = Path("/etc/condord/condord.env")
DROP_IN: Final = Path("/run/systemd/system/condord.service.d/check.conf")
UNITS: Final = Path("/etc/systemd/system")
GATEWAY_UNIT: Final = UNITS / "ib-gateway.service"
GATEWAY_ARGUMENTS: Final = Path("/run/check-gateway")
LIMIT_S: Final = 900
PATIENCE: Final = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""How many times as long a limit is on a machine whose processors others use as well."""
READY_S_MAX: Final = 5.0 * PATIENCE
WATCHDOG_S: Final = 4
RESTART_S: Final = 5

Line = Mapping[str, Any]


class CheckError(Exception):
    """A check did not find what it must."""


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
    run("systemctl", "stop", UNIT)
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


def remove_the_gateway() -> None:
    run("systemctl", "disable", "--now", "--quiet", GATEWAY_UNIT.name)
    GATEWAY_UNIT.unlink()
    run("systemctl", "daemon-reload")
