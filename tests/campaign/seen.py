"""What can be observed of a daemon and of its account at one moment: plain values for the checkers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from daemon.core.book.book import Book, BookEntry
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Intent, OrderRef, OrderSpec
from daemon.core.records import Decision, EventRecord, RunState
from daemon.core.risk.limits import RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A new order at the moment its bytes leave."""

    at: datetime
    session: date
    ref: OrderRef
    spec: OrderSpec
    account: str
    committed: str | None
    """The state of its intent as another connection reads it from the database; None without an intent."""
    link_synced: bool
    reconciled_at: datetime | None
    run_state: RunState
    breaks_open: int
    index_at: datetime | None
    """When the older of SPX and VIX, as last read, changed last."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of one contract as the account had it."""

    ref: OrderRef
    contract: OptionContract
    quantity: int
    price_pts100: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Open:
    """An order that works at the broker."""

    ref: OrderRef
    perm_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look after a step."""

    at: datetime
    sent: tuple[Sent, ...]
    """Orders sent since the look before."""
    times_sent: Mapping[OrderRef, int]
    """How often each order was sent as a new one, over all lives of the daemon."""
    sent_in_session: Mapping[date, tuple[OrderRef, ...]]
    counted_from: datetime | None
    """When a person last resumed; orders are counted from there."""
    working: tuple[Open, ...]
    fills: Mapping[str, Fill]
    """By the stem of their execution ids."""
    account: Mapping[OptionContract, int]
    moved_at: Mapping[OptionContract, datetime]
    """When an order of ours last traded each contract."""
    shown_at: datetime | None
    """When the account last showed the daemon a complete and true list, None never."""
    reconciled_at: datetime | None
    """When the daemon last compared its book with the account."""
    entries: tuple[BookEntry, ...]
    book: Book
    breaks_open: int
    intents: tuple[Intent, ...]
    limits: RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a process that starts now would find in the database."""

    book: Book
    intents: tuple[Intent, ...]
    run_state: RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What stands after a session has closed, or when all has come to rest."""

    seen: Seen
    sessions: tuple[date, ...]
    """The sessions that are over."""
    jobs: tuple[str, ...]
    """The daily jobs of a session."""
    outcomes: Mapping[tuple[date, str], tuple[str, ...]]
    """Every outcome that was told of a job of a session."""
    decisions: Mapping[date, tuple[Decision, ...]]
    events: tuple[EventRecord, ...]
    rebuilt: Rebuilt
    remembered: Rebuilt
    """What the process has in memory."""
    change_usd_cents: int
    """Of net liquidation since the start."""
    marks_usd_cents: Mapping[OptionContract, int]
    """What the account says one contract is worth."""
    by_hand_usd_cents: int
    """What trades that are not ours have made."""
    forgotten: tuple[Fill, ...]
    """Fills that the gateway listed on a day on which the daemon did not look, and never again."""
    quiet: bool
    """Whether the last fault and a quiet session are over."""
    link_synced: bool
    due: tuple[str, ...]
    """Condors whose time to go had come before the quiet session."""
