"""The control socket as the daemon serves it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from daemon import __version__
from daemon.adapters.control import LINE_MAX, SOCKET_NAME, TIMEOUT_S, check_path
from daemon.errors import CondordError, ExitCode, StoreError

Handler = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
ACCEPT_STEPS: Final = 8
"""Steps of the loop in which a connection that is just being accepted gets its task; asyncio loses it otherwise."""


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
            return {"ok": True, "version": __version__, "result": await self._handler(command, arguments)}
        except CondordError as error:
            return _failure(str(error), error.exit_code)
        except Exception as error:  # noqa: BLE001 -- a command that fails must not look like a daemon that is gone
            return _failure(f"{command} failed inside the daemon: {type(error).__name__}: {error}", ExitCode.FAILURE)


def _failure(text: str, exit_code: ExitCode) -> Mapping[str, Any]:
    return {"ok": False, "error": text, "exit_code": int(exit_code)}
