"""The site of a campaign through the wire: the whole program and the real library over the gateway's codec."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaign.account import ACCOUNT, MARKETS, market
from campaign.plans import Fault, Plan
from campaign.record import Record, Shown
from campaign.told import settings

from daemon.adapters.clock import SystemClock
from daemon.adapters.ib import IbBroker
from daemon.app.program import Program, build_program, ib_config
from daemon.app.rehearse import HOST, PORT, SilentNotifier, gateway_config
from daemon.app.simulated import GatewayTransport
from daemon.core.market.contracts import Underlying
from daemon.engine.engine import Engine
from daemon.sim.exchange import Exchange, ExchangeConfig
from daemon.sim.gateway import Gateway
from daemon.sim.gateway.fault_plan import Fault as GatewayFault
from daemon.sim.gateway.fault_plan import FaultPlan, Kind, Moment


class CodecSite:
    """A gateway that goes on, and the programs that connect to it."""

    def __init__(self, plan: Plan, folder: Path, clock: SystemClock) -> None:
        config = ExchangeConfig(
            account=ACCOUNT,
            seed=plan.seed,
            partial_probability=plan.partial_share,
            slip_steps=plan.slip_steps,
        )
        exchange = Exchange(market(plan.seed % MARKETS), config, None, clock.now())
        self._settings = settings(folder, plan.settings)
        beats = replace(gateway_config(self._settings), account=ACCOUNT)
        self._gateway = Gateway(exchange, clock.now, fault_plan(plan), beats)
        self._pump = asyncio.create_task(self._gateway.pump(), name="exchange")
        self._clock = clock
        self._program: Program | None = None
        self.record = Record(exchange)
        self.shown = Shown()
        self.met: set[str] = set()

    def build(self) -> Engine:
        """Return the engine of a new program over the same database."""
        program = build_program(
            self._settings,
            clock=self._clock,
            config=ib_config(self._settings, host=HOST, port=PORT),
            transport=GatewayTransport(self._gateway),
            notifier=SilentNotifier(),
            mode="SIMULATED",
            terminal=None,
        )
        self._program = program
        self._tap(program.broker)
        return program.engine

    def _tap(self, broker: IbBroker) -> None:
        """Note when the daemon was shown what."""
        shown = self.shown

        async def snapshot(original: Callable[[], Awaitable[Any]]) -> Any:
            found = await original()
            shown.at = found.at
            return found

        async def index_quote(original: Callable[[Underlying], Awaitable[Any]], underlying: Underlying) -> Any:
            found = await original(underlying)
            shown.read(underlying, found.at)
            return found

        for name, tapped in (("snapshot", snapshot), ("index_quote", index_quote)):
            setattr(broker, name, _bound(tapped, getattr(broker, name)))

    async def gone(self) -> None:
        """Learn that the daemon is dead: its socket closes."""
        if self._program is not None:
            await self._program.broker.disconnect()
            self._program.log.close()
            self._program = None

    def begin(self, fault: Fault) -> None:
        """Note a fault, which the gateway makes."""
        self.met.add(fault.kind.value)

    def end(self, fault: Fault) -> None:
        """Leave the end of a fault to the gateway."""

    def close(self) -> None:
        """End the gateway."""
        self._pump.cancel()


def _bound(tapped: Callable[..., Awaitable[Any]], original: Any) -> Callable[..., Awaitable[Any]]:
    async def call(*arguments: Any) -> Any:
        return await tapped(original, *arguments)

    return call


def fault_plan(plan: Plan) -> FaultPlan:
    """Return the part of a plan that the gateway makes."""
    return FaultPlan(tuple(map(_gateway_fault, (f for f in plan.faults if isinstance(f.kind, Kind)))), plan.seed)


def _gateway_fault(fault: Fault) -> GatewayFault:
    assert isinstance(fault.kind, Kind), f"{fault.kind} is no fault of the gateway"
    start, end = Moment(instant=fault.start), Moment(instant=fault.end)
    once = fault.kind is Kind.DROP_CONNECTION
    return GatewayFault(
        fault.kind,
        start,
        end,
        count=1 if once else None,
        probability=1.0 if once else fault.share,
        arguments=fault.arguments,
    )
