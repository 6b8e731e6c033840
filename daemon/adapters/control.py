"""The control socket as a command sees it: one JSON object a line, request and answer, over a Unix socket (0660)."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from daemon import __version__
from daemon.errors import CondordError, ExitCode, NotReadyError, SettingsError

SOCKET_NAME: Final = "control.sock"
LINE_MAX: Final = 1 << 20
TIMEOUT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 2.0
HANGS: Final = (TimeoutError, BlockingIOError)
"""What asking a daemon ends in that does not answer: unix(7) says EAGAIN when too many wait already."""
PATH_BYTES_MAX: Final = 107
"""Longest path of a Unix socket: sun_path of unix(7) less its closing zero."""


def check_path(folder: Path) -> None:
    """Raise SettingsError when the control socket's path in a folder is longer than the system allows."""
    path = folder / SOCKET_NAME
    length = len(os.fsencode(path))
    if length > PATH_BYTES_MAX:
        raise SettingsError(
            f"the path of the control socket has {length} bytes and the system allows {PATH_BYTES_MAX}: {path}; "
            "name a shorter folder with CONDORD_RUNTIME_DIR"
        )


class ControlError(CondordError):
    """The daemon refused a command."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = ExitCode(exit_code)


class SilentDaemonError(NotReadyError):
    """A daemon listens and does not answer."""


def daemon_listens(folder: Path) -> bool:
    """Whether a daemon listens on the control socket of this runtime folder."""
    try:
        with _connected(folder, CONNECT_TIMEOUT_S):
            return True
    except PermissionError as error:
        raise _closed(folder) from error
    except HANGS:
        return True
    except OSError:
        return False


def _closed(folder: Path) -> NotReadyError:
    return NotReadyError(
        f"the daemon's control socket {folder / SOCKET_NAME} is closed to this user; "
        "run the command as a member of the daemon's group"
    )


def ask(
    folder: Path,
    command: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
    alike: bool = False,
) -> Mapping[str, Any]:
    """Send one command to the running daemon and return its answer.

    ``alike``: the answer is taken to pieces, whose form may change with the version. Raises NotReadyError when no daemon
    listens or, if it has to be alike, one of another version; SilentDaemonError when it does not answer in time,
    ControlError when it refuses.
    """
    check_path(folder)
    request = json.dumps({"command": command, "arguments": dict(arguments or {})}).encode() + b"\n"
    try:
        with _connected(folder, timeout_s) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline(LINE_MAX))
    except (ConnectionRefusedError, FileNotFoundError):
        raise NotReadyError(f"no daemon runs here ({folder}); start one with `condord run`") from None
    except PermissionError as error:
        raise _closed(folder) from error
    except HANGS:
        raise SilentDaemonError(
            f"the daemon runs and did not answer {command} within {timeout_s:g} s; look at its log, or restart it"
        ) from None
    except (OSError, ValueError) as error:
        raise NotReadyError(f"the daemon's answer on {folder / SOCKET_NAME} did not arrive: {error}") from error
    if not answer["ok"]:
        raise ControlError(answer["error"], answer["exit_code"])
    if alike and answer.get("version") != __version__:
        raise NotReadyError(
            f"the daemon that runs is condord {answer.get('version', 'of an earlier version')} and this command "
            f"{__version__}; restart the daemon: systemctl restart condord"
        )
    result: Mapping[str, Any] = answer["result"]
    return result


@contextlib.contextmanager
def _connected(folder: Path, timeout_s: float) -> Iterator[socket.socket]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(str(folder / SOCKET_NAME))
        yield connection
    finally:
        connection.close()
