"""The control socket: one JSON object a line, request and answer, over a Unix socket (0660)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from daemon.errors import CondordError, ExitCode, NotReadyError, StoreError

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
SOCKET_NAME: Final = "control.sock"
LINE_MAX: Final = 1 << 20
TIMEOUT_S: Final = 60.0


class ControlServer:
    """Answers commands of the same machine while the daemon runs."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        self._path = folder / SOCKET_NAME
        self._handler = handler
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; the instance lock has proved that no other daemon owns a socket left here."""
        try:
            self._path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=LINE_MAX)
            self._path.chmod(0o660)
        except OSError as error:
            raise StoreError(f"the control socket {self._path} cannot be made: {error.strerror}") from error

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            line = await asyncio.wait_for(reader.readline(), TIMEOUT_S)
            writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, line: bytes) -> Mapping[str, Any]:
        try:
            request = json.loads(line)
            return {"ok": True, "result": await self._handler(request["command"], request.get("arguments", {}))}
        except CondordError as error:
            return {"ok": False, "error": str(error), "exit_code": int(error.exit_code)}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": f"the request was not understood: {error!r}", "exit_code": 1}


class ControlError(CondordError):
    """The daemon refused a command."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = ExitCode(exit_code)


def daemon_listens(folder: Path) -> bool:
    """Whether a daemon answers on the control socket of this runtime folder."""
    with contextlib.suppress(OSError), _connected(folder, 2.0):
        return True
    return False


def ask(folder: Path, command: str, arguments: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """Send one command to the running daemon and return its answer.

    Raises NotReadyError when no daemon listens, ControlError when it refuses.
    """
    request = json.dumps({"command": command, "arguments": dict(arguments or {})}).encode() + b"\n"
    try:
        with _connected(folder, TIMEOUT_S) as connection:
            connection.sendall(request)
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline(LINE_MAX))
    except (OSError, ValueError) as error:
        raise NotReadyError(f"no daemon answers on {folder / SOCKET_NAME}: {error}") from error
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
