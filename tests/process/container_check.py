#!/usr/bin/env python3
"""Build the image with buildah, use it as its own user, and print one line a check.

    BASE_IMAGE=localhost/python-base tests/process/container_check.py

The base image is a Debian or Python image that is stored on this machine. Where pip needs a certificate to reach
its index, ``PIP_CERT`` names it. Exit status: 0 all passed, 1 something failed, 77 buildah or the image is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parents[2]
IMAGE: Final = "localhost/condord"
BASE: Final = os.environ.get("BASE_IMAGE", "localhost/python-base")
ENVIRON: Final = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"} | os.environ
LIMIT_S: Final = 900
SKIPPED: Final = 77
DRAIN: Final = """
condord run & daemon=$!
for _ in $(seq 50); do condord status --json | grep -q "\\"pid\\": $daemon" && break; sleep 0.2; done
condord status
kill -TERM $daemon
wait $daemon
"""


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
    command = ["bud", "--quiet", "--build-arg", f"BASE_IMAGE={BASE}", "-t", IMAGE]
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


def drains(container: Container) -> str:
    """The daemon gets ready, answers, and ends with exit status 0 on SIGTERM."""
    text = container.run("bash", "-c", DRAIN + 'code=$?; echo "exit status $code"; exit $code')
    require("SIMULATED" in text and "running, process" in text, text)
    return text.splitlines()[-1]


CHECKS: Final = (is_its_own_user, keeps_nothing_of_the_build, accepts_its_settings, rehearses, drains)


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
