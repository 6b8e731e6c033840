"""Real processes for tests: a gateway, a daemon, commands; every wait has a condition and a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from account_client import look

from daemon.cli.main import run_command

CONDORD = Path(sys.executable).with_name("condord")
MOVED = """
import sys
from datetime import datetime
import time_machine
from daemon.cli.main import run_command
with time_machine.travel(datetime.fromisoformat(sys.argv[1]), tick=True):
    sys.exit(run_command(["run"]))
"""
DEADLINE_S = 30.0
POLL_S = 0.02
PORTS = range(20_000, 30_000)
LINES_TOLD = 40


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Process:
    """A process of ours that goes on; its output is a file."""

    def __init__(self, arguments: list[str], env: Mapping[str, str], output: Path) -> None:
        self._output = output
        with output.open("a") as file:
            self.popen = subprocess.Popen(
                arguments, env=dict(env), cwd=output.parent, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def text(self) -> str:
        return self._output.read_text(encoding="utf-8")

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def says(self, part: str, *, within_s: float = DEADLINE_S) -> str:
        """Wait until the output holds a text; return the output."""
        wait_for(lambda: part in self.text or not self.alive, lambda: f"{part!r} in\n{self.text}", within_s=within_s)
        text = self.text
        assert part in text, f"{part!r} is not in\n{text}"
        return text

    def ends(self, *, within_s: float = DEADLINE_S) -> int:
        """Wait for the end; return the exit code."""
        return self.popen.wait(within_s)

    def stop(self) -> int:
        """End it by SIGTERM; return the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.ends()

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.popen.kill()
        self.popen.wait()


class World:
    """A folder with the processes of one test."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.state = folder / "state"
        self._started: list[Process] = []
        self._gateways: list[Process] = []
        self._settings = {
            "GATEWAY_MODE": "ib",
            "STATE_DIR": str(self.state),
            "GATEWAY_RECONNECT_MIN_S": "0.2",
            "GATEWAY_RECONNECT_MAX_S": "1",
            "CONDOR_LADDER_STEP_S": "1",
            **settings,
        }

    def env(self, **changes: str) -> dict[str, str]:
        """Return the environment of a process; ``changes`` without the prefix, an empty one takes a name away."""
        settings = {**self._settings, "GATEWAY_PORT": str(self.port), **changes}
        ours = {f"CONDORD_{name}": value for name, value in settings.items() if value}
        fixed = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONUNBUFFERED": "1"}
        # A tree that is tested without being installed is found by its processes too.
        tree = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
        return {**fixed, **tree, "PYTHONFAULTHANDLER": "1", **ours}

    def gateway(self, clock: str | None = "2020-03-02 15:30:20", *arguments: str) -> Process:
        """Start a gateway on the world's port and wait until it listens."""
        options = ["--port", str(self.port), *(["--clock", clock] if clock else []), *arguments]
        output = self.folder / f"gateway{len(self._started)}.log"
        process = self._start(["gateway", *options], {}, output)
        self._gateways.append(process)
        process.says(f"listens on 127.0.0.1:{self.port};")
        return process

    def daemon(self, *arguments: str, **changes: str) -> Process:
        """Start a daemon that follows the gateway's clock."""
        output = self.folder / f"daemon{len(self._started)}.log"
        return self._start(["run", *(arguments or ("--clock", "gateway"))], changes, output)

    def daemon_at(self, instant: str, **changes: str) -> Process:
        """Start a daemon in a process whose computer shows another time, which goes on from there."""
        output = self.folder / f"daemon{len(self._started)}.log"
        return self._started_by([sys.executable, "-c", MOVED, instant], changes, output)

    def _start(self, arguments: list[str], changes: Mapping[str, str], output: Path) -> Process:
        return self._started_by([str(CONDORD), *arguments], changes, output)

    def _started_by(self, command: list[str], changes: Mapping[str, str], output: Path) -> Process:
        process = Process(command, self.env(**changes), output)
        self._started.append(process)
        return process

    def run(self, *arguments: str, **changes: str) -> Ran:
        """Run a command to its end in this process, which has all it imports; ``changes`` without the prefix."""
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.env(**changes), clear=True),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            deadline(DEADLINE_S),
        ):
            code = run_command(arguments)
        for text in (out.getvalue(), err.getvalue()):
            assert "Traceback" not in text, text
            assert "should not have happened" not in text, text
        return Ran(code, out.getvalue(), err.getvalue())

    def refused(self, code: int, arguments: str, *parts: str, **changes: str) -> None:
        """Run a command line that must be refused with a code and a message that holds every part."""
        ran = self.run(*arguments.split(), **changes)
        assert ran.code == code, ran.err
        assert ran.out == ""
        for part in parts:
            assert part in ran.err

    def account(self) -> dict[str, Any]:
        """Return what the gateway's account holds, as another client sees it."""
        return asyncio.run(look(self.port))

    def close_gateways(self) -> None:
        """End every gateway, so that another can take the port."""
        for process in self._gateways:
            if process.alive:
                process.stop()

    def tell(self) -> str:
        """Return the last lines of every process, with the stack of each that still runs."""
        for process in self._started:
            if process.alive:
                process.popen.send_signal(signal.SIGABRT)  # faulthandler writes the stack
                process.ends()
        tails = (process.text.splitlines()[-LINES_TOLD:] for process in self._started)
        return "\n\n".join("\n".join(line[:200] for line in lines) for lines in tails)

    def close(self) -> None:
        """Kill what still runs; nothing that ran may have shown a traceback."""
        for process in reversed(self._started):
            if process.alive:
                process.kill()
        for process in self._started:
            assert "Traceback" not in process.text, process.text


@contextlib.contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise out of whatever runs too long: a command that waits where it should refuse."""

    def too_late(number: int, frame: object) -> None:
        raise TimeoutError(f"the command still runs after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def world(folder: Path, **settings: str) -> Iterator[World]:
    """Give a world that is closed at the end."""
    made = World(folder, **settings)
    try:
        yield made
    except BaseException:
        sys.stderr.write(f"{made.tell()}\n")
        raise
    finally:
        made.close()


def wait_for(condition: Callable[[], object], what: str | Callable[[], str], *, within_s: float = DEADLINE_S) -> None:
    """Poll a condition until it holds; fail with ``what`` after the deadline."""
    end = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within_s:g} s: {what() if callable(what) else what}")
        time.sleep(POLL_S)


def free_port() -> int:
    """Return a port that nothing uses, of those that the system gives to nobody by itself: a restart finds it free."""
    ports = list(PORTS)
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")
