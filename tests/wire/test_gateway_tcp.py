"""The gateway on a real port: bytes split anywhere, garbage, and a client that goes away."""

from __future__ import annotations

import asyncio
import struct

import pytest
from gateway_fakes import FakeClock, FakeExchange
from gateway_peer import peer, until, within
from gateway_raw import cut

from daemon.sim.gateway import Gateway, serve_tcp
from daemon.sim.gateway.codec import frame

HELLO = b"API\0" + struct.pack(">I", 9) + b"v157..176"
TIME = "1583168400"


async def read_until(reader: asyncio.StreamReader, ending: bytes) -> list[list[str]]:
    """Return the frames up to one that ends in some bytes."""
    data = b""
    while not data.endswith(ending):
        data += await within(reader.read(65536))
    return cut(data)


def test_bytes_may_arrive_one_by_one() -> None:
    async def main() -> list[list[str]]:
        async with peer(Gateway(FakeExchange(), FakeClock()), tcp=True) as joined:
            reader, writer = await asyncio.open_connection("127.0.0.1", joined.port)
            for byte in HELLO + frame(["71", "2", "3", ""]) + frame(["49", "1"]):
                writer.write(bytes([byte]))
                await writer.drain()
            answers = await read_until(reader, TIME.encode() + b"\0")
            writer.close()
            await writer.wait_closed()
            await until(lambda: joined.gateway.clients == 0)
            return answers

    answers = asyncio.run(main())

    assert answers[0][0] == "176"
    assert answers[1] == ["15", "1", "DU1234567"]
    assert answers[-1] == ["49", "1", TIME]


def test_garbage_on_the_port_is_closed_without_an_answer() -> None:
    async def main() -> bytes:
        async with peer(Gateway(FakeExchange(), FakeClock()), tcp=True) as joined:
            reader, writer = await asyncio.open_connection("127.0.0.1", joined.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await within(reader.read())
            writer.close()
            await writer.wait_closed()
            assert joined.gateway.clients == 0
            return answer

    assert asyncio.run(main()) == b""


def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    async def main() -> None:
        gateway = Gateway(FakeExchange(), FakeClock())
        server = await serve_tcp(gateway, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(OSError, match="in use"):
                await serve_tcp(gateway, "127.0.0.1", port)
        finally:
            server.close()
            await server.wait_closed()

    asyncio.run(main())
