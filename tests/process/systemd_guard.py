"""Checks under a real systemd: what the service may reach, and who may reach it."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

from systemd_words import (
    CONDORD,
    ENV_FILE,
    OWNER,
    STRANGER,
    UNIT,
    UNITS,
    condord,
    condord_json,
    expect,
    main_pid,
    require,
    rights,
    run,
    settings,
    shell_blocks,
    shown,
    steps,
)

SECURITY_MAX: Final = 1.0
SECURITY_MAX_NOTIFYING: Final = 1.2
OTHER_HOST: Final = "192.0.2.10"
"""Of the range for documentation (RFC 5737); inside it is given to this machine, where nothing listens."""


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
    steps("".join(shell_blocks("Notifications")))
    score = exposure()
    shutil.rmtree(UNITS / f"{UNIT}.service.d")
    run("systemctl", "daemon-reload")
    require(score <= SECURITY_MAX_NOTIFYING, f"the exposure is {score}")
    return f"exposure {score}"


def is_examined() -> str:
    """The doctor finds nothing wrong with an installed service, knows its unit, and sees what a drop-in opens."""
    found = {check["name"]: check for check in condord_json("doctor")["checks"]}
    wrong = [name for name, check in found.items() if check["state"] == "FAIL"]
    expect(wrong, [])
    expect([found[name]["state"] for name in ("unit_file", "unit_security", "daemon", "packages")], ["OK"] * 4)
    target = UNITS / f"{UNIT}.service.d/open.conf"
    target.parent.mkdir(exist_ok=True)
    target.write_text("[Service]\nProtectSystem=no\nPrivateTmp=no\nCapabilityBoundingSet=~\nSystemCallFilter=\n")
    run("systemctl", "daemon-reload")
    opened = {check["name"]: check for check in condord_json("doctor", "--offline")["checks"]}["unit_security"]
    shutil.rmtree(target.parent)
    run("systemctl", "daemon-reload")
    expect(opened["state"], "WARN")
    return f"{len(found)} checks, exposure {found['unit_security']['value']}, opened {opened['value']}"


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


def sends_alerts() -> str:
    """The steps to the outlets of alerts lead to a message that the daemon itself sends, and nobody else can read them."""
    heard: list[bytes] = []

    class Outlet(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Outlet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        editor = Path("/run/check-editor")
        editor.write_text(f"#!/bin/sh\necho json://127.0.0.1:{server.server_port}/ > $1\n")
        editor.chmod(0o755)
        steps(f"export EDITOR={editor}\n" + "".join(shell_blocks("Secrets")))
        text = condord("alert", "test")
        server.shutdown()
    expect(rights(Path("/etc/condord/credentials/alert_urls")), ("0600", "root", "root"))
    require(heard, text)
    return text.strip()
