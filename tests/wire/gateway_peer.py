"""The real client library joined to a gateway: in memory on virtual time, or over TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from daemon.adapters.virtual_time import run_virtual
from daemon.sim.gateway import Gateway, Session, serve_tcp

T = TypeVar("T")


class MemoryConnection:
    """Takes the place of the library's socket; bytes arrive in a later step of the loop, as from a socket."""

    def __init__(self, gateway: Gateway) -> None:
        from eventkit import Event

        self.hasData = Event("hasData")
        self.disconnected = Event("disconnected")
        self.numBytesSent = 0
        self.numMsgSent = 0
        self._gateway = gateway
        self._session: Session | None = None

    async def connectAsync(self, host: str, port: int) -> None:  # noqa: N802 - the library's name
        self._session = self._gateway.attach(self._later(self.hasData.emit), self._close)

    def disconnect(self) -> None:
        if self._session is not None:
            self._session.closed()
            self._close()

    def isConnected(self) -> bool:  # noqa: N802 - the library's name
        return self._session is not None

    def sendMsg(self, message: bytes) -> None:  # noqa: N802 - the library's name
        if self._session is not None:
            self.numBytesSent += len(message)
            self.numMsgSent += 1
            self._session.feed(message)

    def _close(self) -> None:
        self._session = None
        asyncio.get_running_loop().call_soon(self.disconnected.emit, "")

    @staticmethod
    def _later(call: Callable[[bytes], None]) -> Callable[[bytes], None]:
        return lambda data: _none(asyncio.get_running_loop().call_soon(call, data))


def _none(_: object) -> None:
    """Drop a result."""


@dataclass
class Peer:
    """A gateway with its pump running and the library's clients joined to it."""

    gateway: Gateway
    port: int | None = None
    clients: list[Any] = field(default_factory=list)

    async def client(self, client_id: int = 7, *, versions: tuple[int, int] = (157, 176), wait_s: float = 4) -> Any:
        """Return a connected client of the library."""
        ib = self.unconnected()
        ib.client.MinClientVersion, ib.client.MaxClientVersion = versions
        await ib.connectAsync("127.0.0.1", self.port or 1, clientId=client_id, timeout=wait_s)
        return ib

    def unconnected(self) -> Any:
        """Return a client of the library that is not connected yet."""
        import ib_insync

        ib: Any = ib_insync.IB()  # type: ignore[no-untyped-call]  # the library is untyped
        if self.port is None:
            connection = MemoryConnection(self.gateway)
            connection.hasData += ib.client._onSocketHasData
            connection.disconnected += ib.client._onSocketDisconnected
            ib.client.conn = connection
        self.clients.append(ib)
        return ib


@asynccontextmanager
async def peer(gateway: Gateway, *, tcp: bool = False) -> AsyncIterator[Peer]:
    """Run a gateway for some clients."""
    server = await serve_tcp(gateway, "127.0.0.1", 0) if tcp else None
    pump = asyncio.create_task(gateway.pump(), name="gateway pump")
    joined = Peer(gateway, server.sockets[0].getsockname()[1] if server else None)
    try:
        yield joined
    finally:
        for ib in joined.clients:
            ib.disconnect()
        await asyncio.sleep(0.01)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump
        if server:
            server.close()
            await server.wait_closed()


def virtual(main: Callable[[], Coroutine[Any, Any, T]], start: datetime) -> T:
    """Run on virtual time."""

    async def on_this_loop() -> T:
        # The library asks the policy for the loop, not the running one.
        asyncio.set_event_loop(asyncio.get_running_loop())
        try:
            return await main()
        finally:
            asyncio.set_event_loop(None)

    return run_virtual(on_this_loop, start)


def clock() -> datetime:
    """Return the clock of the loop: virtual where the loop is."""
    return datetime.now(UTC)


async def until(condition: Callable[[], Any], wait_s: float = 5.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(wait_s):
        while not condition():  # noqa: ASYNC110 - the library has no event for most of what tests look at
            await asyncio.sleep(0.01)


async def within(awaitable: Awaitable[T], wait_s: float = 5.0) -> T:
    """Await with a deadline."""
    async with asyncio.timeout(wait_s):
        return await awaitable


def complaints(records: list[logging.LogRecord], *expected: str) -> list[str]:
    """Return what the library logged as an error, apart from what a test expects to read."""
    said = [one.getMessage() for one in records if one.name.startswith("ib_insync") and one.levelno >= logging.WARNING]
    return [one for one in said if not any(part in one for part in expected)]
