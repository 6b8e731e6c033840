#!/usr/bin/env python3
"""Build the image with buildah, use it as its own user over a file system that is read-only, and print one line a check.

    BASE_IMAGE=localhost/python-base tests/process/container_check.py

The base image is a Debian or Python image that is stored on this machine. Where pip needs a certificate to reach
its index, ``PIP_CERT`` names it. Exit status: 0 all passed, 1 something failed, 77 buildah or the image is missing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parents[2]
IMAGE: Final = "localhost/condord"
BASE: Final = os.environ.get("BASE_IMAGE", "localhost/python-base")
ENVIRON: Final = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"} | os.environ
LIMIT_S: Final = 900
USER_ID: Final = 990
IMAGE_ENVIRON: Final = (
    "PATH=/opt/condord/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME=/var/lib/condord",
    "PYTHONDONTWRITEBYTECODE=1",
    "CONDORD_STATE_DIR=/var/lib/condord",
    "CONDORD_LOG_DIR=/var/log/condord",
    "CONDORD_RUNTIME_DIR=/run/condord",
)
SKIPPED: Final = 77
READY_S_MAX: Final = 5.0
WAIT_S: Final = 60.0
HARDENED: Final = """
set -eu
mount --rbind "$ROOT" "$ROOT"
mount -o remount,ro,bind "$ROOT"
mount --rbind /dev "$ROOT/dev"
mount -t proc -o ro proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs -o uid=990,gid=990,mode=0750 tmpfs "$ROOT/run/condord"
mount --bind "$VOLUMES/state" "$ROOT/var/lib/condord"
mount --bind "$VOLUMES/logs" "$ROOT/var/log/condord"
exec chroot "$ROOT" setpriv --reuid 990 --regid 990 --clear-groups --bounding-set=-all --inh-caps=-all \\
  --no-new-privs env -i "$@"
"""
"""What an engine does for ``read_only``, ``tmpfs``, ``cap_drop`` and ``no-new-privileges`` of compose.yaml."""


class CheckError(Exception):
    """A check did not find what it must."""


@dataclass(slots=True)
class Container:
    """A container of the image; commands run in it as the image's user."""

    name: str

    def run(self, *command: str) -> str:
        return buildah("run", self.name, "--", *command)


def main() -> int:
    if shutil.which("buildah") is None:
        say("SKIP  there is no buildah")
        return SKIPPED
    known = subprocess.run(["buildah", "images", "-q", BASE], env=ENVIRON, capture_output=True, check=False)
    if known.returncode != 0:
        say(f"SKIP  the base image {BASE} is not stored here; name another with BASE_IMAGE")
        return SKIPPED
    if not passes(build):
        return 1
    container = Container(buildah("from", IMAGE).strip())
    try:
        failures = sum(not passes(check, container) for check in CHECKS)
    finally:
        buildah("rm", container.name)
    say(f"{failures} checks failed" if failures else "all checks passed")
    return 1 if failures else 0


def build() -> str:
    """The image builds."""
    # The format of Docker keeps the health check.
    command = ["bud", "--quiet", "--format", "docker", "--build-arg", f"BASE_IMAGE={BASE}", "-t", IMAGE]
    certificate = os.environ.get("PIP_CERT")
    if certificate:
        command += [
            "--build-arg",
            f"PIP_CERT={certificate}",
            "-v",
            f"{Path(certificate).parent}:{Path(certificate).parent}:ro",
        ]
    buildah(*command, str(SOURCE))
    return f"{size(IMAGE)}, of which the base image has {size(BASE)}"


def is_its_own_user(container: Container) -> str:
    """Commands run as a user who owns the state and not the program."""
    user = container.run("id", "-un").strip()
    require(user == "condord", f"the user is {user}")
    container.run("sh", "-c", "test -w /var/lib/condord && test -w /var/log/condord && test ! -w /opt/condord")
    return container.run("condord", "version").strip()


def keeps_nothing_of_the_build(container: Container) -> str:
    """The image has no setting of the machine that built it."""
    names = {line.partition("=")[0] for line in container.run("env").splitlines()}
    own = {name for name in names if name.startswith("CONDORD_")}
    rest = sorted(names - own - {"HOME", "HOSTNAME", "PATH", "PWD", "PYTHONDONTWRITEBYTECODE", "LANG", "container"})
    extra = [name for name in rest if not name.startswith(("PYTHON", "GPG_KEY"))]  # of the official Python image
    require(not extra, f"there is {extra}")
    return ", ".join(sorted(own))


def accepts_its_settings(container: Container) -> str:
    """The settings of the image are right."""
    return container.run("condord", "config", "check", "--env-file", "/etc/condord/condord.env").strip()


def rehearses(container: Container) -> str:
    """Three sessions are rehearsed without an error."""
    dates = ("--from", "2020-02-18", "--to", "2020-02-20")
    found = json.loads(container.run("condord", "rehearse", *dates, "--out", "/tmp/x", "--force", "--json"))
    verdict = [found[name] for name in ("sessions", "breaks_open", "errors")]
    require(verdict == [3, 0, 0], str(found))
    return f"{found['orders']} orders, {found['executions']} executions"


