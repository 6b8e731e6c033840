"""The daemon as a process under a service manager, which here is a socket that listens to it (sd_notify(3))."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daemon.errors import ExitCode

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd/condord.service"
LIMIT_S = 30.0


class Manager:
    """Starts a daemon with what systemd would tell it, and hears what it says."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heard: list[str] = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.settimeout(LIMIT_S)
        self._listener.bind(str(folder / "notify"))
        self._daemon: subprocess.Popen[str] | None = None

    def start(self, settings: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start ``condord run``, its folders given as systemd.exec(5) says."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CONDORD_")}
        environ |= {
            "NOTIFY_SOCKET": str(self._folder / "notify"),
            "WATCHDOG_USEC": "500000",
            "STATE_DIRECTORY": str(self._folder / "state"),
            "LOGS_DIRECTORY": str(self._folder / "logs"),
            "RUNTIME_DIRECTORY": str(self._folder),
        }
        command = [sys.executable, "-c", "from daemon.cli.main import main; main()", "run"]
        self._daemon = subprocess.Popen(
            command, env={**environ, **settings}, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        return self._daemon

    def hear(self, pattern: str) -> str:
        """Return the next message that matches; fails when none comes."""
        while True:
            text = self._listener.recv(65536).decode()
            self._heard.append(text)
            if re.fullmatch(pattern, text):
                return text

    def heard_nothing(self) -> bool:
        """Whether no message has come at all; to be asked once the daemon has ended."""
        self._listener.setblocking(False)
        try:
            self._heard.append(self._listener.recv(65536).decode())
        except BlockingIOError:
            return not self._heard
        return False

    def close(self) -> None:
        """End what is left."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.communicate()
        self._listener.close()


@pytest.fixture
def manager() -> Iterator[Manager]:
    # pytest's own folders have names too long for the address of a socket.
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(Path(folder))
        yield manager
        manager.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_the_manager_hears_ready_status_pings_and_stopping(manager: Manager) -> None:
    daemon = manager.start({})

    manager.hear("READY=1")
    manager.hear(r"STATUS=SIMULATED DU\w+, RUNNING, 0 condors, 0 breaks open")
    manager.hear("WATCHDOG=1")
    manager.hear("WATCHDOG=1")
    daemon.send_signal(signal.SIGTERM)
    manager.hear("STOPPING=1")

    assert daemon.wait(LIMIT_S) == ExitCode.OK


def test_a_daemon_without_its_gateway_is_ready_and_says_what_it_waits_for(manager: Manager) -> None:
    port = free_port()
    daemon = manager.start({"CONDORD_GATEWAY_MODE": "ib", "CONDORD_GATEWAY_PORT": str(port)})

    manager.hear(rf"STATUS=waiting for the gateway: .*127\.0\.0\.1:{port}.*")
    manager.hear("READY=1")
    manager.hear("WATCHDOG=1")
    daemon.send_signal(signal.SIGTERM)

    assert daemon.wait(LIMIT_S) == ExitCode.OK


def test_a_daemon_with_a_wrong_setting_never_says_ready(manager: Manager) -> None:
    daemon = manager.start({"CONDORD_GATEWAY_PROT": "4002"})

    _, text = daemon.communicate(timeout=LIMIT_S)

    assert daemon.returncode == ExitCode.SETTINGS
    assert "did you mean CONDORD_GATEWAY_PORT?" in text
    assert manager.heard_nothing()


def test_the_unit_does_not_restart_what_a_restart_cannot_help() -> None:
    """Decision 11: settings, a live account or a wrong protocol, the database, a second daemon."""
    lines = [line for line in UNIT.read_text().splitlines() if line.startswith("RestartPreventExitStatus=")]

    codes = {int(code) for line in lines for code in line.partition("=")[2].split()}

    assert codes == {ExitCode.SETTINGS, ExitCode.BROKER, ExitCode.DATABASE, ExitCode.ALREADY_RUNNING}


@pytest.mark.parametrize(("setting", "words"), [("ExecStart", 1), ("ExecStartPre", 2)])
def test_the_unit_starts_commands_that_exist(setting: str, words: int) -> None:
    (line,) = re.findall(rf"^{setting}=(.*)$", UNIT.read_text(), re.MULTILINE)
    command = shlex.split(line)

    done = subprocess.run(
        [sys.executable, "-c", "from daemon.cli.main import main; main()", *command[1 : 1 + words], "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert all(word in done.stdout for word in command if word.startswith("--"))


def test_the_check_before_the_start_refuses_nothing_by_itself() -> None:
    """What an ExecStartPre refuses is started again and again: its exit status prevents no restart."""
    lines = re.findall(r"^ExecStartPre=(.*)$", UNIT.read_text(), re.MULTILINE)

    assert len(lines) == 1
    assert lines[0].startswith("-/")
