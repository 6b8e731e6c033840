"""Checks under a real systemd: the steps of docs/service.md from the install to the removal."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from systemd_words import (
    CONDORD,
    ENV_FILE,
    GATEWAY_ARGUMENTS,
    OWNER,
    PATIENCE,
    UNIT,
    condord_json,
    database,
    drop_in,
    expect,
    forget,
    journal,
    main_pid,
    remove_the_gateway,
    require,
    rights,
    run,
    shell_blocks,
    shown,
    steps,
    wait_for,
)

INSTALL_TO_READY_S_MAX: Final = 180.0
STUB: Final = f"""#!/bin/sh
# Stands for the screen, IBC and IB Gateway: the simulated gateway at the same address.
test -r "$CREDENTIALS_DIRECTORY/ibc.ini" || exit 1
eval exec {CONDORD} gateway $(cat {GATEWAY_ARGUMENTS} 2> /dev/null)
"""


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
    require(took <= INSTALL_TO_READY_S_MAX * PATIENCE, f"{took:.0f} s")
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
