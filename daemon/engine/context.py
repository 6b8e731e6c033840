"""What every use case of the engine works with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from daemon.core.book.book import Book
from daemon.core.book.condors import OpenCondor, open_condors
from daemon.core.calendar.events import EconomicCalendar
from daemon.core.calendar.expiries import last_trade_at, settlement_at
from daemon.core.calendar.resets import ResetPolicy
from daemon.core.calendar.schedule import SchedulePolicy
from daemon.core.condor.policy import CondorPolicy
from daemon.core.hedge.adjustments import AdjustmentPolicy
from daemon.core.hedge.monitors import MonitorPolicy
from daemon.core.hedge.policy import HedgePolicy
from daemon.core.hedge.signal_values import SignalPolicy
from daemon.core.market.contracts import OptionContract, OptionParams, Underlying
from daemon.core.market.macro import MacroData
from daemon.core.market.quotes import Mark
from daemon.core.orders.broker_facts import AccountValues
from daemon.core.risk.exposure import wing_notional_usd
from daemon.core.risk.limits import RiskLimits
from daemon.engine.journal import Journal
from daemon.ports import Broker, Clock, HaltFile, Store

BASELINE: Final = "baseline_net_liquidation_usd_cents"
"""Names, in the store, what the account was worth at the first start, from which profit is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePolicy:
    """All the policies the engine follows, and its own time limits."""

    condor: CondorPolicy
    hedge: HedgePolicy
    limits: RiskLimits
    schedule: SchedulePolicy
    resets: ResetPolicy
    events: EconomicCalendar
    signals: SignalPolicy
    adjustment: AdjustmentPolicy
    monitors: MonitorPolicy
    absence_proof_s: float
    """Least time between the two proofs that an order does not exist (decision 12)."""
    evidence_wait_s: float
    """How long a sent order or cancel may stay without evidence before it counts as UNKNOWN."""
    heartbeat_s: float
    reconnect_min_s: float
    reconnect_max_s: float


@dataclass(frozen=True, slots=True)
class BookView:
    """The book with what is derived from it, for as long as the store returns the same book."""

    book: Book
    condors: tuple[OpenCondor, ...]
    positions: Mapping[OptionContract, int]
    """Net quantities of everything held, also of what cancels out (0)."""
    next_settlement: datetime | None
    """When the first of them settles, or has settled; None for an empty book."""
    wing_notional_usd: int
    """W: the open wing notional in dollars."""


@dataclass(slots=True)
class LinkView:
    """What the engine knows of the connection and of its last reconciliation."""

    account: str = ""
    simulated: bool = False
    paper: bool = False
    synced: bool = False
    clock_skew_s: float | None = None
    heard_at: datetime | None = None
    """When the gateway last told its time."""
    reconciled_at: datetime | None = None
    valued: AccountValues | None = None
    """The account as the last reconciliation read it; None while it was not told."""
    breaks_open: int = 0

    @property
    def ready(self) -> bool:
        """Whether book and account have been compared on a connection that stands: it is synced before that."""
        return self.synced and self.reconciled_at is not None


@dataclass(slots=True)
class Desk:
    """The engine's shared state: ports, policies, and what is derived from them."""

    broker: Broker
    store: Store
    clock: Clock
    journal: Journal
    policy: EnginePolicy
    halt_file: HaltFile
    read_macro: Callable[[], MacroData]
    """Reads the files of macro figures; raises SettingsError for what is wrong with them."""
    macro: MacroData
    """What they held when they were last good."""
    link: LinkView = field(default_factory=LinkView)
    _params: dict[Underlying, tuple[date, tuple[OptionParams, ...]]] = field(default_factory=dict)
    _view: BookView | None = None

    def view(self) -> BookView:
        """Return the book with the open condors, derived anew only when something was booked."""
        book = self.store.book()
        if self._view is None or self._view.book is not book:
            condors = open_condors(book, self.store.condors(), self.store.entries(), known=_unchanged(self._view, book))
            positions = _net_positions(book)
            settlements = (settlement_at(contract.trading_class, contract.expiry) for contract in positions)
            self._view = BookView(book, condors, positions, min(settlements, default=None), wing_notional_usd(condors))
        return self._view

    def marks(self, contracts: Iterable[OptionContract]) -> dict[OptionContract, Mark]:
        """Return the portfolio's own values of contracts that we hold or held; a missing one is absent."""
        con_ids, marks = self.store.book().con_ids, self.broker.marks()
        found = ((contract, marks.get(con_ids[contract])) for contract in contracts if contract in con_ids)
        return {contract: mark for contract, mark in found if mark is not None}

    def alive(self, positions: Mapping[OptionContract, int]) -> dict[OptionContract, int]:
        """Return the positions that can still be traded."""
        now = self.clock.now()
        return {
            contract: quantity
            for contract, quantity in positions.items()
            if now < last_trade_at(contract.trading_class, contract.expiry)
        }

    async def option_params(self, underlying: Underlying, session: date) -> tuple[OptionParams, ...]:
        """Return what is listed, asked once a session."""
        known = self._params.get(underlying)
        if known is None or known[0] != session:
            known = (session, await self.broker.option_params(underlying))
            self._params[underlying] = known
        return known[1]


def _unchanged(view: BookView | None, book: Book) -> dict[str, OpenCondor]:
    """Return the condors of an earlier view in which nothing was traded since: a trade makes new positions."""
    if view is None:
        return {}
    before = view.book.holdings
    condors = {condor.record.condor_id: condor for condor in view.condors}
    return {
        name: condor
        for name, condor in condors.items()
        if (held := book.holdings.get(name)) is not None and held.positions is before[name].positions
    }


def _net_positions(book: Book) -> dict[OptionContract, int]:
    held = {contract: 0 for holding in book.holdings.values() for contract in holding.positions}
    return held | book.positions()