def tells_its_health(container: Container) -> str:
    """The image says how to ask for its health, and where no daemon runs the answer is no."""
    known = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]["Healthcheck"]
    expect(known["Test"], ["CMD", "condord", "healthcheck"])
    text = container.run("sh", "-c", "condord healthcheck; echo status $?")
    require("status 3" in text, text)
    return " ".join(known["Test"][1:])


def trades_behind_a_gateway(container: Container) -> str:
    """A gateway and a daemon in mode ib, each without rights over a read-only file system, work over loopback."""
    with hardened(container) as run:
        gateway = run("condord", "gateway", "--state", "/var/lib/condord/account", "--clock", "2020-03-02 15:25")
        daemon = run("condord", "run", "--clock", "gateway", CONDORD_GATEWAY_MODE="ib")
        began = time.monotonic()
        wait_for(lambda: ask(daemon, "healthcheck", "--ready") == 0, "health")
        took = time.monotonic() - began
        written = [path for path in ("/", "/opt/condord", "/etc/condord", "/usr", "/var") if can_write(daemon, path)]
        expect((written, can_write(daemon, "/var/lib/condord"), can_write(daemon, "/tmp")), ([], True, True))
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        for wanted in (r"CapBnd:\s0+\n", r"CapEff:\s0+\n", r"NoNewPrivs:\s1", r"Uid:\s990\s"):
            require(re.search(wanted, status) is not None, f"/proc/PID/status lacks {wanted}")
        memory_mb = int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024
        daemon.terminate()
        expect(daemon.wait(WAIT_S), 0)
        require(ask(gateway, "healthcheck") == 3, "no daemon runs any more")
        gateway.terminate()
        expect(gateway.wait(WAIT_S), 0)
    return f"ready after {took:.1f} s, {memory_mb:.0f} MB resident, exit status 0 on SIGTERM"


@contextmanager
def hardened(container: Container) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Give a way to run programs over the container's file system as compose.yaml asks for it, two volumes shared."""
    root = buildah("mount", container.name).strip()
    started: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="condord-volumes.") as volumes:
        for name in ("state", "logs"):
            Path(volumes, name).mkdir()
            os.chown(Path(volumes, name), USER_ID, USER_ID)

        def run(*command: str, **settings: str) -> subprocess.Popen[bytes]:
            given = [*IMAGE_ENVIRON, *(f"{name}={value}" for name, value in settings.items())]
            program = ["unshare", "--mount", "sh", "-c", HARDENED, "sh", *given, *command]
            environ = os.environ | {"ROOT": root, "VOLUMES": volumes}
            started.append(subprocess.Popen(program, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            return started[-1]

        try:
            yield run
        finally:
            for process in started:
                process.kill()
                process.wait()
            buildah("umount", container.name)


def ask(process: subprocess.Popen[bytes], *command: str) -> int:
    """Run a command of condord where a process runs: in its file system, as its user."""
    return inside(process, "env", "-i", *IMAGE_ENVIRON, "condord", *command)


def can_write(process: subprocess.Popen[bytes], folder: str) -> bool:
    return inside(process, "sh", "-c", f"touch {folder}/written && rm {folder}/written") == 0


def inside(process: subprocess.Popen[bytes], *command: str) -> int:
    enter = ["nsenter", "--target", str(process.pid), "--mount", "--root", "--setuid", str(USER_ID), "--setgid"]
    done = subprocess.run([*enter, str(USER_ID), *command], capture_output=True, check=False, timeout=WAIT_S)
    return done.returncode


def wait_for(found: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not found():
        require(time.monotonic() < end, f"no {what} within {WAIT_S:.0f} s")
        time.sleep(0.2)


def expect(found: object, wanted: object) -> None:
    require(found == wanted, f"found {found!r}, wanted {wanted!r}")


CHECKS: Final = (
    is_its_own_user,
    keeps_nothing_of_the_build,
    accepts_its_settings,
    tells_its_health,
    rehearses,
    trades_behind_a_gateway,
)


def passes(check: Callable[..., str], *arguments: Container) -> bool:
    try:
        detail = check(*arguments)
    except (CheckError, OSError, KeyError, IndexError, ValueError) as error:
        say(f"FAIL  {check.__doc__}  [{type(error).__name__}: {error}]")
        return False
    say(f"PASS  {check.__doc__}  [{detail}]")
    return True


def buildah(*arguments: str) -> str:
    done = subprocess.run(
        ["buildah", *arguments], env=ENVIRON, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    require(done.returncode == 0, f"buildah {arguments[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def size(image: str) -> str:
    return buildah("images", "--noheading", "--format", "{{.Size}}", image).strip()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def require(condition: object, text: str) -> None:
    if not condition:
        raise CheckError(text)


if __name__ == "__main__":
    sys.exit(main())
