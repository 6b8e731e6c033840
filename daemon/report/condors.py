"""Condors as lines of a report: entry, distance to the short strikes, how each ended, what it earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.book.condors import TradeRole, credit_pts, trade_role
from daemon.core.book.pnl import holding_pnl_usd_cents
from daemon.core.calendar.expiries import dte
from daemon.core.condor.legs import Structure, Vertical, structure
from daemon.core.market.contracts import OptionContract, Right
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
    held: Structure
    """What it holds at the end of the session."""
    shapes: tuple[tuple[date, tuple[Vertical, ...]], ...]
    """The sides it was given by its entry, then by each session that adjusted it."""

    @property
    def condor_id(self) -> str:
        """Return the id."""
        return self.record.condor_id

    @property
    def strikes(self) -> str:
        """Return the strikes in short form: of what is held, and where nothing is, of what was held last."""
        parts = [condor_strikes(legs.contracts) for legs, _ in self.held.parts]
        shown = " + ".join(parts) or condor_strikes([c for side in self._last for c in (side.short, side.long)])
        return f"{shown} rolled" if len(self.shapes) > 1 else shown

    @property
    def _last(self) -> tuple[Vertical, ...]:
        return self.shapes[-1][1]

    @property
    def to_put_pts(self) -> float | None:
        """Return how far SPX is above the short put; negative when it is through it."""
        strike = self._short(Right.PUT)
        return None if self.spx is None or strike is None else self.spx - strike

    @property
    def to_call_pts(self) -> float | None:
        """Return how far SPX is below the short call; negative when it is through it."""
        strike = self._short(Right.CALL)
        return None if self.spx is None or strike is None else strike - self.spx

    def _short(self, right: Right) -> float | None:
        """Return the short strike of a side that is nearest to the money; of the last one where nothing is held."""
        shorts = [contract for contract, quantity in self.held.positions.items() if quantity < 0]
        strikes = [c.strike for c in shorts or (side.short for side in self._last) if c.right is right]
        return max(strikes, default=None) if right is Right.PUT else min(strikes, default=None)

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
    return line.strategy is Strategy.CONDOR and line.purpose not in (Purpose.ENTRY, Purpose.DRIFT)


def _condor_line(
    record: CondorRecord, entries: Sequence[BookEntry], *, closing: Closing, exit_order: OrderLine | None
) -> CondorLine:
    holding = closing.book.holdings.get(record.condor_id)
    trades = [entry for entry in entries if entry.kind is EntryKind.TRADE]
    roles = {role: [trade for trade in trades if trade_role(record, trade) is role] for role in TradeRole}
    opened, closed = roles[TradeRole.ENTRY], roles[TradeRole.EXIT]
    held = holding.positions if holding is not None else {}
    exited = _shorts(closed, bought=True)
    status = _status(entries, held=held, closed=closed)
    ended = status in (CondorStatus.CLOSED, CondorStatus.SETTLED)
    return CondorLine(
        record=record,
        status=status,
        entered=_shorts(opened, bought=False),
        open_quantity=max((abs(quantity) for quantity in held.values()), default=0),
        credit_pts=credit_pts(record, trades) if opened else None,
        exit_debit_pts=net_paid_pts100(closed) / 100 / exited if exited else None,
        ended=max(entry.session for entry in entries) if ended else None,
        exit_reason=_exit_reason(status, exit_order),
        pnl_usd_cents=0 if holding is None else holding_pnl_usd_cents(holding, closing.marks),
        fees_usd_e4=0 if holding is None else holding.fees_usd_e4,
        dte=dte(closing.session, record.expiry),
        spx=closing.spx,
        held=structure(held),
        shapes=_shapes(record, opened, roles[TradeRole.ADJUSTMENT]),
    )


def _shapes(
    record: CondorRecord, opened: Sequence[BookEntry], adjusted: Sequence[BookEntry]
) -> tuple[tuple[date, tuple[Vertical, ...]], ...]:
    """Return the planned sides, and those after each adjustment as if nothing had been closed before it."""
    shapes = [(record.entry_session, record.legs.sides)]
    for session in sorted({trade.session for trade in adjusted}):
        positions: Counter[OptionContract] = Counter()
        for trade in (*opened, *(trade for trade in adjusted if trade.session <= session)):
            positions[trade.contract] += trade.quantity
        shapes.append((session, tuple(side for legs, _ in structure(positions).parts for side in legs.sides)))
    return tuple(shapes)


def _shorts(trades: Iterable[BookEntry], *, bought: bool) -> int:
    """Return how many condors trades opened or closed: the short options of the larger side."""
    counts = dict.fromkeys(Right, 0)
    for trade in trades:
        counts[trade.contract.right] += max(0, trade.quantity if bought else -trade.quantity)
    return max(counts.values())


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
