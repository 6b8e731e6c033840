"""The service manager's notify protocol (sd_notify(3)): a datagram to the socket it names."""

from __future__ import annotations

import contextlib
import socket


class SystemdNotifier:
    """Sends READY, STATUS, WATCHDOG and STOPPING; silent when no service manager listens."""

    def __init__(self, address: str | None) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address

    def ready(self) -> None:
        """Say that start-up is over."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Set the one-line status that ``systemctl status`` shows."""
        self._send("STATUS=" + text.replace("\n", " "))

    def alive(self) -> None:
        """Ping the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the program is stopping."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._address is None:
            return
        # The manager may be gone (a restart of it); the daemon trades on without it.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message.encode(), self._address)
