"""A condor, its exits, and a market that does as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from engine_fakes import SESSION, START, FakeBroker, con_id, make_desk

from daemon.adapters.virtual_time import run_virtual
from daemon.core.condor.legs import CondorLegs, Vertical
from daemon.core.condor.policy import DriftMode, TouchAction
from daemon.core.market.contracts import (
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    Right,
    TradingClass,
    Underlying,
)
from daemon.core.market.quotes import Greeks, IndexQuote, Mark, Quote
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    OrderSpec,
    Purpose,
    Strategy,
    TimeInForce,
)
from daemon.core.records import CondorRecord
from daemon.engine.background import Background
from daemon.engine.condor_exits import CondorExits
from daemon.engine.context import Desk
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates

EXPIRY = date(2020, 3, 20)
NAME = "C20200218-1"


def option(strike: float, right: Right) -> OptionContract:
    return OptionContract(TradingClass.SPXW, EXPIRY, round(strike * 100), right)


LEGS = CondorLegs(
    Vertical(option(3200, Right.PUT), option(3175, Right.PUT)),
    Vertical(option(3470, Right.CALL), option(3495, Right.CALL)),
)
CHEAP: dict[float, float] = {3175: 1.0, 3200: 2.0, 3470: 2.0, 3495: 1.0}  # closing costs 2.00 points
DEAR: dict[float, float] = {3175: 10.0, 3200: 22.0, 3470: 1.5, 3495: 0.5}  # closing costs 13.00 points


class Market(FakeBroker):
    """A broker that quotes what a test says, beside the account's own marks."""

    def __init__(self, broker: FakeBroker) -> None:
        super().__init__(broker.clock)
        self.mids = dict(CHEAP)
        self.shown = dict(CHEAP)
        self.spx = 3335.0
        self.asked: list[OptionContract] = []

    def marks(self) -> Mapping[ConId, Mark]:
        return {
            con_id(option): Mark(self.shown[option.strike], self.clock.now())
            for option, held in self.held.items()
            if held and option.strike in self.shown
        }

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        self.asked += [info.contract for info in wanted]
        return {info.contract: self._quote(info.contract) for info in wanted if self._known(info.contract)}

    def _known(self, contract: OptionContract) -> bool:
        return contract.strike in self.mids

    def _quote(self, contract: OptionContract) -> Quote:
        mid = round(self.mids[contract.strike] * 100)
        delta = Greeks(0.2, 0.15 if contract.right is Right.CALL else -0.15, None, None, None, None)
        return Quote(self.clock.now(), mid - 5, mid + 5, 10, 10, greeks=delta)

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        return IndexQuote(self.clock.now(), self.spx if underlying is Underlying.SPX else 14.5)

    async def option_params(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        return (OptionParams(TradingClass.SPXW, (EXPIRY,), tuple(range(310_000, 360_000, 500))),)


class World:
    """A condor entered for 4.00 points, its exits, and time that passes from one check to the next."""

    def __init__(self, desk: Desk, broker: Market, executor: Executor, exits: CondorExits) -> None:
        self.desk, self.broker, self.executor, self.exits = desk, broker, executor, exits

    async def check(self, times: int = 1) -> None:
        for _ in range(times):
            await self.exits.check_exits(SESSION)
            await self.desk.clock.sleep(300)

    def orders(self, purpose: Purpose, tif: TimeInForce | None = None) -> list[Intent]:
        found = [i for i in self.desk.store.intents(subject=NAME) if i.key.purpose is purpose]
        return [i for i in found if tif is None or i.spec.tif is tif]

    @property
    def sent(self) -> list[Intent]:
        """Return the orders that were worked to close the condor."""
        return self.orders(Purpose.EXIT, TimeInForce.DAY)

    def events(self, name: str) -> list[Mapping[str, object]]:
        return [event.fields for event in self.desk.store.events() if event.name == name]


def play(folder: Path, scene: Callable[[World], Awaitable[None]], *, legs: CondorLegs = LEGS, **changes: Any) -> None:
    """Enter two condors, then play a scene with changed rules in virtual time."""

    async def main() -> None:
        desk, plain = make_desk(folder)
        broker = Market(plain)
        desk.broker = broker
        desk.policy = replace(desk.policy, condor=replace(desk.policy.condor, **changes))
        facts = FactRecorder(desk)
        broker.subscribe(facts.sink)
        consumer = asyncio.create_task(facts.run())
        background = Background(desk.journal)
        risk = RiskMonitor(desk, RunStates(desk))
        executor = Executor(desk, facts, risk)
        exits = CondorExits(desk, executor, risk, background.spawn)
        world = World(desk, broker, executor, exits)
        desk.link.clock_skew_s = 0.0
        try:
            await enter(world, legs)
            await scene(world)
        finally:
            await background.stop()
            consumer.cancel()
        assert world.events("job_crashed") == []

    run_virtual(main, START)


async def enter(world: World, legs: CondorLegs) -> None:
    desk, broker = world.desk, world.broker
    key = IntentKey(SESSION, Strategy.CONDOR, Purpose.ENTRY, NAME, 1)
    record = CondorRecord(NAME, SESSION, legs, {"time_exit_dte": 21, "take_profit_pct": 50.0}, key, 3335.0)
    spec = OrderSpec(legs.held, 2, -400, TimeInForce.DAY)
    intent = Intent(key, spec, desk.clock.now(), mid_at_decision_pts=-4.0)
    await world.executor.send(intent, record)
    # The fake fills the first leg, a long one, at the net: a negative price there stands for the credit.
    for place, leg in enumerate(spec.legs):
        price = {0: 100, 1: 300, 2: 300, 3: 100}[place]
        broker.fill_leg(intent.ref, leg, 2, price)
    broker.open_orders.pop(intent.ref)
    await desk.clock.sleep(1)
    (condor,) = desk.view().condors
    assert condor.credit_pts == pytest.approx(4.0)
    await world.exits.rest_take_profits()
    await desk.clock.sleep(1)


STOP: dict[str, Any] = {"stop_enabled": True, "stop_loss_credits": 2.0}
TOUCH: dict[str, Any] = {"touch_action": TouchAction.CLOSE}
ACT: dict[str, Any] = {"drift_mode": DriftMode.ACT}
