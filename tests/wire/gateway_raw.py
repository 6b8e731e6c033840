"""A client that speaks frames by hand: what it sends and receives is fields."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from gateway_fakes import CONDOR

from daemon.sim.gateway.codec import frame
from daemon.sim.gateway.gateway import Gateway
from daemon.sim.gateway.layout import Record, encode
from daemon.sim.gateway.order_layouts import PLACE_ORDER
from daemon.sim.gateway.session import Session

CONTRACT12 = ("", "", "", "", "", "", "", "", "", "", "", "")


def cut(data: bytes) -> list[list[str]]:
    """Return the fields of every frame in a stream of bytes."""
    found = []
    while data:
        (length,) = struct.unpack(">I", data[:4])
        found.append(data[4 : 4 + length].decode().split("\0")[:-1])
        data = data[4 + length :]
    return found


def contract(con_id: int) -> tuple[str, ...]:
    """Return the twelve fields of a contract known by its number."""
    return (str(con_id), *CONTRACT12[1:])


def condor(order_id: int, limit: float, version: int = 176, /, **more: str) -> list[str]:
    """Return the fields of an order for one iron condor."""
    values = {
        "orderId": str(order_id), "symbol": "SPX", "secType": "BAG", "exchange": "SMART", "currency": "USD",
        "action": "BUY", "totalQuantity": "1", "orderType": "LMT", "lmtPrice": str(limit), "tif": "DAY",
        "orderRef": "cd.1", "account": "DU1234567", **more,
    }  # fmt: skip
    legs = tuple(
        (str(leg.con_id), "1", "BUY" if leg.ratio > 0 else "SELL", "SMART", "0", "0", "", "-1") for leg in CONDOR
    )
    return ["3", *encode(PLACE_ORDER, version, Record(values, {"comboLegs": legs}))]


def ids(messages: list[list[str]]) -> list[int]:
    """Return the message ids."""
    return [int(one[0]) for one in messages]


@dataclass
class RawClient:
    """Joined to a gateway in memory."""

    gateway: Gateway
    chunks: list[bytes] = field(default_factory=list)
    closed: bool = False
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.session = self.gateway.attach(self.chunks.append, self._close)

    def _close(self) -> None:
        self.closed = True

    def start(self, client_id: int = 7, low: int = 157, high: int = 176) -> list[list[str]]:
        """Go through the handshake and return the answers to the start."""
        offer = f"v{low}..{high}".encode()
        self.session.feed(b"API\0" + struct.pack(">I", len(offer)) + offer)
        self.receive()
        return self.ask("71", "2", str(client_id), "")

    def ask(self, *fields: str) -> list[list[str]]:
        """Send one message and return what comes back at once."""
        self.session.feed(frame(list(fields)))
        return self.receive()

    def receive(self) -> list[list[str]]:
        """Return what has come since the last time."""
        data = b"".join(self.chunks)
        self.chunks.clear()
        return cut(data)
