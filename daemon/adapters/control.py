"""The control socket: one JSON object a line, request and answer, over a Unix socket (0660)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from daemon.errors import CondordError, ExitCode, NotReadyError, SettingsError, StoreError

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
SOCKET_NAME: Final = "control.sock"
LINE_MAX: Final = 1 << 20
TIMEOUT_S: Final = 60.0
CONNECT_TIMEOUT_S: Final = 2.0
ACCEPT_STEPS: Final = 8
"""Steps of the loop in which a connection that is just being accepted gets its task; asyncio loses it otherwise."""
PATH_BYTES_MAX: Final = 107
"""Longest path of a Unix socket: sun_path of unix(7) less its closing zero."""


class ControlServer:
    """Answers commands of the same machine while the daemon runs."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self._path = folder / SOCKET_NAME
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen; the instance lock has proved that no other daemon owns a socket left here.

        Raises SettingsError for a path too long for a socket, StoreError when the folder cannot be used.
        """
        check_path(self._path.parent)
        try:
            self._path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LINE_MAX)
            self._path.chmod(0o660)
        except OSError as error:
            raise StoreError(
                f"the control socket {self._path} cannot be made: {error.strerror or error}; "
                "give a writable folder with CONDORD_RUNTIME_DIR"
            ) from error

    async def stop(self) -> None:
        """Stop listening, end the conversations that go on, and remove the socket."""
        if self._server is not None:
            for _ in range(ACCEPT_STEPS):
                await asyncio.sleep(0)
            self._server.close()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio serves each connection in a task"
        self._serving.add(task)
        try:
            # Whoever asked may be gone, or may have sent a line without an end: nothing is left to answer then.
            with contextlib.suppress(ConnectionError, TimeoutError, ValueError):
                line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        finally:
            self._serving.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            request = json.loads(line)
            command, arguments = str(request["command"]), request.get("arguments", {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _failure(f"the request was not understood: {error!r}", ExitCode.FAILURE)
        try:
            return {"ok": True, "result": await self._handler(command, arguments)}
        except CondordError as error:
            return _failure(str(error), error.exit_code)
        except Exception as error:  # noqa: BLE001 -- a command that fails must not look like a daemon that is gone
            return _failure(f"{command} failed inside the daemon: {type(error).__name__}: {error}", ExitCode.FAILURE)


def _failure(text: str, exit_code: ExitCode) -> Mapping[str, Any]:
    return {"ok": False, "error": text, "exit_code": int(exit_code)}


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
        raise NotReadyError(
            f"the daemon's control socket {folder / SOCKET_NAME} is closed to this user; "
            "run the command as a member of the daemon's group"
        ) from error
    except OSError:
        return False


def ask(
    folder: Path, command: str, arguments: Mapping[str, Any] | None = None, *, timeout_s: float = TIMEOUT_S
) -> Mapping[str, Any]:
    """Send one command to the running daemon and return its answer.

    Raises NotReadyError when no daemon listens, SilentDaemonError when it does not answer in time, ControlError
    when it refuses.
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
    except TimeoutError:
        raise SilentDaemonError(
            f"the daemon runs and did not answer {command} within {timeout_s:g} s; look at its log, or restart it"
        ) from None
    except (OSError, ValueError) as error:
        raise NotReadyError(f"the daemon's answer on {folder / SOCKET_NAME} did not arrive: {error}") from error
    if not answer["ok"]:
        raise ControlError(answer["error"], answer["exit_code"])
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
