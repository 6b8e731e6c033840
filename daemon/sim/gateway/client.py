"""One connected API client: who it is, what it subscribed to, and what waits to be sent to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Final

from daemon.sim.gateway.account import Feed
from daemon.sim.gateway.bars import Span
from daemon.sim.gateway.codec import Value
from daemon.sim.gateway.data_in import HistoricalRequest
from daemon.sim.gateway.ticks import Line

CHUNK_BYTES: Final = 16 * 1024
"""Messages of one step are joined up to this size: clients slice their buffer message by message."""
MAX_HELD_BYTES: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class BarStream:
    """Historical bars that are kept up to date, and the bar that was sent last."""

    request: HistoricalRequest
    span: Span
    con_id: int
    sent: tuple[Value, ...]


@dataclass(slots=True)
class FiveSeconds:
    """Bars of five seconds; ``price`` is where the next one opens."""

    req_id: int
    con_id: int
    what: str
    price: float | None


@dataclass(slots=True)
class TickStream:
    """Single ticks of one contract: their kind on the wire, and what was sent last."""

    req_id: int
    con_id: int
    kind: int
    sent: tuple[Value, ...] = ()


@dataclass(slots=True)
class PnlFeed:
    """Results of an account, or of one contract in it, and what was sent last."""

    req_id: int
    account: str
    con_id: int | None
    sent: tuple[Value, ...] = ()


class ClientState(Enum):
    """How far a connection has come."""

    HELLO = auto()
    GREETED = auto()
    STARTED = auto()
    CLOSED = auto()


@dataclass(slots=True, eq=False)
class Client:
    """State of one connection. ``send`` and ``close`` belong to the transport."""

    send: Callable[[bytes], None]
    close: Callable[[], None]
    state: ClientState = ClientState.HELLO
    version: int = 0
    client_id: int = -1
    market_data_type: int = 1
    positions: bool = False
    positions_multi: dict[int, str] = field(default_factory=dict)
    updates: Feed | None = None
    feeds: dict[int, Feed] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    opened: list[Line] = field(default_factory=list)
    """Lines that still wait for their first ticks."""
    bars: dict[int, BarStream] = field(default_factory=dict)
    five_seconds: dict[int, FiveSeconds] = field(default_factory=dict)
    ticks: dict[int, TickStream] = field(default_factory=dict)
    pnl: dict[int, PnlFeed] = field(default_factory=dict)
    outbox: list[bytes] = field(default_factory=list)
    held: deque[tuple[datetime, bytes]] = field(default_factory=deque)
    held_bytes: int = 0
    closing: bool = False
    flushing: bool = False

    def put(self, message: bytes) -> None:
        """Queue a message for the end of this step."""
        self.outbox.append(message)

    def put_all(self, messages: list[bytes]) -> None:
        """Queue several messages for the end of this step."""
        self.outbox.extend(messages)

    def hold(self, due: datetime) -> None:
        """Move what is queued to the messages that go out later."""
        for message in self.outbox:
            self.held.append((due, message))
            self.held_bytes += len(message)
        self.outbox.clear()

    def release(self, now: datetime) -> None:
        """Put held messages that are due before what is queued now."""
        due = []
        while self.held and self.held[0][0] <= now:
            message = self.held.popleft()[1]
            self.held_bytes -= len(message)
            due.append(message)
        self.outbox[:0] = due

    def flush(self) -> None:
        """Send what is queued in chunks; a call from inside ``send`` leaves the rest to the outer one."""
        if self.flushing:
            return
        self.flushing = True
        try:
            while self.outbox and self.state is not ClientState.CLOSED:
                self.send(self._chunk())
        finally:
            self.flushing = False

    def _chunk(self) -> bytes:
        size = taken = 0
        for message in self.outbox:
            if taken and size + len(message) > CHUNK_BYTES:
                break
            size += len(message)
            taken += 1
        chunk = b"".join(self.outbox[:taken])
        del self.outbox[:taken]
        return chunk
