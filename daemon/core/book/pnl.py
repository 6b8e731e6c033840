"""Profit and loss of what one subject holds: cash, fees and marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from daemon.core.book.book import Book, BookEntry, Holding
from daemon.core.market.contracts import OptionContract
from daemon.core.orders.intent import Strategy

_E4_PER_USD: Final = 10_000
_E4_PER_CENT: Final = 100


def holding_pnl_usd_cents(holding: Holding, marks: Mapping[OptionContract, float]) -> int | None:
    """Return cash plus market value minus fees in cents, marks in points; None when a mark is missing."""
    value_e4 = value_usd_e4(holding.positions, marks)
    if value_e4 is None:
        return None
    return whole_cents(holding.cash_usd_cents * _E4_PER_CENT + value_e4 - holding.fees_usd_e4)


def strategy_pnl_usd_cents(book: Book, strategy: Strategy, marks: Mapping[OptionContract, float]) -> int | None:
    """Return the profit of a strategy since the start, open and closed; None when a mark is missing.

    A contract that two condors hold with opposite signs needs no mark: the account shows no position in it,
    and its value cancels out.
    """
    total: dict[OptionContract, int] = defaultdict(int)
    cash_e4 = 0
    for holding in book.holdings.values():
        if holding.strategy is strategy:
            cash_e4 += holding.cash_usd_cents * _E4_PER_CENT - holding.fees_usd_e4
            for contract, quantity in holding.positions.items():
                total[contract] += quantity
    value_e4 = value_usd_e4({contract: quantity for contract, quantity in total.items() if quantity}, marks)
    return None if value_e4 is None else whole_cents(cash_e4 + value_e4)


def unrealised_usd(entries: Iterable[BookEntry], marks: Mapping[OptionContract, float]) -> float | None:
    """Return what is held would gain if it were closed at its marks, in dollars, fees left out; None when a mark is missing.

    Each subject has its own contracts; what is closed leaves at the mean price of what was opened.
    """
    held: dict[tuple[str, OptionContract], tuple[int, float]] = {}
    for entry in entries:
        key = entry.subject, entry.contract
        before, cost_pts = held.get(key, (0, 0.0))
        held[key] = before + entry.quantity, _cost_pts(entry, before, cost_pts)
    still = [(contract, *amounts) for (_, contract), amounts in held.items() if amounts[0]]
    if any(contract not in marks for contract, _, _ in still):
        return None
    return sum((c.multiplier * (quantity * marks[c] - cost_pts) for c, quantity, cost_pts in still), 0.0)


def _cost_pts(entry: BookEntry, before: int, cost_pts: float) -> float:
    """Return what the quantity held after an entry has cost, in points for one dollar of multiplier."""
    price_pts, after = entry.price_pts100 / 100, before + entry.quantity
    if before * entry.quantity >= 0:
        return cost_pts + entry.quantity * price_pts
    return cost_pts * after / before if before * after >= 0 else after * price_pts


def value_usd_e4(positions: Mapping[OptionContract, int], marks: Mapping[OptionContract, float]) -> int | None:
    """Return what positions are worth in 1/10,000 dollar, marks in points; None when a mark is missing."""
    if any(contract not in marks for contract in positions):
        return None
    return sum(
        round(quantity * marks[contract] * contract.multiplier * _E4_PER_USD)
        for contract, quantity in positions.items()
    )


def whole_cents(amount_e4: int) -> int:
    """Round 1/10,000 dollars to whole cents, halves away from zero, so that a loss is not made smaller."""
    whole = (abs(amount_e4) + _E4_PER_CENT // 2) // _E4_PER_CENT
    return whole if amount_e4 >= 0 else -whole
