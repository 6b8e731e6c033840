"""The adapter against the simulated gateway: every message is real, through memory and through a socket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from ib_adapter_fakes import LibraryLog

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker, IbConfig, Peer
from daemon.adapters.virtual_time import run_virtual
from daemon.core.market.contracts import OptionContract, Right, SignalIndex, TradingClass, Underlying
from daemon.core.orders.broker_facts import (
    BrokerFact,
    ExecutionFact,
    FeeFact,
    LinkState,
    OrderFact,
    OrderStatus,
    Snapshot,
)
from daemon.core.orders.intent import Leg, OrderRef, OrderSpec, TimeInForce
from daemon.errors import BrokerError, LinkDownError, LiveAccountError
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway, GatewayConfig
from daemon.sim.gateway.fault_plan import Fault, FaultPlan, Kind
from daemon.sim.gateway.tcp import serve_tcp
from daemon.sim.history import load_packaged
from daemon.sim.market import Market

NOON = datetime(2020, 3, 2, 17, 0, tzinfo=UTC)
EXPIRY = date(2020, 4, 1)
CONDOR = tuple(
    OptionContract(TradingClass.SPXW, EXPIRY, strike, right)
    for strike, right in ((270000, Right.PUT), (272500, Right.PUT), (325000, Right.CALL), (327500, Right.CALL))
)
VIX_CALL = OptionContract(TradingClass.VIX, date(2020, 4, 15), 2500, Right.CALL)
REF = OrderRef("cd.20200302.condor.ENTRY.c1.1")


def condor(net_limit_pts100: int, tif: TimeInForce = TimeInForce.DAY) -> OrderSpec:
    legs = tuple(Leg(contract, ratio) for contract, ratio in zip(CONDOR, (1, -1, -1, 1), strict=True))
    return OrderSpec(legs, 2, net_limit_pts100, tif)


@dataclass(frozen=True, slots=True)
class GatewayPeer:
    """The gateway's end of a connection in memory."""

    feed: Callable[[bytes], None]
    closed: Callable[[], None]

    def send(self, data: bytes) -> None:
        self.feed(data)

    def close(self) -> None:
        self.closed()


