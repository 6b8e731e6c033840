"""Hand-made fakes for the engine: a broker whose behaviour a test scripts, and a desk around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from daemon.adapters.clock import SystemClock
from daemon.adapters.halt_file import HaltFile
from daemon.adapters.store import SqliteStore
from daemon.core.calendar.events import EconomicCalendar
from daemon.core.calendar.sessions import log_session
from daemon.core.market.contracts import (
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    Right,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.core.market.macro import MacroData
from daemon.core.market.quotes import Bar, IndexQuote, Mark, Quote
from daemon.core.orders.broker_facts import (
    AccountValues,
    BrokerFact,
    Connected,
    ExecId,
    ExecutionFact,
    LinkState,
    Margin,
    OrderFact,
    OrderStatus,
    PositionFact,
    Snapshot,
)
from daemon.core.orders.intent import (
    Intent,
    IntentKey,
    Leg,
    OrderRef,
    OrderSpec,
    PermId,
    Purpose,
    Strategy,
    TimeInForce,
)
from daemon.engine.context import Desk, EnginePolicy
from daemon.engine.executor import Executor
from daemon.engine.facts import FactRecorder
from daemon.engine.journal import Journal
from daemon.engine.risk_monitor import RiskMonitor
from daemon.engine.run_states import RunStates
from daemon.errors import LinkDownError
from daemon.ports import FactSink
from daemon.settings import load

START = datetime(2020, 2, 18, 15, 30, tzinfo=UTC)  # 10:30 in New York
SESSION = date(2020, 2, 18)
CALL = OptionContract(TradingClass.VIXW, date(2020, 3, 4), 1700, Right.CALL)
STEPS = ((0, 5), (300, 10))


class FakeBroker:
    """Answers as the test says; every order waits for the test's script."""

    def __init__(self, clock: SystemClock) -> None:
        self.clock = clock
        self.state = LinkState.SYNCED
        self.sinks: list[FactSink] = []
        self.placed: list[tuple[OrderRef, OrderSpec]] = []
        self.modified: list[tuple[OrderRef, int]] = []
        self.cancelled: list[OrderRef] = []
        self.held: dict[OptionContract, int] = {}
        self.paid_pts100: dict[OptionContract, int] = {}
        """What the account says that it paid for what it holds, where it says so."""
        self.open_orders: dict[OrderRef, OrderFact] = {}
        self.completed: list[OrderFact] = []
        self.executions: list[ExecutionFact] = []
        self.connect_errors: list[Exception] = []
        self.connects = 0
        self.on_place: Callable[[OrderRef, OrderSpec], None] = self.acknowledge
        self.on_modify: Callable[[OrderRef, int], None] = lambda ref, limit: None
        self.on_cancel: Callable[[OrderRef], None] = self.confirm_cancel
        self.settlements: dict[tuple[TradingClass, date], float] = {}
        self.listed: tuple[OptionParams, ...] = ()
        self.exists: Callable[[OptionContract], bool] = lambda contract: True
        self.quoted: Callable[[OptionContract], Quote | None] = lambda contract: None
        self.interest: dict[OptionContract, int] = {}
        """Open interest of the contracts of which it is told."""
        self.asked: list[OptionContract] = []
        """Every contract that a market-data line was opened for."""
        self._perm = 900

    # -- script -------------------------------------------------------------------------------

    def tell(self, fact: BrokerFact) -> None:
        for sink in self.sinks:
            sink(fact)

    def acknowledge(self, ref: OrderRef, spec: OrderSpec) -> None:
        self._perm += 1
        fact = OrderFact(ref, PermId(self._perm), OrderStatus.WORKING, 0, spec.quantity)
        self.open_orders[ref] = fact
        self.tell(fact)

    def confirm_cancel(self, ref: OrderRef) -> None:
        fact = self.open_orders.pop(ref, None)
        if fact is not None:
            done = OrderFact(ref, fact.perm_id, OrderStatus.CANCELLED, fact.filled, fact.remaining)
            self.completed.append(done)
            self.tell(done)

    def fill(self, ref: OrderRef, quantity: int | None = None, *, tell: bool = True) -> None:
        """Fill an order (or a part of it) at its limit, every leg at a share of the net price."""
        spec = dict(self.placed)[ref]
        perm = self.open_orders[ref].perm_id if ref in self.open_orders else PermId(self._perm)
        count = spec.quantity if quantity is None else quantity
        for place, leg in enumerate(spec.legs):
            signed = count * leg.ratio
            price = abs(spec.net_limit_pts100) if place == 0 else 0
            exec_id = ExecId(f"0001.{len(self.executions):04d}.{place + 2:02d}.01")
            fact = ExecutionFact(
                exec_id, ref, perm, con_id(leg.contract), leg.contract, False, signed, price, self.clock.now()
            )
            self.executions.append(fact)
            self.held[leg.contract] = self.held.get(leg.contract, 0) + signed
            if tell:
                self.tell(fact)
        if count == spec.quantity:
            self.open_orders.pop(ref, None)

    def fill_leg(self, ref: OrderRef, leg: Leg, count: int, price_pts100: int) -> None:
        """Fill one leg of an order at a price of its own."""
        perm = self.open_orders[ref].perm_id if ref in self.open_orders else PermId(self._perm)
        signed = count * leg.ratio
        exec_id = ExecId(f"0002.{len(self.executions):04d}.02.01")
        fact = ExecutionFact(
            exec_id, ref, perm, con_id(leg.contract), leg.contract, False, signed, price_pts100, self.clock.now()
        )
        self.executions.append(fact)
        self.held[leg.contract] = self.held.get(leg.contract, 0) + signed
        self.tell(fact)

    def fill_at(self, ref: OrderRef, prices_pts: Mapping[OptionContract, float]) -> None:
        """Fill an order whole, each leg at its own price."""
        spec = dict(self.placed)[ref]
        for leg in spec.legs:
            self.fill_leg(ref, leg, spec.quantity, round(prices_pts[leg.contract] * 100))
        self.open_orders.pop(ref, None)

    # -- port ---------------------------------------------------------------------------------

    @property
    def link(self) -> LinkState:
        return self.state

    @property
    def requests_sent(self) -> int:
        return 0

    def subscribe(self, sink: FactSink) -> None:
        self.sinks.append(sink)

    async def connect(self) -> Connected:
        self.connects += 1
        if self.connect_errors:
            raise self.connect_errors.pop(0)
        self.state = LinkState.SYNCED
        return Connected("DU1234567", 176, True, self.clock.now())

    async def disconnect(self) -> None:
        self.state = LinkState.DOWN

    async def gateway_time(self) -> datetime:
        return self.clock.now()

    async def snapshot(self) -> Snapshot:
        await self.clock.sleep(0.01)
        return Snapshot(
            self.clock.now(),
            tuple(self.positions().values()),
            tuple(self.open_orders.values()),
            tuple(self.completed),
            tuple(self.executions),
            (),
            await self.account_values(),
        )

    async def account_values(self) -> AccountValues:
        return AccountValues(100_000_000, 100_000_000, 0, 0, 100_000_000, self.clock.now())

    def positions(self) -> Mapping[ConId, PositionFact]:
        return {
            con_id(contract): PositionFact(
                con_id(contract), contract, quantity, str(contract), self.paid_pts100.get(contract)
            )
            for contract, quantity in sorted(self.held.items())
        }

    def marks(self) -> Mapping[ConId, Mark]:
        return {con_id(contract): Mark(1.0, self.clock.now()) for contract in self.held}

    async def settlement_value(self, trading_class: TradingClass, expiry: date) -> float | None:
        return self.settlements.get((trading_class, expiry))

    async def option_params(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        return tuple(row for row in self.listed if row.trading_class.underlying is underlying)

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        return {
            contract: ContractInfo(con_id(contract), contract, STEPS) for contract in wanted if self.exists(contract)
        }

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        return IndexQuote(self.clock.now(), 3370.0 if underlying is Underlying.SPX else 14.5)

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        self.asked += [info.contract for info in wanted]
        quotes = {info.contract: self.quoted(info.contract) for info in wanted}
        return {contract: quote for contract, quote in quotes.items() if quote is not None}

    async def open_interest(self, wanted: Sequence[ContractInfo]) -> Mapping[OptionContract, int]:
        return {info.contract: self.interest[info.contract] for info in wanted if info.contract in self.interest}

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        return ()

    async def what_if(self, spec: OrderSpec) -> Margin:
        return Margin(0, 0, 0, 0, 0)

    async def place(self, ref: OrderRef, spec: OrderSpec) -> None:
        if self.state is not LinkState.SYNCED:
            raise LinkDownError("not connected")
        self.placed.append((ref, spec))
        self.on_place(ref, spec)

    async def modify(self, ref: OrderRef, net_limit_pts100: int) -> None:
        self.modified.append((ref, net_limit_pts100))
        self.on_modify(ref, net_limit_pts100)

    async def cancel(self, ref: OrderRef) -> None:
        self.cancelled.append(ref)
        self.on_cancel(ref)


def con_id(contract: OptionContract) -> ConId:
    """Return a made-up but stable number of a contract."""
    return ConId(contract.strike_pts100 * 1000 + contract.expiry.toordinal() % 1000)


def make_desk(folder: Path, **changes: str) -> tuple[Desk, FakeBroker]:
    """Return a desk over a real store in ``folder`` and a scripted broker; ``changes`` are settings without the prefix."""
    clock = SystemClock()
    store = SqliteStore(folder / "condord.db", synchronous="OFF")
    journal = Journal(store, clock, partial(log_session, end_of_day=time(16, 40)))
    broker = FakeBroker(clock)
    settings = load([], {"HOME": str(folder)} | {f"CONDORD_{name}": value for name, value in changes.items()})
    policy = EnginePolicy(
        condor=settings.condor_policy(),
        hedge=settings.hedge_policy(),
        limits=settings.risk_limits(),
        schedule=settings.schedule_policy(),
        resets=settings.reset_policy(),
        events=EconomicCalendar(()),
        signals=settings.signal_policy(),
        adjustment=settings.adjustment_policy(),
        monitors=settings.monitor_policy(),
        absence_proof_s=30,
        evidence_wait_s=20,
        heartbeat_s=30,
        reconnect_min_s=2,
        reconnect_max_s=60,
    )
    desk = Desk(
        broker=broker,
        store=store,
        clock=clock,
        journal=journal,
        policy=policy,
        halt_file=HaltFile(folder),
        read_macro=MacroData,
        macro=MacroData(),
    )
    desk.link.synced = desk.link.paper = True
    return desk, broker


def make_executor(desk: Desk, facts: FactRecorder) -> Executor:
    """Return an executor with a risk monitor before it."""
    return Executor(desk, facts, RiskMonitor(desk, RunStates(desk)))


def hedge_intent(*, quantity: int = 3, limit: int = 100, attempt: int = 1) -> Intent:
    """Return an intent to buy VIX calls for layer L1."""
    key = IntentKey(SESSION, Strategy.HEDGE, Purpose.RESIZE, "L1", attempt)
    spec = OrderSpec((Leg(CALL, 1),), quantity, limit, TimeInForce.DAY)
    return Intent(key, spec, START, mid_at_decision_pts=1.0)


LATER = START + timedelta(minutes=15)
