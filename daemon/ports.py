"""What the engine needs from the world. Adapters and the simulated exchange provide it; ``app`` joins them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Protocol

from daemon.core.alerts.outbox import DeskRecord
from daemon.core.alerts.state import Message
from daemon.core.book.book import Book, BookEntry
from daemon.core.hedge.governance import GovernanceEntry
from daemon.core.market.contracts import (
    ConId,
    ContractInfo,
    OptionContract,
    OptionParams,
    SignalIndex,
    TradingClass,
    Underlying,
)
from daemon.core.market.quotes import Bar, IndexQuote, Mark, Quote
from daemon.core.orders.broker_facts import (
    AccountValues,
    BrokerFact,
    Connected,
    ExecId,
    LinkState,
    Margin,
    PositionFact,
    Snapshot,
)
from daemon.core.orders.intent import ComboPrice, Intent, IntentState, OrderRef, OrderSpec, PermId
from daemon.core.records import (
    CondorRecord,
    DailyValue,
    DayRecord,
    Decision,
    EventRecord,
    HedgeComputation,
    JobOutcome,
    Monitor,
    RiskRecord,
    RunStateRecord,
    Signal,
)

FactSink = Callable[[BrokerFact], None]


class Clock(Protocol):
    """The only source of the time."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC, on the clock that trading follows."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the same clock."""
        ...


class Scheduler(Protocol):
    """Runs coroutines at absolute instants of the trading clock."""

    def start(self) -> None:
        """Begin to fire."""
        ...

    def at(self, when: datetime, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Run ``job`` once at ``when``; a job of the same name is replaced."""
        ...

    def every(
        self, minutes: int, first: datetime, last: datetime, name: str, job: Callable[[], Awaitable[None]]
    ) -> None:
        """Run ``job`` at ``first`` and every ``minutes`` after it until ``last``, never twice at a time."""
        ...

    def cancel_all(self) -> None:
        """Forget every job that has not fired."""
        ...

    async def stop(self) -> None:
        """Stop firing; a job that runs is left to finish."""
        ...


class Broker(Protocol):
    """A paper account behind a TWS gateway. Every call has a time-out and raises BrokerError or a subclass."""

    @property
    def link(self) -> LinkState:
        """State of the connection."""
        ...

    def subscribe(self, sink: FactSink) -> None:
        """Send every later fact to ``sink``, which must only record it and return."""
        ...

    async def connect(self) -> Connected:
        """Connect, check that every account is paper, and re-check the start-up answers.

        Raises LinkDownError (try again), LiveAccountError, WrongProtocolError.
        """
        ...

    async def disconnect(self) -> None:
        """Close the connection; does nothing when there is none."""
        ...

    async def gateway_time(self) -> datetime:
        """Ask the gateway for its time (also the heartbeat)."""
        ...

    async def snapshot(self) -> Snapshot:
        """Read positions, orders, executions and account values as one consistent whole."""
        ...

    async def account_values(self) -> AccountValues:
        """Return the account values as streamed last; raises while any is unknown."""
        ...

    def positions(self) -> Mapping[ConId, PositionFact]:
        """Return the positions as streamed so far, without asking; one mapping never changes, a change makes another."""
        ...

    def marks(self) -> Mapping[ConId, Mark]:
        """Return the portfolio's own values as streamed so far."""
        ...

    async def settlement_value(self, trading_class: TradingClass, expiry: date) -> float | None:
        """Return the final settlement value in points, or None while it is not published.

        SPXW: the closing value of SPX; VIX and VIXW: the morning auction (VRO); SPX: the opening one (SET).
        """
        ...

    async def option_params(self, underlying: Underlying) -> tuple[OptionParams, ...]:
        """List trading classes, expiries (settlement dates) and strikes."""
        ...

    async def contracts(self, wanted: Sequence[OptionContract]) -> Mapping[OptionContract, ContractInfo]:
        """Look contracts up; one that does not exist is absent from the answer."""
        ...

    async def index_quote(self, underlying: Underlying) -> IndexQuote:
        """Return the last value of an index, from a line that stays open."""
        ...

    async def quotes(self, wanted: Sequence[ContractInfo], *, greeks: bool) -> Mapping[OptionContract, Quote]:
        """Open lines, wait until each has a two-sided quote (and model greeks), close them.

        A contract without any quote in time is absent; the budget of market-data lines is kept.
        """
        ...

    async def open_interest(self, wanted: Sequence[ContractInfo]) -> Mapping[OptionContract, int]:
        """Return how many of each contract are open at the exchange, as counted the night before.

        Costs a line each; one of which it is not known in time is absent.
        """
        ...

    async def bars(self, index: Underlying | SignalIndex, *, minutes: int, count: int) -> tuple[Bar, ...]:
        """Return the last ``count`` bars of an index; ``minutes`` 1440 means daily bars."""
        ...

    async def what_if(self, spec: OrderSpec) -> Margin:
        """Ask for the margin an order would need, without placing it."""
        ...

    async def place(self, ref: OrderRef, spec: OrderSpec) -> None:
        """Send a new order; what becomes of it arrives as facts. Raises when it certainly was not sent."""
        ...

    async def modify(self, ref: OrderRef, net_limit_pts100: int) -> None:
        """Change the price of a working order that this connection knows."""
        ...

    async def cancel(self, ref: OrderRef) -> None:
        """Ask for a cancel; it is final only with evidence."""
        ...

    @property
    def requests_sent(self) -> int:
        """Messages sent since the start, for pacing figures."""
        ...