@dataclass(slots=True)
class World:
    """A simulated gateway and brokers of it."""

    gateway: Gateway
    clock: SystemClock
    port: int | None
    facts: list[BrokerFact] = field(default_factory=list)

    def open(self, on_data: Callable[[bytes], None], on_close: Callable[[], None]) -> Peer:
        session = self.gateway.attach(on_data, on_close)
        return GatewayPeer(session.feed, session.closed)

    def broker(self, client_id: int = 7) -> IbBroker:
        """Make a broker of this gateway, over TCP when it listens on a port."""
        config = IbConfig(
            host="127.0.0.1",
            port=self.port or 4002,
            client_id=client_id,
            connect_timeout_s=5.0,
            request_timeout_s=5.0,
            quote_timeout_s=5.0,
        )
        made = IbBroker(config, self.clock, self if self.port is None else None)
        made.subscribe(self.facts.append)
        return made

    def told(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@contextlib.asynccontextmanager
async def world(
    *, tcp: bool, config: GatewayConfig | None = None, faults: FaultPlan | None = None
) -> AsyncIterator[World]:
    clock = SystemClock(NOON - datetime.now(UTC) if tcp else timedelta(0))
    exchange = Exchange(Market(load_packaged(), 1), ExchangeConfig(), None, clock.now())
    gateway = Gateway(exchange, clock.now, faults, config or GatewayConfig(tick_interval_s=0.05, index_interval_s=0.05))
    pump = asyncio.ensure_future(gateway.pump())
    server = await serve_tcp(gateway, "127.0.0.1", 0) if tcp else None
    try:
        yield World(gateway, clock, server.sockets[0].getsockname()[1] if server is not None else None)
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        if server is not None:
            server.close()


def run(
    scene: Callable[[World], Awaitable[Any]],
    *,
    tcp: bool,
    config: GatewayConfig | None = None,
    faults: FaultPlan | None = None,
) -> Any:
    async def main() -> Any:
        async with world(tcp=tcp, config=config, faults=faults) as made:
            return await scene(made)

    return asyncio.run(main()) if tcp else run_virtual(main, NOON)


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Fail a test in which the library complained about a message."""
    log = LibraryLog()
    logging.getLogger("ib_insync").addHandler(log)
    yield
    logging.getLogger("ib_insync").removeHandler(log)
    assert [text for text in log.records if "rror handling" in text or "Error for" in text] == []


both_ways = pytest.mark.parametrize("tcp", [False, True], ids=["memory", "tcp"])


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - facts come from a socket too, where no event can be set
            await asyncio.sleep(0.01)


@both_ways
def test_a_condor_is_looked_up_quoted_priced_entered_and_booked_once(tcp: bool) -> None:
    async def scene(sim: World) -> tuple[Snapshot, list[ExecutionFact], list[FeeFact]]:
        broker = sim.broker()
        connected = await broker.connect()
        assert connected.simulated
        infos = await broker.contracts(CONDOR)
        assert set(infos) == set(CONDOR)
        quotes = await broker.quotes(list(infos.values()), greeks=True)
        assert all(quotes[leg].two_sided and quotes[leg].greeks is not None for leg in CONDOR)
        margin = await broker.what_if(condor(-10))
        assert margin.initial_change_usd_cents == 2 * 2500_00
        await broker.place(REF, condor(-2000))
        await until(lambda: bool(sim.told(OrderFact)))
        await broker.modify(REF, -10)
        await until(lambda: len(sim.told(FeeFact)) == 4)
        snapshot = await broker.snapshot()
        await broker.disconnect()
        return snapshot, sim.told(ExecutionFact), sim.told(FeeFact)

    snapshot, executions, fees = run(scene, tcp=tcp)
    combo, *legs = executions

    assert combo.is_combo
    assert {(leg.contract, leg.quantity) for leg in legs} == set(zip(CONDOR, (2, -2, -2, 2), strict=True))
    assert sum(leg.quantity * leg.price_pts100 for leg in legs) == combo.quantity * combo.price_pts100
    assert {fact.order_ref for fact in executions} == {REF}
    assert {fee.exec_id for fee in fees} == {leg.exec_id for leg in legs}
    assert {(fact.contract, fact.quantity) for fact in snapshot.positions} == {
        (leg.contract, leg.quantity) for leg in legs
    }
    assert set(snapshot.executions) == set(executions)
    assert set(snapshot.fees) == set(fees)
    assert [(fact.order_ref, fact.status) for fact in snapshot.completed_orders] == [(REF, OrderStatus.FILLED)]
    assert snapshot.open_orders == ()


@both_ways
def test_open_interest_comes_from_the_gateway_for_options_of_both_rights(tcp: bool) -> None:
    async def scene(sim: World) -> dict[OptionContract, int]:
        broker = sim.broker()
        await broker.connect()
        infos = await broker.contracts((VIX_CALL, CONDOR[0]))
        found = dict(await broker.open_interest(list(infos.values())))
        await broker.disconnect()
        return found

    found = run(scene, tcp=tcp)

    assert set(found) == {VIX_CALL, CONDOR[0]}
    assert all(number > 0 for number in found.values())


@both_ways
def test_a_working_order_is_found_changed_and_cancelled_by_the_next_process(tcp: bool) -> None:
    async def scene(sim: World) -> tuple[Snapshot, list[OrderFact]]:
        first = sim.broker()
        await first.connect()
        await first.place(REF, condor(-2000, TimeInForce.GTC))
        await until(lambda: bool(sim.told(OrderFact)))
        await first.disconnect()
        second = sim.broker()
        for _ in range(20):
            with contextlib.suppress(LinkDownError):  # a gateway may hold the old socket for a moment (326)
                await second.connect()
                break
            await asyncio.sleep(0.05)
        snapshot = await second.snapshot()
        await second.modify(REF, -1900)
        sim.facts.clear()
        await second.cancel(REF)
        await until(lambda: any(fact.status is OrderStatus.CANCELLED for fact in sim.told(OrderFact)))
        await second.disconnect()
        return snapshot, sim.told(OrderFact)

    snapshot, facts = run(scene, tcp=tcp)

    assert [(fact.order_ref, fact.status, fact.remaining) for fact in snapshot.open_orders] == [
        (REF, OrderStatus.WORKING, 2)
    ]
    assert facts[-1].order_ref == REF


@both_ways
def test_a_second_client_of_the_same_id_is_told_so(tcp: bool) -> None:
    async def scene(sim: World) -> str:
        first, second = sim.broker(), sim.broker()
        await first.connect()
        with pytest.raises(LinkDownError) as caught:
            await second.connect()
        assert first.link is LinkState.SYNCED
        await first.disconnect()
        return str(caught.value)

    assert "Client id 7 is in use" in run(scene, tcp=tcp)


@both_ways
def test_a_live_account_is_refused(tcp: bool) -> None:
    async def scene(sim: World) -> None:
        with pytest.raises(LiveAccountError):
            await sim.broker().connect()

    run(scene, tcp=tcp, config=GatewayConfig(account="U1234567"))


@both_ways
def test_index_values_bars_and_chains_are_read(tcp: bool) -> None:
    async def scene(sim: World) -> None:
        broker = sim.broker()
        await broker.connect()
        spx, vix = await broker.index_quote(Underlying.SPX), await broker.index_quote(Underlying.VIX)
        assert 2977 < spx.value_pts < 3091  # the low and high of that session
        assert 32 < vix.value_pts < 42
        bars = await broker.bars(Underlying.VIX, minutes=1, count=15)
        assert len(bars) == 15
        (day,) = await broker.bars(Underlying.SPX, minutes=1440, count=1)
        assert day.low <= spx.value_pts <= day.high
        classes = {params.trading_class: params for params in await broker.option_params(Underlying.VIX)}
        assert date(2020, 3, 18) in classes[TradingClass.VIX].expiries
        assert date(2020, 3, 4) in classes[TradingClass.VIXW].expiries
        await broker.disconnect()

    run(scene, tcp=tcp)


@both_ways
def test_every_index_of_the_signals_has_daily_closes(tcp: bool) -> None:
    async def scene(sim: World) -> dict[SignalIndex, tuple[float, ...]]:
        broker = sim.broker()
        await broker.connect()
        bars = {index: await broker.bars(index, minutes=1440, count=3) for index in SignalIndex}
        await broker.disconnect()
        return {index: tuple(bar.close for bar in found) for index, found in bars.items()}

    closes = run(scene, tcp=tcp)

    # It is noon of Monday 2020-03-02: the closes of Cboe and of the exchange for the Thursday and the Friday before.
    assert closes[SignalIndex.VIX][:2] == (39.16, 40.11)
    assert closes[SignalIndex.VIX3M][:2] == (29.92, 29.85)
    assert all(len(found) == 3 for found in closes.values())
    # The session in progress has no breadth yet: 700 advancing and 1946 declining issues are Friday's.
    assert closes[SignalIndex.BREADTH][-1] == 700 - 1946


def test_an_index_that_is_not_subscribed_is_refused_by_its_code() -> None:
    plan = FaultPlan((Fault(Kind.NOT_SUBSCRIBED, arguments={"symbol": "VVIX"}),))

    async def scene(sim: World) -> tuple[int | None, int]:
        broker = sim.broker()
        await broker.connect()
        with pytest.raises(BrokerError, match="not subscribed") as refused:
            await broker.bars(SignalIndex.VVIX, minutes=1440, count=3)
        others = await broker.bars(SignalIndex.VIX, minutes=1440, count=3)
        await broker.disconnect()
        return refused.value.code, len(others)

    assert run(scene, tcp=False, faults=plan) == (354, 3)


def test_vix_calls_are_bought_and_sold_under_their_settlement_date() -> None:
    async def scene(sim: World) -> list[tuple[OptionContract | None, int]]:
        broker = sim.broker()
        await broker.connect()
        await broker.place(OrderRef("cd.buy"), OrderSpec((Leg(VIX_CALL, 1),), 4, 900, TimeInForce.DAY))
        await until(lambda: len(sim.told(FeeFact)) == 1)
        await broker.place(OrderRef("cd.sell"), OrderSpec((Leg(VIX_CALL, -1),), 3, -5, TimeInForce.DAY))
        await until(lambda: len(sim.told(FeeFact)) == 2)
        held = [(fact.contract, fact.quantity) for fact in broker.positions().values()]
        await broker.disconnect()
        return held

    assert run(scene, tcp=False) == [(VIX_CALL, 1)]


def test_settlement_values_are_read_when_they_exist() -> None:
    async def scene(sim: World) -> tuple[float | None, float | None, float | None]:
        broker = sim.broker()
        await broker.connect()
        today = date(2020, 3, 2)
        early = await broker.settlement_value(TradingClass.SPXW, today)
        await asyncio.sleep(4.5 * 3600)
        late = await broker.settlement_value(TradingClass.SPXW, today)
        await asyncio.sleep(42 * 3600)  # Wednesday
        weekly = await broker.settlement_value(TradingClass.VIXW, date(2020, 3, 4))
        await broker.disconnect()
        return early, late, weekly

    early, late, weekly = run(scene, tcp=False)

    assert early is None
    assert late == pytest.approx(3090.23, abs=0.01)  # the close of SPX on 2 March 2020
    assert weekly is not None
    assert 20 < weekly < 60
