"""The control socket: one question, one answer, whatever is asked and whatever goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import stat
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from daemon.adapters import control_server
from daemon.adapters.control import PATH_BYTES_MAX, SOCKET_NAME, ControlError, SilentDaemonError, ask, daemon_listens
from daemon.adapters.control_server import ControlServer
from daemon.errors import ExitCode, LinkDownError, NotReadyError, SettingsError, StoreError


async def answer(command: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Carry out three commands: one that works, one that is refused, one with a defect."""
    match command:
        case "echo":
            return arguments
        case "refused":
            raise LinkDownError("no gateway")
    raise ZeroDivisionError("a defect")


def served(
    folder: Path, command: str, arguments: Mapping[str, Any] | None = None, *, alike: bool = False
) -> Mapping[str, Any]:
    """Ask a server that lives as long as the question."""

    async def main() -> Mapping[str, Any]:
        server = ControlServer(folder, answer)
        await server.start()
        try:
            return await asyncio.to_thread(partial(ask, folder, command, arguments, alike=alike))
        finally:
            await server.stop()

    return asyncio.run(main())


def test_an_answer_of_another_version_is_not_taken_to_pieces_and_a_restart_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served(tmp_path, "echo", {"a": 1}, alike=True) == {"a": 1}

    monkeypatch.setattr(control_server, "__version__", "0.0.9")

    assert served(tmp_path, "echo", {"a": 1}) == {"a": 1}
    with pytest.raises(NotReadyError, match=r"condord 0\.0\.9 and this command .* systemctl restart condord"):
        served(tmp_path, "echo", {"a": 1}, alike=True)


def raw(folder: Path, line: bytes) -> bytes:
    """Send a line as it is and return the answer."""

    async def main() -> bytes:
        server = ControlServer(folder, answer)
        await server.start()
        try:
            reader, writer = await asyncio.open_unix_connection(folder / SOCKET_NAME)
            writer.write(line)
            writer.write_eof()
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said
        finally:
            await server.stop()

    return asyncio.run(main())


def test_a_command_is_answered(tmp_path: Path) -> None:
    assert served(tmp_path, "echo", {"reason": "why"}) == {"reason": "why"}


def test_a_refusal_carries_its_words_and_its_exit_code(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no gateway") as caught:
        served(tmp_path, "refused")

    assert caught.value.exit_code is ExitCode.BROKER


def test_a_defect_in_a_command_is_an_answer_too(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="failed inside the daemon: ZeroDivisionError"):
        served(tmp_path, "defective")


@pytest.mark.parametrize("line", [b"garbage\n", b"[]\n", b"{}\n", b"17\n", b"\n"])
def test_what_is_no_question_is_answered_with_that(tmp_path: Path, line: bytes) -> None:
    found = json.loads(raw(tmp_path, line))

    assert found["ok"] is False
    assert "not understood" in found["error"]


def test_the_socket_is_for_owner_and_group_and_goes_with_the_server(tmp_path: Path) -> None:
    async def main() -> int:
        server = ControlServer(tmp_path, answer)
        await server.start()
        mode = (tmp_path / SOCKET_NAME).stat().st_mode
        assert await asyncio.to_thread(daemon_listens, tmp_path)
        await server.stop()
        return stat.S_IMODE(mode)

    assert asyncio.run(main()) == 0o660
    assert not (tmp_path / SOCKET_NAME).exists()
    assert not daemon_listens(tmp_path)


def test_a_socket_that_a_killed_daemon_left_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / SOCKET_NAME).write_text("")

    assert not daemon_listens(tmp_path)
    assert served(tmp_path, "echo", {"a": 1}) == {"a": 1}


def test_without_a_daemon_the_question_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="condord run"):
        ask(tmp_path, "status")


def test_a_path_longer_than_a_socket_may_have_is_refused_with_the_fix(tmp_path: Path) -> None:
    longest = tmp_path / ("x" * (PATH_BYTES_MAX - len(str(tmp_path)) - len(SOCKET_NAME) - 2))
    longest.mkdir()

    assert served(longest, "echo", {"a": 1}) == {"a": 1}
    with pytest.raises(SettingsError, match="CONDORD_RUNTIME_DIR"):
        served(longest.with_name(longest.name + "x"), "echo")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="CONDORD_RUNTIME_DIR"):
        served(tmp_path / "file", "echo")


def test_a_daemon_that_hangs_with_many_waiting_is_silent_and_not_gone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stuck, contextlib.ExitStack() as waiting:
        stuck.bind(str(tmp_path / SOCKET_NAME))
        stuck.listen(0)
        for _ in range(2):
            other = waiting.enter_context(socket.socket(socket.AF_UNIX))
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                other.connect(str(tmp_path / SOCKET_NAME))

        assert daemon_listens(tmp_path)
        with pytest.raises(SilentDaemonError, match="did not answer"):
            ask(tmp_path, "health", timeout_s=0.05)
