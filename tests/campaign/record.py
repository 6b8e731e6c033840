"""What is true of the account of a campaign, as its exchange tells it: fills, positions, values."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from campaign.seen import Fill, Open

from daemon.core.calendar.expiries import settlement_at
from daemon.core.calendar.sessions import new_york_date
from daemon.core.market.contracts import INDEXES, OptionContract, Underlying
from daemon.core.orders.broker_facts import ExecId, exec_stem
from daemon.core.orders.intent import OrderRef
from daemon.sim.exchange import Exchange
from daemon.sim.exchange.api import ExchangeEvent, Executed, PositionChanged, SimExecution
from daemon.sim.exchange.con_ids import contract_of

HAND: Final = 99
"""The client id of trades that a person makes by hand."""


@dataclass(slots=True)
class Shown:
    """What the daemon was shown last."""

    at: datetime | None = None
    """When the account was shown complete and true; None never in this life."""
    _read_at: dict[Underlying, datetime] = field(default_factory=dict)

    @property
    def index_at(self) -> datetime | None:
        """Return when the older of SPX and VIX, as read last, changed last; None before any was read."""
        return min(self._read_at.values(), default=None)

    def read(self, underlying: Underlying, at: datetime) -> None:
        """Note the time of a value that the daemon has read; funds are no indexes."""
        if underlying in INDEXES:
            self._read_at[underlying] = at

    def begin(self) -> None:
        """Begin anew with a daemon that has been shown nothing."""
        self.at = None
        self._read_at.clear()


class Record:
    """Listens to an exchange and keeps what is true."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        for name in ("advance", "submit", "cancel"):
            setattr(exchange, name, self._noting(getattr(exchange, name)))
        self.fills: dict[str, Fill] = {}
        """Every execution of a contract by the stem of its id."""
        self.positions: dict[OptionContract, int] = {}
        self.moved_at: dict[OptionContract, datetime] = {}
        """When an order of the daemon traded each contract last."""
        self._listed: set[str] = set()
        """Fills that were in a list which the daemon was shown."""
        self._listed_until: datetime | None = None
        self._by_hand: set[OptionContract] = set()
        self._hand_fees_usd_cents = 0
        self._started_with = self._net_liquidation_usd_cents()

    def _noting(self, act: Callable[..., list[ExchangeEvent]]) -> Callable[..., list[ExchangeEvent]]:
        def noted(*arguments: Any) -> list[ExchangeEvent]:
            events = act(*arguments)
            for event in events:
                if isinstance(event, Executed):
                    self._executed(event.execution)
                elif isinstance(event, PositionChanged):
                    self._moved(event)
            return events

        return noted

    def _executed(self, execution: SimExecution) -> None:
        contract = None if execution.con_id is None else contract_of(execution.con_id)
        if contract is None:
            return
        quantity = execution.quantity if execution.side == "BOT" else -execution.quantity
        ref = OrderRef(execution.order_ref)
        stem, _ = exec_stem(ExecId(execution.exec_id))
        self.fills[stem] = Fill(ref, contract, quantity, round(execution.price * 100), execution.at)
        if execution.client_id == HAND:
            self._by_hand.add(contract)
            self._hand_fees_usd_cents += round((execution.commission or 0) * 100)
        else:
            self.moved_at[contract] = execution.at

    def _moved(self, event: PositionChanged) -> None:
        contract = contract_of(event.con_id)
        if contract is None:
            return
        self.positions = {**self.positions, contract: event.quantity}
        if not event.quantity:
            del self.positions[contract]

    def _net_liquidation_usd_cents(self) -> int:
        return round(self._exchange.account().net_liquidation * 100)

    @property
    def change_usd_cents(self) -> int:
        """Return what the account has gained since the start."""
        return self._net_liquidation_usd_cents() - self._started_with

    def were_listed(self, at: datetime) -> None:
        """Note that the daemon was shown everything at an instant: a gateway lists the fills of its day."""
        if at != self._listed_until:
            self._listed_until, day = at, new_york_date(at)
            self._listed |= {
                stem for stem, fill in self.fills.items() if fill.at <= at and new_york_date(fill.at) == day
            }

    def forgotten(self, booked: AbstractSet[str]) -> tuple[Fill, ...]:
        """Return the daemon's fills that no list has shown to it while they were listed: only a person can tell."""
        return tuple(
            fill for stem, fill in self.fills.items() if fill.ref and stem not in booked and stem not in self._listed
        )

    def alive(self, now: datetime) -> dict[OptionContract, int]:
        """Return the positions that have not settled."""
        return {
            contract: quantity
            for contract, quantity in self.positions.items()
            if settlement_at(contract.trading_class, contract.expiry) > now
        }

    def working(self) -> tuple[Open, ...]:
        """Return the orders of the daemon that work."""
        return tuple(
            Open(OrderRef(order.request.order_ref), order.perm_id)
            for order in self._exchange.open_orders()
            if order.request.client_id != HAND
        )

    def marks_usd_cents(self) -> dict[OptionContract, int]:
        """Return what one contract of each position is worth, in cents."""
        found = {contract_of(held.con_id): held for held in self._exchange.positions()}
        return {
            contract: round(held.mark * contract.multiplier * 100)
            for contract, held in found.items()
            if contract is not None and held.quantity
        }

    def by_hand_usd_cents(self) -> int:
        """Return what trades by hand have made: the named cash adjustments of the account."""
        marks = self.marks_usd_cents()
        paid = sum(fill.quantity * fill.price_pts100 * fill.contract.multiplier for fill in self._hand_fills())
        worth = sum(self.positions.get(contract, 0) * marks.get(contract, 0) for contract in self._by_hand)
        return worth - paid - self._hand_fees_usd_cents

    def _hand_fills(self) -> list[Fill]:
        return [fill for fill in self.fills.values() if not fill.ref]
