"""What fills cost against the mid at the decision: of one order in words, and summed by purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon.report.orders import OrderLine
from daemon.report.words import UNKNOWN, dollars_and_cents, net_price, plural, points

PARTS = ("delay", "spread", "execution")


@dataclass(frozen=True, slots=True)
class PurposeSlippage:
    """The slippage of the filled orders of one purpose; positive is a cost."""

    name: str
    orders: int
    """Orders whose slippage is known."""
    unknown: int
    """Filled orders that worked towards a mid and of which none is recorded; resting ones are no part of it."""
    units: int
    total_pts: float
    total_usd_cents: int
    parted: int
    """Orders whose parts are known too."""
    parts_usd_cents: tuple[int, int, int]
    """Delay, spread and execution, over the orders whose parts are known."""

    @property
    def mean_pts(self) -> float | None:
        """Return the mean for one unit in points."""
        return self.total_pts / self.units if self.units else None

    @property
    def mean_usd_cents(self) -> float | None:
        """Return the mean for one order."""
        return self.total_usd_cents / self.orders if self.orders else None


def slippage_by_purpose(orders: Iterable[OrderLine]) -> tuple[PurposeSlippage, ...]:
    """Sum what is known of filled orders by strategy and purpose, in the order of their names."""
    groups: dict[str, list[OrderLine]] = defaultdict(list)
    for line in orders:
        if line.filled and not line.resting:
            groups[f"{line.strategy} {line.purpose}"].append(line)
    return tuple(_summed(name, groups[name]) for name in sorted(groups))


def slippage_of_all(orders: Iterable[OrderLine]) -> PurposeSlippage:
    """Sum what is known of all filled orders."""
    return _summed("all", [line for line in orders if line.filled and not line.resting])


def _summed(name: str, lines: Sequence[OrderLine]) -> PurposeSlippage:
    known = [(line, cents) for line in lines if (cents := line.slippage_usd_cents) is not None]
    parted = [parts for line in lines if (parts := line.slippage_parts_usd_cents) is not None]
    delay, spread, execution = (sum(parts[place] for parts in parted) for place in range(len(PARTS)))
    return PurposeSlippage(
        name=name,
        orders=len(known),
        unknown=len(lines) - len(known),
        units=sum(line.filled for line, _ in known),
        total_pts=sum((line.slippage_pts or 0.0) * line.filled for line, _ in known),
        total_usd_cents=sum(cents for _, cents in known),
        parted=len(parted),
        parts_usd_cents=(delay, spread, execution),
    )


def fill_words(order: OrderLine) -> tuple[str, ...]:
    """Say at what an order was filled, and what that cost; the parts where they are known."""
    fees = f"fees {dollars_and_cents(order.fees_usd_e4 / 100)}"
    missing = f" ({plural(order.fees_missing, 'fee')} not reported yet)" if order.fees_missing else ""
    against = "resting order" if order.resting else f"mid {net_price(order.mid_pts)}"
    head = f"filled at {net_price(order.fill_pts)}, {against}, {fees}{missing}"
    return (head,) if order.resting else (head, _slippage_words(order))


def _slippage_words(order: OrderLine) -> str:
    if order.slippage_pts is None:
        return f"slippage {UNKNOWN}: no mid at the decision is recorded"
    total = f"slippage {_amount(order.slippage_pts, order.slippage_usd_cents)}"
    parts, cents = order.slippage, order.slippage_parts_usd_cents
    if parts is None or cents is None:
        return f"{total}; its parts are {UNKNOWN}"
    values = (parts.delay_pts, parts.spread_pts, parts.execution_pts)
    return f"{total}: " + ", ".join(
        f"{name} {_amount(pts, usd_cents)}" for name, pts, usd_cents in zip(PARTS, values, cents, strict=True)
    )


def _amount(pts: float, usd_cents: int | None) -> str:
    return f"{points(pts, signed=True)} = {dollars_and_cents(usd_cents, signed=True)}"


def fill_json(order: OrderLine) -> dict[str, float | int | str | None]:
    """Return a filled order with its slippage as JSON values; what is unknown is null."""
    parts, cents = order.slippage, order.slippage_parts_usd_cents
    values = (None,) * len(PARTS) if parts is None else (parts.delay_pts, parts.spread_pts, parts.execution_pts)
    usd = (None,) * len(PARTS) if cents is None else cents
    return {
        "order_ref": order.ref,
        "filled": order.filled,
        "quantity": order.quantity,
        "fill_pts": order.fill_pts,
        "mid_at_decision_pts": order.mid_pts,
        "resting": order.resting,
        "slippage_pts": order.slippage_pts,
        "slippage_usd": _usd(order.slippage_usd_cents),
        **{f"{name}_pts": value for name, value in zip(PARTS, values, strict=True)},
        **{f"{name}_usd": _usd(value) for name, value in zip(PARTS, usd, strict=True)},
    }


def _usd(cents: int | None) -> float | None:
    return None if cents is None else cents / 100
