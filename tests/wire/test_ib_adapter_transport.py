"""Bytes in memory keep their order and never arrive inside the call that sent them."""

from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

import daemon.adapters.ib as package
from daemon.adapters.ib.greeting import Greeting
from daemon.adapters.ib.transport import Peer, Queue
from daemon.adapters.virtual_time import run_virtual

START = datetime(2020, 3, 2, 17, 0, tzinfo=UTC)


def test_calls_are_made_later_and_in_order() -> None:
    async def scene() -> list[str]:
        queue, made = Queue(), list[str]()
        queue.put(lambda: made.append("first"))
        queue.put(lambda: made.append("second"))
        made.append("put")
        await asyncio.sleep(0.001)
        return made

    assert run_virtual(scene, START) == ["put", "first", "second"]


def test_a_call_made_by_a_call_waits_for_its_turn() -> None:
    async def scene() -> list[str]:
        queue, made = Queue(), list[str]()

        def answer() -> None:
            queue.put(lambda: made.append("answer"))
            made.append("request")

        queue.put(answer)
        queue.put(lambda: made.append("second request"))
        await asyncio.sleep(0.001)
        return made

    assert run_virtual(scene, START) == ["request", "second request", "answer"]


def test_a_call_that_fails_does_not_hold_up_the_rest() -> None:
    async def scene() -> tuple[list[str], list[str]]:
        failures: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: failures.append(str(context["exception"]))
        )
        queue, made = Queue(), list[str]()

        def fail() -> None:
            raise ValueError("broken")

        queue.put(fail)
        queue.put(lambda: made.append("second"))
        await asyncio.sleep(0.001)
        return made, failures

    assert run_virtual(scene, START) == (["second"], ["broken"])


@dataclass
class Ends:
    """A transport, and the peer it opens."""

    heard: list[bytes] = field(default_factory=list)

    def open(self, on_data: Callable[[bytes], None], on_close: Callable[[], None]) -> Peer:
        """Open a connection."""
        return self

    def send(self, data: bytes) -> None:
        """Take bytes."""
        self.heard.append(data)

    def close(self) -> None:
        """Note the end."""
        self.heard.append(b"closed")


def test_what_is_sent_in_one_step_arrives_together_and_before_the_end() -> None:
    async def scene() -> list[bytes]:
        from daemon.adapters.ib.connections import Listener, MemoryConnection

        ends = Ends()
        connection = MemoryConnection(Listener(Greeting("memory"), lambda _error: None), lambda _why: None, ends)
        await connection.connectAsync("memory", 0)
        connection.sendMsg(b"one ")
        connection.sendMsg(b"two")
        await asyncio.sleep(0.001)
        connection.sendMsg(b"three")
        connection.disconnect()
        await connection.connectAsync("memory", 0)
        connection.sendMsg(b"again")
        await asyncio.sleep(0.001)
        return ends.heard

    assert run_virtual(scene, START) == [b"one two", b"three", b"closed", b"again"]


def test_the_library_is_imported_in_one_module_only() -> None:
    folder = Path(package.__file__).parent

    importing = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("ib_insync", "eventkit")))
        or (
            isinstance(node, ast.Import) and any(name.name.startswith(("ib_insync", "eventkit")) for name in node.names)
        )
    }

    assert importing == {"vendor.py"}


@pytest.mark.parametrize("module", ["daemon.adapters.ib", "daemon.adapters.ib.broker"])
def test_the_library_is_not_imported_before_a_loop_runs(module: str) -> None:
    code = f"import sys, {module}; sys.exit('ib_insync' in sys.modules or 'eventkit' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
