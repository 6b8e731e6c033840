"""The service manager's notify protocol (sd_notify(3)): a datagram to the socket it names."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

HEARD_S: Final = 2.0
"""So long a message that must arrive may wait for a manager that does not read."""


class SystemdNotifier:
    """Sends READY, STATUS, WATCHDOG and STOPPING; silent when no service manager listens."""

    def __init__(self, address: str | None) -> None:
        self._address = "\0" + address[1:] if address and address.startswith("@") else address

    def ready(self) -> None:
        """Say that start-up is over."""
        self._send("READY=1", wait_s=HEARD_S)

    def status(self, text: str) -> None:
        """Set the one-line status that ``systemctl status`` shows."""
        self._send("STATUS=" + text.replace("\n", " "))

    def alive(self) -> None:
        """Ping the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the program is stopping."""
        self._send("STOPPING=1", wait_s=HEARD_S)

    def _send(self, message: str, *, wait_s: float = 0.0) -> None:
        if self._address is None:
            return
        # The manager may be gone, or hang with a queue that is full; the daemon trades on without it.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(wait_s)
            sender.sendto(message.encode(), self._address)
