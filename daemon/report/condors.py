"""Condors as lines of a report: entry, distance to the short strikes, how each ended, what it earned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.book.condors import leg_directions
from daemon.core.book.pnl import holding_pnl_usd_cents
from daemon.core.calendar.expiries import dte
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Purpose, Strategy
from daemon.core.records import CondorRecord
from daemon.report.closing import Closing
from daemon.report.orders import OrderLine, net_paid_pts100
from daemon.report.words import condor_strikes


class CondorStatus(StrEnum):
    """Where a condor stands."""

    OPEN = "open"
    CLOSED = "closed"
    SETTLED = "settled"
    NOT_FILLED = "not filled"


@dataclass(frozen=True, slots=True)
class CondorLine:
    """One condor at the end of a session. Credits and debits are points for one condor."""

    record: CondorRecord
    status: CondorStatus
    entered: int
    """Condors filled at entry."""
    open_quantity: int
    credit_pts: float | None
    exit_debit_pts: float | None
    """Mean net debit of closing trades; None when none was made."""
    ended: date | None
    """Session of the last exit trade or settlement; None while open."""
    exit_reason: str
    pnl_usd_cents: int | None
    """Cash, fees and marks together; None when a mark is missing."""
    fees_usd_e4: int
    dte: int
    spx: float | None

    @property
    def condor_id(self) -> str:
        """Return the id."""
        return self.record.condor_id

    @property
    def strikes(self) -> str:
        """Return the strikes in short form."""
        return condor_strikes(self.record.legs.contracts)

    @property
    def to_put_pts(self) -> float | None:
        """Return how far SPX is above the short put; negative when it is through it."""
        put = self.record.legs.put
        return None if self.spx is None or put is None else self.spx - put.short.strike

    @property
    def to_call_pts(self) -> float | None:
        """Return how far SPX is below the short call; negative when it is through it."""
        call = self.record.legs.call
        return None if self.spx is None or call is None else call.short.strike - self.spx

    def share_of_spx_pct(self, distance_pts: float | None) -> float | None:
        """Return a distance as a percentage of SPX."""
        return None if distance_pts is None or not self.spx else 100 * distance_pts / self.spx


def condor_lines(
    records: Iterable[CondorRecord], closing: Closing, orders: Iterable[OrderLine]
) -> tuple[CondorLine, ...]:
    """Describe condors planned up to the end of a session; ``orders`` tell why they were closed."""
    planned = tuple(record for record in records if record.entry_session <= closing.session)
    by_subject: dict[str, list[BookEntry]] = {record.condor_id: [] for record in planned}
    for entry in closing.entries:
        if entry.subject in by_subject:
            by_subject[entry.subject].append(entry)
    exits = {line.subject: line for line in orders if line.filled and _closes(line)}
    return tuple(
        _condor_line(record, by_subject[record.condor_id], closing=closing, exit_order=exits.get(record.condor_id))
        for record in planned
    )


def _closes(line: OrderLine) -> bool:
    return line.strategy is Strategy.CONDOR and line.purpose is not Purpose.ENTRY


def _condor_line(
    record: CondorRecord, entries: Sequence[BookEntry], *, closing: Closing, exit_order: OrderLine | None
) -> CondorLine:
    holding = closing.book.holdings.get(record.condor_id)
    opened, closed = _split(record, entries)
    held = holding.positions if holding is not None else {}
    entered, exited = _units(record, opened), _units(record, closed)
    status = _status(entries, held=held, closed=closed)
    ended = status in (CondorStatus.CLOSED, CondorStatus.SETTLED)
    return CondorLine(
        record=record,
        status=status,
        entered=entered,
        open_quantity=max((abs(quantity) for quantity in held.values()), default=0),
        credit_pts=-net_paid_pts100(opened) / 100 / entered if entered else None,
        exit_debit_pts=net_paid_pts100(closed) / 100 / exited if exited else None,
        ended=max(entry.session for entry in entries) if ended else None,
        exit_reason=_exit_reason(status, exit_order),
        pnl_usd_cents=0 if holding is None else holding_pnl_usd_cents(holding, closing.marks),
        fees_usd_e4=0 if holding is None else holding.fees_usd_e4,
        dte=dte(closing.session, record.expiry),
        spx=closing.spx,
    )


def _split(record: CondorRecord, entries: Iterable[BookEntry]) -> tuple[list[BookEntry], list[BookEntry]]:
    """Part the trades into those in the direction of their leg, which open, and the others, which close."""
    directions = leg_directions(record)
    opening: list[BookEntry] = []
    closing: list[BookEntry] = []
    for entry in entries:
        if entry.kind is EntryKind.TRADE:
            (opening if entry.quantity * directions.get(entry.contract, 0) > 0 else closing).append(entry)
    return opening, closing


def _units(record: CondorRecord, trades: Iterable[BookEntry]) -> int:
    return sum(abs(trade.quantity) for trade in trades if trade.contract == record.legs.sides[0].short)


def _status(
    entries: Sequence[BookEntry], *, held: Mapping[OptionContract, int], closed: Sequence[BookEntry]
) -> CondorStatus:
    if not entries:
        return CondorStatus.NOT_FILLED
    if held:
        return CondorStatus.OPEN
    return CondorStatus.CLOSED if closed else CondorStatus.SETTLED


def _exit_reason(status: CondorStatus, exit_order: OrderLine | None) -> str:
    if status is CondorStatus.SETTLED:
        return "cash settlement"
    if exit_order is None:
        return ""
    return exit_order.reasons[0].text if exit_order.reasons else str(exit_order.purpose)
