"""Orders as lines of a report: what was asked, what was filled, and what it cost against the mid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from daemon.core.book.book import BookEntry, EntryKind
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import (
    Intent,
    IntentState,
    OrderRef,
    OrderSpec,
    PermId,
    Purpose,
    Reason,
    Strategy,
    TimeInForce,
)
from daemon.core.orders.slippage import Slippage, slippage_of
from daemon.report.words import legs_text

NEVER_SENT: Final = frozenset({IntentState.PLANNED, IntentState.ABSENT})
"""States in which no order stands at the broker; every other intent was sent, or may have been."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order. Net prices are in points for one unit, positive when we pay, negative when we receive."""

    ref: OrderRef
    perm_id: PermId | None
    session: date
    at: datetime
    strategy: Strategy
    purpose: Purpose
    subject: str
    legs: str
    """Legs in short form with the quantity, for example ``2x 3170/3145P 3480/3505C``."""
    quantity: int
    multiplier: int
    """Dollars per point of one unit."""
    limit_pts: float
    filled: int
    state: IntentState
    mid_pts: float | None
    """Net mid at the decision, in the same sign as the limit."""
    fill_pts: float | None
    """Mean net price of what was filled; None when nothing was."""
    fill_session: date | None
    """Session of the last fill."""
    resting: bool
    """Whether it rests over sessions (GTC); the mid at its decision then says nothing about its fill."""
    slippage: Slippage | None
    """Fill against mid in its parts; None where the market behind a part of the fill is not known."""
    fees_usd_e4: int
    """Fees known so far, in 1/10,000 dollar."""
    fees_missing: int
    """Executions whose fee the broker has not reported."""
    reasons: tuple[Reason, ...]

    @property
    def sent(self) -> bool:
        """Whether the order reached, or may have reached, the broker."""
        return self.state not in NEVER_SENT

    @property
    def slippage_pts(self) -> float | None:
        """Return fill against mid in points for one unit; positive is a cost. None for a resting order."""
        if self.fill_pts is None or self.mid_pts is None or self.resting:
            return None
        return self.fill_pts - self.mid_pts

    @property
    def slippage_usd_cents(self) -> int | None:
        """Return fill against mid for the whole filled quantity in cents; positive is a cost."""
        slippage_pts = self.slippage_pts
        return None if slippage_pts is None else round(slippage_pts * self.multiplier * 100 * self.filled)

    @property
    def slippage_parts_usd_cents(self) -> tuple[int, int, int] | None:
        """Return delay, spread and execution for the whole filled quantity in cents; they add up to the slippage."""
        total = self.slippage_usd_cents
        return (
            None
            if self.slippage is None or total is None
            else self.slippage.usd_cents(total, self.filled, self.multiplier)
        )


def order_lines(intents: Iterable[Intent], entries: Iterable[BookEntry]) -> tuple[OrderLine, ...]:
    """Join intents with the executions that carry their order ref, in the order of the intents.

    With the entries of an earlier session the orders are shown as they stood then.
    """
    intents = tuple(intents)
    wanted = {intent.ref for intent in intents}
    trades = trades_by_ref(entry for entry in entries if entry.order_ref in wanted)
    return tuple(_order_line(intent, trades.get(intent.ref, ())) for intent in intents)


def trades_by_ref(entries: Iterable[BookEntry]) -> Mapping[OrderRef, Sequence[BookEntry]]:
    """Group the leg executions by order ref."""
    trades: dict[OrderRef, list[BookEntry]] = defaultdict(list)
    for entry in entries:
        if entry.kind is EntryKind.TRADE and entry.order_ref is not None:
            trades[entry.order_ref].append(entry)
    return trades


def net_paid_pts100(entries: Iterable[BookEntry]) -> int:
    """Return quantity times price summed over entries, in points x 100; negative when we received."""
    return sum(entry.quantity * entry.price_pts100 for entry in entries)


def filled_units(spec: OrderSpec, trades: Iterable[BookEntry]) -> int:
    """Return how often all legs were executed: the smallest number over the legs."""
    quantity: dict[OptionContract, int] = defaultdict(int)
    for trade in trades:
        quantity[trade.contract] += abs(trade.quantity)
    return min(quantity[leg.contract] // abs(leg.ratio) for leg in spec.legs)


def _order_line(intent: Intent, trades: Sequence[BookEntry]) -> OrderLine:
    key, spec = intent.key, intent.spec
    filled = filled_units(spec, trades)
    fill_pts = net_paid_pts100(trades) / 100 / filled if filled else None
    return OrderLine(
        ref=intent.ref,
        perm_id=intent.perm_id,
        session=key.session,
        at=intent.created_at,
        strategy=key.strategy,
        purpose=key.purpose,
        subject=key.subject,
        legs=legs_text(spec.legs, spec.quantity),
        quantity=spec.quantity,
        multiplier=spec.legs[0].contract.multiplier,
        limit_pts=spec.net_limit_pts100 / 100,
        filled=filled,
        state=IntentState.WORKING if filled < intent.filled else intent.state,
        mid_pts=intent.mid_at_decision_pts,
        fill_pts=fill_pts,
        fill_session=max((trade.session for trade in trades), default=None),
        resting=spec.tif is TimeInForce.GTC,
        slippage=_slippage(intent, filled, fill_pts),
        fees_usd_e4=sum(trade.fee_usd_e4 or 0 for trade in trades),
        fees_missing=sum(trade.fee_usd_e4 is None for trade in trades),
        reasons=intent.reasons,
    )


def _slippage(intent: Intent, filled: int, fill_pts: float | None) -> Slippage | None:
    """Return the parts of the slippage; as an order stood before its last fill they are not known."""
    mid_pts, market = intent.mid_at_decision_pts, intent.fill_market
    if intent.spec.tif is TimeInForce.GTC or fill_pts is None or mid_pts is None or market is None:
        return None
    return slippage_of(mid_pts, market, fill_pts) if filled == intent.filled else None
