"""The gateway on a TCP port."""

from __future__ import annotations

import asyncio
from typing import Final, cast

from daemon.sim.gateway.config import HANDSHAKE_S
from daemon.sim.gateway.gateway import Gateway
from daemon.sim.gateway.session import Session

MAX_UNSENT_BYTES: Final = 32 * 1024 * 1024
"""A client that does not read is cut off beyond this."""


class _Connection(asyncio.Protocol):
    """Passes bytes between one socket and one session."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._session = self._gateway.attach(self._send, self._transport.close)
        # By the loop's clock: whoever connects and says nothing must not keep others out, whatever time is simulated.
        self._deadline = asyncio.get_running_loop().call_later(HANDSHAKE_S, self._session.hurry)

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._session.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._session is not None:
            self._session.closed()

    def _send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            transport.abort()


async def serve_tcp(gateway: Gateway, host: str, port: int) -> asyncio.Server:
    """Listen for clients; raises OSError when the port is taken. The caller runs ``gateway.pump`` and closes."""
    return await asyncio.get_running_loop().create_server(lambda: _Connection(gateway), host, port)