class Store(Protocol):
    """The program's memory. Every method is one transaction; nothing is kept only in RAM."""

    def meta(self, key: str) -> str | None:
        """Return a named value."""
        ...

    def set_meta(self, key: str, value: str) -> None:
        """Keep a named value."""
        ...

    def run_state(self) -> RunStateRecord:
        """Return the persistent run state that holds: the strictest of a person's and the program's."""
        ...

    def set_run_state(self, record: RunStateRecord) -> None:
        """Change a person's or the program's run state; a person's RUNNING takes both back."""
        ...

    def job_outcome(self, session: date, job: str) -> JobOutcome | None:
        """Return what became of a job of a session."""
        ...

    def record_job(self, session: date, job: str, outcome: JobOutcome) -> bool:
        """Record an outcome; False when the job already has one (the first stays)."""
        ...

    def record_decision(self, decision: Decision) -> None:
        """Record a decision with its reasons."""
        ...

    def decisions(self, session: date) -> tuple[Decision, ...]:
        """Return the decisions of a session in order."""
        ...

    def plan_intent(self, intent: Intent, condor: CondorRecord | None = None) -> None:
        """Commit a new intent (and the condor it opens). Raises InvariantError on a key that exists."""
        ...

    def advance_intent(
        self, ref: OrderRef, state: IntentState, at: datetime, why: str, perm_id: PermId | None = None
    ) -> Intent:
        """Move an intent on, keep the transition, return the intent as it now is."""
        ...

    def reprice_intent(self, ref: OrderRef, net_limit_pts100: int, quoted: ComboPrice | None, at: datetime) -> None:
        """Commit a new limit price, and the market it was made from, before it is sent."""
        ...

    def intent(self, ref: OrderRef) -> Intent | None:
        """Return one intent."""
        ...

    def intents(
        self, *, session: date | None = None, subject: str | None = None, live_only: bool = False
    ) -> tuple[Intent, ...]:
        """Return intents in the order they were planned."""
        ...

    def record_execution(self, entry: BookEntry, event: EventRecord) -> bool:
        """Book one execution or settlement in one transaction: execution, intent (FILLED when complete), event.

        False, and nothing written, when this stem and revision (or a higher one) is booked already.
        """
        ...

    def record_fee(self, exec_id: ExecId, fee_usd_e4: int) -> bool:
        """Add the fee of an execution; False when it is known, or the execution is not."""
        ...

    def entries(self) -> tuple[BookEntry, ...]:
        """Return every booked entry, oldest first, superseded revisions left out."""
        ...

    def book(self) -> Book:
        """Return the book: the fold of all entries, kept up to date with each."""
        ...

    def booked(self) -> Mapping[str, BookEntry]:
        """Return the highest revision of every booked execution by the stem of its id."""
        ...

    def intent_refs(self) -> AbstractSet[OrderRef]:
        """Return the refs of all intents ever planned."""
        ...

    def condors(self) -> tuple[CondorRecord, ...]:
        """Return every condor ever planned."""
        ...

    def record_hedge_computation(self, computation: HedgeComputation) -> None:
        """Record the hedge notional per regime; required before any VIX order."""
        ...

    def hedge_computations(self, session: date | None = None) -> tuple[HedgeComputation, ...]:
        """Return recorded computations, oldest first."""
        ...

    def last_hedge_computation(self) -> HedgeComputation | None:
        """Return the latest recorded computation."""
        ...

    def record_day(self, day: DayRecord) -> None:
        """Record the closing figures of a session, replacing an earlier record of it."""
        ...

    def days(self) -> tuple[DayRecord, ...]:
        """Return the closing figures of every session, oldest first."""
        ...

    def last_day(self) -> DayRecord | None:
        """Return the closing figures of the last session that has closed."""
        ...

    def record_risk(self, risk: RiskRecord) -> None:
        """Record what is at risk, replacing an earlier record of the session."""
        ...

    def risks(self, session: date | None = None) -> tuple[RiskRecord, ...]:
        """Return what was at risk, the last record of each session, oldest first."""
        ...

    def last_risk(self) -> RiskRecord | None:
        """Return what was at risk when it was measured last."""
        ...

    def daily_values(self, series: str, *, last: int) -> tuple[DailyValue, ...]:
        """Return the last closes of an index, oldest first."""
        ...

    def record_signals(
        self, session: date, signals: Sequence[Signal], closes: Mapping[str, Sequence[DailyValue]]
    ) -> None:
        """Record what the signals said before a session, replacing what was recorded of it, and the new closes.

        A session of an index that has a close keeps it.
        """
        ...

    def signals(self, session: date | None = None) -> tuple[Signal, ...]:
        """Return what the signals said before a session, or before every session, in their order."""
        ...

    def record_monitors(self, lines: Sequence[Monitor], values: Mapping[str, Sequence[DailyValue]]) -> None:
        """Record what monitors saw, replacing what they saw of the same in the session, and what they measured."""
        ...

    def monitors(self, first: date, last: date) -> tuple[Monitor, ...]:
        """Return what monitors saw from one session to another, in their order."""
        ...

    def record_governance(self, entries: Sequence[GovernanceEntry], events: Sequence[EventRecord]) -> None:
        """Continue the log of what was decided about the hedge policy, and tell it, in one transaction."""
        ...

    def governance(self) -> tuple[GovernanceEntry, ...]:
        """Return the log of what was decided about the hedge policy, from its beginning."""
        ...

    def append_event(self, event: EventRecord) -> None:
        """Append a fact to the event log."""
        ...

    def events(self, *, session: date | None = None) -> tuple[EventRecord, ...]:
        """Return events in the order they happened."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...


class HaltFile(Protocol):
    """A file by which a person halts the daemon, also one that hangs."""

    def reason(self) -> str | None:
        """Return why the file halts, or None when there is none."""
        ...

    def must_be_gone(self) -> None:
        """Raise UserError while the file is there."""
        ...


class Notifier(Protocol):
    """Tells the service manager how the program is."""

    def ready(self) -> None:
        """Say that start-up is over."""
        ...

    def status(self, text: str) -> None:
        """Set the one-line status."""
        ...

    def alive(self) -> None:
        """Ping the watchdog."""
        ...

    def stopping(self) -> None:
        """Say that the program is stopping."""
        ...


class Outlets(Protocol):
    """Ways to reach people. Nothing that an outlet does may hold the caller's event loop."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return how each outlet is called; a name holds no secret."""
        ...

    async def send(self, message: Message, to: Sequence[str]) -> Mapping[str, str]:
        """Send a message to some outlets at once; return by name what went wrong, "" for nothing.

        Each has a deadline after which it is broken off. Never raises for an outlet; no text holds a secret.
        """
        ...


class AlertMemory(Protocol):
    """Keeps what is known about alerts across restarts."""

    def load(self) -> DeskRecord | None:
        """Return what was saved last; None before the first time. Raises StoreError when it cannot be read."""
        ...

    def save(self, record: DeskRecord) -> None:
        """Keep it. Raises StoreError."""
        ...
