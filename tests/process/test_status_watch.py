"""``condord status --watch``: on a terminal, in a pipe, over a daemon that comes and goes."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
from pathlib import Path

from processes import CONDORD, wait_for, world

from daemon.errors import ExitCode

SCREEN = re.compile(rb"UTC; Ctrl-C ends this")


def test_a_watched_screen_follows_a_daemon_that_comes_and_goes_and_ends_cleanly(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        ours, theirs = pty.openpty()
        os.set_blocking(ours, False)
        watching = subprocess.Popen(
            [CONDORD, "status", "--watch", "--every", "0.5"],
            env={**here.env(), "TERM": "xterm", "COLUMNS": "100"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        seen = bytearray()

        def shows(part: bytes) -> None:
            seen.clear()

            def found() -> bool:
                with contextlib.suppress(BlockingIOError):
                    seen.extend(os.read(ours, 1 << 16))
                return part in seen

            wait_for(found, lambda: f"{part!r} in {bytes(seen)!r}")

        shows(b"it never has here")
        daemon = here.daemon()
        shows(f"running, process {daemon.popen.pid}".encode())
        assert daemon.stop() == ExitCode.OK
        shows(b"not running")
        (here.state / "condord.db").write_bytes(b"this is no database at all" * 40)
        shows(b"move it away or name another state folder")

        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == ExitCode.OK
        shows(b"\x1b[?25h")  # the cursor is there again
        assert b"Traceback" not in seen


def test_without_a_terminal_one_screen_comes_after_another_until_the_reader_goes(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        watching = subprocess.Popen(
            [CONDORD, "status", "--watch", "--every", "0.5"], env=here.env(), stdout=subprocess.PIPE
        )
        assert watching.stdout is not None
        lines = [watching.stdout.readline() for _ in range(6)]
        watching.stdout.close()

        assert sum(bool(SCREEN.search(line)) for line in lines) == 2
        assert watching.wait(10) == ExitCode.OK
