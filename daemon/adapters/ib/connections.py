"""The library's connection with a listener before it: over TCP, or to a peer in this process."""

# Most of the library is untyped.
# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: D102, N802 - the library's names, described there
from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from daemon.adapters.ib.greeting import Greeting
from daemon.adapters.ib.recording import Tape
from daemon.adapters.ib.transport import Peer, Queue, Transport
from daemon.adapters.ib.vendor import Connection
from daemon.errors import WrongProtocolError


class Listener:
    """Notes how far a connection came; the peer's first bytes are looked at before the library sees them."""

    def __init__(self, greeting: Greeting, failed: Callable[[Exception], None], *, tape: Tape | None = None) -> None:
        self._greeting = greeting
        self._failed = failed
        self._tape = tape
        self._deaf = False
        self.reached = False
        self.heard = False

    def accepts(self, data: bytes) -> bool:
        """Whether the library may see these bytes."""
        self.heard = self.heard or bool(data)
        if self._tape is not None:
            self._tape.received(data)
        if not self._deaf and not self._greeting.done:
            try:
                self._greeting.feed(data)
            except WrongProtocolError as error:
                self._deaf = True
                self._failed(error)
        return not self._deaf

    def sent(self, data: bytes) -> None:
        """Learn of bytes that go to the peer."""
        if self._tape is not None:
            self._tape.sent(data)

    def over(self) -> None:
        """Learn that nothing more is said."""
        if self._tape is not None:
            self._tape.close()


class TcpConnection(Connection):
    """The library's own connection with a listener before it."""

    def __init__(self, listener: Listener, lost: Callable[[str], None]) -> None:
        super().__init__()
        self._listener = listener
        self._lost = lost
        self.bytes_received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._listener.reached = True

    def sendMsg(self, msg: bytes) -> None:
        self._listener.sent(msg)
        super().sendMsg(msg)

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        if self._listener.accepts(data):
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lost(str(exc) if exc else "")


class MemoryConnection(TcpConnection):
    """The same connection to a peer in this process; order is kept and nothing is re-entrant.

    What is sent within one step of the loop arrives together, as it does on a socket.
    """

    def __init__(self, listener: Listener, lost: Callable[[str], None], transport: Transport) -> None:
        super().__init__(listener, lost)
        self._opener = transport
        self._inward = Queue()
        self._outward = Queue()
        self._unsent: list[bytes] = []
        self._peer: Peer | None = None
        self._peer_gone = False

    async def connectAsync(self, host: str, port: int) -> None:
        self.reset()
        self._peer = self._opener.open(self._data, self._peer_closed)
        self.transport = self
        self._listener.reached = True

    def sendMsg(self, msg: bytes) -> None:
        peer = self._peer
        if peer is not None:
            self._listener.sent(msg)
            if not self._unsent:
                self._outward.put(partial(self._send_now, peer, self._unsent))
            self._unsent.append(msg)
            self.numBytesSent += len(msg)
            self.numMsgSent += 1

    def disconnect(self) -> None:
        peer, self._peer = self._peer, None
        self._unsent = []  # what is on its way keeps the old list
        if peer is not None:
            self._outward.put(peer.close)
            self._inward.put(self._end)

    def _send_now(self, peer: Peer, messages: list[bytes]) -> None:
        data = b"".join(messages)
        messages.clear()
        if not self._peer_gone:
            peer.send(data)

    def _data(self, data: bytes) -> None:
        self._inward.put(lambda: self._deliver(data))

    def _deliver(self, data: bytes) -> None:
        if self._peer is not None:
            self.data_received(data)

    def _peer_closed(self) -> None:
        self._peer_gone = True
        self._inward.put(self._end)

    def _end(self) -> None:
        if self.transport is not None:
            self._peer = None
            self.connection_lost(None)
