"""The gateway on a real port: bytes split anywhere, garbage, and a client that goes away."""

from __future__ import annotations

import asyncio
import struct

import pytest
from gateway_fakes import SPX, FakeClock, FakeExchange
from gateway_peer import peer, until, within
from gateway_raw import CONTRACT12, condor, cut

from daemon.sim.gateway import Gateway, serve_tcp, tcp
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


async def started(port: int, client_id: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, list[list[str]]]:
    """Return a connection past its start, and what it was told."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HELLO)
    await read_until(reader, b"US/Eastern\0")
    writer.write(frame(["71", "2", str(client_id), ""]))
    told = await read_until(reader, b"condord\0\0")
    return reader, writer, told


async def is_served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Whether a connection is answered."""
    writer.write(frame(["49", "1"]))
    return (await read_until(reader, f"{TIME}\0".encode()))[-1] == ["49", "1", TIME]


def test_thirty_two_clients_have_orders_ids_and_executions_of_their_own_and_find_them_after_a_restart() -> None:
    async def trade(port: int, client_id: int) -> list[str]:
        """Place an order and return the messages about it that name an order id."""
        reader, writer, _ = await started(port, client_id)
        writer.write(frame(condor(client_id + 1, -3.0, orderRef=f"of {client_id}")))
        messages = await read_until(reader, b"1.7976931348623157E308\0\0")
        filled = [one for one in messages if one[0] == "11"]
        writer.write(frame(["7", "3", "9", "0", "", "", "", "", "", ""]))
        listed = await read_until(reader, b"55\x001\x009\0")
        mine = [one for one in listed if one[0] == "59"]
        assert {one[2] for one in filled} == {str(client_id + 1)}
        assert len(filled) == 5
        assert len(mine) == 4
        writer.close()
        await writer.wait_closed()
        return sorted({one[26] for one in filled})

    async def main() -> None:
        exchange = FakeExchange()
        async with peer(Gateway(exchange, FakeClock()), tcp=True) as joined:
            assert joined.port is not None
            refs = await asyncio.gather(*(trade(joined.port, number) for number in range(32)))
            assert refs == [[f"of {number}"] for number in range(32)]
        async with peer(Gateway(exchange, FakeClock()), tcp=True) as joined:
            assert joined.port is not None
            told = await asyncio.gather(*(started(joined.port, number) for number in range(32)))
            assert [answers[1] for _, _, answers in told] == [["9", "1", str(number + 2)] for number in range(32)]
            for _, writer, _ in told:
                writer.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    "noise",
    [
        b"API\0\xff\xff\xff\xff",
        b"API\0" + struct.pack(">I", 9) + b"v900..999",
        b"API",
        HELLO + b"\0\0\0\2x\0",
        b"\0" * 64,
    ],
)
def test_nobody_notices_a_client_that_talks_nonsense_or_stops_half_way(noise: bytes) -> None:
    async def main() -> None:
        async with peer(Gateway(FakeExchange(), FakeClock()), tcp=True) as joined:
            assert joined.port is not None
            reader, writer, _ = await started(joined.port, 1)
            _, noisy = await asyncio.open_connection("127.0.0.1", joined.port)
            noisy.write(noise)
            await noisy.drain()
            assert await is_served(reader, writer)
            late = await started(joined.port, 2)
            assert await is_served(*late[:2])
            for one in (writer, noisy, late[1]):
                one.close()

    asyncio.run(main())


class DeafTransport(asyncio.Transport):
    """A socket whose other end takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.unsent = 0
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.unsent += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


def test_a_client_that_does_not_read_is_cut_off_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "MAX_UNSENT_BYTES", 64 * 1024)

    async def main() -> int:
        gateway = Gateway(FakeExchange(), FakeClock())
        async with peer(gateway, tcp=True) as joined:
            assert joined.port is not None
            reader, writer, _ = await started(joined.port, 1)
            deaf, connection = DeafTransport(), tcp._Connection(gateway)
            connection.connection_made(deaf)
            connection.data_received(HELLO + frame(["71", "2", "2", ""]))
            asked = 0
            while not deaf.aborted:
                connection.data_received(frame(["9", "8", "3", str(SPX), *CONTRACT12[1:], "0", "", "", ""]))
                asked += 1
            connection.connection_lost(None)
            assert gateway.clients == 1
            assert await is_served(reader, writer)
            writer.close()
            return asked

    # An answer is several hundred bytes: it takes more than one that is not read, and not thousands.
    assert 20 < asyncio.run(main()) < 500


def test_a_connection_that_says_nothing_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "HANDSHAKE_S", 0.05)

    async def main() -> None:
        gateway = Gateway(FakeExchange(), FakeClock())
        async with peer(gateway, tcp=True) as joined:
            assert joined.port is not None
            reader, writer, _ = await started(joined.port, 1)
            silent, mute = await asyncio.open_connection("127.0.0.1", joined.port)
            assert await within(silent.read()) == b""
            assert await is_served(reader, writer)
            for one in (writer, mute):
                one.close()

    asyncio.run(main())
