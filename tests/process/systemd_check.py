#!/usr/bin/python3
"""Install the service as docs/service.md says, run it under a real systemd, and print one line a check.

    SYSTEMD_SANDBOX=/path/to/tool tests/process/systemd_check.py [CHECK...]

With names of checks it makes only those, after the install.

The tool boots systemd in namespaces of its own over a copy of this machine's root that is thrown away, without
a network, and runs one command in it: ``tool [--bind FROM:TO]... -- COMMAND``. It needs root. Exit status: 0 all
passed, 1 something failed, 77 the tool is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from systemd_guard import (
    answers_its_group,
    hands_credentials_to_the_daemon_alone,
    is_examined,
    is_hardened,
    is_hardened_with_notifications,
    keeps_its_folders_private,
    reaches_only_what_it_may,
    refuses_others,
    sends_alerts,
)
from systemd_install import (
    asks_before_it_forgets,
    begins_anew,
    installs,
    is_backed_up_and_restored,
    is_installed_again_after_a_kill,
    is_upgraded_and_removed,
    is_used_every_day,
    refuses_a_bad_prefix,
    verifies,
)
from systemd_life import (
    cancels_what_works_when_it_stops,
    is_restarted_by_the_watchdog,
    is_restarted_when_its_database_is_held,
    is_used_while_stopped,
    keeps_its_book_over_a_kill,
    logs_to_the_journal,
    needs_little_memory,
    pings_the_watchdog,
    refuses_a_bad_setting,
    refuses_a_live_account,
    refuses_a_missing_file,
    refuses_to_start_without_its_folder_of_credentials,
    shows_status,
    shows_why_the_check_before_the_start_may_fail,
    starts,
    stops,
    stops_before_its_gateway,
    survives_a_kill,
    waits_for_the_gateway,
)
from systemd_words import (
    LIMIT_S,
    OWNER,
    CheckError,
    journal,
    run,
    say,
)

SOURCE: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("config", "daemon", "docs", "requirements", "systemd", "tests/process")
FILES: Final = ("LICENSE", "Makefile", "README.md", "pyproject.toml")
SYSTEM_PYTHON: Final = "/usr/bin/python3"
SKIPPED: Final = 77

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
    is_examined,
    keeps_its_folders_private,
    hands_credentials_to_the_daemon_alone,
    answers_its_group,
    refuses_others,
    is_used_every_day,
    needs_little_memory,
    pings_the_watchdog,
    is_restarted_by_the_watchdog,
    is_restarted_when_its_database_is_held,
    survives_a_kill,
    stops,
    is_used_while_stopped,
    refuses_a_bad_setting,
    refuses_a_missing_file,
    shows_why_the_check_before_the_start_may_fail,
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
    sends_alerts,
    asks_before_it_forgets,
)
BASIC: Final = (installs, begins_anew, starts)
"""Without these nothing else can pass."""


def run_checks(names: list[str]) -> int:
    os.chdir(SOURCE)
    os.environ["EDITOR"] = "true"
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
