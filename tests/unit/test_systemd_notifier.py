"""What the service manager hears, and that one who does not listen stops nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from daemon.adapters.systemd import SystemdNotifier


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.chdir(tmp_path)  # the address of a socket must be short
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        listener.bind("notify")
        listener.setblocking(False)
        yield listener


def test_a_manager_that_does_not_read_stops_neither_pings_nor_status(listener: socket.socket) -> None:
    """The queue of a datagram socket is short; a blocking send would stand still with the whole daemon."""
    notifier = SystemdNotifier("notify")
    sent = 0

    for number in range(5000):
        notifier.alive()
        notifier.status(f"line {number}")
        sent += 2

    assert listener.recv(100) == b"WATCHDOG=1"
    with suppress(BlockingIOError):
        for _ in range(sent):
            listener.recv(100)
        pytest.fail("the queue took everything: it was never full")


def test_the_status_is_one_line(listener: socket.socket) -> None:
    SystemdNotifier("notify").status("waiting for the gateway:\nnothing listens")

    assert listener.recv(100) == b"STATUS=waiting for the gateway: nothing listens"


def test_without_a_manager_nothing_is_sent() -> None:
    notifier = SystemdNotifier(None)

    notifier.ready()
    notifier.alive()
    notifier.stopping()
