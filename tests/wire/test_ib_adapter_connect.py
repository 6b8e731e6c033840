"""Connecting: what is refused, what is waited for, and what each failure says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from ib_adapter_fakes import ACCOUNT, START, ScriptedGateway, World, condor_spec, play

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker, IbConfig
from daemon.core.orders.broker_facts import Connected, LinkFact, LinkState, NoticeFact
from daemon.core.orders.intent import OrderRef
from daemon.errors import (
    BrokerError,
    BrokerTimeoutError,
    LinkDownError,
    LiveAccountError,
    SettingsError,
    WrongProtocolError,
)


def connecting(gateway: ScriptedGateway, error: type[Exception], **config: object) -> tuple[str, World]:
    """Connect, expect an error, and return its text with the world it happened in."""

    async def scene(world: World) -> tuple[str, World]:
        with pytest.raises(error) as caught:
            await world.broker.connect()
        assert world.broker.link is LinkState.DOWN
        return str(caught.value), world

    text, world = play(scene, gateway, connect=False, **config)
    return str(text), world


def test_a_connection_tells_account_version_and_time() -> None:
    async def scene(world: World) -> Connected:
        return await world.broker.connect()

    connected = play(scene, connect=False)

    assert connected == Connected(ACCOUNT, 176, simulated=False, gateway_time=START.replace(microsecond=0))


def test_the_link_passes_through_its_states_once() -> None:
    async def scene(world: World) -> list[LinkState]:
        await world.settle()
        return [fact.state for fact in world.told(LinkFact)]

    assert play(scene) == [LinkState.CONNECTING, LinkState.SYNCING, LinkState.SYNCED]


@pytest.mark.parametrize(
    ("code", "text", "simulated"),
    [
        (2199, "Simulated exchange: condord", True),
        (2199, "something else", False),
        (2104, "Simulated exchange: condord", False),
    ],
)
def test_only_the_notice_of_our_own_exchange_means_simulated(code: int, text: str, simulated: bool) -> None:
    gateway = ScriptedGateway()
    gateway.notices.append((code, text))

    async def scene(world: World) -> bool:
        return (await world.broker.connect()).simulated

    assert play(scene, gateway, connect=False) is simulated


@pytest.mark.parametrize("port", [4001, 7496])
def test_a_live_port_is_refused_without_a_byte_and_the_setting_is_named(port: int) -> None:
    gateway = ScriptedGateway()

    text, _ = connecting(gateway, LiveAccountError, port=port)

    assert "CONDORD_GATEWAY_ALLOW_LIVE_PORT" in text
    assert gateway.connections == 0


def test_a_live_port_can_be_allowed() -> None:
    async def scene(world: World) -> LinkState:
        return world.broker.link

    assert play(scene, port=7496, live_port_allowed=True) is LinkState.SYNCED


@pytest.mark.parametrize("accounts", ["U7654321", "DU1234567,U7654321", "DU1234567,F7654321,", "X1"])
def test_any_live_account_of_the_login_is_refused_on_any_port_and_never_shown(accounts: str) -> None:
    gateway = ScriptedGateway()
    gateway.accounts = accounts

    text, _ = connecting(gateway, LiveAccountError, account=ACCOUNT, live_port_allowed=True)

    assert "7654321" not in text


@pytest.mark.parametrize("account", ["DU1234567", "DF1234567", "DI1234567"])
def test_every_kind_of_paper_account_is_accepted(account: str) -> None:
    gateway = ScriptedGateway()
    gateway.accounts = account

    async def scene(world: World) -> None:
        assert (await world.broker.connect()).account == account

    play(scene, gateway, connect=False)


def test_several_accounts_need_a_name() -> None:
    gateway = ScriptedGateway()
    gateway.accounts = f"DU0000001,{ACCOUNT},"

    text, _ = connecting(gateway, SettingsError)

    assert "CONDORD_GATEWAY_ACCOUNT" in text
    assert "DU0000001" in text


def test_a_named_account_is_used() -> None:
    gateway = ScriptedGateway()
    gateway.accounts = f"DU0000001,{ACCOUNT},"

    async def scene(world: World) -> str:
        return (await world.broker.connect()).account

    assert play(scene, gateway, connect=False, account=ACCOUNT) == ACCOUNT


def test_an_account_that_the_login_does_not_have_is_a_wrong_setting() -> None:
    text, _ = connecting(ScriptedGateway(), SettingsError, account="DU9999999")

    assert "DU9999999" in text


def test_an_account_that_turns_live_is_noticed_before_the_next_order() -> None:
    async def scene(world: World) -> None:
        await world.broker.contracts([leg.contract for leg in condor_spec().legs])
        world.gateway.send(15, 1, "U7654321")
        await world.settle()
        with pytest.raises(LiveAccountError):
            await world.broker.place(OrderRef("cd.x"), condor_spec())
        assert world.gateway.asked(3) == []

    play(scene)


def test_a_gateway_that_is_not_there_is_waited_for() -> None:
    gateway = ScriptedGateway()
    gateway.refuses = True

    text, _ = connecting(gateway, LinkDownError)

    assert "Nothing accepts connections at gateway:4002" in text


def test_a_client_id_in_use_is_named_without_waiting_for_the_time_out() -> None:
    gateway = ScriptedGateway()

    def refuse(fields: list[str]) -> None:
        gateway.message(-1, 326, "Unable to connect as the client id is already in use.")
        gateway.close()

    gateway.replies[71] = refuse

    text, _ = connecting(gateway, LinkDownError)

    assert "Client id 7 is in use" in text


@pytest.mark.parametrize("after_handshake", [True, False])
def test_a_gateway_that_hangs_up_is_waited_for(after_handshake: bool) -> None:
    gateway = ScriptedGateway()
    if after_handshake:
        gateway.replies[71] = lambda fields: gateway.close()
    else:
        gateway._request = lambda payload: gateway.close()  # type: ignore[method-assign]

    text, _ = connecting(gateway, LinkDownError)

    assert "closed the connection" in text
    assert ("after the handshake" in text) is after_handshake


def test_a_silent_gateway_ends_in_a_time_out() -> None:
    gateway = ScriptedGateway()
    gateway.hello = b""

    text, _ = connecting(gateway, LinkDownError, connect_timeout_s=4.0)

    assert "says nothing within 4 s" in text


@pytest.mark.parametrize(
    "hello",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"\x00\x00\x00\x06hello\x00",
        b"\x00\x00\x00\x0bx\x00y\x00",
        b"\x00\x00\x00\x00",
    ],
)
def test_whatever_else_listens_is_the_wrong_protocol(hello: bytes) -> None:
    gateway = ScriptedGateway()
    gateway.hello = hello.ljust(40, b"\0") if hello[:3] == b"\0\0\0" else hello

    text, _ = connecting(gateway, WrongProtocolError)

    assert "gateway:4002" in text
    assert "CONDORD_GATEWAY_PORT" in text


def test_an_old_gateway_is_the_wrong_protocol() -> None:
    gateway = ScriptedGateway()
    gateway.version = 156

    text, _ = connecting(gateway, WrongProtocolError)

    assert "156" in text


WITHHELD = {
    15: "accounts",
    9: "next order id",
    62: "positions",
    53: "open orders",
    102: "completed orders",
    54: "account values",
    74: "account values by account",
    55: "executions",
}


@pytest.mark.parametrize("message", WITHHELD)
def test_a_start_up_answer_that_does_not_end_is_no_connection(message: int) -> None:
    gateway = ScriptedGateway()
    gateway.withheld = {message}

    text, _ = connecting(gateway, LinkDownError)

    assert WITHHELD[message] in text


def test_a_gateway_that_stops_answering_after_the_start_up_is_no_connection() -> None:
    gateway = ScriptedGateway()
    gateway.withheld = {49}

    text, _ = connecting(gateway, LinkDownError)

    assert "could not be read" in text


def test_an_account_that_is_not_ready_is_not_synchronised() -> None:
    gateway = ScriptedGateway()
    gateway.account_ready = "false"

    text, _ = connecting(gateway, LinkDownError)

    assert "AccountReady" in text


def test_a_read_only_gateway_is_an_error_that_waiting_does_not_cure() -> None:
    gateway = ScriptedGateway()
    gateway.replies[5] = lambda fields: gateway.message(
        -1, 321, "Error validating request.-'bZ' : cause - The API interface is currently in Read-Only mode."
    )

    text, _ = connecting(gateway, BrokerError)

    assert "Read-Only API" in text


def test_only_a_link_that_is_down_is_worth_another_try() -> None:
    gateway = ScriptedGateway()
    gateway.replies[5] = lambda fields: gateway.message(-1, 321, "The API interface is currently in Read-Only mode.")

    async def scene(world: World) -> int | None:
        with pytest.raises(BrokerError) as caught:
            await world.broker.connect()
        assert not isinstance(caught.value, LinkDownError)
        return caught.value.code

    assert play(scene, gateway, connect=False) == 321


def test_account_values_are_not_streamed_twice() -> None:
    async def scene(world: World) -> list[list[str]]:
        await world.settle()
        return [world.gateway.asked(76)[0][2:3], world.gateway.asked(77)[0][2:3]]

    subscribed, cancelled = play(scene)

    assert subscribed == cancelled


def test_the_state_of_a_failed_connection_does_not_leak_into_the_next() -> None:
    gateway = ScriptedGateway()
    gateway.withheld = {62}

    async def scene(world: World) -> LinkState:
        with pytest.raises(LinkDownError):
            await world.broker.connect()
        gateway.withheld = set()
        await world.broker.connect()
        return world.broker.link

    assert play(scene, gateway, connect=False) is LinkState.SYNCED


def test_every_request_needs_a_connection() -> None:
    async def scene(world: World) -> None:
        broker = world.broker
        for call in (broker.snapshot, broker.gateway_time, broker.account_values):
            with pytest.raises(LinkDownError):
                await call()
        assert broker.positions() == {}
        assert broker.marks() == {}
        await broker.disconnect()

    play(scene, connect=False)


def test_requests_are_counted_over_connections() -> None:
    async def scene(world: World) -> tuple[int, int]:
        first = world.broker.requests_sent
        await world.broker.disconnect()
        await world.broker.connect()
        return first, world.broker.requests_sent

    first, second = play(scene)

    assert first > 10
    assert second == 2 * first


class TestOutages:
    """The gateway lost the broker, or we lost the gateway."""

    def test_a_lost_socket_is_told_and_ends_what_waits(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.withheld = {49}
            asking = asyncio.ensure_future(world.broker.gateway_time())
            await world.settle()
            world.gateway.close()
            with pytest.raises(LinkDownError):
                await asking
            assert world.broker.link is LinkState.DOWN
            assert world.told(LinkFact)[-1].state is LinkState.DOWN

        play(scene)

    def test_1100_is_a_level_told_once_and_stops_orders(self) -> None:
        async def scene(world: World) -> None:
            await world.broker.contracts([leg.contract for leg in condor_spec().legs])
            for _ in range(5):
                world.gateway.message(-1, 1100, "Connectivity between IBKR and TWS has been lost.")
            await world.settle()
            assert [fact.state for fact in world.told(LinkFact)].count(LinkState.DEGRADED) == 1
            with pytest.raises(LinkDownError, match="not sent"):
                await world.broker.place(OrderRef("cd.x"), condor_spec())
            assert world.gateway.asked(3) == []

        play(scene)

    @pytest.mark.parametrize("code", [1101, 1102])
    def test_orders_wait_for_a_new_snapshot_after_an_outage(self, code: int) -> None:
        async def scene(world: World) -> list[LinkState]:
            world.gateway.message(-1, 1100, "lost")
            world.gateway.message(-1, code, "Connectivity between IBKR and TWS has been restored")
            await world.settle()
            with pytest.raises(LinkDownError):
                await world.broker.place(OrderRef("cd.x"), condor_spec())
            await world.broker.snapshot()
            return [fact.state for fact in world.told(LinkFact)][-3:]

        assert play(scene) == [LinkState.DEGRADED, LinkState.SYNCING, LinkState.SYNCED]

    def test_an_outage_that_is_told_while_connecting_is_not_forgotten(self) -> None:
        gateway = ScriptedGateway()
        gateway.notices.append((1100, "Connectivity between IBKR and TWS has been lost."))

        async def scene(world: World) -> LinkState:
            return world.broker.link

        assert play(scene, gateway) is LinkState.DEGRADED

    def test_a_snapshot_does_not_end_an_outage(self) -> None:
        async def scene(world: World) -> LinkState:
            world.gateway.message(-1, 1100, "lost")
            await world.settle()
            await world.broker.snapshot()
            return world.broker.link

        assert play(scene) is LinkState.DEGRADED

    def test_1102_sends_nothing_by_itself(self) -> None:
        async def scene(world: World) -> None:
            await world.settle()
            before = len(world.gateway.requests)
            world.gateway.message(-1, 1102, "restored")
            await world.settle()
            assert len(world.gateway.requests) == before

        play(scene)

    def test_a_farm_that_breaks_is_a_notice_only(self) -> None:
        async def scene(world: World) -> None:
            world.gateway.message(-1, 2103, "Market data farm connection is broken:usopt")
            await world.settle()
            assert world.broker.link is LinkState.SYNCED
            assert world.told(NoticeFact)[-1].code == 2103

        play(scene)


class TestRequestsWithoutId:
    """They are matched by their order alone."""

    def test_two_questions_at_once_are_asked_one_after_the_other(self) -> None:
        async def scene(world: World) -> tuple[object, object]:
            return await asyncio.gather(world.broker.snapshot(), world.broker.snapshot())

        first, second = play(scene)

        assert first.account.net_liquidation_usd_cents == second.account.net_liquidation_usd_cents == 100_000_025

    def test_a_late_end_does_not_complete_the_next_question(self) -> None:
        async def scene(world: World) -> datetime:
            world.gateway.withheld = {49}
            with pytest.raises(BrokerTimeoutError):
                await world.broker.gateway_time()
            world.gateway.withheld = set()

            def both(fields: list[str]) -> None:
                world.gateway.send(49, 1, 1000)  # the late answer to the first question
                world.gateway.send(49, 1, 2000)

            world.gateway.replies[49] = both
            return await world.broker.gateway_time()

        assert play(scene) == datetime.fromtimestamp(2000, UTC)

    def test_a_gateway_that_keeps_leaving_questions_open_is_given_up(self) -> None:
        async def scene(world: World) -> LinkState:
            world.gateway.withheld = {49}
            for _ in range(2):
                with pytest.raises(BrokerTimeoutError):
                    await world.broker.gateway_time()
            with pytest.raises(LinkDownError):
                await world.broker.gateway_time()
            return world.broker.link

        assert play(scene) is LinkState.DOWN


def test_an_unreadable_message_is_told_and_spoils_the_snapshot() -> None:
    async def scene(world: World) -> None:
        def broken(fields: list[str]) -> None:
            world.gateway.send(61, 3, "broken")
            world.gateway.send(102)

        world.gateway.replies[99] = broken
        with pytest.raises(BrokerError, match="could not be read"):
            await world.broker.snapshot()
        assert any("could not be read" in fact.text for fact in world.told(NoticeFact))

    play(scene)


class TestTcp:
    """The same over sockets, in real time, which is short."""

    @staticmethod
    def attempt(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], **config: object) -> IbBroker:
        async def main() -> IbBroker:
            async with listening(serve) as port:
                settings: dict[str, object] = {"connect_timeout_s": 0.3, "client_id": 7, **config}
                broker = IbBroker(IbConfig(host="127.0.0.1", port=port, **settings), SystemClock())  # type: ignore[arg-type]
                try:
                    await broker.connect()
                finally:
                    await broker.disconnect()
                return broker

        return asyncio.run(main())

    def test_an_http_server_is_the_wrong_protocol(self) -> None:
        async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            writer.close()

        with pytest.raises(WrongProtocolError, match=r"HTTP/1\.1"):
            self.attempt(http)

    def test_a_web_server_that_waits_for_a_whole_line_is_found_out(self) -> None:
        async def patient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if b"HTTP" in await reader.readline():
                writer.write(b"HTTP/1.0 501 Not Implemented\r\n\r\n")
            writer.close()

        with pytest.raises(WrongProtocolError, match="web server"):
            self.attempt(patient)

    def test_a_port_that_accepts_and_says_nothing_is_a_time_out(self) -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                await reader.read()
            writer.close()

        with pytest.raises(LinkDownError, match="says nothing"):
            self.attempt(silent)

    def test_a_port_that_accepts_and_closes_is_waited_for(self) -> None:
        async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        with pytest.raises(LinkDownError, match="closed the connection"):
            self.attempt(closing)

    def test_a_closed_port_is_waited_for(self) -> None:
        async def main() -> None:
            async with listening(lambda reader, writer: None) as port:
                pass
            broker = IbBroker(IbConfig(host="127.0.0.1", port=port, client_id=7), SystemClock())
            with pytest.raises(LinkDownError, match="Nothing accepts connections"):
                await broker.connect()

        asyncio.run(main())


@contextlib.asynccontextmanager
async def listening(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[int]:
    """Listen on a free port of this machine."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
