"""The doctor against the simulated gateway over TCP: each fault of the gateway is one check, and no order reaches it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker, IbConfig
from daemon.adapters.ib.examiner import IbExaminer, farms_lost
from daemon.app.doctor import Wanted
from daemon.app.doctor.gateway import Look, doctor_config, gateway_checks
from daemon.app.program import ib_config
from daemon.core.doctor.check import Check, State, exit_code
from daemon.core.doctor.contact import Trouble
from daemon.core.doctor.market import Refusal
from daemon.core.market.contracts import OptionContract, Right, TradingClass
from daemon.core.orders.broker_facts import NoticeFact
from daemon.core.orders.intent import Leg, OrderRef, OrderSpec, TimeInForce
from daemon.errors import InvariantError
from daemon.settings import Settings, load
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.exchange.api import ExchangeEvent, OrderRequest
from daemon.sim.gateway import Gateway, GatewayConfig, serve_tcp, session
from daemon.sim.gateway.fault_plan import Fault, FaultPlan, Kind
from daemon.sim.history import load_packaged
from daemon.sim.market import Market

NOON = datetime(2020, 3, 2, 17, 0, tzinfo=UTC)
CALL = OptionContract(TradingClass.VIX, date(2020, 4, 15), 2500, Right.CALL)
SPEC = OrderSpec((Leg(CALL, 1),), 1, 5, TimeInForce.DAY)


class WatchedExchange(Exchange):
    """Counts what is sent to it."""

    submitted = 0

    def submit(self, request: OrderRequest) -> list[ExchangeEvent]:
        type(self).submitted += 1
        return super().submit(request)


@contextlib.asynccontextmanager
async def gateway(*faults: Fault, config: GatewayConfig | None = None, now: datetime = NOON) -> AsyncIterator[int]:
    """Serve a gateway that stands at a time; yield its port."""
    clock = SystemClock(now - datetime.now(UTC))
    exchange = WatchedExchange(Market(load_packaged(), 1), ExchangeConfig(), None, clock.now())
    made = Gateway(exchange, clock.now, FaultPlan(faults), config or GatewayConfig())
    pump = asyncio.ensure_future(made.pump())
    server = await serve_tcp(made, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        server.close()


def settings(port: int, **more: str) -> Settings:
    given = {"GATEWAY_MODE": "ib", "GATEWAY_PORT": str(port), "GATEWAY_CONNECT_TIMEOUT_S": "1", "STATE_DIR": "/nowhere"}
    return load([], {f"CONDORD_{name}": text for name, text in {**given, **more}.items()})


def checked(
    *faults: Fault,
    config: GatewayConfig | None = None,
    wanted: Wanted | None = None,
    book_of: str | None = None,
    **more: str,
) -> dict[str, Check]:
    """Return the checks of a gateway by name."""

    async def main() -> tuple[Check, ...]:
        async with gateway(*faults, config=config) as port:
            asked = wanted or Wanted(follow_gateway_clock=True)
            return (await gateway_checks(settings(port, **more), asked, book_of=book_of)).checks

    return {check.name: check for check in asyncio.run(main())}


def not_ok(checks: dict[str, Check]) -> dict[str, State]:
    return {name: check.state for name, check in checks.items() if check.state is not State.OK}


def test_a_gateway_without_faults_is_ok_throughout_and_no_order_reaches_it() -> None:
    found = checked()

    assert not_ok(found) == {}
    assert len(found) == 19
    assert found["broker_hours"].value == 6
    # Advancing and declining issues come as bid and ask.
    assert "/" in found["data_ad_nyse"].text
    assert WatchedExchange.submitted == 0


@pytest.mark.parametrize(
    ("fault", "broken", "code"),
    [
        (Fault(Kind.READ_ONLY), {"read_only": State.FAIL}, 4),
        (Fault(Kind.SILENT), {"protocol": State.FAIL}, 4),
        (Fault(Kind.WITHHOLD, arguments={"message": "managedAccounts"}), {"protocol": State.FAIL}, 4),
        (Fault(Kind.WITHHOLD, arguments={"message": "positionEnd"}), {"account_data": State.FAIL}, 4),
        (Fault(Kind.ACCOUNT_MISSING), {"account_data": State.WARN}, 0),
        (
            Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "SPX"}),
            {"data_spx": State.FAIL, "data_spx_options": State.SKIPPED, "permission_spx": State.SKIPPED},
            4,
        ),
        (Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "VVIX"}), {"data_vvix": State.WARN}, 0),
        (
            Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "AD-NYSE", "code": 10197, "text": "competing session"}),
            {"data_ad_nyse": State.WARN},
            0,
        ),
        (Fault(Kind.DATA_DELAYED, arguments={"symbol": "VVIX"}), {"data_vvix": State.WARN}, 0),
        (
            Fault(Kind.DATA_DELAYED, arguments={"symbol": "SPX"}),
            {"data_spx": State.FAIL, "data_spx_options": State.FAIL},
            4,
        ),
        (Fault(Kind.DATA_MISSING, arguments={"symbol": "AD-NYSE"}), {"data_ad_nyse": State.WARN}, 0),
        (
            Fault(Kind.WHAT_IF_REFUSED, arguments={"symbol": "VIX", "code": 460, "text": "No trading permissions"}),
            {"permission_vix": State.FAIL},
            4,
        ),
        (
            Fault(Kind.WHAT_IF_REFUSED, arguments={"symbol": "SPX"}),
            {"permission_spx": State.FAIL},
            4,
        ),
    ],
    ids=lambda value: f"{value.kind} {dict(value.arguments)}" if isinstance(value, Fault) else "",
)
def test_a_fault_of_the_gateway_is_one_check(fault: Fault, broken: dict[str, State], code: int) -> None:
    found = checked(fault)

    assert not_ok(found) == broken
    assert exit_code(found.values()) == code


def test_delayed_data_and_missing_ones_are_told_apart() -> None:
    delayed = checked(Fault(Kind.DATA_DELAYED, arguments={"symbol": "VVIX"}))["data_vvix"]
    refused = checked(Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "VVIX"}))["data_vvix"]

    assert "delayed data only" in delayed.text
    assert "not subscribed (code 354)" in refused.text


def test_a_live_account_ends_the_look_at_once() -> None:
    found = checked(config=GatewayConfig(account="U1234567"))

    assert not_ok(found) == {"paper_account": State.FAIL}
    assert "data_spx" not in found
    assert exit_code(found.values()) == 4


def test_one_live_account_among_paper_ones_is_enough() -> None:
    found = checked(config=GatewayConfig(other_accounts=("U7654321",)))

    assert not_ok(found) == {"paper_account": State.FAIL}


def test_of_several_paper_accounts_one_must_be_named() -> None:
    several = GatewayConfig(other_accounts=("DU7654321",))

    found = checked(config=several)
    assert not_ok(found) == {"own_account": State.FAIL}
    assert "CONDORD_GATEWAY_ACCOUNT" in found["own_account"].fix
    assert exit_code(found.values()) == 2
    assert not_ok(checked(config=several, GATEWAY_ACCOUNT="DU1234567")) == {}


def test_a_book_of_another_account_fails() -> None:
    assert not_ok(checked(book_of="SIMULATED DU7777777")) == {"own_account": State.FAIL}


def test_a_clock_that_is_not_followed_fails_by_its_distance() -> None:
    found = checked(wanted=Wanted())

    assert not_ok(found) == {"gateway_clock": State.FAIL}
    assert "--clock gateway" in found["gateway_clock"].fix


def test_the_look_has_a_client_number_of_its_own_and_tells_when_it_is_taken() -> None:
    async def main() -> tuple[dict[str, Check], dict[str, Check]]:
        async with gateway() as port:
            ours = settings(port)
            daemon = IbExaminer(doctor_config(ours, "127.0.0.1", port, client_id=17), SystemClock())
            assert (await daemon.contact(limit_s=5)).trouble is None
            beside = await gateway_checks(ours, Wanted(follow_gateway_clock=True), book_of=None)
            taken = await gateway_checks(ours, Wanted(follow_gateway_clock=True, client_id=17), book_of=None)
            daemon.close()
            return {one.name: one for one in beside.checks}, {one.name: one for one in taken.checks}

    beside, taken = asyncio.run(main())

    assert not_ok(beside) == {}
    assert beside["client_id"].value == 18
    assert not_ok(taken) == {"client_id": State.FAIL}
    assert "326" in taken["client_id"].text


def test_a_read_only_api_that_shows_when_an_order_is_previewed_is_no_missing_permission() -> None:
    found = checked(Fault(Kind.WHAT_IF_REFUSED, arguments={"code": 321, "text": "API is in Read-Only mode."}))

    assert not_ok(found) == {
        "read_only": State.FAIL,
        "permission_spx": State.SKIPPED,
        "permission_vix": State.SKIPPED,
    }


def test_a_port_where_nothing_listens_fails_there() -> None:
    found = asyncio.run(gateway_checks(settings(1), Wanted(), book_of=None)).checks

    assert [(check.name, check.state) for check in found] == [("gateway_port", State.FAIL)]


def test_the_usual_port_of_a_live_account_is_not_even_tried() -> None:
    examiner = IbExaminer(IbConfig(host="127.0.0.1", port=4001, client_id=3), SystemClock())

    found = asyncio.run(examiner.contact(limit_s=5))

    assert found.trouble is Trouble.LIVE_PORT


@pytest.mark.parametrize("answer", [b"HTTP/1.0 200 OK\r\n\r\n", b"220 mail ready\r\n", b"\x00\x00\x00\x0642\x0020\x00"])
def test_something_else_behind_the_port_fails_as_a_protocol(answer: bytes) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def main() -> tuple[Check, ...]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            port = server.sockets[0].getsockname()[1]
            return (await gateway_checks(settings(port), Wanted(), book_of=None)).checks
        finally:
            server.close()

    found = asyncio.run(main())

    assert [check.name for check in found if check.state is State.FAIL] == ["protocol"]


def test_what_is_not_answered_before_the_look_ends_is_a_refusal_and_is_not_waited_for() -> None:
    async def main() -> tuple[object, object]:
        examiner = IbExaminer(doctor_config(settings(1), "127.0.0.1", 1, client_id=3), SystemClock())
        over = Look(examiner, until=asyncio.get_running_loop().time() - 1)
        return await over.asked(asyncio.Event().wait()), await over.asked(examiner.hours())

    late, closed = asyncio.run(main())

    assert late == Refusal(None, "the gateway did not answer in time")
    assert isinstance(closed, Refusal)


def test_in_mode_simulated_an_exchange_is_made_for_the_look_and_keeps_nothing(tmp_path: Path) -> None:
    simulated = load([], {"CONDORD_STATE_DIR": str(tmp_path / "state")})

    found = asyncio.run(gateway_checks(simulated, Wanted(), book_of="SIMULATED DU9999999"))

    assert found.simulated
    texts = {check.name: check for check in found.checks}
    assert texts["gateway_port"].text.startswith("SIMULATED")
    assert [check.name for check in found.checks if check.state is State.FAIL] == []
    assert not (tmp_path / "state").exists()


def test_the_wire_of_a_look_refuses_to_send_and_to_cancel() -> None:
    async def main() -> None:
        async with gateway() as port:
            config = replace(ib_config(settings(port), host="127.0.0.1", port=port), orders=False)
            broker = IbBroker(config, SystemClock())
            await broker.connect()
            with pytest.raises(InvariantError, match="sends no orders"):
                await broker.place(OrderRef("cd.x"), SPEC)
            assert (await broker.what_if(SPEC)).initial_change_usd_cents is not None
            with pytest.raises(InvariantError, match="cancels no orders"):
                broker._open().open_wire.cancel(5)
            await broker.disconnect()

    asyncio.run(main())

    assert WatchedExchange.submitted == 0


def test_a_look_has_no_way_to_place_or_to_cancel() -> None:
    assert {name for name in dir(IbExaminer) if not name.startswith("_")} == {
        "chain", "close", "contact", "contracts", "hours", "preview", "samples"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("notice", "state"),
    [
        ((1100, "Connectivity between IBKR and Trader Workstation has been lost."), State.FAIL),
        ((2103, "Market data farm connection is broken:usopt.jmd"), State.WARN),
    ],
)
def test_a_gateway_that_has_lost_the_broker_or_a_farm_says_so(
    monkeypatch: pytest.MonkeyPatch, notice: tuple[int, str], state: State
) -> None:
    monkeypatch.setattr(session, "_NOTICES", (*session._NOTICES, notice))

    assert not_ok(checked()) == {"broker_link": state}


def test_a_farm_that_has_come_back_is_not_lost() -> None:
    lost = NoticeFact(2103, "Market data farm connection is broken:usopt")
    other = NoticeFact(2105, "HMDS data farm connection is broken:ushmds")
    back = NoticeFact(2104, "Market data farm connection is OK:usopt")

    assert farms_lost([lost, other, back]) == (other.text,)
    assert farms_lost([back, lost]) == (lost.text,)
